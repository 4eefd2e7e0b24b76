//! From events to readings: what each event adds to which subject, and the value of a metric in a window.
//!
//! The learner and the scorer use this code and no other, so that they always agree.

mod admission;
mod amounts;
mod assembly;
mod bounds;
mod burst;
mod coverage;
mod creation;
mod day_aggregate;
mod duplicates;
mod facts;
mod finding;
mod flow_logs;
mod grants;
mod hash;
mod issuance;
mod joint;
mod links;
mod logs;
mod namesake;
mod plan;
mod profile;
mod sign_in;
mod subject;
mod trails;
mod traits;

pub use admission::{Acquaintance, Beyond, Class, Room, is_others};
pub use amounts::{EventAmounts, factor};
pub use assembly::Assembly;
pub use bounds::{
    ASSIGNED_INSTANCES_MAX, Bound, CREATIONS_MAX, CREDENTIALS_MAX, FIRST_IDENTITIES_MAX,
    NAMED_INSTANCES_MAX, NEW_IDENTITIES_MAX, PERSONS_PER_ROLE_MAX, Reached, TRAIT_VALUES_MAX,
    UNNAMED_RECORDS_MAX,
};
use burst::denied_group;
pub use burst::{BurstKey, BurstReading, Bursts, Mark};
pub use coverage::{Coverage, LogSource, LogSourceKey, Seen};
pub use creation::{Creation, Creations, keep_creations, note_creation, note_creation_of_day};
pub use day_aggregate::{DayAggregate, OwnAccounts, SharedRegister, Unnamed, unique_id_of};
pub use facts::{Cell, CellKey, DayFacts, KnownThings, Minute};
pub use finding::{FINDING_DAYS, Finding, Findings};
pub use flow_logs::{FlowLogs, Told};
pub use grants::{EVERYBODY, Grant, Grants};
pub use hash::{hash_in, value_hash};
pub use issuance::{Issuance, Issuances, Issued};
pub use links::{GRACE_SECS, Links};
pub use logs::{Breadth, DayLogs, LOG_CLASSES, LogClass, LogKey};
pub use namesake::{Namesake, are_two, former_name, may_be_given_again, of_former};
pub use plan::Plan;
pub use profile::Profile;
pub use sign_in::{SIGN_IN_DAYS, SignIn, SignIns, last_sign_ins};
pub use subject::{Changes, Subject, SubjectFacts, is_person_in_role};
pub use trails::{DayTrails, TRAILS_MAX, TrailKey, TrailTimes};
pub use traits::{DayTraits, TraitValues};
