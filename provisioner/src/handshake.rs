//! How far a handshake with an endpoint comes, from what the stock OpenVPN client says of it: pure.
//!
//! The client's words are those of OpenVPN 2.4 to 2.6 at `verb 3`. What it does not say is read from where it stopped:
//! an endpoint that does not accept a certificate over UDP says nothing at all.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use thiserror::Error;

/// Arguments of the client, which gets its profile on the standard input: no device, no address and no route are made
/// here, so that it needs no privileges and changes nothing; it tries once, and gives up by itself after `seconds`.
pub fn arguments(seconds: u64) -> Vec<String> {
    // What comes later counts, so that the profile changes nothing of this.
    let fixed = "--config stdin --dev null --ifconfig-noexec --route-noexec --script-security 1 --auth-nocache \
                 --auth-retry none --connect-retry-max 1 --verb 3";
    let seconds = seconds.to_string();
    let limits = ["--hand-window", &seconds, "--connect-timeout", &seconds];
    fixed.split_whitespace().chain(limits).map(str::to_owned).collect()
}

/// A handshake as far as it has come.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Handshake {
    stage: Stage,
    /// Protocol and cipher of the control channel, such as `TLSv1.3 TLS_AES_256_GCM_SHA384`.
    pub cipher: Option<String>,
    /// Address and port that answered.
    pub server: Option<String>,
    /// Subject of the server's certificate.
    pub subject: Option<String>,
    /// The client's address in the tunnel.
    pub address: Option<Ipv4Addr>,
    /// What the endpoint sends into the tunnel.
    pub routes: Vec<Ipv4Net>,
    /// Whether it sends everything.
    pub takes_all: bool,
    last_words: String,
}

/// What has happened last.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Debug)]
enum Stage {
    /// The client has begun.
    #[default]
    Begun,
    /// The name has an address, to which the first packet is on its way.
    Sent,
    /// The endpoint has answered.
    Answered,
    /// Its certificate is the one that the profile wants.
    Recognized,
    /// It has accepted the client's certificate.
    Accepted,
    /// It has given the client an address.
    Configured,
}

/// Why nobody gets in.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum Obstruction {
    /// DNS.
    #[error("the endpoint's name does not resolve")]
    Name,
    /// Nothing came back.
    #[error("the endpoint does not answer at {server}")]
    Silence {
        /// Address and port.
        server: String,
    },
    /// The server's certificate.
    #[error("the endpoint shows a certificate that profiles do not accept ({said})")]
    Server {
        /// What the client said.
        said: String,
    },
    /// The client's certificate, or all of them.
    #[error("the endpoint does not accept a certificate that was issued a moment ago")]
    Client,
    /// Name and password, or single sign-on.
    #[error("the endpoint asks for a second factor beside the certificate, which a probe does not have")]
    SecondFactor,
    /// The endpoint gives nothing.
    #[error("the endpoint accepts the certificate but gives the client no address")]
    NoAddress,
    /// Anything else.
    #[error("the client ended: {said}")]
    Other {
        /// Its last words.
        said: String,
    },
}

impl Obstruction {
    /// What to do about it.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Name => {
                "a new endpoint's name takes minutes; otherwise look whether this network's DNS answers for AWS names, \
                 and whether a subnet is associated (`latchkey status`)"
            }
            Self::Silence { .. } => {
                "look whether a subnet is associated (`latchkey status`), and whether this network lets the endpoint's \
                 port and transport through; `transport = \"tcp\"` goes where UDP is dropped"
            }
            Self::Server { .. } => {
                "the server certificate has expired or is of another CA than the client configuration names: look at \
                 `latchkey status`, then run `latchkey rotate` or `latchkey provision`; after a renewal AWS takes up to 5 hours"
            }
            Self::Client => {
                "nobody can connect while that is so: the CRL may have expired or be of another CA, or the endpoint \
                 may trust another client anchor; `latchkey status` compares both with the ledger, `latchkey provision` \
                 puts them right"
            }
            Self::SecondFactor => "the certificates are in order as far as it can be seen; try it with a user's client",
            Self::NoAddress => "all addresses of `client_cidr` may be in use: see `latchkey connections`",
            Self::Other { .. } => "run it again; `openvpn` 2.4 or newer is needed",
        }
    }
}

impl Handshake {
    /// Takes note of a line of the client.
    ///
    /// # Errors
    /// Where the line says that nothing will come of it.
    pub fn read(&mut self, line: &str) -> Result<(), Obstruction> {
        let line = line.trim();
        if !line.is_empty() {
            line.clone_into(&mut self.last_words);
        }
        if let Some(obstruction) = obstruction(line) {
            return Err(obstruction);
        }
        if let Some((_, server)) = line.split_once("link remote: ") {
            self.server = Some(without_family(server));
            self.reach(Stage::Sent);
        } else if line.contains("TLS: Initial packet from ") {
            self.reach(Stage::Answered);
        } else if let Some((_, subject)) = line.split_once("VERIFY OK: depth=0, ") {
            self.subject = Some(subject.to_owned());
            self.reach(Stage::Recognized);
        } else if let Some((_, control)) = line.split_once("Control Channel: ") {
            self.cipher = cipher(control);
        } else if line.contains("Peer Connection Initiated with ") {
            self.server = line.split_once("with ").map(|(_, server)| without_family(server));
            // Under TLS 1.3 the client has finished before the server has looked at its certificate: what shows that it
            // was accepted is the answer to the request for options.
            self.reach(Stage::Recognized);
        } else if let Some((_, options)) = line.split_once("'PUSH_REPLY") {
            self.reach(Stage::Accepted);
            for option in options.trim_end_matches('\'').split(',') {
                self.take_option(option);
            }
        }
        Ok(())
    }

    /// Whether the client has everything that it needs.
    pub fn is_complete(&self) -> bool {
        self.stage == Stage::Configured
    }

    /// What is to be made of it that the client says nothing more.
    pub fn stalled(&self) -> Obstruction {
        match self.stage {
            Stage::Begun => Obstruction::Other { said: self.last_words.clone() },
            Stage::Sent => Obstruction::Silence { server: self.server.clone().unwrap_or_default() },
            // A server certificate that is not accepted is a line of its own; so the silence is the endpoint's.
            Stage::Answered | Stage::Recognized => Obstruction::Client,
            Stage::Accepted | Stage::Configured => Obstruction::NoAddress,
        }
    }

    fn reach(&mut self, stage: Stage) {
        self.stage = self.stage.max(stage);
    }

    fn take_option(&mut self, option: &str) {
        let words: Vec<&str> = option.split_whitespace().collect();
        match words.as_slice() {
            ["ifconfig", address, ..] => {
                self.address = address.parse().ok();
                self.reach(Stage::Configured);
            }
            // A route without a mask is one to a host.
            ["route", network, rest @ ..] => {
                let mask = rest.first().unwrap_or(&"255.255.255.255");
                let network = network.parse().ok().zip(mask.parse().ok());
                self.routes.extend(network.and_then(|(network, mask)| Ipv4Net::with_netmask(network, mask).ok()));
            }
            ["redirect-gateway", ..] => self.takes_all = true,
            ["ifconfig-ipv6", ..] => self.reach(Stage::Configured),
            _ => {}
        }
    }
}

fn obstruction(line: &str) -> Option<Obstruction> {
    let said = |from: &str| line.split_once(from).map(|(_, rest)| format!("{from}{rest}"));
    if line.contains("RESOLVE: Cannot resolve host address") {
        return Some(Obstruction::Name);
    }
    if line.contains("AUTH_FAILED") || line.contains("Enter Auth Username") || line.contains("auth-federate") {
        return Some(Obstruction::SecondFactor);
    }
    // Of what the endpoint pushes, a client passes over what it does not know.
    if line.contains("Options error:") && !line.contains("[PUSH-OPTIONS]") {
        return said("Options error:").map(|said| Obstruction::Other { said });
    }
    ["VERIFY ERROR", "VERIFY KU ERROR", "VERIFY EKU ERROR", "VERIFY X509NAME ERROR"]
        .into_iter()
        .find_map(said)
        .map(|said| Obstruction::Server { said })
}

/// `[AF_INET]203.0.113.10:443`
fn without_family(address: &str) -> String {
    address.split_once(']').map_or(address, |(_, address)| address).trim().to_owned()
}

/// `TLSv1.3, cipher TLSv1.3 TLS_AES_256_GCM_SHA384, peer certificate: …`
fn cipher(control: &str) -> Option<String> {
    let (_, after) = control.split_once("cipher ")?;
    Some(after.split(',').next().unwrap_or(after).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handshake_that_succeeds_is_followed_to_its_end() {
        let handshake = after(GOOD).unwrap();
        assert!(handshake.is_complete());
        assert_eq!(handshake.server.as_deref(), Some("203.0.113.10:443"));
        assert_eq!(handshake.subject.as_deref(), Some("CN=vpn.example.com"));
        assert_eq!(handshake.cipher.as_deref(), Some("TLSv1.3 TLS_AES_256_GCM_SHA384"));
        assert_eq!(handshake.address, Some(Ipv4Addr::new(10, 88, 0, 2)));
        assert_eq!(handshake.routes, ["10.1.0.0/16".parse().unwrap(), "192.168.0.7/32".parse().unwrap()]);
        assert!(!handshake.takes_all);
    }

    #[test]
    fn where_it_stops_says_why() {
        let stalled = |lines: usize| {
            let begin: Vec<&str> = GOOD.lines().take(lines).collect();
            after(&begin.join("\n")).unwrap().stalled()
        };
        assert!(matches!(stalled(1), Obstruction::Other { said } if said.contains("OpenVPN 2.6.14")));
        assert_eq!(stalled(2), Obstruction::Silence { server: "203.0.113.10:443".to_owned() });
        for lines in 3..=6 {
            assert_eq!(stalled(lines), Obstruction::Client, "{lines}");
        }
        let unaddressed = GOOD.replace("ifconfig 10.88.0.2 255.255.0.0,", "");
        assert_eq!(after(&unaddressed).unwrap().stalled(), Obstruction::NoAddress);
    }

    #[test]
    fn what_the_client_refuses_is_known_at_once() {
        for (line, expected) in [
            ("RESOLVE: Cannot resolve host address: x.example:443 (Name or service not known)", Obstruction::Name),
            (
                "VERIFY ERROR: depth=1, error=self-signed certificate in certificate chain: CN=x",
                Obstruction::Server {
                    said: "VERIFY ERROR: depth=1, error=self-signed certificate in certificate chain: CN=x".to_owned(),
                },
            ),
            ("AUTH: Received control message: AUTH_FAILED", Obstruction::SecondFactor),
            (
                "Options error: Unrecognized option or missing or extra parameter(s) in [CMD-LINE]:1: bogus",
                Obstruction::Other {
                    said: "Options error: Unrecognized option or missing or extra parameter(s) in [CMD-LINE]:1: bogus"
                        .to_owned(),
                },
            ),
        ] {
            assert_eq!(after(&format!("2026-11-25 16:26:56 {line}")), Err(expected));
        }
        let pushed =
            "Options error: Unrecognized option or missing or extra parameter(s) in [PUSH-OPTIONS]:2: x (2.6.14)";
        assert!(after(pushed).is_ok());
    }

    #[test]
    fn everything_through_the_tunnel_is_told_from_split_tunnel() {
        let handshake =
            after("PUSH: Received control message: 'PUSH_REPLY,redirect-gateway def1,ifconfig 10.8.0.2 255.0.0.0'");
        assert!(handshake.unwrap().takes_all);
    }

    fn after(text: &str) -> Result<Handshake, Obstruction> {
        let mut handshake = Handshake::default();
        text.lines().try_for_each(|line| handshake.read(line)).map(|()| handshake)
    }

    const GOOD: &str = "\
2026-11-25 16:26:56 OpenVPN 2.6.14 x86_64-pc-linux-gnu [SSL (OpenSSL)]
2026-11-25 16:26:56 UDPv4 link remote: [AF_INET]203.0.113.10:443
2026-11-25 16:26:56 TLS: Initial packet from [AF_INET]203.0.113.10:443, sid=94f5b275 9ecbc08b
2026-11-25 16:26:56 VERIFY OK: depth=0, CN=vpn.example.com
2026-11-25 16:26:56 Control Channel: TLSv1.3, cipher TLSv1.3 TLS_AES_256_GCM_SHA384, peer certificate: 2048 bits RSA
2026-11-25 16:26:56 [vpn.example.com] Peer Connection Initiated with [AF_INET]203.0.113.10:443
2026-11-25 16:26:56 PUSH: Received control message: 'PUSH_REPLY,route 10.1.0.0 255.255.0.0,route 192.168.0.7,ifconfig 10.88.0.2 255.255.0.0,peer-id 0'
";
}
