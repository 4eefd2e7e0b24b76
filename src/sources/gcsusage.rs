//! Cloud Storage usage logs: comma-separated rows of requests, the only logs of Google Cloud with bytes per object.
//!
//! A row names no caller; the signer of a signed URL is kept as a credential. Rows of the daily report on stored bytes are
//! skipped.

use crate::event::{Action, Context, Destination, Event, Outcome, Provider, Source, Untrusted};
use crate::sources::json::{Object, Value};
use crate::sources::parser::{ParserState, RecordParser};
use crate::sources::parts::percent::percent_decoded;
use crate::sources::parts::{address, id, instant, status};
use crate::sources::report::{Parsed, RejectReason, SkipReason};

/// Reads usage log rows.
pub const PARSER: RecordParser =
    RecordParser::new(Source::GcpGcsUsage, recognises, parse).with_tables(is_header);

/// The service of requests.
const SERVICE: &str = "storage";
/// The columns that identify a table of requests, and one of stored bytes.
const OF_REQUESTS: [&str; 3] = ["time_micros", "cs_method", "cs_bucket"];
const OF_STORAGE: [&str; 2] = ["bucket", "storage_byte_hours"];

/// Query parameters for the configuration of a bucket or object instead of its content.
const POSTURE_QUERIES: [&str; 13] = [
    "acl",
    "billing",
    "compose",
    "cors",
    "encryption",
    "encryptionConfig",
    "lifecycle",
    "location",
    "logging",
    "retention",
    "storageClass",
    "versioning",
    "websiteConfig",
];

/// Values of the operation column, and their actions.
const OPERATIONS: [(&str, Action); 10] = [
    ("GET_Service", Action::ListBuckets),
    ("GET_Bucket", Action::ListObjects),
    ("HEAD_Bucket", Action::ReadPosture),
    ("PUT_Bucket", Action::Other),
    ("DELETE_Bucket", Action::DeleteBucket),
    ("GET_Object", Action::ReadObject),
    ("HEAD_Object", Action::ReadObject),
    ("PUT_Object", Action::WriteObject),
    ("POST_Object", Action::WriteObject),
    ("DELETE_Object", Action::DeleteObject),
];

fn is_header(names: &[&str]) -> bool {
    let has = |wanted: &[&str]| wanted.iter().all(|name| names.contains(name));
    has(&OF_REQUESTS) || has(&OF_STORAGE)
}

fn recognises(object: Object<'_>) -> bool {
    let has = |name: &str| object.get(name).is_some();
    let is_timed = has("time_micros") || (has("cs_uri") && has("cs_bucket"));
    (is_timed && has("cs_method")) || (has("storage_byte_hours") && has("bucket"))
}

/// What a request did.
#[derive(Debug, PartialEq)]
struct Request {
    op: String,
    action: Action,
    prefix: Option<String>,
    /// The bucket that a copy writes to.
    copied_to: Option<String>,
}

fn parse(object: Object<'_>, state: &mut ParserState) -> Parsed {
    if object.get("storage_byte_hours").is_some() {
        return Parsed::Skipped(SkipReason::StorageReport);
    }
    let text = |name: &str| object.get(name).and_then(Value::text);
    let amount = |name: &str| object.get(name).and_then(Value::amount);
    let stated = text("time_micros").and_then(|micros| instant::instant(&micros));
    let Some(time) = stated.or(state.moved_time) else {
        return Parsed::Rejected(RejectReason::NoTime);
    };
    let uri = text("cs_uri").unwrap_or_default();
    let request = request(
        &text("cs_operation").unwrap_or_default(),
        &text("cs_method").unwrap_or_default(),
        &uri,
    );
    let code = amount("sc_status").unwrap_or(0);
    let outcome = status::of_http(code);
    let agent = text("cs_user_agent").unwrap_or_default();
    let client = state
        .clients
        .of(agent.trim_end_matches(",gzip(gfe)"), &mut state.interner)
        .clone();
    let interner = &mut state.interner;
    let peer = text("c_ip")
        .map(|ip| address::peer(&ip, interner))
        .unwrap_or_default();
    let signer = signer(&uri);
    let is_signed = signer.is_some();
    // A forged signature may name any signer. And a row shows the credential of a request, not its caller.
    let credential = signer
        .filter(|_| outcome == Outcome::Success)
        .map(|email| interner.share(&email.to_ascii_lowercase()));
    let container = text("cs_bucket").map(|name| interner.untrusted(&name));
    let event_id = match text("s_request_id") {
        Some(id) => interner.share(&id),
        None => {
            let names = [
                "time_micros",
                "c_ip",
                "cs_method",
                "cs_uri",
                "sc_status",
                "sc_bytes",
            ];
            let parts = names.map(text);
            id::of_parts("gu-", &parts.each_ref().map(Option::as_deref))
        }
    };
    Parsed::Event(Box::new(Event {
        credential,
        context: Context {
            console: client.console(peer.ip),
            auth_method: is_signed.then(|| interner.share("QueryString")),
            ..Context::default()
        },
        peer,
        user_agent: client.user_agent,
        client: client.family,
        action: request.action,
        op: interner.share(&request.op),
        service: interner.share(SERVICE),
        copied_from: container.clone().filter(|_| request.copied_to.is_some()),
        container,
        object: text("cs_object").map(|key| Untrusted::new(&key)),
        prefix: request.prefix.map(|prefix| Untrusted::new(&prefix)),
        bytes_out: amount("sc_bytes"),
        bytes_in: amount("cs_bytes"),
        destination: Destination {
            container: request.copied_to.map(|name| interner.untrusted(&name)),
            ..Destination::default()
        },
        outcome,
        error: (outcome != Outcome::Success && code > 0)
            .then(|| interner.untrusted(&code.to_string())),
        ..Event::new(time, event_id, Provider::Gcp, Source::GcpGcsUsage)
    }))
}

/// Returns what a request did: by its operation, or for the JSON API, which has none, by method and path.
fn request(operation: &str, method: &str, uri: &str) -> Request {
    let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
    let parameter = |name: &str| {
        let pairs = query
            .split('&')
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        pairs
            .into_iter()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| percent_decoded(value).into_owned())
    };
    if operation.is_empty() {
        return json_request(method, path, &parameter);
    }
    let stated = OPERATIONS.iter().find(|(name, _)| *name == operation);
    let mut action = stated.map_or(Action::Other, |(_, action)| *action);
    if POSTURE_QUERIES.iter().any(|name| parameter(name).is_some()) {
        action = match method {
            "GET" | "HEAD" => Action::ReadPosture,
            _ if operation.ends_with("_Bucket") || parameter("acl").is_some() => {
                Action::WritePosture
            }
            _ if parameter("compose").is_some() => Action::CopyObject,
            _ => Action::Other,
        };
    }
    let is_list = action == Action::ListObjects;
    Request {
        op: operation.to_owned(),
        action,
        prefix: is_list.then(|| parameter("prefix").unwrap_or_default()),
        copied_to: None,
    }
}

/// Reads a request to the JSON API: `/storage/v1/b/BUCKET/o/OBJECT`, with or without `/upload` or `/download` before it.
fn json_request(method: &str, path: &str, parameter: &dyn Fn(&str) -> Option<String>) -> Request {
    let rest = path.split_once("/storage/v1/").map_or("", |(_, rest)| rest);
    let parts: Vec<&str> = rest.split('/').filter(|part| !part.is_empty()).collect();
    let is_get = matches!(method, "GET" | "HEAD");
    let mut copied_to = None;
    let (name, action) = match (&parts[..], method) {
        (["b"], "GET") => ("buckets.list", Action::ListBuckets),
        (["b"], "POST") => ("buckets.insert", Action::Other),
        (["b", _], "GET") => ("buckets.get", Action::ReadPosture),
        (["b", _], "PUT" | "PATCH") => ("buckets.update", Action::WritePosture),
        (["b", _], "DELETE") => ("buckets.delete", Action::DeleteBucket),
        (["b", _, "o"], "GET") => ("objects.list", Action::ListObjects),
        (["b", _, "o"], "POST" | "PUT") => ("objects.insert", Action::WriteObject),
        (["b", _, "o", _, "rewriteTo" | "copyTo", "b", to, ..], _) => {
            copied_to = Some(percent_decoded(to).into_owned());
            ("objects.rewrite", Action::CopyObject)
        }
        (["b", _, "o", _, "compose"], _) => ("objects.compose", Action::CopyObject),
        (
            ["b", _, "o", _, "acl" | "iam", ..] | ["b", _, "acl" | "iam" | "defaultObjectAcl", ..],
            _,
        ) => {
            if is_get {
                ("policy.get", Action::ReadPosture)
            } else {
                ("policy.set", Action::WritePosture)
            }
        }
        (["b", _, "o", _], "GET" | "HEAD") => ("objects.get", Action::ReadObject),
        (["b", _, "o", _], "PUT" | "PATCH") => ("objects.update", Action::Other),
        (["b", _, "o", _], "DELETE") => ("objects.delete", Action::DeleteObject),
        _ => ("", Action::Other),
    };
    Request {
        op: if name.is_empty() {
            method.to_owned()
        } else {
            format!("storage.{name}")
        },
        action,
        prefix: (action == Action::ListObjects).then(|| parameter("prefix").unwrap_or_default()),
        copied_to,
    }
}

/// Returns the service account that signed a URL. A request for a public object may contain any name, so a name without a
/// signature does not count.
fn signer(uri: &str) -> Option<String> {
    let (_, query) = uri.split_once('?')?;
    let get = |wanted: &str| {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let (_, value) = pairs.find(|(name, _)| name.eq_ignore_ascii_case(wanted))?;
        (!value.is_empty()).then(|| percent_decoded(value))
    };
    let (value, is_signed) = match get("X-Goog-Credential") {
        Some(value) => (value, get("X-Goog-Signature").is_some()),
        None => (
            get("GoogleAccessId")?,
            get("Signature").is_some() && get("Expires").is_some(),
        ),
    };
    let email = value.split('/').next().filter(|_| is_signed)?;
    (email.contains('@') && email.ends_with(".gserviceaccount.com")).then(|| email.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_classified_by_operation_or_path() {
        for (operation, method, uri, op, action) in [
            (
                "GET_Object",
                "GET",
                "/b/k",
                "GET_Object",
                Action::ReadObject,
            ),
            (
                "GET_Bucket",
                "GET",
                "/b?prefix=a",
                "GET_Bucket",
                Action::ListObjects,
            ),
            (
                "GET_Bucket",
                "GET",
                "/b?acl",
                "GET_Bucket",
                Action::ReadPosture,
            ),
            (
                "PUT_Bucket",
                "PUT",
                "/b?cors",
                "PUT_Bucket",
                Action::WritePosture,
            ),
            (
                "PUT_Object",
                "PUT",
                "/b/k?compose",
                "PUT_Object",
                Action::CopyObject,
            ),
            ("PUT_Wonder", "PUT", "/b/k", "PUT_Wonder", Action::Other),
            (
                "",
                "GET",
                "/storage/v1/b?project=p",
                "storage.buckets.list",
                Action::ListBuckets,
            ),
            (
                "",
                "GET",
                "/storage/v1/b/b1",
                "storage.buckets.get",
                Action::ReadPosture,
            ),
            (
                "",
                "GET",
                "/storage/v1/b/b1/iam",
                "storage.policy.get",
                Action::ReadPosture,
            ),
            (
                "",
                "PUT",
                "/storage/v1/b/b1/iam",
                "storage.policy.set",
                Action::WritePosture,
            ),
            (
                "",
                "GET",
                "/storage/v1/b/b1/o?prefix=x",
                "storage.objects.list",
                Action::ListObjects,
            ),
            (
                "",
                "GET",
                "/download/storage/v1/b/b1/o/a%2Fb?alt=media",
                "storage.objects.get",
                Action::ReadObject,
            ),
            (
                "",
                "POST",
                "/upload/storage/v1/b/b1/o?name=k",
                "storage.objects.insert",
                Action::WriteObject,
            ),
            (
                "",
                "DELETE",
                "/storage/v1/b/b1/o/k",
                "storage.objects.delete",
                Action::DeleteObject,
            ),
            (
                "",
                "POST",
                "/storage/v1/b/b1/o/k/rewriteTo/b/b2/o/k",
                "storage.objects.rewrite",
                Action::CopyObject,
            ),
            ("", "POST", "/batch/storage/v1", "POST", Action::Other),
        ] {
            let found = request(operation, method, uri);
            assert_eq!(
                (found.op.as_str(), found.action),
                (op, action),
                "{method} {uri}"
            );
        }
        let copy = request("", "POST", "/storage/v1/b/b1/o/k/rewriteTo/b/b2/o/k");
        assert_eq!(copy.copied_to.as_deref(), Some("b2"));
    }

    #[test]
    fn signed_urls_name_their_signer() {
        let email = "etl@halcyon-prod.iam.gserviceaccount.com";
        for (uri, expected) in [
            (format!("/b/k?GoogleAccessId={email}&Expires=1&Signature=s"), Some(email)),
            (
                "/b/k?x=1&X-Goog-Credential=etl%40halcyon-prod.iam.gserviceaccount.com%2F20260316%2Fauto%2Fstorage%2Fgoog4_request&X-Goog-Signature=00ff".to_owned(),
                Some(email),
            ),
            (
                "/b/k?X-Goog-Credential=GOOG1EXAMPLE%2F20260316&X-Goog-Signature=00ff".to_owned(),
                None,
            ),
            // A name without a signature.
            (format!("/b/k?GoogleAccessId={email}"), None),
            (format!("/b/k?GoogleAccessId={email}&Expires=1&Signature="), None),
            (format!("/b/k?X-Goog-Credential={email}%2F20260316"), None),
            ("/b/k".to_owned(), None),
        ] {
            assert_eq!(signer(&uri).as_deref(), expected, "{uri}");
        }
    }
}
