//! `plimsoll man`

use std::fs;
use std::path::PathBuf;

use clap::{Args, Command};

use crate::cli::Ending;
use crate::cli::reference::exit_status;
use crate::error::{Error, Result};

/// Write a man page for each command
#[derive(Debug, Args)]
pub struct Arguments {
    /// The folder; `~/.local/share/man/man1` is one where `man` looks.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// Runs the command; `program` is the whole command line.
///
/// # Errors
///
/// Fails if the folder cannot be written.
pub fn run(arguments: &Arguments, program: Command) -> Result<Ending> {
    let command = program.after_long_help(exit_status());
    fs::create_dir_all(&arguments.out)
        .and_then(|()| clap_mangen::generate_to(command, &arguments.out))
        .map_err(|error| {
            Error::failed(format!("cannot write to `{}`", arguments.out.display())).cause(error)
        })?;
    Ok(Ending::Complete)
}
