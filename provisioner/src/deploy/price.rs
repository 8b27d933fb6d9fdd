//! What Client VPN costs, from a table: AWS has no call that every admin may make to ask.
//!
//! Prices in US dollars as reported by users of the service, looked up in November 2026; AWS's own page is
//! <https://aws.amazon.com/vpn/pricing/>. Regions for which no report was found are not in the table, and are said to be
//! unknown rather than guessed.

use crate::config::Region;

/// Prices of one region, in hundredths of a US dollar.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Price {
    /// One associated subnet for one hour, whether anybody is connected or not.
    pub association_hour: u32,
    /// One connection for one hour.
    pub connection_hour: u32,
}

impl Price {
    /// The prices of `region`; `None` where they are not known.
    pub fn of(region: &Region) -> Option<Self> {
        TABLE.iter().find(|(name, _)| *name == region.as_str()).map(|(_, price)| *price)
    }

    /// What `associations` cost a month while nobody is connected, in hundredths of a US dollar.
    pub fn monthly(self, associations: usize) -> u32 {
        HOURS_A_MONTH * self.association_hour * u32::try_from(associations).unwrap_or(u32::MAX)
    }
}

/// Hundredths of a US dollar as people write them.
pub fn dollars(cents: u32) -> String {
    format!("${}.{:02}", cents / 100, cents % 100)
}

/// As AWS's own calculator has it.
const HOURS_A_MONTH: u32 = 730;

const TABLE: &[(&str, Price)] = &[
    ("us-east-1", Price { association_hour: 10, connection_hour: 5 }),
    ("ap-northeast-1", Price { association_hour: 15, connection_hour: 5 }),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_subnets_cost_a_month_what_others_pay_for_them() {
        let price = Price::of(&"us-east-1".parse().unwrap()).unwrap();
        assert_eq!(dollars(price.monthly(2)), "$146.00");
        assert_eq!(Price::of(&"eu-central-1".parse().unwrap()), None);
    }
}
