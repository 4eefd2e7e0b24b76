//! `plimsoll approve`

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};

use crate::cli::approval_from::fill_in;
use crate::cli::format::View;
use crate::cli::setup::setup_of;
use crate::cli::{Common, Console, Ending};
use crate::config::{Config, DEFAULT_PATH, Draft, without_approval};
use crate::engine;
use crate::error::{Error, Result};
use crate::inquiry::Inquiry;
use crate::report::{Plain, approvals, json, proposals};

/// Said where an approval covers alerts that were told.
const TOLD_STAYS: &str = "alerts that were told stay as they are; `plimsoll score --again LOGS…` tells those of a day anew\n";

/// Permissions of a new configuration file, before the user's mask.
#[cfg(unix)]
const NEW_FILE_MODE: u32 = 0o666;

/// Add, list, remove and propose approvals: exceptions with an owner, a reason and an expiry date
///
/// Approvals are the [[approval]] tables of the configuration, and can also be written by hand. They apply after scoring: an alert
/// that an approval covers is still scored, stored and counted, but not reported.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Add(Box<Add>),
    List(List),
    Remove(Remove),
    Propose(Propose),
}

/// Write an approval into the configuration, and show what it would have hidden
///
/// All criteria must match. Where a criterion has several patterns, each bucket, destination, client or network of the alert must
/// match one of them, so that a sanctioned transfer does not hide another one beside it. `*` and `?` are wildcards.
#[derive(Debug, Args)]
struct Add {
    /// Take identity and analytics, where they are not given, from an alert or an incident in the store: its id, or at least the
    /// first 6 characters. Of a roll-out the client, the application or the network that its members have in common is taken.
    #[arg(long, value_name = "ID")]
    from: Option<String>,
    /// Identity, by its id or an alias.
    #[arg(long, value_name = "PATTERN")]
    identity: Option<String>,
    /// Role.
    #[arg(long, value_name = "PATTERN")]
    role: Option<String>,
    /// Destination of data: an account, a bucket, an address or a network; `none` for alerts without a destination.
    #[arg(long, value_name = "PATTERN", num_args = 1..)]
    destination: Vec<String>,
    /// Bucket, with or without its provider, as in `aws:payroll-*`.
    #[arg(long, value_name = "PATTERN", num_args = 1..)]
    bucket: Vec<String>,
    /// Client family, as `plimsoll show` names it.
    #[arg(long, value_name = "PATTERN", num_args = 1..)]
    user_agent: Vec<String>,
    /// OAuth client or integration.
    #[arg(long, value_name = "PATTERN", num_args = 1..)]
    application: Vec<String>,
    /// Network of the caller, as in 203.0.113.0/24.
    #[arg(long, value_name = "NETWORK", num_args = 1..)]
    network: Vec<String>,
    /// A log that is retired, as its alert of SOURCE-SILENT names it, as in aws.cloudtrail/222233334444. It stands alone.
    #[arg(long, value_name = "PATTERN")]
    log: Option<String>,
    /// Times of the day in UTC, as in 02:00-03:30: what is done at others is judged by itself.
    #[arg(long, value_name = "TIMES", num_args = 1..)]
    times: Vec<String>,
    /// Days of the week in UTC, as in friday or monday-friday: what is done on others is judged by itself.
    #[arg(long, value_name = "DAYS", num_args = 1..)]
    weekdays: Vec<String>,
    /// Days of the month in UTC, as in 15, 1:3, or -3:-1 for the last three: what is done on others is judged by itself.
    #[arg(long, value_name = "DAYS", allow_hyphen_values = true)]
    days_of_month: Vec<String>,
    /// Analytics that it is for [default: all].
    #[arg(long, value_name = "ID", num_args = 1..)]
    analytic: Vec<String>,
    /// Person or team that is responsible for it.
    #[arg(long)]
    owner: String,
    /// Reason for the exception.
    #[arg(long)]
    reason: String,
    /// Last UTC day on which it applies, as in 2027-01-31.
    #[arg(long, value_name = "DATE")]
    expires: String,
    /// Write nothing; show the table, and all alerts and stored days that it would have hidden.
    #[arg(long)]
    dry_run: bool,
}

/// List the approvals, the alerts that each has hidden, and what is wrong with it
#[derive(Debug, Args)]
struct List {
    /// Format of the output.
    #[arg(long, default_value = "text")]
    format: View,
}

/// Remove an approval from the configuration, with its comments
#[derive(Debug, Args)]
struct Remove {
    /// Id of the approval, as in `plimsoll approve list`.
    #[arg(value_name = "ID")]
    id: String,
}

/// Propose approvals for jobs with a regular schedule
///
/// Nothing is written. The owner of a job adds a name to its table, and the table to the configuration. A job is proposed if it is no
/// person and the stored days show it for two weeks at the same hours, with the same clients, networks, destinations and buckets.
/// It may be all that an identity does, or peaks by the day, the week or the month inside an identity that also does other work: then the
/// table names when they come. The proposal expires 90 days after the last stored day.
#[derive(Debug, Args)]
struct Propose {
    /// Format of the output.
    #[arg(long, default_value = "toml")]
    format: Form,
}

/// Format of proposals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// Tables for the configuration.
    Toml,
    /// For programs.
    Json,
}

/// Runs the command.
///
/// # Errors
///
/// A usage error if the configuration or the approval has faults; a failure if the store cannot be read or the configuration
/// cannot be written.
pub fn run(arguments: &Arguments, common: &Common, console: &Console) -> Result<Ending> {
    match &arguments.action {
        Action::Add(arguments) => add(arguments, common, console),
        Action::List(arguments) => list(arguments, common, console),
        Action::Remove(arguments) => remove(arguments, common, console),
        Action::Propose(arguments) => propose(arguments, common, console),
    }?;
    Ok(Ending::Complete)
}

fn add(arguments: &Add, common: &Common, console: &Console) -> Result<()> {
    let file = ConfigFile::read(common)?;
    let mut draft = arguments.draft();
    if let Some(id) = &arguments.from {
        fill_in(&mut draft, id, &common.store())?;
    }
    let approval = draft.check()?;
    let text = draft.added_to(&file.text, &file.name)?;
    let setup = setup_of(Config::parse(&text, &file.name)?)?;
    let today = setup.now.day();
    if approval.expires < today {
        return Err(Error::usage(format!(
            "`{}` is in the past: today is {today} in UTC",
            approval.expires
        ))
        .hint("an expired approval has no effect"));
    }
    // What it would have hidden is computed with the configuration without it.
    let before = setup_of(Config::parse(&file.text, &file.name)?)?;
    let simulation = engine::simulate_approval(&before, &common.store(), &approval)?;
    if !arguments.dry_run {
        file.replace(&text)?;
    }
    let new = setup.config.approvals.last();
    let place = new.map_or_else(|| file.name.clone(), |new| new.place.to_string());
    let ids = setup.config.approval_ids();
    let id = ids.last().map_or("", String::as_str);
    let paint = console.out();
    let mut out = if arguments.dry_run {
        format!(
            "{} would be written to {}:\n\n{draft}\n",
            paint.bold(id),
            Plain(&place)
        )
    } else {
        format!("{} is written to {}\n", paint.bold(id), Plain(&place))
    };
    out.push_str(&approvals::simulation(
        &simulation,
        arguments.dry_run,
        paint,
    ));
    let has_told = simulation.hidden.iter().any(|h| h.alert_id.is_some());
    if has_told && !arguments.dry_run {
        out.push_str(TOLD_STAYS);
    }
    console.show(&out)?;
    for risk in approvals::lint_approval(&simulation, &engine::lint_approval(&approval, today)) {
        console.warn(&risk);
    }
    Ok(())
}

impl Add {
    fn draft(&self) -> Draft {
        let one = |value: &Option<String>| value.iter().cloned().collect::<Vec<_>>();
        let is_nowhere = self.destination.iter().any(|pattern| pattern == "none");
        let criteria = [
            ("identity", one(&self.identity)),
            ("role", one(&self.role)),
            ("destination", self.destination.clone()),
            ("bucket", self.bucket.clone()),
            ("user_agent", self.user_agent.clone()),
            ("application", self.application.clone()),
            ("network", self.network.clone()),
            ("log", one(&self.log)),
            ("times", self.times.clone()),
            ("weekdays", self.weekdays.clone()),
            ("days_of_month", self.days_of_month.clone()),
        ];
        let mut criteria: Vec<(&'static str, Vec<String>)> = criteria
            .into_iter()
            .filter(|(_, patterns)| !patterns.is_empty())
            .collect();
        if is_nowhere && self.destination.len() == 1 {
            for (key, patterns) in &mut criteria {
                if *key == "destination" {
                    patterns.clear();
                }
            }
        }
        Draft {
            comments: Vec::new(),
            criteria,
            analytics: self.analytic.clone(),
            owner: self.owner.clone(),
            reason: self.reason.clone(),
            expires: self.expires.clone(),
        }
    }
}

fn list(arguments: &List, common: &Common, console: &Console) -> Result<()> {
    let setup = setup_of(Config::load(common.config.as_deref())?)?;
    let approval_states = Inquiry::of_store(common.store()).approvals(&setup)?;
    match arguments.format {
        View::Text => console.show(&approvals::list(&approval_states, console.out())),
        View::Json => console.print(&(json::pretty(&approvals::document(&approval_states)) + "\n")),
    }
}

fn propose(arguments: &Propose, common: &Common, console: &Console) -> Result<()> {
    let setup = setup_of(Config::load(common.config.as_deref())?)?;
    let proposed = engine::propose(&setup, &common.store())?;
    console.print(&match arguments.format {
        Form::Toml => proposals::toml(&proposed),
        Form::Json => json::pretty(&proposals::document(&proposed)) + "\n",
    })
}

fn remove(arguments: &Remove, common: &Common, console: &Console) -> Result<()> {
    let file = ConfigFile::read(common)?;
    let config = Config::parse(&file.text, &file.name)?;
    let ids = config.approval_ids();
    let id = arguments.id.to_ascii_lowercase();
    let Some(at) = ids.iter().position(|known| *known == id) else {
        let error = Error::failed(format!("there is no approval `{id}` in `{}`", file.name));
        return Err(error.hint(match ids.as_slice() {
            [] => "it has no approvals".to_owned(),
            ids => format!("its approvals are {}", ids.join(", ")),
        }));
    };
    let text = without_approval(&file.text, &file.name, at)?;
    file.replace(&text)?;
    console.show(&format!(
        "{} is removed: {}\n",
        console.out().bold(&id),
        Plain(&config.approvals[at].to_string())
    ))
}

/// The configuration as a file that is about to be changed.
struct ConfigFile {
    path: PathBuf,
    name: String,
    text: String,
    is_there: bool,
}

impl ConfigFile {
    fn read(common: &Common) -> Result<Self> {
        let path = common.config.clone().unwrap_or_else(|| DEFAULT_PATH.into());
        let name = path.display().to_string();
        let (bytes, is_there) = match fs::read(&path) {
            Ok(bytes) => (bytes, true),
            Err(e) if e.kind() == ErrorKind::NotFound => (Vec::new(), false),
            Err(e) => {
                return Err(
                    Error::usage(format!("cannot read the configuration `{name}`")).cause(e),
                );
            }
        };
        let text = String::from_utf8(bytes)
            .map_err(|e| Error::usage(format!("`{name}` is not UTF-8")).cause(e.utf8_error()))?;
        Ok(Self {
            path,
            name,
            text,
            is_there,
        })
    }

    /// Replaces the file, so that a reader or a crash sees the old text or the new and nothing between.
    fn replace(&self, text: &str) -> Result<()> {
        let cannot = |e: std::io::Error| {
            Error::failed(format!("cannot write the configuration `{}`", self.name)).cause(e)
        };
        // A link stays a link: its target is replaced.
        let path = match self.is_there {
            true => fs::canonicalize(&self.path).map_err(cannot)?,
            false => self.path.clone(),
        };
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let mut builder = tempfile::Builder::new();
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(NEW_FILE_MODE));
        let mut beside = builder.tempfile_in(folder).map_err(cannot)?;
        beside.write_all(text.as_bytes()).map_err(cannot)?;
        if self.is_there {
            let before = fs::metadata(&path).map_err(cannot)?;
            // The owner first: to give a file away may cost it some permissions.
            keep_owner(beside.as_file(), &before).map_err(|e| {
                cannot(e).hint("nothing was written; run the command as the owner of the file")
            })?;
            let permissions = before.permissions();
            beside
                .as_file()
                .set_permissions(permissions)
                .map_err(cannot)?;
        }
        beside.as_file().sync_all().map_err(cannot)?;
        let now = fs::read(&path).unwrap_or_default();
        if now != self.text.as_bytes() {
            return Err(
                Error::failed(format!("`{}` was changed by another program", self.name))
                    .hint("nothing was written; run the command again"),
            );
        }
        if self.is_there {
            beside.persist(&path).map_err(|e| cannot(e.error))?;
        } else {
            beside
                .persist_noclobber(&path)
                .map_err(|e| cannot(e.error))?;
        }
        if let Ok(folder) = fs::File::open(folder) {
            // Makes the rename itself durable; not every platform lets a directory be opened.
            folder.sync_all().ok();
        }
        Ok(())
    }
}

/// Gives a file to the owner and group of the one that it replaces, so that they can still read it.
#[cfg(unix)]
fn keep_owner(file: &fs::File, before: &fs::Metadata) -> std::io::Result<()> {
    use std::os::unix::fs::{MetadataExt, fchown};
    let now = file.metadata()?;
    let changed = |is: u32, was: u32| (is != was).then_some(was);
    match (
        changed(now.uid(), before.uid()),
        changed(now.gid(), before.gid()),
    ) {
        (None, None) => Ok(()),
        (uid, gid) => fchown(file, uid, gid),
    }
}

#[cfg(not(unix))]
fn keep_owner(_: &fs::File, _: &fs::Metadata) -> std::io::Result<()> {
    Ok(())
}

#[cfg(all(test, unix))]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};

    use super::*;

    #[test]
    fn a_configuration_keeps_its_owner_and_mode() {
        /// Somebody else, as most systems know him.
        const NOBODY: u32 = 65_534;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plimsoll.toml");
        fs::write(&path, "old").unwrap();
        // Only the superuser may give a file away.
        let owner = match chown(&path, Some(NOBODY), Some(NOBODY)) {
            Ok(()) => (NOBODY, NOBODY),
            Err(_) => {
                let before = fs::metadata(&path).unwrap();
                (before.uid(), before.gid())
            }
        };
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let file = ConfigFile {
            name: "p".to_owned(),
            path,
            text: "old".to_owned(),
            is_there: true,
        };
        file.replace("new").unwrap();
        let after = fs::metadata(&file.path).unwrap();
        assert_eq!(fs::read_to_string(&file.path).unwrap(), "new");
        assert_eq!((after.uid(), after.gid()), owner);
        assert_eq!(after.mode() & 0o777, 0o600);
    }
}
