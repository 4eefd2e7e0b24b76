//! The table of ratios: each stage and its reference take turns, so that other load on the machine affects both.

use std::hint::black_box;
use std::path::Path;

use plimsoll::store::Store;
use xxhash_rust::xxh3::xxh3_64;

use crate::input::{Input, events_of, simulated};
use crate::{Result, formats, measured, reference, stages, timed};

/// Days and identities of the simulated estate: about 400,000 records.
const ESTATE: (u32, u32) = (17, 1_000);
/// Entities of the generation that is published and opened.
const ENTITIES: usize = 100_000;
/// Rounds, unless the environment says otherwise.
const ROUNDS: usize = 3;

/// Returns the seconds of one run.
type Work<'w> = Box<dyn FnMut() -> Result<f64> + 'w>;

/// A stage beside its reference.
struct Row<'w> {
    stage: &'w str,
    ours: Work<'w>,
    reference: &'w str,
    theirs: Work<'w>,
    /// How many of what are done.
    n: (usize, &'w str),
}

/// Prints the table, for the logs in a folder or for a simulated estate.
pub fn print(logs: Option<&Path>) -> Result<()> {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let folder = folder.path();
    let config = folder.join("plimsoll.toml");
    let input = match logs {
        Some(logs) => Input::load(logs, None)?,
        None => {
            simulated(folder, ESTATE.0, ESTATE.1, true)?;
            Input::load(&folder.join("logs"), Some(&config))?
        }
    };
    let store = Store::at(folder.join("store"));
    input.train(&store)?;
    let bytes: usize = input.logs.iter().map(|log| log.lines.len()).sum();
    println!(
        "{} CloudTrail events of {} days, {:.0} MB as JSON lines, the last days from {} on judged; least of several rounds\n",
        input.n_events(),
        input.days.len(),
        bytes as f64 / 1e6,
        input.first_judged,
    );
    println!(
        "| stage | a second | ours, s | reference | theirs, s | ratio |\n|---|---|---|---|---|---|"
    );
    in_memory(&input, &store)?;
    on_disk(&input, &store, folder)?;
    by_format(&folder.join("formats"))
}

/// The stages that read and write memory only, on one thread.
fn in_memory(input: &Input, store: &Store) -> Result<()> {
    let lines = || input.logs.iter().map(|log| &log.lines[..]);
    let packed = || input.logs.iter().map(|log| &log.stored[..]);
    let judged = || {
        input
            .logs
            .iter()
            .filter(|log| log.day >= input.first_judged)
    };
    let broken: Vec<Vec<u8>> = lines().map(without_times).collect();
    let learnt = reference::sums_by_day(input.learnt());
    let moments = reference::learn(learnt.values());
    let n_learnt = input.learnt().map(|(_, events)| events.len()).sum();
    let n_judged = input.judged().map(|(_, events)| events.len()).sum();
    let n_events = (input.n_events(), "events");
    let (_, at_once) = stages::score(input, store, 1)?;
    let (_, in_looks) = stages::score(input, store, stages::LOOKS)?;
    if at_once != in_looks {
        return Err("a day in looks alerts otherwise than at once".into());
    }
    let following = |n_looks: usize| {
        let reading = stages::parse(judged().map(|log| &log.lines[..]));
        Ok(reading + stages::score(input, store, n_looks)?.0)
    };
    let mut buffer = Vec::new();
    let quotes = |text: &[u8]| memchr::memchr_iter(b'"', text).count();
    show(Row {
        stage: "parse, JSON lines",
        ours: Box::new(|| Ok(stages::parse(lines()))),
        reference: "serde_json, typed and borrowed",
        theirs: work(|| lines().map(reference::parse).sum::<Result<usize>>()),
        n: n_events,
    })?;
    show(Row {
        stage: "parse, JSON lines",
        ours: Box::new(|| Ok(stages::parse(lines()))),
        reference: "memchr finds the quotes",
        theirs: work(|| Ok(lines().map(quotes).sum::<usize>())),
        n: n_events,
    })?;
    show(Row {
        stage: "parse, gzip",
        ours: Box::new(|| Ok(stages::parse(packed()))),
        reference: "libdeflate inflates, serde_json parses",
        theirs: work(|| {
            let mut each = |stored| reference::inflate_and_parse(stored, &mut buffer);
            packed().map(&mut each).sum::<Result<usize>>()
        }),
        n: n_events,
    })?;
    show(Row {
        stage: "reject, JSON lines",
        ours: Box::new(|| Ok(stages::parse(broken.iter().map(|text| &text[..])))),
        reference: "the same records as events",
        theirs: Box::new(|| Ok(stages::parse(lines()))),
        n: n_events,
    })?;
    show(Row {
        stage: "measure",
        ours: Box::new(|| Ok(stages::measure(input))),
        reference: "hash map of hourly sums",
        theirs: work(|| Ok(reference::sums_by_day(input.learnt()))),
        n: (n_learnt, "events"),
    })?;
    show(Row {
        stage: "learn",
        ours: Box::new(|| Ok(stages::learn(input))),
        reference: "mean and variance of these sums",
        theirs: work(|| Ok(reference::learn(learnt.values()))),
        n: (n_learnt, "events"),
    })?;
    show(Row {
        stage: "score",
        ours: Box::new(|| Ok(stages::score(input, store, 1)?.0)),
        reference: "hourly sums beside mean and variance",
        theirs: work(|| {
            let judge =
                |(_, events)| reference::outliers(&reference::hourly_sums(events), &moments);
            Ok(input.judged().map(judge).sum::<usize>())
        }),
        n: (n_judged, "events"),
    })?;
    show(Row {
        stage: "live: read and judge in 200 looks a day",
        ours: Box::new(|| following(stages::LOOKS)),
        reference: "the same days at once",
        theirs: Box::new(|| following(1)),
        n: (n_judged, "events"),
    })
}

/// The stages that read or write files.
fn on_disk(input: &Input, store: &Store, folder: &Path) -> Result<()> {
    let wide = stages::widened(store, ENTITIES)?;
    let n_entities = (wide.baselines.len(), "entities");
    let (place, scratch) = (folder.join("wide"), folder.join("scratch"));
    let (bytes, _) = stages::publish(&wide, &place)?;
    let published = Store::at(&place);
    let file = folder.join("bytes");
    std::fs::write(&file, &bytes)?;
    show(Row {
        stage: "publish",
        ours: Box::new(|| {
            std::fs::remove_dir_all(&scratch).ok();
            Ok(stages::publish(&wide, &scratch)?.1)
        }),
        reference: "write, sync and rename these bytes",
        theirs: wait(|| reference::publish(&bytes, folder)),
        n: n_entities,
    })?;
    drop(wide);
    show(Row {
        stage: "open",
        ours: work(|| Ok(published.load_generation()?)),
        reference: "read and hash these bytes",
        theirs: work(|| Ok(xxh3_64(&std::fs::read(&file)?))),
        n: n_entities,
    })?;
    show(Row {
        stage: "open and read all",
        ours: work(|| {
            let all = published.load_generation()?.baselines;
            let mut n = 0;
            Ok(all.each(|_, baseline| n += black_box(baseline).n_events)?)
        }),
        reference: "read and hash these bytes",
        theirs: work(|| Ok(xxh3_64(&std::fs::read(&file)?))),
        n: n_entities,
    })?;
    let all: Vec<_> = input.logs.iter().map(|log| log.file.clone()).collect();
    let train = || -> Result<f64> {
        std::fs::remove_dir_all(&scratch).ok();
        stages::train_all(input, &scratch)
    };
    show(Row {
        stage: "train, all cores",
        ours: Box::new(train),
        reference: "inflate and parse all files, all cores",
        theirs: wait(|| reference::parse_on_all_cores(&all)),
        n: (input.n_events(), "events"),
    })?;
    if reference::duckdb(&input.folder, folder)?.is_some() {
        show(Row {
            stage: "train, all cores",
            ours: Box::new(train),
            reference: "DuckDB, hourly counts and quantiles",
            theirs: Box::new(|| Ok(reference::duckdb(&input.folder, folder)?.unwrap_or(f64::NAN))),
            n: (input.n_events(), "events"),
        })?;
    }
    let judged = input.files(true);
    show(Row {
        stage: "score, all cores",
        ours: Box::new(|| stages::score_all(input, store)),
        reference: "inflate and parse these files, all cores",
        theirs: wait(|| reference::parse_on_all_cores(&judged)),
        n: (
            input.judged().map(|(_, events)| events.len()).sum(),
            "events",
        ),
    })
}

/// What reading one format costs, at best.
struct FormatCost {
    name: &'static str,
    files: Vec<Vec<u8>>,
    bytes: usize,
    n_events: u64,
    ours: f64,
    walked: f64,
}

/// Prints the table of reading, format by format: bytes in a second, and how many times as fast as CloudTrail's that is. All formats take
/// turns in each round, so that other load on the machine affects all of them.
pub fn print_formats() -> Result<()> {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    by_format(folder.path())
}

fn by_format(folder: &Path) -> Result<()> {
    let cost = |(name, files): (&'static str, Vec<Vec<u8>>)| FormatCost {
        name,
        bytes: files.iter().map(Vec::len).sum(),
        n_events: files.iter().map(|f| events_of(f, &mut drop).events).sum(),
        files,
        ours: f64::INFINITY,
        walked: f64::INFINITY,
    };
    let mut costs: Vec<FormatCost> = formats::all(folder)?.into_iter().map(cost).collect();
    for _ in 0..rounds() {
        for cost in &mut costs {
            let files = || cost.files.iter().map(Vec::as_slice);
            cost.ours = cost.ours.min(stages::parse(files()));
            let walk = || files().map(formats::walk).sum::<usize>();
            cost.walked = cost.walked.min(measured(|| black_box(walk())).1);
        }
    }
    let rate = |cost: &FormatCost| cost.bytes as f64 / cost.ours;
    let beside = costs.iter().find(|cost| cost.name == formats::BESIDE);
    let beside = beside.map(rate).ok_or("no log of CloudTrail was written")?;
    println!(
        "\n| format | MB a second | times {} | events a second | times only walking the bytes |\n|---|---|---|---|---|",
        formats::BESIDE
    );
    for cost in &costs {
        println!(
            "| {} | {:.0} | {:.2} | {:.0} | {:.2} |",
            cost.name,
            rate(cost) / 1e6,
            rate(cost) / beside,
            cost.n_events as f64 / cost.ours,
            cost.ours / cost.walked,
        );
    }
    Ok(())
}

/// Returns work that is measured as a whole, on this thread.
fn work<'w, T>(mut work: impl FnMut() -> Result<T> + 'w) -> Work<'w> {
    Box::new(move || {
        let (done, secs) = measured(|| black_box(work()));
        done.map(|_| secs)
    })
}

/// Returns work that waits for a disk, or is done on all cores.
fn wait<'w, T>(mut work: impl FnMut() -> Result<T> + 'w) -> Work<'w> {
    Box::new(move || {
        let (done, secs) = timed(|| black_box(work()));
        done.map(|_| secs)
    })
}

/// Returns how often each is measured.
fn rounds() -> usize {
    let rounds = std::env::var("PLIMSOLL_BENCH_ROUNDS").ok();
    rounds.and_then(|n| n.parse().ok()).unwrap_or(ROUNDS).max(1)
}

/// Measures a row, and prints it.
fn show(mut row: Row<'_>) -> Result<()> {
    let (mut ours, mut theirs) = (f64::INFINITY, f64::INFINITY);
    for _ in 0..rounds() {
        theirs = theirs.min((row.theirs)()?);
        ours = ours.min((row.ours)()?);
    }
    let (n, what) = row.n;
    println!(
        "| {} | {:.0} {what} | {ours:.3} | {} | {theirs:.3} | {:.2} |",
        row.stage,
        n as f64 / ours,
        row.reference,
        ours / theirs,
    );
    Ok(())
}

/// Returns records of which none has a time that can be read, so that each is rejected.
fn without_times(text: &[u8]) -> Vec<u8> {
    let mut text = text.to_vec();
    let places: Vec<usize> = memchr::memmem::find_iter(&text, b"\"eventTime\"").collect();
    for at in places {
        text[at + 1] = b'E';
    }
    text
}
