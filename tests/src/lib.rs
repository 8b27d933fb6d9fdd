//! What the tests share: a rehearsal in a folder of its own, a browser that records everything it does, the search for
//! a private key where none must be; a control plane alone, a proxy before it, what the service says there is; the life of a deployment, on the sandbox
//! and on AWS.
//!
//! Nothing here knows a private module of another crate: tests use the commands, files and pages that users have.

pub mod rehearsal;

pub mod control_plane;

pub mod inventory;

pub mod trial;

pub mod life;

pub mod acceptance;

pub mod schema;

pub mod proxy;

pub mod easy_rsa;

pub mod moto;

mod installed;

pub mod venv;

pub mod openssl;

pub mod invitation;

pub mod requests;

pub mod tab;

pub mod browser;

pub mod firefox;

pub mod page;

pub mod sentence;

pub mod axe;

pub mod site;

pub mod nginx;

pub mod network_manager;

pub mod figures;

pub mod leak;
