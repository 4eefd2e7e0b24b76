//! Who is connected.

use std::net::{IpAddr, SocketAddr};

/// The address of a client.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub IpAddr);

impl Peer {
    /// Returns who connects from a place. A client of IPv4 has its address of IPv4, also where it is taken for one of IPv6.
    pub fn at(place: SocketAddr) -> Self {
        Self(place.ip().to_canonical())
    }
}
