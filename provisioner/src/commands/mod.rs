//! One module per verb: what the command does with the library, and how it says so.

pub(crate) mod init;

pub(crate) mod provision;

pub(crate) mod destroy;

pub(crate) mod rotate;

mod apply;

pub(crate) mod plan;

pub(crate) mod status;

pub(crate) mod invite;

pub(crate) mod sign;

pub(crate) mod adopt;

pub(crate) mod export;

pub(crate) mod publish;

pub(crate) mod users;

pub(crate) mod log;

pub(crate) mod ledger_verify;

pub(crate) mod connections;

pub(crate) mod disconnect;

pub(crate) mod revoke;

pub(crate) mod probe;

pub(crate) mod doctor;

pub(crate) mod iam_policy;
