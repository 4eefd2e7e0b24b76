//! Finds the records that an object carries in its members, whoever wrapped them, and says which of them may be opened.
//!
//! What is looked for is a whole record of a known format: an object, or all of a text. Where it lies decides. A shipper or an
//! index puts a record into an object of its own; an application logs texts, and sometimes objects, that a client sent, and such
//! a text may be a forged record. So texts are opened in members that hold what was logged as it was logged, beside what shippers
//! add, and objects anywhere but in what an application wrote. The rest is named, and the configuration may open it.

use std::borrow::Cow;

use crate::event::Source;
use crate::sources::json::{Layout, Object, Value, parse_text};
use crate::sources::limits::ENVELOPES_MAX;
use crate::sources::telemetry;

/// The most levels of objects and arrays that are searched within one text.
const LEVELS_MAX: usize = 8;
/// The most values that are looked at in one record: more than one of its size can hold that are records.
const VALUES_MAX: usize = 1 << 20;
/// A longer path of names is cut off.
const PLACE_BYTES_MAX: usize = 128;

/// Members whose text is the record as it was logged, whatever lies beside it, but for what a client sent. Names are compared in lower case, without what
/// separates words.
#[rustfmt::skip]
const RAW: &[&str] = &[
    "raw", "rawlog", "rawevent", "rawdata", "rawmessage", "rawrecord", "fulllog", "original", "originalevent", "originallog",
    "originalmessage", "originalrecord", "eventoriginal", "logoriginal",
];

/// Members whose text is what was logged, if shippers alone added what lies beside it.
#[rustfmt::skip]
const MESSAGES: &[&str] = &[
    "message", "log", "event", "body", "text", "line", "content", "data", "payload", "record", "entry", "value", "values",
    "stringvalue", "textpayload", "logmessage", "logevent",
];

/// What shippers, queues and indices put beside a message. All names that begin with `_` or `@` are theirs as well.
#[rustfmt::skip]
const BESIDE: &[&str] = &[
    // Log groups, their events and the results of queries.
    "id", "eventid", "timestamp", "ingestiontime", "loggroup", "logstream", "logstreamname", "owner", "extractedfields", "field",
    // Subscriptions and queues.
    "subscription", "ackid", "deliveryattempt", "topic", "partition", "partitionkey", "offset", "messagekey", "sequencenumber",
    "approximatearrivaltimestamp", "enqueuedtimeutc", "systemproperties", "properties", "messageid", "publishtime", "recordid",
    "receipthandle", "md5ofbody", "md5ofmessageattributes", "messageattributes", "topicarn", "subject", "signatureversion",
    "signature", "signingcerturl", "unsubscribeurl", "eventsource", "eventsourcearn", "eventsubscriptionarn", "awsregion",
    // Shippers.
    "version", "metadata", "agent", "beat", "cloud", "container", "fields", "host", "hostname", "input", "inputtype", "path",
    "prospector", "source", "stream", "streams", "tags", "tag", "type", "time", "date", "ts", "file", "filename", "filepath",
    "sourcefile", "sourcetype", "sourceid", "sourcename", "index", "linecount", "splunkserver", "bucket", "object", "region",
    "account", "accountid", "collector", "collectorid", "pipeline", "logtag", "logtype", "service", "ddsource", "ddtags", "status",
    "decoder", "location", "manager", "cluster", "rule", "environment", "env", "dataset", "namespace", "tenant", "tenantid",
    "receivedat", "receivedtime", "preview", "lastrow", "result", "aws", "azure", "gcp",
    // Telemetry.
    "timeunixnano", "observedtimeunixnano", "observedtimestamp", "severitynumber", "severitytext", "attributes", "resource",
    "scope", "scopelogs", "logrecords", "schemaurl", "traceid", "spanid", "flags", "droppedattributescount", "eventname",
    // Syslog.
    "severity", "facility", "priority", "appname", "program", "procid", "msgid", "structureddata", "syslogidentifier",
    "syslogfacility", "syslogpid", "syslogtimestamp",
];

/// Members by which an object shows that an application wrote it, or a container whose output an application writes.
#[rustfmt::skip]
const OF_APPLICATIONS: &[&str] = &[
    "level", "lvl", "loglevel", "levelname", "logger", "loggername", "thread", "threadname", "caller", "stacktrace", "excinfo",
    "exception", "msg", "kubernetes", "docker", "method", "url", "uri", "remoteaddr", "clientip", "useragent", "httpuseragent",
    "request", "response",
];

/// Members that hold what a client sent, even as an object.
#[rustfmt::skip]
const OF_CLIENTS: &[&str] = &[
    "request", "requestbody", "requestparameters", "parameters", "params", "query", "headers", "form", "args", "arguments",
    "response", "responsebody", "responseelements", "useragent", "cookies", "httprequest",
];

/// Attributes of telemetry that the libraries of applications set, and containers.
const ATTRIBUTES_OF_APPLICATIONS: [&str; 6] = [
    "code.",
    "exception.",
    "thread.",
    "log.iostream",
    "k8s.",
    "container.",
];

/// A record in a member.
pub struct Found<'a> {
    /// The record: an object, or a text that is no JSON and may be a line of a log.
    pub value: Value<'a>,
    /// Its format, if it is known.
    pub source: Option<Source>,
    /// The names of the members on the way to it, with dots between them.
    pub place: String,
    /// Whether it may be opened.
    pub is_open: bool,
    /// How many envelopes lie around it.
    pub depth: usize,
}

/// What an object is to the search.
pub enum Kind {
    /// A record, or a notice that is none.
    Record(Option<Source>),
    /// An envelope of a known form.
    Envelope,
    /// Members of an envelope, which others have as well.
    Wrapping,
    /// Anything else, which may have a record in it.
    Other,
}

/// A search in one object.
pub struct Search<'s> {
    /// Members that the configuration opens, by name or by place.
    pub opened: &'s [Box<str>],
    /// Says what an object is.
    pub kind: &'s dyn Fn(Object<'_>) -> Kind,
    /// Takes what was found; returns whether it was a record that could be read.
    pub take: &'s mut dyn FnMut(Found<'_>) -> bool,
    values_left: usize,
}

/// Where the search is.
#[derive(Clone)]
struct Way {
    place: String,
    /// Whether everything beside the way is what shippers add.
    is_shipped: bool,
    /// Whether the way leads through what an application wrote or a client sent.
    is_of_application: bool,
    /// Whether the way leads through what a client sent, or may have.
    is_of_client: bool,
    /// Whether the configuration opens what lies here.
    is_opened: bool,
    /// Whether what may be opened here was opened, and had nothing in it. Then only what may not be opened is looked for.
    was_opened: bool,
    levels: usize,
    depth: usize,
}

impl Way {
    /// Returns the way for what was opened in vain.
    fn opened(&self) -> Self {
        Self {
            was_opened: true,
            ..self.clone()
        }
    }
}

impl<'s> Search<'s> {
    /// Makes a search.
    pub fn new(
        opened: &'s [Box<str>],
        kind: &'s dyn Fn(Object<'_>) -> Kind,
        take: &'s mut dyn FnMut(Found<'_>) -> bool,
    ) -> Self {
        Self {
            opened,
            kind,
            take,
            values_left: VALUES_MAX,
        }
    }

    /// Searches an object that is no record itself, and around which so many envelopes lie. Beside a record that can be read texts are
    /// not looked at, and beside one in a text nothing is: they may hold copies of it. Of an array all elements are searched.
    pub fn run(mut self, object: Object<'_>, depth: usize) {
        let way = Way {
            place: String::new(),
            is_shipped: true,
            is_of_application: false,
            is_of_client: false,
            is_opened: false,
            was_opened: false,
            levels: LEVELS_MAX,
            depth,
        };
        self.members(object, &way);
    }

    /// Searches the members of an object; returns whether a record could be read.
    fn members(&mut self, object: Object<'_>, way: &Way) -> bool {
        if way.levels == 0 {
            return false;
        }
        if !object.members().any(|(_, value)| may_hold(value)) {
            return false;
        }
        let names: Vec<String> = object.members().map(|(key, _)| folded(key)).collect();
        let is_of_application = way.is_of_application || is_of_application(object);
        // How many members are neither a shipper's nor a message.
        let is_beside = |name: &&String| {
            name.starts_with(['_', '@'])
                || BESIDE.contains(&&name[..])
                || MESSAGES.contains(&&name[..])
        };
        let n_others = names.iter().filter(|name| !is_beside(name)).count();
        let mut is_read = false;
        for ((key, value), name) in object.members().zip(&names) {
            let is_text = matches!(value, Value::Text(_));
            if !may_hold(value) || is_read && is_text {
                continue;
            }
            let n_beside = n_others - usize::from(!is_beside(&name));
            let place = joined(&way.place, key);
            let is_of_client = OF_CLIENTS.contains(&&name[..]);
            let inner = Way {
                is_shipped: way.is_shipped && n_beside == 0,
                is_of_application: is_of_application || is_of_client,
                is_of_client: way.is_of_client || is_of_client,
                is_opened: way.is_opened || self.is_listed(key, &place),
                was_opened: way.was_opened,
                levels: way.levels - 1,
                depth: way.depth,
                place,
            };
            if self.value(name, value, &inner) {
                if is_text {
                    return true;
                }
                is_read = true;
            }
        }
        is_read
    }

    fn value(&mut self, name: &str, value: Value<'_>, way: &Way) -> bool {
        let Some(left) = self.values_left.checked_sub(1) else {
            return false;
        };
        self.values_left = left;
        match value {
            Value::Object(text) => {
                let mut layout = Layout::default();
                let plain = telemetry::object_of(value.members());
                let text = plain.as_deref().unwrap_or(text);
                let Ok((object, _)) = layout.object(text) else {
                    return false;
                };
                let value = Value::Object(text);
                match (self.kind)(object) {
                    Kind::Record(source) => {
                        let is_open = way.is_opened || !way.is_of_application;
                        self.take(value, source, is_open, way)
                    }
                    Kind::Envelope if way.is_opened || !way.is_of_application => {
                        self.take(value, None, true, way) || self.members(object, &way.opened())
                    }
                    Kind::Wrapping if way.is_shipped && !way.is_of_application => {
                        self.take(value, None, true, way) || self.members(object, &way.opened())
                    }
                    Kind::Envelope | Kind::Wrapping | Kind::Other => self.members(object, way),
                }
            }
            Value::Array(_) if way.levels > 0 => {
                let way = Way {
                    levels: way.levels - 1,
                    ..way.clone()
                };
                let mut is_read = false;
                for element in value.elements() {
                    is_read |= self.value(name, element, &way);
                }
                is_read
            }
            Value::Text(_) => self.text(name, value, way),
            _ => false,
        }
    }

    /// Looks at a text: it may be a record, a line, or an object with a record in it.
    fn text(&mut self, name: &str, value: Value<'_>, way: &Way) -> bool {
        let Some(text) = value.raw_text().filter(|_| may_hold(value)) else {
            return false;
        };
        let is_raw = !way.is_of_client && RAW.contains(&name.trim_start_matches('_'));
        let is_message = MESSAGES.contains(&name);
        let is_open =
            way.is_opened || is_raw || (is_message && way.is_shipped && !way.is_of_application);
        if !text.trim_start().starts_with(['{', '[']) {
            // It may be a line of a known format.
            return (is_raw || is_message || way.is_opened) && self.take(value, None, is_open, way);
        }
        if is_open && self.take(value, None, true, way) {
            return true;
        }
        if way.depth >= ENVELOPES_MAX {
            return false;
        }
        let mut buffer = Vec::new();
        let Ok(inner) = parse_text(&text, &mut buffer) else {
            return false;
        };
        let way = Way {
            is_of_application: !is_open,
            is_of_client: way.is_of_client || !is_open,
            is_opened: way.is_opened,
            was_opened: is_open || way.was_opened,
            is_shipped: is_open,
            levels: LEVELS_MAX,
            depth: way.depth + 1,
            place: way.place.clone(),
        };
        self.value(name, inner, &way)
    }

    fn take(&mut self, value: Value<'_>, source: Option<Source>, is_open: bool, way: &Way) -> bool {
        if is_open && way.was_opened {
            return false;
        }
        (self.take)(Found {
            value,
            source,
            place: way.place.clone(),
            is_open,
            depth: way.depth,
        })
    }

    fn is_listed(&self, key: &[u8], place: &str) -> bool {
        let mut opened = self.opened.iter().map(|name| &**name);
        opened.any(|name: &str| name.as_bytes() == key || name == place)
    }
}

/// Returns whether a value may have a record in it: shorter texts have none.
fn may_hold(value: Value<'_>) -> bool {
    const BYTES_MIN: usize = 12;
    match value {
        Value::Object(_) | Value::Array(_) => true,
        Value::Text(text) => text.len() >= BYTES_MIN,
        _ => false,
    }
}

/// Returns whether an object shows that an application wrote it.
pub fn is_of_application(object: Object<'_>) -> bool {
    let is_mark = |(key, _): (&[u8], &[u8])| OF_APPLICATIONS.contains(&&*folded(key));
    object.texts().any(is_mark)
        || object
            .get("attributes")
            .is_some_and(has_attribute_of_application)
}

/// Returns whether a name is one of a record as it was logged.
pub fn is_raw(name: &str) -> bool {
    RAW.contains(&folded(name.as_bytes()).trim_start_matches('_'))
}

/// Returns whether the column names of a table show that one holds records as they were logged.
pub fn is_header(names: &[&str]) -> bool {
    let folded: Vec<String> = names.iter().map(|name| folded(name.as_bytes())).collect();
    let is_beside = |name: &String| name.starts_with(['_', '@']) || BESIDE.contains(&&name[..]);
    let is_message = |name: &String| MESSAGES.contains(&name.trim_start_matches('@'));
    names.iter().any(|name| is_raw(name))
        || (folded.iter().any(is_message) && folded.iter().all(|n| is_message(n) || is_beside(n)))
}

/// Returns a name in lower case and without what separates words, but for marks at its beginning.
fn folded(key: &[u8]) -> String {
    let name = String::from_utf8_lossy(key);
    let rest = name.trim_start_matches(['_', '@']);
    let marks = &name[..name.len() - rest.len()];
    let is_kept = |c: &char| !matches!(c, '_' | '-' | '.' | ' ');
    let plain = rest.chars().filter(is_kept).map(|c| c.to_ascii_lowercase());
    let plain: String = plain.collect();
    // These two are messages; other names with a mark are a shipper's.
    match (marks, &*plain) {
        ("@", "message") => plain,
        _ => format!("{marks}{plain}"),
    }
}

fn joined(place: &str, key: &[u8]) -> String {
    let key = String::from_utf8_lossy(key);
    let joined: Cow<'_, str> = match place {
        "" => key,
        _ => format!("{place}.{key}").into(),
    };
    crate::event::cut(&joined, PLACE_BYTES_MAX).to_owned()
}

/// Returns whether telemetry has an attribute that an application's library set.
fn has_attribute_of_application(attributes: Value<'_>) -> bool {
    let is_one = |name: &str| {
        ATTRIBUTES_OF_APPLICATIONS
            .iter()
            .any(|start| name.starts_with(start))
    };
    let is_key = |element: Value<'_>| {
        let key = element.get("key").and_then(Value::text);
        key.is_some_and(|key| is_one(&key))
    };
    match attributes {
        Value::Array(_) => attributes.elements().any(is_key),
        _ => attributes
            .members()
            .any(|(key, _)| is_one(&String::from_utf8_lossy(key))),
    }
}
