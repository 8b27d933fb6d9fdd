//! `latchkey invite`: links to the page with which a request is signed unasked.

mod guests;

mod listing;

use std::{collections::BTreeSet, path::Path};

use anyhow::Context;
use profile::{
    invite::{self, Credential, InviteId, InviteSecret},
    name::{CommonName, Username},
};
use provisioner::{
    config::PageUrl,
    ledger::{End, Ended, InviteState, Invited},
    pki::request,
    random::Random,
    register::Register,
};
use serde::Serialize;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use self::guests::Guest;
use crate::{
    cli,
    deployment::Deployment,
    failure::{Failure, Kind, OrFail, Outcome},
    logged::Task,
    surroundings::Surroundings,
};

pub(crate) async fn run(surroundings: &Surroundings, config: &Path, arguments: &cli::Invite) -> Outcome {
    let deployment = Deployment::open(surroundings, config)?;
    if arguments.list {
        return listing::run(surroundings, &deployment, arguments.json).await;
    }
    if let Some(id) = arguments.cancel {
        return cancel(surroundings, &deployment, id).await;
    }
    let guests = guests(arguments)?;
    let all = deployment.ledger.invites().await.or_fail(Kind::Input)?;
    let open: Vec<InviteState> = all.into_iter().filter(|it| it.is_open(surroundings.now)).collect();
    let names = guests.iter().map(|guest| common_name(&deployment, &guest.username)).collect::<Outcome<_>>()?;
    let register = Register::read(&deployment.ledger, &BTreeSet::new(), &names).await.or_fail(Kind::Input)?;
    for name in &names {
        check(surroundings, &register, name)?;
    }
    let replaced: Vec<&Invited> = open
        .iter()
        .map(|it| &it.invited)
        .filter(|it| guests.iter().any(|guest| guest.username == it.username))
        .collect();
    announce_replaced(surroundings, &replaced);
    if !replaced.is_empty() && !arguments.yes && !deployment.is_rehearsal() {
        surroundings.confirm("Make new ones instead?")?;
    }
    let task = Task {
        command: "invite",
        subjects: names.iter().map(ToString::to_string).collect(),
        what: guests.iter().map(|guest| format!("invite {} for {} days", guest.username, guest.days)).collect(),
    };
    let work = invite_all(surroundings, &deployment, guests, &replaced);
    let letters = task.logged(surroundings, &deployment, work, |letters| letters.iter().map(Letter::result).collect());
    let letters = letters.await?;
    surroundings.out(&text(&letters, arguments)?);
    explain(surroundings, &deployment, &letters);
    Ok(())
}

/// An invite as it is given out. A stable form. It holds the secret.
#[derive(Serialize)]
struct Letter {
    username: String,
    link: String,
    expires: String,
    id: String,
}

impl Letter {
    /// What the log keeps of it: nothing by which one gets in.
    fn result(&self) -> String {
        format!("invite {} of {}", self.id, self.username)
    }
}

async fn invite_all(
    surroundings: &Surroundings,
    deployment: &Deployment,
    guests: Vec<Guest>,
    replaced: &[&Invited],
) -> Outcome<Vec<Letter>> {
    let mut letters = Vec::new();
    for guest in guests {
        letters.push(invite(surroundings, deployment, guest).await?);
    }
    // After the new ones: whoever is interrupted has two links that work, and not none.
    for invited in replaced {
        deployment.ledger.end_invite(invited.id, &cancelled(surroundings)).await.or_fail(Kind::Input)?;
    }
    Ok(letters)
}

fn guests(arguments: &cli::Invite) -> Outcome<Vec<Guest>> {
    let Some(file) = &arguments.csv else {
        let guest = arguments.user.clone().map(|username| Guest { username, days: arguments.days });
        return Ok(guest.into_iter().collect());
    };
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("cannot read the table `{}`", file.display()))
        .or_fail(Kind::Input)?;
    guests::from_table(&text, arguments.days).map_err(|problems| {
        let lines: Vec<String> = problems.iter().map(|problem| format!("\n  {problem}")).collect();
        let text = format!("nobody is invited, because of `{}`:{}", file.display(), lines.concat());
        Failure::say(Kind::Input, text).hint("a column `username` is needed; a column `days` may be beside it")
    })
}

/// Refuses whom `sign` would refuse, and says who has a certificate already.
fn check(surroundings: &Surroundings, register: &Register, name: &CommonName) -> Outcome {
    let (earlier, username) = (register.for_name(name), name.username());
    if earlier.iter().any(|it| it.is_on_hold(surroundings.now)) {
        return Err(Failure::say(Kind::Refused, format!("`{username}` is on hold, and nobody is invited"))
            .hint(format!("`latchkey revoke {username} --undo` lets them in again")));
    }
    if let Some(valid) = earlier.iter().rfind(|it| it.is_valid(surroundings.now)) {
        surroundings.note(&format!(
            "`{username}` has a certificate until {} already; the invite is for one more.",
            valid.issued.not_after.date()
        ));
    }
    Ok(())
}

fn common_name(deployment: &Deployment, username: &Username) -> Outcome<CommonName> {
    let name = CommonName::new(username.clone(), deployment.config.deployment.domain.clone()).or_fail(Kind::Input)?;
    request::certifiable(name).or_fail(Kind::Input)
}

fn announce_replaced(surroundings: &Surroundings, replaced: &[&Invited]) {
    for invited in replaced {
        surroundings.note(&format!(
            "`{}` was invited on {} already: the link of that invite ({}) will work no more.",
            invited.username,
            invited.provenance.when.date(),
            invited.id
        ));
    }
}

async fn invite(surroundings: &Surroundings, deployment: &Deployment, guest: Guest) -> Outcome<Letter> {
    let [a, b, c, d, e, f, g, h, ..] = surroundings.bits_128();
    let secret = InviteSecret::from_random(surroundings.bits_128());
    let invited = Invited {
        id: InviteId::from_random([a, b, c, d, e, f, g, h]),
        username: guest.username.clone(),
        secret_sha256: secret.digest(),
        expires: surroundings.now + Duration::days(guest.days.into()),
        provenance: surroundings.provenance(),
    };
    let credential = Credential { id: invited.id, secret };
    let name = deployment.config.deployment.name.as_str();
    let invite = invite::Invite::new(name, guest.username.clone(), credential).or_fail(Kind::Bug)?;
    deployment.ledger.record_invite(&invited).await.or_fail(Kind::Input)?;
    Ok(Letter {
        username: guest.username.to_string(),
        link: page(deployment).unwrap_or_default().to_owned() + &invite.to_fragment(),
        expires: rfc3339(invited.expires)?,
        id: invited.id.to_string(),
    })
}

/// Where the page is; `None` where nobody has said.
fn page(deployment: &Deployment) -> Option<&str> {
    let of_the_rehearsal = || deployment.is_rehearsal().then_some(SERVED);
    deployment.config.page.url.as_ref().map(PageUrl::as_str).or_else(of_the_rehearsal)
}

fn text(letters: &[Letter], arguments: &cli::Invite) -> Outcome<String> {
    match (arguments.json, &arguments.csv) {
        (true, _) => Ok(serde_json::to_string_pretty(letters).or_fail(Kind::Bug)? + "\n"),
        (false, None) => Ok(letters.iter().map(|letter| letter.link.clone() + "\n").collect()),
        (false, Some(_)) => {
            let mut table = csv::Writer::from_writer(Vec::new());
            table.write_record(["username", "link", "expires"]).or_fail(Kind::Bug)?;
            for Letter { username, link, expires, id: _ } in letters {
                table.write_record([username, link, expires]).or_fail(Kind::Bug)?;
            }
            let bytes = table.into_inner().map_err(|error| Failure::new(Kind::Bug, error.into_error()))?;
            String::from_utf8(bytes).or_fail(Kind::Bug)
        }
    }
}

fn explain(surroundings: &Surroundings, deployment: &Deployment, letters: &[Letter]) {
    if let [letter] = letters {
        surroundings.note(&format!(
            "One request for `{}` is signed unasked until {}. Whoever has the link can make it: send it as you would send \
             a password.",
            letter.username, letter.expires
        ));
    }
    if page(deployment).is_none() {
        surroundings.note(
            "It goes behind the address of the page, such as https://vpn.example.com/#invite=…: with `page.url` in the \
             configuration whole links are printed.",
        );
    } else if deployment.config.page.url.is_none() {
        surroundings.note("`cargo xtask serve` serves the page at that address.");
    }
}

async fn cancel(surroundings: &Surroundings, deployment: &Deployment, id: InviteId) -> Outcome {
    let Some(found) = deployment.ledger.invite(id).await.or_fail(Kind::Input)? else {
        return Err(Failure::say(Kind::Input, format!("there is no invite `{id}`"))
            .hint("`latchkey invite --list` lists them all"));
    };
    let name = common_name(deployment, &found.invited.username)?;
    let task =
        Task { command: "invite", subjects: vec![name.to_string()], what: vec![format!("cancel the invite {id}")] };
    let cancelled = cancelled(surroundings);
    let username = &found.invited.username;
    let work = async {
        let ended = deployment.ledger.end_invite(id, &cancelled).await.or_fail(Kind::Input)?;
        let End::Used(used) = ended.by else { return Ok(()) };
        let text = format!("`{username}` has used the invite `{id}` on {}", ended.provenance.when.date());
        Err(Failure::say(Kind::Refused, text)
            .hint(format!("`latchkey revoke --serial {}` revokes the certificate that came of it", used.serial)))
    };
    task.logged(surroundings, deployment, work, |()| Vec::new()).await?;
    surroundings.out(&format!("The invite `{id}` of `{username}` no longer works.\n"));
    Ok(())
}

pub(super) fn cancelled(surroundings: &Surroundings) -> Ended {
    Ended { by: End::Cancelled, provenance: surroundings.provenance() }
}

fn rfc3339(time: OffsetDateTime) -> Outcome<String> {
    time.replace_nanosecond(0).unwrap_or(time).format(&Rfc3339).or_fail(Kind::Bug)
}

/// Where `cargo xtask serve` serves the page.
const SERVED: &str = "http://127.0.0.1:8080/";
