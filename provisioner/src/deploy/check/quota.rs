//! What is left of the account's quotas. AWS's defaults are assumed: what a quota was raised to, another service knows,
//! and one call more would need one permission more. So a quota that can be raised only warns.

use super::{
    Survey, Wanted,
    finding::{Finding, Subject},
};
use crate::deploy::{network::VpcView, supply};

/// What runs short, and one finding where nothing does.
pub fn check(wanted: &Wanted, view: &VpcView, survey: &Survey, revoked: usize) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut left = Vec::new();
    match &survey.endpoints {
        // The region's finding says why.
        Err(_) => {}
        Ok(endpoints) if endpoints.has_ours || endpoints.count < ENDPOINTS.default => {
            left.push(ENDPOINTS.left(endpoints.count));
        }
        Ok(endpoints) => findings.push(ENDPOINTS.warning(endpoints.count)),
    }
    match &survey.certificates {
        Err(error) => findings.push(Finding::unchecked(Subject::Quotas, "the number of ACM certificates", error)),
        // Two are imported.
        Ok(count) if count + 2 > CERTIFICATES.default => findings.push(CERTIFICATES.warning(*count)),
        Ok(count) => left.push(CERTIFICATES.left(*count)),
    }
    let rules = match wanted.rules.len() {
        0 => view.cidrs.as_ref().map(Vec::len).unwrap_or_default(),
        number => number,
    };
    // AWS adds the VPC's own route to every association.
    let routes = wanted.routes.len() + 1;
    for (quota, used) in [(&RULES, rules), (&ROUTES, routes)] {
        match used > quota.default {
            true => findings.push(quota.warning(used)),
            false => left.push(quota.left(used)),
        }
    }
    match revoked {
        over if over > CRL_ENTRIES.default => findings.push(Finding::failure(
            Subject::Quotas,
            CRL_ENTRIES.left(over),
            "AWS takes no longer CRL: a new CA is needed, and new certificates for all users",
        )),
        most if most > CRL_ENTRIES.default / 10 * 9 => findings.push(Finding::warning(
            Subject::Quotas,
            CRL_ENTRIES.left(most),
            "this quota cannot be raised: plan for a new CA, or for certificates that expire sooner (`pki.client_days`)",
        )),
        few => left.push(CRL_ENTRIES.left(few)),
    }
    findings.push(Finding::ok(Subject::Quotas, format!("{}; AWS's defaults assumed", left.join(", "))));
    findings
}

/// A quota, <https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/limits.html>.
struct Quota {
    what: &'static str,
    default: usize,
    /// Its code where Service Quotas raises it.
    code: Option<&'static str>,
}

impl Quota {
    fn left(&self, used: usize) -> String {
        format!("{} {used} of {}", self.what, self.default)
    }

    fn warning(&self, used: usize) -> Finding {
        let text = format!("{}: AWS's default quota leaves no room", self.left(used));
        let remedy = match self.code {
            Some(code) => format!("have it raised under Service Quotas ({code}), if that has not been done"),
            None => "delete some, or have the quota raised under Service Quotas".to_owned(),
        };
        Finding::warning(Subject::Quotas, text, remedy)
    }
}

const ENDPOINTS: Quota = Quota { what: "endpoints in the region", default: 5, code: Some("L-8EA77D34") };
const RULES: Quota = Quota { what: "authorization rules", default: 200, code: Some("L-9A1BC94B") };
const ROUTES: Quota = Quota { what: "routes per association", default: 100, code: Some("L-401D78F7") };
const CRL_ENTRIES: Quota = Quota { what: "CRL entries", default: supply::CRL_ENTRIES, code: None };
/// <https://docs.aws.amazon.com/acm/latest/userguide/acm-limits.html>
const CERTIFICATES: Quota = Quota { what: "ACM certificates", default: 2_500, code: None };

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::deploy::check::{
        region::Endpoints,
        testing::{refused, show, survey, view, wanted},
    };

    #[test]
    fn what_is_left_is_said() {
        check(
            &wanted(),
            &survey(),
            1,
            expect![
                "ok quotas: endpoints in the region 1 of 5, ACM certificates 7 of 2500, authorization rules 1 of 200, routes per association 1 of 100, CRL entries 1 of 20000; AWS's defaults assumed"
            ],
        );
    }

    #[test]
    fn a_full_region_is_no_trouble_to_an_endpoint_that_is_there() {
        let full = |has_ours| Survey { endpoints: Ok(Endpoints { count: 5, has_ours }), ..survey() };
        check(
            &wanted(),
            &full(true),
            1,
            expect![
                "ok quotas: endpoints in the region 5 of 5, ACM certificates 7 of 2500, authorization rules 1 of 200, routes per association 1 of 100, CRL entries 1 of 20000; AWS's defaults assumed"
            ],
        );
        check(
            &wanted(),
            &full(false),
            1,
            expect![[r#"
            warning quotas: endpoints in the region 5 of 5: AWS's default quota leaves no room
            ok quotas: ACM certificates 7 of 2500, authorization rules 1 of 200, routes per association 1 of 100, CRL entries 1 of 20000; AWS's defaults assumed"#]],
        );
    }

    #[test]
    fn only_what_cannot_be_raised_fails() {
        let nets = |number: u8, third: u8| (0..number).map(move |n| format!("10.{n}.{third}.0/24").parse().unwrap());
        let many = Wanted { rules: nets(201, 0).collect(), routes: nets(100, 1).collect(), ..wanted() };
        let short = Survey { certificates: Ok(2_499), ..survey() };
        check(
            &many,
            &short,
            18_001,
            expect![[r#"
            warning quotas: ACM certificates 2499 of 2500: AWS's default quota leaves no room
            warning quotas: authorization rules 201 of 200: AWS's default quota leaves no room
            warning quotas: routes per association 101 of 100: AWS's default quota leaves no room
            warning quotas: CRL entries 18001 of 20000
            ok quotas: endpoints in the region 1 of 5; AWS's defaults assumed"#]],
        );
        check(
            &wanted(),
            &Survey { certificates: Err(refused("AccessDeniedException")), ..survey() },
            20_001,
            expect![[r#"
                warning quotas: the number of ACM certificates could not be checked: AWS refused `DescribeThings` with `AccessDeniedException`: no
                failure quotas: CRL entries 20001 of 20000
                ok quotas: endpoints in the region 1 of 5, authorization rules 1 of 200, routes per association 1 of 100; AWS's defaults assumed"#]],
        );
    }

    fn check(wanted: &Wanted, survey: &Survey, revoked: usize, expected: Expect) {
        expected.assert_eq(&show(&super::check(wanted, &view(), survey, revoked)));
    }
}
