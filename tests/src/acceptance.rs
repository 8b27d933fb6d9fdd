//! The acceptance run: says what it will make and cost, lives a deployment's life, and takes everything away again,
//! also where it fails in the middle.

use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::{
    inventory::Account,
    life::Life,
    rehearsal::write,
    trial::{CONFIG, Trial},
};

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Acceptance {
    /// The admin's configuration. It is only read.
    pub config: PathBuf,
    /// The whole environment of the commands.
    pub environment: Vec<(String, String)>,
    /// Whether the admin has agreed to the costs.
    pub is_agreed: bool,
    /// Whether somebody watches.
    pub is_watched: bool,
}

/// How it ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Everything was as it should be, and nothing is left.
    Passed,
    /// It was said what would happen, and nothing was done.
    NotAgreed,
}

impl Acceptance {
    /// Runs it in `account`, and says beforehand through `tell` what that means.
    ///
    /// # Errors
    /// What is not as it should be, and then what is left behind.
    pub async fn run(&self, trial: Trial, account: Account, tell: impl Fn(&str)) -> Result<Verdict> {
        let life = self.prepare(trial, account)?;
        tell(&announcement(&life).await?);
        if !self.is_agreed {
            // An interrupted run's ledger is kept: it is the next agreed run that clears it away.
            if !life.has_ledger() {
                fs::remove_dir_all(&life.folder)?;
            }
            return Ok(Verdict::NotAgreed);
        }
        if life.has_ledger() {
            life.end().await.context("clearing away what an earlier run left")?;
        }
        let listening = self.is_watched.then(|| tokio::spawn(heed_interrupts(Arc::clone(&life.stop))));
        let lived = life.live().await;
        let ended = life.end().await.with_context(|| remedy(&life));
        listening.inspect(tokio::task::JoinHandle::abort);
        match (lived, ended) {
            (Ok(()), Ok(())) => {
                fs::remove_dir_all(&life.folder)?;
                Ok(Verdict::Passed)
            }
            (Err(error), Ok(())) => {
                fs::remove_dir_all(&life.folder)?;
                Err(error.context("failed; everything that was made is deleted again"))
            }
            (Ok(()), Err(left)) => Err(left),
            (Err(error), Err(left)) => bail!("{error:#}\nand then: {left:#}"),
        }
    }

    /// A folder of its own beside the configuration, where the next run finds it after a power failure.
    fn prepare(&self, trial: Trial, account: Account) -> Result<Life> {
        let base = self.config.parent().unwrap_or_else(|| Path::new(""));
        let folder = std::path::absolute(base.join(".latchkey/acceptance"))?;
        fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        write(&folder.join(CONFIG), trial.first()?)?;
        let mut environment = self.environment.clone();
        environment.push(("LATCHKEY_CA_PASSPHRASE".to_owned(), passphrase()?));
        Ok(Life { folder, trial, environment, account, is_watched: self.is_watched, stop: Arc::default() })
    }
}

/// What there is to know before one agrees.
async fn announcement(life: &Life) -> Result<String> {
    let plan = life.run(0, &["plan"]).await.context("the plan")?;
    let form: Value = serde_json::from_str(&life.run(0, &["plan", "--json"]).await?)?;
    let cost = cost(&form["monthly_cost_usd"], &life.trial.region);
    Ok(format!(
        "An acceptance run makes the deployment `{name}` in {region}, beside everything that is there:\n\n\
         {plan}\n\
         It is looked at, provisioned twice, given a user's certificate, a new server certificate, another banner, a tag and\n\
         a rule; then it is destroyed with its CA. It takes half an hour to an hour, since AWS takes 5 to 15 minutes for a\n\
         subnet. Cost of {HOURS} hours of {subnets} subnet(s): {cost}. AWS may charge begun hours in full.\n\
         Whatever happens, everything is deleted at the end; after a power failure the next run does that, or\n\
         `latchkey destroy --config {config}`.\n",
        name = life.trial.name,
        region = life.trial.region,
        subnets = life.trial.subnets,
        config = life.folder.join(CONFIG).display(),
    ))
}

/// What the run costs, from what the plan says of a month.
fn cost(month: &Value, region: &str) -> String {
    match month.as_str().and_then(|month| month.parse::<f64>().ok()) {
        Some(month) => format!("about ${:.2}", month / HOURS_A_MONTH * HOURS),
        None => format!("not known here for {region}; see https://aws.amazon.com/vpn/pricing/"),
    }
}

/// Ctrl-C reaches the command that is running too, which ends by itself: it stays to leave out what comes next, and to
/// go on with clearing away.
async fn heed_interrupts(stop: Arc<AtomicBool>) {
    while tokio::signal::ctrl_c().await.is_ok() {
        stop.store(true, Ordering::Relaxed);
    }
}

/// The CA lives as long as the run, so that nobody needs to know its passphrase.
fn passphrase() -> Result<String> {
    let mut random = [0; 16];
    fs::File::open("/dev/urandom").and_then(|mut source| source.read_exact(&mut random)).context("/dev/urandom")?;
    Ok(random.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn remedy(life: &Life) -> String {
    let config = life.folder.join(CONFIG);
    format!("something may be left, and be charged: run `latchkey destroy --config {}`", config.display())
}

/// As AWS's own calculator has it.
const HOURS_A_MONTH: f64 = 730.0;
/// A run takes less than one, and hours may be charged as they begin.
const HOURS: f64 = 2.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_price_is_that_of_the_region_where_it_is_known() {
        assert_eq!(cost(&"146.00".into(), "us-east-1"), "about $0.40");
        assert!(cost(&Value::Null, "eu-central-1").starts_with("not known here for eu-central-1"));
    }
}
