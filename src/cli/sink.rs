//! `plimsoll sink`

use std::fmt::Write;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::cli::clock::now;
use crate::cli::format::View;
use crate::cli::sending::{Purpose, surroundings};
use crate::cli::setup::load;
use crate::cli::{Common, Console, Ending};
use crate::config::Sink;
use crate::error::{Error, Result};
use crate::report::{Paint, Plain, json, noun};
use crate::sinks::{self, Outcome, State};
use crate::store::{Dead, Outbox, Store};

/// Show, test and repair the sinks that incidents also go to
///
/// A sink is configured as `[[sink]]`. What is told waits in the store until its receiver has it.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List each sink: what waits, since when, how sending goes, and what was given up
    List {
        /// Format of the output.
        #[arg(long, default_value = "text")]
        format: View,
    },
    /// Send a message that says that it is a test, and print what the receiver made of it
    ///
    /// Of Jira it is only asked who the token is of. In PagerDuty the message is an event of severity `info`.
    Test {
        /// The name of the sink.
        name: String,
    },
    /// List what receivers refused, or did not take for a week
    Dead {
        /// The name of the sink; without it, of all.
        name: Option<String>,
        /// Format of the output; `json` is one document a line.
        #[arg(long, default_value = "text")]
        format: View,
    },
    /// Put what was given up in once more, under its id; the next run that sends has it
    Replay {
        /// The name of the sink.
        name: String,
        /// The id of the document, as `plimsoll sink dead` lists it; without it, all.
        id: Option<String>,
    },
}

/// Runs the command.
///
/// # Errors
///
/// A usage error if there is no such sink, or its secret is missing. Fails if the store cannot be read or written.
pub fn run(arguments: &Arguments, common: &Common, console: &Console) -> Result<Ending> {
    let setup = load(common.config.as_deref())?;
    let configured = &setup.config.sinks;
    let store = common.store();
    match &arguments.command {
        Command::List { format } => {
            let states = sinks::states(configured, &store)?;
            match format {
                View::Text => console.show(&list(&states, console.out())),
                View::Json => {
                    let documents: Vec<Value> = states.iter().map(document).collect();
                    console.print(&(json::pretty(&documents) + "\n"))
                }
            }?;
        }
        Command::Test { name } => return test(named(name, configured)?, console),
        Command::Dead { name, format } => {
            let names = match name {
                Some(name) => vec![known(name, configured, &store)?],
                None => Outbox::of(&store).names()?,
            };
            let mut n_dead = 0;
            for name in names {
                for dead in Outbox::of(&store).to(&name).dead()? {
                    n_dead += 1;
                    match format {
                        View::Text => console.show(&dead_text(&name, &dead, console.out())),
                        View::Json => console.print(&dead_line(&name, &dead)),
                    }?;
                }
            }
            if n_dead == 0 && *format == View::Text {
                console.show("nothing was given up\n")?;
            }
        }
        Command::Replay { name, id } => replay(name, id.as_deref(), configured, &store, console)?,
    }
    Ok(Ending::Complete)
}

fn named<'a>(name: &str, configured: &'a [Sink]) -> Result<&'a Sink> {
    let found = configured.iter().find(|sink| *sink.name == *name);
    found.ok_or_else(|| unknown(name, configured))
}

/// Returns the name of a sink that is configured, or for which something is left.
fn known(name: &str, configured: &[Sink], store: &Store) -> Result<String> {
    let is_known = configured.iter().any(|sink| *sink.name == *name)
        || Outbox::of(store).names()?.iter().any(|left| left == name);
    match is_known {
        true => Ok(name.to_owned()),
        false => Err(unknown(name, configured)),
    }
}

fn unknown(name: &str, configured: &[Sink]) -> Error {
    let error = Error::usage(format!("there is no sink `{name}`"));
    let names: Vec<&str> = configured.iter().map(|sink| &*sink.name).collect();
    match names.is_empty() {
        true => error.hint("the configuration has no [[sink]]; docs/SINKS.md shows each kind"),
        false => error.hint(format!("the configuration has {}", names.join(", "))),
    }
}

fn test(sink: &Sink, console: &Console) -> Result<Ending> {
    let outcome = sinks::test(sink, &surroundings(Purpose::Batch))?;
    let name = &sink.name;
    match outcome {
        Outcome::Taken(said) => {
            console.show(&format!("sink {name} took the message: {said}\n"))?;
            Ok(Ending::Complete)
        }
        Outcome::Later { reason, .. } => {
            Err(Error::failed(format!("sink `{name}` did not take the message")).cause(reason))
        }
        Outcome::Refused(reason) => {
            Err(Error::failed(format!("sink `{name}` refused the message")).cause(reason))
        }
    }
}

fn replay(
    name: &str,
    id: Option<&str>,
    configured: &[Sink],
    store: &Store,
    console: &Console,
) -> Result<()> {
    let outgoing = Outbox::of(store).to(&known(name, configured, store)?);
    let is_wanted = |dead: &Dead| id.is_none_or(|id| dead.id == id);
    let (mut n_put, mut n_unreadable) = (0, 0);
    for dead in outgoing.dead()?.iter().filter(|dead| is_wanted(dead)) {
        match outgoing.replay(dead, now())? {
            true => n_put += 1,
            false => n_unreadable += 1,
        }
    }
    if let (Some(id), 0) = (id, n_put + n_unreadable) {
        return Err(Error::failed(format!(
            "nothing with the id `{id}` was given up for sink `{name}`"
        ))
        .hint(format!("`plimsoll sink dead {name}` lists what was")));
    }
    if n_unreadable > 0 {
        console.warn(&format!(
            "{} damaged and stay where they are",
            noun(n_unreadable, "document is", "documents are")
        ));
    }
    let put = noun(n_put, "document waits", "documents wait");
    console.show(&format!(
        "{put} for sink {name} once more; the next run sends what waits\n"
    ))
}

fn list(states: &[State], paint: Paint) -> String {
    if states.is_empty() {
        return "no sinks\n".to_owned();
    }
    let mut out = String::new();
    for state in states {
        let kind = match state.kind {
            Some(kind) => kind.as_str(),
            None => "not configured any more",
        };
        let mut facts = vec![format!("{} waiting", state.waiting)];
        facts.extend(state.oldest.map(|at| format!("oldest {}", at.whole_secs())));
        facts.push(match state.status.last_success {
            Some(at) => format!("last sent {}", at.whole_secs()),
            None => "nothing sent yet".to_owned(),
        });
        facts.push(format!("{} given up", state.dead));
        if state.lost > 0 {
            facts.push(format!("{} lost", state.lost));
        }
        let name = paint.bold(&Plain(&state.name).to_string());
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{name}  {kind}  {}", facts.join(", "));
        if let Some((at, why)) = &state.status.last_failure {
            let _ = writeln!(out, "  last failure {}: {}", at.whole_secs(), Plain(why));
        }
    }
    out
}

fn document(state: &State) -> Value {
    let time = |at: crate::time::Time| at.whole_secs().to_string();
    let failure = state.status.last_failure.as_ref();
    json!({
        "name": state.name,
        "kind": state.kind.map(|kind| kind.as_str()),
        "waiting": state.waiting,
        "oldest": state.oldest.map(time),
        "last_success": state.status.last_success.map(time),
        "last_failure": failure.map(|(at, why)| json!({"time": time(*at), "reason": why})),
        "failures_in_a_row": state.status.failures,
        "dead": state.dead,
        "lost": state.lost,
    })
}

fn dead_text(name: &str, dead: &Dead, paint: Paint) -> String {
    let id = paint.bold(&Plain(&dead.id).to_string());
    let Some(entry) = &dead.entry else {
        return format!("{id}  {}  it cannot be read\n", Plain(name));
    };
    let since = entry.refused.as_ref();
    let at = since.map_or(entry.at, |(at, _)| *at).whole_secs();
    let why = since.map_or("", |(_, why)| why);
    format!(
        "{id}  {}  {at}  about {}\n  {}\n",
        Plain(name),
        Plain(&entry.key),
        Plain(why)
    )
}

fn dead_line(name: &str, dead: &Dead) -> String {
    let entry = dead.entry.as_ref();
    let refused = entry.and_then(|entry| entry.refused.as_ref());
    let written: Option<Value> = entry.and_then(|entry| serde_json::from_str(&entry.document).ok());
    json::line(&json!({
        "sink": name,
        "id": dead.id,
        "about": entry.map(|entry| &entry.key),
        "put": entry.map(|entry| entry.at.to_string()),
        "given_up": refused.map(|(at, _)| at.to_string()),
        "reason": refused.map(|(_, why)| why),
        "document": written,
    })) + "\n"
}
