//! Where alerts go: to the output, into the store's archive, and to sinks.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::alert::Alert;
use crate::cli::Console;
use crate::cli::format::Format;
use crate::cli::options::AlertSelection;
use crate::cli::sending::Sending;
use crate::error::{Error, Result};
use crate::report::summary::Tally;
use crate::report::{Paint, json};
use crate::store::{Archive, open_lines};

/// Where alerts go: first to a file or standard output, then into the store's archive. What the archive has is not told again, so
/// nothing may be there that was not told.
pub struct Delivery<'a> {
    /// The store's archive.
    pub archive: Archive,
    /// Whether it was reported that the archive cannot be written.
    is_warned: bool,
    /// Whether each alert must be safe on disk before the next one: while following, each delivery is recorded.
    is_durable: bool,
    file: Option<(File, PathBuf)>,
    format: Format,
    /// Whether alerts that an approval covers go further than into the archive.
    shows_suppressed: bool,
    sending: &'a Sending<'a>,
    console: &'a Console,
    /// What was delivered.
    pub tally: Tally,
}

impl<'a> Delivery<'a> {
    /// Opens a file if one is given; `is_durable` if each alert must be safe on disk before the next one.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be opened.
    pub fn open(
        (file, format, is_durable): (Option<&Path>, Format, bool),
        selection: &AlertSelection,
        (archive, sending): (Archive, &'a Sending<'a>),
        console: &'a Console,
    ) -> Result<Self> {
        let open = |path: &Path| -> Result<(File, PathBuf)> {
            let file = open_lines(path).map_err(|e| cannot_write(path, e))?;
            Ok((file, path.to_owned()))
        };
        Ok(Self {
            archive,
            is_warned: false,
            is_durable,
            file: file.map(open).transpose()?,
            format,
            shows_suppressed: selection.show_suppressed,
            sending,
            console,
            tally: Tally::default(),
        })
    }

    /// Tells an alert, and keeps it.
    ///
    /// # Errors
    ///
    /// Fails if it cannot be told.
    pub fn deliver(&mut self, alert: &Alert) -> Result<()> {
        self.tally.add(alert);
        self.sending.about_to_tell(alert);
        if alert.suppressed_by.is_none() || self.shows_suppressed {
            self.tell(alert)?;
        }
        let is_kept = self.keep(alert);
        self.sending.told(alert, is_kept);
        Ok(())
    }

    fn tell(&mut self, alert: &Alert) -> Result<()> {
        match &mut self.file {
            Some((file, path)) => {
                let text = self.format.write(alert, Paint::Never);
                file.write_all(text.as_bytes())
                    .and_then(|()| if self.is_durable { sync(file) } else { Ok(()) })
                    .map_err(|e| cannot_write(path, e))
            }
            None => {
                let text = self.format.write(alert, self.console.out());
                match self.format {
                    Format::Text => self.console.show(&text),
                    Format::Json | Format::Ocsf | Format::Ecs => self.console.print(&text),
                }
            }
        }
    }

    /// Stores an alert in the archive. With a read-only store, scoring still works, and `explain` needs `--from`. A full disk may
    /// have room again for the next alert. Returns whether it was stored.
    fn keep(&mut self, alert: &Alert) -> bool {
        let (day, document) = (alert.time.day(), json::line(alert));
        let kept = if self.is_durable {
            self.archive.append_durably(day, &document)
        } else {
            self.archive.append(day, &document)
        };
        if let Err(error) = &kept
            && !std::mem::replace(&mut self.is_warned, true)
        {
            self.console.warn(&format!(
                "alerts are not kept, so `explain` will not know them and they may be told again: {}",
                error.with_hints()
            ));
        }
        kept.is_ok()
    }
}

/// Makes a file durable. What is no file, such as a pipe, has nothing to make durable.
fn sync(file: &File) -> std::io::Result<()> {
    if file.metadata()?.is_file() {
        file.sync_all()?;
    }
    Ok(())
}

fn cannot_write(path: &Path, error: std::io::Error) -> Error {
    Error::failed(format!("cannot write alerts to `{}`", path.display())).cause(error)
}
