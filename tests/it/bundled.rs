//! The bundled estate, and what its labels say of the alerts on it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use flate2::read::GzDecoder;
use serde_json::Value;

use crate::world::{World, plimsoll};

/// The folder of the bundled estate.
const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data");

/// Returns the files below a folder by their paths in it, decompressed.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(at) = open.pop() {
        for entry in fs::read_dir(at).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let mut bytes = fs::read(&path).expect("a file");
            if path.extension().is_some_and(|ending| ending == "gz") {
                let packed = std::mem::take(&mut bytes);
                GzDecoder::new(&packed[..])
                    .read_to_end(&mut bytes)
                    .expect("it is gzip");
            }
            let name = path.strip_prefix(folder).expect("it lies below");
            found.insert(name.to_owned(), bytes);
        }
    }
    found
}

#[test]
fn the_bundled_estate_is_what_its_command_writes() {
    let page = fs::read_to_string(format!("{DATA}/README.md")).expect("a page");
    let block = page.split("```").nth(1).expect("a command");
    let command = block.replace("\\\n", " ");
    let arguments: Vec<&str> = command.split_whitespace().skip(2).collect();
    let world = World::empty();
    world.run(&arguments).succeeds();
    let written = files(&world.path().join("estate"));
    let mut bundled = files(Path::new(DATA));
    bundled.remove(Path::new("README.md"));
    let names = |files: &BTreeMap<PathBuf, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&bundled), names(&written));
    for (name, bytes) in bundled {
        assert!(bytes == written[&name], "{} differs", name.display());
    }
}

#[test]
fn every_analytic_that_fires_on_the_bundled_estate_is_labelled() {
    let world = World::empty();
    let output = Command::new(plimsoll())
        .current_dir(world.path())
        .args(["backtest", &format!("{DATA}/logs"), "--format", "json"])
        .args(["--config", &format!("{DATA}/plimsoll.toml")])
        .args([
            "--labels",
            &format!("{DATA}/labels.jsonl"),
            "--out",
            "result",
        ])
        .output()
        .expect("the program runs");
    assert!(output.status.success());
    let read = |name: PathBuf| fs::read_to_string(name).expect("a file");
    let json = |line: &str| serde_json::from_str::<Value>(line).expect("JSON");
    let word = |value: &Value| value.as_str().expect("a word").to_owned();
    let mut labelled = BTreeSet::new();
    for line in read(Path::new(DATA).join("labels.jsonl")).lines() {
        let label = json(line);
        let note = word(&label["note"]);
        assert!(!note.contains("grade=hidden"), "cannot be found: {label}");
        labelled.insert(word(&label["analytic"]));
        let also = label["also"].as_array().into_iter().flatten();
        labelled.extend(also.map(word));
    }
    let alerts = read(world.path().join("result/alerts.jsonl"));
    let alerts: Vec<Value> = alerts.lines().map(json).collect();
    let set = |key: &dyn Fn(&Value) -> &Value| -> BTreeSet<String> {
        alerts.iter().map(|alert| word(key(alert))).collect()
    };
    let fired = set(&|alert| &alert["analytic"]);
    assert!(fired.is_subset(&labelled), "{fired:?} of {labelled:?}");
    let providers = set(&|alert| &alert["entity"]["provider"]);
    assert!(providers.len() > 1, "{providers:?}");
    let summary = json(&read(world.path().join("result/summary.json")));
    let evaluation = &summary["evaluation"];
    // What other analytics rightly say of an attack is named by its label, but for a few.
    let beside = evaluation["beside_labels"].as_u64().expect("a number");
    assert!(beside <= 6, "{evaluation}");
}

#[test]
fn an_alert_by_another_analytic_of_a_label_is_true() {
    let world = World::simulated(1, 15, 60);
    let backtest = |labels: &str| {
        let arguments = [
            "backtest",
            "logs",
            "--train-days",
            "10",
            "--labels",
            labels,
            "--out",
            "result",
        ];
        world.run(&arguments).succeeds();
        let summary = fs::read_to_string(world.path().join("result/summary.json")).expect("a file");
        serde_json::from_str::<Value>(&summary).expect("JSON")["evaluation"].take()
    };
    world.write("none.jsonl", "");
    let before = backtest("none.jsonl");
    let alert = &before["false_alerts"][0];
    let count = |evaluation: &Value, analytic: &str, what: &str| {
        evaluation["analytics"][analytic][what].as_u64()
    };
    let analytic = alert["analytic"].as_str().expect("an analytic");
    let label = serde_json::json!({
        "analytic": "OTHER", "also": [analytic], "identity": [alert["entity"]], "start": alert["time"], "end": alert["time"],
    });
    world.write("labels.jsonl", label.to_string());
    let after = backtest("labels.jsonl");
    assert_eq!(count(&after, "OTHER", "found"), Some(1), "{after}");
    assert!(count(&after, analytic, "true_alerts") >= Some(1), "{after}");
    assert!(
        count(&after, analytic, "false_alerts") < count(&before, analytic, "false_alerts"),
        "{after}"
    );
}
