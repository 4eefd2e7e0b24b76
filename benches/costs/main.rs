//! What each stage costs, from bytes to alerts, beside a reference that does less with the same input in the same run.
//!
//! - `cargo bench` prints one table of times and ratios. Its logs are a simulated estate; `cargo bench -- LOGS` takes the
//!   CloudTrail files in a folder instead, of at least five days. `PLIMSOLL_BENCH_ROUNDS` (3) is how often each is measured,
//!   and `PYTHON` names a Python that has `duckdb`, which is then one of the references.
//! - `cargo bench -- --formats` prints the last part alone: bytes in a second of each format, and their ratio to those of CloudTrail.
//! - `cargo test --bench costs` counts the instructions of the hot paths, see [`guard`].
#![allow(clippy::print_stdout, reason = "a benchmark prints what it measured")]

mod formats;
mod guard;
mod input;
mod reference;
mod stages;
mod table;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Any error ends the run.
type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [first, path, folder] = arguments.as_slice()
        && first == guard::COUNT
    {
        guard::count(path, folder.as_ref())?;
        return Ok(ExitCode::SUCCESS);
    }
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    let mut named = arguments
        .iter()
        .filter(|argument| !argument.starts_with('-'));
    // Cargo says which of the two it is.
    if has("--bench") {
        if has("--formats") {
            table::print_formats()?;
            return Ok(ExitCode::SUCCESS);
        }
        table::print(named.next().map(PathBuf::from).as_deref())?;
        return Ok(ExitCode::SUCCESS);
    }
    if has("--list") {
        // As tests are listed; none is ignored.
        let listed = format!("{}: test\n", guard::NAME);
        print!("{}", if has("--ignored") { "" } else { &listed });
        return Ok(ExitCode::SUCCESS);
    }
    // `cargo test NAME` passes a name on to every test.
    if named
        .next()
        .is_some_and(|name| !guard::NAME.contains(name.as_str()))
    {
        return Ok(ExitCode::SUCCESS);
    }
    guard::check()
}

/// Does what is to be measured on this thread, and returns the seconds of processor time that it takes, which other load on
/// the machine changes little. Instructions are counted in this function only.
#[inline(never)]
fn measured<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let (before, begun) = (on_processor(), Instant::now());
    let done = work();
    let secs = on_processor() - before;
    // Where the system does not say.
    let secs = if secs > 0.0 {
        secs
    } else {
        begun.elapsed().as_secs_f64()
    };
    (done, secs)
}

/// Does what waits for a disk or works on all cores, and returns the seconds that it takes.
fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let begun = Instant::now();
    let done = work();
    (done, begun.elapsed().as_secs_f64())
}

/// Returns the seconds that this thread was on a processor so far; 0 where the system does not say.
fn on_processor() -> f64 {
    let said = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = said.split(' ').next().and_then(|nanos| nanos.parse().ok());
    nanos.map_or(0.0, |nanos: f64| nanos / 1e9)
}
