//! The form in which a joiner was stored before its alerts kept when they crossed.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::alert::Status;
use crate::incident::node::CauseTrait;
use crate::incident::stage::Stage;
use crate::stats::Severity;
use crate::time::Time;

/// A [`Joiner`](crate::incident::Joiner) as it was stored: read so that what lies behind it can be, and then left, since the archive has
/// the same alerts.
#[derive(Deserialize)]
pub struct EarlierJoiner {
    _nodes: BTreeMap<String, Node>,
    _answered: BTreeMap<String, String>,
}

/// Field by field, in groups: stored bytes know no names and no nesting.
type Node = (WhichAlert, Whose, Groups, Gravity, Told);
/// Id, rank, analytic, status.
type WhichAlert = (String, Rank, String, Status);
/// Revision, status, generation, time, score, digest.
type Rank = (u32, Status, u64, Time, u64, Option<String>);
/// Entity, aliases, start, end, parents.
type Whose = (String, Vec<String>, Time, Time, Vec<(String, Time)>);
/// New values, groups, whether there is more.
type Groups = (Vec<(CauseTrait, String, Time, u32)>, Vec<String>, bool);
/// Severity, score, whether it is provisional, declared, blinding.
type Gravity = (Severity, f64, bool, bool, bool);
/// Stages, whether an approval covers it, its incident.
type Told = (Vec<Stage>, bool, Option<String>);
