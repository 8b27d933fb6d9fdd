//! What the page needs to know of a deployment: public, fetched from beside the page as `bundle.json`.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The public facts of one deployment.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Bundle {
    /// The form of this document: [`Bundle::VERSION`].
    pub version: u32,
    /// The deployment's name.
    pub deployment: String,
    /// The domain under which users are named.
    pub domain: String,
    /// The endpoint, `cvpn-endpoint-…`.
    pub endpoint_id: String,
    /// The client configuration as AWS exports it, without certificate and key.
    pub client_configuration: String,
    /// The CA's certificate, PEM.
    pub ca_certificate: String,
    /// To whom requests go, an e-mail address.
    pub contact: Option<String>,
    /// Languages of the page (`en`, `zh`), the default first; empty for all that the page has.
    pub languages: Vec<String>,
}

/// Why a bundle cannot be used.
#[derive(Debug, Error)]
pub enum BundleError {
    /// Not JSON, or not of this form.
    #[error("the bundle cannot be read")]
    Malformed(#[source] serde_json::Error),
    /// Made by a newer Latchkey than the page.
    #[error("the bundle has version {found}, this page understands version {}", Bundle::VERSION)]
    Version {
        /// The version found.
        found: u32,
    },
}

impl BundleError {
    /// A stable name of the refusal, by which the page finds its sentence.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "bundle-malformed",
            Self::Version { .. } => "bundle-version",
        }
    }
}

impl Bundle {
    /// The version that this crate writes and reads.
    pub const VERSION: u32 = 1;

    /// Reads `bundle.json`.
    ///
    /// # Errors
    /// [`BundleError`]: the version is looked at first, so that a newer form is called newer and not broken.
    pub fn from_json(text: &str) -> Result<Self, BundleError> {
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }
        let Versioned { version } = serde_json::from_str(text).map_err(BundleError::Malformed)?;
        if version != Self::VERSION {
            return Err(BundleError::Version { found: version });
        }
        serde_json::from_str(text).map_err(BundleError::Malformed)
    }

    /// Writes `bundle.json`.
    ///
    /// # Errors
    /// [`BundleError::Malformed`], which a value of this type does not cause.
    pub fn to_json(&self) -> Result<String, BundleError> {
        serde_json::to_string_pretty(self).map(|text| text + "\n").map_err(BundleError::Malformed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        assert_eq!(Bundle::from_json(&bundle().to_json().unwrap()).unwrap(), bundle());
    }

    #[test]
    fn a_newer_bundle_is_called_newer_whatever_else_changed() {
        let error = Bundle::from_json(r#"{"version": 2, "entirely": "different"}"#).unwrap_err();
        assert_eq!(error.code(), "bundle-version");
    }

    #[test]
    fn what_is_no_bundle_is_called_malformed() {
        for text in ["", "<html>", "{}", r#"{"version": 1}"#, r#"{"version": "1"}"#] {
            assert_eq!(Bundle::from_json(text).unwrap_err().code(), "bundle-malformed", "{text}");
        }
    }

    fn bundle() -> Bundle {
        Bundle {
            version: Bundle::VERSION,
            deployment: "demo".to_owned(),
            domain: "vpn.example.com".to_owned(),
            endpoint_id: "cvpn-endpoint-0123456789abcdef0".to_owned(),
            client_configuration: "client\n".to_owned(),
            ca_certificate: "-----BEGIN CERTIFICATE-----\n".to_owned(),
            contact: None,
            languages: vec!["en".to_owned()],
        }
    }
}
