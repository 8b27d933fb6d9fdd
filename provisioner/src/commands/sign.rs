//! `latchkey sign FILE.csr`: checks a request, asks, issues, records, hands over.

use std::{
    io::Read,
    path::{Path, PathBuf},
};

use anyhow::Context;
use profile::{certificate::Certificate, csr::Csr, name::CommonName};
use provisioner::{
    issuance::{self, Decision},
    ledger::{Issued, LedgerError, Provenance, Role},
    pki::{policy, request, serial::Serial},
    random::Random,
    register::Register,
};
use time::{Duration, OffsetDateTime};

use crate::{
    deployment::Deployment,
    failure::{Failure, Kind, OrFail, Outcome},
    files,
    surroundings::Surroundings,
};

pub(crate) async fn run(
    surroundings: &Surroundings,
    config: &Path,
    request: &Path,
    out: Option<&Path>,
    yes: bool,
) -> Outcome {
    let text = read(request)?;
    let deployment = Deployment::open(surroundings, config)?;
    let (csr, name) = request::accept(&text, &deployment.config.deployment.domain)
        .map_err(|refusal| Failure::new(Kind::Refused, refusal))
        .map_err(|failure| failure.during(format!("`{}` is not signed", request.display())))?;
    let ca = deployment
        .ledger
        .ca_certificate()
        .await
        .or_fail(Kind::Input)?
        .ok_or_else(|| Failure::say(Kind::Input, "there is no CA yet").hint("`latchkey provision` makes it"))?;
    let decision = decide(&deployment, &csr, &name, surroundings.now)
        .await
        .map_err(|failure| failure.during(format!("`{}` is not signed", request.display())))?;
    let out = out.map_or_else(|| request.with_file_name(format!("{}.crt", name.username())), Path::to_owned);
    let issued = match decision {
        Decision::Again(issued) => {
            surroundings.note(&format!("`{name}` has a certificate for this key already; here it is again."));
            check_out(&out, Some(&chain(&issued, &ca)))?;
            *issued
        }
        Decision::Issue => {
            check_out(&out, None)?;
            introduce(surroundings, &csr, &name);
            if !yes && !deployment.is_rehearsal() {
                surroundings.confirm("Sign it?")?;
            }
            issue(surroundings, &deployment, &csr, &name).await?
        }
    };
    hand_over(surroundings, &deployment, &csr, &chain(&issued, &ca), &out)?;
    surroundings.note(&format!("`{name}` may connect until {}.", issued.not_after.date()));
    Ok(())
}

/// The request's text. What is far larger than a request is not read to its end.
fn read(path: &Path) -> Outcome<String> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(READ_LIMIT).read_to_end(&mut bytes))
        .with_context(|| format!("cannot read the request `{}`", path.display()))
        .or_fail(Kind::Input)?;
    // What is not text is no PEM either, and is refused as such.
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// What the ledger says to a request that is in order.
async fn decide(deployment: &Deployment, csr: &Csr, name: &CommonName, now: OffsetDateTime) -> Outcome<Decision> {
    let register = Register::read(&deployment.ledger).await.or_fail(Kind::Input)?;
    let for_key = register.for_key(csr.public_key().fingerprint());
    issuance::decide(name, for_key, register.for_name(name), now).map_err(|refusal| {
        Failure::new(Kind::Refused, refusal).hint("every user needs a key of their own, made anew: the page does that")
    })
}

fn introduce(surroundings: &Surroundings, csr: &Csr, name: &CommonName) {
    surroundings.note(&format!(
        "Request for `{name}`\n  request (SHA-256)  {}\n  key (SHA-256)      {}\n\
         Compare the first with what the page shows the user.",
        csr.fingerprint(),
        csr.public_key().fingerprint(),
    ));
}

async fn issue(surroundings: &Surroundings, deployment: &Deployment, csr: &Csr, name: &CommonName) -> Outcome<Issued> {
    let passphrase = surroundings.passphrase(false)?;
    let authority = deployment
        .ledger
        .open_authority(&passphrase)
        .await
        .or_fail(Kind::Input)?
        .ok_or_else(|| Failure::say(Kind::Input, "there is no CA yet"))?;
    let certificate = authority
        .issue(
            &policy::CLIENT,
            &name.to_string(),
            csr.public_key(),
            Duration::days(deployment.config.pki.client_days.into()),
            surroundings.now,
            Serial::from_random(surroundings.bits_128()),
        )
        .or_fail(Kind::Input)?;
    let provenance = Provenance {
        who: surroundings.who().to_owned(),
        when: surroundings.now,
        nonce: Serial::from_random(surroundings.bits_128()),
    };
    let issued = Issued::of(&certificate, Role::User, Some(csr.fingerprint().hex()), provenance)
        .ok_or_else(|| Failure::say(Kind::Bug, "a certificate was issued that cannot be recorded"))?;
    deployment.ledger.record_issued(&issued).await.map_err(|error| {
        let kind = if matches!(error, LedgerError::KeyOfAnother { .. }) { Kind::Refused } else { Kind::Input };
        Failure::new(kind, error)
    })?;
    Ok(issued)
}

/// The certificate, then the CA's: what the user gets.
fn chain(issued: &Issued, ca: &Certificate) -> String {
    issued.certificate.clone() + &ca.to_pem()
}

/// Before anything is issued: is there a file that would be lost?
fn check_out(out: &Path, same: Option<&str>) -> Outcome {
    match std::fs::read(out) {
        Ok(found) if same.is_none_or(|same| found != same.as_bytes()) => {
            Err(Failure::say(Kind::Input, format!("`{}` exists and is another file", out.display()))
                .hint("move it away, or name another file with `--out FILE`"))
        }
        _ => Ok(()),
    }
}

/// Writes the certificate for the user and, where a page is built, for the page.
fn hand_over(surroundings: &Surroundings, deployment: &Deployment, csr: &Csr, chain: &str, out: &Path) -> Outcome {
    files::replace(out, chain).or_fail(Kind::Input)?;
    surroundings.out(&format!("{}\n", out.display()));
    let page: &PathBuf = &deployment.config.page.dir;
    if page.join("index.html").exists() {
        let published = page.join("issued").join(format!("{}.pem", csr.fingerprint().hex()));
        files::replace(&published, chain).or_fail(Kind::Input)?;
        surroundings.note("Published beside the page: the user finds it there with `Look for my certificate`.");
    }
    Ok(())
}

/// Four times what [`Csr::from_pem`] takes: enough to say that it is too long.
const READ_LIMIT: u64 = 64 * 1024;
