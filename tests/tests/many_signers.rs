//! Sixteen admins sign at the same time into one ledger, in a folder and in a bucket, and one is killed again and again:
//! nothing is lost, nothing is there twice, nothing is there by half.

use std::{
    collections::BTreeSet,
    fs,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use futures::future::try_join_all;
use serde_json::Value;
use tests::{
    control_plane::{ControlPlane, succeeded},
    moto::Moto,
    openssl,
    rehearsal::files,
    requests,
};

#[tokio::test]
async fn sixteen_sign_into_a_folder() -> Result<()> {
    let place = Place::up(None)?;
    place.sixteen_sign(each(3)?).await
}

#[tokio::test]
async fn sixteen_sign_into_a_bucket() -> Result<()> {
    let moto = Moto::up()?;
    moto.make_bucket("vpn-ledger")?;
    let place = Place::up(Some(moto))?;
    place.sixteen_sign(each(2)?).await
}

/// The moments are spread over what signing writes, so that they fall on all that it does.
#[tokio::test]
async fn whoever_is_killed_while_signing_leaves_nothing_by_half() -> Result<()> {
    let place = Place::up(None)?;
    let users = users(KILLS + 1);
    place.begin(&users).await?;
    let (first, others) = users.split_first().context("users")?;
    let before = place.objects()?;
    place.sign(first).await?;
    let written = place.objects()? - before;
    let mut killed = 0;
    for (moment, user) in others.iter().enumerate() {
        let until = place.objects()? + moment % written;
        let mut child = place.latchkey(&["sign", &format!("{user}.csr"), "--yes"]).spawn()?;
        while child.try_wait()?.is_none() {
            if place.objects()? >= until {
                child.kill().await?;
                killed += 1;
                break;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        // What bears the name of a certificate is one, or the run again finds it.
        let crt = place.control_plane.path().join(format!("{user}.crt"));
        ensure!(!crt.exists() || fs::read_to_string(&crt)?.matches("END CERTIFICATE").count() == 2, "{user} by half");
        place.run(&["ledger", "verify"]).await.with_context(|| format!("{user}, killed at {until} objects"))?;
    }
    ensure!(killed > 2, "only {killed} of {KILLS} were killed in time");
    for user in others {
        place.sign(user).await?;
    }
    place.is_complete(&users).await
}

/// A deployment with a CA, and where its ledger is.
struct Place {
    control_plane: ControlPlane,
    /// S3, where the ledger is in a bucket.
    moto: Option<Moto>,
}

impl Place {
    fn up(moto: Option<Moto>) -> Result<Self> {
        let control_plane = ControlPlane::up("0")?;
        if moto.is_some() {
            control_plane.configure("file:.latchkey/demo/ledger", "s3://vpn-ledger/demo")?;
        }
        Ok(Self { control_plane, moto })
    }

    async fn begin(&self, users: &[String]) -> Result<()> {
        self.run(&["provision", "--yes"]).await?;
        requests::write_all(self.control_plane.path(), "vpn.example.com", users)
    }

    #[expect(clippy::print_stderr, reason = "the figures are what whoever asks for more requests wants")]
    async fn sixteen_sign(&self, each: usize) -> Result<()> {
        let users = users(SIGNERS * each);
        self.begin(&users).await?;
        let begin = Instant::now();
        let signers = users.chunks(each).map(|users| async move {
            for user in users {
                self.sign(user).await?;
            }
            anyhow::Ok(())
        });
        try_join_all(signers).await?;
        let took = begin.elapsed();
        self.is_complete(&users).await?;
        let place = if self.moto.is_some() { "a bucket" } else { "a folder" };
        let rate = f64::from(u32::try_from(users.len())?) / took.as_secs_f64();
        eprintln!("{SIGNERS} processes signed {} requests into {place} in {took:.1?}, {rate:.1}/s", users.len());
        Ok(())
    }

    async fn sign(&self, user: &str) -> Result<()> {
        self.run(&["sign", &format!("{user}.csr"), "--yes"]).await.map(drop)
    }

    /// How many objects the ledger has, in a folder.
    fn objects(&self) -> Result<usize> {
        Ok(files(&self.control_plane.path().join(".latchkey/demo/ledger"))?.len())
    }

    /// Every user has one certificate: in the ledger, and in a file that says the same.
    async fn is_complete(&self, users: &[String]) -> Result<()> {
        let verified = self.run(&["ledger", "verify"]).await?;
        ensure!(verified.contains("is in order"), "{verified}");
        let listed: Vec<Value> = serde_json::from_str(&self.run(&["users", "--json"]).await?)?;
        let text = |it: &Value, key: &str| it[key].as_str().map(str::to_owned);
        let recorded: BTreeSet<_> =
            listed.iter().filter_map(|it| Some((text(it, "username")?, text(it, "serial")?))).collect();
        let handed_over = users.iter().map(|user| {
            let serial = openssl::serial(self.control_plane.path(), &format!("{user}.crt"))?;
            Ok((user.clone(), serial.to_lowercase()))
        });
        let handed_over = handed_over.collect::<Result<BTreeSet<_>>>()?;
        let difference: Vec<_> = recorded.symmetric_difference(&handed_over).collect();
        ensure!(difference.is_empty(), "in the ledger or in a file alone: {difference:?}");
        ensure!(listed.len() == users.len(), "{} certificates for {} users", listed.len(), users.len());
        let serials: BTreeSet<_> = recorded.iter().map(|(_, serial)| serial).collect();
        ensure!(serials.len() == users.len(), "a serial number is there twice: {recorded:?}");
        let log: Vec<Value> = serde_json::from_str(&self.run(&["log", "--json"]).await?)?;
        let signed = log.iter().filter(|it| it["command"] == "sign" && it["outcome"] == "done").count();
        let begun = log.iter().filter(|it| it["command"] == "sign").count();
        ensure!(signed <= users.len() && users.len() <= begun, "{signed} done of {begun} begun");
        Ok(())
    }

    fn latchkey(&self, arguments: &[&str]) -> tokio::process::Command {
        let mut command = self.control_plane.latchkey(&format!("http://{}", self.control_plane.address()), arguments);
        command.envs(self.moto.iter().map(|moto| ("AWS_ENDPOINT_URL_S3", moto.url())));
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
        command
    }

    async fn run(&self, arguments: &[&str]) -> Result<String> {
        succeeded(self.latchkey(arguments).output().await?, &arguments.join(" "))
    }
}

fn users(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("user{n:04}")).collect()
}

/// How many requests each signs: in the variable `LATCHKEY_SIGN_EACH`, for whoever has the time.
fn each(otherwise: usize) -> Result<usize> {
    std::env::var("LATCHKEY_SIGN_EACH").map_or(Ok(otherwise), |text| text.parse().context("LATCHKEY_SIGN_EACH"))
}

const SIGNERS: usize = 16;
const KILLS: usize = 10;
