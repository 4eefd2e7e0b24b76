//! Addresses as logs write them: bare, with a port, in brackets, or a name instead.

use std::net::{IpAddr, SocketAddr};

use crate::event::Peer;
use crate::sources::interner::Interner;

/// Reads an address with or without a port: `192.0.2.7`, `192.0.2.7:443`, `[2001:db8::7]:443`, `2001:db8::7`.
pub fn address(text: &str) -> Option<(IpAddr, Option<u16>)> {
    let text = text.trim();
    if let Ok(ip) = text.parse::<IpAddr>() {
        return Some((ip.to_canonical(), None));
    }
    if let Ok(socket) = text.parse::<SocketAddr>() {
        return Some((socket.ip().to_canonical(), Some(socket.port())));
    }
    let inner = text.strip_prefix('[')?.strip_suffix(']')?;
    Some((inner.parse::<IpAddr>().ok()?.to_canonical(), None))
}

/// Reads the peer of a call; a text that is not an address is kept as its host.
pub fn peer(text: &str, interner: &mut Interner) -> Peer {
    match address(text) {
        Some((ip, port)) => Peer {
            ip: Some(ip),
            port,
            ..Peer::default()
        },
        None => Peer {
            host: Some(interner.untrusted(text)),
            ..Peer::default()
        },
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn ports_and_brackets_are_removed() {
        for (text, ip, port) in [
            ("192.0.2.7", "192.0.2.7", None),
            ("192.0.2.7:443", "192.0.2.7", Some(443)),
            ("2001:db8::7", "2001:db8::7", None),
            ("[2001:db8::7]", "2001:db8::7", None),
            ("[2001:db8::7]:443", "2001:db8::7", Some(443)),
            ("::ffff:192.0.2.7", "192.0.2.7", None),
        ] {
            assert_eq!(address(text), Some((ip.parse().unwrap(), port)), "{text}");
        }
        for text in ["", "s3.amazonaws.com", "1.2.3.4:x", "253.252.51.07x"] {
            assert_eq!(address(text), None, "{text}");
        }
    }
}
