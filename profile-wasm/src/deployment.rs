//! Which deployment the page is for: the bundle beside it, taken apart once.

use js_sys::{Array, JSON, Reflect};
use profile::{
    bundle::{Bundle, BundleError},
    certificate::Certificate,
    fingerprint::Fingerprint,
    name::Domain,
    ovpn::Document,
};
use wasm_bindgen::{JsCast as _, JsValue};

use crate::{files, message::Message};

/// What the bundle says, in the types of the rules.
pub(crate) struct Deployment {
    pub(crate) name: String,
    pub(crate) domain: Domain,
    pub(crate) contact: Option<String>,
    /// See [`Bundle::languages`].
    pub(crate) languages: Vec<String>,
    pub(crate) ca: Certificate,
    pub(crate) client_configuration: Document,
}

impl Deployment {
    /// Fetches the bundle. A broken one is noticed here and not when a profile is to be made of it.
    pub(crate) async fn load() -> Result<Self, Message> {
        let bundle = files::beside_the_page(files::BUNDLE).await?.ok_or_else(|| Message::new("bundle-missing"))?;
        Self::read(&bundle)
    }

    /// What [`Bundle::from_json`] reads, as far as the page needs it, by the browser's own parser: so the module goes without
    /// serde's.
    fn read(bundle: &str) -> Result<Self, Message> {
        let json = JSON::parse(bundle).map_err(|_| malformed())?;
        let version = field(&json, VERSION).as_f64().ok_or_else(malformed)?;
        if version != f64::from(Bundle::VERSION) {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is not shown")]
            return Err(BundleError::Version { found: version as u32 }.into());
        }
        let text = |name| field(&json, name).as_string().ok_or_else(malformed);
        let client_configuration = Document::parse(&text(CLIENT_CONFIGURATION)?)?;
        client_configuration.check()?;
        let languages = field(&json, LANGUAGES).dyn_into::<Array>().unwrap_or_default();
        Ok(Self {
            name: text(DEPLOYMENT)?,
            domain: text(DOMAIN)?.parse()?,
            contact: field(&json, CONTACT).as_string(),
            languages: languages.iter().filter_map(|tag| tag.as_string()).collect(),
            ca: Certificate::from_pem(&text(CA_CERTIFICATE)?).map_err(|_| malformed())?,
            client_configuration,
        })
    }

    /// The host name that clients connect to.
    pub(crate) fn server(&self) -> &str {
        // Always there: without one, the bundle was refused.
        self.client_configuration.remote().map(|remote| remote.host).unwrap_or_default()
    }

    /// Names a request among those of all deployments whose pages share an origin, and so a database.
    pub(crate) fn key(&self, request: &Fingerprint) -> String {
        format!("{}/{}/{}", self.name, self.domain, request.hex())
    }

    /// Whether this is the key of a request to this deployment. One without a fingerprint is from before there could be several.
    pub(crate) fn is_key(&self, key: &str) -> bool {
        let rest = key.strip_prefix(&self.name).and_then(|rest| rest.strip_prefix('/'));
        let rest = rest.and_then(|rest| rest.strip_prefix(self.domain.as_str()));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

fn field(json: &JsValue, name: &str) -> JsValue {
    Reflect::get(json, &name.into()).unwrap_or_default()
}

fn malformed() -> Message {
    Message::new("bundle-malformed")
}

const VERSION: &str = "version";
const DEPLOYMENT: &str = "deployment";
const DOMAIN: &str = "domain";
const CLIENT_CONFIGURATION: &str = "client_configuration";
const CA_CERTIFICATE: &str = "ca_certificate";
const CONTACT: &str = "contact";
const LANGUAGES: &str = "languages";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_are_those_that_the_rules_write() {
        let bundle = Bundle {
            version: Bundle::VERSION,
            deployment: String::new(),
            domain: String::new(),
            endpoint_id: String::new(),
            client_configuration: String::new(),
            ca_certificate: String::new(),
            contact: Some(String::new()),
            languages: Vec::new(),
        };
        let json = bundle.to_json().unwrap();
        for name in [VERSION, DEPLOYMENT, DOMAIN, CLIENT_CONFIGURATION, CA_CERTIFICATE, CONTACT, LANGUAGES] {
            assert!(json.contains(&format!("\"{name}\":")), "{name}");
        }
    }
}
