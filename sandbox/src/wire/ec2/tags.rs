//! `CreateTags`, `DeleteTags` and `DescribeTags`.

use serde::Serialize;

use super::form::Form;
use super::listing::Listing;
use super::xml::{Done, Items};
use crate::cloud::{Cloud, Moment, Refusal, Tags};

/// Adds tags to resources.
pub(super) fn create(cloud: &mut Cloud, form: &mut Form, _: &Moment) -> Result<Done, Refusal> {
    let resources = take_resources(form)?;
    let tags: Tags = take_tags(form)?.into_iter().map(|(key, value)| (key, value.unwrap_or_default())).collect();
    form.finish()?;
    if tags.is_empty() {
        return Err(Refusal::missing("Tag"));
    }
    cloud.create_tags(&resources, &tags)?;
    Ok(Done::new())
}

/// Takes tags away from resources.
pub(super) fn delete(cloud: &mut Cloud, form: &mut Form, _: &Moment) -> Result<Done, Refusal> {
    let resources = take_resources(form)?;
    let tags = take_tags(form)?;
    form.finish()?;
    cloud.delete_tags(&resources, &tags)?;
    Ok(Done::new())
}

fn take_resources(form: &mut Form) -> Result<Vec<String>, Refusal> {
    let resources = form.take_list("ResourceId");
    if resources.is_empty() { Err(Refusal::missing("ResourceId")) } else { Ok(resources) }
}

fn take_tags(form: &mut Form) -> Result<Vec<(String, Option<String>)>, Refusal> {
    let read = |mut tag: Form| {
        let pair = (tag.take_required("Key")?, tag.take("Value"));
        tag.finish()?;
        Ok(pair)
    };
    form.take_members("Tag").into_iter().map(read).collect()
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Described {
    tag_set: Items<Item>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    resource_id: String,
    resource_type: &'static str,
    key: String,
    value: String,
}

/// Lists tags, one item for each.
pub(super) fn describe(cloud: &mut Cloud, form: &mut Form, _: &Moment) -> Result<Described, Refusal> {
    let listing = Listing::take(form, &["key", "resource-id", "resource-type", "value", "tag:"])?;
    form.finish()?;
    let items = cloud.tagged_resources().flat_map(|resource| {
        resource.tags.iter().map(move |(key, value)| Item {
            resource_id: resource.id.clone(),
            resource_type: resource.kind,
            key: key.clone(),
            value: value.clone(),
        })
    });
    let (page, next_token) = listing.of(items, |item, name| match name {
        "key" => vec![item.key.clone()],
        "resource-id" => vec![item.resource_id.clone()],
        "resource-type" => vec![item.resource_type.to_owned()],
        "value" => vec![item.value.clone()],
        tag => {
            tag.strip_prefix("tag:").filter(|key| *key == item.key).map(|_| item.value.clone()).into_iter().collect()
        }
    });
    Ok(Described { tag_set: page.into(), next_token })
}
