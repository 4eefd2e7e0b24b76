//! Which files exist, and which paths cannot be reached: these are reported once, and tried again at each look.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::baseline::OPEN_DAYS;
use crate::engine::own_files::OwnFiles;
use crate::objects::{Bucket, Location, Object, Series, Wanted, list};
use crate::sources::{self, FileReport, InputFile, Period};
use crate::time::Day;

/// Files and folders under watch.
pub struct Watch {
    paths: Vec<PathBuf>,
    own: OwnFiles,
    losses: Losses,
    objects: Vec<WatchedObjects>,
    /// What of them cannot be reached, look by look at which they were listed.
    object_losses: Losses,
    /// The interval between listings, and the period whose objects are wanted.
    listing: (Duration, Period),
    /// When objects were listed last.
    listed: Option<Duration>,
    /// Whether they were listed at this look.
    is_listing: bool,
}

/// Paths that could not be reached.
#[derive(Default)]
struct Losses {
    /// Number of the current look.
    look: u64,
    lost: BTreeMap<PathBuf, UnreachablePath>,
}

impl Losses {
    fn lose(&mut self, path: &Path, why: io::Error) {
        let look = self.look;
        let lost = self
            .lost
            .entry(path.to_owned())
            .or_insert_with(|| UnreachablePath {
                why: io::ErrorKind::Other.into(),
                first: look,
                last: look,
            });
        (lost.why, lost.last) = (why, look);
    }

    /// Ends a look: forgets paths that were reached again or are gone, and returns what to report now.
    fn end(&mut self) -> Vec<String> {
        self.lost.retain(|_, lost| lost.last == self.look);
        self.lost
            .iter()
            .filter(|(_, lost)| lost.last == lost.first + 1)
            .map(|(path, lost)| {
                format!(
                    "`{}` cannot be read, and is tried again at each look: {}",
                    path.display(),
                    lost.why
                )
            })
            .collect()
    }
}

/// The objects of a location.
struct WatchedObjects {
    location: Location,
    bucket: Arc<dyn Bucket>,
    /// Those that the last listing found, by their address.
    found: BTreeMap<PathBuf, Object>,
    /// The last day of each series that was found, and that is not yet to come.
    last_days: BTreeMap<Series, Day>,
    /// Why the last listing failed.
    fault: Option<String>,
}

impl WatchedObjects {
    /// Lists those of the last week of each series, and all of a new one. What is older was read, or is too late to be judged.
    fn list(&mut self, period: Period, today: Day) {
        let days = self.last_days.iter();
        let from = days.map(|(series, day)| (series.clone(), day.plus(1 - OPEN_DAYS)));
        let wanted = Wanted::of((period.since, period.until), from.collect(), today);
        match list(&self.bucket, &self.location, &wanted) {
            Ok(objects) => {
                self.fault = None;
                let listed = objects.iter().filter_map(Object::listed);
                note_last(&mut self.last_days, listed, today);
                let named = objects
                    .into_iter()
                    .map(|object| (PathBuf::from(object.url()), object));
                self.found = named.collect();
            }
            Err(error) => self.fault = Some(error.with_causes()),
        }
    }
}

/// Notes the last day of each series. A day that is yet to come tells nothing of the days until then.
fn note_last(
    last_days: &mut BTreeMap<Series, Day>,
    found: impl Iterator<Item = (Series, Day)>,
    today: Day,
) {
    for (series, day) in found.filter(|(_, day)| *day <= today) {
        let last = last_days.entry(series).or_insert(day);
        *last = day.max(*last);
    }
}

/// A path that could not be reached.
struct UnreachablePath {
    why: io::Error,
    /// The first look of the current series of failures.
    first: u64,
    /// The last of them.
    last: u64,
}

impl UnreachablePath {
    /// Returns whether it was missing at this look and at the one before. A file that vanishes between being found and
    /// being opened, as rotated files do, is not reported.
    fn lasts(&self) -> bool {
        self.last > self.first
    }
}

impl Watch {
    /// Watches these paths; `-` is left out, and below folders what is plimsoll's own.
    pub fn new(paths: &[PathBuf], own: OwnFiles) -> Self {
        Self {
            paths: paths
                .iter()
                .filter(|path| path.as_os_str() != FileReport::STDIN)
                .cloned()
                .collect(),
            own,
            losses: Losses::default(),
            objects: Vec::new(),
            object_losses: Losses::default(),
            listing: (Duration::ZERO, Period::default()),
            listed: None,
            is_listing: false,
        }
    }

    /// Also watches objects, of which some were read by an earlier run.
    pub fn with_objects<'a>(
        self,
        locations: &[(Location, Arc<dyn Bucket>)],
        listing: (Duration, Period),
        (read, today): (impl Iterator<Item = &'a str>, Day),
    ) -> Self {
        let mut last_days = BTreeMap::new();
        note_last(&mut last_days, read.filter_map(Series::of_address), today);
        let watched = |(location, bucket): &(Location, Arc<dyn Bucket>)| WatchedObjects {
            location: location.clone(),
            bucket: bucket.clone(),
            found: BTreeMap::new(),
            last_days: last_days.clone(),
            fault: None,
        };
        Self {
            objects: locations.iter().map(watched).collect(),
            listing,
            ..self
        }
    }

    /// Returns whether an object was there when its location was listed last.
    pub fn has_object(&self, address: &Path) -> bool {
        self.objects
            .iter()
            .any(|watched| watched.found.contains_key(address))
    }

    /// Starts a look: returns the existing files in reading order, and objects if it is time to list them.
    pub fn begin(&mut self, now: Duration, today: Day) -> Vec<InputFile> {
        self.losses.look += 1;
        let mut unreachable = Vec::new();
        let is_own = |path: &Path| self.own.has(path);
        let mut found = sources::discover_reachable(&self.paths, &is_own, &mut |lost| {
            unreachable.push(lost);
        });
        for lost in unreachable {
            self.lose(&lost.path, lost.error);
        }
        let (poll, period) = self.listing;
        self.is_listing = !self.objects.is_empty()
            && self
                .listed
                .is_none_or(|listed| now.saturating_sub(listed) >= poll);
        if self.is_listing {
            self.listed = Some(now);
            self.object_losses.look += 1;
            for watched in &mut self.objects {
                watched.list(period, today);
                found.extend(watched.found.values().cloned().map(InputFile::Object));
                if let Some(fault) = &watched.fault {
                    let location = PathBuf::from(watched.location.to_string());
                    let fault = io::Error::other(fault.clone());
                    self.object_losses.lose(&location, fault);
                }
            }
        }
        sources::in_order(found)
    }

    /// Records that a path, or an object, could not be read.
    pub fn lose(&mut self, path: &Path, why: io::Error) {
        match self.has_object(path) {
            true => self.object_losses.lose(path, why),
            false => self.losses.lose(path, why),
        }
    }

    /// Ends a look: forgets paths that were reached again or are gone, and returns what to report now.
    pub fn end(&mut self) -> Vec<String> {
        let mut told = self.losses.end();
        if self.is_listing {
            told.extend(self.object_losses.end());
        }
        told
    }

    /// Returns a report for each path that cannot be reached. What was found by a listing is there, so an object needs to be
    /// missed only once.
    pub fn unreadable(&self) -> impl Iterator<Item = FileReport> {
        let files = self.losses.lost.iter().filter(|(_, lost)| lost.lasts());
        files
            .chain(&self.object_losses.lost)
            .map(|(path, lost)| FileReport::unreadable(&path.display().to_string(), &lost.why))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unreachable_path_is_reported_once_and_forgotten_when_it_returns() {
        let mut watch = Watch::new(&["/no/such/logs".into(), "-".into()], OwnFiles::default());
        let (flaky, gone) = (Path::new("/flaky"), Path::new("/gone"));
        let mut reported = Vec::new();
        for look in 0..6 {
            assert!(watch.begin(Duration::ZERO, Day(0)).is_empty());
            if (2..5).contains(&look) {
                watch.lose(flaky, io::ErrorKind::PermissionDenied.into());
            }
            if look == 1 {
                watch.lose(gone, io::ErrorKind::NotFound.into());
            }
            reported.push(watch.end().join("; "));
        }
        let words = ["", "/no/such/logs", "", "/flaky", "", ""];
        for (line, word) in reported.iter().zip(words) {
            assert!(
                line.contains(word) && line.is_empty() == word.is_empty(),
                "{line}"
            );
        }
        let unreadable: Vec<String> = watch.unreadable().map(|f| f.file.to_string()).collect();
        assert_eq!(unreadable, ["/no/such/logs"]);
    }
}
