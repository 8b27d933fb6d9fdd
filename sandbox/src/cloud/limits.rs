//! How much of everything there may be.
//!
//! <https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/limits.html> and
//! <https://docs.aws.amazon.com/acm/latest/userguide/acm-limits.html>. AWS raises some of them on request, so they are
//! values here.

use serde::{Deserialize, Serialize};

/// The quotas of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Endpoints in the region.
    pub endpoints: usize,
    /// Authorization rules of an endpoint.
    pub rules: usize,
    /// Routes through one target network association.
    pub routes: usize,
    /// Changes of networks and routes of one endpoint that may be under way at the same time.
    pub concurrent_changes: usize,
    /// Revoked certificates on one CRL.
    pub crl_entries: usize,
    /// Certificates in ACM.
    pub certificates: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { endpoints: 5, rules: 200, routes: 100, concurrent_changes: 10, crl_entries: 20_000, certificates: 2_500 }
    }
}

impl Limits {
    /// The names under which [`Limits::with`] knows the quotas.
    pub const NAMES: [&str; 6] = ["endpoints", "rules", "routes", "concurrent-changes", "crl-entries", "certificates"];

    /// Gives the quota of that name another value. `None` when there is none of that name.
    #[must_use]
    pub fn with(mut self, name: &str, value: usize) -> Option<Self> {
        let quota = match name {
            "endpoints" => &mut self.endpoints,
            "rules" => &mut self.rules,
            "routes" => &mut self.routes,
            "concurrent-changes" => &mut self.concurrent_changes,
            "crl-entries" => &mut self.crl_entries,
            "certificates" => &mut self.certificates,
            _ => return None,
        };
        *quota = value;
        Some(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_stands_for_a_quota() {
        for name in Limits::NAMES {
            assert!(Limits::default().with(name, 7).is_some_and(|limits| limits != Limits::default()), "{name}");
        }
        assert_eq!(Limits::default().with("nonsense", 7), None);
    }
}
