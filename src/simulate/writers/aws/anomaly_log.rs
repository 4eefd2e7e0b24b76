//! What is unusual in a day of the AWS accounts, noted while its records are written.

use crate::simulate::model::anomaly::{BenignAnomaly, Cause};

/// The anomalies of a day, and the identity whose records are being written.
#[derive(Default)]
pub(crate) struct AnomalyLog {
    /// The ids of the identity at work; empty if its anomalies are not noted, as for attackers.
    actor: Vec<String>,
    /// The times of all records, in order of generation.
    times: Vec<i64>,
    noted: Vec<(Cause, Vec<String>, (i64, i64))>,
}

/// A place in the day's records, from which spans are measured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark(usize);

impl AnomalyLog {
    /// Takes in the time of one more record.
    pub(crate) fn note_time(&mut self, at: i64) {
        self.times.push(at);
    }

    /// Sets the identity that is at work from now on; no ids if its anomalies are not noted.
    pub(crate) fn set_actor(&mut self, ids: Vec<String>) -> Mark {
        self.actor = ids;
        self.mark()
    }

    /// Returns the place that has been reached.
    pub(crate) fn mark(&self) -> Mark {
        Mark(self.times.len())
    }

    /// Returns the first and the last time written since a mark, if anything was.
    pub(crate) fn span(&self, since: Mark) -> Option<(i64, i64)> {
        let times = &self.times[since.0..];
        Some((*times.iter().min()?, *times.iter().max()?))
    }

    /// Notes that what the identity at work wrote since a mark is unusual; nothing if nothing was written.
    ///
    /// A cause is noted once a day for each identity; what comes later extends it.
    pub(crate) fn note_anomaly(&mut self, cause: Cause, since: Mark) {
        let Some(span) = self.span(since).filter(|_| !self.actor.is_empty()) else {
            return;
        };
        let same = |(c, ids, _): &&mut (Cause, Vec<String>, (i64, i64))| {
            *c == cause && ids[0] == self.actor[0]
        };
        match self.noted.iter_mut().rev().find(same) {
            Some((_, _, (first, last))) => {
                (*first, *last) = (span.0.min(*first), span.1.max(*last));
            }
            None => self.noted.push((cause, self.actor.clone(), span)),
        }
    }

    /// Notes that an identity had a part in an attack that began at a mark.
    pub(crate) fn note_attacked(&mut self, ids: &[String], since: Mark) {
        self.set_actor(ids.to_vec());
        self.note_anomaly(Cause::Attacked, since);
        self.set_actor(Vec::new());
    }

    /// Takes out the day's anomalies, in order of time.
    pub(crate) fn take_anomalies(&mut self) -> Vec<BenignAnomaly> {
        let mut noted = std::mem::take(&mut self.noted);
        noted.sort_by(|a, b| (a.2.0, a.0, &a.1).cmp(&(b.2.0, b.0, &b.1)));
        let anomaly = |(cause, identity, span)| BenignAnomaly::new(cause, identity, span);
        noted.into_iter().map(anomaly).collect()
    }
}
