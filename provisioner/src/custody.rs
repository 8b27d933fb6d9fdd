//! Opens the CA: with the passphrase of its key in the ledger, or through the KMS key that the configuration names.

use provisioner::{
    config::{CaKey, KmsKeyArn},
    deploy::{
        aws::kms::{KmsKey, KmsKeyError},
        cloud::CallError,
    },
    ledger::authority::{AuthorityError, NewAuthority},
    pki::{PkiError, authority::Authority, secret::Salt, serial::Serial},
    random::Random,
};

use crate::{
    deployment::{Deployment, call_failure, is_loopback},
    failure::{Failure, Kind, OrFail, Outcome},
    surroundings::Surroundings,
};

/// Opens the CA of the ledger.
pub(crate) async fn open(surroundings: &Surroundings, deployment: &Deployment) -> Outcome<Authority> {
    let opened = match &deployment.config.pki.ca_key {
        CaKey::Kms(arn) => {
            deployment.ledger.open_remote_authority(Box::new(kms_key(surroundings, deployment, arn).await?)).await
        }
        CaKey::File => {
            check_key_is_here(deployment).await?;
            deployment.ledger.open_authority(&surroundings.passphrase(false)?).await
        }
    };
    opened
        .map_err(failure)?
        .ok_or_else(|| Failure::say(Kind::Input, "there is no CA yet").hint("`latchkey provision` makes it"))
}

/// Opens the CA of the ledger, or makes it in the first run.
pub(crate) async fn open_or_create(surroundings: &Surroundings, deployment: &Deployment) -> Outcome<Authority> {
    let new = NewAuthority {
        name: deployment.config.deployment.name.as_str(),
        days: deployment.config.pki.ca_days,
        now: surroundings.now,
        serial: Serial::from_random(surroundings.bits_128()),
        salt: salt(surroundings),
    };
    let CaKey::Kms(arn) = &deployment.config.pki.ca_key else {
        check_key_is_here(deployment).await?;
        let is_new = !deployment.ledger.has_ca_key().await.or_fail(Kind::Input)?;
        let passphrase = surroundings.passphrase(is_new)?;
        if is_new {
            check_length(deployment, passphrase.length())?;
        }
        return deployment.ledger.open_or_create_authority(&passphrase, new).await.map_err(failure);
    };
    let key = kms_key(surroundings, deployment, arn).await?;
    deployment.ledger.open_or_create_remote_authority(Box::new(key), new).await.map_err(failure)
}

/// The KMS key. A rehearsal is held to the loopback interface here, too: the sandbox has no KMS, and the real one must not
/// be reached by a forgotten variable.
pub(crate) async fn kms_key(surroundings: &Surroundings, deployment: &Deployment, arn: &KmsKeyArn) -> Outcome<KmsKey> {
    let url = surroundings.variable(KMS_URL);
    if deployment.is_rehearsal() && !url.is_some_and(is_loopback) {
        return Err(Failure::say(
            Kind::Input,
            format!("the target is the sandbox, which has no KMS, and {KMS_URL} does not point to this machine"),
        )
        .hint("set `pki.ca_key` to `file` for a rehearsal, or start a stand-in for KMS and set the variable"));
    }
    KmsKey::open(arn).await.map_err(|error| kms_failure(error, arn))
}

/// Fresh random bytes for the encryption of a key.
pub(crate) fn salt(surroundings: &Surroundings) -> Salt {
    Salt { salt: surroundings.bits_128(), iv: surroundings.bits_128() }
}

/// Refuses a new passphrase that is too short.
pub(crate) fn check_length(deployment: &Deployment, length: usize) -> Outcome {
    let shortest = if deployment.is_rehearsal() { 1 } else { SHORTEST_PASSPHRASE };
    if length >= shortest {
        return Ok(());
    }
    Err(Failure::say(Kind::Input, format!("the passphrase has {length} characters, at least {shortest} are needed"))
        .hint("whoever gets hold of the ledger can try passphrases at leisure: take several words"))
}

/// Before anybody is asked for a passphrase: is there something to open with it?
async fn check_key_is_here(deployment: &Deployment) -> Outcome {
    let ledger = &deployment.ledger;
    let is_made = ledger.ca_certificate().await.or_fail(Kind::Input)?.is_some();
    if is_made && !ledger.has_ca_key().await.or_fail(Kind::Input)? {
        return Err(failure(AuthorityError::KeyMissing));
    }
    Ok(())
}

/// Why the CA cannot be opened, or does not sign.
pub(crate) fn failure(error: AuthorityError) -> Failure {
    match error {
        AuthorityError::Pki(error) => pki_failure(error),
        AuthorityError::KeyMissing => Failure::new(Kind::Input, error).hint(
            "bring it back from its copy; where `adopt` was interrupted, run it again; where the CA was made with its key \
             in KMS, name that key in `pki.ca_key`",
        ),
        AuthorityError::CertificateMissing => Failure::new(Kind::Input, error)
            .hint("bring it back from its copy; where `adopt` was interrupted, run it again"),
        AuthorityError::Ledger(error) => Failure::new(Kind::Input, error),
    }
}

/// The same, with AWS's part in it told apart.
pub(crate) fn pki_failure(error: PkiError) -> Failure {
    if let PkiError::Remote { subject, source } = error {
        let during = format!("`{subject}` could not be signed by the CA's key in KMS");
        return match source.downcast::<CallError>() {
            Ok(error) => call_failure(*error).during(during),
            Err(source) => Failure::new(Kind::Aws, PkiError::Remote { subject, source }),
        };
    }
    if matches!(error, PkiError::WrongSignature { .. }) {
        return Failure::new(Kind::Aws, error)
            .hint("nothing was made of it; look with `latchkey doctor` whether the key is the right one");
    }
    if matches!(error, PkiError::KeyMismatch) {
        return Failure::new(Kind::Input, error)
            .hint("`pki.ca_key` never changes: name the key that the CA of this ledger was made with");
    }
    Failure::new(Kind::Input, error)
}

fn kms_failure(error: KmsKeyError, arn: &KmsKeyArn) -> Failure {
    let during = format!("cannot use the CA's key `{arn}`");
    match error {
        KmsKeyError::Call(error) => call_failure(error).during(during),
        error @ (KmsKeyError::Kind { .. } | KmsKeyError::PublicKey(_)) => Failure::new(Kind::Input, error)
            .during(during)
            .hint("`aws kms create-key --key-spec RSA_2048 --key-usage SIGN_VERIFY` makes one that fits"),
        error @ (KmsKeyError::Thread(_) | KmsKeyError::Ended) => Failure::new(Kind::Bug, error).during(during),
    }
}

/// The SDK's own variable.
const KMS_URL: &str = "AWS_ENDPOINT_URL_KMS";
/// Characters of a passphrase that guards a CA in earnest.
const SHORTEST_PASSPHRASE: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_kms_refuses_is_aws_s_affair_and_says_what_helps() {
        let (operation, code) = ("Sign", "AccessDeniedException".to_owned());
        let source = Box::new(CallError::Refused { operation, code, message: "no".to_owned() });
        let failure = pki_failure(PkiError::Remote { subject: "CRL 3".to_owned(), source });
        let report = failure.report();
        assert!(report.contains("`CRL 3` could not be signed") && report.contains("latchkey iam-policy"), "{report}");
        assert_eq!(failure.exit_code(), 4);
        let passphrase = pki_failure(PkiError::Passphrase);
        assert_eq!(passphrase.exit_code(), 2);
    }
}
