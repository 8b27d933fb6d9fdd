//! `latchkey invite` as an admin runs it: links, tables, what is kept of them, and what is refused.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod bench;

use profile::invite::Invite;

use crate::bench::{Bench, status, text};

#[test]
fn an_invite_is_a_link_of_which_the_ledger_has_a_hash() {
    let bench = Bench::new();
    let link = bench.invite("alice");
    assert!(link.starts_with("http://127.0.0.1:8080/#invite=1.demo."), "{link}");
    let invite = Invite::from_fragment(&link).unwrap();
    assert_eq!((invite.username().as_str(), invite.deployment()), ("alice", "demo"));
    let record = bench.read(&format!(".latchkey/demo/ledger/invites/{}.json", invite.id()));
    let secret = link.split('.').nth_back(1).unwrap();
    assert_eq!(secret.len(), 32);
    assert!(record.contains("\"username\": \"alice\"") && !record.contains(secret), "{record}");
    let listed = text(&bench.latchkey(&["invite", "--list"]).stdout);
    assert!(listed.contains("alice  open"), "{listed}");
}

#[test]
fn the_address_of_the_page_is_the_configurations() {
    let bench = Bench::new();
    let page = "#url = \"https://vpn.example.com/\"";
    let file = bench.read("latchkey.toml");
    assert!(file.contains(page), "{file}");
    bench.write("latchkey.toml", &file.replace(page, "url = \"https://vpn.example.com/join?lang=zh\""));
    let link = bench.invite("alice");
    assert!(link.starts_with("https://vpn.example.com/join?lang=zh#invite="), "{link}");
    bench.write("latchkey.toml", &file.replace(page, "url = \"https://vpn.example.com/#top\""));
    let refused = bench.latchkey(&["invite", "alice"]);
    assert_eq!(status(&refused), 2, "{refused:?}");
    bench.write("latchkey.toml", &file.replace("target = \"sandbox\"", "target = \"aws\""));
    let fragment = bench.latchkey(&["invite", "bob"]);
    assert!(text(&fragment.stdout).starts_with("#invite="), "{fragment:?}");
    assert!(text(&fragment.stderr).contains("behind the address of the page"), "{fragment:?}");
}

#[test]
fn a_new_invite_takes_the_place_of_an_open_one() {
    let bench = Bench::new();
    let first = Invite::from_fragment(&bench.invite("alice")).unwrap().id().to_string();
    let again = bench.latchkey(&["invite", "alice"]);
    assert!(text(&again.stderr).contains(&format!("the link of that invite ({first}) will work no more")), "{again:?}");
    let listed = text(&bench.latchkey(&["invite", "--list", "--json"]).stdout);
    let states: Vec<(String, String)> = json(&listed, &["id", "state"]);
    assert_eq!(states.len(), 2);
    assert!(states.contains(&(first, "cancelled".to_owned())), "{listed}");
    // On the real service it is asked first.
    bench.write("latchkey.toml", &bench.read("latchkey.toml").replace("target = \"sandbox\"", "target = \"aws\""));
    let before = bench.files();
    let unasked = bench.latchkey(&["invite", "alice"]);
    assert_eq!(status(&unasked), 2, "{unasked:?}");
    assert_eq!(bench.files(), before);
    assert_eq!(status(&bench.latchkey(&["invite", "alice", "--yes"])), 0);
}

#[test]
fn an_invite_can_be_taken_back() {
    let bench = Bench::new();
    let id = Invite::from_fragment(&bench.invite("alice")).unwrap().id().to_string();
    for _twice in 0..2 {
        let cancelled = bench.latchkey(&["invite", "--cancel", &id]);
        assert_eq!(status(&cancelled), 0, "{cancelled:?}");
    }
    assert!(text(&bench.latchkey(&["invite", "--list"]).stdout).contains("alice  cancelled"));
    assert_eq!(status(&bench.latchkey(&["invite", "--cancel", "0000000000000000"])), 2);
}

#[test]
fn a_table_invites_all_or_nobody() {
    let bench = Bench::new();
    bench.write("users.csv", "username,days\nalice,1\nbob,\n");
    let invited = bench.latchkey(&["invite", "--csv", "users.csv", "--days", "30"]);
    assert_eq!(status(&invited), 0, "{invited:?}");
    let lines: Vec<String> = text(&invited.stdout).lines().map(str::to_owned).collect();
    assert_eq!(lines.first().unwrap(), "username,link,expires");
    let names: Vec<&str> = lines.iter().skip(1).map(|line| line.split(',').next().unwrap()).collect();
    assert_eq!(names, ["alice", "bob"]);
    let expires = |line: &String| line.rsplit(',').next().unwrap().to_owned();
    assert!(expires(&lines[1]) < expires(&lines[2]), "{lines:?}");

    bench.write("bad.csv", "carol\nDave\nanchor\n");
    let before = bench.files();
    let refused = bench.latchkey(&["invite", "--csv", "bad.csv"]);
    assert_eq!(status(&refused), 2, "{refused:?}");
    assert!(text(&refused.stderr).contains("line 2: the user name contains `D`"), "{refused:?}");
    bench.write("reserved.csv", "carol\nanchor\n");
    let refused = bench.latchkey(&["invite", "--csv", "reserved.csv"]);
    assert!(text(&refused.stderr).contains("`anchor.vpn.example.com` is reserved"), "{refused:?}");
    let mut after = bench.files();
    after.remove(std::path::Path::new("reserved.csv"));
    assert_eq!(after, before);
    let json = text(&bench.latchkey(&["invite", "--csv", "users.csv", "--json"]).stdout);
    assert_eq!(self::json(&json, &["username", "id"]).len(), 2, "{json}");
}

/// Two texts of each object in an array.
fn json(text: &str, [a, b]: &[&str; 2]) -> Vec<(String, String)> {
    let array: serde_json::Value = serde_json::from_str(text).unwrap();
    let of = |object: &serde_json::Value, key: &str| object[key].as_str().unwrap().to_owned();
    array.as_array().unwrap().iter().map(|object| (of(object, a), of(object, b))).collect()
}
