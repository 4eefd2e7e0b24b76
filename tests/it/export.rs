//! Tables for notebooks: the same rows in every format, chosen as asked, and read by DuckDB and Polars.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use plimsoll::export::{Column, Kind, Table};
use plimsoll::time::{Day, Time};
use serde_json::{Value, json};

use crate::tools;
use crate::world::World;

const FORMATS: [&str; 3] = ["parquet", "csv", "jsonl"];
/// Days that are learnt; those after them are judged.
const LEARNT: usize = 12;

/// A row: of each column the value as JSON lines have it.
type Row = Vec<Value>;
/// The same, by the names of columns.
type Named = BTreeMap<&'static str, Value>;

/// A world with a store that has learnt and judged, approvals and a verdict.
fn judged() -> World {
    let world = World::simulated(8, 15, 30);
    let days = world.days();
    world.link_days("past", &days[..LEARNT]);
    world.link_days("present", &days[LEARNT..]);
    world.run(&["train", "past"]).succeeds();
    let told = world.run(&["score", "present", "--format", "json"]);
    let told = lines(&told.succeeds().out);
    let covered = told[0]["entity"]["id"].as_str().expect("an id");
    let configured = fs::read_to_string(world.path().join("plimsoll.toml")).expect("a file");
    let approval = format!(
        "\n[[approval]]\nidentity = \"{covered}\"\nowner = \"o\"\nreason = \"r\"\nexpires = 2099-01-31\n"
    );
    world.write("plimsoll.toml", configured + &approval);
    world.run(&["score", "present", "--again"]).succeeds();
    let listed = world.run(&["alerts", "--format", "json"]).succeeds().out;
    let id = lines(&listed)[0]["alert_id"]
        .as_str()
        .expect("an id")
        .to_owned();
    world
        .run(&["feedback", &id, "true", "--note", "it was"])
        .succeeds();
    world
}

fn lines(text: &str) -> Vec<Value> {
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).expect("a line is a JSON document"))
        .collect()
}

/// Exports a table into a folder of the world, and returns its file.
fn export(world: &World, table: &str, format: &str, filters: &[&str]) -> PathBuf {
    let name = format!("tables/{table}.{format}");
    fs::create_dir_all(world.path().join("tables")).expect("a folder");
    // The name of the file says which format it is.
    let args = ["export", table, "--out", &name];
    world.run(&[&args[..], filters].concat()).succeeds();
    world.path().join(name)
}

fn rows_of_json_lines(path: &Path, columns: &[Column]) -> Vec<Row> {
    let text = fs::read_to_string(path).expect("a file");
    let rows = lines(&text).into_iter().map(|row| {
        assert_eq!(row.as_object().map(|row| row.len()), Some(columns.len()));
        let cells = columns.iter().map(|column| row[column.name].clone());
        cells.collect()
    });
    rows.collect()
}

fn rows_of_parquet(path: &Path, columns: &[Column]) -> Vec<Row> {
    let reader = SerializedFileReader::new(File::open(path).expect("a file")).expect("Parquet");
    let metadata = reader.metadata();
    for group in metadata.row_groups() {
        assert!(group.num_rows() <= 65_536);
        let packed = group.columns().iter().map(|c| c.compression());
        assert!(
            packed
                .into_iter()
                .all(|by| matches!(by, parquet::basic::Compression::ZSTD(_)))
        );
    }
    let about = metadata
        .file_metadata()
        .key_value_metadata()
        .expect("metadata");
    for column in columns {
        let key = format!("plimsoll.column.{}", column.name);
        let said = about
            .iter()
            .find(|said| said.key == key)
            .expect("a meaning");
        assert!(
            said.value
                .as_ref()
                .is_some_and(|said| said.starts_with(column.meaning))
        );
    }
    let rows = reader.get_row_iter(None).expect("rows").map(|row| {
        let row = row.expect("a row");
        let cells = row
            .get_column_iter()
            .zip(columns)
            .map(|((name, cell), column)| {
                assert_eq!(name, column.name);
                of_parquet(cell, column.kind)
            });
        cells.collect()
    });
    rows.collect()
}

fn of_parquet(cell: &Field, kind: Kind) -> Value {
    match (kind, cell) {
        (_, Field::Null) => Value::Null,
        (Kind::Text, Field::Str(text)) => json!(text),
        (Kind::Document, Field::Str(text)) => serde_json::from_str(text).expect("a document"),
        (Kind::Integer, Field::Long(number)) => json!(number),
        (Kind::Number, Field::Double(number)) => json!(number),
        (Kind::Flag, Field::Bool(flag)) => json!(flag),
        (Kind::Date, Field::Date(day)) => json!(Day(*day).to_string()),
        (Kind::Instant, Field::TimestampMicros(micros)) => {
            json!(Time::from_nanos(micros * 1_000).to_string())
        }
        (Kind::Texts, Field::ListInternal(texts)) => {
            let texts = texts.elements().iter();
            texts.map(|text| of_parquet(text, Kind::Text)).collect()
        }
        other => panic!("{other:?}"),
    }
}

fn rows_of_csv(path: &Path, columns: &[Column]) -> Vec<Row> {
    let mut records = records_of_csv(&fs::read(path).expect("a file")).into_iter();
    let names: Vec<&str> = columns.iter().map(|column| column.name).collect();
    assert_eq!(records.next().expect("names"), names);
    let rows = records.map(|record| {
        assert_eq!(record.len(), columns.len());
        let cells = record.iter().zip(columns);
        cells.map(|(text, column)| of_csv(text, column)).collect()
    });
    rows.collect()
}

fn records_of_csv(bytes: &[u8]) -> Vec<Vec<String>> {
    let mut reader = csv_core::Reader::new();
    let (mut records, mut rest) = (Vec::new(), bytes);
    let (mut field, mut ends) = (vec![0; 1 << 20], vec![0; 1 << 10]);
    loop {
        let (result, n_read, _, n_ends) = reader.read_record(rest, &mut field, &mut ends);
        rest = &rest[n_read..];
        match result {
            csv_core::ReadRecordResult::Record => {
                let begins = [0].into_iter().chain(ends.iter().copied());
                let fields = begins.zip(&ends[..n_ends]);
                let text = |(from, to): (usize, &usize)| {
                    String::from_utf8(field[from..*to].to_vec()).expect("UTF-8")
                };
                records.push(fields.map(text).collect());
            }
            csv_core::ReadRecordResult::End => return records,
            csv_core::ReadRecordResult::InputEmpty => {}
            other => panic!("{other:?}"),
        }
    }
}

/// Returns the value of a field; of an optional text, an empty one is none.
fn of_csv(text: &str, column: &Column) -> Value {
    if text.is_empty() && column.may_be_absent {
        return Value::Null;
    }
    match column.kind {
        Kind::Text | Kind::Date | Kind::Instant => json!(text),
        Kind::Texts | Kind::Document => serde_json::from_str(text).expect("JSON"),
        Kind::Integer => json!(text.parse::<i64>().expect("a whole number")),
        Kind::Number => json!(text.parse::<f64>().expect("a number")),
        Kind::Flag => json!(text.parse::<bool>().expect("true or false")),
    }
}

/// Exports a table in each format, demands that all have the same rows, and returns them by the names of columns.
fn rows(world: &World, table: Table, filters: &[&str]) -> Vec<Named> {
    let columns = table.columns();
    let [parquet, csv, json] = FORMATS.map(|format| export(world, table.as_str(), format, filters));
    let rows = rows_of_json_lines(&json, &columns);
    for (format, other) in [
        ("Parquet", rows_of_parquet(&parquet, &columns)),
        ("CSV", rows_of_csv(&csv, &columns)),
    ] {
        assert_eq!(other.len(), rows.len(), "{table:?} as {format}");
        for (other, row) in other.iter().zip(&rows) {
            // Numbers that are whole have no fraction in CSV.
            let is_same =
                |(a, b): (&Value, &Value)| a == b || a.as_f64() == b.as_f64() && a.is_number();
            assert!(
                other.iter().zip(row).all(is_same),
                "{table:?} as {format}: {other:?}, {row:?}"
            );
        }
    }
    let named = |row: Row| columns.iter().map(|c| c.name).zip(row).collect();
    rows.into_iter().map(named).collect()
}

fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

/// Sums a column over the rows that are asked for.
fn sum(rows: &[Named], column: &str, is_wanted: impl Fn(&Named) -> bool) -> f64 {
    let wanted = rows.iter().filter(|row| is_wanted(row));
    wanted.map(|row| number(&row[column])).sum()
}

#[test]
fn tables_have_what_the_store_has_in_every_format() {
    let world = judged();
    let json = |args: &[&str]| -> Value {
        let said = world.run(&[args, &["--format", "json"]].concat());
        serde_json::from_str(&said.succeeds().out).expect("a document")
    };

    // Baselines and traits are those that `show` has.
    let baselines = rows(&world, Table::Baselines, &[]);
    let traits = rows(&world, Table::Traits, &[]);
    let entity = json(&["show"])["most_active"][0].clone();
    let is_it =
        |row: &&Named| row["entity_id"] == entity["id"] && row["entity_kind"] == entity["kind"];
    let of_entity: Vec<_> = baselines.iter().filter(is_it).collect();
    let metrics = entity["metrics"].as_array().expect("metrics");
    assert_eq!(of_entity.len(), metrics.len());
    for (row, metric) in of_entity.iter().zip(metrics) {
        for name in [
            "metric",
            "window",
            "windows",
            "active_per_day",
            "p50",
            "p99",
            "own_weight",
        ] {
            assert_eq!(row[name], metric[name], "{name}");
        }
    }
    let known: Vec<_> = traits.iter().filter(is_it).collect();
    let shown = entity["traits"].as_array().expect("traits").iter();
    let shown = shown.flat_map(|of| {
        let values = of["values"].as_array().expect("values").iter();
        values.map(|value| {
            (
                &of["trait"],
                &value["value"],
                &value["days"],
                &value["last_seen"],
            )
        })
    });
    let as_row =
        |row: &&&Named| ["trait", "value", "days", "last_seen"].map(|name| row[name].clone());
    let known: Vec<[Value; 4]> = known.iter().map(|row| as_row(&row)).collect();
    let shown: Vec<[Value; 4]> = shown
        .map(|(a, b, c, d)| [a, b, c, d].map(Value::clone))
        .collect();
    assert_eq!(known, shown);

    // What is counted in short windows is counted in long ones, of which baselines know what is expected.
    let windows = rows(&world, Table::Windows, &[]);
    let of_reads = |window: &'static str| {
        sum(&windows, "value", |row| {
            row["metric"] == "read_calls" && row["window"] == window
        })
    };
    assert!(of_reads("1d") > 0.0);
    assert_eq!([of_reads("10m"), of_reads("1h")], [of_reads("1d"); 2]);
    let cell = |row: &Named| {
        ["entity_kind", "entity_id", "metric", "window"].map(|name| row[name].to_string())
    };
    let expected: BTreeSet<[String; 4]> = baselines.iter().map(cell).collect();
    let n_expected = windows
        .iter()
        .filter(|row| expected.contains(&cell(row)))
        .count();
    assert!(
        n_expected * 10 > windows.len() * 8,
        "{n_expected} of {}",
        windows.len()
    );
    assert!(
        windows.len() > 65_536,
        "more than one group of rows: {}",
        windows.len()
    );

    // Distributions have as many entity-days as thresholds are chosen from.
    let surprises = rows(&world, Table::Surprises, &[]);
    let stored = sum(&surprises, "entity_days", |row| {
        row["distribution"] == "all"
    });
    let tuned = json(&["tune"]);
    assert_eq!(stored, number(&tuned["entity_days"]));
    let zeros = |row: &&Named| row["distribution"] == "all" && row["value"] == 0.0;
    let zero = surprises
        .iter()
        .find(zeros)
        .expect("most entity-days are zeros");
    assert_eq!(
        (&zero["reached"], zero["surprise"].to_string()),
        (&json!(stored as i64), "0.0".to_owned())
    );

    // Alerts and incidents are those that are listed.
    let alerts = rows(&world, Table::Alerts, &[]);
    let listed = world.run(&["alerts", "--show-suppressed", "--format", "json"]);
    let listed = lines(&listed.succeeds().out);
    let documents: Vec<&Value> = alerts.iter().map(|row| &row["document"]).collect();
    assert_eq!(documents, listed.iter().collect::<Vec<_>>());
    assert!(alerts.iter().any(|row| !row["suppressed_by"].is_null()));
    assert_eq!(
        alerts.iter().filter(|row| row["verdict"] == true).count(),
        1
    );
    let incidents = rows(&world, Table::Incidents, &[]);
    let listed = world.run(&["incidents", "--show-suppressed", "--format", "json"]);
    let listed = lines(&listed.succeeds().out);
    let documents: Vec<&Value> = incidents.iter().map(|row| &row["document"]).collect();
    assert_eq!(documents, listed.iter().collect::<Vec<_>>());
    assert!(incidents.iter().any(|row| row["verdict_note"] == "it was"));

    // Standard output has the bytes of the file.
    let printed = world
        .run(&["export", "traits", "--format", "csv"])
        .succeeds();
    let file = fs::read_to_string(world.path().join("tables/traits.csv")).expect("a file");
    assert!(
        printed.out == file && printed.err.is_empty(),
        "{}",
        printed.err
    );

    chosen_rows_are_those_of_the_whole_table(&world, [&windows, &surprises, &alerts]);
}

/// What is asked for is a part of the whole, with the same values.
fn chosen_rows_are_those_of_the_whole_table(
    world: &World,
    [windows, surprises, alerts]: [&[Named]; 3],
) {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let part = |all: &[Named], is_wanted: &dyn Fn(&Named) -> bool| {
        let part: Vec<_> = all.iter().filter(|row| is_wanted(row)).cloned().collect();
        assert!(!part.is_empty() && part.len() < all.len());
        part
    };
    let days: BTreeSet<String> = windows.iter().map(|row| text(&row["day"])).collect();
    let days: Vec<String> = days.into_iter().collect();
    let (since, until) = (&days[4], format!("{}T09:30:00Z", days[6]));
    let (mut by_entity, mut id) = (BTreeMap::new(), String::new());
    for row in windows.iter().filter(|row| text(&row["day"]) == days[5]) {
        let n_rows = by_entity.entry(text(&row["entity_id"])).or_insert(0);
        *n_rows += 1;
        if *n_rows > 10 {
            id = text(&row["entity_id"]);
        }
    }
    // A part of the id, in other letters.
    let entity = id[id.len() / 2..].to_uppercase();
    let asked = ["--since", since, "--until", &until, "--entity", &entity];
    let chosen = rows(world, Table::Windows, &asked);
    let is_in = |row: &Named| {
        text(&row["end"]) > format!("{since}T00:00:00Z") && text(&row["start"]) <= until
    };
    let want = part(windows, &|row| {
        is_in(row) && text(&row["entity_id"]).to_uppercase().contains(&entity)
    });
    // An alias may be asked for, too.
    assert!(want.iter().all(|row| chosen.contains(row)));
    assert!(chosen.iter().all(is_in) && chosen.len() * 10 < windows.len());

    let analytic = text(&surprises[surprises.len() - 1]["analytic"]);
    let chosen = rows(world, Table::Surprises, &["--analytic", &analytic]);
    let want = part(surprises, &|row| row["analytic"] == *analytic);
    assert_eq!(chosen, want);
    let analytic = text(&alerts[0]["analytic"]);
    let pattern = format!("{}*", &analytic[..analytic.len() - 1]);
    let chosen = rows(world, Table::Alerts, &["--analytic", &pattern]);
    let begins = |row: &Named| text(&row["analytic"]).starts_with(&pattern[..pattern.len() - 1]);
    assert_eq!(chosen, part(alerts, &begins));
    let last = text(&alerts[alerts.len() / 2]["end"]);
    let chosen = rows(world, Table::Alerts, &["--since", &last]);
    assert_eq!(chosen, part(alerts, &|row| text(&row["end"]) >= last));
}

#[test]
fn what_cannot_be_exported_is_told_and_leaves_files_as_they_were() {
    let world = World::empty();
    world.write("there.csv", "before\n");
    let csv = ["--format", "csv", "--out", "there.csv"];
    let export = |args: &[&str]| world.run(&[&["export"], args, &csv].concat());
    export(&["hosts"]).fails_with(2, &["hosts", "baselines", "incidents"]);
    world
        .run(&["export", "alerts"])
        .fails_with(2, &["--format"]);
    export(&["surprises", "--entity", "ada"]).fails_with(
        2,
        &[
            "`surprises`",
            "entity",
            "windows, traits, alerts, incidents",
        ],
    );
    export(&["windows", "--analytic", "AN1594"]).fails_with(
        2,
        &["`windows`", "analytic", "surprises, alerts, incidents"],
    );
    export(&["windows", "--since", "2026-03-02", "--until", "2026-03-01"])
        .fails_with(2, &["after it ends"]);
    export(&["alerts", "--since", "yesterday"]).fails_with(2, &["a day or an instant"]);
    for table in Table::ALL {
        export(&[table.as_str()]).fails_with(1, &["there is no trained store"]);
    }
    world
        .run(&[
            "export",
            "alerts",
            "--format",
            "csv",
            "--out",
            "no/such.csv",
        ])
        .fails_with(1, &["cannot write `no/such.csv`"]);
    world
        .run(&["export", "alerts", "--format", "csv", "--out", "."])
        .fails_with(1, &["cannot write `.`"]);
    let left: Vec<_> = fs::read_dir(world.path()).expect("a folder").collect();
    assert_eq!(left.len(), 1, "{left:?}");
    let there = fs::read_to_string(world.path().join("there.csv"));
    assert_eq!(there.expect("a file"), "before\n");
    for table in Table::ALL {
        let said = world
            .run(&["export", table.as_str(), "--columns"])
            .succeeds();
        let names = said
            .out
            .lines()
            .map(|line| line.split_whitespace().next().expect("a name"));
        let columns = table.columns();
        let columns = columns.iter().map(|column| column.name);
        assert!(names.eq(columns), "{}", said.out);
    }
}

/// A line of the plain format, of somebody who reads from a bucket.
fn read(day: u32, hour: u32, bucket: &str) -> String {
    let record = json!({
        "plimsoll": 1, "event_time": format!("2026-03-{day:02}T{hour:02}:00:00Z"), "provider": "aws",
        "identity": "arn:aws:iam::111122223333:user/ada", "identity_kind": "human",
        "op": "s3:GetObject", "action": "read_object", "container": bucket, "object": "a", "src_ip": "10.0.0.7",
    });
    format!("{record}\n")
}

#[test]
fn a_text_of_a_log_is_no_formula_and_steers_no_terminal() {
    const FORMULA: &str = "=HYPERLINK(\"http://198.51.100.7\",\"x\")\u{202e}\u{1b}[2J";
    let world = World::empty();
    let days = 1..6u32;
    let log: String = days
        .flat_map(|day| (8..12).map(move |hour| read(day, hour, FORMULA)))
        .collect();
    world.write("log.jsonl", log);
    world.run(&["train", "log.jsonl"]).succeeds();
    let asked = ["--entity", "ada"];
    let csv = export(&world, "traits", "csv", &asked);
    let csv = fs::read(csv).expect("a file");
    let columns = Table::Traits.columns();
    let value = columns.iter().position(|column| column.name == "value");
    let value = value.expect("a value");
    let is_formula = |record: &&Vec<String>| record[value].contains("HYPERLINK");
    let records = records_of_csv(&csv);
    let found: Vec<&Vec<String>> = records.iter().filter(is_formula).collect();
    assert!(!found.is_empty());
    let guarded = "'=HYPERLINK(\"http://198.51.100.7\",\"x\")\\u{202e}\\u{1b}[2J";
    assert!(
        found
            .iter()
            .all(|record| record[value].starts_with(guarded)),
        "{found:?}"
    );
    let json = export(&world, "traits", "jsonl", &asked);
    let printed = fs::read_to_string(&json).expect("a file");
    assert!(!printed.contains('\u{202e}') && printed.contains("\\u202e"));
    let exact = |rows: Vec<Row>| rows.iter().any(|row| row[value] == *FORMULA);
    assert!(exact(rows_of_json_lines(&json, &columns)));
    assert!(exact(rows_of_parquet(
        &export(&world, "traits", "parquet", &asked),
        &columns
    )));

    // A file that is replaced keeps what it may be read by, and a link to it stays one.
    let file = world.path().join("tables/traits.csv");
    let mut permissions = fs::metadata(&file).expect("a file").permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o640);
    fs::set_permissions(&file, permissions.clone()).expect("permissions");
    std::os::unix::fs::symlink(&file, world.path().join("link.csv")).expect("a link");
    let args = ["export", "traits", "--format", "csv", "--out", "link.csv"];
    world.run(&args).succeeds();
    assert!(world.path().join("link.csv").is_symlink());
    let after = fs::metadata(&file).expect("a file").permissions();
    let mode = |permissions: &fs::Permissions| {
        std::os::unix::fs::PermissionsExt::mode(permissions) & 0o777
    };
    assert_eq!(mode(&after), mode(&permissions));
    assert_ne!(fs::read(&file).expect("a file"), b"");

    // Who reads only the beginning ends it, and that is no failure.
    for format in FORMATS {
        let line = format!(
            "{{ $PLIMSOLL export windows --format {format}; echo ended $? >&2; }} | head -c 1"
        );
        let said = world.run_in_shell(&line);
        assert!(
            said.err.contains("ended 0") && !said.err.contains("error"),
            "{}",
            said.err
        );
    }
}

/// Installs DuckDB and Polars, and returns the Python that has them.
fn python() -> PathBuf {
    let needed = "exported tables are read by DuckDB and Polars, in Python (3.11 or newer, with venv and pip)";
    tools::installed("python", needed, tools::WITHOUT_PYTHON).join("bin/python")
}

fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python")
}

#[test]
fn duckdb_and_polars_read_the_tables_as_they_are_described() {
    if tools::are_left_out("tables in DuckDB and Polars", tools::WITHOUT_PYTHON) {
        return;
    }
    let python = python();
    let world = judged();
    for table in Table::ALL {
        for format in FORMATS {
            // Of the largest one, some days say as much as all.
            let days = ["--since", &since(&world)].map(str::to_owned);
            let filters: Vec<&str> = match table {
                Table::Windows => days.iter().map(String::as_str).collect(),
                _ => Vec::new(),
            };
            export(&world, table.as_str(), format, &filters);
        }
    }
    let output = Command::new(python)
        .arg(scripts().join("read_tables.py"))
        .arg(world.path().join("tables"))
        .args(Table::ALL.map(Table::as_str))
        .output()
        .expect("Python");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let found: Value = serde_json::from_str(&said).expect("a document");
    for table in Table::ALL {
        let found = &found[table.as_str()];
        for column in table.columns() {
            let (duckdb, polars) = match column.kind {
                Kind::Text | Kind::Document => ("VARCHAR", "String"),
                Kind::Texts => ("VARCHAR[]", "List(String)"),
                Kind::Integer => ("BIGINT", "Int64"),
                Kind::Number => ("DOUBLE", "Float64"),
                Kind::Flag => ("BOOLEAN", "Boolean"),
                Kind::Date => ("DATE", "Date"),
                Kind::Instant => (
                    "TIMESTAMP WITH TIME ZONE",
                    "Datetime(time_unit='us', time_zone='UTC')",
                ),
            };
            let types = (&found["duckdb"][column.name], &found["polars"][column.name]);
            assert_eq!(
                types,
                (&json!(duckdb), &json!(polars)),
                "{table:?} {}",
                column.name
            );
        }
        let rows = found["rows"].as_object().expect("rows");
        assert!(
            rows["parquet"] != 0 && rows.values().all(|n| *n == rows["parquet"]),
            "{table:?}: {rows:?}"
        );
    }
}

/// Returns the last day but one that was learnt.
fn since(world: &World) -> String {
    let day = &world.days()[LEARNT - 2];
    format!("{}-{}-{}", &day[..4], &day[4..6], &day[6..])
}
