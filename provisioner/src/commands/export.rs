//! `latchkey export`: the client configuration from AWS, and the bundle that the page is fed with.

use std::path::{Path, PathBuf};

use profile::bundle::Bundle;
use provisioner::deploy::{aws::Aws, cloud::Cloud, id::EndpointId, observed::Endpoint};

use super::connections::endpoint;
use crate::{
    deployment::{Deployment, call_failure},
    failure::{Failure, Kind, OrFail, Outcome},
    files::{self, Written},
    surroundings::Surroundings,
};

pub(crate) async fn run(surroundings: &Surroundings, config: &Path) -> Outcome {
    let deployment = Deployment::open(surroundings, config)?;
    let aws = deployment.aws(surroundings).await?;
    let endpoint = endpoint(&deployment, &aws).await?;
    let configuration = aws.export_configuration(&endpoint).await.map_err(call_failure)?;
    let exported = write(&deployment, &endpoint, configuration).await?;
    for (what, path, written) in [
        ("client configuration", exported.configuration, exported.configuration_written),
        ("bundle", exported.bundle, exported.bundle_written),
    ] {
        let state = match written {
            Written::Yes => "written",
            Written::No => "unchanged",
        };
        surroundings.out(&format!("{what} {state}: {}\n", path.display()));
    }
    Ok(())
}

/// What was exported, and where to.
pub(super) struct Exported {
    pub(super) configuration: PathBuf,
    pub(super) configuration_written: Written,
    pub(super) bundle: PathBuf,
    pub(super) bundle_written: Written,
}

/// The client configuration of `endpoint`: the one that was exported before where `nothing_changed` and it is still
/// this endpoint's, else a new one.
pub(super) async fn export(
    deployment: &Deployment,
    aws: &Aws,
    endpoint: &Endpoint,
    nothing_changed: bool,
) -> Outcome<Exported> {
    let host = endpoint.dns_name.trim_start_matches("*.");
    let remote = format!("{host} {}\n", endpoint.settings.port);
    let before = std::fs::read_to_string(&deployment.configuration_file).ok();
    let configuration = match before.filter(|text| nothing_changed && text.contains(&remote)) {
        Some(text) => text,
        None => aws.export_configuration(&endpoint.id).await.map_err(call_failure)?,
    };
    write(deployment, &endpoint.id, configuration).await
}

/// Writes the client configuration and the bundle where they changed.
async fn write(deployment: &Deployment, endpoint: &EndpointId, client_configuration: String) -> Outcome<Exported> {
    let ca = deployment.ledger.ca_certificate().await.or_fail(Kind::Input)?.ok_or_else(|| {
        Failure::say(Kind::Input, "the ledger has no CA certificate").hint("`latchkey provision` makes it")
    })?;
    let config = &deployment.config;
    let bundle = Bundle {
        version: Bundle::VERSION,
        deployment: config.deployment.name.to_string(),
        domain: config.deployment.domain.to_string(),
        endpoint_id: endpoint.to_string(),
        client_configuration: client_configuration.clone(),
        ca_certificate: ca.to_pem(),
        contact: config.page.contact.clone(),
        languages: config.page.languages.iter().map(ToString::to_string).collect(),
    };
    let bundle_file = config.page.dir.join("bundle.json");
    let json = bundle.to_json().or_fail(Kind::Bug)?;
    Ok(Exported {
        configuration_written: files::replace(&deployment.configuration_file, &client_configuration)
            .or_fail(Kind::Input)?,
        configuration: deployment.configuration_file.clone(),
        bundle_written: files::replace(&bundle_file, &json).or_fail(Kind::Input)?,
        bundle: bundle_file,
    })
}
