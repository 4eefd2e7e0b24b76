//! What is watched, and the thread that asks it.

use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TryRecvError, unbounded};

use crate::cli::Common;
use crate::cli::clock::elapsed;
use crate::cli::options::STORE_DEFAULT;
use crate::cli::setup::load;
use crate::cli::top::served::Served;
use crate::cli::top::stored::Stored;
use crate::error::{Error, Result};
use crate::incident::Playbook;
use crate::report::Plain;
use crate::top::{Snapshot, Wanted};

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
    Snapshot(Result<Box<Snapshot>>),
    /// The text of the incident with this id.
    Story(String, Result<String>),
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
    pub(super) fn of(url: Option<&str>, common: &Common) -> Result<Self> {
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
        if !is_there && let Err(error) = served.check() {
            let message = format!(
                "there is no store `{STORE_DEFAULT}`, and no service at {}",
                Plain(served.address())
            );
            let error = Error::usage(message).cause(error.with_causes());
            return Err(error.hint("`--url` names another service, `--store` another store"));
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

    fn snapshot(&mut self, wanted: Wanted) -> Result<Box<Snapshot>> {
        match self {
            Self::Service(served) => served.snapshot(wanted),
            Self::Store(stored) => stored.snapshot(wanted),
            Self::Either(served, stored) => match served.snapshot(wanted) {
                Ok(snapshot) => Ok(snapshot),
                Err(error) if served.has_answered() || !stored.is_there() => Err(error),
                Err(_) => stored.snapshot(wanted),
            },
        }
        .map(Box::new)
    }

    fn story(&mut self, id: &str) -> Result<String> {
        match self {
            Self::Service(served) => served.story(id),
            Self::Store(stored) => stored.story(id),
            Self::Either(served, _) if served.has_answered() => served.story(id),
            Self::Either(_, stored) => stored.story(id),
        }
    }

    /// Starts the thread that asks, so often and whenever something else is wanted. It ends when nobody waits for answers any more.
    ///
    /// # Errors
    ///
    /// Fails if no thread can be started.
    pub(super) fn start(self, every: Duration, wanted: Wanted) -> Result<Asking> {
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
    pub(super) fn answer(&self) -> Result<Option<Answer>> {
        match self.answers.try_recv() {
            Ok(answer) => Ok(Some(answer)),
            Err(TryRecvError::Empty) => Ok(None),
            Err(TryRecvError::Disconnected) => Err(Error::failed("the thread that asks broke off")),
        }
    }
}
