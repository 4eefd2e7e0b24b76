//! An action in a story: a verb, how often, on what, and how.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::event::Action;
use crate::story::how::Manner;
use crate::story::words::{self, Words, Wrong};
use crate::vocab::words;

/// An identity does something, once or repeatedly.
#[derive(Debug, Clone)]
pub struct Act {
    /// The words of its line, which determine all that looks like chance.
    pub line: String,
    /// The line of the file.
    pub number: usize,
    /// The times.
    pub when: When,
    /// The name of the identity.
    pub who: String,
    /// The action.
    pub verb: Verb,
    /// The number of calls.
    pub amount: Amount,
    /// The target: an identity, a role or a key, for verbs that name one.
    pub object: Option<String>,
    /// The details.
    pub how: Manner,
}

/// The days and times of an act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct When {
    /// First and last day, from 1; `None` for all days.
    pub days: Option<(u32, u32)>,
    /// The times of the day.
    pub times: Times,
}

/// The times of a day, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Times {
    /// Repeatedly, somewhat irregularly.
    Every {
        /// The interval.
        secs: i64,
        /// The earliest time.
        from: i64,
        /// The latest time.
        to: i64,
    },
    /// Once, at an exact second.
    At {
        /// The first call.
        at: i64,
        /// The longest time from the first call to the last.
        during: i64,
    },
}

/// The number of calls in an act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amount {
    /// This many; about this many if the act is repeated.
    pub calls: u64,
    /// Whether a repeated act has exactly this many each time.
    pub exactly: bool,
}

words! {
    /// The verbs of stories.
    Verb {
        /// Lists a bucket, or the buckets that there are.
        Lists = "lists",
        /// Reads objects.
        Reads = "reads",
        /// Writes objects.
        Writes = "writes",
        /// Copies objects to another bucket or account.
        Copies = "copies",
        /// Deletes objects.
        Deletes = "deletes",
        /// Reads the configuration of buckets.
        Inspects = "inspects",
        /// Enumerates users, roles or groups.
        Enumerates = "enumerates",
        /// Opens a bucket to an account, or to everybody, by a policy.
        Grants = "shares",
        /// Sets up a replication.
        Replicates = "replicates",
        /// Sends bytes over the network.
        Sends = "sends",
        /// Signs in.
        Signs = "signs",
        /// Assumes a role.
        Assumes = "assumes",
        /// Creates an identity.
        Creates = "creates",
        /// Issues a credential.
        Issues = "issues",
        /// Deletes buckets.
        Drops = "drops",
        /// Sets a rule that deletes what is in a bucket soon.
        Expires = "expires",
        /// Stops, deletes or narrows a log, a recorder or a detector.
        Blinds = "blinds",
        /// Grants scopes to an application.
        Authorizes = "authorizes",
        /// Starts machines.
        Starts = "starts",
        /// Reads secrets.
        Reveals = "reveals",
        /// Reads tables.
        Scans = "scans",
        /// Pulls container images.
        Pulls = "pulls",
        /// Makes a call of no class.
        Calls = "calls",
    }
}

impl Verb {
    /// Returns the class of the calls.
    pub fn action(self, has_bucket: bool) -> Action {
        match self {
            Self::Lists if has_bucket => Action::ListObjects,
            Self::Lists => Action::ListBuckets,
            Self::Reads => Action::ReadObject,
            Self::Writes => Action::WriteObject,
            Self::Copies | Self::Replicates => Action::CopyObject,
            Self::Deletes => Action::DeleteObject,
            Self::Inspects => Action::ReadPosture,
            Self::Enumerates => Action::EnumerateDirectory,
            Self::Grants => Action::WritePosture,
            Self::Sends => Action::EgressFlow,
            Self::Signs => Action::Authenticate,
            Self::Assumes => Action::AssumeRole,
            Self::Creates => Action::CreateIdentity,
            Self::Issues => Action::CreateCredential,
            Self::Drops => Action::DeleteBucket,
            Self::Expires => Action::ExpireObjects,
            Self::Blinds => Action::BlindLog,
            Self::Authorizes => Action::GrantScope,
            Self::Starts => Action::StartCompute,
            Self::Reveals => Action::ReadSecret,
            Self::Scans => Action::ReadData,
            Self::Pulls => Action::PullImage,
            Self::Calls => Action::Other,
        }
    }

    /// Returns whether calls concern single objects.
    pub const fn is_of_objects(self) -> bool {
        matches!(
            self,
            Self::Reads | Self::Writes | Self::Copies | Self::Deletes
        )
    }
}

/// Reads the rest of a line after its time: the identity, the verb, how often, on what and how.
///
/// # Errors
/// What is wrong with it.
pub fn read(words: &mut Words, when: When, number: usize, line: &str) -> Result<Act, Wrong> {
    let who = words.next("who does something")?.to_owned();
    let verbs: Vec<_> = Verb::ALL.iter().map(|verb| verb.as_str()).collect();
    let what = format!("what `{who}` does ({})", verbs.join(", "));
    let verb = words.next_as(&what, Verb::parse)?;
    let mut how = Manner::default();
    let mut object = None;
    let mut amount = Amount {
        calls: 1,
        exactly: false,
    };
    let mut bytes = None;
    match verb {
        Verb::Signs => words.expect("in")?,
        Verb::Grants | Verb::Replicates => {
            how.buckets = how.read_buckets(words.next("a bucket")?)?;
        }
        Verb::Assumes => object = Some(words.next("a role")?.to_owned()),
        Verb::Creates => object = Some(words.next("the new identity")?.to_owned()),
        Verb::Issues => object = Some(words.next("the id of the new credential")?.to_owned()),
        Verb::Blinds => object = Some(words.next("what: a trail, a sink, a detector")?.to_owned()),
        Verb::Drops | Verb::Expires => {
            how.buckets = how.read_buckets(words.next("a bucket")?)?;
        }
        Verb::Sends => bytes = words.take_as(words::size),
        _ => {}
    }
    amount.exactly = words.take("exactly");
    let is_number = |word: &str| word.starts_with(|c: char| c.is_ascii_digit());
    if amount.exactly || words.peek().is_some_and(is_number) {
        let number = |text: &str| text.parse().ok().filter(|calls| *calls > 0);
        amount.calls = words.next_as("a number of at least 1, as in `1280`", number)?;
    }
    let clauses = Manner::read(words)?;
    let provider = clauses.provider.or(how.provider);
    how = Manner {
        buckets: if how.buckets.is_empty() {
            clauses.buckets.clone()
        } else {
            how.buckets
        },
        provider,
        bytes: clauses.bytes.or(bytes),
        ..clauses
    };
    let act = Act {
        line: line.split_whitespace().collect::<Vec<_>>().join(" "),
        number,
        when,
        who,
        verb,
        amount,
        object,
        how,
    };
    act.check()?;
    Ok(act)
}

impl Act {
    /// Returns what the verb needs and does not have.
    fn check(&self) -> Result<(), Wrong> {
        let (verb, how) = (self.verb, &self.how);
        let needs = |what: &str| Err(format!("`{verb}` needs {what}"));
        let needs_bucket = verb.is_of_objects() || verb == Verb::Inspects;
        let goes_somewhere =
            how.to_account.is_some() || how.to_bucket.is_some() || how.to_address.is_some();
        if needs_bucket && how.buckets.is_empty() {
            return needs("a bucket: `in aws:name`");
        }
        match verb {
            Verb::Grants if how.to_account.is_none() => {
                needs("whom it is given to: `to 999988887777` or `to public`")
            }
            Verb::Replicates if !goes_somewhere => {
                needs("where to: `to 999988887777`, `to aws:bucket` or both")
            }
            Verb::Sends if how.to_address.is_none() => needs("an address: `to 198.51.100.7`"),
            Verb::Sends if how.bytes.is_none() => {
                needs("an amount: `sends 20MB to …` or `sends 5 of 4MB to …`")
            }
            Verb::Authorizes if how.app.is_none() || how.scopes.is_empty() => {
                needs("an application and its scopes: `app crm scope users:read`")
            }
            Verb::Enumerates | Verb::Calls | Verb::Blinds if how.ops.is_empty() => {
                needs("operations: `op iam:ListUsers,iam:ListRoles`")
            }
            _ => Ok(()),
        }
    }
}
