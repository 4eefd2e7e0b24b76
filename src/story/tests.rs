#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;

fn analytic(id: &str) -> Analytic {
    let analytics = analytic::load(&Table::empty("p.toml"), &[]).unwrap();
    analytics.into_iter().find(|a| *a.id == *id).unwrap()
}

fn story(lines: &str) -> Story {
    Story {
        title: "a story".to_owned(),
        provider: Provider::Aws,
        text: lines.to_owned(),
        place: Place {
            file: "s.toml".into(),
            line: 1,
        },
    }
}

/// Returns the faults of a story of AN1594, without the file.
fn faults_of(lines: &str) -> Vec<String> {
    let (mut faults, story) = (Faults::default(), story(lines));
    prepare(
        &analytic::builtin(),
        &analytic("AN1594"),
        &story,
        &mut faults,
    );
    let sorted = faults.sorted().into_iter();
    sorted
        .map(|(place, fault)| format!("{}: {fault}", place.line))
        .collect()
}

#[test]
fn the_estate_is_read_and_none_of_it_is_reported() {
    let (_, acts) = line::read_acts(ESTATE).unwrap();
    let names: std::collections::BTreeSet<_> = acts.iter().map(|act| &act.who).collect();
    assert_eq!(names.len(), line::ESTATE);
    for id in ["AN0370", "AN1328", "AN1594"] {
        let played = play(&analytic::builtin(), &analytic(id), &story("=> nothing")).unwrap();
        assert_eq!(
            (played.failures, played.alerts),
            (Vec::new(), Vec::new()),
            "{id}"
        );
    }
}

#[test]
fn a_wrong_line_is_reported_with_what_to_write_instead() {
    for (line, said) in [
        (
            "evry 10m ana lists 4",
            "unknown beginning of a line `evry`; did you mean `every`?",
        ),
        (
            "every soon ana lists 4",
            "expected a length of time, as in `10m`, found `soon`",
        ),
        (
            "every 10m from 8:00 to 18:00 ana lists",
            "expected a time of day, as in `08:00`, found `8:00`",
        ),
        (
            "every 10m from 18:00 to 08:00 ana lists",
            "the time after `to` should be later than the one after `from`",
        ),
        (
            "day 0 02:10 ana lists",
            "expected a day from 1 to 90, found `0`",
        ),
        (
            "day 15 ana lists",
            "expected `every`, or a time of day, as in `02:10`, found `ana`",
        ),
        (
            "day 15 23:50 for 20m ana lists",
            "this should end on the day on which it begins",
        ),
        (
            "days 5..3 02:10 ana lists",
            "expected days, as in `3..5`, found `5..3`",
        ),
        (
            "14 weeks, every 1h ana lists",
            "expected `days`, found `weeks`",
        ),
        (
            "day 15 02:10",
            "the line ends where who does something should stand",
        ),
        (
            "day 15 02:10 ana lits 4",
            "expected what `ana` does (lists, reads, writes, copies, deletes, inspects, enumerates, shares, replicates, sends, signs, assumes, creates, issues, drops, expires, blinds, authorizes, starts, reveals, scans, pulls, calls), found `lits`",
        ),
        (
            "day 15 02:10 ana lists 1,280 in b",
            "expected a number of at least 1, as in `1280`, found `1,280`",
        ),
        (
            "day 15 02:10 ana lists exactly in b",
            "expected a number of at least 1, as in `1280`, found `in`",
        ),
        (
            "day 15 02:10 ana lists 0",
            "expected a number of at least 1, as in `1280`, found `0`",
        ),
        (
            "day 15 02:10 ana lists 4 at b",
            "`at` begins no clause; clauses begin with in, prefix, objects, of, keys, logs, from, as, country, with, region, app, scope, role, credential, kind, console, mfa, without, method, denied, failed, throttled, not, to, op, provider, account",
        ),
        (
            "day 15 02:10 ana lists in b-{1..}",
            "`b-{1..}` is no pattern; write `name-{1..40}` or `name-{x,y}`",
        ),
        (
            "day 15 02:10 ana lists in b-{9..1}",
            "`b-{9..1}` should count upwards, and to at most 10000 names",
        ),
        ("day 15 02:10 ana lists in aws:", "`aws:` names no bucket"),
        (
            "day 15 02:10 ana reads 4",
            "`reads` needs a bucket: `in aws:name`",
        ),
        (
            "day 15 02:10 ana reads 4 in b of 20",
            "expected a size, as in `20MB`, found `20`",
        ),
        (
            "day 15 02:10 ana reads in b from home",
            "expected an address, found `home`",
        ),
        (
            "day 15 02:10 ana reads in b as 64500",
            "expected a network, as in `AS64500`, found `64500`",
        ),
        (
            "day 15 02:10 ana reads in b country pt",
            "expected two letters, as in `PT`, found `pt`",
        ),
        (
            "day 15 02:10 ana reads in b without a mfa",
            "expected `mfa`, found `a`",
        ),
        (
            "day 15 02:10 ana reads in b not there",
            "expected `configured`, found `there`",
        ),
        (
            "day 15 02:10 ana reads in b kind person",
            "expected a kind (human, role_session, service_principal, workload, cloud_service, anonymous, unknown), found `person`",
        ),
        (
            "day 15 02:10 ana enumerates 4",
            "`enumerates` needs operations: `op iam:ListUsers,iam:ListRoles`",
        ),
        (
            "day 15 02:10 ana enumerates 4 op ListUsers",
            "`ListUsers` is no operation, as in `iam:ListUsers`",
        ),
        (
            "day 15 02:10 ana shares b",
            "`shares` needs whom it is given to: `to 999988887777` or `to public`",
        ),
        (
            "day 15 02:10 ana replicates b",
            "`replicates` needs where to: `to 999988887777`, `to aws:bucket` or both",
        ),
        (
            "day 15 02:10 ana sends 20MB",
            "`sends` needs an address: `to 198.51.100.7`",
        ),
        (
            "day 15 02:10 ana sends 4 to 192.0.2.1",
            "`sends` needs an amount: `sends 20MB to …` or `sends 5 of 4MB to …`",
        ),
        ("day 15 02:10 ana signs 3", "expected `in`, found `3`"),
        (
            "internal home",
            "expected a network, as in `10.0.0.0/8`, found `home`",
        ),
        (
            "ours 111122223333",
            "expected a provider and an account, as in `aws:111122223333`, found `111122223333`",
        ),
        (
            "sensitive payroll",
            "`payroll` must begin with a provider, as in `aws:payroll` (valid: aws, azure, entra, m365, gcp, gworkspace, okta, slack, other)",
        ),
        (
            "approve",
            "the line ends where `identity`, `role`, `destination`, `bucket`, `client`, `app` or `network` should stand",
        ),
        (
            "approve user ana",
            "expected `identity`, `role`, `destination`, `bucket`, `client`, `app` or `network`, found `user`",
        ),
        ("set MinimumCalls 50", "expected `=`, found `50`"),
        (
            "set MinimalCalls = 50",
            "unknown element of AN1594: `MinimalCalls`; did you mean `MinimumCalls`?",
        ),
        (
            "set MinimumCalls = \"many\"",
            "expected an integer, found text",
        ),
        (
            "estate 99",
            "expected a number of identities from 0 to 14, found `99`",
        ),
        (
            "threshold high",
            "expected a score from 0 to 100, found `high`",
        ),
        (
            "=> AN0370 ana",
            "expected `=> AN1594 WHO`, `=> suppressed WHO` or `=> nothing`, found `AN0370`",
        ),
        (
            "=> AN1594",
            "the line ends where the expected identity should stand",
        ),
        ("=> AN1594 bob", "`bob` does nothing in this story"),
        (
            "=> AN1594 ana with lists",
            "expected a metric, found `lists`",
        ),
        (
            "=> AN1594 ana severity low",
            "expected medium, high or critical, found `low`",
        ),
        (
            "=> AN1594 ana arm ENUMM",
            "unknown arm of AN1594: `ENUMM`; did you mean `ENUM`?",
        ),
        (
            "=> AN1594 ana at night",
            "expected `with METRIC`, `arm ARM` or `severity high`, found `at`",
        ),
        ("=> nothing of ana", "the line should end before `of`"),
        (
            "day 15 02:10 ana reads 900000 in b",
            "with this line there are more than 200000 calls; a story needs fewer days, fewer calls or longer pauses",
        ),
    ] {
        let acts = "every 1d from 01:00 to 02:00 ana lists 2 in b";
        let end = if line.starts_with("=>") {
            ""
        } else {
            "=> nothing"
        };
        let lines = format!("# a remark\n{acts}\n{line}\n{end}");
        assert_eq!(faults_of(&lines), [format!("3: {said}")], "{line}");
    }
    assert_eq!(
        faults_of("who ana mfa\nwho ana console\n=> nothing"),
        ["2: another line says `who ana`"]
    );
    assert_eq!(
        faults_of("day 15 02:10 ana lists\n=> nothing\n=> AN1594 ana"),
        ["2: `=> nothing` cannot be combined with other expected outcomes"]
    );
    assert_eq!(
        faults_of("day 15 02:10 ana lists"),
        [
            "1: the story has no expected outcome: `=> AN1594 WHO`, `=> suppressed WHO` or `=> nothing`"
        ]
    );
}

#[test]
fn a_story_that_ends_otherwise_lists_the_differences() {
    let usual = "14 days, every 2h from 08:00 to 18:00 ana lists 4 in b-{1..3}\n";
    let night = "day 15 02:10 for 20m ana lists 900 in c-{1..60} from 198.51.100.7 with aws-cli\n";
    for (lines, parts) in [
        (
            format!("{usual}{night}=> nothing"),
            &["not expected: AN1594 ana "][..],
        ),
        (
            format!("{usual}=> AN1594 ana"),
            &["AN1594 ana (line 2) was expected, and no alert is like it"],
        ),
        (
            format!("{usual}{night}threshold 99.9\n=> AN1594 ana"),
            &[
                "AN1594 ana (line 4) was expected, but its score was ",
                " and 99.9 had to be reached: AN1594 ana ",
            ],
        ),
        (
            format!("{usual}{night}=> suppressed ana"),
            &["suppressed ana (line 3) was expected, but no approval covered it: "],
        ),
        (
            format!("{usual}{night}approve identity ana\n=> AN1594 ana"),
            &["AN1594 ana (line 4) was expected, but an approval covered it: line 3 "],
        ),
        (
            format!("{usual}{night}=> AN1594 ana arm CONTEXT"),
            &["was expected, but it rests on the arm ENUM+CONTEXT, not CONTEXT: "],
        ),
        (
            format!("{usual}{night}=> AN1594 ana with egress_bytes"),
            &["was expected, but egress_bytes is not among its reasons: "],
        ),
        (
            format!(
                "{usual}day 15 12:00 ana lists 60 in b-{{1..3}} from 198.51.100.7 with aws-cli\nthreshold 60\n=> AN1594 ana severity critical"
            ),
            &["was expected, but its severity is ", ", not critical: "],
        ),
    ] {
        let played = play(&analytic::builtin(), &analytic("AN1594"), &story(&lines)).unwrap();
        let said = played.failures.join("\n");
        parts
            .iter()
            .for_each(|part| assert!(said.contains(part), "{lines}: {said}"));
    }
}

#[test]
fn what_the_floor_keeps_silent_is_said_to_be_below_it() {
    let dave = |calls: u32| {
        let lines = format!(
            "who dave app azure-portal scope User.Read\n14 days, every 30m from 08:00 to 18:00 dave enumerates 3 op graph:/users/{{id}}\n\
             day 15 06:00 for 15h dave enumerates {calls} op graph:/users/{{id}}\n=> AN1087 dave arm ENUM"
        );
        let story = Story {
            provider: Provider::Entra,
            ..story(&lines)
        };
        let played = play(&analytic::builtin(), &analytic("AN1087"), &story).unwrap();
        played.failures.join("\n")
    };
    // Seven times as many as usual, and still less than one such day in a hundred has.
    let said = dave(450);
    for part in [
        "AN1087 dave arm ENUM (line 4) was expected, but it lies below the floor of every alert: ",
        "arm ENUM has the statistic 0.00 without directory_calls 450 in 1d (p99 ",
        ", since the context is usual, and 2.64 is what an identity shows once in two weeks",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert_eq!(dave(1_800), "");
}

/// The measures count every verb and clause.
#[test]
fn every_verb_and_clause_has_its_effect() {
    let lines = "
        who ana role etl app tool scope a,b credential AK1 console mfa method sso country PT as AS64500
        day 15 01:00 in 9s ana lists 3 in b-{1..2} prefix p-{1..2}/ region us-east-1
        day 15 02:00 ana shares gcp:g to public
        day 15 03:00 ana copies 1 in b to 999988887777 to aws:elsewhere denied
        day 15 04:00 ana sends 2 of 1kB to 192.0.2.1
        day 15 05:00 ana creates bot
        day 15 06:00 ana enumerates 2 op iam:ListUsers,iam:ListRoles account 1
        => nothing";
    let parsed = read(&analytic("AN1594"), &story(lines), &mut Faults::default()).unwrap();
    let events = perform::events(&parsed, Provider::Aws).unwrap();
    let shown: Vec<String> = events
        .iter()
        .map(|e| {
            let text = |text: &Option<crate::event::Untrusted>| {
                text.as_ref().map_or(String::new(), ToString::to_string)
            };
            format!(
                "{} {} {}:{} {}{} {} {:?} {} {}",
                &e.time.to_string()[11..],
                e.provider,
                e.service,
                e.op,
                text(&e.container),
                text(&e.prefix),
                e.outcome,
                e.destination.account.as_deref().or(e.created.as_deref()),
                e.bytes_out.unwrap_or(0),
                e.account.as_deref().unwrap_or_default(),
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            "01:00:00Z aws s3:ListObjects b-1p-1/ success None 0 111122223333",
            "01:00:03Z aws s3:ListObjects b-2p-1/ success None 0 111122223333",
            "01:00:06Z aws s3:ListObjects b-1p-2/ success None 0 111122223333",
            "02:00:00Z gcp storage:storage.setIamPermissions g success Some(\"*\") 0 halcyon-prod",
            "03:00:00Z aws s3:CopyObject elsewhere denied Some(\"999988887777\") 0 111122223333",
            "04:00:00Z aws vpc:ACCEPT  success None 1000 111122223333",
            "04:00:30Z aws vpc:ACCEPT  success None 1000 111122223333",
            "05:00:00Z aws iam:CreateUser  success Some(\"arn:aws:iam::111122223333:user/bot\") 0 111122223333",
            "06:00:00Z aws iam:ListUsers  success None 0 1",
            "06:00:30Z aws iam:ListRoles  success None 0 1",
        ]
    );
    let first = &events[0];
    let principal = first.principal.as_ref().unwrap();
    assert_eq!(&*principal.id, "arn:aws:iam::111122223333:user/ana");
    assert_eq!(
        principal.role.as_deref(),
        Some("arn:aws:iam::111122223333:role/etl")
    );
    assert_eq!(first.scopes.len(), 2);
    assert_eq!(
        (first.context.mfa, first.context.console),
        (Some(true), Some(true))
    );
    assert_eq!(
        (first.peer.asn, first.peer.country.as_deref()),
        (Some(64_500), Some("PT"))
    );
}

#[test]
fn usual_days_differ_and_are_always_the_same() {
    let parsed = |calls: &str| {
        let lines = format!("14 days, every 1h ana lists {calls} in b\n=> nothing");
        read(&analytic("AN1594"), &story(&lines), &mut Faults::default()).unwrap()
    };
    let a_day = |calls: &str| {
        let mut of_day = std::collections::BTreeMap::new();
        for event in perform::events(&parsed(calls), Provider::Aws).unwrap() {
            *of_day.entry(event.time.day()).or_insert(0u32) += 1;
        }
        of_day
    };
    let days = a_day("10");
    assert_eq!((days.len(), &days), (14, &a_day("10")));
    let different: std::collections::BTreeSet<_> = days.values().collect();
    assert!(
        different.len() > 10 && days.values().all(|n| (150..400).contains(n)),
        "{days:?}"
    );
    assert!(a_day("exactly 10").values().all(|n| *n == 240));
}

#[test]
fn the_page_names_every_verb_and_clause_and_its_example_is_played() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/ANALYTICS.md");
    let page = std::fs::read_to_string(path).unwrap();
    let words = act::Verb::ALL.iter().map(|verb| verb.as_str());
    for word in words.chain(how::CLAUSES.iter().copied()) {
        let is_named = page.contains(&format!("`{word} ")) || page.contains(&format!("`{word}`"));
        assert!(is_named, "{word}");
    }
    let example = page.split("text = \"\"\"\n").nth(1).unwrap();
    let lines = example.split("\"\"\"").next().unwrap();
    let played = play(&analytic::builtin(), &analytic("AN1594"), &story(lines)).unwrap();
    assert_eq!(played.failures, Vec::<String>::new());
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(words in proptest::collection::vec(
        prop_oneof![
            proptest::sample::select(&[
                "day", "days", "every", "1d", "1s", "15", "3..5", "02:10", "for", "from", "to", "ana", "lists", "sends", "in",
                "b-{1..3}", "{", "}{", "99999999999999999999", "exactly", "of", "1TB", "=>", "nothing", "set", "=", "who", "\n",
            ][..]).prop_map(str::to_owned),
            "[a-z0-9{}.:,é]{0,6}",
        ],
        0..40,
    )) {
        let lines = words.join(" ");
        if let Some(parsed) = read(&analytic("AN1594"), &story(&lines), &mut Faults::default()) {
            let _ = perform::events(&parsed, Provider::Aws);
        }
    }
}

#[test]
fn an_approval_is_checked_against_every_event_behind_a_reason() {
    // She is often in either country, but never in both within an hour. Her calls abroad are not listings.
    let lines = "14 days, every 2h from 08:00 to 12:30   alice lists 4 in reports-{1..3} from 10.9.0.1 country PT
14 days, every 2h from 18:00 to 22:30   alice reads 4 in reports-{1..3} from 198.51.100.9 country DE
day 15 10:00 for 10m   alice lists 4 in reports-{1..3} from 10.9.0.1 country PT
day 15 10:20 for 5m    alice reads 4 in reports-{1..3} from 198.51.100.9 country DE
set TravelWeight = 12
";
    let played = |approved: &str, expected: &str| {
        let story = story(&format!("{lines}{approved}\n=> {expected}"));
        play(&analytic::builtin(), &analytic("AN1594"), &story)
            .unwrap()
            .failures
    };
    let none = Vec::<String>::new();
    assert_eq!(
        played(
            "approve identity alice network 10.0.0.0/8",
            "AN1594 alice arm CONTEXT"
        ),
        none
    );
    assert_eq!(played("approve identity alice", "suppressed alice"), none);
}
