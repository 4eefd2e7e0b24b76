//! The house rules that the compiler does not know: who may know whom, that no files name each other in a circle, who may
//! print and read the clock, and what no file may mention.
//!
//! The table of who may know whom is `docs/ARCHITECTURE.md`'s and stands here once more, so that neither changes alone.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

#[path = "tidy/imports.rs"]
mod imports;

use imports::Imports;

/// Each module and the modules that it may name.
const MAY_KNOW: &[(&str, &str)] = &[
    ("error", ""),
    ("time", ""),
    ("vocab", ""),
    ("event", "time vocab"),
    ("glob", "vocab"),
    ("wording", "time vocab"),
    ("pattern", "event glob"),
    ("document", "error time vocab"),
    ("config", "document error event glob pattern time vocab"),
    // Only an object store that a user named is ever waited for.
    ("objects", "error time"),
    ("sources", "error event glob objects time vocab"),
    ("sketch", ""),
    ("stats", "sketch"),
    ("evidence", "sketch stats"),
    ("alert", "error evidence stats time vocab"),
    (
        "analytic",
        "document error event glob pattern stats time vocab",
    ),
    ("incident", "alert analytic error stats time vocab wording"),
    ("identity", "config document error event pattern vocab"),
    ("measure", "event glob identity sketch time vocab"),
    (
        "baseline",
        "error event identity measure sketch stats time vocab",
    ),
    ("learn", "baseline event measure sketch stats time vocab"),
    (
        "score",
        "alert analytic baseline config error event evidence glob identity learn measure sketch stats time vocab wording",
    ),
    ("store", "baseline error learn measure time vocab"),
    (
        "engine",
        "alert analytic baseline config error event identity incident learn measure objects score sketch sources stats store time vocab",
    ),
    (
        "story",
        "alert analytic config document engine error event glob identity pattern stats time vocab",
    ),
    ("simulate", "error time"),
    (
        "evaluation",
        "alert analytic baseline config engine error event glob incident measure score simulate sources time vocab",
    ),
    (
        "report",
        "alert analytic baseline engine evaluation event evidence incident measure objects score sketch stats store time vocab wording",
    ),
    (
        "inquiry",
        "alert baseline config engine error glob incident report stats store time vocab",
    ),
    (
        "export",
        "alert baseline engine error incident inquiry measure report sketch stats store time vocab",
    ),
    ("mcp", "engine error incident inquiry report vocab"),
    (
        "sinks",
        "alert config error glob incident report stats store time wording",
    ),
    ("verify", "alert evidence stats"),
    (
        "service",
        "alert config engine error incident inquiry report sinks sources stats store time vocab",
    ),
    ("top", "alert error incident report stats time wording"),
    (
        "cli",
        "alert analytic config document engine error evaluation event export incident inquiry mcp objects report service simulate sinks sources stats store story time top verify vocab",
    ),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns the files below a folder with one of some extensions, in order.
fn files(folder: &str, extensions: &[&str]) -> Vec<PathBuf> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(&root().join(folder), &mut found);
    found.retain(|path| {
        path.extension()
            .is_some_and(|e| extensions.iter().any(|x| e == *x))
    });
    found.sort();
    found
}

/// Returns which file of the library names which.
fn imports() -> Imports {
    let mut files = files("src", &["rs"]);
    files.retain(|path| !path.ends_with("tests.rs"));
    Imports::of(&root().join("src"), &files)
}

/// Returns the source files of the library with what they say before their tests.
fn sources() -> Vec<(PathBuf, String)> {
    files("src", &["rs"])
        .into_iter()
        .filter(|path| !path.ends_with("tests.rs"))
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            let code = text
                .split("#[cfg(test)]")
                .next()
                .unwrap_or_default()
                .to_owned();
            (path, code)
        })
        .collect()
}

/// Returns the module that a file belongs to: its folder or its own name.
fn module_of(path: &Path) -> String {
    let inside = path.strip_prefix(root().join("src")).unwrap();
    let first = inside
        .components()
        .next()
        .unwrap()
        .as_os_str()
        .to_str()
        .unwrap();
    first.trim_end_matches(".rs").to_owned()
}

#[test]
fn a_module_knows_only_those_beside_it_in_the_table() {
    let known = imports().between_top_modules();
    let table: BTreeMap<String, BTreeSet<String>> = MAY_KNOW
        .iter()
        .map(|(module, knows)| {
            (
                (*module).to_owned(),
                knows.split_whitespace().map(str::to_owned).collect(),
            )
        })
        .collect();
    let differing: Vec<_> = known
        .iter()
        .filter(|(module, knows)| table.get(*module) != Some(knows))
        .collect();
    assert!(
        differing.is_empty() && known.len() == table.len(),
        "not as in the table: {differing:?}\na new arrow is a change of the design: it comes with its reason, here and in docs/ARCHITECTURE.md"
    );
}

#[test]
fn the_table_has_no_circle() {
    for (at, (module, knows)) in MAY_KNOW.iter().enumerate() {
        for known in knows.split_whitespace() {
            let is_above = MAY_KNOW[..at].iter().any(|(above, _)| *above == known);
            assert!(
                is_above,
                "`{module}` knows `{known}`, which is not above it"
            );
        }
    }
}

#[test]
fn no_files_name_each_other_in_a_circle() {
    let circles = imports().circles();
    assert!(
        circles.is_empty(),
        "files that name each other cannot be read one at a time: move what both need into a file of its own: {circles:#?}"
    );
}

#[test]
fn the_architecture_page_has_the_same_table() {
    let page = fs::read_to_string(root().join("docs/ARCHITECTURE.md")).unwrap();
    let rows: Vec<(String, String)> = page
        .lines()
        .filter_map(|line| {
            let cells: Vec<String> = line
                .trim()
                .trim_matches('|')
                .split('|')
                .map(|cell| cell.trim().replace(['`', ','], ""))
                .collect();
            let [module, _, knows] = cells.as_slice() else {
                return None;
            };
            MAY_KNOW
                .iter()
                .any(|(m, _)| m == module)
                .then(|| (module.clone(), knows.replace('–', "")))
        })
        .collect();
    let table: Vec<(String, String)> = MAY_KNOW
        .iter()
        .map(|(m, k)| ((*m).to_owned(), (*k).to_owned()))
        .collect();
    assert_eq!(rows, table);
}

#[test]
fn only_the_command_line_prints() {
    for (path, code) in sources() {
        if ["cli", "main"].contains(&module_of(&path).as_str()) {
            continue;
        }
        for word in [
            "println!",
            "print!(",
            "dbg!",
            "stdout()",
            "stderr()",
            "process::exit",
        ] {
            assert!(
                !code.contains(word),
                "{} has `{word}`: values go up, words are found at the top",
                path.display()
            );
        }
    }
}

/// What a client of the service is told to do must be something that it can do.
#[test]
fn a_hint_for_everybody_names_no_command_and_no_option() {
    // Nobody asks these by HTTP.
    let asked_by_commands = ["cli", "evaluation", "mcp", "simulate", "story"];
    for (path, code) in sources() {
        if asked_by_commands.contains(&module_of(&path).as_str()) {
            continue;
        }
        for (at, _) in code.match_indices(".hint(") {
            let mut depth = 0;
            let end = code[at..].find(|c| {
                depth += i32::from(c == '(') - i32::from(c == ')');
                depth == 0 && c == ')'
            });
            let hint = &code[at..at + end.unwrap_or(0)];
            let is_option = hint.match_indices("--").any(|(dashes, _)| {
                hint[dashes + 2..].starts_with(|c: char| c.is_ascii_lowercase())
            });
            assert!(
                !is_option && !hint.contains("`plimsoll "),
                "{}: `{hint}`: hints that name commands are for who asked by one: `hint_by_command`, and `hint_by_http` beside it",
                path.display()
            );
        }
    }
}

#[test]
fn only_the_command_line_reads_the_clock() {
    for (path, code) in sources() {
        if module_of(&path) == "cli" {
            continue;
        }
        for word in [
            "Instant::now",
            "SystemTime::now",
            "Utc::now",
            "Local::now",
            ".elapsed()",
        ] {
            assert!(
                !code.contains(word),
                "{} has `{word}`: the clock is passed in",
                path.display()
            );
        }
    }
}

#[test]
fn no_file_mentions_the_machine_that_it_was_written_on() {
    let words = [concat!("/wo", "rk/"), concat!("/ro", "ot/")];
    for folder in ["src", "tests", "docs", "models", "benches"] {
        for path in files(folder, &["rs", "md", "toml", "css", "js"]) {
            let text = fs::read_to_string(&path).unwrap();
            for word in words {
                assert!(!text.contains(word), "{} mentions `{word}`", path.display());
            }
        }
    }
}
