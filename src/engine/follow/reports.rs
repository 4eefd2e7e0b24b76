//! Reports on files, whose number is unbounded while following: some are named one by one, all others are summed.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::engine::intake::IntakeSummary;
use crate::sources::FileReport;

/// The most files that are named because they have no event.
const FOREIGN_MAX: usize = 1_000;

/// Reports of files and of parts of files.
pub struct Reports {
    files: u64,
    named: BTreeMap<Arc<str>, FileReport>,
    sum: FileReport,
}

impl Reports {
    /// Begins with no files.
    pub fn new() -> Self {
        Self {
            files: 0,
            named: BTreeMap::new(),
            sum: FileReport::new(""),
        }
    }

    /// Adds the report of a file, or of a part of it; `is_first` if nothing of it was read before.
    pub fn add(&mut self, part: FileReport, is_first: bool) {
        self.files += u64::from(is_first);
        let named = self.named.remove(&part.file);
        let is_named = named.is_some();
        let report = match named {
            Some(mut report) => {
                report.add(&part);
                report
            }
            None => part,
        };
        let is_foreign = report.events == 0
            && (!report.rejected.is_empty() || report.is_own())
            && (is_first || is_named)
            && self.named.len() < FOREIGN_MAX;
        if is_foreign || report.error.is_some() {
            self.named.insert(report.file.clone(), report);
        } else {
            self.sum.add(&report);
        }
    }

    /// Returns the sum of all.
    pub fn total(&self) -> FileReport {
        let mut total = self.sum.clone();
        self.named.values().for_each(|report| total.add(report));
        total
    }

    /// Moves them into the summary of a run.
    pub fn sum_up(self, intake: &mut IntakeSummary) {
        intake.unnamed_files = self.files.saturating_sub(self.named.len() as u64);
        intake.unnamed = Some(self.sum);
        intake.files = self.named.into_values().collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(file: &str, events: u64, rejected: u64) -> FileReport {
        let mut part = FileReport::new(file);
        (part.records, part.events) = (events + rejected, events);
        if rejected > 0 {
            part.rejected.insert("not_json", rejected);
        }
        part
    }

    #[test]
    fn only_files_that_need_naming_are_kept_and_every_record_counts() {
        let mut reports = Reports::new();
        for n in 0..50 {
            for (is_first, events, rejected) in [(true, 2, 0), (false, 0, 1)] {
                reports.add(part(&format!("good-{n}"), events, rejected), is_first);
            }
        }
        reports.add(part("foreign", 0, 3), true);
        reports.add(part("foreign", 0, 4), false);
        reports.add(part("slow", 0, 1), true);
        reports.add(part("slow", 5, 0), false);
        assert_eq!(reports.named.len(), 1);
        let mut intake = IntakeSummary::default();
        reports.sum_up(&mut intake);
        assert_eq!(intake.n_files(), 52);
        assert_eq!(intake.records(), 50 * 3 + 7 + 6);
        assert_eq!(intake.rejected()["not_json"], 50 + 7 + 1);
        assert_eq!(&*intake.files[0].file, "foreign");
    }
}
