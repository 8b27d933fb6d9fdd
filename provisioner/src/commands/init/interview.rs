//! One question for each thing that no option gave; where nobody is asked, what would have been proposed is taken.

use std::{fmt::Display, str::FromStr};

use ipnet::Ipv4Net;
use profile::name::Domain;
use provisioner::{
    config::{DeploymentName, Region, SecurityGroupId, SubnetId, VpcId},
    deploy::inventory::Inventory,
};

use crate::{
    cli::Init,
    failure::{Failure, Kind, Outcome},
    surroundings::Surroundings,
};

/// Somebody who can be asked.
pub(super) trait Asks {
    /// Puts a question, answers with a line.
    fn ask(&self, question: &str) -> Outcome<String>;
    /// Says something.
    fn tell(&self, text: &str);
}

impl Asks for Surroundings {
    fn ask(&self, question: &str) -> Outcome<String> {
        self.ask(question)
    }

    fn tell(&self, text: &str) {
        self.note(text);
    }
}

/// Where answers come from.
pub(super) struct Interview<'a> {
    /// Who is asked; `None` where proposals are taken.
    pub(super) asks: Option<&'a dyn Asks>,
    /// Whether it is for a rehearsal, for which everything has a proposal.
    pub(super) sandbox: bool,
}

impl Interview<'_> {
    pub(super) fn name(&self, init: &Init) -> Outcome<DeploymentName> {
        self.answer(init.name.clone(), "Name of the deployment", if self.sandbox { "demo" } else { "vpn" }, parsed)
    }

    pub(super) fn region(&self, init: &Init, of_environment: &str) -> Outcome<Region> {
        let proposal = if of_environment.is_empty() && self.sandbox { "eu-central-1" } else { of_environment };
        self.answer(init.region.clone(), "AWS region", proposal, parsed)
    }

    pub(super) fn domain(&self, init: &Init) -> Outcome<Domain> {
        let question = "Domain of the certificates; it need not resolve; users are USERNAME.DOMAIN";
        self.answer(init.domain.clone(), question, if self.sandbox { "vpn.example.com" } else { "" }, parsed)
    }

    /// Whether something is to be chosen from what the account has.
    pub(super) fn needs_inventory(&self, init: &Init) -> bool {
        let groups_are_asked_for = self.asks.is_some() && init.security_groups.is_empty();
        init.vpc.is_none() || init.subnets.is_empty() || init.client_cidr.is_none() || groups_are_asked_for
    }

    pub(super) fn vpc(&self, init: &Init, inventory: &Inventory) -> Outcome<VpcId> {
        let lines = inventory.vpcs.iter().map(|vpc| {
            let cidrs: Vec<String> = vpc.cidrs.iter().map(ToString::to_string).collect();
            (vpc.id.clone(), format!("{}  {}", cidrs.join(" "), vpc.name))
        });
        let list = List::new(lines);
        let proposal = list.numbers(inventory.likely_vpc().map(|vpc| &vpc.id));
        self.show(init.vpc.is_none(), &list);
        self.answer(init.vpc.clone(), "VPC that clients reach", &proposal, |text| list.one(text))
    }

    pub(super) fn subnets(&self, init: &Init, inventory: &Inventory, vpc: &VpcId) -> Outcome<Vec<SubnetId>> {
        let here = inventory.subnets.iter().filter(|subnet| subnet.vpc == *vpc);
        let list = List::new(here.map(|subnet| {
            let (cidr, zone, free) = (subnet.cidr, &subnet.zone, subnet.free_addresses);
            (subnet.id.clone(), format!("{cidr}  {zone}  {free} free  {}", subnet.name))
        }));
        let proposal = list.numbers(inventory.one_subnet_per_zone(vpc).into_iter().map(|subnet| &subnet.id));
        let one_per_zone = |text: &str| {
            let chosen = list.several(text)?;
            let zone = |id: &SubnetId| inventory.subnets.iter().find(|subnet| subnet.id == *id).map(|it| &it.zone);
            for (i, id) in chosen.iter().enumerate() {
                if chosen.iter().take(i).any(|other| other == id || (zone(id).is_some() && zone(other) == zone(id))) {
                    return Err(format!("AWS takes one subnet per zone, and `{id}` is not the only one of its zone"));
                }
            }
            if chosen.is_empty() { Err("at least one is needed".to_owned()) } else { Ok(chosen) }
        };
        self.show(init.subnets.is_empty(), &list);
        self.answer(some(&init.subnets), "Subnets in which clients enter, one per zone", &proposal, one_per_zone)
    }

    pub(super) fn security_groups(
        &self,
        init: &Init,
        inventory: &Inventory,
        vpc: &VpcId,
    ) -> Outcome<Vec<SecurityGroupId>> {
        let here = inventory.groups.iter().filter(|group| group.vpc == *vpc);
        let list = List::new(here.map(|group| (group.id.clone(), group.name.clone())));
        let question = "Security groups of the endpoint, at most 5; none for the VPC's default group";
        self.show(init.security_groups.is_empty(), &list);
        self.answer(some(&init.security_groups), question, "", |text| list.several(text))
    }

    pub(super) fn client_cidr(&self, init: &Init, inventory: &Inventory) -> Outcome<Ipv4Net> {
        let proposal = inventory.free_client_cidr().map(|block| block.to_string()).unwrap_or_default();
        let apart = |text: &str| {
            let block: Ipv4Net = text.parse().map_err(|_| "a network is written as `10.88.0.0/16`".to_owned())?;
            if !(12..=22).contains(&block.prefix_len()) || block.addr() != block.network() {
                return Err("a block from /12 to /22 is needed, with no bit set behind the prefix".to_owned());
            }
            let mut taken = inventory.vpcs.iter().flat_map(|vpc| vpc.cidrs.iter().map(move |cidr| (cidr, vpc)));
            match taken.find(|(cidr, _)| cidr.contains(&block) || block.contains(*cidr)) {
                Some((cidr, vpc)) => Err(format!("it overlaps {cidr} of `{}`", vpc.id)),
                None => Ok(block),
            }
        };
        let question = "Addresses for clients, /12 to /22; they cannot be changed later";
        self.answer(init.client_cidr, question, &proposal, apart)
    }

    pub(super) fn contact(&self, init: &Init) -> Outcome<String> {
        let proposal = if self.sandbox { "vpn-admins@example.com" } else { "" };
        let question = "Whom users ask, shown on the page; may be empty";
        self.answer(init.contact.clone(), question, proposal, |text| Ok(text.to_owned()))
    }

    pub(super) fn banner(&self) -> String {
        let text = "Welcome to the Latchkey demo. Activity on this network may be recorded.";
        if self.sandbox { text.to_owned() } else { String::new() }
    }

    /// What was given; or an answer that makes sense, asked for until there is one; or the proposal.
    fn answer<T>(
        &self,
        given: Option<T>,
        question: &str,
        proposal: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Outcome<T> {
        if let Some(given) = given {
            return Ok(given);
        }
        let Some(asks) = self.asks else {
            return parse(proposal).map_err(|why| Failure::say(Kind::Input, format!("{question}: {why}")));
        };
        let shown = if proposal.is_empty() { String::new() } else { format!(" [{proposal}]") };
        loop {
            let answer = asks.ask(&format!("{question}{shown}: "))?;
            match parse(if answer.is_empty() { proposal } else { &answer }) {
                Ok(parsed) => return Ok(parsed),
                Err(why) => asks.tell(&format!("  {why}")),
            }
        }
    }

    fn show<T: Display>(&self, is_asked: bool, list: &List<T>) {
        if let (true, Some(asks)) = (is_asked, self.asks) {
            list.0.iter().enumerate().for_each(|(i, (id, about))| asks.tell(&format!("  {:2}  {id}  {about}", i + 1)));
        }
    }
}

/// Things to choose from by number, or by id, also of things that are not listed.
struct List<T>(Vec<(T, String)>);

impl<T: FromStr<Err: Display> + PartialEq + Clone> List<T> {
    fn new(items: impl Iterator<Item = (T, String)>) -> Self {
        Self(items.map(|(id, about)| (id, about.trim_end().to_owned())).collect())
    }

    /// The numbers of `ids`.
    fn numbers<'i>(&self, ids: impl IntoIterator<Item = &'i T>) -> String
    where
        T: 'i,
    {
        let place = |id| self.0.iter().position(|(listed, _)| listed == id).map(|i| (i + 1).to_string());
        ids.into_iter().filter_map(place).collect::<Vec<_>>().join(" ")
    }

    fn one(&self, text: &str) -> Result<T, String> {
        match text.parse::<usize>() {
            Ok(number) => {
                let chosen = number.checked_sub(1).and_then(|i| self.0.get(i));
                chosen.map(|(id, _)| id.clone()).ok_or_else(|| format!("there is no number {number}"))
            }
            Err(_) => parsed(text),
        }
    }

    fn several(&self, text: &str) -> Result<Vec<T>, String> {
        text.split([',', ' ']).filter(|word| !word.is_empty()).map(|word| self.one(word)).collect()
    }
}

fn parsed<T: FromStr<Err: Display>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error: T::Err| error.to_string())
}

fn some<T: Clone>(items: &[T]) -> Option<Vec<T>> {
    if items.is_empty() { None } else { Some(items.to_vec()) }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use clap::Parser;
    use expect_test::{Expect, expect};
    use provisioner::deploy::inventory::{SecurityGroup, Subnet, Vpc};

    use super::*;
    use crate::cli::{Cli, Command};

    #[test]
    fn whoever_only_presses_enter_gets_what_was_proposed() {
        check(
            &[],
            &["", "", "", "vpn.example.com", "", "", "", "", ""],
            expect![[r#"
            Name of the deployment [vpn]: 
            AWS region [eu-west-1]: 
            Domain of the certificates; it need not resolve; users are USERNAME.DOMAIN: 
              `` is not a lower-case host name with a dot, such as `vpn.example.com`
            Domain of the certificates; it need not resolve; users are USERNAME.DOMAIN: vpn.example.com
               1  vpc-00000001  10.1.0.0/16  network 1
               2  vpc-00000002  10.2.0.0/16  network 2
            VPC that clients reach [2]: 
               1  subnet-00000002  10.2.2.0/24  a  251 free
               2  subnet-00000003  10.2.3.0/24  a  251 free
               3  subnet-00000004  10.2.4.0/24  b  251 free
            Subnets in which clients enter, one per zone [1 3]: 
               1  sg-00000001  default
            Security groups of the endpoint, at most 5; none for the VPC's default group: 
            Addresses for clients, /12 to /22; they cannot be changed later [10.88.0.0/16]: 
            Whom users ask, shown on the page; may be empty: 
            = vpn eu-west-1 vpn.example.com vpc-00000002 [SubnetId("subnet-00000002"), SubnetId("subnet-00000004")] [] 10.88.0.0/16 ""
        "#]],
        );
    }

    #[test]
    fn what_makes_no_sense_is_asked_again() {
        check(
            &["--name", "office", "--region", "eu-central-1", "--domain", "vpn.example.com"],
            &[
                "3",
                "vpc-1",
                "2",
                "1 2",
                "0",
                "4",
                "",
                "subnet-00000009, 1",
                "sg-00000001",
                "10.1.0.0/16",
                "10.9.0.0/16",
                "ask me",
            ],
            expect![[r#"
                   1  vpc-00000001  10.1.0.0/16  network 1
                   2  vpc-00000002  10.2.0.0/16  network 2
                VPC that clients reach [2]: 3
                  there is no number 3
                VPC that clients reach [2]: vpc-1
                  an id is `vpc-` and 17 hexadecimal digits
                VPC that clients reach [2]: 2
                   1  subnet-00000002  10.2.2.0/24  a  251 free
                   2  subnet-00000003  10.2.3.0/24  a  251 free
                   3  subnet-00000004  10.2.4.0/24  b  251 free
                Subnets in which clients enter, one per zone [1 3]: 1 2
                  AWS takes one subnet per zone, and `subnet-00000003` is not the only one of its zone
                Subnets in which clients enter, one per zone [1 3]: 0
                  there is no number 0
                Subnets in which clients enter, one per zone [1 3]: 4
                  there is no number 4
                Subnets in which clients enter, one per zone [1 3]: 
                   1  sg-00000001  default
                Security groups of the endpoint, at most 5; none for the VPC's default group: subnet-00000009, 1
                  an id is `sg-` and 17 hexadecimal digits
                Security groups of the endpoint, at most 5; none for the VPC's default group: sg-00000001
                Addresses for clients, /12 to /22; they cannot be changed later [10.88.0.0/16]: 10.1.0.0/16
                  it overlaps 10.1.0.0/16 of `vpc-00000001`
                Addresses for clients, /12 to /22; they cannot be changed later [10.88.0.0/16]: 10.9.0.0/16
                Whom users ask, shown on the page; may be empty: ask me
                = office eu-central-1 vpn.example.com vpc-00000002 [SubnetId("subnet-00000002"), SubnetId("subnet-00000004")] [SecurityGroupId("sg-00000001")] 10.9.0.0/16 "ask me"
            "#]],
        );
    }

    #[test]
    fn whoever_gave_everything_is_asked_nothing() {
        check(
            &[
                "--name=office",
                "--region=eu-central-1",
                "--domain=vpn.example.com",
                "--vpc=vpc-00000001",
                "--subnet=subnet-00000001,subnet-00000002",
                "--subnet=subnet-00000003",
                "--security-group=sg-00000001",
                "--client-cidr=10.9.0.0/16",
                "--contact=me",
            ],
            &[],
            expect![[r#"
                = office eu-central-1 vpn.example.com vpc-00000001 [SubnetId("subnet-00000001"), SubnetId("subnet-00000002"), SubnetId("subnet-00000003")] [SecurityGroupId("sg-00000001")] 10.9.0.0/16 "me"
            "#]],
        );
    }

    fn check(options: &[&str], answers: &[&str], expected: Expect) {
        let cli = Cli::try_parse_from([&["latchkey", "init"], options].concat()).unwrap();
        let Command::Init(init) = cli.command else { panic!("`init` is another command") };
        let script = Script {
            answers: answers.iter().rev().map(ToString::to_string).collect::<Vec<_>>().into(),
            said: RefCell::default(),
        };
        let interview = Interview { asks: Some(&script), sandbox: false };
        let inventory = inventory();
        let name = interview.name(&init).unwrap();
        let region = interview.region(&init, "eu-west-1").unwrap();
        let domain = interview.domain(&init).unwrap();
        let vpc = interview.vpc(&init, &inventory).unwrap();
        let subnets = interview.subnets(&init, &inventory, &vpc).unwrap();
        let groups = interview.security_groups(&init, &inventory, &vpc).unwrap();
        let client_cidr = interview.client_cidr(&init, &inventory).unwrap();
        let contact = interview.contact(&init).unwrap();
        let result = format!("= {name} {region} {domain} {vpc} {subnets:?} {groups:?} {client_cidr} {contact:?}\n");
        expected.assert_eq(&(script.said.into_inner() + &result));
    }

    struct Script {
        answers: RefCell<Vec<String>>,
        said: RefCell<String>,
    }

    impl Asks for Script {
        fn ask(&self, question: &str) -> Outcome<String> {
            let answer = self.answers.borrow_mut().pop().unwrap_or_else(|| panic!("no answer to: {question}"));
            self.tell(&format!("{question}{answer}"));
            Ok(answer)
        }

        fn tell(&self, text: &str) {
            self.said.borrow_mut().push_str(&format!("{text}\n"));
        }
    }

    fn inventory() -> Inventory {
        let vpc = |n: u8| Vpc {
            id: format!("vpc-0000000{n}").parse().unwrap(),
            name: format!("network {n}"),
            cidrs: vec![format!("10.{n}.0.0/16").parse().unwrap()],
            owner: String::new(),
        };
        let subnet = |n: u8, vpc: u8, zone: &str| Subnet {
            id: format!("subnet-0000000{n}").parse().unwrap(),
            name: String::new(),
            vpc: format!("vpc-0000000{vpc}").parse().unwrap(),
            cidr: format!("10.{vpc}.{n}.0/24").parse().unwrap(),
            zone: zone.to_owned(),
            free_addresses: 251,
            owner: String::new(),
        };
        let group = SecurityGroup {
            id: "sg-00000001".parse().unwrap(),
            name: "default".to_owned(),
            vpc: "vpc-00000002".parse().unwrap(),
        };
        Inventory {
            vpcs: vec![vpc(1), vpc(2)],
            subnets: vec![subnet(1, 1, "a"), subnet(2, 2, "a"), subnet(3, 2, "a"), subnet(4, 2, "b")],
            groups: vec![group],
        }
    }
}
