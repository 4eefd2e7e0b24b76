//! Arguments in, exit status out.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Parser;
use plimsoll::cli::{self, Arguments, Console, Ending};
use plimsoll::error::Kind;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Exit status of work that the user stopped: 128 plus the number of the signal, as in shells.
const INTERRUPTED: u8 = 130;

fn main() -> ExitCode {
    keep_damage_quiet();
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help goes to standard output and errors to standard error; if that is closed, nobody reads it.
            let _ = error.print();
            return ExitCode::from(error.exit_code() as u8);
        }
    };
    let stopped = Arc::new(AtomicBool::new(false));
    let console = Console::new(&arguments.common, stopped.clone());
    stop_when_asked(stopped.clone(), &console);
    match cli::run(&arguments, &console) {
        Ok(Ending::Complete) => ExitCode::SUCCESS,
        Ok(Ending::Incomplete) => ExitCode::FAILURE,
        Err(error) => {
            console.complain(&error);
            if stopped.load(Ordering::Relaxed) {
                return ExitCode::from(INTERRUPTED);
            }
            match error.kind() {
                Kind::Usage => ExitCode::from(2),
                Kind::Failed | Kind::Missing | Kind::Conflict => ExitCode::FAILURE,
            }
        }
    }
}

/// Prints nothing of a panic of a decoder in a damaged file: it is caught, and the file's report has it.
fn keep_damage_quiet() {
    let print = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |fault| {
        if !plimsoll::sources::is_decoding() {
            print(fault);
        }
    }));
}

/// Makes the first request to stop end the work in good order, and the second end it at once.
#[allow(clippy::exit)]
fn stop_when_asked(stopped: Arc<AtomicBool>, console: &Console) {
    let installed = ctrlc::set_handler(move || {
        if stopped.swap(true, Ordering::Relaxed) {
            std::process::exit(i32::from(INTERRUPTED));
        }
    });
    if let Err(error) = installed {
        console.warn(&format!(
            "Ctrl-C ends the program at once, without finishing what it does: {error}"
        ));
    }
}
