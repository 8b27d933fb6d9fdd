//! The table of actions.

use super::grant::Grant;

/// Something that Latchkey, or AWS on its behalf, does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Action {
    /// Its name in a policy.
    pub name: &'static str,
    /// Who does it.
    pub caller: Caller,
    /// What it is for.
    pub why: &'static str,
    /// What of the policy allows it; none where no permission is needed.
    pub grants: &'static [Grant],
}

/// Who does it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Caller {
    /// These commands call it.
    Commands(&'static [&'static str]),
    /// AWS asks for it when the named action is called.
    Within(&'static str),
}

const fn called(
    name: &'static str,
    commands: &'static [&'static str],
    why: &'static str,
    grants: &'static [Grant],
) -> Action {
    Action { name, caller: Caller::Commands(commands), why, grants }
}

const fn within(name: &'static str, other: &'static str, why: &'static str, grants: &'static [Grant]) -> Action {
    Action { name, caller: Caller::Within(other), why, grants }
}

/// Commands that observe the deployment.
const OBSERVERS: &[&str] = &["provision", "plan", "status", "rotate", "destroy", "revoke"];
/// Commands that hold the configuration against the VPC.
const VPC: &[&str] = &["provision", "plan", "status", "rotate", "doctor"];
/// Commands that look at what is around the deployment.
const CHECKERS: &[&str] = &["provision", "plan", "doctor"];
/// Commands that say who is connected, or how many connections will end.
const CONNECTED: &[&str] = &["provision", "plan", "status", "rotate", "destroy", "connections", "disconnect", "revoke"];
/// Commands that take away what was made.
const REMOVERS: &[&str] = &["provision", "destroy"];
/// Commands that ask anything of AWS.
const ALL: &[&str] = &[
    "provision",
    "plan",
    "status",
    "rotate",
    "destroy",
    "export",
    "doctor",
    "connections",
    "disconnect",
    "revoke",
    "probe",
];

/// Commands that read or write the ledger.
const KEEPERS: &[&str] = &[
    "provision",
    "plan",
    "status",
    "sign",
    "invite",
    "adopt",
    "publish",
    "users",
    "log",
    "ledger",
    "revoke",
    "disconnect",
    "rotate",
    "destroy",
    "export",
    "doctor",
    "probe",
];

/// `sign --revoke-older` goes on as `revoke`, and is not listed apart.
///
/// Every action, in the order of a provisioning.
pub const ACTIONS: &[Action] = &[
    called("sts:GetCallerIdentity", ALL, "say who is calling", &[]),
    called("ec2:DescribeVpcs", VPC, "the VPC's ranges", &[Grant::Look]),
    called("ec2:DescribeSubnets", VPC, "zone and room of the subnets", &[Grant::Look]),
    called("ec2:DescribeSecurityGroups", VPC, "find the VPC's default group", &[Grant::Look]),
    called("ec2:DescribeVpcPeeringConnections", CHECKERS, "overlap with the clients' addresses", &[Grant::Look]),
    called("ec2:DescribeInternetGateways", CHECKERS, "say whether the VPC is private", &[Grant::Look]),
    called("ec2:DescribeRouteTables", CHECKERS, "say whether the VPC is private", &[Grant::Look]),
    called("ec2:DescribeClientVpnEndpoints", ALL, "find the endpoint by its tag, count for the quota", &[Grant::Look]),
    called("ec2:DescribeClientVpnTargetNetworks", OBSERVERS, "which subnets are associated", &[Grant::Look]),
    called("ec2:DescribeClientVpnAuthorizationRules", OBSERVERS, "which networks are open", &[Grant::Look]),
    called("ec2:DescribeClientVpnRoutes", OBSERVERS, "which routes were added", &[Grant::Look]),
    called("ec2:DescribeClientVpnConnections", CONNECTED, "who is connected", &[Grant::Look]),
    called(
        "acm:ListCertificates",
        &["provision", "plan", "doctor", "destroy"],
        "find the certificates, count for the quota",
        &[Grant::Look],
    ),
    called(
        "acm:ListTagsForCertificate",
        &["provision", "plan", "destroy"],
        "find the certificates by their tags",
        &[Grant::Certificates],
    ),
    called("acm:DescribeCertificate", OBSERVERS, "their serial numbers", &[Grant::Certificates]),
    called(
        "acm:ImportCertificate",
        &["provision", "rotate"],
        "server certificate and client anchor, and their renewal",
        &[Grant::NewCertificates, Grant::OwnCertificates],
    ),
    // AWS asks for it when a certificate is tagged as it is imported, too.
    called(
        "acm:AddTagsToCertificate",
        &["provision"],
        "tag the certificates",
        &[Grant::NewCertificates, Grant::OwnCertificates],
    ),
    // `provision` as well, where another admin was faster with the same deployment.
    called("acm:DeleteCertificate", &["destroy"], "take the certificates away", &[Grant::OwnCertificates]),
    called(
        "ec2:CreateClientVpnEndpoint",
        &["provision"],
        "make the endpoint",
        &[Grant::NewEndpoint, Grant::Vpc, Grant::SecurityGroups],
    ),
    // AWS asks for it when the endpoint is tagged as it is made, too.
    called("ec2:CreateTags", &["provision"], "tag the endpoint", &[Grant::TagsOfNewEndpoint, Grant::Endpoint]),
    called(
        "ec2:ModifyClientVpnEndpoint",
        &["provision"],
        "change its settings",
        &[Grant::Endpoint, Grant::Vpc, Grant::SecurityGroups],
    ),
    called("ec2:DeleteClientVpnEndpoint", REMOVERS, "delete or replace the endpoint", &[Grant::Endpoint]),
    within(
        "iam:CreateServiceLinkedRole",
        "ec2:CreateClientVpnEndpoint",
        "the account's first endpoint needs its role",
        &[Grant::ServiceLinkedRole],
    ),
    // UNCONFIRMED that AWS asks the caller for them, and not its own role alone.
    within("logs:DescribeLogGroups", "ec2:CreateClientVpnEndpoint", "connections are logged", &[Grant::Logs]),
    within("logs:DescribeLogStreams", "ec2:CreateClientVpnEndpoint", "connections are logged", &[Grant::Logs]),
    called(
        "ec2:AssociateClientVpnTargetNetwork",
        &["provision"],
        "associate the subnets",
        &[Grant::Endpoint, Grant::Subnets],
    ),
    called("ec2:DisassociateClientVpnTargetNetwork", REMOVERS, "take subnets away", &[Grant::Endpoint]),
    called("ec2:AuthorizeClientVpnIngress", &["provision"], "let clients through", &[Grant::Endpoint]),
    called("ec2:RevokeClientVpnIngress", REMOVERS, "no longer let clients through", &[Grant::Endpoint]),
    called("ec2:CreateClientVpnRoute", &["provision"], "add routes", &[Grant::Endpoint, Grant::Subnets]),
    called("ec2:DeleteClientVpnRoute", REMOVERS, "take routes away", &[Grant::Endpoint]),
    called(
        "ec2:ImportClientVpnClientCertificateRevocationList",
        &["provision", "rotate", "revoke"],
        "the CRL",
        &[Grant::Endpoint],
    ),
    called("ec2:ExportClientVpnClientCertificateRevocationList", OBSERVERS, "which CRL is in use", &[Grant::Endpoint]),
    called(
        "ec2:ExportClientVpnClientConfiguration",
        &["provision", "export", "rotate", "revoke", "probe"],
        "the profile's beginning, also for a probe",
        &[Grant::Endpoint],
    ),
    called("ec2:TerminateClientVpnConnections", &["disconnect", "revoke"], "end connections", &[Grant::Endpoint]),
    called("s3:ListBucket", KEEPERS, "what ledger and page have", &[Grant::LedgerBucket, Grant::PageBucket]),
    called("s3:GetObject", KEEPERS, "read the ledger", &[Grant::LedgerObjects]),
    called(
        "s3:PutObject",
        &["provision", "sign", "invite", "adopt", "revoke", "disconnect", "rotate", "destroy", "probe", "publish"],
        "add to the ledger, publish the page",
        &[Grant::LedgerObjects, Grant::PageObjects],
    ),
    called("s3:DeleteObject", &["destroy"], "delete the ledger, with `--with-ca` alone", &[Grant::LedgerObjects]),
    called(
        "kms:GetPublicKey",
        &["provision", "rotate", "sign", "revoke", "probe", "doctor"],
        "the public half of the CA's key",
        &[Grant::CaPublicKey],
    ),
    called(
        "kms:Sign",
        &["provision", "rotate", "sign", "revoke", "probe"],
        "certificates and CRLs",
        &[Grant::CaSignature],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_stands_in_the_table_once_and_depends_on_one_that_does() {
        for (i, action) in ACTIONS.iter().enumerate() {
            assert!(ACTIONS.iter().skip(i + 1).all(|other| other.name != action.name), "{}", action.name);
            if let Caller::Within(other) = action.caller {
                assert!(ACTIONS.iter().any(|it| it.name == other), "{other}");
            }
        }
    }
}
