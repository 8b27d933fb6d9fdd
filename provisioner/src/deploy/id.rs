//! Identifiers that AWS hands out. They are compared and shown, never taken apart.

use std::fmt;

macro_rules! opaque {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub struct $name(String);

        impl $name {
            /// Takes what AWS answered.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

opaque!(
    /// A Client VPN endpoint, `cvpn-endpoint-…`.
    EndpointId
);
opaque!(
    /// A target network association, `cvpn-assoc-…`.
    AssociationId
);
opaque!(
    /// A certificate in ACM, `arn:aws:acm:…`.
    CertificateArn
);
opaque!(
    /// A client's connection, `cvpn-connection-…`.
    ConnectionId
);
