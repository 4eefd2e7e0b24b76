//! Who is connected.

use std::net::IpAddr;

/// The address of a client.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub IpAddr);
