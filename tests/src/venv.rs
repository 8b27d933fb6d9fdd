//! Programs of others that are written in Python: stock AWS clients, stand-ins for AWS that nobody here has written, and
//! a linter of certificates. Each set is made once, below the target directory, from the list beside its tests.

use std::{
    fs::{self, File},
    path::PathBuf,
    process::Command,
};

use anyhow::{Context, Result};

use crate::{
    control_plane::succeeded,
    rehearsal::{binary, repository, write},
};

/// The stock AWS clients.
pub const STOCK_CLIENTS: &str = "stock-clients";
/// A linter of certificates.
pub const LINT: &str = "lint";
/// A stand-in for S3 and KMS.
pub const MOTO: &str = "moto";

/// The `bin` folder of a venv that has what `SET/requirements.txt` says; made where there is none.
pub fn programs(set: &str) -> Result<PathBuf> {
    let venv = binary("..").join("tmp").join(set);
    let (bin, made_from) = (venv.join("bin"), venv.join("made-from.txt"));
    let requirements = repository().join("tests").join(set).join("requirements.txt");
    let wanted = fs::read_to_string(&requirements)?;
    fs::create_dir_all(binary("..").join("tmp"))?;
    let lock = File::create(venv.with_extension("lock"))?;
    lock.lock()?;
    if fs::read_to_string(&made_from).is_ok_and(|found| found == wanted) {
        return Ok(bin);
    }
    let mut make = Command::new("python3");
    make.args(["-m", "venv", "--clear"]).arg(&venv);
    succeeded(
        make.output().context("`python3` is missing; `apt-get install python3-venv` brings it")?,
        "python3 -m venv",
    )?;
    let mut install = Command::new(bin.join("python"));
    install.args(["-m", "pip", "install", "--quiet", "--requirement"]).arg(&requirements);
    succeeded(install.output()?, "pip install")?;
    write(&made_from, wanted)?;
    Ok(bin)
}
