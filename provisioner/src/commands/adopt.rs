//! `latchkey adopt PKI_DIR`: takes over a PKI of easy-rsa, so that its users keep their profiles.
//!
//! Nothing can be signed before the last object is there, so that an interrupted run cannot let in again whom the old PKI
//! has locked out: where the key is in the ledger it comes last, else the CA's certificate does.

use std::path::Path;

use provisioner::{
    adoption::{Adopted, AdoptedRevocation, Adoption, AdoptionRefusal, adopted_by},
    config::CaKey,
    deploy::supply::crl_entries,
    ledger::{Act, Provenance, Role},
    pki::{
        authority::Authority,
        custody::Custody,
        foreign_key::{self, ForeignKeyError},
        key::PrivateKey,
        secret::Passphrase,
        serial::Serial,
    },
    random::Random,
};
use zeroize::Zeroizing;

use crate::{
    cli, custody,
    deployment::Deployment,
    failure::{Failure, Kind, OrFail, Outcome},
    logged::Task,
    surroundings::Surroundings,
};

mod files;

pub(crate) async fn run(surroundings: &Surroundings, config: &Path, arguments: &cli::Adopt) -> Outcome {
    let deployment = Deployment::open(surroundings, config)?;
    let folder = &arguments.pki;
    let adoption = Adoption::of(&files::read(folder)?, surroundings.now)
        .map_err(refusal_failure)
        .map_err(|failure| failure.during(format!("`{}` cannot be taken over", folder.display())))?;
    let todo = ToDo::of(&deployment, &adoption).await?;
    surroundings.note(&description(&deployment, folder, &adoption, surroundings));
    if todo.is_empty() {
        surroundings.out("All of it is in the ledger already: nothing was done.\n");
        return Ok(());
    }
    surroundings.note(&todo.announcement());
    if !arguments.yes && !deployment.is_rehearsal() {
        surroundings.confirm("Take it over?")?;
    }
    let (authority, locked) = open(surroundings, &deployment, &adoption, arguments).await?;
    let work = todo.record(surroundings, &deployment, &adoption, &authority, locked.as_deref());
    todo.task().logged(surroundings, &deployment, work, |()| todo.parts()).await?;
    surroundings.out(&receipt(&deployment, &adoption, &todo));
    Ok(())
}

/// What is not in the ledger yet.
struct ToDo<'a> {
    issued: Vec<&'a Adopted>,
    revoked: Vec<&'a AdoptedRevocation>,
    /// The number of the CRL to be made.
    crl: Option<u64>,
    /// Whether the certificate of the CA, or its key, is missing.
    ca: bool,
}

impl<'a> ToDo<'a> {
    async fn of(deployment: &Deployment, adoption: &'a Adoption) -> Outcome<Self> {
        let ledger = &deployment.ledger;
        let ca = ledger.ca_certificate().await.or_fail(Kind::Input)?;
        let has_key = ledger.has_ca_key().await.or_fail(Kind::Input)?;
        // A key without a certificate is that of a CA that `provision` has begun to make.
        if ca.as_ref().map_or(has_key, |found| *found != adoption.ca) {
            return Err(Failure::say(Kind::Input, "the ledger has another CA already").hint(
                "a deployment has one CA: take a configuration with another `deployment.name` and `ledger.url`",
            ));
        }
        let has_key = has_key || matches!(deployment.config.pki.ca_key, CaKey::Kms(_));
        let mut issued = Vec::new();
        for adopted in &adoption.issued {
            match ledger.issued(adopted.serial).await.or_fail(Kind::Input)? {
                None => issued.push(adopted),
                Some(found) if found.certificate == adopted.certificate.to_pem() => {}
                Some(found) => {
                    let text = format!("the ledger has another certificate with the serial number {}", found.serial);
                    return Err(Failure::say(Kind::Input, text).hint("take a ledger that is empty"));
                }
            }
        }
        // What was decided here about a certificate counts more than what the old PKI says of it.
        let decided = ledger.revocations().await.or_fail(Kind::Input)?;
        let revoked: Vec<_> = adoption.revoked.iter().filter(|it| decided.last(it.serial).is_none()).collect();
        let latest = ledger.latest_crl().await.or_fail(Kind::Input)?;
        let is_complete = revoked.is_empty() && latest.as_ref().is_some_and(|it| it.number > adoption.crl_number);
        let next = latest.map_or(0, |latest| latest.number).max(adoption.crl_number) + 1;
        Ok(Self { issued, revoked, crl: (!is_complete).then_some(next), ca: ca.is_none() || !has_key })
    }

    fn is_empty(&self) -> bool {
        let Self { issued, revoked, crl, ca } = self;
        issued.is_empty() && revoked.is_empty() && crl.is_none() && !ca
    }

    fn announcement(&self) -> String {
        format!("To be done: {}. The old PKI is left as it is.", self.parts().join(", "))
    }

    fn task(&self) -> Task {
        let subjects = self.issued.iter().map(|it| it.subject.clone()).collect();
        Task { command: "adopt", subjects, what: vec!["take over a PKI of easy-rsa".to_owned()] }
    }

    /// What there is when it is done.
    fn parts(&self) -> Vec<String> {
        let mut parts = vec![
            format!("{} certificate(s) recorded", self.issued.len()),
            format!("{} revocation(s) recorded", self.revoked.len()),
        ];
        parts.extend(self.crl.map(|number| format!("a CRL with the number {number}")));
        parts.extend(self.ca.then(|| "the CA put into the ledger".to_owned()));
        parts
    }

    /// Brings everything into the ledger. `locked` is the encrypted key, where it goes there.
    async fn record(
        &self,
        surroundings: &Surroundings,
        deployment: &Deployment,
        adoption: &Adoption,
        authority: &Authority,
        locked: Option<&String>,
    ) -> Outcome {
        let ledger = &deployment.ledger;
        if locked.is_some() {
            ledger.put_ca_certificate(&adoption.ca).await.or_fail(Kind::Input)?;
        }
        let nonce = || Serial::from_random(surroundings.bits_128());
        for adopted in &self.issued {
            let record = adopted.record(surroundings.who(), nonce());
            // Also a server's: it lies in a folder of the old PKI, and must not become somebody's.
            ledger.claim(&record).await.or_fail(Kind::Input)?;
            ledger.record_issued(&record).await.or_fail(Kind::Input)?;
        }
        for it in &self.revoked {
            let who = adopted_by(surroundings.who());
            let provenance = Provenance { who, when: it.since, nonce: nonce() };
            let act = Act::Revoke(it.reason);
            ledger.record_revocation_of(it.serial, it.not_after, act, provenance).await.or_fail(Kind::Input)?;
        }
        if let Some(number) = self.crl {
            let (revoked, _) = crl_entries(ledger, surroundings.now).await.or_fail(Kind::Input)?;
            let crl = authority.crl(number, &revoked, surroundings.now).map_err(custody::pki_failure)?;
            ledger.record_crl(number, &crl).await.or_fail(Kind::Input)?;
        }
        match locked {
            Some(locked) => ledger.put_ca_key(locked).await.or_fail(Kind::Input),
            None => ledger.put_ca_certificate(&adoption.ca).await.or_fail(Kind::Input),
        }
    }
}

/// The CA, and its key as it goes into the ledger, where it does.
async fn open(
    surroundings: &Surroundings,
    deployment: &Deployment,
    adoption: &Adoption,
    arguments: &cli::Adopt,
) -> Outcome<(Authority, Option<Zeroizing<String>>)> {
    let key = match &deployment.config.pki.ca_key {
        CaKey::Kms(arn) => Custody::Remote(Box::new(custody::kms_key(surroundings, deployment, arn).await?)),
        CaKey::File => Custody::Held(private_key(surroundings, arguments)?),
    };
    let is_held = matches!(key, Custody::Held(_));
    let authority = Authority::open(adoption.ca.clone(), key).map_err(custody::pki_failure)?;
    if !is_held {
        return Ok((authority, None));
    }
    let is_new = !deployment.ledger.has_ca_key().await.or_fail(Kind::Input)?;
    if !is_new {
        // The key is there, and stays as it is encrypted.
        let found = deployment.ledger.ca_key().await.or_fail(Kind::Input)?;
        return Ok((authority, found.map(Zeroizing::new)));
    }
    let passphrase = surroundings.passphrase(true)?;
    custody::check_length(deployment, passphrase.length())?;
    let locked = authority.encrypted_key(&passphrase, custody::salt(surroundings)).or_fail(Kind::Bug)?;
    Ok((authority, Some(locked)))
}

/// The key of the old PKI.
fn private_key(surroundings: &Surroundings, arguments: &cli::Adopt) -> Outcome<PrivateKey> {
    let pem = files::key(&arguments.pki)?;
    let passphrase = match foreign_key::is_encrypted(&pem) {
        true => surroundings.foreign_passphrase(arguments.key_passphrase_fd)?,
        false => Passphrase::new(Zeroizing::default()),
    };
    foreign_key::read(&pem, &passphrase).map_err(|error| {
        let hint = match &error {
            ForeignKeyError::OldEncryption => {
                "`openssl pkey -in private/ca.key -aes256 -out new.key` writes it in a form of today; put that in its place"
            }
            ForeignKeyError::Pki(_) => "it is the passphrase of `private/ca.key` that is asked for, not a new one",
        };
        Failure::new(Kind::Input, error).during("cannot open `private/ca.key`".to_owned()).hint(hint)
    })
}

fn description(deployment: &Deployment, folder: &Path, adoption: &Adoption, surroundings: &Surroundings) -> String {
    let count = |role| adoption.issued.iter().filter(|it| it.role == role).count();
    let is_revoked = |it: &Adopted| adoption.revoked.iter().any(|revoked| revoked.serial == it.serial);
    let valid = adoption.issued.iter().filter(|it| it.not_after >= surroundings.now && !is_revoked(it)).count();
    let domain = &deployment.config.deployment.domain;
    let suffix = format!(".{domain}");
    let is_foreign = |it: &&Adopted| it.role == Role::User && !it.subject.ends_with(&suffix);
    let foreign: Vec<&str> = adoption.issued.iter().filter(is_foreign).map(|it| it.subject.as_str()).collect();
    let mut text = format!(
        "The PKI in `{}`:\n  CA            {}, until {}\n  certificates  {} of clients, {} of servers; {valid} valid\n  \
         revoked       {}",
        folder.display(),
        adoption.ca.common_name().unwrap_or_else(|| "(without a common name)".to_owned()),
        time::OffsetDateTime::from_unix_timestamp(adoption.ca.not_after())
            .map(|end| end.date().to_string())
            .unwrap_or_default(),
        count(Role::User),
        count(Role::Server),
        adoption.revoked.len(),
    );
    if !foreign.is_empty() {
        text += &format!(
            "\n  other names   {} not under `{domain}`, kept as they are: {}",
            foreign.len(),
            foreign.join(", ")
        );
    }
    if adoption.forgotten > 0 {
        text += &format!("\n  left out      {} that have expired and of which there is no file", adoption.forgotten);
    }
    text
}

fn receipt(deployment: &Deployment, adoption: &Adoption, todo: &ToDo<'_>) -> String {
    format!(
        "The CA `{}` is that of `{}` now.\n\n  certificates  {} recorded\n  revocations   {} recorded\n  CRL           {}\n\n\
         Users keep their certificates and keys. `latchkey provision` makes an endpoint that lets them in, or brings the\n\
         CRL to the one that there is.\n",
        adoption.ca.common_name().unwrap_or_default(),
        deployment.config.deployment.name,
        todo.issued.len(),
        todo.revoked.len(),
        todo.crl.map_or_else(|| "as it was".to_owned(), |number| format!("number {number}")),
    )
}

fn refusal_failure(refusal: AdoptionRefusal) -> Failure {
    let hint = match &refusal {
        AdoptionRefusal::Ca(_) | AdoptionRefusal::NoCa => "name the folder `pki` of easy-rsa, which has `ca.crt` in it",
        AdoptionRefusal::NotSelfSigned | AdoptionRefusal::CaKey(_) | AdoptionRefusal::CaExpired { .. } => {
            "`latchkey provision` makes a new CA; every user needs a new certificate then"
        }
        AdoptionRefusal::Index { .. } | AdoptionRefusal::Twice { .. } => {
            "compare it with `index.txt.old` and the files in `certs_by_serial`; half of it would let in whom the other half locks out"
        }
        AdoptionRefusal::Certificate { .. } | AdoptionRefusal::Foreign { .. } | AdoptionRefusal::SameSerial { .. } => {
            "move the file out of the PKI where it does not belong there"
        }
        AdoptionRefusal::SharedKey { .. } => {
            "revoke the one that is not in use and move its file out of the PKI; its user makes a new key"
        }
        AdoptionRefusal::Missing { .. } => {
            "bring the file back, or revoke the certificate by its serial number with `openssl ca`: what has no record could not be revoked later"
        }
        AdoptionRefusal::LongSerial { .. } => "a new CA with new certificates is the way: `latchkey provision`",
        AdoptionRefusal::Crl | AdoptionRefusal::CrlDisagrees { .. } => {
            "`easyrsa gen-crl` makes it anew from `index.txt`, once that is right"
        }
    };
    Failure::new(Kind::Input, refusal).hint(hint)
}
