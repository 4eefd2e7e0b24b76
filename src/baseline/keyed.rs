//! Values by key: all in memory, or each read from where it was published when it is asked for.
//!
//! A published generation has a baseline for everybody who was ever seen, and a run of scoring asks for few of them. So a
//! value is read when it is first asked for, and then stays where it is, so that it can be lent. What cannot be read counts
//! as absent, and [`Keyed::intact`] tells it: whoever judged must ask before he tells what he found.

use std::fmt::{self, Debug};
use std::hash::Hash;
use std::ops::Index;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rustc_hash::{FxHashMap, FxHashSet};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::error::{Error, Result};
use crate::measure::value_hash;
use crate::vocab::{EntityKind, Str};

/// A key under which something is published.
pub trait Key: Clone + Debug + Ord + Hash {
    /// Its kind.
    fn kind(&self) -> EntityKind;

    /// Its name within its kind.
    fn id(&self) -> &Str;

    /// Returns its hash, by which it is found in a published file: stable between runs and machines.
    fn hashed(&self) -> u64 {
        xxh3_64_with_seed(self.id().as_bytes(), value_hash(self.kind().as_str()))
    }
}

/// Texts that several values have in common, each kept once.
#[derive(Debug, Default)]
pub struct SharedTexts(FxHashSet<Str>);

impl SharedTexts {
    /// Replaces a text by the one that is kept.
    pub fn share(&mut self, text: &mut Str) {
        match self.0.get(text) {
            Some(kept) => *text = kept.clone(),
            None => {
                self.0.insert(text.clone());
            }
        }
    }
}

/// A value that is published.
pub trait Value: Clone + Debug {
    /// Shares the texts that other values are likely to have, too.
    fn share(&mut self, _: &mut SharedTexts) {}
}

/// The place of a value among those published with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Its position in the order of keys.
    pub row: u32,
    /// Where it begins, for those who stored it.
    pub offset: u32,
}

/// Values as they were published, in the order of their keys.
pub trait PublishedValues<K, V>: Debug + Send + Sync {
    /// Returns how many there are.
    fn n_values(&self) -> usize;

    /// Returns how many have a key of this kind.
    fn n_of(&self, kind: EntityKind) -> usize;

    /// Returns the places of values whose keys have a hash: mostly none or one.
    fn places(&self, hashed: u64) -> &[Place];

    /// Reads one.
    ///
    /// # Errors
    ///
    /// Fails if it cannot be read, or is damaged.
    fn read(&self, place: Place) -> Result<(K, V)>;

    /// Reads all of them, each with its position.
    ///
    /// # Errors
    ///
    /// Fails as [`Self::read`] does, and if `each` does.
    fn read_all(&self, each: &mut dyn FnMut(usize, K, V)) -> Result<()>;
}

/// Values by key.
#[derive(Clone)]
pub struct Keyed<K, V>(Kept<K, V>);

#[derive(Clone)]
enum Kept<K, V> {
    InMemory(FxHashMap<K, V>),
    Published(Arc<Lent<K, V>>),
}

/// The room for a value that may be read.
type Slot<K, V> = OnceLock<Box<(K, V)>>;

/// Published values, and those of them that were read.
struct Lent<K, V> {
    published: Box<dyn PublishedValues<K, V>>,
    read: Box<[Slot<K, V>]>,
    texts: Mutex<SharedTexts>,
    /// What first could not be read.
    fault: OnceLock<Error>,
}

impl<K: Key, V: Value> Lent<K, V> {
    fn get(&self, key: &K) -> Option<&(K, V)> {
        let mut places = self.published.places(key.hashed()).iter();
        places.find_map(|&place| self.at(place).filter(|(found, _)| found == key))
    }

    fn at(&self, place: Place) -> Option<&(K, V)> {
        let lent = self.read.get(place.row as usize)?;
        if let Some(row) = lent.get() {
            return Some(row);
        }
        match self.published.read(place) {
            Ok((key, value)) => Some(self.keep(lent, key, value)),
            Err(e) => {
                self.fault.get_or_init(|| e);
                None
            }
        }
    }

    fn keep<'l>(&self, lent: &'l Slot<K, V>, key: K, mut value: V) -> &'l (K, V) {
        lent.get_or_init(|| {
            value.share(&mut self.texts.lock().unwrap_or_else(PoisonError::into_inner));
            Box::new((key, value))
        })
    }

    /// Returns all of them, in the order of their keys, up to one that cannot be read.
    fn all(&self) -> impl Iterator<Item = &(K, V)> {
        let all = self.published.read_all(&mut |row, key, value| {
            if let Some(lent) = self.read.get(row) {
                self.keep(lent, key, value);
            }
        });
        if let Err(e) = all {
            self.fault.get_or_init(|| e);
        }
        self.read
            .iter()
            .map_while(|lent| lent.get().map(|row| &**row))
    }
}

impl<K: Key, V: Value> Keyed<K, V> {
    /// Makes these of what is published.
    pub fn published(published: Box<dyn PublishedValues<K, V>>) -> Self {
        let read = (0..published.n_values()).map(|_| OnceLock::new()).collect();
        Self(Kept::Published(Arc::new(Lent {
            published,
            read,
            texts: Mutex::default(),
            fault: OnceLock::new(),
        })))
    }

    /// Returns the value of a key. One that cannot be read is none, see [`Self::intact`].
    pub fn get(&self, key: &K) -> Option<&V> {
        match &self.0 {
            Kept::InMemory(values) => values.get(key),
            Kept::Published(lent) => lent.get(key).map(|(_, value)| value),
        }
    }

    /// Returns whether a key has a value.
    pub fn contains_key(&self, key: &K) -> bool {
        self.get(key).is_some()
    }

    /// Returns whether a key has a value, as far as can be told without reading it: of something published it has one if a
    /// key with the same hash has.
    pub fn knows(&self, key: &K) -> bool {
        match &self.0 {
            Kept::InMemory(values) => values.contains_key(key),
            Kept::Published(lent) => !lent.published.places(key.hashed()).is_empty(),
        }
    }

    /// Returns the number of values.
    pub fn len(&self) -> usize {
        match &self.0 {
            Kept::InMemory(values) => values.len(),
            Kept::Published(lent) => lent.published.n_values(),
        }
    }

    /// Returns whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the number of values with a key of this kind.
    pub fn n_of(&self, kind: EntityKind) -> usize {
        match &self.0 {
            Kept::InMemory(values) => values.keys().filter(|key| key.kind() == kind).count(),
            Kept::Published(lent) => lent.published.n_of(kind),
        }
    }

    /// Returns all of them, in the order of their keys. They stay in memory; to look at each once, use [`Self::each`]. The
    /// first that cannot be read ends them, see [`Self::intact`].
    pub fn iter(&self) -> Box<dyn Iterator<Item = (&K, &V)> + '_> {
        match &self.0 {
            Kept::InMemory(values) => {
                let mut all: Vec<(&K, &V)> = values.iter().collect();
                all.sort_unstable_by_key(|&(key, _)| key);
                Box::new(all.into_iter())
            }
            Kept::Published(lent) => Box::new(lent.all().map(|(key, value)| (key, value))),
        }
    }

    /// Returns all keys, in order, as [`Self::iter`] does.
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.iter().map(|(key, _)| key)
    }

    /// Looks at each value once, in the order of their keys. Published values are not kept in memory.
    ///
    /// # Errors
    ///
    /// Fails if one cannot be read, or is damaged.
    pub fn each(&self, mut look: impl FnMut(&K, &V)) -> Result<()> {
        match &self.0 {
            Kept::InMemory(_) => {
                self.iter().for_each(|(key, value)| look(key, value));
                Ok(())
            }
            Kept::Published(lent) => lent
                .published
                .read_all(&mut |_, key, value| look(&key, &value)),
        }
    }

    /// Returns whether all that was asked for could be read.
    ///
    /// # Errors
    ///
    /// Fails with what could not be read first.
    pub fn intact(&self) -> Result<()> {
        match &self.0 {
            Kept::Published(lent) => lent.fault.get().cloned().map_or(Ok(()), Err),
            Kept::InMemory(_) => Ok(()),
        }
    }

    /// Adds a value, or replaces it. Published ones are read into memory for that.
    pub fn insert(&mut self, key: K, value: V) {
        if let Kept::Published(_) = self.0 {
            let all = self.iter().map(|(key, value)| (key.clone(), value.clone()));
            self.0 = Kept::InMemory(all.collect());
        }
        if let Kept::InMemory(values) = &mut self.0 {
            values.insert(key, value);
        }
    }
}

impl<K, V> Default for Keyed<K, V> {
    fn default() -> Self {
        Self(Kept::InMemory(FxHashMap::default()))
    }
}

impl<K: Key, V: Value> Debug for Keyed<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<K: Key, V: Value + PartialEq> PartialEq for Keyed<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl<K: Key, V: Value> FromIterator<(K, V)> for Keyed<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(values: I) -> Self {
        Self(Kept::InMemory(values.into_iter().collect()))
    }
}

impl<K: Key, V: Value> Index<&K> for Keyed<K, V> {
    type Output = V;

    /// Returns the value of a key.
    ///
    /// # Panics
    ///
    /// Panics if there is none.
    fn index(&self, key: &K) -> &V {
        self.get(key).expect("a key that has a value")
    }
}

impl<'a, K: Key, V: Value> IntoIterator for &'a Keyed<K, V> {
    type Item = (&'a K, &'a V);
    type IntoIter = Box<dyn Iterator<Item = (&'a K, &'a V)> + 'a>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
