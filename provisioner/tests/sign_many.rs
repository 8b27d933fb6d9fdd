//! `latchkey sign` of folders and many files: a line for each, a bad one stops nobody, and a kill loses nothing.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod bench;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    process::{Command, Stdio},
    thread::sleep,
    time::Duration,
};

use profile::{certificate::Certificate, csr::Csr, invite::Invite};
use provisioner::pki::key::PrivateKey;

use crate::bench::{Bench, PASSPHRASE, status, text};

#[test]
fn a_bad_request_does_not_stop_the_others() {
    let bench = Bench::new();
    for user in ["alice", "bob"] {
        bench.request(&format!("in/{user}.csr"), &name(user), &key());
    }
    let invite = Invite::from_fragment(&bench.invite("carol")).unwrap();
    bench.request_with("in/carol.csr", &name("carol"), &key(), Some(&invite.password()));
    bench.request_with("in/thief.csr", &name("dave"), &key(), Some(&invite.password()));
    bench.request("in/reserved.CSR", &name("anchor"), &key());
    bench.write("in/cut.csr", "-----BEGIN CERTIFICATE REQUEST-----\n");
    bench.write("in/notes.txt", "not a request");
    fs::create_dir(bench.path("in/folder.csr")).unwrap();
    bench.request("in/kept.csr", &name("kept"), &key());
    bench.write("in/kept.crt", "something of somebody's");

    let signed = bench.latchkey(&["sign", "in"]);
    assert_eq!(status(&signed), 3, "{signed:?}");
    let lines = text(&signed.stdout);
    let results: BTreeMap<&str, &str> = lines
        .lines()
        .skip(1)
        .map(|line| {
            line.split_once("  ").map(|(result, rest)| (rest.split_whitespace().next().unwrap(), result)).unwrap()
        })
        .collect();
    let expected = [
        ("in/alice.csr", "signed"),
        ("in/bob.csr", "signed"),
        ("in/carol.csr", "signed"),
        ("in/cut.csr", "refused"),
        ("in/folder.csr", "failed"),
        ("in/kept.csr", "failed"),
        ("in/reserved.CSR", "refused"),
        ("in/thief.csr", "refused"),
    ];
    assert_eq!(results.into_iter().collect::<Vec<_>>(), expected, "{lines}");
    assert!(lines.contains("is for `carol`, not for `dave`"), "{lines}");
    assert!(text(&signed.stderr).contains("error: 5 of 8 requests are not signed"), "{signed:?}");
    assert_eq!(bench.read("in/kept.crt"), "something of somebody's");
    for user in ["alice", "bob", "carol"] {
        assert_eq!(subject(&bench.read(&format!("in/{user}.crt"))), name(user));
    }

    // Again: the same certificates, and not a file more, also without the passphrase.
    let before = bench.files();
    let again = bench.with_passphrase("", &["sign", "in"]);
    assert_eq!(status(&again), 3, "{again:?}");
    assert_eq!(text(&again.stdout).matches("again  ").count(), 3, "{again:?}");
    assert_eq!(bench.files(), before);
    let good = bench.with_passphrase("", &["sign", "in/alice.csr", "in/bob.csr"]);
    assert_eq!(status(&good), 0, "{good:?}");
    let unreadable = bench.latchkey(&["sign", "in/alice.csr", "missing.csr"]);
    assert_eq!(status(&unreadable), 2, "{unreadable:?}");
    assert_eq!(status(&bench.latchkey(&["sign", "in", "--out", "x.crt"])), 2);
}

#[test]
fn an_empty_folder_is_no_failure() {
    let bench = Bench::new();
    fs::create_dir(bench.path("in")).unwrap();
    let signed = bench.latchkey(&["sign", "in", "--json"]);
    assert_eq!((status(&signed), text(&signed.stdout).as_str()), (0, "[]\n"), "{signed:?}");
}

#[test]
fn who_has_no_invite_is_asked_about_once_with_their_words() {
    let bench = Bench::new();
    bench.write("latchkey.toml", &bench.read("latchkey.toml").replace("target = \"sandbox\"", "target = \"aws\""));
    let words = ["alice", "bob"].map(|user| {
        let key = key();
        bench.request(&format!("in/{user}.csr"), &name(user), &key);
        profile::words::words(&key.public().fingerprint())
    });
    let before = bench.files();
    let unasked = bench.latchkey(&["sign", "in"]);
    assert_eq!(status(&unasked), 2, "{unasked:?}");
    let said = text(&unasked.stderr);
    assert!(words.iter().all(|words| said.contains(words)), "{said}");
    assert_eq!(said.matches("nobody can be asked").count(), 1, "{said}");
    assert_eq!(bench.files(), before);
    assert_eq!(status(&bench.latchkey(&["sign", "in", "--yes"])), 0);
}

#[test]
fn several_requests_of_one_name_are_told_apart() {
    let bench = Bench::new();
    let (one, two) = (key(), key());
    // The same request twice, and another for the same key: one certificate.
    bench.request("in/alice.csr", &name("alice"), &one);
    bench.write("in/alice-copy.csr", &bench.read("in/alice.csr"));
    // Two keys for one name, and nobody knows whose: none.
    bench.request("in/bob.csr", &name("bob"), &key());
    bench.request("in/bob-2.csr", &name("bob"), &key());
    // With an invite for one of them: that one.
    let invite = Invite::from_fragment(&bench.invite("carol")).unwrap();
    bench.request_with("in/carol.csr", &name("carol"), &key(), Some(&invite.password()));
    bench.request("in/carol-2.csr", &name("carol"), &key());
    // One key for two names: the first.
    bench.request("in/dave.csr", &name("dave"), &two);
    bench.request("in/erin.csr", &name("erin"), &two);

    let signed = bench.latchkey(&["sign", "in", "--json"]);
    assert_eq!(status(&signed), 3, "{signed:?}");
    let rows: serde_json::Value = serde_json::from_str(&text(&signed.stdout)).unwrap();
    let rows: Vec<(String, String, String)> = rows
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let of = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
            (of("request"), of("result"), of("reason"))
        })
        .collect();
    let expected = [
        ("in/alice-copy.csr", "signed", ""),
        ("in/alice.csr", "again", ""),
        ("in/bob-2.csr", "refused", "`in/bob.csr` is another request for `bob.vpn.example.com`"),
        ("in/bob.csr", "refused", "`in/bob-2.csr` is another request for `bob.vpn.example.com`"),
        ("in/carol-2.csr", "refused", "`in/carol.csr` is another request for `carol.vpn.example.com`"),
        ("in/carol.csr", "signed", ""),
        ("in/dave.csr", "signed", ""),
        ("in/erin.csr", "refused", "the key of this request is certified for `dave.vpn.example.com` already"),
    ];
    let rows: Vec<_> = rows.iter().map(|(a, b, c)| (a.as_str(), b.as_str(), c.as_str())).collect();
    assert_eq!(rows, expected);
    assert_eq!(bench.read("in/alice.crt"), bench.read("in/alice-copy.crt"));
    assert_eq!(records(&bench).len(), 3);
}

/// A folder in which each user's newest request takes the place of the older one.
#[test]
fn a_renewal_takes_the_place_of_the_older_certificate_and_never_the_other_way_round() {
    let bench = Bench::new();
    bench.request("in/alice.csr", &name("alice"), &key());
    assert_eq!(status(&bench.latchkey(&["sign", "in"])), 0);
    let (request, certificate) = (bench.read("in/alice.csr"), bench.read("in/alice.crt"));
    bench.request("in/alice.csr", &name("alice"), &key());
    let renewed = bench.latchkey(&["sign", "in"]);
    assert_eq!(status(&renewed), 0, "{renewed:?}");
    let newer = bench.read("in/alice.crt");
    assert_ne!(newer, certificate);
    bench.write("in/alice.csr", &request);
    let older = bench.latchkey(&["sign", "in/alice.csr", "--json"]);
    assert_eq!(status(&older), 2, "{older:?}");
    let rows: serde_json::Value = serde_json::from_str(&text(&older.stdout)).unwrap();
    assert_eq!((&rows[0]["result"], &rows[0]["serial"]), (&"failed".into(), &serde_json::Value::Null), "{rows}");
    assert_eq!(bench.read("in/alice.crt"), newer);
}

/// Killed at moments that are spread over the whole run, and run again: every request has its certificate, every record
/// its file, and no request has two.
#[test]
fn a_run_killed_at_any_moment_is_finished_by_the_next() {
    let bench = Bench::new();
    let mut requests = BTreeSet::new();
    for number in 0..REQUESTS {
        let user = format!("user-{number}");
        let invite = (number % 2 == 0).then(|| Invite::from_fragment(&bench.invite(&user)).unwrap());
        let file = format!("in/{user}.csr");
        bench.request_with(&file, &name(&user), &key(), invite.map(|invite| invite.password()).as_ref());
        requests.insert(Csr::from_pem(&bench.read(&file)).unwrap().fingerprint().hex());
    }
    let undisturbed = bench.copy();
    assert_eq!(status(&undisturbed.latchkey(&["sign", "in"])), 0);
    let (before, after) = (bench.paths().len(), undisturbed.paths().len());
    let (mut least, mut most) = (REQUESTS, 0);
    for round in 0..KILLS {
        let bench = bench.copy();
        let mut sign = Command::new(env!("CARGO_BIN_EXE_latchkey"));
        let sign = sign.args(["sign", "in"]).current_dir(bench.folder.path());
        let mut sign =
            sign.env("LATCHKEY_CA_PASSPHRASE", PASSPHRASE).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // By files and not by time: how fast a machine is says nothing about where a run is.
        let enough = before + (after - before) * round / KILLS;
        while sign.try_wait().unwrap().is_none() && bench.paths().len() < enough {
            sleep(Duration::from_micros(200));
        }
        sign.kill().unwrap();
        sign.wait().unwrap();
        let recorded = records(&bench).len();
        (least, most) = (recorded.min(least), recorded.max(most));
        for file in bench.files().keys().filter(|file| file.extension().is_some_and(|it| it == "crt")) {
            let text = bench.read(file.to_str().unwrap());
            assert!(text.ends_with("-----END CERTIFICATE-----\n"), "round {round}: half of `{}`", file.display());
        }
        let finished = bench.latchkey(&["sign", "in"]);
        assert_eq!(status(&finished), 0, "round {round}: {finished:?}");
        let records = records(&bench);
        let of_requests: Vec<&String> = records.keys().collect();
        assert_eq!(of_requests, requests.iter().collect::<Vec<_>>(), "round {round}");
        for number in 0..REQUESTS {
            let file = |extension: &str| bench.read(&format!("in/user-{number}.{extension}"));
            let request = Csr::from_pem(&file("csr")).unwrap().fingerprint().hex();
            assert_eq!([first(&file("crt"))].as_slice(), records[&request], "round {round}: {number}");
        }
        let used = bench.latchkey(&["invite", "--list"]);
        assert_eq!(text(&used.stdout).matches("  used  ").count(), REQUESTS.div_ceil(2), "round {round}");
    }
    // Else nothing was cut short.
    assert!(least < REQUESTS && most > 0, "killed with {least} to {most} of {REQUESTS} recorded");
}

const REQUESTS: usize = 40;
const KILLS: usize = 20;

/// The recorded certificates of each request.
fn records(bench: &Bench) -> BTreeMap<String, Vec<String>> {
    let mut records: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let Ok(folder) = fs::read_dir(bench.path(".latchkey/demo/ledger/issued")) else { return records };
    for file in folder.map(|entry| entry.unwrap().path()) {
        // What a killed process has not finished writing has another name.
        if file.extension().is_none_or(|it| it != "json") {
            continue;
        }
        let record: serde_json::Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
        let text = |key: &str| record[key].as_str().unwrap().to_owned();
        records.entry(text("request_sha256")).or_default().push(text("certificate"));
    }
    records
}

fn first(chain: &str) -> String {
    chain.split_inclusive("END CERTIFICATE-----\n").next().unwrap().to_owned()
}

fn subject(chain: &str) -> String {
    Certificate::from_pem(&first(chain)).unwrap().common_name().unwrap()
}

fn name(user: &str) -> String {
    format!("{user}.vpn.example.com")
}

fn key() -> PrivateKey {
    PrivateKey::generate().unwrap()
}

impl Bench {
    /// The same once more.
    fn copy(&self) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for file in self.files().into_keys() {
            let to = folder.path().join(&file);
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(self.path(file.to_str().unwrap()), to).unwrap();
        }
        Self { folder }
    }
}
