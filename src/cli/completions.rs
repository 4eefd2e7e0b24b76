//! `plimsoll completions`

use clap::{Args, Command};
use clap_complete::Shell;

use crate::cli::{Console, Ending};
use crate::error::{Error, Result};

/// Print a script that completes commands and options in a shell
///
/// For bash: `plimsoll completions bash > ~/.local/share/bash-completion/completions/plimsoll`
///
/// For zsh: `plimsoll completions zsh > DIR/_plimsoll`, where DIR is in `$fpath`
///
/// For fish: `plimsoll completions fish > ~/.config/fish/completions/plimsoll.fish`
#[derive(Debug, Args)]
pub struct Arguments {
    /// The shell.
    shell: Shell,
}

/// Runs the command; `program` is the whole command line.
///
/// # Errors
///
/// Fails if standard output cannot be written.
pub fn run(arguments: &Arguments, mut program: Command, console: &Console) -> Result<Ending> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut program, "plimsoll", &mut script);
    let script = String::from_utf8(script)
        .map_err(|error| Error::failed("the script is not UTF-8").cause(error))?;
    console.print(&script)?;
    Ok(Ending::Complete)
}
