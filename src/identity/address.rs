//! What an address is to us: internal, the provider's own infrastructure, or external.
//!
//! Configured networks come first, then the special texts that appear in place of an address, then the ranges with a fixed
//! meaning; every other address is external. An address that a provider rents out is external: its user may be anyone.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::config::Config;
use crate::event::{AddressClass, Peer};

/// Prefix length of an IPv4 network, as a trait stores it.
const NETWORK_BITS_V4: u8 = 16;
/// Prefix length of an IPv6 network, as a trait stores it: the usual size for one site (RFC 6177).
const NETWORK_BITS_V6: u8 = 48;

/// Azure's platform address: DHCP, DNS and health probes of every virtual network.
const AZURE_PLATFORM: Ipv4Addr = Ipv4Addr::new(168, 63, 129, 16);

/// Google's private API addresses, health checks and identity-aware proxy, as (first address, prefix length).
const GOOGLE_INTERNAL: [(Ipv4Addr, u32); 5] = [
    (Ipv4Addr::new(199, 36, 153, 4), 30),
    (Ipv4Addr::new(199, 36, 153, 8), 30),
    (Ipv4Addr::new(35, 191, 0, 0), 16),
    (Ipv4Addr::new(130, 211, 0, 0), 22),
    (Ipv4Addr::new(35, 235, 240, 0), 20),
];

/// The configured networks, ready for one look-up per event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Networks {
    /// First and last addresses, ascending, disjoint.
    v4: Vec<(u32, u32)>,
    v6: Vec<(u128, u128)>,
}

impl Networks {
    /// Takes the internal networks of a configuration.
    pub fn of(config: &Config) -> Self {
        Self::new(&config.internal)
    }

    /// Adds networks that are ours.
    pub fn new(networks: &[IpNet]) -> Self {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for network in networks {
            match network {
                IpNet::V4(n) => v4.push((n.network().to_bits(), n.broadcast().to_bits())),
                IpNet::V6(n) => v6.push((n.network().to_bits(), n.broadcast().to_bits())),
            }
        }
        Self {
            v4: merged(v4),
            v6: merged(v6),
        }
    }

    /// Returns what an address is to us.
    pub fn classify(&self, address: IpAddr) -> AddressClass {
        match unwrap(address) {
            IpAddr::V4(ip) if holds(&self.v4, ip.to_bits()) => AddressClass::Internal,
            IpAddr::V6(ip) if holds(&self.v6, ip.to_bits()) => AddressClass::Internal,
            IpAddr::V4(ip) => classify_v4(ip),
            IpAddr::V6(ip) => classify_v6(ip),
        }
    }

    /// Returns what the peer of a call is to us, by its address or by the text in its place.
    pub fn classify_peer(&self, peer: &Peer) -> AddressClass {
        match (peer.ip, &peer.host) {
            (Some(ip), _) => self.classify(ip),
            (None, Some(host)) => self.classify_host(host.raw()),
            (None, None) => AddressClass::Unknown,
        }
    }

    /// Returns what a text in place of an address is to us.
    pub fn classify_host(&self, host: &str) -> AddressClass {
        let host = host.trim();
        match host.parse() {
            Ok(address) => self.classify(address),
            Err(_) => classify_special(host),
        }
    }
}

fn merged<T: Ord + Copy>(mut ranges: Vec<(T, T)>) -> Vec<(T, T)> {
    ranges.sort_unstable();
    let mut merged: Vec<(T, T)> = Vec::with_capacity(ranges.len());
    for (first, last) in ranges {
        match merged.last_mut() {
            Some(before) if first <= before.1 => before.1 = before.1.max(last),
            _ => merged.push((first, last)),
        }
    }
    merged
}

fn holds<T: Ord + Copy>(ranges: &[(T, T)], address: T) -> bool {
    let after = ranges.partition_point(|(first, _)| *first <= address);
    after > 0 && address <= ranges[after - 1].1
}

/// Returns the IPv4 address that an IPv6 address wraps: `::ffff:a.b.c.d` (RFC 4291) and `64:ff9b::/96` (RFC 6052). Any
/// other address is returned unchanged.
pub fn unwrap(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else {
        return address;
    };
    match v6.segments() {
        [0, 0, 0, 0, 0, 0xffff, _, _] | [0x64, 0xff9b, 0, 0, 0, 0, _, _] => {
            IpAddr::V4(Ipv4Addr::from_bits(v6.to_bits() as u32))
        }
        _ => address,
    }
}

fn classify_v4(ip: Ipv4Addr) -> AddressClass {
    let [a, b, ..] = ip.octets();
    match (a, b) {
        (10 | 127, _) | (172, 16..=31) | (192, 168) | (169, 254) | (100, 64..=127) => {
            AddressClass::Internal
        }
        (0 | 224.., _) => AddressClass::Unknown,
        _ if is_provider_machinery(ip) => AddressClass::CloudInternal,
        _ => AddressClass::External,
    }
}

fn is_provider_machinery(ip: Ipv4Addr) -> bool {
    let within =
        |(first, length): &(Ipv4Addr, u32)| (ip.to_bits() ^ first.to_bits()) >> (32 - length) == 0;
    ip == AZURE_PLATFORM || GOOGLE_INTERNAL.iter().any(within)
}

fn classify_v6(ip: Ipv6Addr) -> AddressClass {
    if ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local() {
        AddressClass::Internal
    } else if ip.is_unspecified() || ip.is_multicast() {
        AddressClass::Unknown
    } else {
        AddressClass::External
    }
}

/// Providers write these in place of an address of their own infrastructure.
fn classify_special(host: &str) -> AddressClass {
    let host = host.to_ascii_lowercase();
    let ends = |suffixes: &[&str]| suffixes.iter().any(|suffix| host.ends_with(suffix));
    match host.as_str() {
        "gce-internal-ip" | "gcp-internal-ip" => AddressClass::Internal,
        "private" => AddressClass::CloudInternal,
        _ if host.starts_with("aws internal") || host.starts_with("azureinternal") => {
            AddressClass::CloudInternal
        }
        // Public names of instances, which anyone can rent.
        _ if ends(&[".compute.amazonaws.com", ".compute-1.amazonaws.com"]) => {
            AddressClass::External
        }
        _ if ends(&[".amazonaws.com", ".aws.internal", ".amazon.com"]) => {
            AddressClass::CloudInternal
        }
        _ => AddressClass::Unknown,
    }
}

/// Returns the network that a trait stores for an address: its /16, or its /48 in IPv6.
pub fn network_of(address: IpAddr) -> IpNet {
    match unwrap(address) {
        IpAddr::V4(ip) => IpNet::V4(Ipv4Net::new_assert(ip, NETWORK_BITS_V4).trunc()),
        IpAddr::V6(ip) => IpNet::V6(Ipv6Net::new_assert(ip, NETWORK_BITS_V6).trunc()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::event::Untrusted;

    fn networks() -> Networks {
        let ours = [
            "203.0.113.0/24",
            "203.0.112.0/23",
            "2001:db8:7::/48",
            "224.1.0.0/16",
        ];
        Networks::new(&ours.map(|text| text.parse().unwrap()))
    }

    #[test]
    fn addresses_have_a_class() {
        let classes = [
            (
                AddressClass::Internal,
                "10.1.2.3 172.16.0.1 172.31.255.255 192.168.1.1 100.64.0.1 100.127.255.255 127.0.0.1",
            ),
            (
                AddressClass::Internal,
                "169.254.169.254 fd00:ec2::254 fe80::1 ::1 gce-internal-ip ::ffff:10.0.0.1",
            ),
            (
                AddressClass::Internal,
                "203.0.113.9 203.0.112.0 2001:db8:7:1::1 64:ff9b::203.0.113.1 224.1.2.3",
            ),
            (
                AddressClass::External,
                "203.0.114.0 203.0.111.255 198.51.100.7 192.0.2.1 198.18.0.1 2001:db8:8::1 8.8.8.8",
            ),
            (
                AddressClass::External,
                "172.32.0.1 172.15.0.1 100.128.0.1 100.63.0.1 192.169.0.1 ::ffff:8.8.8.8",
            ),
            (
                AddressClass::External,
                "199.36.153.3 199.36.153.12 35.192.0.0 130.211.4.0 64:ff9b::8.8.8.8",
            ),
            (
                AddressClass::External,
                "ec2-198-51-100-7.eu-west-1.compute.amazonaws.com",
            ),
            (
                AddressClass::CloudInternal,
                "rds.amazonaws.com S3.AMAZONAWS.COM private 168.63.129.16 x.aws.internal",
            ),
            (
                AddressClass::CloudInternal,
                "199.36.153.4 199.36.153.11 35.191.1.1 130.211.3.255 35.235.240.1",
            ),
            (
                AddressClass::Unknown,
                "0.0.0.0 :: 224.0.0.1 255.255.255.255 ff02::1 - example.com amazonaws.com.evil.example",
            ),
        ];
        for (class, hosts) in classes {
            for host in hosts.split(' ') {
                assert_eq!(networks().classify_host(host), class, "{host}");
            }
        }
        assert_eq!(
            networks().classify_host("AWS Internal/3"),
            AddressClass::CloudInternal
        );
        let peer = |host: Option<&str>| Peer {
            host: host.map(Untrusted::new),
            ..Peer::default()
        };
        assert_eq!(
            networks().classify_peer(&peer(Some("AWS Internal"))),
            AddressClass::CloudInternal
        );
        assert_eq!(networks().classify_peer(&peer(None)), AddressClass::Unknown);
    }

    #[test]
    fn networks_are_prefixes() {
        for (address, network) in [
            ("203.0.113.9", "203.0.0.0/16"),
            ("::ffff:203.0.113.9", "203.0.0.0/16"),
            ("2001:db8:7:1::1", "2001:db8:7::/48"),
        ] {
            assert_eq!(network_of(address.parse().unwrap()).to_string(), network);
        }
    }
}
