//! Tags: the rules that EC2 and ACM share, and the tags of EC2's resources.
//!
//! <https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html>

use std::collections::BTreeMap;

use super::{Cloud, EndpointId, Refusal};

/// Key and value of every tag of a resource.
pub type Tags = BTreeMap<String, String>;

/// Most tags that a resource may carry.
pub(super) const MAX_TAGS: usize = 50;

/// What is wrong with a tag, if anything.
pub(super) fn problem(tags: &Tags) -> Option<String> {
    tags.iter().find_map(|(key, value)| {
        if key.is_empty() || key.chars().count() > 128 {
            Some(format!("Tag keys have 1 to 128 characters: '{key}'"))
        } else if value.chars().count() > 256 {
            Some(format!("Tag values have at most 256 characters: the value of '{key}' is longer"))
        } else if key.to_ascii_lowercase().starts_with("aws:") {
            Some(format!("Tag keys starting with 'aws:' are reserved for internal use: '{key}'"))
        } else {
            None
        }
    })
}

/// EC2's check of all tags that a resource is to have.
pub(super) fn check(tags: &Tags) -> Result<(), Refusal> {
    if tags.len() > MAX_TAGS {
        return Err(Refusal::new("TagLimitExceeded", format!("At most {MAX_TAGS} tags are allowed")));
    }
    problem(tags).map_or(Ok(()), |problem| Err(Refusal::invalid_value(problem)))
}

/// A resource of EC2 that can have tags.
#[derive(Debug)]
pub struct TaggedResource<'a> {
    /// Its id.
    pub id: String,
    /// AWS's word for its kind.
    pub kind: &'static str,
    /// Its tags.
    pub tags: &'a Tags,
}

impl Cloud {
    /// Adds tags to resources, or gives tags another value: all, or none.
    ///
    /// # Errors
    /// The "not found" of the resource, `InvalidParameterValue`, `TagLimitExceeded`.
    pub fn create_tags(&mut self, resources: &[String], tags: &Tags) -> Result<(), Refusal> {
        for id in resources {
            let mut all = self.tags_of(id)?.clone();
            all.extend(tags.clone());
            check(&all)?;
        }
        resources.iter().try_for_each(|id| {
            self.tags_of_mut(id)?.extend(tags.clone());
            Ok(())
        })
    }

    /// Takes tags away: those with that key, and, where a value is given, with that value. Without any, all of them.
    ///
    /// # Errors
    /// The "not found" of the resource.
    pub fn delete_tags(&mut self, resources: &[String], tags: &[(String, Option<String>)]) -> Result<(), Refusal> {
        for id in resources {
            self.tags_of(id)?;
        }
        let meant = |key: &String, value: &String| {
            tags.is_empty()
                || tags.iter().any(|(name, only)| name == key && only.as_ref().is_none_or(|only| only == value))
        };
        resources.iter().try_for_each(|id| {
            self.tags_of_mut(id)?.retain(|key, value| !meant(key, value));
            Ok(())
        })
    }

    /// Everything that has tags, by id.
    pub fn tagged_resources(&self) -> impl Iterator<Item = TaggedResource<'_>> {
        let endpoints = self.endpoints.values().map(|endpoint| TaggedResource {
            id: endpoint.id.to_string(),
            kind: "client-vpn-endpoint",
            tags: &endpoint.tags,
        });
        let world = self
            .world_tags
            .iter()
            .filter_map(|(id, tags)| Some(TaggedResource { id: id.clone(), kind: self.kind_of(id)?, tags }));
        endpoints.chain(world)
    }

    /// The tags of something that was there before the first call.
    #[must_use]
    pub fn world_tags(&self, id: &str) -> Tags {
        self.world_tags.get(id).cloned().unwrap_or_default()
    }

    fn tags_of(&self, id: &str) -> Result<&Tags, Refusal> {
        const NONE: &Tags = &Tags::new();
        if id.starts_with("cvpn-endpoint-") {
            return self.endpoint(id).map(|endpoint| &endpoint.tags);
        }
        self.kind_of(id).ok_or_else(|| no_resource(id))?;
        Ok(self.world_tags.get(id).unwrap_or(NONE))
    }

    fn tags_of_mut(&mut self, id: &str) -> Result<&mut Tags, Refusal> {
        if let Some(endpoint) = self.endpoints.get_mut(&EndpointId::from(id)) {
            return Ok(&mut endpoint.tags);
        }
        Ok(self.world_tags.entry(id.to_owned()).or_default())
    }

    fn kind_of(&self, id: &str) -> Option<&'static str> {
        let world = &self.world;
        if world.all_subnets().any(|subnet| subnet.id == id) {
            return Some("subnet");
        }
        if world.peering.as_ref().is_some_and(|peering| peering.id == id) {
            return Some("vpc-peering-connection");
        }
        world.vpcs().find_map(|vpc| {
            [
                (&vpc.id, "vpc"),
                (&vpc.default_security_group, "security-group"),
                (&vpc.security_group, "security-group"),
                (&vpc.main_route_table, "route-table"),
            ]
            .into_iter()
            .find_map(|(known, kind)| (known == id).then_some(kind))
        })
    }
}

fn no_resource(id: &str) -> Refusal {
    let (code, what) = match id.split('-').next() {
        Some("vpc") => ("InvalidVpcID.NotFound", "vpc"),
        Some("subnet") => ("InvalidSubnetID.NotFound", "subnet"),
        Some("sg") => ("InvalidGroup.NotFound", "security group"),
        Some("rtb") => ("InvalidRouteTableID.NotFound", "routeTable"),
        _ => return Refusal::new("InvalidID", format!("The ID '{id}' is not valid")),
    };
    Refusal::new(code, format!("The {what} ID '{id}' does not exist"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::fixture::cloud_with_endpoint;

    fn tags<const N: usize>(tags: [(&str, &str); N]) -> Tags {
        tags.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
    }

    #[test]
    fn tags_come_and_go_on_everything_that_is_there() {
        let (mut cloud, id) = cloud_with_endpoint();
        let both = [id.to_string(), "vpc-0a1b2c3d4e5f60718".to_owned()];
        cloud.create_tags(&both, &tags([("a", "1"), ("b", "2")])).unwrap();
        cloud.create_tags(&both[..1], &tags([("a", "3")])).unwrap();
        cloud.delete_tags(&both, &[("a".to_owned(), Some("1".to_owned())), ("b".to_owned(), None)]).unwrap();
        let left: Vec<_> = cloud.tagged_resources().map(|one| (one.id, one.kind, one.tags.clone())).collect();
        assert_eq!(left[0], (id.to_string(), "client-vpn-endpoint", tags([("a", "3")])));
        assert_eq!(left[1], ("vpc-0a1b2c3d4e5f60718".to_owned(), "vpc", Tags::new()));
        cloud.delete_tags(&both, &[]).unwrap();
        assert_eq!(cloud.endpoint(id.as_str()).unwrap().tags, Tags::new());
    }

    #[test]
    fn nothing_is_tagged_when_one_resource_is_unknown_or_has_too_many() {
        let (mut cloud, id) = cloud_with_endpoint();
        let code = |cloud: &mut Cloud, other: &str, new: &Tags| {
            cloud.create_tags(&[id.to_string(), other.to_owned()], new).unwrap_err().code
        };
        let one = tags([("a", "1")]);
        assert_eq!(code(&mut cloud, "cvpn-endpoint-none", &one), "InvalidClientVpnEndpointId.NotFound");
        assert_eq!(code(&mut cloud, "subnet-none", &one), "InvalidSubnetID.NotFound");
        assert_eq!(code(&mut cloud, "nonsense", &one), "InvalidID");
        let many = (0..51).map(|number| (number.to_string(), String::new())).collect();
        assert_eq!(code(&mut cloud, "vpc-0a1b2c3d4e5f60718", &many), "TagLimitExceeded");
        let reserved = tags([("aws:a", "1")]);
        assert_eq!(code(&mut cloud, "vpc-0a1b2c3d4e5f60718", &reserved), "InvalidParameterValue");
        assert_eq!(cloud.endpoint(id.as_str()).unwrap().tags, Tags::new());
    }
}
