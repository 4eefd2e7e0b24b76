//! The configuration, `plimsoll.toml`, as checked.
//!
//! Everything in it is optional and nothing in it is ignored: an unknown key is a fault, all faults come at once, and
//! what this version does not act on is said in [`Config::warnings`]. The tables of analytics are kept as written,
//! since only the analytics know their elements.

mod approval;
mod checked;
mod cover;
mod draft;
mod everything;
mod file;
mod load;
mod partial_context;
mod schedule;
mod secret;
mod serve;
mod shape;
mod sink;
mod value;
mod written;
mod written_sink;

pub use approval::{Approval, ApprovalContext, Criteria};
pub use checked::{
    Binding, BoundSource, Config, DEFAULT_PATH, PeerGroup, Sensitive, approval_covering,
};
pub use cover::{Cover, Known};
pub use draft::{Draft, OWNER_CHARS_MAX, REASON_CHARS_MAX, VALUES_MAX, without_approval};
pub use everything::Everything;
pub use file::ConfigFile;
pub use partial_context::{PartialContext, Values};
pub use schedule::{MonthDayRange, Schedule, TimeRange, WeekdayRange};
pub use secret::SecretPlace;
pub use serve::{LISTEN_DEFAULT, Right, Serve, Token, address, time_of_day};
pub use shape::CONFIG;
pub use sink::{
    Address, LeastSeverity, NAME_CHARS_MAX, Rotation, Sink, SinkFormat, SinkKind, Target, Tell,
    Transport,
};

#[cfg(test)]
mod tests;
