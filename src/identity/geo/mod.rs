//! The location and the network of an address, from databases in MaxMind's format.
//!
//! What a record itself states comes first, then the databases in the configured order. Makers of such databases name the
//! same things differently; the names of MaxMind, DB-IP and IPinfo are known.

use std::cell::RefCell;
use std::fs;
use std::net::IpAddr;
use std::path::Path;

use maxminddb::{LookupResult, PathElement, Reader};
use rustc_hash::FxHashMap;

use crate::document::{Faults, Word};
use crate::error::Result;
use crate::event::{Event, Peer, Untrusted};
use crate::identity::address::unwrap;
use crate::vocab::Str;

/// The most addresses in the cache; when it is full, it is emptied.
const ADDRESSES_MAX: usize = 65_536;

/// The names of a country's code, a city and an autonomous system in databases, from the outermost key on.
const COUNTRY: [&[&str]; 3] = [&["country", "iso_code"], &["country_code"], &["country"]];
const CITY: [&[&str]; 2] = [&["city", "names", "en"], &["city"]];
const SYSTEM: [&[&str]; 3] = [
    &["autonomous_system_number"],
    &["traits", "autonomous_system_number"],
    &["asn"],
];

/// The open geographic databases of a configuration.
#[derive(Debug, Default)]
pub struct Databases {
    databases: Vec<(Word, Reader<Vec<u8>>)>,
}

impl Databases {
    /// Opens databases. A relative path starts at the folder of the file that names it.
    ///
    /// # Errors
    ///
    /// A usage error that lists every missing or unreadable database, with the line that names it.
    pub fn open(words: &[Word]) -> Result<Self> {
        let mut faults = Faults::default();
        let mut databases = Vec::with_capacity(words.len());
        for word in words {
            match open(word) {
                Ok(reader) => databases.push((word.clone(), reader)),
                Err(why) => faults.add(&word.place, unusable(word, &why)),
            }
        }
        faults.finish("[network] geoip")?;
        Ok(Self { databases })
    }

    /// Reads every entry of every database, which takes seconds for a large one.
    ///
    /// # Errors
    ///
    /// A usage error that lists every damaged file.
    pub fn verify(&self) -> Result<()> {
        let mut faults = Faults::default();
        for (word, reader) in &self.databases {
            if let Err(why) = reader.verify() {
                faults.add(&word.place, unusable(word, &why.to_string()));
            }
        }
        faults.finish("[network] geoip")
    }

    /// Returns the types of the databases, as in `GeoLite2-City`, without their dates.
    pub fn kinds(&self) -> impl Iterator<Item = &str> {
        self.databases
            .iter()
            .map(|(_, reader)| &*reader.metadata().database_type)
    }

    /// Returns whether there is none.
    pub fn is_empty(&self) -> bool {
        self.databases.is_empty()
    }

    fn find(&self, address: IpAddr) -> GeoRecord {
        let mut found = GeoRecord::default();
        for (_, reader) in &self.databases {
            // A database of IPv4 contains no other addresses, and a damaged entry gives no result.
            let Ok(entry) = reader.lookup(address) else {
                continue;
            };
            if entry.has_data() {
                found.country = found.country.or_else(|| country(&entry));
                found.city = found.city.or_else(|| city(&entry));
                found.asn = found.asn.or_else(|| system(&entry));
            }
        }
        found
    }
}

fn open(word: &Word) -> std::result::Result<Reader<Vec<u8>>, String> {
    let folder = Path::new(&*word.place.file).parent();
    let path = folder.unwrap_or(Path::new("")).join(&*word.text);
    let bytes = fs::read(path).map_err(|error| error.to_string())?;
    Reader::from_source(bytes).map_err(|error| error.to_string())
}

fn unusable(word: &Word, why: &str) -> String {
    format!("geoip: `{}` is no usable database: {why}", word.text)
}

/// What the databases contain about an address.
#[derive(Debug, Clone, Default)]
struct GeoRecord {
    country: Option<Str>,
    city: Option<Untrusted>,
    asn: Option<u32>,
}

type Entry<'a> = LookupResult<'a, Vec<u8>>;

/// Returns the first text or number at one of these places.
fn at<'a, T: serde::Deserialize<'a>>(entry: &Entry<'a>, places: &[&[&str]]) -> Option<T> {
    places.iter().find_map(|place| {
        let place: Vec<_> = place.iter().map(|name| PathElement::Key(name)).collect();
        entry.decode_path(&place).ok().flatten()
    })
}

fn country(entry: &Entry<'_>) -> Option<Str> {
    let code: &str = at(entry, &COUNTRY)?;
    let is_code = code.len() == 2 && code.bytes().all(|b| b.is_ascii_alphabetic());
    is_code.then(|| code.to_ascii_uppercase().into())
}

fn city(entry: &Entry<'_>) -> Option<Untrusted> {
    let name: &str = at(entry, &CITY)?;
    (!name.is_empty()).then(|| Untrusted::new(name))
}

fn system(entry: &Entry<'_>) -> Option<u32> {
    let number = at::<u32>(entry, &SYSTEM).or_else(|| {
        let text: &str = at(entry, &SYSTEM)?;
        text.trim_start_matches("AS").parse().ok()
    });
    number.filter(|number| *number > 0)
}

/// Databases with a cache of the addresses looked up last.
#[derive(Debug)]
pub struct Locator<'a> {
    databases: &'a Databases,
    known: RefCell<FxHashMap<IpAddr, GeoRecord>>,
}

impl<'a> Locator<'a> {
    /// Takes databases.
    pub fn new(databases: &'a Databases) -> Self {
        Self {
            databases,
            known: RefCell::default(),
        }
    }

    /// Adds the databases' data about the caller of an event, where the record does not state it. Flows have no caller.
    pub fn locate(&self, event: &mut Event) {
        let Some(address) = event.peer.ip.filter(|_| !self.databases.is_empty()) else {
            return;
        };
        let peer = &mut event.peer;
        let is_stated = peer.country.is_some() && peer.city.is_some() && peer.asn.is_some();
        if is_stated || event.source.is_flow() {
            return;
        }
        let mut known = self.known.borrow_mut();
        let address = unwrap(address);
        if let Some(found) = known.get(&address) {
            return fill(peer, found);
        }
        if known.len() >= ADDRESSES_MAX {
            known.clear();
        }
        let found = self.databases.find(address);
        fill(peer, &found);
        known.insert(address, found);
    }
}

fn fill(peer: &mut Peer, found: &GeoRecord) {
    // A city in another country cannot belong to this address.
    let agrees = peer.country.is_none() || peer.country == found.country;
    peer.country = peer.country.take().or_else(|| found.country.clone());
    peer.city = peer
        .city
        .take()
        .or_else(|| found.city.clone().filter(|_| agrees));
    peer.asn = peer.asn.or(found.asn);
}

#[cfg(test)]
pub mod written;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::written::{MmdbValue, database};
    use super::*;
    use crate::document::Place;
    use crate::event::{Provider, Source};
    use crate::time::Time;

    fn word(file: &Path, line: usize, name: &str) -> Word {
        Word {
            text: name.into(),
            place: Place {
                file: file.display().to_string().into(),
                line,
            },
        }
    }

    /// Two databases in a folder, with the layouts of different makers, and the configuration that names them.
    fn folder() -> (tempfile::TempDir, Vec<Word>) {
        use MmdbValue::{Map, Number, Text};
        let folder = tempfile::tempdir().unwrap();
        let city = database(
            "Example-City",
            &[
                (
                    "198.51.100.0/24",
                    Map(&[
                        ("country", Map(&[("iso_code", Text("NL"))])),
                        ("city", Map(&[("names", Map(&[("en", Text("Delft"))]))])),
                    ]),
                ),
                (
                    "203.0.113.0/24",
                    Map(&[("country", Map(&[("iso_code", Text("??"))]))]),
                ),
                ("2001:db8::/32", Map(&[("country_code", Text("de"))])),
            ],
        );
        let asn = database(
            "Example-ASN",
            &[
                (
                    "198.51.100.0/25",
                    Map(&[("autonomous_system_number", Number(64_500))]),
                ),
                (
                    "203.0.113.0/24",
                    Map(&[
                        ("asn", Text("AS64501")),
                        ("country", Text("FR")),
                        ("city", Text("Lyon")),
                    ]),
                ),
                ("192.0.2.0/24", Map(&[("asn", Number(0))])),
            ],
        );
        fs::write(folder.path().join("city.mmdb"), city).unwrap();
        fs::write(folder.path().join("asn.mmdb"), asn).unwrap();
        let config = folder.path().join("plimsoll.toml");
        let words = vec![word(&config, 2, "city.mmdb"), word(&config, 3, "asn.mmdb")];
        (folder, words)
    }

    fn event(address: &str) -> Event {
        let mut event = Event::new(
            Time::from_nanos(0),
            "a".into(),
            Provider::Gcp,
            Source::GcpAudit,
        );
        event.peer.ip = Some(address.parse().unwrap());
        event
    }

    fn said(event: &Event) -> String {
        let peer = &event.peer;
        let asn = peer.asn.map(|n| n.to_string());
        let texts = [
            peer.country.as_deref(),
            peer.city.as_ref().map(Untrusted::raw),
            asn.as_deref(),
        ];
        texts.map(|text| text.unwrap_or("-")).join(" ")
    }

    #[test]
    fn addresses_are_found_in_databases_of_every_maker() {
        let (_folder, words) = folder();
        let databases = Databases::open(&words).unwrap();
        databases.verify().unwrap();
        assert_eq!(
            databases.kinds().collect::<Vec<_>>(),
            ["Example-City", "Example-ASN"]
        );
        let locator = Locator::new(&databases);
        for _ in 0..2 {
            for (address, expected) in [
                ("198.51.100.7", "NL Delft 64500"),
                ("::ffff:198.51.100.7", "NL Delft 64500"),
                ("198.51.100.200", "NL Delft -"),
                ("203.0.113.9", "FR Lyon 64501"),
                ("2001:db8::9", "DE - -"),
                ("192.0.2.1", "- - -"),
                ("10.0.0.1", "- - -"),
            ] {
                let mut event = event(address);
                locator.locate(&mut event);
                assert_eq!(said(&event), expected, "{address}");
            }
        }
    }

    #[test]
    fn what_the_record_states_stays() {
        let (_folder, words) = folder();
        let databases = Databases::open(&words).unwrap();
        let locator = Locator::new(&databases);
        let mut stated = event("198.51.100.7");
        stated.peer.country = Some("BE".into());
        locator.locate(&mut stated);
        assert_eq!(said(&stated), "BE - 64500");
        let mut flow = event("198.51.100.7");
        flow.source = Source::GcpVpcFlow;
        locator.locate(&mut flow);
        assert_eq!(said(&flow), "- - -");
    }

    #[test]
    fn memory_of_addresses_is_bounded() {
        let (_folder, words) = folder();
        let databases = Databases::open(&words[..1]).unwrap();
        let locator = Locator::new(&databases);
        let mut event = event("10.0.0.1");
        for n in 0..=ADDRESSES_MAX as u32 {
            event.peer.ip = Some(std::net::Ipv4Addr::from_bits(n).into());
            locator.locate(&mut event);
        }
        assert!(locator.known.borrow().len() <= ADDRESSES_MAX);
    }

    #[test]
    fn a_missing_or_damaged_database_is_named_with_its_line() {
        let (folder, mut words) = folder();
        let whole = fs::read(folder.path().join("city.mmdb")).unwrap();
        fs::write(folder.path().join("cut.mmdb"), &whole[..whole.len() / 2]).unwrap();
        // A node of the tree that points to itself is only found when the whole tree is read.
        let mut looped = whole.clone();
        looped[..6].fill(0);
        fs::write(folder.path().join("looped.mmdb"), looped).unwrap();
        let config = folder.path().join("plimsoll.toml");
        words.push(word(&config, 4, "cut.mmdb"));
        words.push(word(&config, 5, "nowhere.mmdb"));
        let error = Databases::open(&words).unwrap_err();
        assert_eq!(error.kind(), crate::error::Kind::Usage);
        let error = error.to_string();
        assert!(
            error.contains("plimsoll.toml:4: geoip: `cut.mmdb`"),
            "{error}"
        );
        assert!(
            error.contains("plimsoll.toml:5: geoip: `nowhere.mmdb`"),
            "{error}"
        );
        assert!(!error.contains("city.mmdb"), "{error}");
        let databases = Databases::open(&[word(&config, 6, "looped.mmdb")]).unwrap();
        let error = databases.verify().unwrap_err().to_string();
        assert!(
            error.contains("plimsoll.toml:6: geoip: `looped.mmdb`"),
            "{error}"
        );
        Locator::new(&databases).locate(&mut event("198.51.100.7"));
    }
}
