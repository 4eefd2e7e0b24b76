//! The keys of `plimsoll.toml`, as its reader asks for them and as its reference page and JSON Schema show them.

use crate::config::serve::SERVE;
use crate::config::sink::{LeastSeverity, SinkFormat, SinkKind, Tell};
use crate::document::{Kind, Needs, Others, Presence, Shape, key};
use crate::event::Source;

use Presence::{Default, Optional, Required};

/// How `estate.peer_groups` is written: on, then off.
pub(super) const PEER_GROUPS: [&str; 2] = ["alike", "off"];

const IDENTITY: Kind<'static> = Kind::Text("id of an identity, `*` for any characters");
const NETWORK: Kind<'static> = Kind::Text("network or address");
const PATTERN: Kind<'static> = Kind::Text("text, `*` for any characters");
const BUCKET: Kind<'static> =
    Kind::Text("bucket, `*` for any characters, with or without its provider");
const VARIABLE: Kind<'static> = Kind::Text("name of a variable");
const PATH: Kind<'static> = Kind::Text("path of a file");
/// Megabytes, days and files of a file: the least, the most, and those of one that says nothing.
pub(super) const MB: (u64, u64, u64) = (1, 1_000_000, 100);
pub(super) const DAYS: (u64, u64, u64) = (1, 3_650, 30);
pub(super) const KEEP: (u64, u64, u64) = (0, 10_000, 12);
const ANALYTIC: Kind<'static> = Kind::Text("id of an analytic");

/// The configuration.
pub static CONFIG: Shape<'static> = Shape {
    name: "the configuration",
    doc: "Keys above the first table, and the tables:",
    keys: &[
        key(
            "analytics",
            Kind::List(&Kind::Text("path of a file or folder")),
            Optional,
            "[\"detections/\"]",
            "Files that define analytics of your own, and folders whose `*.toml` files all do. A path is relative to the \
             folder of `plimsoll.toml`. An analytic with the id of a built-in one replaces it.",
        ),
        key(
            "network",
            Kind::Table(&NETWORK_TABLE),
            Optional,
            "",
            "Your networks, and databases of locations.",
        ),
        key(
            "estate",
            Kind::Table(&ESTATE),
            Optional,
            "",
            "What belongs to you.",
        ),
        key(
            "lateness",
            Kind::Table(&LATENESS),
            Optional,
            "",
            "How late records of a log may come.",
        ),
        key(
            "store",
            Kind::Table(&STORE),
            Optional,
            "",
            "How long alerts are kept.",
        ),
        key(
            "input",
            Kind::Table(&INPUT),
            Optional,
            "",
            "How logs are read.",
        ),
        key("serve", Kind::Table(&SERVE), Optional, "", "The service."),
        key(
            "sensitive",
            Kind::Tables(&SENSITIVE),
            Optional,
            "",
            "Buckets whose content matters most.",
        ),
        key(
            "binding",
            Kind::Tables(&BINDING),
            Optional,
            "",
            "Identities behind sources of network flows.",
        ),
        key(
            "approval",
            Kind::Tables(&APPROVAL),
            Optional,
            "",
            "Exceptions that somebody answers for.",
        ),
        key(
            "peer_group",
            Kind::Tables(&PEER_GROUP),
            Optional,
            "",
            "Identities that are judged alike.",
        ),
        key(
            "sink",
            Kind::Tables(&SINK),
            Optional,
            "",
            "Where incidents also go.",
        ),
        key(
            "analytic",
            Kind::Table(&ANALYTICS),
            Optional,
            "",
            "Settings of analytics.",
        ),
    ],
    others: None,
    needs: Needs::Nothing,
};

/// `[network]`
pub(super) static NETWORK_TABLE: Shape<'static> = Shape {
    name: "[network]",
    doc: "Write it before the first training: its values are part of what is measured when a log is read.",
    keys: &[
        key(
            "internal",
            Kind::List(&NETWORK),
            Optional,
            "[\"203.0.113.0/24\"]",
            "Networks of yours, for example egress addresses of offices and VPNs. Private ranges are always internal. A \
             network of all addresses (`/0`) is refused.",
        ),
        key(
            "geoip",
            Kind::List(&Kind::Text("path of a file")),
            Optional,
            "[\"city.mmdb\", \"asn.mmdb\"]",
            "Databases in MaxMind format, from which country, city and AS number of a caller are taken where the record \
             does not state them.",
        ),
    ],
    others: None,
    needs: Needs::Nothing,
};

/// `[estate]`
pub(super) static ESTATE: Shape<'static> = Shape {
    name: "[estate]",
    doc: "What belongs to you, and how identities without peers are grouped.",
    keys: &[
        key(
            "accounts",
            Kind::List(&Kind::Text("`provider:account`")),
            Optional,
            "[\"aws:111122223333\", \"gworkspace:example.com\"]",
            "Accounts, projects, tenants and domains of yours, beside those whose own logs are read. What goes to any other \
             account is external.",
        ),
        key(
            "peer_groups",
            Kind::Word(|| PEER_GROUPS.to_vec()),
            Default("\"alike\""),
            "\"alike\"",
            "Whether identities that have neither a configured peer group nor a role are grouped with those that do \
             the same. `off` compares them with all identities.",
        ),
    ],
    others: None,
    needs: Needs::Nothing,
};

/// `[lateness]`
pub(super) static LATENESS: Shape<'static> = Shape {
    name: "[lateness]",
    doc: "How long `score --follow` waits for records of a log before it closes a day: from `0s` to `24h`. A log keeps its \
          default (the last table of this page) if it is not named.",
    keys: &[],
    others: Some(Others {
        name: "LOG",
        example: "\"okta.system\" = \"1h\"",
        valid: Some(logs),
        kind: Kind::Text("duration such as `30m` or `2h`"),
    }),
    needs: Needs::Nothing,
};

pub(super) fn logs() -> Vec<&'static str> {
    Source::ALL.iter().map(|source| source.as_str()).collect()
}

/// The range of `store.keep_alerts`, in days: approvals are judged by the alerts of the last 30 days.
pub(super) const KEEP_ALERTS_DAYS: (u64, u64) = (30, 3_650);

/// `[store]`
pub(super) static STORE: Shape<'static> = Shape {
    name: "[store]",
    doc: "How long alerts are kept.",
    keys: &[key(
        "keep_alerts",
        Kind::Within(KEEP_ALERTS_DAYS.0, KEEP_ALERTS_DAYS.1),
        Default("400"),
        "400",
        "Days of event time, back from the newest stored day, for which alerts and the verdicts on them are kept. `train` and \
         `nightly` remove older ones. A verdict stays as long as its day is stored, because learning leaves out what it \
         is about.",
    )],
    others: None,
    needs: Needs::Nothing,
};

/// `[input]`
pub(super) static INPUT: Shape<'static> = Shape {
    name: "[input]",
    doc: "How logs are read.",
    keys: &[key(
        "unwrap",
        Kind::List(&Kind::Text(
            "name of a member, or names with dots between them",
        )),
        Optional,
        "[\"log\", \"data.request\"]",
        "Members whose whole content is a record of a known format, and which are not opened by themselves, because an \
         application may have written them and a client may have chosen what they say. `plimsoll inspect` names them. \
         Files that were not read without a reject are read once more after a change.",
    )],
    others: None,
    needs: Needs::Nothing,
};

/// `[[sensitive]]`
pub(super) static SENSITIVE: Shape<'static> = Shape {
    name: "[[sensitive]]",
    doc: "Buckets whose content matters most. Without one, AN0370 sees nothing. Write it before the first training.",
    keys: &[
        key(
            "bucket",
            Kind::Text("`provider:bucket`, `*` for any characters"),
            Required,
            "\"aws:payroll-*\"",
            "The buckets.",
        ),
        key(
            "owner",
            Kind::Text("text"),
            Optional,
            "\"finance@example.com\"",
            "The person or team to ask about them; alerts name it.",
        ),
    ],
    others: None,
    needs: Needs::Nothing,
};

/// `[[binding]]`
pub(super) static BINDING: Shape<'static> = Shape {
    name: "[[binding]]",
    doc: "The identity behind a source of network flows. Flow logs name interfaces and addresses only: a flow without a \
          binding belongs to no identity. Write it before the first training.",
    keys: &[
        key(
            "instance",
            Kind::Text("id of an instance"),
            Optional,
            "\"i-0abc\"",
            "An instance; `project/zone/name` in Google Cloud.",
        ),
        key(
            "eni",
            Kind::Text("id of an interface"),
            Optional,
            "\"eni-0abc\"",
            "A network interface.",
        ),
        key(
            "address",
            Kind::Text("address"),
            Optional,
            "\"10.0.0.7\"",
            "An IP address.",
        ),
        key(
            "identity",
            Kind::Text("id of an identity"),
            Required,
            "\"arn:aws:iam::111122223333:role/etl\"",
            "The canonical id of the identity, as alerts and `plimsoll show` write it.",
        ),
    ],
    others: None,
    needs: Needs::One(&["instance", "eni", "address"]),
};

/// The keys of an approval that say what it covers, of which it needs one. When is not enough.
pub(super) const CRITERIA: [&str; 8] = [
    "identity",
    "role",
    "destination",
    "bucket",
    "user_agent",
    "application",
    "network",
    "log",
];

/// `[[approval]]`
pub(super) static APPROVAL: Shape<'static> = Shape {
    name: "[[approval]]",
    doc: "An exception with an owner, a reason and an end. It covers an alert if all of its criteria hold. Where an alert \
          has several buckets, destinations, clients or addresses, each of them must match. `plimsoll approve add` \
          writes it, and `plimsoll approve list` shows what it covered.",
    keys: &[
        key(
            "identity",
            IDENTITY,
            Optional,
            "\"arn:aws:iam::111122223333:role/backup-*\"",
            "The identity, by its canonical id or an alias.",
        ),
        key(
            "role",
            PATTERN,
            Optional,
            "\"arn:aws:iam::111122223333:role/backup-*\"",
            "The role.",
        ),
        key(
            "destination",
            Kind::OneOrList(&Kind::Text("account, bucket, host, address or network")),
            Optional,
            "[\"aws:777788889999\", \"198.51.100.0/24\"]",
            "Where data goes. An empty list: data goes nowhere.",
        ),
        key(
            "bucket",
            Kind::OneOrSome(&BUCKET),
            Optional,
            "\"aws:reports-*\"",
            "The buckets.",
        ),
        key(
            "user_agent",
            Kind::OneOrSome(&PATTERN),
            Optional,
            "\"aws-cli\"",
            "The client families.",
        ),
        key(
            "application",
            Kind::OneOrSome(&PATTERN),
            Optional,
            "\"0oa*\"",
            "The OAuth clients or integrations.",
        ),
        key(
            "network",
            Kind::OneOrSome(&NETWORK),
            Optional,
            "[\"10.3.0.0/16\"]",
            "The networks of the caller.",
        ),
        key(
            "log",
            PATTERN,
            Optional,
            "",
            "A log that is retired, as its alert of `SOURCE-SILENT` names it: the log, the account and the region, as in `aws.cloudtrail/222233334444`. Its \
             parts are, too. It stands alone: it covers that the log is silent, and nothing that anybody does.",
        ),
        key(
            "times",
            Kind::OneOrSome(&Kind::Text("part of a day in UTC, such as `02:00-03:30`")),
            Optional,
            "\"02:00-04:00\"",
            "The times of the day, with the first minute and without the last. What is done at other times needs no other \
             criterion: it is judged by itself, as if nothing had been done at these, and if it alerts, the alert is told. \
             So a job inside a busy identity can be approved, and no more.",
        ),
        key(
            "weekdays",
            Kind::OneOrSome(&Kind::Text(
                "day of the week, or a span of them, such as `monday-friday`",
            )),
            Optional,
            "[\"monday-wednesday\", \"friday\"]",
            "The days of the week, in UTC; used as `times` are.",
        ),
        key(
            "days_of_month",
            Kind::OneOrSome(&Kind::Text(
                "day of the month, or a span such as `1:3`, or `-3:-1` for the last three days",
            )),
            Optional,
            "\"-3:-1\"",
            "The days of the month, in UTC; used as `times` are.",
        ),
        key(
            "analytics",
            Kind::Some(&ANALYTIC),
            Optional,
            "[\"AN0370\", \"AN1594\"]",
            "The analytics that it holds for; without this key it holds for all.",
        ),
        key(
            "owner",
            Kind::Text("text"),
            Required,
            "\"platform@example.com\"",
            "Who answers for it.",
        ),
        key(
            "reason",
            Kind::Text("text"),
            Required,
            "\"nightly backup to the recovery account\"",
            "Why it was given.",
        ),
        key(
            "expires",
            Kind::Date,
            Required,
            "2027-01-31",
            "The last UTC day on which it holds, with or without quotation marks.",
        ),
    ],
    others: None,
    needs: Needs::Any(&CRITERIA),
};

/// `[[peer_group]]`
pub(super) static PEER_GROUP: Shape<'static> = Shape {
    name: "[[peer_group]]",
    doc: "Identities that are judged alike while they have little history of their own. The first group that an identity \
          matches counts.",
    keys: &[
        key(
            "name",
            Kind::Text("text"),
            Required,
            "\"etl\"",
            "Its name; no two groups have the same.",
        ),
        key(
            "identities",
            Kind::Some(&IDENTITY),
            Required,
            "[\"arn:aws:iam::*:role/etl-*\"]",
            "Its members.",
        ),
    ],
    others: None,
    needs: Needs::Nothing,
};

/// `[[sink]]`
pub(super) static SINK: Shape<'static> = Shape {
    name: "[[sink]]",
    doc: "Where incidents also go, beside the output: [SINKS.md](SINKS.md) shows each kind. What is told is put into the \
          store first, and sent until the receiver has it. A secret never stands here: it is named by a variable of the \
          environment (`…_env`) or a file (`…_file`, relative to the folder of `plimsoll.toml`).",
    keys: &[
        key(
            "name",
            Kind::Text("letters, digits, `-` and `_`"),
            Required,
            "\"soc\"",
            "Its name; no two sinks have the same.",
        ),
        key(
            "kind",
            Kind::Word(|| words_of(SinkKind::ALL, SinkKind::as_str)),
            Required,
            "\"webhook\"",
            "Which kind of receiver it is.",
        ),
        key(
            "url",
            Kind::Text("address"),
            Optional,
            "\"https://siem.example.com/hook\"",
            "The address of a webhook, of the Jira site, of PagerDuty where it is not \
             `https://events.pagerduty.com/v2/enqueue`, or of syslog as `tls://`, `tcp://` or `udp://host:port`.",
        ),
        key(
            "url_env",
            VARIABLE,
            Optional,
            "",
            "Of slack, teams and webhook: the address, which is a secret.",
        ),
        key("url_file", PATH, Optional, "", "The same, in a file."),
        key(
            "token_env",
            VARIABLE,
            Optional,
            "\"PLIMSOLL_SOC_TOKEN\"",
            "The bearer token of a webhook, the routing key of pagerduty, the API token of jira.",
        ),
        key("token_file", PATH, Optional, "", "The same, in a file."),
        key(
            "signing_env",
            VARIABLE,
            Optional,
            "\"PLIMSOLL_SOC_KEY\"",
            "Of a webhook: the key with which bodies are signed (HMAC-SHA256 in `X-Plimsoll-Signature`).",
        ),
        key("signing_file", PATH, Optional, "", "The same, in a file."),
        key(
            "format",
            Kind::Word(|| words_of(SinkFormat::ALL, SinkFormat::as_str)),
            Default("\"plimsoll\""),
            "\"ocsf\"",
            "Of file, webhook and syslog: how documents are written.",
        ),
        key(
            "tell",
            Kind::Word(|| words_of(Tell::ALL, Tell::as_str)),
            Default("\"incidents\""),
            "\"alerts\"",
            "What is told: the incident that an alert belongs to, as it is then; or each alert.",
        ),
        key(
            "severity",
            Kind::Word(|| words_of(LeastSeverity::ALL, LeastSeverity::as_str)),
            Default("\"low\""),
            "\"high\"",
            "The least severity that is told.",
        ),
        key(
            "analytics",
            Kind::List(&PATTERN),
            Optional,
            "[\"AN*\"]",
            "The analytics that are told; of an incident one will do. Without this key, all.",
        ),
        key(
            "heartbeat",
            Kind::Text("time of the day in UTC"),
            Optional,
            "\"09:00\"",
            "When a following run tells daily that all is well, with figures. What is not well is told at once. Not of jira; \
             pagerduty is told only what is not well.",
        ),
        key(
            "path",
            Kind::Text("path of a file"),
            Optional,
            "",
            "Of file: where it is, relative to the folder of `plimsoll.toml`.",
        ),
        key(
            "max_mb",
            Kind::Within(MB.0, MB.1),
            Default("100"),
            "",
            "Of file: megabytes after which another is begun.",
        ),
        key(
            "max_days",
            Kind::Within(DAYS.0, DAYS.1),
            Default("30"),
            "",
            "Of file: days after which another is begun.",
        ),
        key(
            "keep",
            Kind::Within(KEEP.0, KEEP.1),
            Default("12"),
            "",
            "Of file: how many earlier files stay, as `FILE.1` and so on.",
        ),
        key(
            "user",
            Kind::Text("e-mail address"),
            Optional,
            "",
            "Of jira: the user whose API token it is. Without it the token is a personal access token.",
        ),
        key(
            "project",
            Kind::Text("key of a project"),
            Optional,
            "",
            "Of jira: where issues are made.",
        ),
        key(
            "issue_type",
            Kind::Text("name of a type"),
            Default("\"Task\""),
            "",
            "Of jira: the type of the issues.",
        ),
        key(
            "labels",
            Kind::List(&Kind::Text("text without blanks")),
            Optional,
            "",
            "Of jira: labels of the issues, beside `plimsoll` and the id of the incident.",
        ),
    ],
    others: None,
    needs: Needs::Any(&[
        "url",
        "url_env",
        "url_file",
        "token_env",
        "token_file",
        "path",
    ]),
};

/// Returns how words are written.
pub(super) fn words_of<T: Copy>(all: &[T], word: impl Fn(T) -> &'static str) -> Vec<&'static str> {
    all.iter().map(|one| word(*one)).collect()
}

/// `[analytic]`, whose tables the analytics read.
static ANALYTICS: Shape<'static> = Shape {
    name: "[analytic.ID]",
    doc: "Settings of one analytic, by its id: its threshold, whether it is on, and any of its elements. \
          `plimsoll analytics show ID` prints the elements of any analytic with the values in force.",
    keys: &[],
    others: Some(Others {
        name: "ELEMENT",
        example: "",
        valid: None,
        kind: Kind::Element,
    }),
    needs: Needs::Nothing,
};
