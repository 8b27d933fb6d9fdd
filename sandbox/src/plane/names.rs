//! The laptop's name server.
//!
//! It knows the endpoints. As with AWS, every label below an endpoint's name leads to it, and the bare name does not
//! exist: <https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/troubleshooting.html>.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use simple_dns::rdata::{A, RData};
use simple_dns::{CLASS, Packet, PacketFlag, QTYPE, RCODE, ResourceRecord, TYPE};
use tokio::net::UdpSocket;

/// Seconds that an answer may be kept.
const TTL: u32 = 60;

/// What the server knows, and the last name that it gave each laptop an address for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    endpoints: BTreeMap<String, Ipv4Addr>,
    last: BTreeMap<IpAddr, Resolved>,
}

/// A name that was asked for, and the address that it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Resolved {
    pub(crate) name: String,
    pub(crate) address: Ipv4Addr,
}

impl Names {
    /// Makes an endpoint's name known.
    pub(super) fn insert(&self, name: String, address: Ipv4Addr) {
        self.inner().endpoints.insert(name, address);
    }

    /// Forgets an endpoint's name.
    pub(super) fn remove(&self, name: &str) {
        self.inner().endpoints.remove(name);
    }

    /// Returns, and forgets, the last name that got an address when that laptop asked for it.
    pub(crate) fn take_last(&self, laptop: Ipv4Addr) -> Option<Resolved> {
        self.inner().last.remove(&laptop.into())
    }

    /// Exactly one label before an endpoint's name is an address; nothing else is.
    fn resolve(&self, name: &str, laptop: IpAddr) -> Option<Ipv4Addr> {
        let name = name.to_ascii_lowercase();
        let (label, parent) = name.split_once('.')?;
        let mut inner = self.inner();
        let address = inner.endpoints.get(parent).copied().filter(|_| !label.is_empty())?;
        inner.last.insert(laptop, Resolved { name, address });
        Some(address)
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Answers questions until the supervisor ends.
pub(super) fn serve(socket: UdpSocket, names: Names) {
    tokio::spawn(async move {
        let mut question = [0; 1232];
        while let Ok((length, from)) = socket.recv_from(&mut question).await {
            if let Some(answer) = question.get(..length).and_then(|question| answer(question, from.ip(), &names)) {
                // A lost answer is asked for again.
                drop(socket.send_to(&answer, from).await);
            }
        }
    });
}

/// The answer to a question (RFC 1035), if it is one.
fn answer(question: &[u8], laptop: IpAddr, names: &Names) -> Option<Vec<u8>> {
    let packet = Packet::parse(question).ok().filter(|packet| !packet.has_flags(PacketFlag::RESPONSE))?;
    let mut reply = Packet::new_reply(packet.id());
    reply.set_flags(PacketFlag::AUTHORITATIVE_ANSWER | PacketFlag::RECURSION_AVAILABLE);
    for asked in &packet.questions {
        match names.resolve(&asked.qname.to_string(), laptop) {
            None => *reply.rcode_mut() = RCODE::NameError,
            // Another type of a name that exists is an answer without records.
            Some(address) if asked.qtype == QTYPE::TYPE(TYPE::A) => {
                let data = RData::A(A::from(address));
                reply.answers.push(ResourceRecord::new(asked.qname.clone(), CLASS::IN, TTL, data));
            }
            Some(_) => {}
        }
    }
    reply.questions = packet.questions;
    reply.build_bytes_vec().ok()
}

#[cfg(test)]
mod tests {
    use simple_dns::{Name, QCLASS, Question};

    use super::*;
    use crate::world::LAPTOP;

    const ENDPOINT: &str = "cvpn-endpoint-1.prod.clientvpn.eu-central-1.amazonaws.com";

    fn ask(name: &str, kind: TYPE) -> (RCODE, usize) {
        let names = Names::default();
        names.insert(ENDPOINT.to_owned(), Ipv4Addr::new(203, 0, 113, 10));
        let mut query = Packet::new_query(7);
        let name = Name::new(name).unwrap();
        query.questions.push(Question::new(name, QTYPE::TYPE(kind), QCLASS::CLASS(CLASS::IN), false));
        let answer = answer(&query.build_bytes_vec().unwrap(), LAPTOP.into(), &names).unwrap();
        let reply = Packet::parse(&answer).unwrap();
        (reply.rcode(), reply.answers.len())
    }

    #[test]
    fn any_label_before_the_name_is_the_endpoint() {
        assert_eq!(ask(&format!("ba55a8810508.{ENDPOINT}"), TYPE::A), (RCODE::NoError, 1));
        assert_eq!(ask(&format!("RANDOM.{}", ENDPOINT.to_uppercase()), TYPE::A), (RCODE::NoError, 1));
    }

    #[test]
    fn the_bare_name_does_not_exist() {
        assert_eq!(ask(ENDPOINT, TYPE::A), (RCODE::NameError, 0));
        assert_eq!(ask("example.com", TYPE::A), (RCODE::NameError, 0));
    }

    #[test]
    fn there_is_no_address_of_version_six() {
        assert_eq!(ask(&format!("ba55a8810508.{ENDPOINT}"), TYPE::AAAA), (RCODE::NoError, 0));
    }
}
