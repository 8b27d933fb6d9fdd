//! Programs of others that are written in Python: stock AWS clients, stand-ins for AWS that nobody here has written, and
//! a linter of certificates.

use std::{path::PathBuf, process::Command};

use anyhow::{Context, Result};

use crate::{control_plane::succeeded, installed};

/// The stock AWS clients.
pub const STOCK_CLIENTS: &str = "stock-clients";
/// A linter of certificates.
pub const LINT: &str = "lint";
/// A stand-in for S3 and KMS.
pub const MOTO: &str = "moto";

/// The `bin` folder of a venv that has what `SET/requirements.txt` says; made where there is none.
pub fn programs(set: &str) -> Result<PathBuf> {
    let venv = installed::once(set, "requirements.txt", |requirements, venv| {
        let mut make = Command::new("python3");
        make.args(["-m", "venv", "--clear"]).arg(venv);
        succeeded(
            make.output().context("`python3` is missing; `apt-get install python3-venv` brings it")?,
            "python3 -m venv",
        )?;
        let mut install = Command::new(venv.join("bin/python"));
        install.args(["-m", "pip", "install", "--quiet", "--requirement"]).arg(requirements);
        succeeded(install.output()?, "pip install").map(drop)
    })?;
    Ok(venv.join("bin"))
}
