//! An ICMP echo (RFC 792): the `ping` that not every machine has installed.

use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::{Duration, Instant};

use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketType, ipproto, recv, sendto, socket};

const ECHO_REQUEST: u8 = 8;
const ECHO_REPLY: u8 = 0;
const IDENTIFIER: [u8; 2] = *b"lk";
/// The first packet through a new tunnel may be lost.
const TRIES: u8 = 3;
const PATIENCE: Duration = Duration::from_millis(500);

/// Whether a host answers. Blocks; for a thread that is in the right namespace.
pub(super) fn ping(host: Ipv4Addr) -> io::Result<bool> {
    let socket = socket(AddressFamily::INET, SocketType::RAW, Some(ipproto::ICMP))?;
    set_socket_timeout(&socket, Timeout::Recv, Some(PATIENCE))?;
    for sequence in 0..TRIES {
        if sendto(&socket, &request(sequence), SendFlags::empty(), &SocketAddrV4::new(host, 0)).is_err() {
            return Ok(false);
        }
        let deadline = Instant::now() + PATIENCE;
        let mut packet = [0; 1500];
        while Instant::now() < deadline {
            let Ok((_, length)) = recv(&socket, &mut packet, RecvFlags::empty()) else { break };
            if packet.get(..length).is_some_and(|packet| is_reply(packet, host)) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

fn request(sequence: u8) -> [u8; 16] {
    let mut packet = [0; 16];
    packet[0] = ECHO_REQUEST;
    packet[4..6].copy_from_slice(&IDENTIFIER);
    packet[7] = sequence;
    let sum = checksum(&packet);
    packet[2..4].copy_from_slice(&sum);
    packet
}

/// A raw socket gets the IP header too, and every ICMP packet of the namespace.
fn is_reply(packet: &[u8], host: Ipv4Addr) -> bool {
    let Some(header_length) = packet.first().map(|first| usize::from(first & 0x0f) * 4) else { return false };
    let source = packet.get(12..16);
    let icmp = packet.get(header_length..).unwrap_or_default();
    source == Some(&host.octets()[..]) && icmp.first() == Some(&ECHO_REPLY) && icmp.get(4..6) == Some(&IDENTIFIER[..])
}

/// RFC 1071: the ones' complement of the sum of all pairs of bytes.
fn checksum(packet: &[u8; 16]) -> [u8; 2] {
    let sum: u32 = packet.chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(pair[1])).sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    let [.., high, low] = folded.to_be_bytes();
    [!high, !low]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_over_a_request_with_its_checksum_is_all_ones() {
        let packet = request(3);
        assert_eq!(checksum(&packet), [0, 0]);
    }

    #[test]
    fn only_the_host_s_own_reply_counts() {
        let host = Ipv4Addr::new(10, 1, 1, 10);
        let mut packet = vec![0; 28];
        packet[0] = 0x45;
        packet[12..16].copy_from_slice(&host.octets());
        packet[24..26].copy_from_slice(&IDENTIFIER);
        assert!(is_reply(&packet, host));
        assert!(!is_reply(&packet, Ipv4Addr::new(10, 1, 2, 10)));
        packet[20] = ECHO_REQUEST;
        assert!(!is_reply(&packet, host));
        assert!(!is_reply(&[], host));
    }
}
