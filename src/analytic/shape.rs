//! The keys of a definition, as its reader asks for them and as its reference page and JSON Schema show them.

use crate::analytic::{ActKind, Cohort, ElementKind, Elements, Status};
use crate::document::{Forms, Key, Kind, Needs, Others, Presence, Shape, key};
use crate::event::{Action, Field, IdentityKind, Provider, Source};
use crate::stats::Severity;
use crate::vocab::{BurstKind, EntityKind, Metric, Trait};

use Presence::{Default, Optional, Required};

/// Every word of a vocabulary that [`words!`](crate::vocab) made.
macro_rules! all {
    ($type:ident, $name:literal) => {
        Kind::Vocabulary($name, || {
            $type::ALL.iter().map(|word| word.as_str()).collect()
        })
    };
    ($type:ident) => {
        Kind::Word(|| $type::ALL.iter().map(|word| word.as_str()).collect())
    };
}

const TEXT: Kind<'static> = Kind::Text("text");
const WINDOW: Kind<'static> = Kind::Text("window, `\"10s\"` to `\"1d\"`, a divisor of the day");
const DURATION: Kind<'static> = Kind::Text("duration such as `\"24h\"`");
const GLOB: Kind<'static> = Kind::Text("text, `*` for any characters");
const METRIC: Kind<'static> = all!(Metric, "metric");
const TRAIT: Kind<'static> = all!(Trait, "trait");
/// A metric or a trait.
const MEASURED: Kind<'static> = Kind::Word(|| {
    let metrics = Metric::ALL.iter().map(|metric| metric.as_str());
    metrics
        .chain(Trait::ALL.iter().map(|t| t.as_str()))
        .collect()
});
const ACT: Kind<'static> = all!(ActKind);
const ACTION: Kind<'static> = all!(Action, "action");
const BURST: Kind<'static> = all!(BurstKind);
const SOURCE: Kind<'static> = all!(Source, "log");
const PROVIDER: Kind<'static> = all!(Provider, "provider");

const fn table(
    name: &'static str,
    doc: &'static str,
    keys: &'static [Key<'static>],
) -> Shape<'static> {
    Shape {
        name,
        doc,
        keys,
        others: None,
        needs: Needs::Nothing,
    }
}

/// What a configuration may say of every analytic, beside the elements of each.
pub static SETTINGS: Shape<'static> = table(
    "[analytic.ID]",
    "What every analytic has beside its elements.",
    &[
        key(
            "threshold",
            Kind::Number,
            Optional,
            "92.0",
            "The score from 0 to 100 from which it alerts; without this key, the tuned one.",
        ),
        key(
            "enabled",
            Kind::Flag,
            Default("true"),
            "false",
            "Whether it is scored.",
        ),
    ],
);

/// A definition.
pub static ANALYTIC: Shape<'static> = table(
    "the analytic",
    "Keys above the first table, and the tables:",
    &[
        key(
            "schema",
            Kind::Integer,
            Required,
            "1",
            "The version of the form of the file: 1.",
        ),
        key(
            "id",
            Kind::Text("letters, digits, `-` and `_`"),
            Required,
            "\"QUIET-LISTING\"",
            "Its id, under which configuration and alerts name it. The id of a built-in analytic replaces that one.",
        ),
        key(
            "title",
            TEXT,
            Required,
            "\"Listing by an identity that rarely lists\"",
            "What it detects, in a few words.",
        ),
        key(
            "version",
            Kind::Integer,
            Required,
            "1",
            "The version of the definition, from 1.",
        ),
        key(
            "status",
            all!(Status),
            Required,
            "\"experimental\"",
            "How far it can be trusted.",
        ),
        key(
            "description",
            TEXT,
            Required,
            "\"Judges how much an identity lists in an hour.\"",
            "What it measures.",
        ),
        key(
            "rationale",
            TEXT,
            Required,
            "\"Listing comes before taking.\"",
            "Why it matters.",
        ),
        key(
            "techniques",
            Kind::List(&Kind::Text(
                "ATT&CK technique such as `T1619` or `T1567.002`",
            )),
            Optional,
            "[\"T1619\"]",
            "ATT&CK techniques.",
        ),
        key(
            "providers",
            Kind::Some(&PROVIDER),
            Required,
            "[\"aws\"]",
            "The providers whose events it judges.",
        ),
        key(
            "entities",
            Kind::Some(&all!(EntityKind)),
            Required,
            "[\"identity\"]",
            "The kinds of entity that it judges.",
        ),
        key(
            "tags",
            Kind::List(&TEXT),
            Optional,
            "[\"attack.discovery\"]",
            "Tags as Sigma writes them.",
        ),
        key(
            "references",
            Kind::List(&TEXT),
            Optional,
            "[\"https://attack.mitre.org/techniques/T1619/\"]",
            "Where to read more.",
        ),
        key(
            "falsepositives",
            Kind::List(&TEXT),
            Optional,
            "[\"A new inventory job.\"]",
            "Innocent activity that looks alike.",
        ),
        key(
            "investigate",
            Kind::List(&TEXT),
            Optional,
            "[\"Read which buckets were listed.\"]",
            "Steps of an investigation, in order.",
        ),
        key(
            "respond",
            Kind::List(&TEXT),
            Optional,
            "[\"Revoke the session.\"]",
            "Steps of a response, in order.",
        ),
        key(
            "tune",
            Kind::List(&TEXT),
            Optional,
            "[\"Raise `MinimumCalls`.\"]",
            "What to set if it alerts too often.",
        ),
        key(
            "telemetry",
            Kind::Tables(&TELEMETRY),
            Optional,
            "",
            "Logs that it needs.",
        ),
        key(
            "unobservable",
            Kind::Tables(&UNOBSERVABLE),
            Optional,
            "",
            "What no log shows.",
        ),
        key(
            "elements",
            Kind::Table(&ELEMENTS),
            Optional,
            "",
            "Values that an estate may set under `[analytic.ID]` of its configuration.",
        ),
        key(
            "arm",
            Kind::Tables(&ARM),
            Required,
            "",
            "Ways to compute a score. Of several arms, the highest rank counts.",
        ),
        key(
            "step",
            Kind::Tables(&STEP),
            Optional,
            "",
            "Steps of a sequence, in order, for the gates `sequence` and `steps`.",
        ),
        key(
            "story",
            Kind::Tables(&STORY),
            Optional,
            "",
            "Tests: what must alert and what must not.",
        ),
    ],
);

/// `[[telemetry]]`
pub(super) static TELEMETRY: Shape<'static> = table(
    "[[telemetry]]",
    "A log that the analytic needs. `plimsoll coverage` compares it with the logs that are there.",
    &[
        key("source", SOURCE, Required, "\"aws.cloudtrail\"", "The log."),
        key(
            "or",
            Kind::Some(&SOURCE),
            Optional,
            "[\"aws.s3access\"]",
            "Logs that do as well.",
        ),
        key(
            "of",
            PROVIDER,
            Optional,
            "\"aws\"",
            "The provider that it is needed for, if the log alone does not say it.",
        ),
        key(
            "name",
            TEXT,
            Required,
            "\"S3 data events\"",
            "Its name, as the provider writes it.",
        ),
        key(
            "events",
            TEXT,
            Required,
            "\"Data events: ListObjects\"",
            "Which records, and how to switch them on.",
        ),
        key(
            "actions",
            Kind::Some(&ACTION),
            Required,
            "[\"list_objects\"]",
            "The classes of action that these records are.",
        ),
        key(
            "operations",
            Kind::List(&TEXT),
            Optional,
            "[\"s3:ListObjects*\"]",
            "The operations of these classes that are meant; without this key, all.",
        ),
        key(
            "shown_by",
            Kind::Some(&ACTION),
            Optional,
            "[\"read_object\"]",
            "Classes that the same setting of the log brings: if these are seen, the records would be there.",
        ),
        key(
            "fields",
            Kind::Some(&all!(Field, "field")),
            Required,
            "[\"container\"]",
            "The fields that are needed of the records.",
        ),
        key(
            "needs",
            Kind::Some(&all!(Field, "field")),
            Optional,
            "[\"bytes_out\"]",
            "Of these, the fields without which such a record cannot alert. `principal` and `attachment` always are.",
        ),
        key(
            "required",
            Kind::Flag,
            Default("false"),
            "true",
            "Whether the analytic detects nothing without it.",
        ),
        key(
            "without",
            TEXT,
            Required,
            "\"Listing is not seen.\"",
            "What is not seen without it.",
        ),
    ],
);

/// `[[unobservable]]`
pub(super) static UNOBSERVABLE: Shape<'static> = table(
    "[[unobservable]]",
    "Something that happens and that no log shows.",
    &[
        key("provider", PROVIDER, Required, "\"aws\"", "The provider."),
        key(
            "what",
            TEXT,
            Required,
            "\"Reads of public objects\"",
            "What is not shown.",
        ),
        key(
            "instead",
            TEXT,
            Required,
            "\"S3 server access logs\"",
            "What to collect instead, or how to switch it on.",
        ),
        key(
            "off_by_default",
            Kind::Flag,
            Default("false"),
            "true",
            "Whether it can be switched on.",
        ),
    ],
);

static ELEMENTS: Shape<'static> = Shape {
    name: "[elements]",
    doc: "Values that an estate may set. A number, word list or window of an arm or step refers to one as `\"$NAME\"`. Four \
          names mean something by themselves: `ContextTraits` (`list` of traits whose new values are unusual context), \
          `TimeWindow` (`window` in which metrics are judged), `SensitiveBuckets` (`buckets`) and \
          `ApprovedDestinations` (`destinations`).",
    keys: &[],
    others: Some(Others {
        name: "NAME",
        example: "",
        valid: None,
        kind: Kind::Table(&ELEMENT),
    }),
    needs: Needs::Nothing,
};

/// `[elements.NAME]`
pub(super) static ELEMENT: Shape<'static> = table(
    "[elements.NAME]",
    "One element.",
    &[
        key(
            "type",
            all!(ElementKind),
            Required,
            "\"number\"",
            "Its type.",
        ),
        key(
            "default",
            Kind::Element,
            Optional,
            "7.0",
            "Its value, of that type. Only a `window` may go without.",
        ),
        key(
            "doc",
            TEXT,
            Required,
            "\"Weight of a share.\"",
            "What it means.",
        ),
    ],
);

/// `[[arm]]`
pub(super) static ARM: Shape<'static> = table(
    "[[arm]]",
    "A way to compute a score: the sum of its terms, on days on which all gates are passed.",
    &[
        key(
            "id",
            TEXT,
            Required,
            "\"LIST\"",
            "Its id; no two arms have the same.",
        ),
        key("doc", TEXT, Required, "\"Listing.\"", "What it judges."),
        key(
            "title",
            TEXT,
            Optional,
            "\"Listing at night\"",
            "The title of its alerts; without this key, that of the analytic.",
        ),
        key(
            "cohort",
            all!(Cohort),
            Required,
            "\"any\"",
            "The identities that it judges: without a history, with one, or all.",
        ),
        key(
            "sum",
            Kind::Some(&Kind::Forms(&TERM)),
            Required,
            "[{ largest = [\"list_calls\"] }]",
            "The terms, which are added.",
        ),
        key(
            "when",
            Kind::List(&Kind::Forms(&GATE)),
            Optional,
            "[{ at_least = 20, of = \"list_calls\" }, \"context\"]",
            "The gates, of which all must be passed.",
        ),
        key(
            "quiet_context_factor",
            Kind::OrElement(&Kind::Number),
            Default("1.0"),
            "0.7",
            "A factor on the sum, above 0 and at most 1, on a day without unusual context.",
        ),
        key(
            "familiar_factor",
            Kind::OrElement(&Kind::Number),
            Default("1.0"),
            "0.5",
            "A further factor on such a day, above 0 and at most 1, where nothing is unfamiliar: no new bucket, prefix, operation, \
             client or network, and of denied calls none in a bucket that never answered. With 10 unfamiliar events half of it is \
             given back, with 100 nearly all.",
        ),
        key(
            "severity_max",
            Kind::Word(|| Severity::ALL.map(Severity::as_str).to_vec()),
            Optional,
            "\"medium\"",
            "The highest severity that it can have.",
        ),
    ],
);

/// A term of an arm.
pub static TERM: Forms<'static> = Forms {
    name: "term",
    words: &[],
    forms: &[
        table(
            "largest",
            "the largest surprise of some metrics, which belong together.",
            &[key(
                "largest",
                Kind::OrElement(&Kind::Some(&METRIC)),
                Required,
                "[\"read_calls\", \"bytes_read\"]",
                "The metrics.",
            )],
        ),
        table(
            "traits",
            "the surprise of new values of some traits, added.",
            &[key(
                "traits",
                Kind::OrElement(&Kind::Some(&TRAIT)),
                Required,
                "[\"destination\"]",
                "The traits.",
            )],
        ),
        table(
            "acts",
            "the surprise of the first act of a kind, and of how many there are.",
            &[key(
                "acts",
                ACT,
                Required,
                "\"sensitive_share\"",
                "The kind.",
            )],
        ),
        table(
            "weight",
            "a number.",
            &[key(
                "weight",
                Kind::OrElement(&Kind::Number),
                Required,
                "\"$ShareWeight\"",
                "The number, 0 or more.",
            )],
        ),
        table(
            "role_tail",
            "how rare such an hour is among the hours of the role.",
            &[key(
                "role_tail",
                METRIC,
                Required,
                "\"read_calls\"",
                "The metric: `read_calls` or `bytes_read`.",
            )],
        ),
        table(
            "burst",
            "a number, if enough came in a short time.",
            &[
                key(
                    "burst",
                    BURST,
                    Required,
                    "\"countries\"",
                    "What is counted.",
                ),
                key(
                    "over",
                    Kind::OrElement(&WINDOW),
                    Required,
                    "\"1h\"",
                    "In which time.",
                ),
                key(
                    "at_least",
                    Kind::OrElement(&Kind::Integer),
                    Required,
                    "2",
                    "How many.",
                ),
                key(
                    "weight",
                    Kind::OrElement(&Kind::Number),
                    Required,
                    "3.0",
                    "The number.",
                ),
                FIXED,
            ],
        ),
    ],
};

const FIXED: Key<'static> = key(
    "fixed",
    Kind::OrElement(&Kind::Flag),
    Default("false"),
    "true",
    "Whether windows begin at multiples of their length by the clock, instead of at any event.",
);

const LIKE: Key<'static> = key(
    "like",
    Kind::OrElement(&Kind::List(&GLOB)),
    Optional,
    "[\"organizations:*\"]",
    "Patterns of the value; without this key, any value.",
);

/// A gate of an arm.
pub static GATE: Forms<'static> = Forms {
    name: "gate",
    words: &GATE_WORDS,
    forms: &[
        table(
            "active",
            "one of some metrics is above zero.",
            &[key(
                "active",
                Kind::OrElement(&Kind::Some(&METRIC)),
                Required,
                "[\"read_calls\"]",
                "The metrics.",
            )],
        ),
        table(
            "at_least",
            "a metric reaches a number.",
            &[
                key(
                    "at_least",
                    Kind::OrElement(&Kind::Integer),
                    Required,
                    "20",
                    "The number.",
                ),
                key("of", METRIC, Required, "\"read_calls\"", "The metric."),
            ],
        ),
        table(
            "any",
            "one of some gates is passed.",
            &[key(
                "any",
                Kind::Some(&Kind::Forms(&GATE)),
                Required,
                "[\"external\", { act = \"sensitive_share\" }]",
                "The gates.",
            )],
        ),
        table(
            "act",
            "an act of a kind happened.",
            &[key(
                "act",
                ACT,
                Required,
                "\"sensitive_share\"",
                "The kind.",
            )],
        ),
        table(
            "burst",
            "enough came in a short time.",
            &[
                key(
                    "burst",
                    BURST,
                    Required,
                    "\"posture_buckets\"",
                    "What is counted.",
                ),
                key(
                    "over",
                    Kind::OrElement(&WINDOW),
                    Required,
                    "\"10s\"",
                    "In which time.",
                ),
                key(
                    "at_least",
                    Kind::OrElement(&Kind::Integer),
                    Required,
                    "16",
                    "How many.",
                ),
                FIXED,
            ],
        ),
        table(
            "surprising",
            "a metric, or the new value of a trait, is more surprising than a number.",
            &[
                key(
                    "surprising",
                    MEASURED,
                    Required,
                    "\"posture_buckets\"",
                    "The metric or the trait.",
                ),
                key(
                    "more_than",
                    Kind::OrElement(&Kind::Number),
                    Required,
                    "3.0",
                    "The number.",
                ),
            ],
        ),
        table(
            "shows",
            "a trait has a value like one of these.",
            &[
                key("shows", TRAIT, Required, "\"action\"", "The trait."),
                LIKE,
            ],
        ),
        table(
            "new",
            "a trait has a value like one of these that it did not have before.",
            &[
                key("new", TRAIT, Required, "\"action\"", "The trait."),
                LIKE,
                key(
                    "known_to",
                    Kind::OrElement(&Kind::Integer),
                    Optional,
                    "0",
                    "The most other identities that may be known for the value.",
                ),
            ],
        ),
        table(
            "beyond",
            "a trait has a value unlike all of these, or no value.",
            &[
                key("beyond", TRAIT, Required, "\"application\"", "The trait."),
                key(
                    "of",
                    Kind::OrElement(&Kind::List(&GLOB)),
                    Required,
                    "[\"0oaSCIM*\"]",
                    "The patterns.",
                ),
            ],
        ),
        table(
            "caller",
            "the identity is of one of some kinds.",
            &[key(
                "caller",
                Kind::OrElement(&Kind::Some(&all!(IdentityKind, "kind of identity"))),
                Required,
                "[\"human\"]",
                "The kinds.",
            )],
        ),
        table(
            "steps",
            "the first steps of the sequence happened, in order.",
            &[key(
                "steps",
                Kind::Integer,
                Required,
                "2",
                "How many of them.",
            )],
        ),
        table(
            "unlogged",
            "no record of a class of action is ever seen here.",
            &[key(
                "unlogged",
                ACTION,
                Required,
                "\"egress_flow\"",
                "The class.",
            )],
        ),
    ],
};

/// The gates that are a word: unusual context, an external caller or destination, the whole sequence.
pub(super) static GATE_WORDS: [&str; 3] = ["context", "external", "sequence"];

/// `[[step]]`
pub(super) static STEP: Shape<'static> = Shape {
    name: "[[step]]",
    doc: "One step of the sequence.",
    keys: &[
        key(
            "new_identity",
            Kind::Table(&NEW_IDENTITY),
            Optional,
            "{ within = \"24h\" }",
            "The identity is new.",
        ),
        key(
            "spike",
            Kind::Table(&SPIKE),
            Optional,
            "{ of = \"read_calls\", surprise = 1.0 }",
            "A metric is surprising.",
        ),
        key(
            "egress",
            Kind::Table(&EGRESS),
            Optional,
            "{ within = \"24h\" }",
            "Data goes to an external destination.",
        ),
    ],
    others: None,
    needs: Needs::One(&["new_identity", "spike", "egress"]),
};

/// The first step.
pub(super) static NEW_IDENTITY: Shape<'static> = table(
    "new_identity",
    "A step: the identity is new.",
    &[key(
        "within",
        Kind::OrElement(&DURATION),
        Required,
        "\"24h\"",
        "How long an identity is new.",
    )],
);

/// The second step.
pub(super) static SPIKE: Shape<'static> = table(
    "spike",
    "A step: a metric is surprising.",
    &[
        key("of", METRIC, Required, "\"read_calls\"", "The metric."),
        key(
            "surprise",
            Kind::OrElement(&Kind::Number),
            Required,
            "1.0",
            "The surprise that it needs.",
        ),
    ],
);

/// The third step.
pub(super) static EGRESS: Shape<'static> = table(
    "egress",
    "A step: data goes to an external destination.",
    &[key(
        "within",
        Kind::OrElement(&DURATION),
        Required,
        "\"24h\"",
        "How long after the step before.",
    )],
);

/// `[[story]]`
pub(super) static STORY: Shape<'static> = table(
    "[[story]]",
    "A test: activity in lines of its own language, and what must alert.",
    &[
        key(
            "title",
            TEXT,
            Required,
            "\"A person lists every bucket\"",
            "What it shows.",
        ),
        key(
            "provider",
            PROVIDER,
            Required,
            "\"aws\"",
            "The provider, unless a line says otherwise.",
        ),
        key(
            "text",
            TEXT,
            Required,
            "\"day 15 02:10 alice lists 1280 in aws:a\\n=> AN1594 alice\"",
            "Its lines.",
        ),
    ],
);

/// Returns the keys of the elements of an analytic, as a configuration sets them; `texts` are their values.
pub fn element_keys<'a>(elements: &'a Elements, texts: &'a [Option<String>]) -> Vec<Key<'a>> {
    elements
        .iter()
        .zip(texts)
        .map(|(element, text)| Key {
            name: &element.name,
            kind: match element.kind {
                ElementKind::Window => WINDOW,
                ElementKind::Duration => DURATION,
                ElementKind::Number => Kind::Number,
                ElementKind::Integer => Kind::Integer,
                ElementKind::List => Kind::List(&Kind::Text("word")),
                ElementKind::Globs => Kind::List(&GLOB),
                ElementKind::Flag => Kind::Flag,
                ElementKind::Buckets => {
                    Kind::List(&Kind::Text("`provider:bucket`, `*` for any characters"))
                }
                ElementKind::Destinations => {
                    Kind::List(&Kind::Text("account, bucket, host, address or network"))
                }
            },
            presence: text.as_deref().map_or(Optional, Default),
            doc: element.doc.trim(),
            example: text.as_deref().unwrap_or_default(),
        })
        .collect()
}
