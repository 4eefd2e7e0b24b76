#![allow(clippy::unwrap_used)]

use super::*;
use std::path::Path;

use crate::event::{Provider, Source};
use crate::time::Time;
use crate::vocab::Str;

/// The example of the manual.
const WHOLE: &str = r#"
[network]
internal = ["10.0.0.0/8", "203.0.113.0/24"]
geoip = ["city.mmdb", "asn.mmdb"]

[estate]
accounts = ["aws:111122223333", "gcp:my-project"]
peer_groups = "off"

[lateness]
"aws.cloudtrail" = "30m"
okta.system = "1h"
ecs = "0s"

[store]
keep_alerts = 30

[input]
unwrap = ["log", "data.request"]

[[sensitive]]
bucket = "aws:payroll-*"
owner = "finance@example.com"

[[binding]]
instance = "i-0abc"
identity = "arn:aws:iam::111122223333:role/etl"

[[approval]]
identity = "arn:aws:iam::111122223333:role/backup-*"
analytics = ["AN0370", "AN1594"]
owner = "platform@example.com"
reason = "nightly backup to the DR account"
expires = 2027-01-31

[[peer_group]]
name = "etl"
identities = ["arn:aws:iam::*:role/etl-*"]

[analytic.AN1594]
TimeWindow = "10m"
threshold = 92.0

[[sink]]
name = "siem"
kind = "webhook"
url = "https://siem.example.com/hook"
token_env = "SIEM_TOKEN"
format = "ocsf"
severity = "high"
analytics = ["AN*"]
heartbeat = "09:30"
"#;

#[test]
fn everything_of_the_manual_is_read() {
    let config = Config::parse(WHOLE, "plimsoll.toml").unwrap();
    assert_eq!(config.internal.len(), 2);
    assert!(!config.clusters_peers);
    assert_eq!(config.keep_alerts_days, 30);
    assert_eq!(&*config.unwrap[1].text, "data.request");
    let late = [
        Source::AwsCloudTrail,
        Source::OktaSystem,
        Source::Ecs,
        Source::SlackAudit,
    ];
    assert_eq!(
        late.map(|log| config.lateness_secs(log)),
        [1_800, 3_600, 0, 600]
    );
    assert!(
        config.is_our_account(Provider::Gcp, "my-project")
            && !config.is_our_account(Provider::Aws, "my-project")
    );
    let payroll = config.sensitive(Provider::Aws, "payroll-2026").unwrap();
    assert_eq!(payroll.owner.as_deref(), Some("finance@example.com"));
    assert!(config.sensitive(Provider::Gcp, "payroll-2026").is_none());
    assert_eq!(
        config.bindings[0].source,
        BoundSource::Instance("i-0abc".into())
    );
    assert_eq!(
        &*config.peer_group("arn:aws:iam::1:role/etl-x").unwrap().name,
        "etl"
    );
    assert_eq!(config.analytics.entries[0].key, "AN1594");
    let sink = &config.sinks[0];
    assert_eq!(
        sink.target,
        Target::Webhook {
            address: Address::Plain("https://siem.example.com/hook".into()),
            token: Some(SecretPlace::Variable("SIEM_TOKEN".into())),
            signing: None,
            format: SinkFormat::Ocsf,
        }
    );
    assert_eq!(
        (sink.tell, sink.severity, sink.heartbeat),
        (Tell::Incidents, LeastSeverity::High, Some(34_200))
    );
    let databases: Vec<_> = config.geoip.iter().map(|word| &*word.text).collect();
    assert_eq!(databases, ["city.mmdb", "asn.mmdb"]);
    assert_eq!(config.mentioned_analytics().len(), 2);
    assert!(Config::parse("", "plimsoll.toml").unwrap() == Config::default());
}

/// Checks that a configuration is refused for these reasons, each as `line: message`.
fn check(text: &str, expected: &[&str]) {
    let error = Config::parse(text, "p.toml").expect_err(text);
    assert_eq!(error.kind(), crate::error::Kind::Usage);
    let said = error.to_string();
    let faults: Vec<_> = said
        .lines()
        .filter_map(|line| line.strip_prefix("cause: p.toml:"))
        .collect();
    assert_eq!(faults, expected, "{text}");
}

#[test]
fn faults_have_lines_and_near_misses() {
    check(
        "[network]\ninternl = []\n\n[netwrok]\n",
        &[
            "2: unknown key in [network]: `internl`; did you mean `internal`?",
            "4: unknown key in the configuration: `netwrok`; did you mean `network`?",
        ],
    );
    check(
        "[lateness]\nokta.sistem = \"1h\"\ngcp.audit = \"2d\"\n",
        &[
            "2: unknown log in [lateness] `okta.sistem`; did you mean `okta.system`?",
            "3: `2d` is no duration from 0s to 24h, such as 30m",
        ],
    );
    check(
        "[network]\ninternal = [\n  \"10.0.0.0/8\",\n  \"10.0.0/8\",\n  \"0.0.0.0/0\",\n  7,\n]\n",
        &[
            "4: `10.0.0/8` is no network, such as 10.0.0.0/8, and no address",
            "5: `0.0.0.0/0` would make every address internal",
            "6: expected text, found an integer",
        ],
    );
    check(
        "[estate]\npeer_groups = \"of\"\n",
        &["2: unknown peer groups `of`; did you mean `off`?"],
    );
    check(
        "[store]\nkeep_alerts = 29\n",
        &["2: expected from 30 to 3650 days, found 29"],
    );
    check(
        "network = 3\n[estate]\naccounts = [\"111122223333\"]\n",
        &[
            "1: expected a table, found an integer",
            "3: `111122223333` must be a provider and an account, as in `aws:111122223333`",
        ],
    );
    check(
        "[[sensitive]]\nowner = \"x\"\n[[sensitive]]\nbucket = \"payroll\"\n[sink]\n",
        &[
            "1: [[sensitive]] needs `bucket`",
            "4: `payroll` must begin with a provider, as in `aws:payroll` (valid: aws, azure, entra, m365, gcp, \
             gworkspace, okta, slack, other)",
            "5: `sink` may stand several times: write [[sink]]",
        ],
    );
    check(
        "[[binding]]\neni = \"eni-1\"\naddress = \"10.0.0.1\"\nidentity = \"a\"\n\
         [[binding]]\naddress = \"x\"\n\
         [[binding]]\naddress = \"10.0.0.1\"\nidentity = \"a\"\n\
         [[binding]]\naddress = \"::ffff:10.0.0.1\"\nidentity = \"b\"\n",
        &[
            "1: [[binding]] needs exactly one of `instance`, `eni` and `address`",
            "5: [[binding]] needs `identity`",
            "6: `x` is no address",
            "10: another [[binding]] binds the same source",
        ],
    );
    check(
        "[[approval]]\nowner = \"\"\nexpires = 2027-01-31T10:00:00Z\nanalytics = []\n",
        &[
            "1: [[approval]] needs `reason`",
            "1: [[approval]] needs at least one of identity, role, destination, bucket, user_agent, application, network or log",
            "2: expected text, found an empty one",
            "3: expected a date such as 2027-01-31, found `2027-01-31T10:00:00Z`",
            "4: expected at least one, found an empty list",
        ],
    );
    check(
        "[[sink]]\nname = \"a b\"\nkind = \"wbhook\"\nformat = \"oscf\"\n[[peer_group]]\nname = \"a\"\nidentities = [\"x\"]\n\
         [[peer_group]]\nname = \"a\"\nidentities = [\"x\"]\n",
        &[
            "2: `a b` is no name of a sink: letters, digits, `-` and `_`, at most 64",
            "3: unknown kind of sink `wbhook`; did you mean `webhook`?",
            "4: unknown format `oscf`; did you mean `ocsf`?",
            "9: another [[peer_group]] is named `a`",
        ],
    );
}

#[test]
fn a_sink_says_what_its_kind_needs_and_never_what_may_be_a_secret() {
    let of = |kind: &str, rest: &str| format!("[[sink]]\nname = \"a\"\nkind = \"{kind}\"\n{rest}");
    check(
        &of(
            "slack",
            "url = \"https://hooks.slack.com/services/T0/B0/x\"\n",
        ),
        &[
            "1: a sink of kind slack needs `url_env` or `url_file`: its address is a secret",
            "4: the address of slack is a secret: name its place with `url_env` or `url_file`",
        ],
    );
    let pasted = "1: `token_env` names a variable of the environment, as in `PLIMSOLL_SOC`; what is here is no such name, and a \
                  secret never stands here";
    let pasted = pasted.replacen('1', "4", 1);
    check(
        &of("pagerduty", "token_env = \"R0-SECRET\"\nproject = \"x\"\n"),
        &[
            &pasted,
            "5: a sink of kind pagerduty has no use for `project`; it takes url, token_env, token_file",
        ],
    );
    check(
        &of(
            "webhook",
            "url = \"https://user:pw@host/\"\nurl_env = \"A\"\nheartbeat = \"9:00\"\n",
        ),
        &[
            "1: give `url`, or the place of a secret address, not both",
            "6: `9:00` is no time of the day in UTC, such as 09:00",
        ],
    );
    check(
        &of("webhook", "url = \"https://user:pw@host/\"\n"),
        &["1: `url` has a user or a password before its host: name a token instead"],
    );
    check(
        &of("jira", "heartbeat = \"09:00\"\nlabels = [\"a b\"]\n"),
        &[
            "1: a heartbeat is no issue: `heartbeat` is not for jira",
            "1: a sink of this kind needs `project`",
            "1: a sink of this kind needs `token_env` or `token_file`: an API token",
            "1: a sink of this kind needs `url`",
            "5: `a b` has a blank, which labels may not have",
        ],
    );
    check(
        &of("syslog", "url = \"https://siem\"\n"),
        &[
            "1: `https://siem` is no address of syslog, as in `tls://siem.example.com:6514`, `tcp://…` or `udp://…`",
        ],
    );
    check(
        &(of("file", "path = \"a\"\nkeep = 20000\n")
            + "[[sink]]\nname = \"A\"\nkind = \"file\"\npath = \"b\"\n"),
        &[
            "5: expected from 0 to 10000 files, found 20000",
            "6: another [[sink]] is named `A`",
        ],
    );
    let config = Config::parse(&of("syslog", "url = \"tls://[2001:db8::1]\"\n"), "p.toml").unwrap();
    assert_eq!(
        config.sinks[0].target,
        Target::Syslog {
            transport: Transport::Tls,
            host: "2001:db8::1".into(),
            port: 6514,
            format: SinkFormat::Plimsoll,
        }
    );
}

#[test]
fn a_named_file_must_be_there() {
    let error = Config::load(Some(Path::new("/nowhere/plimsoll.toml"))).unwrap_err();
    assert_eq!(error.kind(), crate::error::Kind::Usage);
}

fn approval(criteria: &str) -> Config {
    let text = format!(
        "[[approval]]\nowner = \"o\"\nreason = \"r\"\nexpires = \"2027-01-31\"\n{criteria}"
    );
    Config::parse(&text, "p.toml").unwrap()
}

fn context() -> ApprovalContext {
    let texts = |texts: &[&str]| {
        texts
            .iter()
            .map(|text| Str::from(*text))
            .collect::<Vec<_>>()
    };
    ApprovalContext {
        identity: "arn:aws:iam::111122223333:role/backup-eu".into(),
        aliases: texts(&["AROAEXAMPLE"]),
        role: Some("arn:aws:iam::111122223333:role/backup-eu".into()),
        destinations: vec![
            texts(&["444455556666", "dr-eu"]),
            texts(&["444455556666", "dr-us", "198.51.100.7"]),
        ],
        buckets: texts(&["aws:payroll-1", "payroll-2"]),
        user_agents: texts(&["rclone"]),
        applications: Vec::new(),
        addresses: ["203.0.113.9", "::ffff:203.0.113.10"]
            .map(|ip| Some(ip.parse().unwrap()))
            .to_vec(),
        times: ["2026-12-31T02:10:00Z", "2026-12-31T02:59:00Z"]
            .map(|at| Time::parse(at).unwrap())
            .to_vec(),
    }
}

#[test]
fn an_approval_covers_what_it_names_and_nothing_beside_it() {
    let at = Time::parse("2027-01-01T00:00:00Z").unwrap();
    for (criteria, covers) in [
        (r#"identity = "arn:aws:iam::*:role/backup-*""#, true),
        (r#"identity = "AROA*""#, true),
        (r#"identity = "arn:aws:iam::*:role/etl-*""#, false),
        (r#"role = "*backup*""#, true),
        (r#"destination = "aws:444455556666""#, true),
        (r#"destination = "444455556666""#, true),
        (r#"destination = "gcp:444455556666""#, true),
        (r#"destination = "dr-*""#, true),
        (r#"destination = "dr-eu""#, false),
        (r#"destination = "198.51.100.0/24""#, false),
        (r#"bucket = "aws:payroll-*""#, true),
        (r#"bucket = "aws:payroll-1""#, false),
        (r#"user_agent = "rclone""#, true),
        (r#"application = "*""#, false),
        (r#"network = "203.0.113.0/24""#, true),
        (r#"network = "203.0.113.9""#, false),
        ("user_agent = \"rclone\"\nnetwork = \"10.0.0.0/8\"", false),
        (r#"bucket = ["payroll-1", "payroll-2", "kyc"]"#, true),
        (r#"bucket = ["payroll-1", "kyc"]"#, false),
        (r#"destination = ["dr-eu", "dr-us"]"#, true),
        ("destination = []", false),
        (
            "user_agent = \"rclone\"\ntimes = \"02:00-03:00\"\nweekdays = \"thursday\"",
            true,
        ),
        ("user_agent = \"rclone\"\ntimes = \"02:30-03:00\"", false),
        ("user_agent = \"rclone\"\nweekdays = \"friday\"", false),
    ] {
        let config = approval(criteria);
        assert_eq!(
            approval_covering(&config, "AN0370", &context(), at).is_some(),
            covers,
            "{criteria}"
        );
    }
    // A call from nowhere is in no network, whatever the others are.
    let mut facets_from_nowhere = context();
    facets_from_nowhere.addresses.push(None);
    let config = approval(r#"network = "203.0.113.0/24""#);
    assert!(approval_covering(&config, "AN0370", &facets_from_nowhere, at).is_none());
    let config = approval("user_agent = \"rclone\"\nanalytics = [\"AN1594\"]");
    assert!(approval_covering(&config, "AN0370", &context(), at).is_none());
    assert!(approval_covering(&config, "AN1594", &context(), at).is_some());
}

#[test]
fn an_expired_approval_no_longer_holds() {
    let config = approval("user_agent = \"rclone\"");
    for (at, holds) in [
        ("2027-01-31T23:59:59.999Z", true),
        ("2027-02-01T00:00:00Z", false),
    ] {
        let at = Time::parse(at).unwrap();
        assert_eq!(
            approval_covering(&config, "AN0370", &context(), at).is_some(),
            holds
        );
        assert_eq!(config.expired_approvals(at).count(), usize::from(!holds));
    }
    let text = "[[approval]]\nrole = \"r\"\nowner = \"o\"\nreason = \"r\"\nexpires = 9999-12-31\n";
    assert_eq!(
        Config::parse(text, "p.toml")
            .unwrap()
            .expired_approvals(Time::from_nanos(i64::MAX))
            .count(),
        0
    );
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_panic(at in 0usize..900, cut in 0usize..40, put in "[\\[\\]{}=\",.:*/é#a-z0-9\n-]{0,12}") {
        let start = at.min(WHOLE.len());
        let end = (start + cut).min(WHOLE.len());
        let _ = Config::parse(&format!("{}{put}{}", &WHOLE[..start], &WHOLE[end..]), "p.toml");
    }
}
