//! The target of a Google Cloud call: bucket, object, where data goes, and what the call created.

use crate::event::{Action, Destination, Untrusted};
use crate::sources::gcpaudit::caller::{identity_of, owner_of};
use crate::sources::gcpaudit::record::Record;
use crate::sources::gcpaudit::settings::expiring_rules;
use crate::sources::interner::Interner;
use crate::sources::json::Value;
use crate::sources::parts::{factor, loose};
use crate::vocab::Str;

/// The destination of data that is public: everyone.
const EVERYONE: &str = "*";

/// The target of a call.
#[derive(Debug, Default)]
pub struct Target {
    pub container: Option<Untrusted>,
    pub object: Option<Untrusted>,
    /// Bucket that a copy reads from.
    pub copied_from: Option<Untrusted>,
    pub destination: Destination,
    /// Bytes that a copy requested.
    pub bytes_out: Option<u64>,
}

/// The parts of `projects/P/buckets/B/objects/KEY`; Storage writes `_` for a project that is not stated.
#[derive(Debug, PartialEq)]
struct Place<'a> {
    project: Option<&'a str>,
    bucket: &'a str,
    object: Option<&'a str>,
}

impl<'a> Place<'a> {
    fn of(name: &'a str) -> Option<Self> {
        let name = name
            .strip_prefix("//storage.googleapis.com/")
            .unwrap_or(name);
        let (project, rest) = name.strip_prefix("projects/")?.split_once("/buckets/")?;
        let (bucket, rest) = rest.split_once('/').unwrap_or((rest, ""));
        let is_named = |part: &&str| !part.is_empty();
        Some(Self {
            project: stated_project(project),
            bucket: Some(bucket).filter(is_named)?,
            object: rest.strip_prefix("objects/").filter(is_named),
        })
    }
}

fn stated_project(project: &str) -> Option<&str> {
    Some(project).filter(|project| !matches!(*project, "" | "_" | "-"))
}

/// Returns the action of a call that blinds no log, by its parameters: a read with a destination is a copy, a job may be an
/// export, a setting may delete objects soon, and a key without its version is lost.
pub fn action(r: &Record<'_>, service: &str, plain_name: &str, by_name: Action) -> Action {
    match (service, by_name) {
        ("storage", Action::ReadObject)
            if loose::path(r.metadata, &["destination"]).is_present() =>
        {
            Action::CopyObject
        }
        ("storage", Action::WritePosture) if expiring_rules(r) > 0 => Action::ExpireObjects,
        ("bigquery", Action::Other) if bulk_job(r).is_some() => Action::CopyObject,
        ("bigquery", Action::Other) if table_read(r).is_some() => Action::ReadData,
        ("cloudkms", Action::Other) if plain_name.ends_with("updatecryptokeyversion") => {
            let state = loose::path(r.request, &["cryptoKeyVersion", "state"]).text();
            match state.as_deref() {
                Some("DISABLED") => Action::DeleteBucket,
                _ => Action::Other,
            }
        }
        _ => by_name,
    }
}

/// Returns how many objects, rules or machines a call states.
pub fn items(r: &Record<'_>, service: &str, action: Action) -> Option<u64> {
    match (service, action) {
        ("storage", Action::ExpireObjects) => Some(expiring_rules(r)),
        ("compute", Action::StartCompute) => loose::path(r.request, &["count"]).amount(),
        _ => r.items.amount(),
    }
}

/// Reads the target. `own` is the project whose log it is, and `domain` that of the caller's address.
pub fn target(
    r: &Record<'_>,
    service: &str,
    action: Action,
    own: Option<&str>,
    domain: Option<&str>,
    interner: &mut Interner,
) -> Target {
    let mut target = Target::default();
    if service == "storage" {
        storage(r, interner, &mut target);
    }
    match (service, action) {
        ("storage", Action::CopyObject) => {
            target.copied_from = target.container.clone();
            let [to, bytes] = loose::pick(r.metadata.members(), ["destination", "requested_bytes"]);
            target.destination = to
                .text()
                .map(|to| destination(&to, interner))
                .unwrap_or_default();
            target.bytes_out = bytes.amount();
        }
        ("storage", Action::WritePosture | Action::ExpireObjects | Action::BlindLog) => {
            target.destination.account =
                grantee(r, own, domain).map(|account| interner.share(&account));
        }
        (_, Action::DeleteBucket | Action::StartCompute) if service != "storage" => {
            target.object = r.resource_name.text().map(|name| interner.untrusted(&name));
        }
        // Whatever version of it: projects/P/secrets/NAME/versions/latest.
        (_, Action::ReadSecret) => {
            let name = r.resource_name.text().unwrap_or_default();
            let secret = name
                .split("/versions/")
                .next()
                .filter(|name| !name.is_empty());
            target.object = secret.map(Untrusted::new);
        }
        ("bigquery", Action::ReadData) => {
            target.object = table_read(r).map(|table| Untrusted::new(&table));
        }
        ("cloudsql", Action::CopyObject) => {
            target.object = r.resource_name.text().map(|name| interner.untrusted(&name));
            let to = loose::path(r.request, &["body", "exportContext", "uri"]).text();
            target.destination = to.map(|to| destination(&to, interner)).unwrap_or_default();
        }
        ("iamcredentials", Action::AssumeRole) => target.object = impersonated_account(r, interner),
        (_, Action::CopyObject | Action::BlindLog) => {
            other_services(r, service, interner, &mut target)
        }
        _ => {}
    }
    target
}

fn storage(r: &Record<'_>, interner: &mut Interner, target: &mut Target) {
    // If a perimeter blocked the call, its findings name the resource.
    let stopped = loose::path(r.metadata, &["resourceNames"])
        .elements()
        .next();
    let names = [r.resource_name, stopped.unwrap_or(Value::Null)];
    for name in names.iter().filter_map(|name| name.text()) {
        if let Some(place) = Place::of(&name) {
            target.container = Some(interner.untrusted(place.bucket));
            target.object = place.object.map(Untrusted::new);
            return;
        }
    }
    let bucket = loose::path(r.labels, &["bucket_name"]).text();
    target.container = bucket.map(|name| interner.untrusted(&name));
}

/// Reads a destination: `projects/P/buckets/B/objects/KEY`, `gs://B/…`, `storage.googleapis.com/B`, or a resource of
/// another service in a project, as in `pubsub.googleapis.com/projects/P/topics/T`.
fn destination(text: &str, interner: &mut Interner) -> Destination {
    let text = text.strip_prefix("//").unwrap_or(text);
    if let Some(place) = Place::of(text) {
        return Destination {
            account: place.project.map(|project| interner.share(project)),
            container: Some(interner.untrusted(place.bucket)),
            ..Destination::default()
        };
    }
    let first = |path: &str| path.split('/').next().unwrap_or(path).to_owned();
    let bucket = text
        .strip_prefix("gs://")
        .or_else(|| text.strip_prefix("storage.googleapis.com/"));
    if let Some(path) = bucket {
        return Destination {
            container: Some(interner.untrusted(&first(path))),
            ..Destination::default()
        };
    }
    let (endpoint, path) = match text.split_once('/') {
        Some((host, path)) if host.contains('.') => (Some(host), path),
        _ => (None, text),
    };
    let project = path.strip_prefix("projects/").map(first);
    Destination {
        account: project
            .as_deref()
            .and_then(stated_project)
            .map(|project| interner.share(project)),
        endpoint: endpoint.map(|host| interner.untrusted(host)),
        ..Destination::default()
    }
}

/// Returns the table of which BigQuery recorded that data were read, without a partition, a snapshot or the day at the end of its name.
/// What a query left for its caller alone is no table of anybody: its dataset begins with an underscore.
fn table_read(r: &Record<'_>) -> Option<String> {
    const DAY_LEN: usize = 8;
    if !loose::path(r.metadata, &["tableDataRead"]).is_present() {
        return None;
    }
    let name = r.resource_name.text()?;
    let (dataset, table) = name.split_once("/tables/")?;
    if dataset.rsplit('/').next()?.starts_with('_') {
        return None;
    }
    let table = table.split(['$', '@']).next().unwrap_or_default();
    let is_day = |end: &str| end.len() == DAY_LEN && end.bytes().all(|b| b.is_ascii_digit());
    let family = table.rsplit_once('_').filter(|(_, end)| is_day(end));
    Some(format!(
        "{dataset}/tables/{}",
        family.map_or(table, |(stem, _)| stem)
    ))
}

/// Returns the job of BigQuery that moves whole tables: whether it is an export, and the URIs that it reads or writes.
fn bulk_job<'a>(r: &Record<'a>) -> Option<(bool, Value<'a>)> {
    let mut room = [
        loose::path(r.metadata, &["jobInsertion", "job", "jobConfig"]),
        loose::path(
            r.service_data,
            &["jobInsertRequest", "resource", "jobConfiguration"],
        ),
    ]
    .into_iter()
    .filter(|config| config.is_present());
    let config = room.next()?;
    let [extract, old_extract, load, old_load] = loose::pick(
        config.members(),
        ["extractConfig", "extract", "loadConfig", "load"],
    );
    let uris = |of: Value<'a>, name| loose::path(of, &[name]);
    if extract.is_present() || old_extract.is_present() {
        let of = if extract.is_present() {
            extract
        } else {
            old_extract
        };
        return Some((true, uris(of, "destinationUris")));
    }
    if load.is_present() || old_load.is_present() {
        let of = if load.is_present() { load } else { old_load };
        return Some((false, uris(of, "sourceUris")));
    }
    None
}

/// Reads the destinations of exports, sinks, transfers and jobs.
fn other_services(r: &Record<'_>, service: &str, interner: &mut Interner, target: &mut Target) {
    let text = |path: &[&str]| loose::path(r.request, path).text();
    match service {
        "bigquery" => {
            let Some((is_export, uris)) = bulk_job(r) else {
                return;
            };
            let Some(uri) = uris.elements().find_map(Value::text) else {
                return;
            };
            let place = destination(&uri, interner);
            if is_export {
                target.destination = place;
            } else {
                target.copied_from = place.container;
            }
        }
        "logging" => {
            let to = text(&["sink", "destination"]);
            target.destination = to.map(|to| destination(&to, interner)).unwrap_or_default();
        }
        "cloudasset" => {
            let to = text(&["outputConfig", "gcsDestination", "uri"])
                .or_else(|| text(&["outputConfig", "gcsDestination", "uriPrefix"]))
                .or_else(|| text(&["outputConfig", "bigqueryDestination", "dataset"]));
            target.destination = to.map(|to| destination(&to, interner)).unwrap_or_default();
        }
        "storagetransfer" => {
            let bucket = |end: &str| text(&["transferJob", "transferSpec", end, "bucketName"]);
            target.copied_from = bucket("gcsDataSource")
                .or_else(|| bucket("awsS3DataSource"))
                .map(|name| interner.untrusted(&name));
            target.destination.container =
                bucket("gcsDataSink").map(|name| interner.untrusted(&name));
        }
        _ => {}
    }
}

/// Returns the owner of the principal to whom a change of a bucket's policy grants access: everyone, else the first outside the
/// bucket's project and the caller's domain, else the first in that domain. The record does not show whether that domain is ours.
fn grantee(r: &Record<'_>, own: Option<&str>, domain: Option<&str>) -> Option<String> {
    let deltas = loose::path(r.service_data, &["policyDelta", "bindingDeltas"]);
    let (mut foreign, mut of_domain) = (None, None);
    for delta in deltas.elements() {
        let [action, member] = loose::pick(delta.members(), ["action", "member"]);
        if action != Value::Text(b"ADD") {
            continue;
        }
        let owner = member.text().and_then(|member| owner_of(&member));
        match owner.filter(|owner| Some(owner.as_str()) != own) {
            Some(owner) if owner == EVERYONE => return Some(owner),
            owner if owner.as_deref() == domain => of_domain = of_domain.or(owner),
            owner => foreign = foreign.or(owner),
        }
    }
    foreign.or(of_domain)
}

/// Returns the service account that a call to `iamcredentials` impersonates, in canonical form, or its number if it has no name.
fn impersonated_account(r: &Record<'_>, interner: &mut Interner) -> Option<Untrusted> {
    const PART: &str = "serviceAccounts/";
    let named = loose::path(r.labels, &["email_id"]).text();
    let stated = || {
        let name = loose::path(r.request, &["name"]).text();
        let name = name.or_else(|| r.resource_name.text())?;
        Some(name.split_once(PART)?.1.to_owned())
    };
    let name = named.map(|name| name.into_owned()).or_else(stated)?;
    Some(match name.contains('@') {
        true => Untrusted::from_shared(identity_of(&name, interner)),
        false => interner.untrusted(&name),
    })
}

/// Returns the delegation chain of a requested credential, the last link first.
pub fn delegation_chain(r: &Record<'_>, interner: &mut Interner) -> Vec<Str> {
    /// The most links that are read; real chains have one or two.
    const LINKS_MAX: usize = 16;
    let chain = loose::path(r.metadata, &["identityDelegationChain"]);
    let mut links: Vec<Str> = chain
        .elements()
        .filter_map(Value::text)
        .take(LINKS_MAX)
        .map(|name| identity_of(name.rsplit('/').next().unwrap_or(&name), interner))
        .collect();
    links.reverse();
    links
}

/// Returns the identity that a call created.
pub fn created(r: &Record<'_>, plain_name: &str, interner: &mut Interner) -> Option<Str> {
    let email = match plain_name.rsplit('.').next()? {
        "createserviceaccount" => loose::path(r.response, &["email"])
            .text()
            .or_else(|| loose::path(r.labels, &["email_id"]).text())?,
        "createuser" => parameter(r.metadata, "USER_EMAIL").and_then(Value::text)?,
        _ => return None,
    };
    Some(identity_of(&email, interner))
}

/// Returns the id of the key that a call issued.
pub fn issued(r: &Record<'_>, plain_name: &str, interner: &mut Interner) -> Option<Str> {
    let id = match plain_name.rsplit_once('.')? {
        (_, "createserviceaccountkey" | "uploadserviceaccountkey") => {
            let name = loose::path(r.response, &["name"]).text()?;
            name.split_once("/keys/")?.1.to_owned()
        }
        ("storage.hmackeys", "create") => loose::path(r.response, &["metadata", "accessId"])
            .text()?
            .into_owned(),
        _ => return None,
    };
    Some(interner.share(&id))
}

/// Returns whether a sign-in used a second factor; a list with only first factors means that it did not.
pub fn second_factor(metadata: Value<'_>) -> Option<bool> {
    let is_asked = typed(metadata, "is_second_factor", "boolValue").and_then(Value::truth);
    if is_asked == Some(true) {
        let status = parameter(metadata, "login_challenge_status").and_then(Value::text);
        return Some(status.as_deref() != Some("failed"));
    }
    let is_second = |method: &Value<'_>| method.text().is_some_and(|text| factor::is_second(&text));
    match typed(metadata, "login_challenge_method", "multiStrValue") {
        Some(methods) => Some(methods.elements().any(|method| is_second(&method))),
        None => Some(is_second(&parameter(metadata, "login_challenge_method")?)),
    }
}

/// Returns a parameter of a Workspace event, whose audit logs have the same form.
pub fn parameter<'a>(metadata: Value<'a>, name: &str) -> Option<Value<'a>> {
    typed(metadata, name, "value")
}

/// Returns a parameter from the column for values of its type.
fn typed<'a>(metadata: Value<'a>, name: &str, column: &str) -> Option<Value<'a>> {
    let event = loose::path(metadata, &["event"]).elements().next()?;
    let parameters = loose::path(event, &["parameter"]);
    parameters.elements().find_map(|parameter| {
        let [key, value] = loose::pick(parameter.members(), ["name", column]);
        (key.text()? == name && !matches!(value, Value::Null)).then_some(value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resource_names_and_destinations_are_read_in_all_forms() {
        for (name, expected) in [
            ("projects/_/buckets/b", Some((None, "b", None))),
            (
                "projects/_/buckets/b/objects/a/objects/c",
                Some((None, "b", Some("a/objects/c"))),
            ),
            (
                "//storage.googleapis.com/projects/p/buckets/b/objects/k",
                Some((Some("p"), "b", Some("k"))),
            ),
            (
                "projects/_/buckets/b/managedFolders/f/",
                Some((None, "b", None)),
            ),
            ("projects/_/buckets/", None),
            ("projects/p", None),
        ] {
            let place = Place::of(name).map(|p| (p.project, p.bucket, p.object));
            assert_eq!(place, expected, "{name}");
        }
        let mut interner = Interner::default();
        for (text, account, bucket, endpoint) in [
            ("gs://b/c/*.csv", None, Some("b"), None),
            ("storage.googleapis.com/b", None, Some("b"), None),
            (
                "//pubsub.googleapis.com/projects/p/topics/t",
                Some("p"),
                None,
                Some("pubsub.googleapis.com"),
            ),
            ("projects/p/datasets/d", Some("p"), None, None),
            ("projects/_/buckets/b/objects/k", None, Some("b"), None),
            ("nonsense", None, None, None),
        ] {
            let d = destination(text, &mut interner);
            let found = (
                d.account.as_deref(),
                d.container.as_ref().map(Untrusted::raw),
                d.endpoint.as_ref().map(Untrusted::raw),
            );
            assert_eq!(found, (account, bucket, endpoint), "{text}");
        }
    }
}
