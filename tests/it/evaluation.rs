//! `evaluate`: what is promised is kept, what is found is counted, and the same question gets the same answer.

use serde_json::Value;

use crate::world::World;

const ARGUMENTS: [&str; 13] = [
    "evaluate",
    "--quiet",
    "--format",
    "json",
    "--seeds",
    "2",
    "--identities",
    "90",
    "--train-days",
    "18",
    "--days=4",
    "--formats=aws",
    "--attacks=core",
];

#[test]
fn an_evaluation_adds_up_and_repeats() {
    let world = World::empty();
    let first = world
        .run(&[&ARGUMENTS[..], &["--out", "results"]].concat())
        .succeeds();
    let again = world.run(&ARGUMENTS).succeeds();
    assert_eq!(
        first.out, again.out,
        "estates follow from their seeds alone"
    );
    for name in [
        "evaluation.md",
        "evaluation.json",
        "curves.svg",
        "reliability.svg",
    ] {
        assert!(world.path().join("results").join(name).is_file(), "{name}");
    }

    let report: Value = serde_json::from_str(&first.out).expect("a document");
    let number = |value: &Value| value.as_f64().unwrap_or(f64::NAN);
    let planted: f64 = report["attacks"]
        .as_object()
        .expect("attacks by analytic")
        .values()
        .flat_map(|grades| grades.as_object().expect("grades").values())
        .map(number)
        .sum();
    for budget in report["budgets"].as_array().expect("budgets") {
        let detections = budget["detections"].as_object().expect("grades");
        let of: f64 = detections.values().map(|share| number(&share["of"])).sum();
        assert_eq!(of, planted, "every attack is found or missed");
        let blatant = &detections["blatant"];
        assert_eq!(blatant["found"], blatant["of"], "{budget}");
        let by_cause: f64 = budget["causes"]
            .as_array()
            .expect("causes")
            .iter()
            .map(|cause| number(&cause[1]))
            .sum();
        assert!((by_cause - number(&budget["false_per_day"])).abs() < 1e-9);
    }
    let methods = report["methods"].as_array().expect("methods");
    assert_eq!(methods[0]["name"], "plimsoll");
    let area = |method: &Value| number(&method["area"]);
    for rival in &methods[1..] {
        assert!(area(&methods[0]) > area(rival), "{rival}");
    }
    world
        .run(&["evaluate", "--seeds", "0"])
        .fails_with(2, &["1 to 10000 estates"]);
}

#[test]
fn each_gate_is_left_out_in_turn_and_nothing_else_changes() {
    let world = World::empty();
    let whole = world.run(&ARGUMENTS).succeeds();
    let with = world
        .run(&[&ARGUMENTS[..], &["--ablate", "AN1594"]].concat())
        .succeeds();
    let read = |text: &str| -> Value { serde_json::from_str(text).expect("a document") };
    let mut report = read(&with.out);
    let gates = report
        .as_object_mut()
        .and_then(|report| report.remove("gates"))
        .expect("a table of gates");
    assert_eq!(report, read(&whole.out), "the rest stays as it was");
    let gates = gates.as_array().expect("rows");
    let number = |value: &Value| value.as_f64().expect("a number");
    let mut is_changed = false;
    for gate in gates {
        assert_eq!(gate["analytic"], "AN1594");
        for (at, budget) in gate["budgets"]
            .as_array()
            .expect("budgets")
            .iter()
            .enumerate()
        {
            assert_eq!(
                budget["false_identities_per_day"],
                gates[0]["budgets"][at]["false_identities_per_day"],
                "all gates are compared with the same days"
            );
            let counted = number(&report["budgets"][at]["false_incidents_per_day"]);
            let here = number(&budget["false_identities_per_day"]);
            // An incident has at least one day of an identity.
            assert!(counted <= here + 1.0, "{counted} incidents, {here} days");
            is_changed |= budget["found_without"] != budget["found"]
                || budget["false_identities_per_day_without"] != budget["false_identities_per_day"];
        }
    }
    assert!(is_changed, "some gate matters");
    let texts: Vec<&str> = gates
        .iter()
        .filter_map(|gate| gate["gate"].as_str())
        .collect();
    assert!(texts.contains(&"context"), "{texts:?}");
    world
        .run(&["evaluate", "--ablate", "AN0000"])
        .fails_with(2, &["AN0000"]);
}

#[test]
fn all_analytics_are_evaluated_in_the_logs_of_all_providers() {
    let world = World::empty();
    let arguments =
        "evaluate --quiet --format json --seeds 1 --identities 40 --train-days 12 --days 3";
    let arguments: Vec<&str> = arguments.split(' ').collect();
    let told = world.run(&arguments).succeeds();
    let report: Value = serde_json::from_str(&told.out).expect("a document");
    assert_eq!(report["repertoire"], "all");
    let shipped = report["attacks"].as_object().expect("attacks").len();
    assert_eq!(shipped, 18, "{}", report["attacks"]);
    let number = |value: &Value| value.as_f64().unwrap_or(f64::NAN);
    for budget in report["budgets"].as_array().expect("budgets") {
        let mut providers = std::collections::BTreeSet::new();
        for (id, analytic) in budget["analytics"].as_object().expect("analytics") {
            let (mut of, mut false_per_day) = (0.0, 0.0);
            for (provider, table) in analytic["providers"].as_object().expect("providers") {
                let grades = table["detections"].as_object().expect("grades");
                of += grades
                    .values()
                    .map(|share| number(&share["of"]))
                    .sum::<f64>();
                false_per_day += number(&table["false_per_day"]);
                providers.insert(provider.as_str());
            }
            let grades = analytic["detections"].as_object().expect("grades");
            let planted: f64 = grades.values().map(|share| number(&share["of"])).sum();
            assert_eq!(of, planted, "{id}");
            assert!(
                (false_per_day - number(&analytic["false_per_day"])).abs() < 1e-9,
                "{id}"
            );
        }
        for provider in [
            "aws",
            "azure",
            "entra",
            "gcp",
            "gworkspace",
            "m365",
            "okta",
            "slack",
        ] {
            assert!(providers.contains(provider), "{provider}: {providers:?}");
        }
    }
}
