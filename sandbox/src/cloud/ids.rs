//! Identifiers in AWS's shapes, and where fresh ones come from.
//!
//! Randomness is an argument of the rules, like time: one [`Moment`] per call.

use std::fmt::{self, Write as _};

use time::OffsetDateTime;

/// When a call happens, and the randomness that it may use. A call makes at most one new thing.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// The time of the call.
    pub now: OffsetDateTime,
    /// Random bytes for the id of what the call creates.
    pub seed: [u8; 16],
}

impl Moment {
    /// 17 hexadecimal digits, as in `cvpn-endpoint-…`.
    pub(super) fn hex_id(&self) -> String {
        let mut digits = hex(&self.seed);
        digits.truncate(17);
        digits
    }

    /// A version 4 UUID (RFC 9562), as in the ARN of a certificate.
    pub(super) fn uuid(&self) -> String {
        uuid(self.seed)
    }
}

/// Renders a version 4 UUID (RFC 9562 section 5.4) from random bytes.
#[must_use]
pub fn uuid(mut random: [u8; 16]) -> String {
    random[6] = (random[6] & 0x0f) | 0x40;
    random[8] = (random[8] & 0x3f) | 0x80;
    let [a, b, c, d] = [&random[..4], &random[4..6], &random[6..8], &random[8..10]].map(hex);
    format!("{a}-{b}-{c}-{d}-{}", hex(&random[10..]))
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut digits, byte| {
        // Writing to a string cannot fail.
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// The id as AWS writes it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl<T: Into<String>> From<T> for $name {
            fn from(text: T) -> Self {
                Self(text.into())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id!(
    /// `cvpn-endpoint-` and 17 hexadecimal digits.
    EndpointId
);
id!(
    /// `cvpn-assoc-` and 17 hexadecimal digits.
    AssociationId
);
id!(
    /// `arn:aws:acm:<region>:<account>:certificate/<uuid>`.
    CertificateArn
);
id!(
    /// `subnet-` and 17 hexadecimal digits.
    SubnetId
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_carries_its_version_and_variant() {
        assert_eq!(uuid([0xff; 16]), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(uuid([0; 16]), "00000000-0000-4000-8000-000000000000");
    }

    #[test]
    fn an_id_has_seventeen_digits() {
        let moment = Moment { now: OffsetDateTime::UNIX_EPOCH, seed: [0xab; 16] };
        assert_eq!(moment.hex_id(), "ababababababababa");
    }
}
