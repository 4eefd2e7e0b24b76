//! Commands that are shown for the user to run. Each has the options of this run without which it would read something else.

use std::path::Path;

use crate::cli::Common;
use crate::cli::options::{STORE_DEFAULT, is_used_by};
use crate::report::in_shell;

/// How a command begins that is shown for the user to run.
const BEGIN: &str = "`plimsoll ";

/// The options that commands need to read what this run reads, with their values.
#[derive(Debug, Default)]
pub struct ShownCommands {
    options: Vec<(&'static str, String)>,
}

impl ShownCommands {
    /// Returns those of this run.
    pub fn of(common: &Common) -> Self {
        let store = Some(common.store.as_path()).filter(|store| *store != Path::new(STORE_DEFAULT));
        let given = [("config", common.config.as_deref()), ("store", store)];
        let options = given.into_iter();
        Self {
            options: options
                .filter_map(|(name, path)| Some((name, in_shell(&path?.display().to_string()))))
                .collect(),
        }
    }

    /// Returns a text in which each command between backticks has the options that it needs.
    pub fn complete(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(begin) = rest.find(BEGIN).filter(|_| !self.options.is_empty()) {
            let (before, command) = rest.split_at(begin + 1);
            let Some(end) = command.find('`') else {
                break;
            };
            let (command, after) = command.split_at(end);
            let name = command.split(' ').nth(1).unwrap_or_default();
            out.push_str(before);
            out.push_str(command);
            for (option, value) in &self.options {
                if is_used_by(option, name) && !command.contains(&format!("--{option} ")) {
                    out.push_str(&format!(" --{option} {value}"));
                }
            }
            rest = after;
        }
        out + rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shown_command_has_the_options_of_the_run_that_it_uses() {
        let commands = ShownCommands {
            options: vec![
                ("config", "c.toml".to_owned()),
                ("store", in_shell("my store")),
            ],
        };
        for (text, completed) in [
            (
                "next `plimsoll tune --apply`, or `plimsoll show`",
                "next `plimsoll tune --apply --config c.toml --store 'my store'`, or `plimsoll show --store 'my store'`",
            ),
            (
                "`plimsoll verify a`, `--out DIR`",
                "`plimsoll verify a`, `--out DIR`",
            ),
            (
                "`plimsoll coverage LOGS --store x`",
                "`plimsoll coverage LOGS --store x --config c.toml`",
            ),
            ("an open `plimsoll show", "an open `plimsoll show"),
        ] {
            assert_eq!(commands.complete(text), completed);
            assert_eq!(ShownCommands::default().complete(text), text);
        }
    }
}
