//! `latchkey rotate ca`: a new CA comes with a new deployment beside the old one.
//!
//! AWS lets nobody exchange the client root certificate chain of an endpoint, a chain has one root, and an endpoint has one
//! CRL, which one CA signs. So at one endpoint there is no time in which the users of both CAs are let in and can be
//! locked out. Two endpoints have such a time, as long as anybody likes.

use std::path::Path;

use anyhow::Context;
use provisioner::config::{CaKey, Config, successor::successor};

use crate::{
    failure::{Failure, Kind, OrFail, Outcome},
    files,
    surroundings::Surroundings,
};

pub(super) fn run(surroundings: &Surroundings, config: &Path, out: Option<&Path>) -> Outcome {
    let text = std::fs::read_to_string(config)
        .with_context(|| format!("cannot read the configuration `{}`", config.display()))
        .map_err(|error| Failure::new(Kind::Input, error).hint("name it with `--config FILE`"))?;
    let old = Config::parse(config, &text).or_fail(Kind::Input)?;
    let (text, name) = successor(&text)
        .ok_or_else(|| Failure::say(Kind::Bug, "no successor could be made of a configuration that is in order"))?;
    let out = out.map_or_else(|| config.with_file_name(format!("{name}.toml")), Path::to_owned);
    Config::parse(&out, &text)
        .or_fail(Kind::Input)
        .map_err(|failure| failure.hint("shorten `deployment.name`: the successor is called by it and a number"))?;
    match std::fs::read_to_string(&out) {
        Ok(found) if found != text => {
            return Err(Failure::say(Kind::Input, format!("`{}` exists and is another file", out.display()))
                .hint("it may be the successor's already; or name another file with `--out FILE`"));
        }
        _ => files::replace(&out, &text).or_fail(Kind::Input)?,
    };
    surroundings.note(&advice(&old, &name, config, &out));
    surroundings.out(&format!("{}\n", out.display()));
    Ok(())
}

/// What is left to do, in an order in which nobody is locked out.
fn advice(old: &Config, name: &str, config: &Path, out: &Path) -> String {
    let (was, out, config) = (&old.deployment.name, out.display(), config.display());
    let key = match old.pki.ca_key {
        CaKey::File => String::new(),
        CaKey::Kms(_) => {
            format!("Make a new KMS key and name it in `pki.ca_key` of `{out}`: it still names the old one.\n")
        }
    };
    format!(
        "`{out}` describes `{name}`, the successor of `{was}` with a CA of its own. Nothing is changed yet.\n{key}\
         1. `latchkey provision --config {out}` makes its CA, its endpoint and its page. `{was}` goes on beside it.\n\
         2. Put its page in the place of the old one. Every user makes a new key there, and gets a new profile.\n\
         3. `latchkey connections --config {config}` shows who is still on the old endpoint, `users` who has no new certificate.\n\
         4. `latchkey destroy --config {config}` takes the old endpoint away once nobody needs it. Until then `revoke` locks a\n   \
            user out at both: once with each configuration. AWS bills both."
    )
}
