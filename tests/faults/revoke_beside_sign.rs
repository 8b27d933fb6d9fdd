//! One admin revokes a user at the instant at which another signs that user's invited request.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tests::{
    control_plane::{ControlPlane, succeeded},
    invitation::Given,
    openssl,
    rehearsal::write,
};

/// Both at once, the one who signs a little later each time. A receipt is the truth whoever was faster: none of that user's
/// certificates lets anybody in.
pub(crate) async fn run() -> Result<String> {
    let place = ControlPlane::up("0")?;
    let url = format!("http://{}", place.address());
    let latchkey = async |arguments: &[&str]| place.run(&url, arguments).await;
    succeeded(latchkey(&["provision", "--yes"]).await?, "provision")?;
    let mut handed_over = 0;
    for round in 0..ROUNDS {
        let (user, new) = (format!("user{round}"), format!("user{round}-new"));
        // So that there is something to revoke in any case.
        place.sign(&user).await?;
        let invited = succeeded(latchkey(&["invite", &user, "--yes"]).await?, "invite")?;
        let password = Given::read(&invited, &user)?.password();
        openssl::request_with_challenge(place.path(), &new, &format!("{user}.vpn.example.com"), &password)?;

        let (csr, crt) = (format!("{new}.csr"), format!("{new}.crt"));
        let revoke = async { latchkey(&["revoke", &user, "--yes"]).await };
        let sign = async {
            tokio::time::sleep(STEP * round).await;
            latchkey(&["sign", &csr, "--out", &crt]).await
        };
        let (signed, revoked) = futures::try_join!(sign, revoke)?;
        let story = format!("sign: {signed:?}\nrevoke: {revoked:?}");
        ensure!(revoked.status.success(), "{user} is not revoked\n{story}");
        handed_over += u32::from(signed.status.success());

        let [crl] = place.account().await?.crls().await?.try_into().ok().context("one endpoint has one CRL")?;
        write(&place.path().join("crl.pem"), crl)?;
        let listed = openssl::revoked(place.path(), "crl.pem")?;
        if place.path().join(&crt).exists() {
            let serial = openssl::serial(place.path(), &crt)?;
            ensure!(listed.contains(&serial), "{user} has {serial}, and it is not on the CRL\n{story}");
        }
        let users = succeeded(latchkey(&["users", "--json"]).await?, "users")?;
        let users: Vec<Value> = serde_json::from_str(&users)?;
        let still = users.iter().find(|it| it["username"] == *user && it["state"] != "revoked");
        ensure!(still.is_none(), "{still:?}\n{story}");
    }
    succeeded(latchkey(&["ledger", "verify"]).await?, "ledger verify")?;
    Ok(format!("{ROUNDS} receipts, {handed_over} certificates that were handed over before"))
}

const ROUNDS: u32 = 12;
const STEP: Duration = Duration::from_millis(40);
