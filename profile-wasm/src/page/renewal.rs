//! The old profile, which says whose the new one is.

use profile::{certificate::Certificate, name::CommonName, ovpn::Document};

use super::Page;
use crate::{dom::id, message::Message};

impl Page {
    /// Takes the user's name from a profile that is to be renewed. Its key stays what it is: the new one is another.
    pub(super) fn renew(&self, profile: &[u8]) -> Result<(), Message> {
        let not_a_profile = || Message::new("not-a-profile");
        let text = std::str::from_utf8(profile).map_err(|_| not_a_profile())?;
        let document = Document::parse(text).map_err(|_| not_a_profile())?;
        let certificate = document.block("cert").ok_or_else(not_a_profile)?;
        let certificate = Certificate::from_pem(certificate).map_err(|_| not_a_profile())?;
        let found = certificate.common_name().unwrap_or_default();
        let Ok(common_name) = CommonName::parse(&found, &self.deployment.domain) else {
            return Err(Message::new("other-profile").with("found", found));
        };
        if self.invite.borrow().is_none() {
            self.dom.set_value(id::USERNAME, common_name.username().as_str());
        }
        Err(Message::new("renewal").with("found", found).with_time("time", certificate.not_after()))
    }
}
