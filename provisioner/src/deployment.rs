//! What every command begins with: the configuration, the ledger, and AWS where it is meant to be.

use std::{
    net::IpAddr,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use anyhow::Context;
use object_store::ObjectStore;
use provisioner::{
    config::{Bucket, Config, Location, Region, Target},
    deploy::{
        apply::{ObserveError, observe},
        aws::{self, Aws},
        cloud::{CallError, Cloud, Depth},
        desired::{Desired, Goal},
        network::{self, VpcView},
        observed::Observed,
        plan::{Plan, plan},
    },
    ledger::{Ledger, Store},
};
use time::OffsetDateTime;

use crate::{
    checks,
    failure::{Failure, Kind, OrFail, Outcome},
    surroundings::Surroundings,
};

/// A deployment of which nothing has been asked yet.
pub(crate) struct Deployment {
    pub(crate) config: Config,
    pub(crate) ledger: Ledger,
    /// Where the exported client configuration goes.
    pub(crate) configuration_file: PathBuf,
    /// The ARN that AWS has named when it was asked who is calling.
    pub(crate) caller: OnceLock<String>,
}

/// What there is, what there is to be, and the way from one to the other.
pub(crate) struct View {
    pub(crate) desired: Desired,
    pub(crate) observed: Observed,
    pub(crate) plan: Plan,
}

impl Deployment {
    pub(crate) fn open(surroundings: &Surroundings, path: &Path) -> Outcome<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the configuration `{}`", path.display()))
            .map_err(|error| Failure::new(Kind::Input, error).hint("name it with `--config FILE`"))?;
        let config = Config::parse(path, &text).or_fail(Kind::Input)?;
        let ledger = Ledger::new(match &config.ledger {
            Location::Folder(folder) => Store::folder(folder).or_fail(Kind::Input)?,
            Location::Bucket(bucket) => Store::of(objects(surroundings, &config, bucket)?),
        });
        let base = path.parent().unwrap_or_else(|| Path::new(""));
        let configuration_file =
            base.join(".latchkey").join(config.deployment.name.as_str()).join("client-configuration.ovpn");
        Ok(Self { config, ledger, configuration_file, caller: OnceLock::new() })
    }

    /// Clients for AWS, after who is calling has been said.
    pub(crate) async fn aws(&self, surroundings: &Surroundings) -> Outcome<Aws> {
        let aws = self.connect(surroundings).await?;
        checks::introduce(surroundings, self, &aws).await?;
        Ok(aws)
    }

    /// Clients for AWS.
    pub(crate) async fn connect(&self, surroundings: &Surroundings) -> Outcome<Aws> {
        connect(surroundings, self.config.deployment.target, &self.config.deployment.region).await
    }

    /// Observes and plans, after the configuration has been held against the VPC, which is the other half of the answer.
    pub(crate) async fn view(&self, aws: &Aws, now: OffsetDateTime) -> Outcome<(View, VpcView)> {
        let network = &self.config.network;
        let vpc = async {
            let vpc = aws.vpc(&network.vpc_id, &network.subnet_ids).await.map_err(call_failure)?;
            let problems = network::check(&self.config, &vpc);
            if problems.is_empty() {
                return Ok(vpc);
            }
            let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
            Err(Failure::say(Kind::Input, lines.join("\n"))
                .hint("correct the section `[network]` of the configuration"))
        };
        let nothing = Desired::only(&self.config, Goal::Nothing);
        let observed = async { observe(aws, &self.ledger, &nothing, Depth::Quick).await.map_err(observe_failure) };
        let (vpc, observed) = futures::try_join!(vpc, observed)?;
        let desired = Desired::new(&self.config, &vpc, now);
        let plan = plan(&desired, &observed);
        Ok((View { desired, observed, plan }, vpc))
    }

    pub(crate) fn is_rehearsal(&self) -> bool {
        self.config.deployment.target == Target::Sandbox
    }
}

/// Objects in a bucket. A rehearsal is held to the loopback interface here, too: the sandbox has no S3 of its own.
pub(crate) fn objects(surroundings: &Surroundings, config: &Config, bucket: &Bucket) -> Outcome<Arc<dyn ObjectStore>> {
    let endpoint = surroundings.variable(S3_ENDPOINT);
    if config.deployment.target == Target::Sandbox && !endpoint.is_some_and(is_loopback) {
        let text = format!("the target is the sandbox, and `{bucket}` is not on this machine");
        return Err(Failure::say(Kind::Input, text).hint(format!(
            "the sandbox has no S3: name a folder (`file:PATH`), or point {S3_ENDPOINT} at an S3 of this machine"
        )));
    }
    aws::bucket(bucket, config.deployment.region.as_str(), endpoint).or_fail(Kind::Input)
}

/// Clients for AWS. A rehearsal is held to the loopback interface here.
pub(crate) async fn connect(surroundings: &Surroundings, target: Target, region: &Region) -> Outcome<Aws> {
    match target {
        Target::Aws => Ok(Aws::connect(region.as_str(), None).await),
        Target::Sandbox => {
            let url = surroundings.variable("AWS_ENDPOINT_URL").filter(|url| is_loopback(url));
            let Some(url) = url else {
                return Err(Failure::say(
                    Kind::Input,
                    "the target is the sandbox, but AWS_ENDPOINT_URL does not point to this machine",
                )
                .hint("run it through `cargo xtask`, which starts the sandbox and sets the variable"));
            };
            Ok(Aws::connect(region.as_str(), Some(url)).await)
        }
    }
}

/// A failed call, with the advice that its code calls for.
pub(crate) fn call_failure(error: CallError) -> Failure {
    let hint = match &error {
        CallError::Refused { code, .. } => hint_for(code),
        CallError::Busy { .. } | CallError::Exists { .. } | CallError::Gone { .. } => {
            Some("run the command again in a few minutes")
        }
        CallError::Outrun { .. } => {
            Some("look with `latchkey status` who made the endpoint, then run the command again")
        }
        CallError::Unknown { .. } => Some(
            "check the network and the AWS credentials (`aws sts get-caller-identity`), then run the command again: it goes on from here",
        ),
        CallError::UnknownValue { .. } => Some("AWS may be newer than this version of Latchkey; look for an update"),
    };
    let failure = Failure::new(Kind::Aws, error);
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

pub(crate) fn observe_failure(error: ObserveError) -> Failure {
    match error {
        ObserveError::Call(error) => call_failure(error),
        ObserveError::Ledger(error) => Failure::new(Kind::Input, error),
    }
}

fn hint_for(code: &str) -> Option<&'static str> {
    match code {
        "UnauthorizedOperation" | "AccessDenied" | "AccessDeniedException" => Some(
            "the AWS user or role in use lacks the permission for this call; `latchkey iam-policy` prints all that are needed",
        ),
        "AuthFailure"
        | "ExpiredToken"
        | "ExpiredTokenException"
        | "InvalidClientTokenId"
        | "RequestExpired"
        | "SignatureDoesNotMatch"
        | "UnrecognizedClientException" => Some("renew the AWS credentials (`aws sso login`, or another AWS_PROFILE)"),
        "DisabledException" | "KMSInvalidStateException" => {
            Some("enable the KMS key, or cancel its deletion (`aws kms enable-key`, `aws kms cancel-key-deletion`)")
        }
        "NotFoundException" => Some("compare `pki.ca_key` with what `aws kms list-keys` shows"),
        "ClientVpnEndpointLimitExceeded" => {
            Some("an account has 5 endpoints per region by default; ask for more under Service Quotas (L-8EA77D34)")
        }
        _ => None,
    }
}

/// Whether `url` is an HTTP URL of this machine.
pub(crate) fn is_loopback(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://")) else {
        return false;
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => authority,
    };
    let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    host == "localhost" || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Where another implementation of S3 is, as the AWS SDK names it.
const S3_ENDPOINT: &str = "AWS_ENDPOINT_URL_S3";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_this_machine_are_a_sandbox() {
        for local in [
            "http://127.0.0.1:4566",
            "http://127.0.0.1",
            "http://localhost:1/",
            "http://[::1]:80/x",
            "https://127.1.2.3:1",
        ] {
            assert!(is_loopback(local), "{local}");
        }
        for other in [
            "https://ec2.eu-central-1.amazonaws.com",
            "http://127.0.0.1.example.com",
            "http://127.0.0.1@example.com",
            "http://user@127.0.0.1:80@example.com",
            "http://localhost.example.com",
            "http://192.168.0.1:80",
            "127.0.0.1:80",
            "",
        ] {
            assert!(!is_loopback(other), "{other}");
        }
    }
}
