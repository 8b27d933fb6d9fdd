//! Python with the stock AWS clients, from PyPI: made once, below the target directory.

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

/// The `bin` folder of a venv that has what `stock-clients/requirements.txt` says; made where there is none.
pub fn programs() -> Result<PathBuf> {
    let venv = binary("..").join("tmp/stock-clients");
    let (bin, made_from) = (venv.join("bin"), venv.join("made-from.txt"));
    let requirements = repository().join("tests/stock-clients/requirements.txt");
    let wanted = fs::read_to_string(&requirements)?;
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
