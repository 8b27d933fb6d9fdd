//! The sandbox from outside: its commands, its wire formats, its servers.

#![cfg(test)]

mod control_plane;
mod data_plane;
mod following;
mod forwarding;
mod life;
mod pki;
mod support;
