//! `plimsoll top`

mod screen;
mod served;
mod stored;
mod unanswered;
mod watched;

use std::io::{self, IsTerminal};
use std::time::Duration;

use clap::Args;

use crate::cli::clock::{elapsed, now};
use crate::cli::score::duration;
use crate::cli::top::screen::Screen;
use crate::cli::top::watched::{Answer, Watched};
use crate::cli::{Common, Console, Ending};
use crate::error::{Error, Result};
use crate::report::Paint;
use crate::top::{Moment, State, Wish};

/// How often it is asked how things are.
const ASK: Duration = Duration::from_secs(2);
/// How long a key is waited for before it is looked whether something else happened.
const LOOK: Duration = Duration::from_millis(100);
/// How often ages are drawn anew.
const DRAW: Duration = Duration::from_secs(1);

/// Watch a service or a store in the terminal: incidents, rates, and how late logs come
///
/// It asks a running `plimsoll serve`: the one at --url, or else the one at the address of [serve] in the configuration (127.0.0.1:7337). If
/// that one is not there, or does not answer you, it reads the store and says why; if --store names a folder, it reads that one. A store
/// has incidents, logs and sinks but no rates. It changes nothing and takes no lock. A token is read from the variable PLIMSOLL_TOKEN; it needs the right
/// `read`. `?` lists the keys.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The address of the service, as in `https://plimsoll.example.com:7337`.
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// How often to ask, as in `5s` or `500ms` [default: 2s].
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    poll: Option<Duration>,
}

/// Runs the command.
///
/// # Errors
///
/// A usage error if standard output is no terminal, the address is none, or there is nothing to watch. Fails if the terminal does.
pub fn run(arguments: &Arguments, common: &Common, console: &Console) -> Result<Ending> {
    let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    if !io::stdout().is_terminal() || is_dumb {
        return Err(Error::usage(
            "`plimsoll top` draws on a terminal, and standard output is none",
        )
        .hint("`plimsoll incidents` prints incidents; a service has its counts at /metrics"));
    }
    let watched = Watched::of(arguments.url.as_deref(), common)?;
    let mut state = State::new(watched.name(), console.out() == Paint::Ansi);
    let asking = watched.start(arguments.poll.unwrap_or(ASK), state.wanted())?;
    let mut screen = Screen::open()?;
    let mut drawn = None;
    let mut is_changed = true;
    while !console.is_stopped() {
        let is_due = drawn.is_none_or(|at| elapsed().saturating_sub(at) >= DRAW);
        if is_changed || is_due {
            screen.draw(&mut state, now())?;
            drawn = Some(elapsed());
        }
        let (key, is_resized) = screen.key(LOOK)?;
        is_changed = is_resized || key.is_some();
        match key.and_then(|key| state.press(key, now())) {
            Some(Wish::Quit) => break,
            Some(Wish::Ask) => asking.ask(state.wanted()),
            Some(Wish::Open(id)) => asking.open(id),
            None => {}
        }
        while let Some(answer) = asking.answer()? {
            is_changed = true;
            match answer {
                Answer::Snapshot(Ok(snapshot)) => {
                    let at = Moment {
                        now: now(),
                        elapsed: elapsed(),
                    };
                    state.take(*snapshot, at);
                }
                Answer::Snapshot(Err(fault)) => state.fail(fault, now()),
                Answer::Story(id, text) => {
                    let text = text.map(|text| console.commands().complete(&text));
                    state.take_story(&id, text.map_err(|fault| fault.text()));
                }
            }
        }
    }
    Ok(Ending::Complete)
}
