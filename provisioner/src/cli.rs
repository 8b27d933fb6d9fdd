//! The command line. Doc comments here are the help texts.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use ipnet::Ipv4Net;
use profile::{
    invite::InviteId,
    name::{Domain, Username},
};
use provisioner::{
    config::{DeploymentName, Region, SecurityGroupId, SubnetId, VpcId},
    pki::{reason::Reason, serial::Serial},
};

/// Sets up AWS Client VPN with certificates, and signs its users' requests.
///
/// A deployment is described in `latchkey.toml`. Every command may be repeated and interrupted: what is there already
/// is found and left alone.
#[derive(Parser, Debug)]
#[command(
    name = "latchkey",
    version,
    max_term_width = 100,
    after_help = "Exit codes: 0 done; 2 usage, input or configuration; 3 refused by policy; 4 AWS refused or failed; \
                  5 differences remain; 70 a bug; 130 interrupted, safe to run again.\n\n\
                  Environment: AWS_PROFILE and the other AWS variables; LATCHKEY_CA_PASSPHRASE opens the CA key \
                  where nobody can be asked."
)]
pub(crate) struct Cli {
    /// The deployment's configuration file
    #[arg(long, global = true, value_name = "FILE", default_value = "latchkey.toml")]
    pub(crate) config: PathBuf,

    /// Read the CA's passphrase from this file descriptor: its first line, before the environment and before asking
    #[arg(long, global = true, value_name = "N")]
    pub(crate) passphrase_fd: Option<u32>,

    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Writes a configuration file that explains itself
    ///
    /// Asks what it cannot know, one question for each option that is not given, and offers the VPCs, subnets and
    /// security groups that the account has. A file that exists is never touched. Where nobody can be asked, --name,
    /// --region, --domain, --vpc and --subnet must be given.
    Init(Init),

    /// Brings the VPN into being, or in line with the configuration: CA, certificates, endpoint, subnets, rules, client configuration
    ///
    /// Shows what is to be done and asks first, unless --yes is given or the target is the sandbox. A second run
    /// finds everything there and changes nothing.
    Provision {
        /// Do not ask
        #[arg(long)]
        yes: bool,
        /// Agree that the endpoint is replaced where AWS cannot change it; every user needs a new profile then
        #[arg(long)]
        replace: bool,
        /// Try afterwards whether people get in, as `probe` does
        #[arg(long)]
        probe: bool,
    },

    /// Shows what `provision` would do, and does nothing
    Plan {
        /// Write JSON
        #[arg(long)]
        json: bool,
        /// Exit with 5 where something would be done or differs
        #[arg(long)]
        check: bool,
    },

    /// Shows how the deployment is: endpoint, subnets, rules, routes, CRL, certificates, connections, drift
    ///
    /// Exits with 0 where all is well, with 5 where something is missing, differs or is about to expire.
    Status {
        /// Write JSON
        #[arg(long)]
        json: bool,
    },

    /// Signs users' requests, after checking them
    ///
    /// The request (`alice.csr`) comes from the page. One with a valid invite is signed without asking. Of any other,
    /// compare the six words that are shown with those that the user reads out. The certificate goes to a file for the user,
    /// and to the page where one is built. Of many requests a bad one does not stop the others. The same request gets the
    /// same certificate again.
    Sign(Sign),

    /// Invites a user: prints a link to the page with which their request is signed unasked
    ///
    /// The link carries a secret and is for one request of that user; the ledger has only a hash of it. Whoever has the
    /// link can become that user, so send it as you would send a password. A new invite takes the place of one that is
    /// still open.
    Invite(Invite),

    /// Takes over a PKI that easy-rsa made: its CA, what it issued, and what is revoked
    ///
    /// Says what it finds and asks. Users keep certificate and key. The old PKI is not touched. It may be repeated, and goes on
    /// where it was interrupted; it needs a ledger without a CA, or with this one.
    Adopt(Adopt),

    /// Puts the built page into a folder or a bucket, with the right media types and caching
    ///
    /// Assets go before the page that refers to them, certificates that are there already stay, and nothing but what a page
    /// is made of leaves this machine. With `page.publish` in the configuration `sign` publishes every new certificate too.
    Publish {
        /// `file:` and a folder, or `s3://BUCKET/PREFIX` [default: `page.publish` of the configuration]
        #[arg(long, value_name = "URL")]
        to: Option<String>,
    },

    /// Fetches the client configuration from AWS and renews the page's bundle
    Export,

    /// Renews the server certificate or the client anchor now, in its place, or prepares a new CA
    ///
    /// `provision` renews the server certificate by itself in its last month; this is for whoever does not want to wait, or
    /// believes that a key is known to others. The CA stays, so every profile stays valid. Connections end, and clients
    /// connect again. With `ca` nothing changes: AWS cannot exchange the CA of an endpoint, so the configuration of a
    /// successor is written, which stands beside this deployment until every user has moved.
    Rotate(Rotate),

    /// Deletes everything of the deployment at AWS
    ///
    /// Finds by tags what belongs to the deployment and touches nothing else, also where the local folder is lost. The
    /// CA and the ledger are kept, so that `provision` can bring the deployment back, with new profiles for all users.
    Destroy {
        /// Do not ask
        #[arg(long)]
        yes: bool,
        /// Delete the CA and the ledger too
        #[arg(long)]
        with_ca: bool,
    },

    /// Lists who has a certificate, and until when
    Users(Users),

    /// Says who changed what, when, and how it ended
    ///
    /// Every command that changes something writes into the ledger what it begins, and afterwards how that ended. Where the
    /// end is missing the command goes on or was cut short.
    Log(Log),

    /// Looks after the ledger
    Ledger {
        #[command(subcommand)]
        command: Ledger,
    },

    /// Lists who is connected: user, address, since when, how much
    Connections {
        /// Write JSON
        #[arg(long)]
        json: bool,
        /// Also those that ended within the last hour
        #[arg(long)]
        all: bool,
    },

    /// Ends a user's connections, or one connection by its id
    ///
    /// Whoever holds a valid certificate can connect again at once, and most clients do so by themselves: `revoke` is
    /// what locks a user out.
    Disconnect {
        /// A user's name, or a connection's id as `connections` lists it
        #[arg(value_name = "USER|ID")]
        who: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },

    /// Locks a user out: revokes their certificates, and ends their connections
    ///
    /// Records it in the ledger, makes a new CRL, imports it, reads it back, and ends what is connected with the revoked
    /// certificates. The import resets all connections; clients that may, come again within seconds. Interrupted at any
    /// point, it has not said that anybody is revoked, and the next run finishes it.
    Revoke(Revoke),

    /// Tries whether people get in: a real handshake with the endpoint, as a user's client makes it
    ///
    /// It issues a certificate of one hour and runs the OpenVPN client of this machine with it, without privileges and
    /// without changing anything here. So it finds what no console shows: an expired CRL, a certificate that clients do not
    /// accept, a name that does not resolve. Exits with 4 where nobody gets in, and says why.
    Probe(Probe),

    /// Looks at everything that `provision` needs, and changes nothing
    ///
    /// Configuration, ledger, credentials, region, VPC, subnets, addresses, ways to the internet and quotas: each well, a
    /// warning or a failure, with its remedy. Exits with 2 where configuration or ledger fail, with 4 where AWS does.
    Doctor {
        /// Write JSON
        #[arg(long)]
        json: bool,
    },

    /// Prints the IAM policy that whoever runs the other commands needs, for this deployment and no other
    ///
    /// A JSON document for `aws iam create-policy --policy-document`. It is as narrow as AWS documents to be possible.
    IamPolicy {
        /// Print the table behind it: each action, the commands that call it, and why
        #[arg(long)]
        explain: bool,
        /// Write JSON, also with --explain; the policy itself is JSON always
        #[arg(long)]
        json: bool,
    },
}

#[derive(Args, Debug)]
pub(crate) struct Rotate {
    /// What is renewed
    #[arg(value_enum, default_value_t = Rotated::Server)]
    pub(crate) what: Rotated,
    /// With `ca`: where the successor's configuration is written [default: NAME.toml beside this one, of its name]
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
    /// Try afterwards whether people get in, as `probe` does
    #[arg(long)]
    pub(crate) probe: bool,
}

/// What is renewed.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Rotated {
    /// The server certificate
    Server,
    /// The client anchor, by which the endpoint knows whose clients to trust
    Anchor,
    /// The CA, by a successor of the whole deployment
    Ca,
}

#[derive(Args, Debug)]
pub(crate) struct Adopt {
    /// The folder `pki` of easy-rsa 3
    #[arg(value_name = "PKI_DIR")]
    pub(crate) pki: PathBuf,
    /// Read the passphrase of the old CA's key from this file descriptor [else: LATCHKEY_ADOPT_PASSPHRASE, or a question]
    #[arg(long, value_name = "N")]
    pub(crate) key_passphrase_fd: Option<u32>,
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Users {
    /// Only valid certificates that end within so many days
    #[arg(long, value_name = "DAYS")]
    pub(crate) expiring: Option<u16>,
    /// Write JSON
    #[arg(long, conflicts_with = "csv")]
    pub(crate) json: bool,
    /// Write CSV for a spreadsheet, with the fields of the JSON
    #[arg(long)]
    pub(crate) csv: bool,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Ledger {
    /// Reads everything in the ledger, and holds it against itself and against what the CA has signed
    ///
    /// One line for everything that is not as it should be. Exits with 0 where there is none, else with 2. Nothing is changed,
    /// the CA's key is not needed, and AWS is not asked, unless the ledger is in a bucket.
    Verify {
        /// Write JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Args, Debug)]
pub(crate) struct Log {
    /// Only what was begun within so many days
    #[arg(long, value_name = "DAYS")]
    pub(crate) since: Option<u16>,
    /// Only what was about this user, or done by this admin
    #[arg(long, value_name = "NAME")]
    pub(crate) user: Option<String>,
    /// Write JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Revoke {
    /// A user, all of whose valid certificates are meant
    #[arg(value_name = "USER", required_unless_present = "serial", conflicts_with = "serial")]
    pub(crate) user: Option<String>,
    /// One certificate, by its serial number as `users` lists it
    #[arg(long, value_name = "HEX", value_parser = serial)]
    pub(crate) serial: Option<Serial>,
    /// Why: unspecified, keyCompromise, affiliationChanged, superseded, cessationOfOperation, certificateHold or
    /// privilegeWithdrawn
    #[arg(long, default_value_t = Reason::Unspecified, conflicts_with = "undo")]
    pub(crate) reason: Reason,
    /// Let them in again; only where the reason was certificateHold
    #[arg(long)]
    pub(crate) undo: bool,
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
    /// Try afterwards whether others get in, as `probe` does
    #[arg(long)]
    pub(crate) probe: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Probe {
    /// For how many seconds to try again where the endpoint is not found or does not answer
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub(crate) patience: u64,
    /// The OpenVPN client [default: the variable OPENVPN, or `openvpn`]
    #[arg(long, value_name = "PROGRAM")]
    pub(crate) openvpn: Option<PathBuf>,
    /// Write JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Sign {
    /// Requests: .csr files, and folders of which every .csr is meant
    #[arg(value_name = "FILE|FOLDER", required = true)]
    pub(crate) requests: Vec<PathBuf>,
    /// Where to write the certificate of one request [default: USERNAME.crt beside it; of several, REQUEST.crt]
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Then revoke the older certificates of these users (reason superseded), as `revoke` does
    #[arg(long)]
    pub(crate) revoke_older: bool,
    /// Write JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Invite {
    /// Who is invited
    #[arg(value_name = "USER", required_unless_present_any = ["csv", "list", "cancel"])]
    pub(crate) user: Option<Username>,
    /// Invite everybody in a file: a column `username`, and perhaps `days`; without a head the first two columns
    #[arg(long, value_name = "FILE", conflicts_with_all = ["user", "list", "cancel"])]
    pub(crate) csv: Option<PathBuf>,
    /// For how many days
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..=365))]
    pub(crate) days: u16,
    /// List all invites instead, and what became of them
    #[arg(long, conflicts_with_all = ["user", "cancel"])]
    pub(crate) list: bool,
    /// Take an invite back, by its id as --list shows it
    #[arg(long, value_name = "ID", conflicts_with = "user")]
    pub(crate) cancel: Option<InviteId>,
    /// Write JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
}

fn serial(text: &str) -> Result<Serial, String> {
    Serial::from_hex(text).ok_or_else(|| "a serial number has at most 32 hexadecimal digits".to_owned())
}

#[derive(Args, Debug)]
pub(crate) struct Init {
    /// Where to write it [default: the file that --config names]
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Write one for a rehearsal on the sandbox, and ask nothing
    #[arg(long)]
    pub(crate) sandbox: bool,
    /// Name of the deployment
    #[arg(long)]
    pub(crate) name: Option<DeploymentName>,
    /// AWS region, such as eu-central-1 [default: AWS_REGION]
    #[arg(long)]
    pub(crate) region: Option<Region>,
    /// Name of the server certificate, such as vpn.example.com
    #[arg(long)]
    pub(crate) domain: Option<Domain>,
    /// The VPC that clients reach
    #[arg(long, value_name = "ID")]
    pub(crate) vpc: Option<VpcId>,
    /// Subnets in which clients enter, one per availability zone; may be repeated
    #[arg(long = "subnet", value_name = "ID", value_delimiter = ',')]
    pub(crate) subnets: Vec<SubnetId>,
    /// Security groups of the endpoint; may be repeated [default: the VPC's default group]
    #[arg(long = "security-group", value_name = "ID", value_delimiter = ',')]
    pub(crate) security_groups: Vec<SecurityGroupId>,
    /// Addresses for clients [default: a block that overlaps no VPC of the region]
    #[arg(long, value_name = "CIDR")]
    pub(crate) client_cidr: Option<Ipv4Net>,
    /// Whom users ask
    #[arg(long, value_name = "TEXT")]
    pub(crate) contact: Option<String>,
}
