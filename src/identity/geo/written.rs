//! A writer of small databases for tests, after the MaxMind DB File Format Specification, version 2.0.
#![allow(clippy::unwrap_used)]

use ipnet::IpNet;

/// A value of a database.
#[derive(Debug, Clone, Copy)]
pub enum MmdbValue {
    /// A map.
    Map(&'static [(&'static str, MmdbValue)]),
    /// A text.
    Text(&'static str),
    /// An unsigned number of 32 bits.
    Number(u32),
}

const TEXT: u8 = 2;
const UINT16: u8 = 5;
const UINT32: u8 = 6;
const MAP: u8 = 7;
const UINT64: u8 = 9;
const ARRAY: u8 = 11;

/// Bytes between the search tree and the data.
const SEPARATOR: usize = 16;

/// Writes the control bytes of a value; sizes from 29 on need a byte of their own.
fn control(out: &mut Vec<u8>, kind: u8, size: usize) {
    let short = size.min(29) as u8;
    // Types from 8 on do not fit into three bits.
    if kind < 8 {
        out.push(kind << 5 | short);
    } else {
        out.extend([short, kind - 7]);
    }
    if size >= 29 {
        out.push(u8::try_from(size - 29).unwrap());
    }
}

fn text(out: &mut Vec<u8>, text: &str) {
    control(out, TEXT, text.len());
    out.extend(text.as_bytes());
}

fn number(out: &mut Vec<u8>, kind: u8, number: u32) {
    let bytes = number.to_be_bytes();
    let short = &bytes[number.leading_zeros() as usize / 8..];
    control(out, kind, short.len());
    out.extend(short);
}

fn write(out: &mut Vec<u8>, datum: &MmdbValue) {
    match datum {
        MmdbValue::Text(value) => text(out, value),
        MmdbValue::Number(value) => number(out, UINT32, *value),
        MmdbValue::Map(members) => {
            control(out, MAP, members.len());
            for (name, value) in *members {
                text(out, name);
                write(out, value);
            }
        }
    }
}

#[derive(Clone, Copy)]
enum Leaf {
    Nothing,
    Node(usize),
    Data(usize),
}

/// Writes a database of disjoint networks; IPv4 is at `::/96`, as in all such databases.
pub fn database(kind: &str, entries: &[(&str, MmdbValue)]) -> Vec<u8> {
    let mut nodes = vec![[Leaf::Nothing; 2]];
    let mut data = Vec::new();
    for (network, datum) in entries {
        let (bits, len) = match network.parse().unwrap() {
            IpNet::V4(n) => (u128::from(n.network().to_bits()), 96 + n.prefix_len()),
            IpNet::V6(n) => (n.network().to_bits(), n.prefix_len()),
        };
        let side = |depth: u8| (bits >> (127 - depth) & 1) as usize;
        let mut at = 0;
        for depth in 0..len - 1 {
            at = match nodes[at][side(depth)] {
                Leaf::Node(next) => next,
                _ => {
                    nodes.push([Leaf::Nothing; 2]);
                    let next = nodes.len() - 1;
                    nodes[at][side(depth)] = Leaf::Node(next);
                    next
                }
            };
        }
        nodes[at][side(len - 1)] = Leaf::Data(data.len());
        write(&mut data, datum);
    }
    let mut out = Vec::new();
    for leaf in nodes.as_flattened() {
        let record = match *leaf {
            Leaf::Nothing => nodes.len(),
            Leaf::Node(at) => at,
            Leaf::Data(at) => nodes.len() + SEPARATOR + at,
        };
        out.extend(&u32::try_from(record).unwrap().to_be_bytes()[1..]);
    }
    out.extend([0; SEPARATOR]);
    out.extend(data);
    out.extend(b"\xab\xcd\xefMaxMind.com");
    control(&mut out, MAP, 9);
    for (name, value, of) in [
        ("node_count", nodes.len() as u32, UINT32),
        ("record_size", 24, UINT16),
        ("ip_version", 6, UINT16),
        ("binary_format_major_version", 2, UINT16),
        ("binary_format_minor_version", 0, UINT16),
        ("build_epoch", 1_773_634_269, UINT64),
    ] {
        text(&mut out, name);
        number(&mut out, of, value);
    }
    text(&mut out, "database_type");
    text(&mut out, kind);
    text(&mut out, "languages");
    control(&mut out, ARRAY, 1);
    text(&mut out, "en");
    text(&mut out, "description");
    control(&mut out, MAP, 1);
    text(&mut out, "en");
    text(&mut out, "made for a test");
    out
}
