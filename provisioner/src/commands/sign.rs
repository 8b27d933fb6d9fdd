//! `latchkey sign`: checks requests, asks where no invite speaks for them, issues, records, hands over.

mod requests;

mod examine;

mod issue;

mod report;

use std::{collections::BTreeMap, path::Path, sync::Arc};

use futures::{StreamExt, stream};
use profile::{name::CommonName, words::words};
use provisioner::{
    issuance::Decision,
    ledger::Issued,
    pki::{authority::Authority, serial::Serial},
    register::Register,
};

use self::{
    examine::{Candidate, Desk, Verdict},
    report::{Answer, Granted},
    requests::{Pile, Source},
};
use super::revoke;
use crate::{
    cli,
    deployment::Deployment,
    failure::{Failure, Kind, OrFail, Outcome},
    logged::Task,
    progress::Counter,
    surroundings::Surroundings,
    table::Table,
};

pub(crate) async fn run(surroundings: &Surroundings, config: &Path, arguments: &cli::Sign) -> Outcome {
    let pile = requests::gather(arguments)?;
    let deployment = Deployment::open(surroundings, config)?;
    let ca = deployment.ledger.ca_certificate().await.or_fail(Kind::Input)?;
    let ca = ca.ok_or_else(|| Failure::say(Kind::Input, "there is no CA yet").hint("`latchkey provision` makes it"))?;
    let mut desk = Desk { surroundings, deployment: &deployment, ca: &ca, register: Register::default() };
    match pile {
        Pile::One(source) => one(&mut desk, &source, arguments).await,
        Pile::Many(sources) => many(&mut desk, &sources, arguments).await,
    }
}

/// One request: its failure is the command's.
async fn one(desk: &mut Desk<'_>, source: &Source, arguments: &cli::Sign) -> Outcome {
    let mut answers = answer(desk, std::slice::from_ref(source), arguments, introduce).await?;
    if arguments.json {
        desk.surroundings.out(&report::json(&answers)?);
    }
    let Some(Answer::Nothing { file, failure, .. }) = answers.pop_if(|answer| answer.failure().is_some()) else {
        for granted in answers.iter().filter_map(Answer::granted) {
            if !arguments.json {
                desk.surroundings.out(&format!("{}\n", granted.candidate.out.display()));
            }
            explain(desk, granted);
        }
        return finish(desk, &answers, arguments).await;
    };
    match failure.kind() {
        Kind::Refused => Err(failure.during(format!("`{}` is not signed", file.display()))),
        Kind::Input | Kind::Aws | Kind::Drift | Kind::Bug | Kind::Interrupted => Err(failure),
    }
}

/// Many requests: a bad one does not stop the others.
async fn many(desk: &mut Desk<'_>, sources: &[Source], arguments: &cli::Sign) -> Outcome {
    if sources.is_empty() {
        desk.surroundings.note("There is no `.csr` to be signed.");
    }
    let answers = answer(desk, sources, arguments, introduce_all).await?;
    let text = if arguments.json { report::json(&answers)? } else { report::table(&answers) };
    desk.surroundings.out(&text);
    if answers.iter().filter_map(Answer::granted).any(|granted| granted.is_new) && desk.page().is_some() {
        desk.surroundings.note(PUBLISHED);
    }
    let verdict = report::verdict(&answers);
    finish(desk, &answers, arguments).await.and(verdict)
}

/// Examines, asks, issues and hands over. What goes wrong with one request is its answer; what fails here has come
/// before anything was done.
async fn answer(
    desk: &mut Desk<'_>,
    sources: &[Source],
    arguments: &cli::Sign,
    introduce: fn(&Desk<'_>, &[&Candidate]),
) -> Outcome<Vec<Answer>> {
    let examined = desk.examine(sources).await?;
    let to_ask: Vec<&Candidate> = examined.iter().flatten().filter(|it| matches!(it.verdict, Verdict::Ask)).collect();
    if let [_, ..] = to_ask.as_slice() {
        introduce(desk, &to_ask);
        if !arguments.yes && !desk.deployment.is_rehearsal() {
            desk.surroundings.confirm(if to_ask.len() == 1 { "Sign it?" } else { "Sign them all?" })?;
        }
    }
    let authority = match examined.iter().flatten().any(Candidate::is_to_be_issued) {
        true => Some(desk.authority().await?),
        false => None,
    };
    let task = authority.is_some().then(|| task(&examined));
    let counter = Counter::new(desk.surroundings, sources.len(), "signed");
    let work = stream::iter(sources.iter().zip(examined)).map(async |(source, examined)| {
        let done = first_pass(desk, source, examined, authority.as_ref()).await;
        counter.advance();
        done
    });
    let work = async { Ok(work.buffered(AT_ONCE).collect::<Vec<Pass>>().await) };
    let done = match task {
        Some(task) => task.logged_as(desk.surroundings, desk.deployment, work, |done| results(done)).await?,
        None => work.await?,
    };
    for pass in &done {
        if let Pass::Over(Answer::Certificate(granted)) = pass
            && granted.is_new
        {
            desk.register.add_new(granted.issued.clone());
        }
    }
    let mut answers = Vec::new();
    for pass in done {
        answers.push(match pass {
            Pass::Over(answer) => answer,
            Pass::Follows(candidate) => second_pass(desk, *candidate).await,
        });
    }
    Ok(answers)
}

/// What is about to be signed, for the log.
fn task(examined: &[Outcome<Candidate>]) -> Task {
    let candidates = || examined.iter().flatten().filter(|it| it.is_to_be_issued());
    Task {
        command: "sign",
        subjects: candidates().map(|it| it.name.to_string()).collect(),
        what: candidates().map(|it| format!("request {} of {}", it.csr.fingerprint().hex(), it.name)).collect(),
    }
}

/// Every certificate that is in the ledger now, handed over or not, and what was to be signed and is not. Where there is no
/// certificate, why the first one is not there.
fn results(done: &[Pass]) -> Result<Vec<String>, String> {
    let over = || done.iter().filter_map(|pass| if let Pass::Over(answer) = pass { Some(answer) } else { None });
    let line = |issued: &Issued| format!("certificate {} of {}", issued.serial, issued.subject);
    let new = over().filter_map(|answer| match answer {
        Answer::Certificate(granted) => granted.is_new.then(|| line(&granted.issued)),
        Answer::Nothing { recorded, .. } => recorded.as_deref().map(|issued| line(issued) + ", not handed over"),
    });
    let failed = over().filter_map(|answer| match answer {
        Answer::Nothing { file, failure, was_to_be_issued: true, recorded: None } => {
            Some(format!("`{}` is not signed: {}", file.display(), failure.message()))
        }
        Answer::Nothing { .. } | Answer::Certificate(_) => None,
    });
    let (new, failed): (Vec<String>, Vec<String>) = (new.collect(), failed.collect());
    match failed.first() {
        Some(first) if new.is_empty() => Err(first.clone()),
        _ => Ok(new.into_iter().chain(failed).collect()),
    }
}

/// How far a request came while others were signed.
enum Pass {
    Over(Answer),
    /// It waits for another one with the same key.
    Follows(Box<Candidate>),
}

async fn first_pass(
    desk: &Desk<'_>,
    source: &Source,
    examined: Outcome<Candidate>,
    authority: Option<&Arc<Authority>>,
) -> Pass {
    let candidate = match examined {
        Ok(candidate) => candidate,
        Err(failure) => return Pass::Over(Answer::not_examined(source.file.clone(), failure)),
    };
    let issued = match (&candidate.verdict, authority) {
        (Verdict::Again(issued), _) => Ok((**issued).clone()),
        (Verdict::Follows, _) => return Pass::Follows(Box::new(candidate)),
        (Verdict::Invited(_) | Verdict::Ask, Some(authority)) => desk.issue(authority, &candidate).await,
        (Verdict::Invited(_) | Verdict::Ask, None) => Err(Failure::say(Kind::Bug, "the CA was not opened")),
    };
    let is_new = candidate.is_to_be_issued();
    Pass::Over(conclude(desk, candidate, issued, is_new).await)
}

/// Gives a request the certificate that another one with its key got.
async fn second_pass(desk: &Desk<'_>, candidate: Candidate) -> Answer {
    let issued = desk.look_up(&candidate.csr, &candidate.name).and_then(|decision| match decision {
        Decision::Again(issued) => Ok(*issued),
        Decision::Issue => Err(Failure::say(Kind::Refused, "another request with the same key was not signed")),
    });
    conclude(desk, candidate, issued, false).await
}

async fn conclude(desk: &Desk<'_>, candidate: Candidate, issued: Outcome<Issued>, is_new: bool) -> Answer {
    let issued = match issued {
        Ok(issued) => issued,
        Err(failure) => {
            return Answer::Nothing { file: candidate.file, failure, was_to_be_issued: is_new, recorded: None };
        }
    };
    match desk.hand_over(&candidate, &issued).await {
        Ok(()) => Answer::Certificate(Box::new(Granted { candidate, issued, is_new })),
        Err(failure) => {
            let text = "the certificate is recorded, and could not be handed over".to_owned();
            let failure =
                failure.during(text).hint("run the same command again: the same request gets the same certificate");
            let recorded = is_new.then(|| Box::new(issued));
            Answer::Nothing { file: candidate.file, failure, was_to_be_issued: is_new, recorded }
        }
    }
}

fn introduce(desk: &Desk<'_>, candidates: &[&Candidate]) {
    for Candidate { csr, name, .. } in candidates {
        desk.surroundings.note(&format!(
            "Request for `{name}`, without an invite\n  six words          {}\n  request (SHA-256)  {}\n  \
             key (SHA-256)      {}\nThe page shows the user the same six words: let them be read out to you.",
            words(&csr.public_key().fingerprint()),
            csr.fingerprint(),
            csr.public_key().fingerprint(),
        ));
        if let Some(past) = past(desk, name) {
            desk.surroundings.note(&past);
        }
    }
}

fn introduce_all(desk: &Desk<'_>, candidates: &[&Candidate]) {
    desk.surroundings.note("Requests without an invite. The page shows each user the same six words:");
    let mut table = Table::new(["user", "six words", "request"]);
    for Candidate { csr, name, file, .. } in candidates {
        let words = words(&csr.public_key().fingerprint());
        table.row([name.username().to_string(), words, file.display().to_string()]);
    }
    desk.surroundings.note(table.to_string().trim_end());
    for past in candidates.iter().filter_map(|candidate| past(desk, &candidate.name)) {
        desk.surroundings.note(&past);
    }
}

/// What an admin should know of a user whose request they are asked about.
fn past(desk: &Desk<'_>, name: &CommonName) -> Option<String> {
    let last = desk.register.for_name(name).last()?;
    let until = last.issued.not_after.date();
    match last.revoked {
        Some((reason, when)) => Some(format!("`{name}` was revoked on {} ({reason}).", when.date())),
        None if last.is_valid(desk.surroundings.now) => {
            Some(format!("`{name}` has a certificate until {until} already, for another key; this is one more."))
        }
        None => Some(format!("`{name}` had a certificate until {until}.")),
    }
}

fn explain(desk: &Desk<'_>, Granted { candidate, issued, is_new }: &Granted) {
    let name = &candidate.name;
    if !is_new {
        desk.surroundings.note(&format!("`{name}` has a certificate for this key already; here it is again."));
    }
    if let Verdict::Invited(_) = candidate.verdict {
        desk.surroundings.note(&format!("`{name}` was invited: nobody was asked."));
    }
    if desk.page().is_some() {
        desk.surroundings.note(PUBLISHED);
    }
    desk.surroundings.note(&format!("`{name}` may connect until {}.", issued.not_after.date()));
}

/// Revokes what the users had before, or says that it is still there.
async fn finish(desk: &Desk<'_>, answers: &[Answer], arguments: &cli::Sign) -> Outcome {
    let mut older: BTreeMap<Serial, Issued> = BTreeMap::new();
    for Granted { candidate, issued, .. } in answers.iter().filter_map(Answer::granted) {
        older.extend(desk.replaced(&candidate.name, issued).into_iter().map(|it| (it.serial, it)));
    }
    // What somebody has just been given is never among what is taken from them.
    for granted in answers.iter().filter_map(Answer::granted) {
        older.remove(&granted.issued.serial);
    }
    let older: Vec<Issued> = older.into_values().collect();
    match (older.as_slice(), arguments.revoke_older) {
        ([], false) => Ok(()),
        ([], true) => {
            desk.surroundings.note("There is no older certificate to be revoked.");
            Ok(())
        }
        (_, true) => {
            let receipt = revoke::supersede(desk.surroundings, desk.deployment, older, arguments.yes).await?;
            desk.surroundings.note(receipt.trim_end());
            Ok(())
        }
        ([older], false) => {
            desk.surroundings.note(&format!(
                "`{}` has an older certificate that is still valid. When the new profile is in use, revoke it:\n  \
                 latchkey revoke --serial {} --reason superseded",
                older.subject, older.serial
            ));
            Ok(())
        }
        (several, false) => {
            desk.surroundings.note(&format!(
                "There are {} older certificates that are still valid. When the new profiles are in use, the same command \
                 with `--revoke-older` revokes them.",
                several.len()
            ));
            Ok(())
        }
    }
}

const PUBLISHED: &str = "Published beside the page: the user finds it there with `Look for my certificate`.";

/// Requests that are signed and recorded at the same time. More would only wait for the disk together.
const AT_ONCE: usize = 16;
