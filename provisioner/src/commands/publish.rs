//! `latchkey publish`: puts the built page where the web server is, a folder or a bucket.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context;
use futures::TryStreamExt;
use object_store::{
    Attribute, AttributeValue, Attributes, ObjectStore, PutOptions, PutPayload, local::LocalFileSystem,
    path::Path as Key, prefix::PrefixStore,
};
use provisioner::{
    config::Location,
    publication::{self, File, Item, PublicationRefusal},
};

use crate::{
    deployment::{self, Deployment},
    failure::{Failure, Kind, OrFail, Outcome},
    surroundings::Surroundings,
};

pub(crate) async fn run(surroundings: &Surroundings, config: &Path, to: Option<&str>) -> Outcome {
    let deployment = Deployment::open(surroundings, config)?;
    let base = config.parent().unwrap_or_else(|| Path::new(""));
    let named = to.map(|to| Location::parse(to, base)).transpose().or_fail(Kind::Input)?;
    let location = named.or_else(|| deployment.config.page.publish.clone()).ok_or_else(|| {
        Failure::say(Kind::Input, "it is not said where to publish")
            .hint("give `--to s3://BUCKET/PREFIX` or `--to file:FOLDER`, or set `page.publish` in the configuration")
    })?;
    let items = publication::items(files(&deployment.config.page.dir)?).map_err(refusal_failure)?;
    let place = Place::open(surroundings, &deployment, &location)?;
    let there = place.issued().await?;
    let (mut written, mut kept) = (0, 0);
    for item in items {
        // A certificate is published under the hash of its request: what is there under that name is it.
        if there.contains(&item.file.path) {
            kept += 1;
            continue;
        }
        place.put(item).await?;
        written += 1;
    }
    surroundings.out(&format!("Published to {location}: {written} files; {kept} certificates were there already.\n"));
    Ok(())
}

/// Where a page is published.
pub(super) struct Place {
    objects: Arc<dyn ObjectStore>,
    location: Location,
}

impl Place {
    pub(super) fn open(surroundings: &Surroundings, deployment: &Deployment, location: &Location) -> Outcome<Self> {
        let objects: Arc<dyn ObjectStore> = match location {
            Location::Folder(folder) => {
                let folder = std::path::absolute(folder).or_fail(Kind::Input)?;
                let prefix = Key::from_absolute_path(&folder).or_fail(Kind::Input)?;
                Arc::new(PrefixStore::new(LocalFileSystem::new(), prefix))
            }
            Location::Bucket(bucket) => deployment::objects(surroundings, &deployment.config, bucket)?,
        };
        Ok(Self { objects, location: location.clone() })
    }

    /// Publishes one file, whole or not at all.
    pub(super) async fn put(&self, item: Item) -> Outcome {
        let Item { file, content_type, caching } = item;
        let mut attributes = Attributes::new();
        // Of a folder's files the web server says it.
        if matches!(self.location, Location::Bucket(_)) {
            attributes.insert(Attribute::ContentType, AttributeValue::from(content_type));
            attributes.insert(Attribute::CacheControl, AttributeValue::from(caching.header()));
        }
        let options = PutOptions { attributes, ..PutOptions::default() };
        let put = self.objects.put_opts(&Key::from(file.path.as_str()), PutPayload::from(file.content), options).await;
        put.map(drop)
            .with_context(|| format!("cannot write `{}` to {}", file.path, self.location))
            .map_err(|error| Failure::new(Kind::Input, error).hint("run it again: what is published already stays"))
    }

    /// The paths of the certificates that are there.
    async fn issued(&self) -> Outcome<Vec<String>> {
        let listed = self.objects.list(Some(&Key::from("issued"))).map_ok(|object| object.location.to_string());
        listed.try_collect().await.with_context(|| format!("cannot look at {}", self.location)).or_fail(Kind::Input)
    }
}

/// Every file below the page's folder.
fn files(folder: &Path) -> Outcome<Vec<File>> {
    fn walk(folder: &Path, below: &str, found: &mut Vec<(String, PathBuf)>) -> std::io::Result<()> {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let path = format!("{below}{}", entry.file_name().to_string_lossy());
            if entry.file_type()?.is_dir() {
                walk(&entry.path(), &format!("{path}/"), found)?;
            } else {
                found.push((path, entry.path()));
            }
        }
        Ok(())
    }
    let mut found = Vec::new();
    let failed = |error: std::io::Error, path: &Path| {
        Failure::new(Kind::Input, error).during(format!("cannot read the page in `{}`", path.display()))
    };
    match walk(folder, "", &mut found) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        walked => walked.map_err(|error| failed(error, folder))?,
    }
    let read = |(path, file): (String, PathBuf)| {
        std::fs::read(&file).map(|content| File { path, content }).map_err(|error| failed(error, &file))
    };
    found.into_iter().map(read).collect()
}

fn refusal_failure(refusal: PublicationRefusal) -> Failure {
    let (kind, hint) = match refusal {
        PublicationRefusal::NoPage { .. } => (Kind::Input, "`cargo xtask web` builds the page"),
        PublicationRefusal::Foreign { .. }
        | PublicationRefusal::PrivateKey { .. }
        | PublicationRefusal::NotIssued { .. } => {
            (Kind::Refused, "take it out of the page's folder: nothing was published")
        }
    };
    Failure::new(kind, refusal).hint(hint)
}
