#![allow(clippy::unwrap_used)]

use super::*;
use crate::config::Config;
use crate::document::Table;
use crate::error::{Error, Kind};
use crate::event::Provider;
use crate::event::Source;
use crate::time::Window;
use crate::vocab::{BurstKind, Metric, Trait};

/// The first lines of every small definition in these tests.
const HEADER: &str = r#"schema = 1
id = "AN1"
title = "t"
version = 1
status = "test"
description = "d"
rationale = "r"
providers = ["aws"]
entities = ["identity"]
"#;

const ARM: &str = "[[arm]]\nid = \"A\"\ndoc = \"d\"\ncohort = \"any\"\n";

/// Returns the faults in an error.
fn faults(error: &Error) -> Vec<String> {
    assert_eq!(error.kind(), Kind::Usage);
    error
        .to_string()
        .lines()
        .filter_map(|line| line.strip_prefix("cause: ").map(str::to_owned))
        .collect()
}

/// Checks that a definition is rejected for these reasons, each `line: message`; lines are counted after `before`.
fn check(before: &str, text: &str, expected: &[&str]) {
    let skipped = before.lines().count();
    let error = parse(&format!("{before}{text}"), "a.toml").expect_err(text);
    let relative = |fault: String| {
        let (line, message) = fault
            .strip_prefix("a.toml:")
            .unwrap()
            .split_once(':')
            .unwrap();
        format!(
            "{}:{message}",
            line.parse::<usize>().unwrap().saturating_sub(skipped)
        )
    };
    let found: Vec<_> = faults(&error).into_iter().map(relative).collect();
    assert_eq!(found, expected, "{text}");
}

#[test]
fn a_header_is_checked() {
    let arm = format!("{ARM}sum = [{{ weight = 1 }}]\n");
    check("", "schema = 1\nschema = 2\n", &["2: duplicate key"]);
    check(
        "",
        &format!(
            "schema = 2\nid = \"A N\"\ntitel = \"t\"\nversion = 0\nstatus = \"stabel\"\ndescription = \" \"\n\
             techniques = [\"T1619\", \"T16\", \"T1567.002\"]\nproviders = [\"asw\"]\nentities = []\n{arm}"
        ),
        &[
            "1: the analytic needs `rationale`",
            "1: the analytic needs `title`",
            "1: this program reads schema 1",
            "2: the id `A N` may hold letters, digits, - and _ only",
            "3: unknown key in the analytic: `titel`; did you mean `title`?",
            "4: expected a version of at least 1",
            "5: unknown status `stabel`; did you mean `stable`?",
            "6: expected text, found an empty one",
            "7: `T16` is no ATT&CK technique, as in `T1619`",
            "8: unknown provider `asw`; did you mean `aws`?",
            "9: expected at least one kind of entity",
        ],
    );
    check(HEADER, "", &["0: the analytic needs at least one [[arm]]"]);
    check(
        HEADER,
        &format!("{arm}{arm}"),
        &["7: another [[arm]] has the id `A`"],
    );
    check(
        HEADER,
        &format!(
            "{arm}[[telemetry]]\nsource = \"aws.cloudtrail\"\nactions = [\"read_objects\"]\nevents = \"e\"\nfields = [\"peers\"]\nwithot = \"w\"\n"
        ),
        &[
            "6: [[telemetry]] needs `name`",
            "6: [[telemetry]] needs `without`",
            "8: unknown action `read_objects`; did you mean `read_object`?",
            "10: unknown field `peers`; did you mean `peer`?",
            "11: unknown key in [[telemetry]]: `withot`; did you mean `without`?",
        ],
    );
}

#[test]
fn arms_are_checked() {
    let before = format!("{HEADER}{ARM}");
    let check = |text: &str, expected: &[&str]| check(&before, text, expected);
    check(
        "sum = [\n  { largest = [\"list_cals\", \"list_calls\", \"list_calls\"] },\n  { traits = [\"regions\"] },\n  \
         { larges = [\"list_calls\"] },\n  { weight = -1 },\n  { role_tail = \"list_calls\" },\n  { acts = \"share\" },\n]\n",
        &[
            "2: this metric stands twice in the list",
            "2: unknown metric `list_cals`; did you mean `list_calls`?",
            "3: unknown trait `regions`; did you mean `region`?",
            "4: a term needs exactly one of largest, traits, acts, weight, role_tail or burst (with over, at_least and weight)",
            "4: unknown key in a term: `larges`; did you mean `largest`?",
            "5: expected a weight of at least 0, found -1",
            "6: unknown metric of a role's histogram `list_calls`; did you mean `read_calls`?",
            "7: unknown act `share`; valid: `sensitive_share`, `public_grant`, `foreign_grant`",
        ],
    );
    check("sum = []\n", &["1: expected at least one term"]);
    check(
        "sum = [{ weight = 1 }]\nquiet_context_factor = 1.5\nwhen = [\n  \"contxt\",\n  { at_least = -3, of = \"list_calls\" },\n  \
         { at_least = 3 },\n  { active = [], act = \"sensitive_share\" },\n  { any = [\"sequence\"] },\n]\ncohrt = \"x\"\n",
        &[
            "2: expected a factor above 0 and at most 1, found 1.5",
            "4: unknown gate `contxt`; did you mean `context`?",
            "5: expected an integer of at least 0",
            "6: a gate needs `of`",
            "7: a gate needs exactly one of active, at_least (with of), any, act, burst (with over and at_least), surprising (with more_than), shows (with like), new (with like or known_to), beyond (with of), caller, steps or unlogged",
            "10: unknown key in [[arm]]: `cohrt`; did you mean `cohort`?",
        ],
    );
    check(
        "sum = [{ weight = 1 }]\n[[step]]\nspike = { of = \"read_calls\", surprise = \"$No\" }\n[[step]]\n\
         egress = { within = \"soon\" }\n[[step]]\n",
        &[
            "3: unknown element `No`; none is valid here",
            "5: `soon` is no length of time, as in `24h` or `2d`",
            "6: [[step]] needs exactly one of new_identity, spike or egress",
        ],
    );
}

#[test]
fn values_that_must_agree_are_checked() {
    let before = format!("{HEADER}{ARM}");
    let check = |text: &str, expected: &[&str]| check(&before, text, expected);
    check(
        "sum = [{ weight = 1 }]\n[[step]]\negress = { within = \"1h\" }\n",
        &["2: no arm waits for the sequence: none has the gate `sequence`"],
    );
    check(
        "sum = [{ weight = 1 }]\nwhen = [\n  { any = [\"sequence\"] },\n]\n",
        &["3: the gate `sequence` needs [[step]]s"],
    );
    check(
        "sum = [{ weight = 1 }]\n[elements.ContextTraits]\ntype = \"number\"\ndefault = 1\ndoc = \"d\"\n",
        &["2: the element `ContextTraits` must be of type `list`"],
    );
}

#[test]
fn elements_are_checked() {
    let before = format!("{HEADER}{ARM}");
    let check = |text: &str, expected: &[&str]| check(&before, text, expected);
    check(
        "sum = [{ weight = \"$Wieght\" }]\n[elements.Weight]\ntype = \"number\"\ndefault = 1\ndoc = \"d\"\n",
        &[
            "1: unknown element `Wieght`; did you mean `Weight`?",
            "2: nothing uses the element `Weight`",
        ],
    );
    check(
        "sum = [{ weight = \"$A\" }, { largest = \"$A\" }]\n[elements.A]\ntype = \"duration\"\ndefault = \"1h\"\ndoc = \"d\"\n",
        &[
            "1: `$A` is of type `duration`; here stands a list of metrics",
            "1: `$A` is of type `duration`; here stands a number",
        ],
    );
    check(
        "sum = [{ largest = \"$L\" }, { weight = \"$W\" }]\n[elements.L]\ntype = \"list\"\ndefault = [\n  \"list_cals\",\n]\ndoc = \"d\"\n\
         [elements.W]\ntype = \"nmber\"\n[elements.threshold]\ntype = \"number\"\ndoc = \"d\"\n\
         [elements.TimeWindow]\ntype = \"duration\"\ndefault = \"7h\"\ndoc = \"d\"\n",
        &[
            "5: unknown metric `list_cals`; did you mean `list_calls`?",
            "8: [elements.W] needs `doc`",
            "9: unknown type `nmber`; did you mean `number`?",
            "10: [elements.threshold] needs `default`",
            "10: `threshold` may not be an element: every analytic has it",
            "13: the element `TimeWindow` must be of type `window`",
        ],
    );
}

#[test]
fn the_built_in_definitions_are_documented() {
    let analytics = load(&Table::empty("p.toml"), &[]).unwrap();
    let files = BUILTIN.iter().map(|(file, _)| *file);
    let of_files: Vec<_> = analytics
        .iter()
        .map(|a| format!("models/{}.toml", a.id))
        .collect();
    assert_eq!(of_files, files.collect::<Vec<_>>());
    for analytic in &analytics {
        let (id, docs) = (&analytic.id, &analytic.docs);
        for texts in [
            &docs.falsepositives,
            &docs.investigate,
            &docs.respond,
            &docs.tune,
            &docs.tags,
            &docs.references,
        ] {
            assert!(!texts.is_empty(), "{id}");
        }
        assert!(
            docs.telemetry.iter().any(|telemetry| telemetry.required),
            "{id}"
        );
        for row in &docs.telemetry {
            let provider = row.provider();
            assert!(provider.is_some(), "{id}: {}", row.name);
            let is_apart = row.actions.iter().all(|a| !row.shown_by.contains(a));
            assert!(is_apart, "{id}: {}", row.name);
            let is_of_log = |other: &Source| other.provider() == row.source.provider();
            assert!(row.or.iter().all(is_of_log), "{id}: {}", row.name);
            let is_field = |need: &crate::event::Field| row.fields.contains(need);
            assert!(row.needs.iter().all(is_field), "{id}: {}", row.name);
        }
        for provider in &analytic.providers {
            let mut rows = docs.telemetry.iter();
            let is_needed = rows.any(|row| row.required && row.provider() == Some(*provider));
            // Otherwise its provider does not log what is needed, and the analytic documents that.
            let is_untold = docs
                .unobservable
                .iter()
                .any(|what| what.provider == *provider);
            assert!(
                is_needed || is_untold,
                "{id} rests on nothing of {provider}"
            );
        }
        assert!(!docs.unobservable.is_empty(), "{id}");
        assert!(!docs.description.contains('\n'), "{id}");
        assert!(analytic.enabled && analytic.threshold.is_none(), "{id}");
    }
}

fn analytic(id: &str, config: &str) -> Analytic {
    let config = Config::parse(config, "p.toml").unwrap();
    let analytics = load(&config.analytics, &config.mentioned_analytics()).unwrap();
    analytics
        .into_iter()
        .find(|analytic| *analytic.id == *id)
        .unwrap()
}

/// Returns the weight of calls from two countries within an hour.
fn travel(weight: f64) -> Term {
    let burst = Burst {
        kind: BurstKind::Countries,
        over: Window::HOUR,
        at_least: 2,
        fixed: false,
    };
    Term::Burst(burst, weight)
}

#[test]
fn every_built_in_analytic_judges_identities_from_their_first_day() {
    for analytic in load(&Table::empty("p.toml"), &[]).unwrap() {
        let judges = |cohort| analytic.arms.iter().any(|arm| arm.cohort == cohort);
        assert!(
            judges(Cohort::New) || judges(Cohort::Any),
            "{}",
            analytic.id
        );
    }
}

#[test]
fn a_new_value_may_be_asked_to_be_known_to_few_or_to_be_surprising() {
    let gate = |gate: &str| {
        let text = format!("{HEADER}{ARM}sum = [{{ weight = 1 }}]\nwhen = [{gate}]\n");
        parse(&text, "a.toml").unwrap().arms[0].gates[0].clone()
    };
    assert_eq!(
        gate(r#"{ new = "work_region", known_to = 0 }"#),
        Gate::Shows {
            which: Trait::WorkRegion,
            like: Vec::new(),
            new: true,
            known_to: Some(0),
        }
    );
    assert_eq!(
        gate(r#"{ surprising = "blinding", more_than = 2.0 }"#),
        Gate::Unusual(Trait::Blinding, 2.0)
    );
    let before = format!("{HEADER}{ARM}sum = [{{ weight = 1 }}]\n");
    check(
        &before,
        "when = [{ shows = \"region\", known_to = 0 }]\n",
        &["1: unknown key in a gate: `known_to`; valid: `shows`, `burst`, `like`, `surprising`"],
    );
}

#[test]
fn arms_are_those_of_the_method() {
    use Metric::*;
    let volume = Term::Largest(vec![ListCalls, ListBytes, DeniedCalls]);
    let spread = Term::Largest(vec![BucketsListed, BucketsNew, PostureBuckets]);
    let met = Term::Largest(vec![BucketsListed, PostureBuckets]);
    let signed_in = [Trait::Country, Trait::AuthMethod];
    let context = Term::Traits([&CONTEXT_TRAITS[..], &signed_in].concat());
    let an1594 = analytic("AN1594", "");
    let arms: Vec<_> = an1594
        .arms
        .iter()
        .map(|arm| (&*arm.id, arm.terms.clone(), arm.quiet_context_factor))
        .collect();
    assert_eq!(
        arms,
        [
            ("ENUM", vec![volume.clone(), spread.clone()], 0.7),
            (
                "ENUM+CONTEXT",
                vec![volume.clone(), spread, context.clone(), travel(3.0)],
                1.0
            ),
            ("CONTEXT", vec![context.clone(), travel(3.0)], 1.0),
            ("NEWCOMER", vec![volume, met, context], 1.0),
        ]
    );
    let an1328 = analytic("AN1328", "");
    assert_eq!(
        an1328.steps(),
        [
            Step::NewIdentity {
                within_secs: 2 * 86_400
            },
            Step::Spike {
                metric: ReadCalls,
                surprise: 1.0
            },
            Step::Egress {
                within_secs: 86_400
            },
        ]
    );
    assert_eq!(
        an1328.arms.iter().map(|arm| arm.cohort).collect::<Vec<_>>(),
        [Cohort::Any, Cohort::Any, Cohort::New, Cohort::New]
    );
    assert_eq!(an1328.metrics(), [ReadCalls, BytesRead, EgressBytes]);
    assert_eq!(an1328.traits(), [Trait::Destination]);
    let an0370 = analytic("AN0370", "");
    let share = &an0370.arms[4];
    assert_eq!(
        share.terms,
        [Term::Weight(7.0), Term::Acts(ActKind::SensitiveShare)]
    );
    assert_eq!(share.gates, [Gate::Act(ActKind::SensitiveShare)]);
    assert_eq!(an0370.arms[1].gates[0], Gate::External);
}

#[test]
fn a_configuration_changes_what_is_checked() {
    let an1594 = analytic(
        "AN1594",
        "[analytic.AN1594]\nTimeWindow = \"10m\"\nthreshold = 92\nenabled = false\nMinimumCalls = 7\n\
         ContextTraits = [\"country\", \"region\"]\nTravelWeight = 0\n",
    );
    assert_eq!(an1594.window, Some(Window::TEN_MINUTES));
    assert_eq!((an1594.threshold, an1594.enabled), (Some(92.0), false));
    let Gate::AnyOf(floors) = &an1594.arms[0].gates[1] else {
        panic!("{:?}", an1594.arms[0].gates)
    };
    assert_eq!(floors[0], Gate::AtLeast(Metric::ListCalls, 7));
    assert_eq!(an1594.context, [Trait::Country, Trait::Region]);
    assert_eq!(
        an1594.arms[2].terms,
        [
            Term::Traits(vec![Trait::Country, Trait::Region]),
            travel(0.0)
        ]
    );
    let element = an1594.elements.get("MinimumCalls").unwrap();
    assert_eq!(
        (element.default.clone(), element.place.line),
        (Some(ElementValue::Integer(20)), 5)
    );
    let shown: Vec<_> = an1594
        .elements
        .iter()
        .filter_map(|e| e.value.as_ref())
        .map(|v| v.to_string())
        .collect();
    assert_eq!(
        shown,
        [
            "\"10m\"",
            "7",
            "5",
            "[\"country\", \"region\"]",
            "0.0",
            "3.0",
            "0.7",
            "0.85"
        ]
    );

    let an0370 = analytic(
        "AN0370",
        "[analytic.AN0370]\nSensitiveBuckets = [\"aws:hr-*\"]\nApprovedDestinations = [\"444455556666\", \"198.51.100.0/24\"]\n",
    );
    assert!(an0370.sensitive_buckets[0].matches_of(Provider::Aws, "hr-files"));
    assert!(
        an0370
            .approved_destinations
            .iter()
            .any(|pattern| pattern.matches("198.51.100.7"))
    );
}

#[test]
fn a_wrong_override_is_refused_at_its_line_of_the_configuration() {
    let text = r#"[analytic.AN1594]
TimeWindow = "7m"
thresold = 3
threshold = 101
MinimumCalls = "many"
ContextTraits = [
  "region",
  "netwrok",
]
QuietContextFactor = 0

[analytic.AN1549]

[[approval]]
role = "x"
analytics = ["AN0370", "AN037"]
owner = "o"
reason = "r"
expires = 2030-01-01

[analytic.AN0370]
SensitiveBuckets = ["payroll"]
"#;
    let config = Config::parse(text, "p.toml").unwrap();
    let error = load(&config.analytics, &config.mentioned_analytics()).unwrap_err();
    let valid = "valid: aws, azure, entra, m365, gcp, gworkspace, okta, slack, other";
    assert_eq!(
        faults(&error),
        [
            "p.toml:2: `7m` is no window: 10s to 1d, and a divisor of the day, as in `10m`",
            "p.toml:3: unknown element of AN1594: `thresold`; did you mean `threshold`?",
            "p.toml:4: a threshold is a score from 0 to 100",
            "p.toml:5: expected an integer, found text",
            "p.toml:8: unknown trait `netwrok`; did you mean `network`?",
            "p.toml:10: expected a factor above 0 and at most 1, found 0",
            "p.toml:12: unknown analytic `AN1549`; did you mean `AN1594`?",
            "p.toml:16: unknown analytic `AN037`; did you mean `AN0370`?",
            &format!(
                "p.toml:22: `payroll` must begin with a provider, as in `aws:payroll` ({valid})"
            ),
        ]
    );
}

#[test]
fn what_no_model_declares_can_be_switched_off() {
    let loaded = |text: &str| {
        let config = Config::parse(text, "p.toml").unwrap();
        load(&config.analytics, &[]).map(|_| config.is_enabled("SOURCE-SILENT"))
    };
    let of = |line: &str| loaded(&format!("[analytic.SOURCE-SILENT]\n{line}\n"));
    assert!(loaded("").unwrap());
    assert!(!of("enabled = false").unwrap());
    assert_eq!(
        faults(&of("threshold = 9").unwrap_err()),
        ["p.toml:2: unknown element of SOURCE-SILENT: `threshold`; valid: `enabled`"]
    );
    assert_eq!(faults(&of("enabled = 1").unwrap_err()).len(), 1);
}

#[test]
fn two_files_may_not_claim_one_id() {
    let text = format!("{HEADER}{ARM}sum = [{{ weight = 1 }}]\n");
    let file = |name: &str| Definition {
        name: name.to_owned(),
        text: text.clone().into(),
        is_builtin: false,
    };
    let error = load_from(
        &[file("a.toml"), file("b.toml")],
        &Table::empty("p.toml"),
        &[],
    )
    .unwrap_err();
    assert_eq!(
        faults(&error),
        ["b.toml:2: another analytic has the id `AN1`"]
    );
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_panic(at in 0usize..8_000, cut in 0usize..80, put in "[\\[\\]{}=\",.$#a-z0-9\n-]{0,12}") {
        for (name, text) in BUILTIN {
            let start = text.floor_char_boundary(at);
            let end = text.floor_char_boundary(start + cut).max(start);
            let _ = parse(&format!("{}{put}{}", &text[..start], &text[end..]), name);
            let _ = Config::parse(&put, name).and_then(|config| load(&config.analytics, &[]));
        }
    }
}

#[test]
fn analytics_that_require_a_new_client_are_recognised() {
    let analytics = load(&Table::empty("p.toml"), &[]).unwrap();
    let needs = |id: &str, traits: &[Trait]| {
        let analytic = analytics.iter().find(|a| *a.id == *id).unwrap();
        analytic.needs_new(traits)
    };
    assert!(needs("S3-CLIENT", &[Trait::Network, Trait::UserAgent]));
    assert!(!needs("S3-CLIENT", &[Trait::Network]));
    // Its arm ENUM uses volumes, whatever is new.
    assert!(!needs("AN1594", Trait::ALL));
}
