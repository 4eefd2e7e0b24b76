//! `plimsoll approve`

use clap::{Args, Subcommand, ValueEnum};

use crate::cli::format::View;
use crate::cli::setup::setup_of;
use crate::cli::{Common, Console, Ending};
use crate::config::{Config, ConfigFile, Draft};
use crate::engine;
use crate::error::Result;
use crate::inquiry::{ApprovalRequest, Inquiry, take_back_approval};
use crate::report::{Plain, approvals, json, proposals};

/// Said where an approval covers alerts that were told.
const TOLD_STAYS: &str = "alerts that were told stay as they are; `plimsoll score --again LOGS…` tells those of a day anew\n";

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
/// match one of them, so that a sanctioned transfer does not hide another one beside it. `*` and `?` are wildcards. It has at most 200
/// patterns and analytics. One that says the same as another that still holds is not written.
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
    /// Person or team that is responsible for it, in at most 200 characters on one line.
    #[arg(long, required_unless_present = "dry_run")]
    owner: Option<String>,
    /// Reason for the exception, in at most 1,000 characters on one line.
    #[arg(long, required_unless_present = "dry_run")]
    reason: Option<String>,
    /// Last UTC day on which it applies, as in 2027-01-31.
    #[arg(long, value_name = "DATE", required_unless_present = "dry_run")]
    expires: Option<String>,
    /// Write nothing; show the table, and all alerts and stored days that it would have hidden. Owner, reason and end may be left out.
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
    /// Id of the approval, as in `plimsoll approve list`. It follows from what an approval covers; where several cover the same, each has an
    /// id that also follows from its owner, its reason and its end.
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
    let file = ConfigFile::read(common.config.as_deref(), true)?;
    let request = ApprovalRequest {
        draft: arguments.draft(),
        from: arguments.from.clone(),
        is_dry_run: arguments.dry_run,
    };
    let before = setup_of(file.config()?)?;
    let inquiry = Inquiry::of_store(common.store());
    let mut new = inquiry.weigh_approval(&file, &before, request, &setup_of)?;
    if !arguments.dry_run {
        new = new.write(&file, &before, &setup_of)?;
    }
    let paint = console.out();
    let (id, place) = (paint.bold(&new.id), Plain(&new.place));
    let mut out = match new.is_written {
        true => format!("{id} is written to {place}\n"),
        false => format!("{id} would be written to {place}:\n\n{}\n", new.draft),
    };
    out.push_str(&approvals::simulation(
        &new.simulation,
        arguments.dry_run,
        paint,
    ));
    if new.is_written && new.covers_told() {
        out.push_str(TOLD_STAYS);
    }
    console.show(&out)?;
    for warning in &new.warnings {
        console.warn(warning);
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
            owner: self.owner.clone().unwrap_or_default(),
            reason: self.reason.clone().unwrap_or_default(),
            expires: self.expires.clone().unwrap_or_default(),
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
    let file = ConfigFile::read(common.config.as_deref(), true)?;
    let (id, said) = take_back_approval(&file, &arguments.id, &|_| Ok(()))?;
    let id = console.out().bold(&id).to_string();
    console.show(&format!("{id} is removed: {}\n", Plain(&said)))
}
