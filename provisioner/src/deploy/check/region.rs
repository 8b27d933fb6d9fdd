//! Whether the region has Client VPN for this account. There is no call that says so; listing endpoints shows it.

use super::finding::{Finding, Subject, chain};
use crate::deploy::cloud::CallError;

/// The Client VPN endpoints of a region, of whatever deployment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Endpoints {
    /// How many there are.
    pub count: usize,
    /// Whether one of them is this deployment's.
    pub has_ours: bool,
}

/// The region, by what it answers.
pub fn check(region: &str, endpoints: &Result<Endpoints, CallError>) -> Finding {
    let fail = |text: String, remedy: &str| Finding::failure(Subject::Region, text, remedy);
    let Err(error) = endpoints else {
        return Finding::ok(Subject::Region, format!("{region} has Client VPN"));
    };
    match error {
        CallError::Refused { code, .. } if ABSENT.contains(&code.as_str()) => {
            fail(format!("{region} has no Client VPN (`{code}`)"), "choose another `deployment.region`")
        }
        CallError::Refused { code, .. } if SWITCHED_OFF.contains(&code.as_str()) => fail(
            format!("{region} is not open to this account (`{code}`)"),
            "enable the region in the account's settings (`aws account enable-region --region-name REGION`), or choose another",
        ),
        CallError::Refused { .. } => fail(
            format!("{region} does not say whether it has Client VPN: {}", chain(error)),
            "ask whoever manages the account for the permissions that `latchkey iam-policy` prints",
        ),
        CallError::Unknown { .. } => fail(
            format!("{region} does not answer: {}", chain(error)),
            "check the network, and whether `deployment.region` is a region of AWS",
        ),
        CallError::Busy { .. }
        | CallError::Exists { .. }
        | CallError::UnknownValue { .. }
        | CallError::Gone { .. }
        | CallError::Outrun { .. } => Finding::unchecked(Subject::Region, "the region", error),
    }
}

const ABSENT: &[&str] = &["InvalidAction", "UnknownOperationException", "UnsupportedOperation"];
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>
const SWITCHED_OFF: &[&str] = &["AuthFailure", "OptInRequired"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deploy::check::{finding::State, testing::refused};

    #[test]
    fn a_region_is_known_by_its_answer() {
        let state = |answer| check("eu-central-1", &answer).state;
        assert_eq!(state(Ok(Endpoints { count: 0, has_ours: false })), State::Ok);
        for code in ["InvalidAction", "OptInRequired", "UnauthorizedOperation"] {
            assert_eq!(state(Err(refused(code))), State::Failure, "{code}");
        }
        let late = CallError::Busy { operation: "x", code: "Throttling".to_owned(), message: String::new() };
        assert_eq!(state(Err(late)), State::Warning);
        let silent = CallError::Unknown { operation: "x", source: "dns error".into() };
        let finding = check("eu-central-9", &Err(silent));
        assert_eq!(finding.text, "eu-central-9 does not answer: no usable answer from AWS to `x`: dns error");
    }
}
