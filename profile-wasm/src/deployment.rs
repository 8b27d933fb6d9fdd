//! Which deployment the page is for: the bundle beside it, taken apart once.

use profile::{bundle::Bundle, certificate::Certificate, name::Domain, ovpn::Document};

use crate::{files, message::Message};

/// What the bundle says, in the types of the rules.
pub(crate) struct Deployment {
    pub(crate) name: String,
    pub(crate) domain: Domain,
    pub(crate) contact: Option<String>,
    pub(crate) ca: Certificate,
    pub(crate) client_configuration: Document,
}

impl Deployment {
    /// Fetches the bundle. A broken one is noticed here and not when a profile is to be made of it.
    pub(crate) async fn load() -> Result<Self, Message> {
        let bundle = files::beside_the_page("bundle.json").await?.ok_or_else(|| Message::new("bundle-missing"))?;
        let bundle = Bundle::from_json(&bundle)?;
        let client_configuration = Document::parse(&bundle.client_configuration)?;
        client_configuration.remote()?;
        Ok(Self {
            domain: bundle.domain.parse()?,
            ca: Certificate::from_pem(&bundle.ca_certificate).map_err(|_| Message::new("bundle-malformed"))?,
            name: bundle.deployment,
            contact: bundle.contact,
            client_configuration,
        })
    }

    /// Names the deployment among all whose pages share an origin, and so a database.
    pub(crate) fn key(&self) -> String {
        format!("{}/{}", self.name, self.domain)
    }
}
