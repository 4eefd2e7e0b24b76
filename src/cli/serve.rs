//! `plimsoll serve`

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use clap::Args;

use crate::analytic::{self, Definition};
use crate::cli::clock::{elapsed, now};
use crate::cli::inputs::{Inputs, object_access, own_files, read_options, watched};
use crate::cli::options::{AlertSelection, PeriodSelection};
use crate::cli::score::{POLL, POLL_OBJECTS, duration};
use crate::cli::sending::{Purpose, surroundings};
use crate::cli::setup::setup_of;
use crate::cli::{Common, Console, Ending};
use crate::config::{Config, ConfigFile, DEFAULT_PATH, address, time_of_day};
use crate::engine::{FollowOptions, ScoreOptions, Setup};
use crate::error::Result;
use crate::objects::Access;
use crate::report::Plain;
use crate::service::{self, Host};
use crate::sinks::Surroundings;
use crate::sources::{InputFile, ReadOptions};
use crate::time::Time;

/// Judge logs as a service: take them by HTTP, follow them where they lie, answer what is asked
///
/// Logs are handed over with `POST /v1/events`, in any format; an answer means that they are durable. LOGS are followed as `score --follow`
/// does. With --nightly, what came is learnt every day, and a new store begins with that. `/openapi.json` describes what can be asked.
/// It listens on this machine alone unless the configuration has tokens and a certificate under [serve].
#[derive(Debug, Clone, Args)]
pub struct Arguments {
    /// Files, folders, or `s3://bucket/prefix`, `gs://…`, `az://…`, beside what is handed over.
    #[arg(value_name = "LOGS")]
    logs: Vec<PathBuf>,
    /// The address and port to listen on [default: `listen` under [serve], or 127.0.0.1:7337].
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    listen: Option<SocketAddr>,
    /// The time of day, in UTC, at which to learn what came, as in `02:00` [default: `nightly` under [serve], or never].
    #[arg(long, value_name = "TIME", value_parser = time_of_day)]
    nightly: Option<u32>,
    /// How often to look for new input in LOGS, as in `1s` or `200ms` [default: 1s, and 60s for objects].
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    poll: Option<Duration>,
    #[command(flatten)]
    selection: AlertSelection,
}

/// Runs the command.
///
/// # Errors
///
/// A usage error if others could reach the service unencrypted or without a token. Fails if the address is taken, another process follows
/// with the same store, or the store cannot be written.
pub fn run(arguments: &Arguments, common: &Common, console: &Console) -> Result<Ending> {
    let setup = common.setup(console)?;
    let mut settings = setup.config.serve.clone();
    if let Some(listen) = arguments.listen {
        settings.listen = listen;
        // What is wrong with it is not to be mended in the file.
        settings.places.remove("listen");
    }
    settings.nightly = arguments.nightly.or(settings.nightly);
    let process = Process {
        arguments: arguments.clone(),
        common: common.clone(),
        access: object_access(),
        console: console.another(common),
        seen: Mutex::default(),
        is_configured: AtomicBool::new(common.config.is_some()),
    };
    process.is_changed();
    // A place of objects that cannot be is a mistake now; a folder that is not there may come.
    let (_, paths) = watched(&arguments.logs, &process.access)?;
    for path in paths.iter().filter(|path| !path.exists()) {
        let path = path.display();
        console.warn(&format!("`{path}` is not there; it is followed once it is"));
    }
    let host: Arc<dyn Host> = Arc::new(process);
    service::serve(
        host,
        &common.store(),
        &settings,
        &|address, is_encrypted| {
            let scheme = if is_encrypted { "https" } else { "http" };
            console.say(&format!(
                "listening on {scheme}://{address}; Ctrl-C ends it\n"
            ));
        },
    )?;
    Ok(Ending::Complete)
}

/// What the service takes from outside the library.
struct Process {
    arguments: Arguments,
    common: Common,
    access: Access,
    console: Console,
    /// The configuration and the files of analytics, as they were seen last.
    seen: Mutex<Seen>,
    /// Whether there is to be a file of the configuration: one was named, or seen. Else it would be an empty one wherever it is away for a moment.
    is_configured: AtomicBool,
}

/// The text of the configuration, and the definitions of analytics, where they can be read.
type Seen = (Option<Vec<u8>>, Option<Vec<Definition>>);

impl Process {
    fn look(&self) -> Seen {
        let path = self.common.config.as_deref();
        let text = std::fs::read(path.unwrap_or(Path::new(DEFAULT_PATH))).ok();
        if text.is_some() {
            self.is_configured.store(true, Ordering::Relaxed);
        }
        let config = Config::load(path).ok();
        let definitions = config.and_then(|config| analytic::definitions(&config.definitions).ok());
        (text, definitions)
    }

    fn may_be_missing(&self) -> bool {
        !self.is_configured.load(Ordering::Relaxed)
    }
}

impl Host for Process {
    fn now(&self) -> Time {
        now()
    }

    fn since_start(&self) -> Duration {
        elapsed()
    }

    fn setup(&self) -> Result<Setup> {
        let path = self.common.config.as_deref();
        setup_of(ConfigFile::read(path, self.may_be_missing())?.config()?)
    }

    fn config_file(&self) -> Result<ConfigFile> {
        ConfigFile::read(self.common.config.as_deref(), self.may_be_missing())
    }

    fn setup_of(&self, config: Config) -> Result<Setup> {
        setup_of(config)
    }

    fn is_changed(&self) -> bool {
        let now = self.look();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let is_changed = *seen != now;
        *seen = now;
        is_changed
    }

    fn follow(&self) -> Result<FollowOptions> {
        let arguments = &self.arguments;
        let (locations, paths) = watched(&arguments.logs, &self.access)?;
        Ok(FollowOptions {
            paths,
            locations,
            own: own_files(None, &self.common),
            // Alerts that an approval covers are stored, too, so that it is known what each hides.
            score: ScoreOptions {
                show_suppressed: true,
                ..arguments.selection.options()
            },
            read: read_options(&PeriodSelection::default(), &self.common)?,
            received: None,
            poll: arguments.poll.unwrap_or(POLL),
            poll_objects: arguments.poll.unwrap_or(POLL_OBJECTS),
            until_idle: None,
            ending: Arc::default(),
            leaving: Arc::default(),
            clock: elapsed,
            now: Some(now),
        })
    }

    fn logs(&self, received: &[PathBuf]) -> Result<(Vec<InputFile>, ReadOptions)> {
        let period = PeriodSelection::default();
        let mut paths = self.arguments.logs.clone();
        paths.extend_from_slice(received);
        if paths.is_empty() {
            return Ok((Vec::new(), read_options(&period, &self.common)?));
        }
        let inputs = Inputs::find_new(&paths, None, (&period, &self.common), &self.console)?;
        Ok((inputs.files, inputs.options))
    }

    fn surroundings(&self) -> Surroundings<'static> {
        surroundings(Purpose::Following)
    }

    fn tell(&self, line: &str) {
        self.console.log(&format!("{} {}", now(), Plain(line)));
    }

    fn is_stopped(&self) -> bool {
        self.console.is_stopped()
    }
}
