//! A local AWS Client VPN.
//!
//! The control plane speaks the EC2 and ACM protocols on the loopback interface, so that any AWS client can drive it.
//! The data plane is real: for every endpoint with a target network an OpenVPN server runs, started from exactly what
//! the control plane was told, among network namespaces that stand for laptop, internet, endpoint and private subnets.
//!
//! Reading order: [`world`] is what exists before the first call, [`cloud`] the rules, [`wire`] the protocols,
//! [`plane`] what really runs, [`connect`] the trial of a profile, [`supervisor`] the process that holds all of it, [`commands`]
//! what a person types, and [`state`] what lies on disk between two commands.

pub mod world;

pub mod cloud;
pub mod wire;

pub mod connect;
pub mod plane;

pub mod commands;
pub mod supervisor;

pub mod faults;
pub mod journal;

pub mod process;
pub mod state;

pub mod edge;
mod http;
