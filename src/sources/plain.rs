//! The plain format, for all logs without a parser: each record is a JSON object with the fields of a normalised event.
//!
//! `docs/PLAIN.md` describes the fields. Names with dots may also be nested.

use crate::event::{
    Action, Assignment, Attachment, Blinding, Context, Destination, Detection, Event, IdentityKind,
    Outcome, Peer, Principal, Provider, Source, Untrusted,
};
use crate::sources::flat::Flat;
use crate::sources::interner::Interner;
use crate::sources::json::{Object, Value};
use crate::sources::operations;
use crate::sources::parser::{ParserState, RecordParser};
use crate::sources::parts::{self, id, instant::instant};
use crate::sources::report::{Parsed, RejectReason};
use crate::time::Time;
use crate::vocab::{FindingSeverity, Str};

/// How records of the plain form are read, as objects or as rows of a comma-separated table.
pub const PARSER: RecordParser = RecordParser::new(Source::Plain, recognises, parse)
    .with_tables(|names| names.contains(&MARKER) && names.contains(&"event_time"));

/// The member that marks every record; its value is the version of the format.
const MARKER: &str = "plimsoll";
const VERSION: u64 = 1;

/// All fields. The id of a record without one is a hash of them.
const FIELDS: [&str; 55] = [
    "event_time",
    "event_id",
    "provider",
    "account",
    "region",
    "regional",
    "identity",
    "identity_kind",
    "aliases",
    "role",
    "instance",
    "session_name",
    "credential",
    "app_id",
    "scopes",
    "ctx.mfa",
    "ctx.console",
    "ctx.auth_method",
    "ctx.session_start",
    "ctx.source_identity",
    "ctx.via",
    "ctx.actor_account",
    "ctx.vpc_endpoint",
    "ctx.on_behalf_of",
    "ctx.delegation",
    "ctx.device_managed",
    "src_ip",
    "src_host",
    "src_port",
    "src_asn",
    "src_geo.country",
    "src_geo.city",
    "user_agent",
    "client",
    "action",
    "op",
    "service",
    "container",
    "object",
    "prefix",
    "n_objects",
    "bytes_out",
    "bytes_in",
    "copied_from",
    "dst.ip",
    "dst.port",
    "dst.account",
    "dst.container",
    "dst.endpoint",
    "dst.external",
    "flow.instance",
    "flow.interface",
    "flow.address",
    "outcome",
    "error",
];
/// Fields for the results of a call.
const RESULT_FIELDS: [&str; 3] = ["created", "issued", "counted"];
/// Fields that came later. They are part of an id only where they are stated, so that older records keep theirs.
const LATER_FIELDS: [&str; 7] = [
    "unique_id",
    "blinding.logs",
    "blinding.target",
    "assigned.instance",
    "assigned.identity",
    "finding.title",
    "finding.severity",
];

fn recognises(object: Object<'_>) -> bool {
    object
        .get(MARKER)
        .is_some_and(|mark| mark.amount() == Some(VERSION))
}

fn parse(object: Object<'_>, state: &mut ParserState) -> Parsed {
    // A row may lack the marker.
    if !recognises(object) {
        return Parsed::Rejected(RejectReason::UnknownRecord);
    }
    let doc = Flat::of(object);
    let stated = doc.text("event_time").and_then(|text| instant(&text));
    let Some(time) = stated.or(state.moved_time) else {
        return Parsed::Rejected(RejectReason::NoTime);
    };
    match event(&doc, time, state) {
        Ok(event) => Parsed::Event(Box::new(event)),
        Err(Invalid) => Parsed::Rejected(RejectReason::InvalidField),
    }
}

/// A required field is missing, or a field has an invalid value.
struct Invalid;

/// The fields of one record, and the interner for its texts.
struct Record<'a> {
    doc: &'a Flat<'a>,
    interner: &'a mut Interner,
}

impl Record<'_> {
    fn shared(&mut self, field: &str) -> Option<Str> {
        self.doc.text(field).map(|text| self.interner.share(&text))
    }

    fn untrusted(&mut self, field: &str) -> Option<Untrusted> {
        self.doc
            .text(field)
            .map(|text| self.interner.untrusted(&text))
    }

    /// Returns a list: an array, or a text with blanks between.
    fn list(&mut self, field: &str) -> Vec<Str> {
        let mut found = Vec::new();
        for text in self.doc.get(field).elements().filter_map(Value::text) {
            found.extend(
                text.split_ascii_whitespace()
                    .map(|word| self.interner.share(word)),
            );
        }
        found
    }

    /// Returns the parsed value of a field; `None` if it is absent, an error if it is invalid.
    fn of<T>(
        &self,
        field: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Invalid> {
        match self.doc.text(field) {
            Some(text) => read(text.trim()).map(Some).ok_or(Invalid),
            None => Ok(None),
        }
    }

    fn word<T>(&self, field: &str, parse: fn(&str) -> Option<T>) -> Result<Option<T>, Invalid> {
        self.of(field, |text| parse(&text.to_ascii_lowercase()))
    }

    fn number<T: TryFrom<u64>>(&self, field: &str) -> Result<Option<T>, Invalid> {
        let value = self.doc.get(field);
        self.of(field, |_| T::try_from(value.amount()?).ok())
    }

    fn truth(&self, field: &str) -> Result<Option<bool>, Invalid> {
        let value = self.doc.get(field);
        self.of(field, |_| value.truth())
    }

    fn address(&self, field: &str) -> Result<Option<std::net::IpAddr>, Invalid> {
        self.of(field, |text| {
            parts::address::address(text).map(|(ip, _)| ip)
        })
    }

    fn time(&self, field: &str) -> Result<Option<Time>, Invalid> {
        self.of(field, instant)
    }
}

fn event(doc: &Flat<'_>, time: Time, state: &mut ParserState) -> Result<Event, Invalid> {
    let user_agent = doc.text("user_agent").unwrap_or_default();
    let client = state.clients.of(&user_agent, &mut state.interner).clone();
    let mut r = Record {
        doc,
        interner: &mut state.interner,
    };
    let provider = r.word("provider", Provider::parse)?.ok_or(Invalid)?;
    let principal = principal(&mut r)?;
    let attachment = attachment(&mut r)?;
    let blinding = blinding(&mut r)?;
    let detection = detection(&mut r)?;
    let assigned = r
        .shared("assigned.instance")
        .zip(r.shared("assigned.identity"));
    if principal.is_none() && attachment.is_none() {
        return Err(Invalid);
    }
    let service = r.shared("service").unwrap_or_default();
    let (action, op) = match (r.word("action", Action::parse)?, r.shared("op")) {
        (Some(action), Some(op)) => (action, op),
        (Some(action), None) => (action, r.interner.share(action.as_str())),
        (None, Some(op)) => (
            operations::class_of(provider, &service, &op).unwrap_or(Action::Other),
            op,
        ),
        (None, None) => return Err(Invalid),
    };
    let peer = peer(&mut r)?;
    let console_stated = r.truth("ctx.console")?;
    let console = console_stated.or_else(|| client.console(peer.ip));
    let context = Context {
        mfa: r.truth("ctx.mfa")?,
        console,
        auth_method: r.shared("ctx.auth_method"),
        session_start: r.time("ctx.session_start")?,
        source_identity: r.untrusted("ctx.source_identity"),
        via: r.shared("ctx.via"),
        actor_account: r.shared("ctx.actor_account"),
        vpc_endpoint: r.shared("ctx.vpc_endpoint"),
        on_behalf_of: r.shared("ctx.on_behalf_of"),
        delegation: r.list("ctx.delegation"),
        device_managed: r.truth("ctx.device_managed")?,
        console_stated,
    };
    let destination = Destination {
        ip: r.address("dst.ip")?,
        port: r.number("dst.port")?,
        account: r.shared("dst.account"),
        container: r.untrusted("dst.container"),
        endpoint: r.untrusted("dst.endpoint"),
        external: r.truth("dst.external")?,
    };
    // An empty prefix differs from an unknown one: the whole container was listed.
    let prefix = doc
        .get("prefix")
        .raw_text()
        .map(|text| r.interner.untrusted(&text));
    let outcome = r
        .word("outcome", Outcome::parse)?
        .unwrap_or(Outcome::Unknown);
    let worked = outcome.has_worked();
    Ok(Event {
        account: r.shared("account"),
        region: r.shared("region"),
        regional: r.truth("regional")?.unwrap_or(true),
        principal,
        session: r.untrusted("session_name"),
        credential: r.shared("credential"),
        application: r.shared("app_id"),
        scopes: r.list("scopes"),
        context,
        peer,
        client: r.shared("client").unwrap_or(client.family),
        user_agent: client.user_agent,
        action,
        op,
        service,
        container: r.untrusted("container"),
        object: r.untrusted("object"),
        prefix,
        items: r.number("n_objects")?,
        bytes_out: r.number("bytes_out")?,
        bytes_in: r.number("bytes_in")?,
        copied_from: r.untrusted("copied_from"),
        destination,
        attachment,
        outcome,
        error: r.untrusted("error"),
        created: r.shared("created").filter(|_| worked),
        issued: r.shared("issued").filter(|_| worked),
        blinding: blinding.map(Box::new),
        assigned: assigned
            .filter(|_| worked)
            .map(|(instance, identity)| Box::new(Assignment { instance, identity })),
        counted: r.truth("counted")?.unwrap_or(true),
        detection: detection.map(Box::new),
        ..Event::new(time, event_id(doc), provider, Source::Plain)
    })
}

fn principal(r: &mut Record<'_>) -> Result<Option<Principal>, Invalid> {
    let kind = r
        .word("identity_kind", IdentityKind::parse)?
        .unwrap_or(IdentityKind::Unknown);
    let Some(id) = r.shared("identity") else {
        return Ok(None);
    };
    Ok(Some(Principal {
        kind,
        role: r.shared("role"),
        instance: r.shared("instance"),
        is_delivered: r.doc.has("instance"),
        unique_id: r.shared("unique_id"),
        aliases: r
            .list("aliases")
            .into_iter()
            .filter(|alias| *alias != id)
            .collect(),
        id,
    }))
}

fn blinding(r: &mut Record<'_>) -> Result<Option<Blinding>, Invalid> {
    let mut logs = Vec::new();
    for name in r.list("blinding.logs") {
        let log = Source::parse(&name.to_ascii_lowercase()).ok_or(Invalid)?;
        if !logs.contains(&log) {
            logs.push(log);
        }
    }
    let target = r.untrusted("blinding.target");
    Ok((!logs.is_empty() || target.is_some()).then_some(Blinding { logs, target }))
}

fn detection(r: &mut Record<'_>) -> Result<Option<Detection>, Invalid> {
    let severity = r.word("finding.severity", FindingSeverity::parse)?;
    let title = r.untrusted("finding.title");
    Ok(title.map(|title| Detection { title, severity }))
}

fn attachment(r: &mut Record<'_>) -> Result<Option<Attachment>, Invalid> {
    let attachment = Attachment {
        instance: r.shared("flow.instance"),
        interface: r.shared("flow.interface"),
        address: r.address("flow.address")?,
    };
    Ok(Some(attachment).filter(|a| *a != Attachment::default()))
}

fn peer(r: &mut Record<'_>) -> Result<Peer, Invalid> {
    Ok(Peer {
        ip: r.address("src_ip")?,
        host: r.untrusted("src_host"),
        port: r.number("src_port")?,
        asn: r.number("src_asn")?,
        country: r
            .of("src_geo.country", |code| Some(code.to_ascii_uppercase()))?
            .map(|code| r.interner.share(&code)),
        city: r.untrusted("src_geo.city"),
    })
}

/// Returns the id of a record, or a hash of its fields.
fn event_id(doc: &Flat<'_>) -> Str {
    if let Some(id) = doc.text("event_id") {
        return crate::event::cut(&id, Untrusted::BYTES_MAX).into();
    }
    let mut hash = id::Hash::default();
    for field in FIELDS.iter().chain(&RESULT_FIELDS) {
        let elements = doc.get(field).elements();
        for text in elements.filter_map(Value::raw_text) {
            hash.put(Some(&text));
        }
        hash.put(None);
    }
    for field in LATER_FIELDS.iter().filter(|field| doc.has(field)) {
        hash.put(Some(field));
        for text in doc.get(field).elements().filter_map(Value::raw_text) {
            hash.put(Some(&text));
        }
    }
    hash.id("plain-")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::sources::ReadOptions;
    use crate::sources::tests::{read_all, summary};

    fn page() -> String {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/PLAIN.md");
        std::fs::read_to_string(path).unwrap()
    }

    #[test]
    fn the_page_lists_every_field_and_its_examples_are_read() {
        let page = page();
        let named: Vec<&str> = page
            .lines()
            .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
            .filter(|name| *name != MARKER)
            .collect();
        let known: Vec<&str> = FIELDS
            .into_iter()
            .chain(RESULT_FIELDS)
            .chain(LATER_FIELDS)
            .collect();
        assert_eq!(named, known);
        for example in page.split("```").skip(1).step_by(2) {
            let (language, text) = example.split_once('\n').unwrap();
            let read = read_all(text.as_bytes(), &ReadOptions::default());
            let lines = text.trim().lines().count() - usize::from(language == "csv");
            assert_eq!(summary(&read.report), format!("{lines} events"), "{text}");
        }
    }

    #[test]
    fn required_fields_and_valid_words_are_checked() {
        let whole = r#"{"plimsoll":1,"event_time":"2026-03-16T04:11:09Z","provider":"other","identity":"other:ana","op":"Read""#;
        for (text, expected) in [
            (format!("{whole}}}"), "1 events"),
            (
                format!("{whole},\"something\":{{\"else\":1}}}}"),
                "1 events",
            ),
            (
                whole.replace(
                    "\"identity\":\"other:ana\"",
                    "\"flow.address\":\"10.0.0.5\"",
                ) + "}",
                "1 events",
            ),
            (
                whole.replace("2026-03-16T04:11:09Z", "soon") + "}",
                "1 !no_time",
            ),
            (
                whole.replace("\"other\"", "\"mars\"") + "}",
                "1 !invalid_field",
            ),
            (whole.replace("\"op\"", "\"x\"") + "}", "1 !invalid_field"),
            (
                whole.replace("\"identity\"", "\"x\"") + "}",
                "1 !invalid_field",
            ),
            (
                format!("{whole},\"action\":\"reading\"}}"),
                "1 !invalid_field",
            ),
            (
                format!("{whole},\"src_ip\":\"a host\"}}"),
                "1 !invalid_field",
            ),
            (format!("{whole},\"bytes_out\":-1}}"), "1 !invalid_field"),
            (
                format!("{whole},\"blinding\":{{\"logs\":[\"gcp.audit\"]}}}}"),
                "1 events",
            ),
            (
                format!("{whole},\"blinding.logs\":\"syslog\"}}"),
                "1 !invalid_field",
            ),
            (
                format!("{whole},\"dst\":{{\"port\":70000}}}}"),
                "1 !invalid_field",
            ),
            (whole.replace(":1,", ":2,") + "}", "1 !unknown_record"),
        ] {
            let read = read_all(text.as_bytes(), &ReadOptions::default());
            assert_eq!(summary(&read.report), expected, "{text}");
        }
    }
}
