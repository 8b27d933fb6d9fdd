//! A request on its way: the key made here, the request for it, and the certificate that
//! answers it.

use profile::{
    backup::Backup,
    certificate::{Certificate, CertificateRefusal, Expected},
    challenge::Challenge,
    csr::{Csr, CsrDraft},
    fingerprint::Fingerprint,
    invite::Credential,
    key::PublicKey,
    name::CommonName,
    words::words,
};
use zeroize::Zeroizing;

use crate::{
    deployment::Deployment,
    files,
    message::Message,
    store::Record,
    webcrypto::{self, PrivateKey},
};

/// A key and the request for it.
pub(crate) struct Pending {
    common_name: CommonName,
    csr: Csr,
    private_key: PrivateKey,
}

impl Pending {
    /// Makes a key and the request for it to be certified under this name.
    ///
    /// The challenge is an invite's: by it the admin knows the request for one that need not be asked about.
    pub(crate) async fn make(common_name: CommonName, challenge: Option<&Challenge>) -> Result<Self, Message> {
        let (private_key, public_key) = webcrypto::generate().await?;
        Self::of(common_name, challenge, private_key, &public_key).await
    }

    /// The key in a backup with the request for it: the same request as the first, if the challenge is the same.
    pub(crate) async fn recover(
        common_name: CommonName,
        challenge: Option<&Challenge>,
        backup: &Backup,
        passphrase: &str,
    ) -> Result<Self, Message> {
        let (private_key, public_key) = PrivateKey::restore(backup, passphrase).await?;
        Self::of(common_name, challenge, private_key, &public_key).await
    }

    async fn of(
        common_name: CommonName,
        challenge: Option<&Challenge>,
        private_key: PrivateKey,
        public_key: &PublicKey,
    ) -> Result<Self, Message> {
        let draft = CsrDraft::new(&common_name, public_key, challenge);
        let signature = private_key.sign(draft.to_be_signed()).await?;
        Ok(Self { common_name, csr: draft.assemble(&signature)?, private_key })
    }

    /// What can be kept of it.
    pub(crate) async fn record(&self) -> Result<Record, Message> {
        Ok(Record::new(&self.csr_pem(), &self.private_key.wrap().await?))
    }

    /// Reads what was kept; `None` where it is not complete, or of another deployment.
    pub(crate) async fn restore(record: &Record, deployment: &Deployment) -> Option<Self> {
        let csr = Csr::from_pem(&record.csr_pem()?).ok()?;
        let common_name = CommonName::parse(csr.common_name(), &deployment.domain).ok()?;
        let private_key = PrivateKey::unwrap(&record.key()?).await.ok()?;
        Some(Self { common_name, csr, private_key })
    }

    pub(crate) fn common_name(&self) -> &CommonName {
        &self.common_name
    }

    pub(crate) fn csr_pem(&self) -> String {
        self.csr.to_pem()
    }

    /// What the person and the admin compare.
    pub(crate) fn fingerprint(&self) -> Fingerprint {
        self.csr.fingerprint()
    }

    /// Six words for the key, to be compared by voice.
    pub(crate) fn words(&self) -> String {
        words(&self.csr.public_key().fingerprint())
    }

    /// Whether it was made for this invite, whose challenge this is.
    pub(crate) fn answers(&self, challenge: &Challenge) -> bool {
        self.csr.challenge() == Some(challenge)
    }

    /// Whether it can be signed unasked.
    pub(crate) fn is_invited(&self) -> bool {
        let challenge = self.csr.challenge().and_then(|challenge| Credential::from_password(challenge).ok());
        challenge.flatten().is_some()
    }

    /// The key encrypted by a passphrase, in PEM form. The line before it says whose it is.
    pub(crate) async fn back_up(&self, passphrase: &str) -> Result<String, Message> {
        let backup = self.private_key.back_up(passphrase).await?;
        Ok(format!("{BACKUP_OF}{}\n{}", self.common_name, backup.to_pem()))
    }

    /// Whose key a backup has.
    pub(crate) fn owner(backup: &str) -> Option<&str> {
        backup.lines().find_map(|line| line.trim().strip_prefix(BACKUP_OF))
    }

    /// Looks for the certificate where `sign` publishes it; `None` where it is not there yet.
    pub(crate) async fn look_up(&self) -> Result<Option<String>, Message> {
        let path = format!("issued/{}.pem", self.fingerprint().hex());
        let found = files::beside_the_page(&path).await?;
        // Some hosts answer with a page of their own for what they do not have.
        Ok(found.filter(|text| Certificate::from_pem(text).is_ok()))
    }

    /// The certificate in `content`, if it is the one for this request at this time (seconds since 1970).
    pub(crate) async fn accept(
        &self,
        content: &[u8],
        deployment: &Deployment,
        now: i64,
    ) -> Result<Certificate, Message> {
        let certificate = Certificate::from_any(content)?;
        let public_key = self.csr.public_key();
        certificate.check(&Expected { common_name: &self.common_name, public_key, ca: &deployment.ca, now })?;
        if webcrypto::verify(deployment.ca.public_key_der(), certificate.signed()?).await? {
            Ok(certificate)
        } else {
            Err(CertificateRefusal::Forged.into())
        }
    }

    /// The finished profile, its key encrypted where there is a passphrase.
    pub(crate) async fn profile(
        &self,
        certificate: &Certificate,
        deployment: &Deployment,
        passphrase: Option<&str>,
    ) -> Result<Zeroizing<String>, Message> {
        let configuration = deployment.client_configuration.with_random_label(&webcrypto::random_label()?)?;
        let key = match passphrase {
            Some(passphrase) => Zeroizing::new(self.private_key.back_up(passphrase).await?.to_pem()),
            None => self.private_key.to_pem().await?,
        };
        Ok(configuration.with_identity(&certificate.to_pem(), &key)?)
    }
}

/// Before the backup's PEM, where every program skips it.
const BACKUP_OF: &str = "VPN key of ";
