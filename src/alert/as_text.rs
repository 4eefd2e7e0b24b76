//! An instant as RFC 3339 text, in place of the number that stores keep.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serializer};

use crate::time::Time;

pub(super) fn serialize<S: Serializer>(time: &Time, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(time)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Time, D::Error> {
    let text = String::deserialize(deserializer)?;
    Time::parse(&text).ok_or_else(|| D::Error::custom(format!("`{text}` is no time")))
}
