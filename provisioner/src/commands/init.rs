//! `latchkey init`: writes a configuration file, from options, from what the account has, and from answers.

mod interview;

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::Context;
use provisioner::{
    config::{Config, Region, Target, schema, template},
    deploy::inventory::Inventory,
};

use self::interview::{Asks, Interview};
use crate::{
    cli::Init,
    deployment::{call_failure, connect},
    failure::{Failure, Kind, OrFail, Outcome},
    files,
    surroundings::Surroundings,
};

pub(crate) async fn run(surroundings: &Surroundings, config: &Path, init: &Init) -> Outcome {
    let file = init.out.as_deref().unwrap_or(config);
    if file.exists() {
        return Err(exists(file));
    }
    let asks: Option<&dyn Asks> =
        if init.sandbox || !surroundings.somebody_is_there() { None } else { Some(surroundings) };
    let target = if init.sandbox { Target::Sandbox } else { Target::Aws };
    let region_of_environment = ["AWS_REGION", "AWS_DEFAULT_REGION"]
        .into_iter()
        .find_map(|name| surroundings.variable(name))
        .unwrap_or_default();
    if asks.is_none() && !init.sandbox {
        refuse_missing(init, region_of_environment)?;
    }
    let interview = Interview { asks, sandbox: init.sandbox };
    let name = interview.name(init)?;
    let region = interview.region(init, region_of_environment)?;
    let domain = interview.domain(init)?;
    let inventory = if interview.needs_inventory(init) {
        look(surroundings, target, &region, asks).await?
    } else {
        Inventory::default()
    };
    let vpc_id = interview.vpc(init, &inventory)?;
    let answers = template::Answers {
        subnet_ids: interview.subnets(init, &inventory, &vpc_id)?,
        security_group_ids: interview.security_groups(init, &inventory, &vpc_id)?,
        client_cidr: interview.client_cidr(init, &inventory)?,
        contact: interview.contact(init)?,
        banner: interview.banner(),
        name,
        target,
        region,
        domain,
        vpc_id,
    };
    let text = template::file(&answers, SCHEMA);
    Config::parse(file, &text).context("nothing was written: this would be the result").or_fail(Kind::Input)?;
    files::replace(&beside(file, SCHEMA), &schema::text()).or_fail(Kind::Input)?;
    create(file, &text)?;
    surroundings
        .note(&format!("`{}` is written. Look through it, then see what `plan` would do with it.", file.display()));
    Ok(())
}

/// What the account has. Whoever is there can name it from memory, where AWS cannot be asked.
async fn look(
    surroundings: &Surroundings,
    target: Target,
    region: &Region,
    asks: Option<&dyn Asks>,
) -> Outcome<Inventory> {
    let aws = connect(surroundings, target, region).await?;
    match (aws.inventory().await, asks) {
        (Ok(inventory), _) => Ok(inventory),
        (Err(error), None) => Err(call_failure(error)),
        (Err(error), Some(asks)) => {
            asks.tell(&call_failure(error).report());
            asks.tell("What the account has cannot be listed, so type the ids yourself.");
            Ok(Inventory::default())
        }
    }
}

fn refuse_missing(init: &Init, region_of_environment: &str) -> Outcome {
    let options = [
        ("--name", init.name.is_some()),
        ("--region", init.region.is_some() || !region_of_environment.is_empty()),
        ("--domain", init.domain.is_some()),
        ("--vpc", init.vpc.is_some()),
        ("--subnet", !init.subnets.is_empty()),
    ];
    let missing: Vec<&str> = options.into_iter().filter(|(_, is_given)| !is_given).map(|(option, _)| option).collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Failure::say(
        Kind::Input,
        format!("nobody can be asked: standard input is not a terminal, and these are missing: {}", missing.join(", ")),
    )
    .hint("give them, or `--sandbox` for a rehearsal"))
}

/// Writes a file that was not there. One that came to be in the meantime is left alone.
fn create(file: &Path, text: &str) -> Outcome {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let written = tempfile::Builder::new().prefix(".latchkey-").tempfile_in(folder).and_then(|mut fresh| {
        fresh.write_all(text.as_bytes())?;
        fresh.as_file().sync_all()?;
        Ok(fresh)
    });
    let fresh = written.with_context(|| format!("cannot write `{}`", file.display())).or_fail(Kind::Input)?;
    match fresh.persist_noclobber(file) {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == std::io::ErrorKind::AlreadyExists => Err(exists(file)),
        Err(error) => {
            Err(error.error).with_context(|| format!("cannot write `{}`", file.display())).or_fail(Kind::Input)
        }
    }
}

fn exists(file: &Path) -> Failure {
    Failure::say(Kind::Input, format!("`{}` exists, and nothing is written over it", file.display()))
        .hint("name another with `--out FILE`")
}

fn beside(file: &Path, relative: &str) -> PathBuf {
    file.parent().unwrap_or_else(|| Path::new("")).join(relative)
}

/// Where editors find the schema, seen from the file: that of this very version, also without a network.
const SCHEMA: &str = ".latchkey/latchkey.schema.json";
