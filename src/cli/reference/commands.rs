//! The commands and their options, as a page in Markdown.

use std::fmt::Write;

use clap::{Arg, Command};

use crate::cli::reference::heading::heading;

/// The statuses with which the program ends.
const EXIT_STATUS: [(u8, &str); 4] = [
    (
        0,
        "Everything was done. Files that are no logs are told, and do not count.",
    ),
    (
        1,
        "The command failed, or a log could not be read or not to its end, or there is no log at all where none was known, or what \
         was checked is not as it should be (`verify`, `coverage --strict`, `analytics lint`, `analytics test`).",
    ),
    (
        2,
        "The command line, the configuration or an analytic is wrong.",
    ),
    (130, "The user stopped it."),
];

/// Returns the statuses with which the program ends, as text.
pub(in crate::cli) fn exit_status() -> String {
    let lines = EXIT_STATUS.map(|(status, meaning)| format!("{status}: {meaning}"));
    format!("Exit status:\n\n{}", lines.join("\n\n"))
}

/// Returns the page.
pub(super) fn page(program: &Command) -> String {
    let mut command = program.clone();
    command.build();
    let mut page = heading("Commands", "commands");
    page.push_str("| exit status | meaning |\n|---|---|\n");
    for (status, meaning) in EXIT_STATUS {
        let _ = writeln!(page, "| {status} | {meaning} |");
    }
    page.push_str(
        "\nResults go to standard output; warnings, progress and errors go to standard error.\n\n| command | |\n|---|---|\n",
    );
    for subcommand in visible(&command) {
        let name = subcommand.get_name();
        let about = subcommand.get_about().map(ToString::to_string);
        let _ = writeln!(
            page,
            "| [`{name}`](#plimsoll-{name}) | {} |",
            escaped(&about.unwrap_or_default())
        );
    }
    let globals: Vec<_> = listed(&command).filter(|arg| arg.is_global_set()).collect();
    if !globals.is_empty() {
        page.push_str("\n## Options of every command\n\n");
        write_arguments(&mut page, globals.into_iter());
    }
    for subcommand in visible(&command) {
        write_command(&mut page, subcommand, "plimsoll", 2);
    }
    page
}

fn visible(command: &Command) -> impl Iterator<Item = &Command> {
    command
        .get_subcommands()
        .filter(|subcommand| subcommand.get_name() != "help" && !subcommand.is_hide_set())
}

fn listed(command: &Command) -> impl Iterator<Item = &Arg> {
    command
        .get_arguments()
        .filter(|arg| !arg.is_hide_set() && !["help", "version"].contains(&arg.get_id().as_str()))
}

fn write_command(page: &mut String, command: &Command, above: &str, level: usize) {
    let name = format!("{above} {}", command.get_name());
    let about = command.get_long_about().or(command.get_about());
    let about = about.map(ToString::to_string).unwrap_or_default();
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage:").trim();
    let _ = writeln!(
        page,
        "\n{} {name}\n\n{}\n\n```text\n{usage}\n```\n",
        "#".repeat(level),
        sentences(&escaped(&about))
    );
    write_arguments(page, listed(command).filter(|arg| !arg.is_global_set()));
    for subcommand in visible(command) {
        write_command(page, subcommand, &name, level + 1);
    }
}

fn write_arguments<'a>(page: &mut String, arguments: impl Iterator<Item = &'a Arg>) {
    for arg in arguments {
        let short = arg.get_short().map(|short| format!("`-{short}`, "));
        let help = arg.get_long_help().or(arg.get_help());
        let help = help.map(ToString::to_string).unwrap_or_default();
        // Later paragraphs belong to the same item.
        let help = sentences(&escaped(&help)).replace("\n\n", "\n\n  ");
        let _ = write!(page, "- {}`{arg}`: {help}", short.unwrap_or_default());
        if arg.get_action().takes_values() {
            write_values(page, arg);
        }
        page.push('\n');
    }
}

fn write_values(page: &mut String, arg: &Arg) {
    let values: Vec<String> = (arg.get_possible_values().iter())
        .filter(|value| !value.is_hide_set())
        .map(|value| match value.get_help() {
            Some(help) => format!("`{}` ({})", value.get_name(), escaped(&help.to_string())),
            None => format!("`{}`", value.get_name()),
        })
        .collect();
    if !values.is_empty() && !arg.is_hide_possible_values_set() {
        let _ = write!(page, " One of {}.", values.join(", "));
    }
    let defaults: Vec<String> = (arg.get_default_values().iter())
        .map(|value| format!("`{}`", value.to_string_lossy()))
        .collect();
    if !defaults.is_empty() && !arg.is_hide_default_value_set() {
        let _ = write!(page, " Default: {}.", defaults.join(", "));
    }
}

/// Ends each paragraph of a help text with the full stop that is left out on a terminal.
fn sentences(text: &str) -> String {
    let paragraphs =
        text.split("\n\n").map(
            |paragraph| match paragraph.ends_with(['.', '?', '!', ':']) {
                true => paragraph.to_owned(),
                false => format!("{paragraph}."),
            },
        );
    paragraphs.collect::<Vec<_>>().join("\n\n")
}

/// Escapes what Markdown would take for something else, outside of code.
fn escaped(text: &str) -> String {
    let parts = text.split('`').enumerate().map(|(n, part)| match n % 2 {
        0 => part
            .replace('<', "\\<")
            .replace('*', "\\*")
            .replace('_', "\\_")
            .replace('|', "\\|"),
        _ => part.to_owned(),
    });
    parts.collect::<Vec<_>>().join("`")
}
