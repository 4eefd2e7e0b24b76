//! Counts the instructions of the hot paths, and compares them with `instructions.toml`, which is committed.
//!
//! Wall time on shared machines cannot show that a path became a tenth slower, and instructions can: valgrind counts the
//! same number for the same program and input, whatever else the machine does. Each path runs under callgrind in a process
//! of its own, on one thread, and only what [`crate::measured`] does counts. The program is that of the dev profile, which
//! the tests have built already.
//!
//! What remains: another compiler generates other instructions, so its counts are shown and not judged. The C library
//! and some crates choose by the features of the processor; valgrind shows every processor with AVX2 as the same one, and
//! others are not judged.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Write, stderr};
use std::path::Path;
use std::process::{Command, ExitCode};
use std::thread;

use plimsoll::store::Store;
use serde::{Deserialize, Serialize};

use crate::input::{Input, simulated};
use crate::{Result, stages};

/// The name by which `cargo test` knows it.
pub const NAME: &str = "instructions_of_hot_paths";
/// The argument with which this program runs one path rather than all.
pub const COUNT: &str = "--count";
/// The variable that replaces the committed counts.
const ACCEPT: &str = "PLIMSOLL_ACCEPT_INSTRUCTIONS";
/// A count that grows by more than this fraction fails; one that shrinks by more should be committed.
const TOLERANCE: f64 = 0.10;
/// Days and identities of the simulated estate: about 12,000 records.
const ESTATE: (u32, u32) = (8, 25);
/// Looks of which one is the average.
const LOOKS: usize = 20;
/// Each path, and what it is counted for.
const PATHS: [(&str, &str); 5] = [
    ("parse", "event"),
    ("measure", "event"),
    ("learn", "event"),
    ("score", "event"),
    ("look", "look"),
];

/// What is committed.
#[derive(Deserialize, Serialize)]
struct Counts {
    /// The compiler of the program that was counted.
    rustc: String,
    /// Instructions of each path.
    instructions: BTreeMap<String, u64>,
}

/// Counts all paths; fails if one of them grew.
pub fn check() -> Result<ExitCode> {
    if let Some(reason) = reason_to_skip() {
        writeln!(stderr(), "skipped: {NAME}: {reason}")?;
        return Ok(ExitCode::SUCCESS);
    }
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let folder = folder.path();
    simulated(folder, ESTATE.0, ESTATE.1, false)?;
    load(folder)?.train(&Store::at(folder.join("store")))?;
    let counted: BTreeMap<String, u64> = thread::scope(|scope| {
        let count = |(path, _): &(&'static str, _)| {
            let path = *path;
            (path, scope.spawn(move || count_apart(path, folder)))
        };
        let counting: Vec<_> = PATHS.iter().map(count).collect();
        let counts = counting.into_iter().map(|(path, counting)| {
            let count = counting.join().map_err(|_| "a thread died")??;
            Ok((path.to_owned(), count))
        });
        counts.collect::<Result<_>>()
    })?;
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/costs/instructions.toml");
    let now = Counts {
        rustc: compiler(),
        instructions: counted,
    };
    if std::env::var_os(ACCEPT).is_some() {
        let how = format!(
            "# Instructions of the hot paths. If they grow on purpose, {}.\n",
            how_to_accept()
        );
        fs::write(&file, how + &toml::to_string(&now)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let committed: Counts = toml::from_str(&fs::read_to_string(&file)?)?;
    let is_judged = committed.rustc == now.rustc;
    if !is_judged {
        let (theirs, ours) = (&committed.rustc, &now.rustc);
        println!(
            "{NAME}: counted with {theirs}, and this is {ours}: growth is shown and not judged"
        );
    }
    let (mut n_grown, mut n_shrunk) = (0, 0);
    for (path, of) in PATHS {
        let (before, after) = (committed.instructions.get(path), now.instructions[path]);
        let Some(&before) = before else {
            return Err(format!("instructions.toml has no `{path}`: {}", how_to_accept()).into());
        };
        let growth = after as f64 / before as f64 - 1.0;
        let verdict = match growth {
            growth if growth > TOLERANCE => "more than a tenth more",
            growth if growth < -TOLERANCE => "more than a tenth less",
            _ => "ok",
        };
        n_grown += usize::from(growth > TOLERANCE);
        n_shrunk += usize::from(growth < -TOLERANCE);
        let change = 100.0 * growth;
        println!(
            "{path:<8} {after:>9} instructions a {of}, {before:>9} committed: {change:+.1} % {verdict}"
        );
    }
    if n_shrunk > 0 {
        println!(
            "warning: {n_shrunk} of the hot paths became faster. Commit the lower counts, so that they stay so: {}",
            how_to_accept()
        );
    }
    if n_grown > 0 && is_judged {
        println!(
            "error: {n_grown} of the hot paths became slower. If that is worth what it brings, {}",
            how_to_accept()
        );
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

fn how_to_accept() -> String {
    format!(
        "run `{ACCEPT}=1 cargo test --locked --bench costs` and commit benches/costs/instructions.toml"
    )
}

/// Returns why nothing can be counted or compared here, if so.
fn reason_to_skip() -> Option<&'static str> {
    #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
    let has_avx2 = is_x86_feature_detected!("avx2");
    #[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
    let has_avx2 = false;
    if !has_avx2 {
        return Some("the committed counts are of Linux on x86-64 with AVX2");
    }
    if !cfg!(debug_assertions) {
        return Some("the committed counts are of the dev profile");
    }
    let valgrind = Command::new("valgrind").arg("--version").output();
    match valgrind.is_ok_and(|done| done.status.success()) {
        true => None,
        false => {
            Some("valgrind is not installed, so no hot path is guarded against becoming slower")
        }
    }
}

/// Returns the version of the compiler.
fn compiler() -> String {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc).arg("--version").output();
    let version = version.map(|done| String::from_utf8_lossy(&done.stdout).trim().to_owned());
    version.unwrap_or_default()
}

/// Counts the instructions of one path in a process of its own.
fn count_apart(path: &str, folder: &Path) -> Result<u64> {
    let done = Command::new("valgrind")
        .args(["--tool=callgrind", "--collect-atstart=no"])
        .args([
            "--toggle-collect=*costs*measured*",
            "--callgrind-out-file=/dev/null",
        ])
        .arg(std::env::current_exe()?)
        .args([COUNT, path])
        .arg(folder)
        .output()?;
    let (said, counted) = (
        String::from_utf8(done.stdout)?,
        String::from_utf8(done.stderr)?,
    );
    let n: Option<u64> = said.trim().parse().ok();
    let total = counted
        .lines()
        .find_map(|line| line.split_once("Collected : "));
    let total: Option<u64> = total.and_then(|(_, total)| total.trim().parse().ok());
    match total.zip(n) {
        Some((total, n)) if total > 0 => Ok(total / n),
        _ => Err(format!("`{path}` could not be counted: {counted}").into()),
    }
}

/// Runs one path, and prints how many units its count is of.
pub fn count(path: &str, folder: &Path) -> Result<()> {
    let input = load(folder)?;
    let store = Store::at(folder.join("store"));
    let n_learnt: usize = input.learnt().map(|(_, events)| events.len()).sum();
    let n = match path {
        "parse" => {
            stages::parse(input.logs.iter().map(|log| &log.lines[..]));
            input.n_events()
        }
        "measure" => {
            stages::measure(&input);
            n_learnt
        }
        "learn" => {
            stages::learn(&input);
            n_learnt
        }
        "score" => {
            stages::score(&input, &store, 1)?;
            input.judged().map(|(_, events)| events.len()).sum()
        }
        "look" => {
            stages::look(&input, &store, LOOKS)?;
            LOOKS
        }
        other => return Err(format!("there is no path `{other}`").into()),
    };
    println!("{n}");
    Ok(())
}

fn load(folder: &Path) -> Result<Input> {
    Input::load(&folder.join("logs"), Some(&folder.join("plimsoll.toml")))
}
