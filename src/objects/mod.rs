//! Logs that lie in object stores: which objects there are, and their bytes. The only part that waits for a network.
//!
//! [`Location`] is what a user names, [`list`] finds its objects, and an [`Object`] gives its bytes. Both speak to a
//! [`Bucket`]; `cloud` makes one of S3, Google Cloud Storage or Azure Blob Storage, and has all that is asynchronous.

#[cfg(feature = "object-store")]
mod cloud;
mod dated;
mod listing;
mod location;
#[cfg(feature = "object-store")]
mod profile;

use std::fmt::Debug;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

use crate::error::Result;
use crate::objects::dated::Dated;
use crate::objects::location::identity;
use crate::time::Day;

#[cfg(feature = "object-store")]
pub use cloud::Access;
pub use dated::Series;
pub use listing::{Wanted, list};
pub use location::{Location, Scheme};

/// What a store says of one object in a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its key.
    pub key: String,
    /// Its size.
    pub bytes: u64,
    /// What changes when its content does: its ETag, or else its version or time of change.
    pub version: String,
    /// Its ETag, for a read that must find it unchanged.
    pub e_tag: Option<String>,
}

/// One page of a listing, in the order of keys.
#[derive(Debug, Default)]
pub struct Page {
    /// The objects.
    pub entries: Vec<Entry>,
    /// What asks for the next page; `None` if this is the last.
    pub next: Option<String>,
}

/// The bytes of an object that was asked for.
pub type Pending = Box<dyn FnOnce() -> io::Result<Box<dyn Read + Send>> + Send>;

/// A bucket of an object store.
pub trait Bucket: Send + Sync + Debug {
    /// Returns its address, as in `s3://bucket/`.
    fn root(&self) -> &str;

    /// Lists a page of the keys that begin with a prefix: those after a key, or those that a page before led to.
    ///
    /// # Errors
    ///
    /// Fails if the bucket does not exist, access is denied, or the store does not answer.
    fn page(&self, prefix: &str, after: Option<&str>, next: Option<String>) -> Result<Page>;

    /// Asks for an object. A small one is fetched at once in the background; a large one is read as it is wanted.
    fn begin(&self, object: &Object) -> Pending;

    /// Returns the counters of what was asked for.
    fn usage(&self) -> &Usage;
}

/// An object: one version of what lies under a key.
#[derive(Debug, Clone)]
pub struct Object {
    bucket: Arc<dyn Bucket>,
    url: Box<str>,
    bytes: u64,
    e_tag: Option<Box<str>>,
    identity: u128,
    /// How many bytes of its key the location has under which it was listed.
    located: usize,
}

impl Object {
    /// Makes the object of an entry that was listed under a prefix.
    pub fn of(bucket: &Arc<dyn Bucket>, prefix: &str, entry: Entry) -> Self {
        let url = format!("{}{}", bucket.root(), entry.key).into_boxed_str();
        let identity = identity(&["object", &url, &entry.version, &entry.bytes.to_string()]);
        Self {
            bucket: bucket.clone(),
            url,
            bytes: entry.bytes,
            e_tag: entry.e_tag.map(String::into_boxed_str),
            identity,
            located: prefix.len(),
        }
    }

    /// Returns its address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns its key.
    pub fn key(&self) -> &str {
        &self.url[self.bucket.root().len()..]
    }

    /// Returns its size in bytes.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Returns its ETag, if the store gives one.
    pub fn e_tag(&self) -> Option<&str> {
        self.e_tag.as_deref()
    }

    /// Returns what distinguishes it, and each of its versions, from every other object: a hash of address, version and size.
    pub fn identity(&self) -> u128 {
        self.identity
    }

    /// Returns the series that it is of and its day, if its key states one and the series was listed as a whole.
    pub fn listed(&self) -> Option<(Series, Day)> {
        let dated = Dated::of(self.key())?;
        let is_whole = dated.before.len() >= self.located;
        is_whole.then(|| (dated.series(self.bucket.root()), dated.day))
    }

    /// Returns whether it cannot hold events of this day or later: a provider named it by the UTC day on which it was written, or by
    /// that of its events, and others by a day that may be off by one.
    pub fn ends_before(&self, day: Day) -> bool {
        Dated::of(self.key()).is_some_and(|dated| match dated.is_by_provider(self.key()) {
            true => dated.day < day,
            false => dated.day.plus(1) < day,
        })
    }

    /// Asks for its bytes; see [`Bucket::begin`].
    pub fn begin(&self) -> Pending {
        self.bucket.begin(self)
    }

    /// Returns the counters of its store.
    pub fn usage(&self) -> &Usage {
        self.bucket.usage()
    }
}

impl PartialEq for Object {
    fn eq(&self, other: &Self) -> bool {
        self.identity == other.identity
    }
}

impl Eq for Object {}

/// What was asked of object stores.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Totals {
    /// Objects that stores listed, wanted or not.
    pub listed: u64,
    /// Objects that were read, each as often as it was.
    pub read: u64,
    /// Bytes that were read.
    pub bytes: u64,
    /// Requests that were made, with those that were repeated.
    pub requests: u64,
    /// Objects that cannot be asked for, each as often as it was listed: their keys have an empty part, as `a//b` has, or one of dots.
    #[serde(skip_serializing_if = "is_zero")]
    pub unreachable: u64,
}

fn is_zero(n: &u64) -> bool {
    *n == 0
}

/// Counters of what was asked of object stores.
#[derive(Debug, Default)]
pub struct Usage {
    listed: AtomicU64,
    read: AtomicU64,
    bytes: AtomicU64,
    requests: AtomicU64,
    unreachable: AtomicU64,
}

impl Usage {
    /// Returns the counts so far.
    pub fn totals(&self) -> Totals {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Totals {
            listed: of(&self.listed),
            read: of(&self.read),
            bytes: of(&self.bytes),
            requests: of(&self.requests),
            unreachable: of(&self.unreachable),
        }
    }

    fn note_listed(&self, objects: usize) {
        self.listed.fetch_add(objects as u64, Ordering::Relaxed);
    }
}

/// The object stores that this build cannot reach.
#[cfg(not(feature = "object-store"))]
#[derive(Debug)]
pub struct Access;

#[cfg(not(feature = "object-store"))]
impl Access {
    /// Takes no settings.
    pub fn new(_: impl IntoIterator<Item = (String, String)>) -> Self {
        Self
    }

    /// Returns a usage error: this build has no object stores.
    ///
    /// # Errors
    ///
    /// Always.
    pub fn bucket(&self, location: &Location) -> Result<Arc<dyn Bucket>> {
        Err(
            crate::error::Error::usage(format!("this build of plimsoll cannot read `{location}`"))
                .hint("build it with the feature `object-store`, or copy the objects to a folder"),
        )
    }
}
