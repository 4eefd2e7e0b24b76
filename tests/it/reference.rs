//! The reference pages and schemas are what the program prints, and the schemas agree with the readers.

use std::fs;
use std::path::Path;

use plimsoll::analytic::{self, ANALYTIC, GATE, TERM};
use plimsoll::config::{CONFIG, Config};
use plimsoll::document::{Kind, Needs, Presence, Shape};
use serde_json::{Value as Json, json};

use crate::world::World;

/// What `plimsoll reference` prints, and the file that it is kept in.
const PAGES: [(&str, &str); 7] = [
    ("configuration", "docs/CONFIGURATION.md"),
    ("analytic", "docs/ANALYTIC-KEYS.md"),
    ("commands", "docs/COMMANDS.md"),
    ("export", "docs/EXPORT.md"),
    ("openapi", "docs/openapi.json"),
    ("configuration-schema", "docs/schemas/plimsoll.schema.json"),
    ("analytic-schema", "docs/schemas/analytic.schema.json"),
];

fn printed(subject: &str) -> String {
    World::empty().run(&["reference", subject]).succeeds().out
}

fn schema(subject: &str) -> Json {
    serde_json::from_str(&printed(subject)).unwrap()
}

#[test]
fn each_reference_page_is_what_the_program_prints() {
    for (subject, file) in PAGES {
        let kept = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file));
        assert!(
            kept.is_ok_and(|kept| kept == printed(subject)),
            "{file} is not what the code says; write it anew: cargo run --locked -- reference {subject} > {file}"
        );
    }
}

#[test]
fn completions_and_man_pages_know_every_command() {
    let world = World::empty();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = world.run(&["completions", shell]).succeeds().out;
        assert!(
            script.contains("backtest") && script.contains("reference"),
            "{shell}"
        );
    }
    world.run(&["man", "--out", "man1"]).succeeds();
    for page in ["plimsoll", "plimsoll-backtest", "plimsoll-analytics-lint"] {
        let page = fs::read_to_string(world.path().join(format!("man1/{page}.1"))).unwrap();
        assert!(page.contains(".TH plimsoll"), "{page}");
    }
}

/// Returns what JSON Schema sees of a TOML value.
fn json_of(value: &toml::Value) -> Json {
    match value {
        toml::Value::Datetime(date) => date.to_string().into(),
        toml::Value::Array(values) => values.iter().map(json_of).collect(),
        toml::Value::Table(table) => {
            let members = table
                .iter()
                .map(|(key, value)| (key.clone(), json_of(value)));
            Json::Object(members.collect())
        }
        toml::Value::String(text) => json!(text),
        toml::Value::Integer(n) => json!(n),
        toml::Value::Float(x) => json!(x),
        toml::Value::Boolean(flag) => json!(flag),
    }
}

fn read_toml(text: &str) -> Json {
    json_of(&toml::Value::Table(toml::from_str(text).expect(text)))
}

fn accepts(schema: &Json, text: &str) -> bool {
    jsonschema::validator_for(schema)
        .unwrap()
        .is_valid(&read_toml(text))
}

#[test]
fn the_schemas_accept_the_files_that_there_are_and_no_unknown_key() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (config, analytic) = (schema("configuration-schema"), schema("analytic-schema"));
    let estate = fs::read_to_string(root.join("data/plimsoll.toml")).unwrap();
    assert!(accepts(&config, &estate));
    assert!(!accepts(&config, &format!("unknown = 1\n{estate}")));
    assert!(!accepts(&config, &format!("{estate}\nunknown = 1\n")));
    for definition in analytic::builtin() {
        assert!(accepts(&analytic, &definition.text), "{}", definition.name);
        assert!(
            !accepts(&analytic, &format!("unknown = 1\n{}", definition.text)),
            "{}",
            definition.name
        );
    }
    for (text, is_right) in [
        (
            "[analytic.AN1594]\nMinimumCalls = 50\nthreshold = 92.0",
            true,
        ),
        ("[analytic.AN1594]\nMinimumCall = 50", false),
        ("[analytic.MINE]\nAnything = 50\nenabled = false", true),
        (
            "[lateness]\nokta.system = \"1h\"\n\"aws.cloudtrail\" = \"30m\"",
            true,
        ),
        ("[lateness]\nokta.sistem = \"1h\"", false),
        (
            "[[approval]]\nowner = \"a\"\nreason = \"b\"\nexpires = 2027-01-31",
            false,
        ),
    ] {
        assert_eq!(accepts(&config, text), is_right, "{text}");
    }
}

/// Returns the tables of a configuration that the shape lists.
fn tables() -> Vec<&'static Shape<'static>> {
    let below = CONFIG.keys.iter().filter_map(|key| match key.kind {
        Kind::Table(shape) | Kind::Tables(shape) => Some(shape),
        _ => None,
    });
    std::iter::once(&CONFIG).chain(below).collect()
}

#[test]
fn the_examples_of_the_configuration_are_right_and_its_defaults_change_nothing() {
    let schema = schema("configuration-schema");
    for shape in tables() {
        let example = shape.example();
        assert!(Config::parse(&example, "p.toml").is_ok(), "{example}");
        assert!(accepts(&schema, &example), "{example}");
        for key in shape.keys {
            let Presence::Default(default) = key.presence else {
                continue;
            };
            let line = format!("{} = {}\n", key.name, key.example);
            let absent = Config::parse(&example.replace(&line, ""), "p.toml").unwrap();
            let line_of_default = format!("{} = {default}\n", key.name);
            let present = example.replace(&line, &line_of_default);
            assert!(
                absent == Config::parse(&present, "p.toml").unwrap(),
                "{present}"
            );
        }
    }
}

/// Checks that a reader and a schema refuse the same types of values for each key of an example.
fn check_types(
    shape: &Shape<'_>,
    example: &str,
    schema: &Json,
    read: &dyn Fn(&str) -> Result<(), String>,
) {
    let values = [
        "\"x\"", "\"\"", "7", "1.5", "true", "[]", "[\"x\"]", "[7]", "{}",
    ];
    for key in shape.keys.iter().filter(|key| !key.example.is_empty()) {
        let line = format!("{} = {}\n", key.name, key.example);
        for value in values {
            let text = example.replace(&line, &format!("{} = {value}\n", key.name));
            if text == *example {
                continue;
            }
            let said = read(&text).err().unwrap_or_default();
            if !accepts(schema, &text) {
                assert_ne!(said, "", "only the schema refuses\n{text}");
            } else {
                assert!(
                    !said.contains("expected"),
                    "only the reader refuses\n{text}\n{said}"
                );
            }
        }
        let needs = match &shape.needs {
            Needs::Nothing => [].as_slice(),
            Needs::Any(names) | Needs::One(names) => names,
        };
        let without = example.replace(&line, "");
        if key.presence == Presence::Required {
            assert!(
                !accepts(schema, &without) && read(&without).is_err(),
                "{without}"
            );
        } else if !needs.contains(&key.name) {
            assert!(
                accepts(schema, &without) && read(&without).is_ok(),
                "{without}"
            );
        }
    }
}

#[test]
fn the_schema_of_the_configuration_and_its_reader_refuse_the_same() {
    let schema = schema("configuration-schema");
    let read = |text: &str| {
        let read = Config::parse(text, "p.toml");
        read.map(|_| ()).map_err(|error| error.to_string())
    };
    for shape in tables() {
        check_types(shape, &shape.example(), &schema, &read);
    }
}

#[test]
fn the_schema_of_an_analytic_and_its_reader_refuse_the_same() {
    let schema = schema("analytic-schema");
    let read = |text: &str| {
        let file = analytic::Definition {
            name: "mine.toml".to_owned(),
            text: text.to_owned().into(),
            is_builtin: false,
        };
        let none = plimsoll::document::Table::empty("none");
        let read = analytic::load_from(&[file], &none, &[]);
        read.map(|_| ()).map_err(|error| error.to_string())
    };
    let root = ANALYTIC.example();
    let arm = "[[arm]]\nid = \"A\"\ndoc = \"d\"\ncohort = \"any\"\nsum = [{ largest = [\"list_calls\"] }]\n";
    check_types(&ANALYTIC, &format!("{root}{arm}"), &schema, &read);
    for key in ANALYTIC.keys {
        let Kind::Tables(shape) = key.kind else {
            continue;
        };
        let example = match key.name {
            "step" => continue,
            "arm" => format!("{root}{}", shape.example()),
            _ => format!("{root}{arm}{}", shape.example()),
        };
        assert_eq!(read(&example), Ok(()), "{example}");
        assert!(accepts(&schema, &example), "{example}");
        if key.name != "arm" {
            check_types(shape, &example, &schema, &read);
        }
    }
    for (place, forms) in [("sum", &TERM), ("when", &GATE)] {
        for form in forms.forms {
            let keys: Vec<String> = (form.keys.iter())
                .map(|key| {
                    format!(
                        "{} = {}",
                        key.name,
                        key.example.replace("\"$ShareWeight\"", "7.0")
                    )
                })
                .collect();
            let table = format!("{{ {} }}", keys.join(", "));
            let arm = match place {
                "sum" => arm.replace("{ largest = [\"list_calls\"] }", &table),
                _ => format!("{arm}when = [{table}]\n"),
            };
            let example = format!("{root}{arm}");
            assert!(accepts(&schema, &example), "{example}");
            // The gate `steps` needs a sequence, which is not the subject here.
            if !example.contains("steps") {
                assert_eq!(read(&example), Ok(()), "{example}");
            }
        }
    }
}
