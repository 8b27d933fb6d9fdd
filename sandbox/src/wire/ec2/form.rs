//! The parameters of a call: flat names with numbers in them (`Filter.1.Value.2`), taken out one by one.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::cloud::{Cloud, Refusal, Tags};

/// Parameters that nobody has taken yet.
#[derive(Debug, Clone, Default)]
pub(super) struct Form(BTreeMap<String, String>);

impl Form {
    pub(super) fn parse(body: &[u8]) -> Self {
        Self(form_urlencoded::parse(body).into_owned().collect())
    }

    /// The whole form, for the log.
    pub(super) fn to_json(&self) -> Map<String, Value> {
        self.0.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect()
    }

    pub(super) fn take(&mut self, name: &str) -> Option<String> {
        self.0.remove(name)
    }

    pub(super) fn take_required(&mut self, name: &str) -> Result<String, Refusal> {
        self.take(name).filter(|value| !value.is_empty()).ok_or_else(|| Refusal::missing(name))
    }

    pub(super) fn take_bool(&mut self, name: &str) -> Result<Option<bool>, Refusal> {
        match self.take(name).as_deref() {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(other) => Err(Refusal::invalid_value(format!(
                "Value ({other}) for parameter {name} is invalid. Must be 'true' or 'false'"
            ))),
        }
    }

    pub(super) fn take_integer(&mut self, name: &str) -> Result<Option<i64>, Refusal> {
        let Some(text) = self.take(name) else { return Ok(None) };
        text.parse().map(Some).map_err(|_| {
            Refusal::invalid_value(format!("Value ({text}) for parameter {name} is invalid. Must be a number"))
        })
    }

    /// The values of `name.1`, `name.2` and so on, in the order of their numbers.
    pub(super) fn take_list(&mut self, name: &str) -> Vec<String> {
        self.take_members(name).into_iter().filter_map(|mut member| member.take("")).collect()
    }

    /// The forms below `name.1`, `name.2` and so on, in the order of their numbers.
    pub(super) fn take_members(&mut self, name: &str) -> Vec<Self> {
        let mut members: BTreeMap<u32, Self> = BTreeMap::new();
        self.0.retain(|parameter, value| {
            let place = parameter
                .strip_prefix(name)
                .and_then(|rest| rest.strip_prefix('.'))
                .map(|rest| rest.split_once('.').unwrap_or((rest, "")));
            let Some((Ok(number), inner)) = place.map(|(number, inner)| (number.parse(), inner)) else {
                return true;
            };
            members.entry(number).or_default().0.insert(inner.to_owned(), std::mem::take(value));
            false
        });
        members.into_values().collect()
    }

    /// The tags for a new resource of that type.
    pub(super) fn take_tags(&mut self, resource_type: &str) -> Result<Tags, Refusal> {
        let mut tags = Tags::new();
        for mut specification in self.take_members("TagSpecification") {
            let asked = specification.take_required("ResourceType")?;
            if asked != resource_type {
                return Err(Refusal::invalid_value(format!(
                    "'{asked}' is not a valid taggable resource type for this operation."
                )));
            }
            for mut tag in specification.take_members("Tag") {
                let key = tag.take_required("Key")?;
                let value = tag.take("Value").unwrap_or_default();
                tag.finish()?;
                if tags.insert(key.clone(), value).is_some() {
                    return Err(Refusal::invalid_value(format!("Duplicate tag key '{key}' specified.")));
                }
            }
            specification.finish()?;
        }
        Ok(tags)
    }

    /// Ends the reading of a call.
    ///
    /// Refuses what was not taken; after that, what a dry run asks for is known to be well-formed, and it ends here too.
    pub(super) fn finish(&mut self) -> Result<(), Refusal> {
        let dry_run = self.take_bool("DryRun")?;
        if let Some(name) = self.0.keys().next() {
            return Err(Refusal::new("UnknownParameter", format!("The parameter {name} is not recognized")));
        }
        if dry_run == Some(true) {
            return Err(Refusal::new("DryRunOperation", "Request would have succeeded, but DryRun flag is set."));
        }
        Ok(())
    }

    /// Runs `make` once per `ClientToken`: a repeated call gets the id that the first one made.
    pub(super) fn once(
        &mut self,
        operation: &str,
        cloud: &mut Cloud,
        make: impl FnOnce(&mut Cloud, &mut Self) -> Result<String, Refusal>,
    ) -> Result<String, Refusal> {
        let Some(token) = self.take("ClientToken") else { return make(cloud, self) };
        let parameters = self.0.clone();
        if let Some(made) = cloud.tokens.made_before(operation, &token, &parameters)? {
            return Ok(made.to_owned());
        }
        let made = make(cloud, self)?;
        cloud.tokens.remember(operation, token, parameters, made.clone());
        Ok(made)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_come_in_the_order_of_their_numbers() {
        let mut form = Form::parse(b"Id.10=c&Id.2=b&Id.1=a&IdOther=x");
        assert_eq!(form.take_list("Id"), ["a", "b", "c"]);
        assert_eq!(form.take("IdOther").as_deref(), Some("x"));
        assert_eq!(form.finish(), Ok(()));
    }

    #[test]
    fn members_are_forms_of_their_own() {
        let mut form = Form::parse(b"Filter.1.Name=tag%3Aa&Filter.1.Value.1=x&Filter.1.Value.2=y");
        let [filter] = &mut form.take_members("Filter")[..] else { panic!("not one filter") };
        assert_eq!(filter.take("Name").as_deref(), Some("tag:a"));
        assert_eq!(filter.take_list("Value"), ["x", "y"]);
    }

    #[test]
    fn what_nobody_takes_is_refused_by_name() {
        let mut form = Form::parse(b"Surprise=1");
        let refusal = form.finish().unwrap_err();
        assert_eq!(refusal.to_string(), "UnknownParameter: The parameter Surprise is not recognized");
    }

    #[test]
    fn a_dry_run_ends_before_anything_happens() {
        assert_eq!(Form::parse(b"DryRun=true").finish().unwrap_err().code, "DryRunOperation");
    }
}
