//! What a person types, one module per command. Nothing here prints: results are values, and `main` shows them.

mod admin;
mod clock;
mod connect;
mod down;
mod env;
mod error;
mod faults;
mod log;
mod openvpn;
mod prerequisites;
mod status;
mod up;
mod verify;

pub use self::clock::advance;
pub use self::connect::{Trial, connect};
pub use self::down::{Down, down};
pub use self::env::env;
pub use self::error::CommandError;
pub use self::faults::{fault_plan, set_faults, show_faults};
pub use self::log::log;
pub use self::openvpn::openvpn;
pub use self::status::{StatusReport, status};
pub use self::up::{Up, UpOptions, up};
pub use self::verify::verify;
