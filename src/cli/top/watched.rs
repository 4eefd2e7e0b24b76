//! What is watched, and the thread that asks it.

use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TryRecvError, unbounded};

use crate::cli::Common;
use crate::cli::clock::elapsed;
use crate::cli::options::STORE_DEFAULT;
use crate::cli::setup::load;
use crate::cli::top::served::Served;
use crate::cli::top::stored::Stored;
use crate::error::{Audience, Error};
use crate::incident::Playbook;
use crate::report::Plain;
use crate::top::{Fault, FaultKind, InsteadOf, Snapshot, Wanted};

/// What is watched.
pub(super) enum Watched {
    /// A service.
    Service(Served),
    /// A store.
    Store(Box<Stored>),
    /// The service of this machine; as long as it never answered, the store.
    Either(Served, Box<Stored>),
}

/// What was answered.
pub(super) enum Answer {
    /// How things are.
    Snapshot(Result<Box<Snapshot>, Fault>),
    /// The text of the incident with this id.
    Story(String, Result<String, Fault>),
}

enum Question {
    Snapshot(Wanted),
    Story(String),
}

/// The thread that asks.
pub(super) struct Asking {
    questions: Sender<Question>,
    answers: Receiver<Answer>,
}

impl Watched {
    /// Returns what is watched: the service at an address, or the store that is named, or the service of the configuration and else the store.
    ///
    /// # Errors
    ///
    /// A usage error if the configuration has faults, the address is none, or there is neither service nor store.
    pub(super) fn of(url: Option<&str>, common: &Common) -> Result<Self, Error> {
        let setup = load(common.config.as_deref())?;
        if let Some(url) = url {
            return Ok(Self::Service(Served::at(url, false)?));
        }
        let playbook = Playbook::of(&setup.analytics);
        let stored = Stored::new(common.store(), setup.config.sinks.clone(), playbook);
        let is_there = common.store().root().is_dir();
        if common.store != std::path::Path::new(STORE_DEFAULT) {
            return match is_there {
                true => Ok(Self::Store(Box::new(stored))),
                false => Err(Error::usage(format!(
                    "there is no store `{}`",
                    common.store.display()
                ))),
            };
        }
        let mut served = Served::of(&setup.config.serve)?;
        if !is_there && let Err(fault) = served.snapshot(Wanted::default()) {
            return Err(neither(served.address(), &fault));
        }
        Ok(Self::Either(served, Box::new(stored)))
    }

    /// Returns what it is called.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Service(served) | Self::Either(served, _) => served.address().to_owned(),
            Self::Store(stored) => stored.name(),
        }
    }

    fn snapshot(&mut self, wanted: Wanted) -> Result<Box<Snapshot>, Fault> {
        match self {
            Self::Service(served) => served.snapshot(wanted),
            Self::Store(stored) => stored.snapshot(wanted, None).map_err(unreadable),
            Self::Either(served, stored) => match served.snapshot(wanted) {
                Ok(snapshot) => Ok(snapshot),
                Err(fault) if served.has_answered() || !stored.is_there() => Err(fault),
                Err(fault) => {
                    let address = served.address().to_owned();
                    let instead_of = InsteadOf {
                        address,
                        fault: fault.clone(),
                    };
                    let snapshot = stored.snapshot(wanted, Some(instead_of));
                    snapshot.map_err(|error| nor_readable(fault, error))
                }
            },
        }
        .map(Box::new)
    }

    fn story(&mut self, id: &str) -> Result<String, Fault> {
        match self {
            Self::Service(served) => served.story(id),
            Self::Store(stored) => stored.story(id).map_err(unreadable),
            Self::Either(served, _) if served.has_answered() => served.story(id),
            Self::Either(_, stored) => stored.story(id).map_err(unreadable),
        }
    }

    /// Starts the thread that asks, so often and whenever something else is wanted. It ends when nobody waits for answers any more.
    ///
    /// # Errors
    ///
    /// Fails if no thread can be started.
    pub(super) fn start(self, every: Duration, wanted: Wanted) -> Result<Asking, Error> {
        let (ask, questions) = unbounded();
        let (give, answers) = unbounded();
        std::thread::Builder::new()
            .name("top".to_owned())
            .spawn(move || self.answer(every, wanted, &questions, &give))
            .map_err(|e| Error::failed("cannot start the thread that asks").cause(e))?;
        Ok(Asking {
            questions: ask,
            answers,
        })
    }

    fn answer(
        mut self,
        every: Duration,
        mut wanted: Wanted,
        questions: &Receiver<Question>,
        give: &Sender<Answer>,
    ) {
        let mut next = elapsed();
        loop {
            let answer = match questions.recv_timeout(next.saturating_sub(elapsed())) {
                Ok(Question::Story(id)) => {
                    let text = self.story(&id);
                    Answer::Story(id, text)
                }
                Ok(Question::Snapshot(now_wanted)) => {
                    wanted = now_wanted;
                    Answer::Snapshot(self.snapshot(wanted))
                }
                Err(RecvTimeoutError::Timeout) => {
                    let answer = Answer::Snapshot(self.snapshot(wanted));
                    next = elapsed() + every;
                    answer
                }
                Err(RecvTimeoutError::Disconnected) => return,
            };
            if give.send(answer).is_err() {
                return;
            }
        }
    }
}

/// Returns why a store cannot be shown.
fn unreadable(error: Error) -> Fault {
    let hints: Vec<&str> = error.hints(Audience::Command).collect();
    let why: Vec<&str> = [error.message()]
        .into_iter()
        .chain(error.causes().iter().map(String::as_str))
        .collect();
    Fault {
        kind: FaultKind::Failing,
        what: why.join("; "),
        hint: hints.join("; "),
    }
}

/// Returns why neither a service nor a store is shown.
fn nor_readable(service: Fault, error: Error) -> Fault {
    match service.kind {
        FaultKind::Absent => {
            let store = unreadable(error);
            Fault {
                what: format!("{}, and {}", service.what, store.what),
                hint: store.hint,
                ..service
            }
        }
        // That one is there, and may know more.
        _ => service,
    }
}

/// Returns that there is no store, and why the service at an address is none to be watched.
fn neither(address: &str, fault: &Fault) -> Error {
    let no_store = format!("there is no store `{STORE_DEFAULT}`");
    let error = match fault.kind {
        FaultKind::Absent => {
            Error::usage(format!("{no_store}, and no service at {}", Plain(address)))
        }
        _ => Error::usage(format!("{no_store}, and {}", Plain(&fault.what))),
    };
    let error = match (fault.kind, fault.hint.is_empty()) {
        (FaultKind::Absent, _) | (_, true) => error,
        _ => error.hint(Plain(&fault.hint).to_string()),
    };
    error.hint("`--url` names another service, `--store` another store")
}

impl Asking {
    /// Asks how things are, with the incidents that are wanted from now on.
    pub(super) fn ask(&self, wanted: Wanted) {
        // A thread that broke off is noticed when its answers are asked for.
        let _ = self.questions.send(Question::Snapshot(wanted));
    }

    /// Asks for the text of an incident.
    pub(super) fn open(&self, id: String) {
        let _ = self.questions.send(Question::Story(id));
    }

    /// Returns an answer, if there is one.
    ///
    /// # Errors
    ///
    /// Fails if the thread broke off.
    pub(super) fn answer(&self) -> Result<Option<Answer>, Error> {
        match self.answers.try_recv() {
            Ok(answer) => Ok(Some(answer)),
            Err(TryRecvError::Empty) => Ok(None),
            Err(TryRecvError::Disconnected) => Err(Error::failed("the thread that asks broke off")),
        }
    }
}
