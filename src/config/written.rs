//! The configuration as written: from the tables of the file to a checked [`Config`].

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::config::serve;
use crate::config::shape::{
    APPROVAL, BINDING, CONFIG, CRITERIA, ESTATE, INPUT, KEEP_ALERTS_DAYS, NETWORK_TABLE,
    PEER_GROUP, PEER_GROUPS, SENSITIVE, STORE, logs,
};
use crate::config::value::{checked, read_with};
use crate::config::written_sink::read_sinks;
use crate::config::{
    Approval, Binding, BoundSource, Config, Criteria, MonthDayRange, PeerGroup, Schedule,
    Sensitive, TimeRange, WeekdayRange,
};
use crate::document::{Faults, Fields, Node, Shape, Table, Value, Word};
use crate::error::Result;
use crate::event::Source;
use crate::glob::{Glob, PATTERN_BYTES_MAX};
use crate::pattern::{DestinationPattern, NamePattern, parse_network, split_provider};
use crate::time::{Day, parse_duration_secs};
use crate::vocab::SOURCE_SILENT;

/// The longest that records may be waited for, in seconds: a day is not kept open for longer.
const LATENESS_SECS_MAX: i64 = 86_400;

/// Reads a configuration, with all of its faults at once.
pub(super) fn parse(text: &str, name: &str) -> Result<Config> {
    let (config, faults) = examined(text, name);
    faults.finish(&format!("`{name}`"))?;
    Ok(config)
}

/// Reads a configuration as far as it has no faults, and returns these. What has one is as if it were not there.
pub(super) fn examined(text: &str, name: &str) -> (Config, Faults) {
    let mut faults = Faults::default();
    let root = Table::parse(text, name, &mut faults);
    let config = root.map_or_else(Config::default, |root| read(&root, &mut faults));
    (config, faults)
}

fn read(root: &Table, faults: &mut Faults) -> Config {
    let mut config = Config {
        analytics: Table::empty(&root.place.file),
        ..Config::default()
    };
    let mut fields = Fields::of(root, &CONFIG);
    config.definitions = fields.words("analytics", faults);
    if let Some(table) = fields
        .optional("network")
        .and_then(|value| value.table(faults))
    {
        read_network(table, &mut config, faults);
    }
    if let Some(table) = fields
        .optional("estate")
        .and_then(|value| value.table(faults))
    {
        read_estate(table, &mut config, faults);
    }
    if let Some(table) = fields
        .optional("lateness")
        .and_then(|value| value.table(faults))
    {
        read_lateness(table, "", &mut config.lateness, faults);
    }
    if let Some(table) = fields
        .optional("store")
        .and_then(|value| value.table(faults))
    {
        read_store(table, &mut config, faults);
    }
    if let Some(table) = fields
        .optional("input")
        .and_then(|value| value.table(faults))
    {
        read_input(table, &mut config, faults);
    }
    if let Some(table) = fields
        .optional("serve")
        .and_then(|value| value.table(faults))
    {
        config.serve = serve::read(table, faults);
    }
    config.sensitive = read_each(&mut fields, "sensitive", &SENSITIVE, faults, read_sensitive);
    config.bindings = read_bindings(&mut fields, faults);
    config.approvals = read_each(&mut fields, "approval", &APPROVAL, faults, read_approval);
    config.peer_groups = read_peer_groups(&mut fields, faults);
    config.sinks = read_sinks(&mut fields, faults);
    if let Some(table) = fields
        .optional("analytic")
        .and_then(|value| value.table(faults))
    {
        config.analytics = table.clone();
    }
    fields.done(faults);

    if !config.sinks.is_empty() && cfg!(not(feature = "service")) {
        config.warnings.push(
            "[[sink]] has no effect: this plimsoll was built without the feature `service`, and sends nothing".to_owned(),
        );
    }
    config
}

/// Reads each of the tables of a key; those with faults are left out.
fn read_each<T>(
    fields: &mut Fields<'_>,
    key: &'static str,
    shape: &'static Shape<'static>,
    faults: &mut Faults,
    read: impl Fn(Fields<'_>, &mut Faults) -> Option<T>,
) -> Vec<T> {
    let tables = fields.tables(key, faults);
    tables
        .into_iter()
        .filter_map(|table| read(Fields::of(table, shape), faults))
        .collect()
}

fn glob(text: &str) -> std::result::Result<Glob, String> {
    Glob::new(text).ok_or_else(|| format!("is longer than {PATTERN_BYTES_MAX} bytes"))
}

fn network(text: &str) -> std::result::Result<IpNet, String> {
    parse_network(text)
        .ok_or_else(|| "is no network, such as 10.0.0.0/8, and no address".to_owned())
}

fn read_network(table: &Table, config: &mut Config, faults: &mut Faults) {
    let mut fields = Fields::of(table, &NETWORK_TABLE);
    for word in fields.words("internal", faults) {
        let made = network(&word.text).and_then(|network| match network.prefix_len() {
            0 => Err("would make every address internal".to_owned()),
            _ => Ok(network),
        });
        config
            .internal
            .extend(checked(&word.place, &word.text, made, faults));
    }
    config.geoip = fields.words("geoip", faults);
    fields.done(faults);
}

fn read_estate(table: &Table, config: &mut Config, faults: &mut Faults) {
    let mut fields = Fields::of(table, &ESTATE);
    for word in fields.words("accounts", faults) {
        let made = match split_provider(&word.text) {
            (Some(_), account) if !account.is_empty() => Ok(word.text.clone()),
            _ => Err("must be a provider and an account, as in `aws:111122223333`".to_owned()),
        };
        config
            .accounts
            .extend(checked(&word.place, &word.text, made, faults));
    }
    if let Some(value) = fields.optional("peer_groups") {
        let parse = |text: &str| PEER_GROUPS.contains(&text).then(|| text == PEER_GROUPS[0]);
        config.clusters_peers = value
            .one_of("peer groups", parse, &PEER_GROUPS, faults)
            .unwrap_or(true);
    }
    fields.done(faults);
}

/// Reads how late logs may come. A key with a dot, as in `okta.system = "30m"`, is a table to TOML unless it is quoted;
/// `above` is what stands before the dot.
fn read_lateness(
    table: &Table,
    above: &str,
    lateness: &mut BTreeMap<Source, i64>,
    faults: &mut Faults,
) {
    let keys = logs();
    for entry in &table.entries {
        let key = format!("{above}{}", entry.key);
        if let (Node::Table(inner), true) = (&entry.value.node, above.is_empty()) {
            read_lateness(inner, &format!("{key}."), lateness, faults);
            continue;
        }
        let Some(source) = Source::parse(&key) else {
            faults.unknown(&entry.place, "log in [lateness]", &key, &keys);
            continue;
        };
        let secs = read_with(Some(&entry.value), faults, |text| {
            parse_duration_secs(text)
                .filter(|secs| (0..=LATENESS_SECS_MAX).contains(secs))
                .ok_or_else(|| "is no duration from 0s to 24h, such as 30m".to_owned())
        });
        if let Some(secs) = secs
            && lateness.insert(source, secs).is_some()
        {
            faults.add(&entry.place, format!("`{key}` is there twice"));
        }
    }
}

fn read_store(table: &Table, config: &mut Config, faults: &mut Faults) {
    let mut fields = Fields::of(table, &STORE);
    let days = fields
        .optional("keep_alerts")
        .and_then(|value| value.integer_within(KEEP_ALERTS_DAYS, "days", faults));
    if let Some(days) = days.and_then(|days| i32::try_from(days).ok()) {
        config.keep_alerts_days = days;
    }
    fields.done(faults);
}

fn read_input(table: &Table, config: &mut Config, faults: &mut Faults) {
    let mut fields = Fields::of(table, &INPUT);
    for word in fields.words("unwrap", faults) {
        if word.text.is_empty() {
            faults.add(&word.place, "a name of a member cannot be empty");
        } else {
            config.unwrap.push(word);
        }
    }
    fields.done(faults);
}

fn read_sensitive(mut fields: Fields<'_>, faults: &mut Faults) -> Option<Sensitive> {
    let bucket = read_with(
        fields.required("bucket", faults),
        faults,
        NamePattern::parse_with_provider,
    );
    let owner = fields
        .optional("owner")
        .and_then(|value| value.text(faults))
        .map(str::to_owned);
    fields.done(faults);
    Some(Sensitive {
        bucket: bucket?,
        owner,
    })
}

fn read_bindings(fields: &mut Fields<'_>, faults: &mut Faults) -> Vec<Binding> {
    let mut bindings: Vec<Binding> = Vec::new();
    for table in fields.tables("binding", faults) {
        let Some(binding) = read_binding(Fields::of(table, &BINDING), faults) else {
            continue;
        };
        if bindings.iter().any(|other| other.source == binding.source) {
            faults.add(&table.place, "another [[binding]] binds the same source");
        }
        bindings.push(binding);
    }
    bindings
}

fn read_binding(mut fields: Fields<'_>, faults: &mut Faults) -> Option<Binding> {
    let place = fields.place();
    let given = [
        fields.optional("instance"),
        fields.optional("eni"),
        fields.optional("address"),
    ];
    let identity = read_text(fields.required("identity", faults), faults);
    let source = match given {
        [Some(value), None, None] => value
            .text(faults)
            .map(|text| BoundSource::Instance(text.into())),
        [None, Some(value), None] => value
            .text(faults)
            .map(|text| BoundSource::Interface(text.into())),
        [None, None, Some(value)] => read_with(Some(value), faults, |text| {
            let address = text
                .parse::<IpAddr>()
                .map_err(|_| "is no address".to_owned())?;
            Ok(BoundSource::Address(address.to_canonical()))
        }),
        _ => {
            faults.add(
                place,
                "[[binding]] needs exactly one of `instance`, `eni` and `address`",
            );
            None
        }
    };
    fields.done(faults);
    Some(Binding {
        source: source?,
        identity: identity?.into(),
    })
}

fn read_text<'a>(value: Option<&'a Value>, faults: &mut Faults) -> Option<&'a str> {
    value.and_then(|value| value.text(faults))
}

fn read_approval(mut fields: Fields<'_>, faults: &mut Faults) -> Option<Approval> {
    let place = fields.place().clone();
    let mut criteria = Criteria {
        identity: read_with(fields.optional("identity"), faults, glob),
        role: read_with(fields.optional("role"), faults, glob),
        destination: read_patterns(
            fields.optional("destination"),
            faults,
            DestinationPattern::parse,
        ),
        bucket: some_patterns(fields.optional("bucket"), faults, NamePattern::parse),
        user_agent: some_patterns(fields.optional("user_agent"), faults, glob),
        application: some_patterns(fields.optional("application"), faults, glob),
        network: some_patterns(fields.optional("network"), faults, network),
        log: read_with(fields.optional("log"), faults, glob),
        schedule: Schedule::default(),
    };
    if !fields.any_found() {
        let (last, others) = (
            CRITERIA[CRITERIA.len() - 1],
            &CRITERIA[..CRITERIA.len() - 1],
        );
        let criteria = others.join(", ");
        faults.add(
            &place,
            format!("[[approval]] needs at least one of {criteria} or {last}"),
        );
    }
    criteria.schedule = Schedule {
        times: some_patterns(fields.optional("times"), faults, TimeRange::parse),
        weekdays: some_patterns(fields.optional("weekdays"), faults, WeekdayRange::parse),
        days_of_month: some_patterns(
            fields.optional("days_of_month"),
            faults,
            MonthDayRange::parse,
        ),
    };
    let analytics = fields
        .optional("analytics")
        .and_then(|value| some_words(value, faults));
    let is_for_silence = |id: &Word| *id.text == *SOURCE_SILENT;
    let mut named = analytics.iter().flatten();
    let alone = Criteria {
        log: criteria.log.clone(),
        ..Criteria::default()
    };
    if criteria.log.is_some() && (criteria != alone || !named.all(is_for_silence)) {
        faults.add(
            &place,
            format!(
                "[[approval]] with `log` is about {SOURCE_SILENT} alone: it takes no other criterion and no other analytic"
            ),
        );
    } else if criteria.log.is_none() && named.any(is_for_silence) {
        faults.add(
            &place,
            format!(
                "[[approval]] of {SOURCE_SILENT} needs `log`, which names the log that is retired"
            ),
        );
    }
    let owner = read_text(fields.required("owner", faults), faults);
    let reason = read_text(fields.required("reason", faults), faults);
    let expires: Option<Day> = fields
        .required("expires", faults)
        .and_then(|value| value.day(faults));
    fields.done(faults);
    let (owner, reason) = (owner?.to_owned(), reason?.to_owned());
    Some(Approval {
        criteria,
        analytics,
        owner,
        reason,
        expires: expires?,
        place,
    })
}

/// Reads a text, or a list of texts of which there must be one.
fn some_patterns<T>(
    value: Option<&Value>,
    faults: &mut Faults,
    parse: impl Fn(&str) -> std::result::Result<T, String>,
) -> Option<Vec<T>> {
    let patterns = read_patterns(value, faults, parse)?;
    if let (
        true,
        Some(Value {
            place,
            node: Node::List(list),
        }),
    ) = (patterns.is_empty(), value)
        && list.is_empty()
    {
        faults.add(place, "expected at least one, found an empty list");
    }
    Some(patterns)
}

/// Reads a text or a list of texts.
fn read_patterns<T>(
    value: Option<&Value>,
    faults: &mut Faults,
    parse: impl Fn(&str) -> std::result::Result<T, String>,
) -> Option<Vec<T>> {
    let value = value?;
    let words = match &value.node {
        Node::List(_) => value.words(faults)?,
        _ => vec![value.word(faults)?],
    };
    let patterns = words
        .iter()
        .filter_map(|word| checked(&word.place, &word.text, parse(&word.text), faults));
    Some(patterns.collect())
}

/// Reads a list of texts, of which there must be one.
fn some_words(value: &Value, faults: &mut Faults) -> Option<Vec<Word>> {
    if value.list(faults)?.is_empty() {
        faults.add(&value.place, "expected at least one, found an empty list");
    }
    value.words(faults)
}

fn read_peer_groups(fields: &mut Fields<'_>, faults: &mut Faults) -> Vec<PeerGroup> {
    let mut groups: Vec<PeerGroup> = Vec::new();
    for table in fields.tables("peer_group", faults) {
        let mut fields = Fields::of(table, &PEER_GROUP);
        let name = fields
            .required("name", faults)
            .and_then(|value| value.word(faults));
        let members = fields
            .required("identities", faults)
            .and_then(|value| some_words(value, faults))
            .unwrap_or_default();
        fields.done(faults);
        let identities = members
            .iter()
            .filter_map(|word| checked(&word.place, &word.text, glob(&word.text), faults))
            .collect();
        let Some(name) = name else { continue };
        if groups.iter().any(|group| group.name == name.text) {
            faults.add(
                &name.place,
                format!("another [[peer_group]] is named `{}`", name.text),
            );
        }
        groups.push(PeerGroup {
            name: name.text,
            identities,
        });
    }
    groups
}
