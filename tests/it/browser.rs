//! The page of `plimsoll serve` in a browser. The stories are in `tests/browser`; here is what they need: services, and what only who started them can do.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::json;

use crate::served::{PATIENCE, Served};
use crate::tools;
use crate::world::{World, day_of};

/// Leaves these stories out, where no browser can be had.
const WITHOUT: &str = "PLIMSOLL_WITHOUT_BROWSER";
const READER: &str = "reader-0123456789abcdef";
const WRITER: &str = "writer-0123456789abcdef";
/// Days that are learnt; the attacks are on those after them.
const LEARNT: usize = 12;

const APPROVAL: &str = "
[[approval]]
identity = \"arn:aws:iam::111122223333:user/pentest-*\"
owner = \"security@halcyon.example\"
reason = \"the test that was announced\"
expires = 2099-01-31
";
const TOKENS: &str = "
[[serve.token]]
name = \"reader\"
token_env = \"T_READER\"
rights = [\"read\"]

[[serve.token]]
name = \"writer\"
token_env = \"T_WRITER\"
rights = [\"write\"]
";

fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser")
}

/// Installs what the stories need, and returns the folder that has it.
fn installed() -> PathBuf {
    let needed = "the page is tested in a browser, with chromium, nodejs (18 or newer) and npm";
    tools::installed("browser", needed, WITHOUT)
}

/// Hands over the logs of a folder, day by day.
fn hand_over(served: &Served, folder: &Path) {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("logs")
        .map(|entry| entry.expect("a log").path())
        .collect();
    files.sort_by_key(|path| (day_of(path), path.clone()));
    for path in files {
        served.hand_over(&std::fs::read(path).expect("a log"));
    }
}

/// The scripts. They are not left behind, and the browser ends with them.
struct Scripts(Child);

impl Drop for Scripts {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The page of a backtest of the same estate, whose labels say what is an attack.
#[allow(clippy::print_stdout)] // Shown where the test fails.
fn report(estate: &World, modules: &Path) {
    let played = [
        "backtest",
        "logs",
        "--labels",
        "labels.jsonl",
        "--out",
        "played",
    ];
    estate.run(&played).succeeds();
    let told = Command::new("node")
        .args(["--test-reporter", "spec"])
        .arg(scripts().join("report.mjs"))
        .arg(estate.path().join("played/report.html"))
        .arg(modules)
        .output()
        .expect("node");
    println!("{}", String::from_utf8_lossy(&told.stdout));
    assert!(told.status.success(), "a story of the report failed");
}

#[test]
#[allow(clippy::print_stdout)] // Shown where the test fails.
fn the_page_does_what_its_readers_need_in_a_browser() {
    if tools::are_left_out("the page in a browser", WITHOUT) {
        return;
    }
    let modules = installed();
    let pictures = Path::new(env!("CARGO_TARGET_TMPDIR")).join("browser-pictures");
    // Of an earlier run, if there was one.
    let _ = std::fs::remove_dir_all(&pictures);

    // An estate with attacks, which is judged.
    let estate = World::simulated(8, 18, 30);
    let configured = std::fs::read_to_string(estate.path().join("plimsoll.toml"));
    let configured = configured.expect("a configuration");
    estate.write("plimsoll.toml", format!("{configured}{APPROVAL}"));
    let days = estate.days();
    estate.link_days("past", &days[..LEARNT]);
    estate.link_days("new", &days[LEARNT..]);
    estate.run(&["train", "past"]).succeeds();

    // The same, of which nobody knows anything without a token; and one that learnt nothing yet.
    let guarded = World::empty();
    let store = |world: &World| world.path().join("plimsoll-store");
    let (from, to) = (store(&estate), store(&guarded));
    let copied = Command::new("cp").arg("-r").args([from, to]).status();
    assert!(copied.expect("cp").success());
    guarded.write("plimsoll.toml", TOKENS);
    let variables = [("T_READER", READER), ("T_WRITER", WRITER)];
    let guarded_service = Served::start_with(&guarded, &[], &variables);
    let first = World::empty();
    let first_service = Served::start(&first, &[]);
    hand_over(&first_service, &estate.path().join("past"));
    let mut estate_service = Served::start(&estate, &[]);
    hand_over(&estate_service, &estate.path().join("new"));
    estate_service.until_judged();

    let address = estate_service.address.clone();
    let day = days.last().expect("a day");
    let given = json!({
        "estate": format!("http://{address}"),
        "first": format!("http://{}", first_service.address),
        "guarded": format!("http://{}", guarded_service.address),
        "secrets": {"reader": READER, "writer": WRITER},
        "day": format!("{}-{}-{}", &day[..4], &day[4..6], &day[6..]),
        "modules": modules,
        "pictures": pictures,
        "patience_ms": PATIENCE.as_secs() * 1000,
    });
    let mut scripts = Scripts(
        Command::new("node")
            .args(["--test-reporter", "spec"])
            .arg(scripts().join("stories.mjs"))
            .arg(given.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node"),
    );
    let said = BufReader::new(scripts.0.stdout.take().expect("it says something"));
    for line in said.lines() {
        let line = line.expect("a line");
        match &*line {
            "please end the service of the estate" => estate_service.kill_now(),
            "please begin the service of the estate" => {
                estate_service = Served::start_at(&address, &estate, &[], &[]);
            }
            _ => println!("{line}"),
        }
    }
    let ended = scripts.0.wait().expect("it ends");
    assert!(
        ended.success(),
        "a story failed; pictures are in {}",
        pictures.display()
    );
    report(&estate, &modules);
    estate_service.end();
    first_service.end();
    guarded_service.end();
}
