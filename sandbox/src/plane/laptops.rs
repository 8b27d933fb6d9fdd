//! Laptops, on which clients run: one is always there, and more are set up when it is in use.

use std::io;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};

use super::hosts;
use super::namespace::Namespace;
use crate::world::{LAPTOP, LAPTOP_GATEWAY, PUBLIC_PREFIX};

/// There is no address for more.
const MOST: u8 = 250;

/// A machine with a page of its own and a way to the internet. One client at a time runs on it.
#[derive(Debug)]
pub(crate) struct Laptop {
    /// Counted from 0.
    pub(crate) number: u8,
    pub(crate) address: Ipv4Addr,
    pub(crate) namespace: Arc<Namespace>,
}

/// Those that nobody uses, and how many there are.
#[derive(Debug, Default)]
pub(super) struct Laptops(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    free: Vec<Laptop>,
    made: u8,
}

impl Laptops {
    /// One that nobody else uses, until [`Laptops::put_back`].
    pub(super) async fn take(&self, internet: &Namespace) -> io::Result<Laptop> {
        let number = {
            let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(laptop) = inner.free.pop() {
                return Ok(laptop);
            }
            if inner.made == MOST {
                return Err(io::Error::other("all laptops are in use"));
            }
            inner.made += 1;
            inner.made - 1
        };
        Laptop::new(number, internet).await
    }

    pub(super) fn put_back(&self, laptop: Laptop) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).free.push(laptop);
    }
}

impl Laptop {
    async fn new(number: u8, internet: &Namespace) -> io::Result<Self> {
        let namespace = Namespace::new().await?;
        let address = Ipv4Addr::from(u32::from(LAPTOP) + u32::from(number));
        let pid = namespace.pid();
        internet
            .ip(&format!(
                "link add laptop{number} type veth peer name eth0 netns {pid}\n\
                 link set laptop{number} master access up\n"
            ))
            .await?;
        namespace
            .ip(&format!(
                "link set lo up\n\
                 address add {address}/{PUBLIC_PREFIX} dev eth0\n\
                 link set eth0 up\n\
                 route add default via {LAPTOP_GATEWAY}\n"
            ))
            .await?;
        // On every address, so that another client can ask it.
        let everywhere = (Ipv4Addr::UNSPECIFIED, 80).into();
        hosts::serve(namespace.tcp_listener(everywhere).await?, &format!("the laptop {address}"));
        Ok(Self { number, address, namespace: Arc::new(namespace) })
    }
}
