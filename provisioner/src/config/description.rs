//! The one description of `latchkey.toml`: every key, what it takes, what it stands for when it is left out, and
//! whether it can be changed later.
//!
//! The reader, the JSON schema, the file that `init` writes and the table in `docs/configuration.md` are all made
//! from it. What one key alone cannot tell, such as whether two networks overlap, is in [`super::rules`].

use super::location::Location;

/// A key, or a section where its kind is a table.
#[derive(Debug)]
pub(super) struct Key {
    /// Its name in the file.
    pub(super) name: &'static str,
    /// What it takes.
    pub(super) kind: Kind,
    /// Whether it must be there.
    pub(super) need: Need,
    /// Whether it can be changed once the endpoint is there.
    pub(super) later: Later,
    /// What it is, for people.
    pub(super) about: &'static str,
}

/// What a key takes.
#[derive(Debug)]
pub(super) enum Kind {
    /// Text of so many characters. The pattern is for the JSON schema; here the types of [`super`] judge.
    Text { least: usize, most: usize, pattern: &'static str },
    /// One of these words.
    Word(&'static [&'static str]),
    /// `true` or `false`.
    Flag,
    /// One of these numbers.
    Number(&'static [i64]),
    /// A number from 1 to the one given.
    Count(i64),
    /// So many items, none twice.
    List { item: &'static Self, least: usize, most: usize },
    /// Keys of its own.
    Table(&'static [Key]),
    /// Either text or keys of its own.
    TextOrTable(&'static Self, &'static [Key]),
    /// Keys that the admin chooses, each with text.
    Tags,
}

impl Kind {
    /// The keys that a table of this kind may have, where the admin does not choose them.
    pub(super) fn keys(&self) -> Option<&'static [Key]> {
        match self {
            Self::Table(keys) | Self::TextOrTable(_, keys) => Some(keys),
            Self::Text { .. }
            | Self::Word(_)
            | Self::Flag
            | Self::Number(_)
            | Self::Count(_)
            | Self::List { .. }
            | Self::Tags => None,
        }
    }
}

/// Whether a key must be there.
#[derive(Debug)]
pub(super) enum Need {
    /// It must.
    Required,
    /// What it stands for when it is left out, as TOML.
    Default(&'static str),
    /// It need not, and then nothing stands in for it. With an example, as TOML.
    Optional(&'static str),
}

/// Whether a key can be changed once the endpoint is there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Later {
    /// In place, without cutting anybody off.
    InPlace,
    /// In place, and AWS resets the connections.
    Resets,
    /// Only with a new endpoint, and so with new profiles for everybody.
    NewEndpoint,
    /// For what is made from then on.
    FromThenOn,
    /// Never: it makes another deployment.
    Never,
}

const fn key(name: &'static str, kind: Kind, need: Need, later: Later, about: &'static str) -> Key {
    Key { name, kind, need, later, about }
}

const fn section(name: &'static str, keys: &'static [Key], need: Need, about: &'static str) -> Key {
    Key { name, kind: Kind::Table(keys), need, later: Later::InPlace, about }
}

/// The whole file.
pub(super) const FILE: &[Key] = &[
    section("deployment", DEPLOYMENT, Need::Required, "Who and where."),
    section("network", NETWORK, Need::Required, "Where clients enter, what they reach, and how they are told."),
    section("endpoint", ENDPOINT, Need::Default("{}"), "What the endpoint tells and allows its clients."),
    section("second_factor", SECOND_FACTOR, Need::Optional("{}"), "What users have to show beside their certificate."),
    section("pki", PKI, Need::Default("{}"), "Where the CA's key is, and how long certificates last."),
    section("ledger", LEDGER, Need::Required, "Where the history is kept."),
    section("page", PAGE, Need::Required, "The page that users open."),
];

const DEPLOYMENT: &[Key] = &[
    key(
        "name",
        Kind::Text { least: 1, most: 40, pattern: "^(?!sandbox$)[a-z0-9]([a-z0-9-]*[a-z0-9])?$" },
        Need::Required,
        Later::Never,
        "Name of the deployment: a tag on everything on AWS, and the name of the local folder.",
    ),
    key(
        "target",
        Kind::Word(&["sandbox", "aws"]),
        Need::Required,
        Later::Never,
        "The local sandbox or the real service.",
    ),
    key(
        "region",
        Kind::Text { least: 1, most: 40, pattern: "^(?!cn-)[a-z0-9]+(-[a-z0-9]+)+-[0-9]+$" },
        Need::Required,
        Later::Never,
        "AWS region, such as `eu-central-1`. The China regions have no Client VPN.",
    ),
    key(
        "domain",
        Kind::Text {
            least: 1,
            most: 253,
            pattern: r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+$",
        },
        Need::Required,
        Later::Never,
        "Name of the server certificate; users are USERNAME.DOMAIN. It need not resolve.",
    ),
    key(
        "tags",
        Kind::Tags,
        Need::Optional("{ team = \"networks\" }"),
        Later::InPlace,
        "Tags of your own for everything that is made, at most 40.",
    ),
];

const NETWORK: &[Key] = &[
    key(
        "vpc_id",
        Kind::Text { least: 12, most: 21, pattern: "^vpc-([0-9a-f]{8}|[0-9a-f]{17})$" },
        Need::Required,
        Later::NewEndpoint,
        "The VPC that clients reach.",
    ),
    key(
        "subnet_ids",
        Kind::List { item: &SUBNET, least: 1, most: usize::MAX },
        Need::Required,
        Later::InPlace,
        "Subnets in which clients enter the VPC: one per availability zone, each at least a /27 with 20 free addresses. AWS bills every one by the hour. Two or more survive the failure of a zone.",
    ),
    key(
        "client_cidr",
        CIDR,
        Need::Optional("\"10.88.0.0/16\""),
        Later::NewEndpoint,
        "Addresses for clients: a /12 to /22 that overlaps neither the VPC nor any route; twice as many as clients at a time. Required, except where `traffic_address_type` is `ipv6`: then AWS chooses.",
    ),
    key(
        "authorize",
        Kind::List { item: &Kind::TextOrTable(&CIDR, AUTHORIZATION_RULE), least: 0, most: 200 },
        Need::Default("[]"),
        Later::Resets,
        "What clients may reach, at most 200 authorization rules: a network, or a table with `network`, `description` and `group`. Empty: the VPC's own ranges. Every network needs a route too.",
    ),
    key(
        "routes",
        Kind::List { item: &Kind::Table(ROUTE), least: 0, most: usize::MAX },
        Need::Default("[]"),
        Later::Resets,
        "Routes beside those to the VPC, at most 100 for a subnet: tables with `destination`, `subnet_id` and `description`. Every destination needs an authorization rule too.",
    ),
    key(
        "split_tunnel",
        Kind::Flag,
        Need::Default("true"),
        Later::Resets,
        "`true`: only what the endpoint routes goes through the tunnel. `false`: everything does.",
    ),
    key(
        "transport",
        Kind::Word(&["udp", "tcp"]),
        Need::Default("\"udp\""),
        Later::NewEndpoint,
        "The tunnel's transport: `udp` is faster, `tcp` goes where networks drop UDP.",
    ),
    key(
        "port",
        Kind::Number(&[443, 1194]),
        Need::Default("443"),
        Later::Resets,
        "The tunnel's port. Profiles name it: after a change everybody needs a new one.",
    ),
    key(
        "dns_servers",
        Kind::List { item: &ADDRESS, least: 0, most: 2 },
        Need::Default("[]"),
        Later::Resets,
        "DNS servers that clients are told to use, at most 2.",
    ),
    key(
        "security_group_ids",
        Kind::List { item: &SECURITY_GROUP, least: 0, most: 5 },
        Need::Default("[]"),
        Later::InPlace,
        "Security groups of the endpoint in the VPC, at most 5. Empty: the VPC's default group.",
    ),
    key(
        "endpoint_address_type",
        ADDRESS_TYPE,
        Need::Default("\"ipv4\""),
        Later::NewEndpoint,
        "By which addresses clients reach the endpoint.",
    ),
    key(
        "traffic_address_type",
        ADDRESS_TYPE,
        Need::Default("\"ipv4\""),
        Later::NewEndpoint,
        "Which addresses the tunnel carries. With `ipv6` or `dual-stack` every subnet needs an IPv6 range.",
    ),
];

const AUTHORIZATION_RULE: &[Key] = &[
    key("network", CIDR, Need::Required, Later::Resets, "The network that may be reached."),
    key("description", DESCRIPTION, Need::Default("\"\""), Later::Resets, "Shown in the AWS console."),
    key(
        "group",
        Kind::Text { least: 1, most: 255, pattern: r"^\S(.*\S)?$" },
        Need::Optional("\"S-1-5-21-1111111111-2222222222-3333333333-1234\""),
        Later::Resets,
        "Who may reach it: a security identifier of the directory or a group of the SAML provider. Left out: everybody. Only with a `[second_factor]`: a certificate has no groups.",
    ),
];

const ROUTE: &[Key] = &[
    key("destination", CIDR, Need::Required, Later::Resets, "The network that the route leads to."),
    key(
        "subnet_id",
        Kind::Text { least: 5, most: 24, pattern: "^(local|subnet-([0-9a-f]{8}|[0-9a-f]{17}))$" },
        Need::Required,
        Later::Resets,
        "One of `subnet_ids`; or `local` with `client_cidr` as destination, which lets clients reach each other.",
    ),
    key("description", DESCRIPTION, Need::Default("\"\""), Later::Resets, "Shown in the AWS console."),
];

const ENDPOINT: &[Key] = &[
    key("description", DESCRIPTION, Need::Default("\"\""), Later::InPlace, "Shown in the AWS console."),
    key(
        "banner",
        Kind::Text { least: 0, most: 1400, pattern: "" },
        Need::Default("\"\""),
        Later::InPlace,
        "Login banner, at most 1400 characters. Only the AWS provided client shows it.",
    ),
    key(
        "session_timeout_hours",
        Kind::Number(&[8, 10, 12, 24]),
        Need::Default("24"),
        Later::InPlace,
        "After how many hours a session ends. A shorter time ends the sessions that are older already.",
    ),
    key(
        "disconnect_on_session_timeout",
        Kind::Flag,
        Need::Default("true"),
        Later::InPlace,
        "`true`: users have to connect again by hand after that. `false`: the client does.",
    ),
    key(
        "connection_log_group",
        Kind::Text { least: 1, most: 512, pattern: "^[A-Za-z0-9_/.#-]+$" },
        Need::Optional("\"/latchkey/connections\""),
        Later::InPlace,
        "CloudWatch log group, which must exist, for a record of every connection. Left out: no record.",
    ),
    key(
        "connection_log_stream",
        Kind::Text { least: 1, most: 512, pattern: "^[^:*]+$" },
        Need::Optional("\"demo\""),
        Later::InPlace,
        "Log stream in that group. Left out: AWS makes one.",
    ),
    key(
        "route_enforcement",
        Kind::Flag,
        Need::Default("false"),
        Later::InPlace,
        "Whether the AWS provided client keeps other programs from changing its routes.",
    ),
];

const SECOND_FACTOR: &[Key] = &[
    key(
        "directory_id",
        Kind::Text { least: 12, most: 12, pattern: "^d-[0-9a-f]{10}$" },
        Need::Optional("\"d-0123456789\""),
        Later::NewEndpoint,
        "A directory of AWS Directory Service: users give their name and password there.",
    ),
    key(
        "saml_provider_arn",
        SAML_PROVIDER,
        Need::Optional("\"arn:aws:iam::123456789012:saml-provider/login\""),
        Later::NewEndpoint,
        "A SAML identity provider of IAM: users log in there. Exactly one of this and `directory_id`.",
    ),
    key(
        "self_service_saml_provider_arn",
        SAML_PROVIDER,
        Need::Optional("\"arn:aws:iam::123456789012:saml-provider/portal\""),
        Later::NewEndpoint,
        "The provider for the self-service portal, where it is another. Only beside `saml_provider_arn`.",
    ),
];

const PKI: &[Key] = &[
    key(
        "ca_key",
        Kind::Text { least: 4, most: 2048, pattern: KEY },
        Need::Default("\"file\""),
        Later::Never,
        "Where the CA's key is: `file`, encrypted with a passphrase, in the ledger; or the ARN of a KMS key (RSA_2048, SIGN_VERIFY), which never leaves KMS.",
    ),
    key(
        "ca_days",
        Kind::Count(7300),
        Need::Default("3650"),
        Later::Never,
        "Days that the CA lasts, and with it the client anchor and the CRL; at most 7300.",
    ),
    key(
        "server_days",
        Kind::Count(7300),
        Need::Default("825"),
        Later::FromThenOn,
        "Days that the server certificate lasts; not more than the CA.",
    ),
    key(
        "client_days",
        Kind::Count(7300),
        Need::Default("397"),
        Later::FromThenOn,
        "Days that a user's certificate lasts; not more than the CA.",
    ),
];

const LEDGER: &[Key] = &[key(
    "url",
    Kind::Text { least: 6, most: 4096, pattern: Location::PATTERN },
    Need::Required,
    Later::Never,
    "Where the ledger is: what was issued and when, and the CA's encrypted key. `file:` and a folder, relative to this file, which you back up; or `s3://BUCKET/PREFIX` in the deployment's region, for several admins.",
)];

const PAGE: &[Key] = &[
    key(
        "dir",
        Kind::Text { least: 1, most: 4096, pattern: "" },
        Need::Required,
        Later::FromThenOn,
        "Folder of the built page, relative to this file.",
    ),
    key(
        "languages",
        Kind::List { item: &Kind::Text { least: 2, most: 3, pattern: "^[a-z]{2,3}$" }, least: 0, most: 20 },
        Need::Default("[]"),
        Later::InPlace,
        "Languages that the page offers; the first is for whoever reads none of them. Empty: all that the page has.",
    ),
    key(
        "contact",
        Kind::Text { least: 0, most: 1000, pattern: "" },
        Need::Default("\"\""),
        Later::InPlace,
        "Whom users ask, shown on the page.",
    ),
    key(
        "url",
        Kind::Text { least: 8, most: 2000, pattern: "^https?://[!-\"$-~]+$" },
        Need::Optional("\"https://vpn.example.com/\""),
        Later::FromThenOn,
        "Where the page is on the web: `invite` makes links of it.",
    ),
    key(
        "publish",
        Kind::Text { least: 6, most: 4096, pattern: Location::PATTERN },
        Need::Optional("\"s3://vpn-page/demo\""),
        Later::FromThenOn,
        "Where `publish` puts the page, and `sign` every new certificate: `file:` and a folder, or `s3://BUCKET/PREFIX` in the deployment's region. Left out: nowhere.",
    ),
];

const SUBNET: Kind = Kind::Text { least: 15, most: 24, pattern: "^subnet-([0-9a-f]{8}|[0-9a-f]{17})$" };
const SECURITY_GROUP: Kind = Kind::Text { least: 11, most: 20, pattern: "^sg-([0-9a-f]{8}|[0-9a-f]{17})$" };
const SAML_PROVIDER: Kind = Kind::Text {
    least: 1,
    most: 200,
    pattern: r"^arn:aws(-[a-z-]+)?:iam::[0-9]{12}:saml-provider/[A-Za-z0-9_.-]{1,128}$",
};
const KEY: &str = r"^(file|arn:aws(-[a-z-]+)?:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]{1,128})$";
const CIDR: Kind = Kind::Text { least: 4, most: 43, pattern: "^[0-9a-f.:]+/[0-9]{1,3}$" };
const ADDRESS: Kind = Kind::Text { least: 2, most: 39, pattern: "^[0-9a-f.:]+$" };
const ADDRESS_TYPE: Kind = Kind::Word(&["ipv4", "ipv6", "dual-stack"]);
/// UNCONFIRMED: AWS does not say how long a description may be; 255 is what most of EC2 takes.
const DESCRIPTION: Kind = Kind::Text { least: 0, most: 255, pattern: "" };
