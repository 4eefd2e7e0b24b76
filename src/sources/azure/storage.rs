//! Azure Storage resource logs: diagnostic records and rows of the `StorageBlobLogs` family of tables.
//!
//! Classic storage analytics logs are told apart and refused: the same calls can be had as resource logs.

use std::borrow::Cow;
use std::sync::LazyLock;

use crate::event::Action::{self, *};
use crate::event::{
    Context, Destination, Event, IdentityKind, Outcome, Principal, Provider, Source, Untrusted,
};
use crate::sources::interner::Interner;
use crate::sources::json::{Object, Value};
use crate::sources::microsoft::{self, Actor, opened, pick};
use crate::sources::parts::actions::{Actions, Row};
use crate::sources::parts::instant::instant;
use crate::sources::parts::percent::percent_decoded;
use crate::sources::parts::{id, status};
use crate::sources::report::{Parsed, RejectReason};
use crate::sources::{Format, Line, Memory};
use crate::vocab::Str;

/// How Azure Storage logs are read.
pub const FORMAT: Format = Format::new(Source::AzureStorage, recognises, parse)
    .with_lines(line)
    .with_tables(heads);

/// Categories of diagnostic records.
const CATEGORIES: [&str; 3] = ["StorageRead", "StorageWrite", "StorageDelete"];
/// Tables, by the `Type` of their rows.
const TABLES: [&str; 4] = [
    "StorageBlobLogs",
    "StorageFileLogs",
    "StorageQueueLogs",
    "StorageTableLogs",
];
/// Columns by which a row without a `Type` is told.
const COLUMNS: [&str; 3] = ["OperationName", "AuthenticationType", "AccountName"];

/// Operations of blob, file, queue, table and data lake endpoints; their names do not clash.
#[rustfmt::skip]
const ROWS: &[Row] = &[
    ("", "ListContainers", ListBuckets),
    ("", "ListFilesystems", ListBuckets),
    ("", "ListShares", ListBuckets),
    ("", "ListQueues", ListBuckets),
    ("", "QueryTables", ListBuckets),
    ("", "ListBlobs", ListObjects),
    ("", "FindBlobsByTags", ListObjects),
    ("", "ListFilesystemDir", ListObjects),
    ("", "ListFiles", ListObjects),
    ("", "ListPaths", ListObjects),
    ("", "QueryDirectory", ListObjects),
    ("", "GetBlob", ReadObject),
    ("", "QueryBlobContents", ReadObject),
    ("", "GetBlobProperties", ReadObject),
    ("", "GetBlobMetadata", ReadObject),
    ("", "GetPageRanges*", ReadObject),
    ("", "GetFile", ReadObject),
    ("", "GetFileProperties", ReadObject),
    ("", "GetPathStatus", ReadObject),
    ("", "ReadFile", ReadObject),
    ("", "Read", ReadObject),
    ("", "QueryEntity", ReadObject),
    ("", "QueryEntities", ReadObject),
    ("", "GetMessages", ReadObject),
    ("", "PeekMessages", ReadObject),
    ("", "GetBlobTags", ReadPosture),
    ("", "GetContainerACL", ReadPosture),
    ("", "GetContainerProperties", ReadPosture),
    ("", "GetContainerMetadata", ReadPosture),
    ("", "GetFilesystemProperties", ReadPosture),
    ("", "GetPathAccessControl", ReadPosture),
    ("", "GetShareACL", ReadPosture),
    ("", "GetShareProperties", ReadPosture),
    ("", "GetShareMetadata", ReadPosture),
    ("", "GetQueueACL", ReadPosture),
    ("", "GetTableACL", ReadPosture),
    ("", "Get*ServiceProperties", ReadPosture),
    ("", "Get*ServiceStats", ReadPosture),
    ("", "GetAccountInformation", ReadPosture),
    ("", "PutBlob", WriteObject),
    ("", "PutBlock", WriteObject),
    ("", "PutBlockList", WriteObject),
    ("", "AppendBlock", WriteObject),
    ("", "PutPage", WriteObject),
    ("", "PutRange", WriteObject),
    ("", "CreateFile", WriteObject),
    ("", "AppendFile", WriteObject),
    ("", "FlushFile", WriteObject),
    ("", "Write", WriteObject),
    ("", "PutMessage", WriteObject),
    ("", "InsertEntity", WriteObject),
    ("", "SnapshotBlob", CopyObject),
    ("", "CopyBlob*", CopyObject),
    ("", "CopyFile*", CopyObject),
    ("", "IncrementalCopyBlob", CopyObject),
    ("", "Put*FromURL", CopyObject),
    ("", "AppendBlockFromURL", CopyObject),
    ("", "RenamePath*", CopyObject),
    ("", "RenameFile*", CopyObject),
    ("", "DeleteBlob", DeleteObject),
    ("", "DeleteContainer", DeleteObject),
    ("", "DeleteFilesystem", DeleteObject),
    ("", "DeleteFile", DeleteObject),
    ("", "DeleteDirectory", DeleteObject),
    ("", "DeleteShare", DeleteObject),
    ("", "DeleteQueue", DeleteObject),
    ("", "DeleteTable", DeleteObject),
    ("", "DeleteEntity", DeleteObject),
    ("", "SetContainerACL", WritePosture),
    ("", "SetShareACL", WritePosture),
    ("", "SetQueueACL", WritePosture),
    ("", "SetTableACL", WritePosture),
    ("", "SetPathAccessControl*", WritePosture),
    ("", "Set*ServiceProperties", WritePosture),
    ("", "GetUserDelegationKey", CreateCredential),
];

static ACTIONS: LazyLock<Actions> = LazyLock::new(|| Actions::new(ROWS));

/// Rows that a copy writes beside its own, one for either side.
const COPY_SIDES: [&str; 4] = [
    "CopyBlobSource",
    "CopyBlobDestination",
    "CopyFileSource",
    "CopyFileDestination",
];

fn recognises(object: Object<'_>) -> bool {
    let has = |name: &&str| object.get(name).is_some_and(Value::is_present);
    if COLUMNS.iter().all(has) || microsoft::is_one_of(object, "type", &TABLES) {
        return true;
    }
    microsoft::is_one_of(object, "category", &CATEGORIES)
        && microsoft::named(object, "operationname").is_some_and(Value::is_present)
}

fn heads(names: &[&str]) -> bool {
    COLUMNS.iter().all(|column| names.contains(column))
}

/// Recognises a line of a classic log: version, time, operation, status and more between semicolons.
fn line(text: &str, _: &mut Memory) -> Line {
    let mut fields = text.split(';');
    let is_version = matches!(fields.next(), Some("1.0" | "2.0"));
    if is_version && fields.next().is_some_and(|time| instant(time).is_some()) && fields.count() > 8
    {
        return Line::Record(Parsed::Rejected(RejectReason::ClassicStorageLog));
    }
    Line::Unknown
}

/// The members of a record that matter, under the names that they have in all shapes.
struct Record<'a> {
    op: Value<'a>,
    status: Value<'a>,
    status_text: Value<'a>,
    response: Value<'a>,
    account: Value<'a>,
    resource: Value<'a>,
    service: Value<'a>,
    key: Value<'a>,
    uri: Value<'a>,
    source: Value<'a>,
    destination: Value<'a>,
    count: Value<'a>,
    request: Value<'a>,
}

fn parse(object: Object<'_>, memory: &mut Memory) -> Parsed {
    let (mut room, mut rights_room) = (Vec::new(), Vec::new());
    let properties = microsoft::named(object, "properties").unwrap_or_default();
    let properties = opened(properties, &mut room);
    let [
        time,
        generated,
        op,
        status,
        status_text,
        response,
        account,
        resource,
        service,
        key,
        uri,
        source,
        destination,
        count,
        request,
        region,
        caller,
        user_agent,
        sent,
        received,
    ] = pick(
        properties.members().chain(object.members()),
        [
            "time",
            "timegenerated",
            "operationname",
            "statuscode",
            "statustext",
            "metricresponsetype",
            "accountname",
            "resourceid",
            "servicetype",
            "objectkey",
            "uri",
            "sourceuri",
            "destinationuri",
            "operationcount",
            "correlationid",
            "location",
            "calleripaddress",
            "useragentheader",
            "responsebodysize",
            "requestbodysize",
        ],
    );
    let r = Record {
        op,
        status,
        status_text,
        response,
        account,
        resource,
        service,
        key,
        uri,
        source,
        destination,
        count,
        request,
    };
    let Some(time) = microsoft::time_of(&[time, generated]) else {
        return Parsed::Rejected(RejectReason::NoTime);
    };
    let uri = r.uri.text().and_then(|text| Place::of_uri(&text));
    let place = place(&r, uri.as_ref());
    let mut identity = Identity::of(object);
    identity.rights = opened(identity.rights, &mut rights_room);
    let is_signed = r
        .uri
        .text()
        .is_some_and(|uri| parameter(&uri, "sig").is_some());
    let interner = &mut memory.interner;
    let account = place.account.as_deref().map(|text| interner.share(text));
    let peer = microsoft::peer(&[caller], interner);
    let op = interner.share(r.op.text().unwrap_or_default().trim());
    let action = ACTIONS.get("", &op).unwrap_or(Action::Other);
    let outcome = outcome(&r);
    let (principal, credential) = identity.principal(account.as_deref(), is_signed, interner);
    let application = microsoft::guid(identity.application).map(|text| interner.share(&text));
    let auth_method = identity
        .method(is_signed)
        .map(|method| interner.share(method));
    let error = (outcome != Outcome::Success)
        .then(|| r.status_text.text().or_else(|| r.response.text()))
        .flatten()
        .map(|text| interner.untrusted(&text));
    let copy = Copy::of(&r, action, &op, &place, interner);
    let prefix = (action == Action::ListObjects)
        .then(|| prefix(&r.uri.text()?))
        .flatten()
        .map(|text| interner.untrusted(&text));
    let region = microsoft::region(region, interner);
    let service = interner.share(&service_of(&r, uri.as_ref()));
    let container = place.container().map(|text| interner.untrusted(&text));
    let client = microsoft::client(user_agent, application.as_deref(), memory);
    let mut event = Event {
        region,
        principal,
        credential,
        application,
        context: Context {
            // Anybody's browser may read what is public.
            console: client
                .console(peer.ip, false)
                .filter(|_| auth_method.as_deref() != Some("Anonymous")),
            auth_method,
            ..Context::default()
        },
        peer,
        user_agent: client.user_agent,
        client: client.family,
        action,
        op,
        service,
        container,
        object: place.object.as_deref().map(Untrusted::new),
        prefix,
        bytes_out: sent.amount(),
        bytes_in: received.amount(),
        copied_from: copy.from,
        destination: copy.to,
        outcome,
        error,
        twin_of_account: copy.twin_of_account,
        counted: copy.is_counted,
        account,
        ..Event::new(time, Str::default(), Provider::Azure, Source::AzureStorage)
    };
    event.id = event_id(&r, &event);
    Parsed::Event(Box::new(event))
}

/// Returns the id of the request and the place of the operation in it, or a hash where the request has no id.
fn event_id(r: &Record<'_>, event: &Event) -> Str {
    let count = r.count.amount().unwrap_or(0);
    if let Some(request) = r.request.text() {
        let text = format!("{request}/{count}/{}", event.op);
        return crate::event::cut(&text, Untrusted::BYTES_MAX).into();
    }
    let mut hash = id::Hash::default();
    hash.put(Some(&event.time.to_string()))
        .put(Some(&event.op))
        .put(event.account.as_deref())
        .put(event.principal.as_ref().map(|p| &*p.id))
        .put(event.peer.ip.map(|ip| ip.to_string()).as_deref())
        .put(event.peer.port.map(|port| port.to_string()).as_deref())
        .put(event.container.as_ref().map(Untrusted::raw))
        .put(event.object.as_ref().map(Untrusted::raw))
        .put(r.status.text().as_deref())
        .put(Some(&count.to_string()));
    hash.id("as-")
}

/// Who called, as a diagnostic record nests it and a table lays it flat.
struct Identity<'a> {
    method: Value<'a>,
    hashes: Value<'a>,
    object: Value<'a>,
    tenant: Value<'a>,
    issuer: Value<'a>,
    application: Value<'a>,
    name: Value<'a>,
    rights: Value<'a>,
}

impl<'a> Identity<'a> {
    fn of(record: Object<'a>) -> Self {
        let [
            nested,
            method,
            hashes,
            object,
            tenant,
            issuer,
            application,
            name,
            rights,
        ] = pick(
            record.members(),
            [
                "identity",
                "authenticationtype",
                "authenticationhash",
                "requesterobjectid",
                "requestertenantid",
                "requestertokenissuer",
                "requesterappid",
                "requesterupn",
                "authorizationdetails",
            ],
        );
        if !matches!(nested, Value::Object(_)) {
            return Self {
                method,
                hashes,
                object,
                tenant,
                issuer,
                application,
                name,
                rights,
            };
        }
        let [method, hashes, requester, rights] = pick(
            nested.members(),
            ["type", "tokenhash", "requester", "authorization"],
        );
        let [object, tenant, issuer, application, name] = pick(
            requester.members(),
            ["objectid", "tenantid", "tokenissuer", "appid", "upn"],
        );
        Self {
            method,
            hashes,
            object,
            tenant,
            issuer,
            application,
            name,
            rights,
        }
    }

    /// Returns how the call was authenticated, in one spelling.
    fn method(&self, is_signed: bool) -> Option<&'static str> {
        let Some(text) = self.method.text() else {
            return is_signed.then_some("SAS");
        };
        let text = text.replace(' ', "").to_ascii_lowercase();
        Some(match &*text {
            "oauth" => "OAuth",
            "sas" | "saskey" => "SAS",
            "accountkey" => "AccountKey",
            "anonymous" => "Anonymous",
            "kerberos" => "Kerberos",
            "trustedaccess" => "TrustedAccess",
            "delegationsas" | "userdelegationsas" => "DelegationSas",
            _ => "Other",
        })
    }

    /// Returns who called, and the hash of the key or signature that was used.
    fn principal(
        &self,
        account: Option<&str>,
        is_signed: bool,
        interner: &mut Interner,
    ) -> (Option<Principal>, Option<Str>) {
        let hashes = self.hashes.text().unwrap_or_default();
        let named = |wanted: fn(&str) -> bool| hash_of(&hashes, wanted);
        let is_key = |name: &str| name.starts_with("key");
        let signature = named(|name| name == "sassignature").map(|(_, hash)| hash);
        let account = account.unwrap_or("unknown");
        let of_nobody = |id: String, kind, interner: &mut Interner| Principal {
            id: interner.share(&id),
            kind,
            role: None,
            instance: None,
            is_delivered: false,
            aliases: Vec::new(),
        };
        let (principal, credential) = match self.method(is_signed) {
            Some("Anonymous") => {
                let id = "azure:anonymous".to_owned();
                (Some(of_nobody(id, IdentityKind::Anonymous, interner)), None)
            }
            Some("AccountKey") => {
                let key = named(is_key);
                let name = key.as_ref().map_or("unknown", |(name, _)| &**name);
                let id = format!("azure:key:{account}/{name}");
                let principal = of_nobody(id, IdentityKind::Unknown, interner);
                (Some(principal), key.map(|(_, hash)| hash))
            }
            // A signature that a person's key made says who the person is.
            Some("SAS") if microsoft::guid(self.object).is_none() => {
                let hash = signature.unwrap_or("unknown");
                let id = format!("azure:sas:{account}/{hash}");
                let principal = of_nobody(id, IdentityKind::Unknown, interner);
                (Some(principal), signature)
            }
            _ => (self.requester(interner), signature),
        };
        (principal, credential.map(|hash| interner.share(hash)))
    }

    fn requester(&self, interner: &mut Interner) -> Option<Principal> {
        let object = microsoft::guid(self.object);
        let issuer = self.issuer.text().unwrap_or_default();
        // https://sts.windows.net/TENANT/
        let issuer = issuer.split('/').nth(3).filter(|part| !part.is_empty());
        let tenant = microsoft::guid(self.tenant).or_else(|| issuer.map(str::to_ascii_lowercase));
        let is_person = self.name.text().is_some_and(|name| name.contains('@'));
        let mut kind = if is_person {
            IdentityKind::Human
        } else {
            IdentityKind::Unknown
        };
        let mut role = None;
        for right in self.rights.elements() {
            if role.is_none() {
                role = right
                    .get_any_case("roleDefinitionId")
                    .and_then(microsoft::guid);
            }
            let principals = right.get_any_case("principals").unwrap_or_default();
            for principal in principals.elements() {
                let id = principal.get_any_case("id").and_then(microsoft::guid);
                let word = principal.get_any_case("type").and_then(Value::text);
                match word.as_deref().filter(|_| id == object) {
                    Some("User") => kind = IdentityKind::Human,
                    Some("ServicePrincipal") => kind = IdentityKind::ServicePrincipal,
                    _ => {}
                }
            }
        }
        let actor = Actor {
            tenant: tenant.as_deref(),
            object: self.object,
            name: self.name,
            application: Value::Null,
        };
        let mut principal = actor.principal(kind, interner)?;
        principal.role = role
            .as_deref()
            .and_then(|role| role.rsplit('/').next())
            .map(|role| interner.share(role));
        Some(principal)
    }
}

/// Finds a hash by its name, in lower case, as in `key1(H1),SasSignature(H2)`; returns the name and the hash.
fn hash_of<'t>(hashes: &'t str, wanted: fn(&str) -> bool) -> Option<(String, &'t str)> {
    hashes.split(',').find_map(|part| {
        let (name, hash) = part.trim().strip_suffix(')')?.split_once('(')?;
        let name = name.to_ascii_lowercase();
        (wanted(&name) && !hash.is_empty()).then_some((name, hash))
    })
}

/// What a call was about.
#[derive(Debug, Default, Clone, PartialEq)]
struct Place {
    account: Option<String>,
    /// The container, share, file system, queue or table, without its account.
    container: Option<String>,
    object: Option<String>,
    service: Option<String>,
}

impl Place {
    /// Returns the container as it is known outside: with its account before it.
    fn container(&self) -> Option<String> {
        let container = self.container.as_ref()?;
        Some(match &self.account {
            Some(account) => format!("{account}/{container}"),
            None => container.clone(),
        })
    }

    /// Reads `https://ACCOUNT.blob.core.windows.net:443/container/path?parameters`.
    fn of_uri(uri: &str) -> Option<Self> {
        let uri = uri.trim_matches('"');
        let (_, rest) = uri.split_once("://")?;
        let end = rest.find(['?', '#']).unwrap_or(rest.len());
        let (host, path) = rest[..end].split_once('/').unwrap_or((&rest[..end], ""));
        let host = host.to_ascii_lowercase();
        let mut labels = host.split(['.', ':']);
        let account = labels.next().filter(|label| !label.is_empty())?;
        let account = account.strip_suffix("-secondary").unwrap_or(account);
        let service = labels
            .next()
            .filter(|label| matches!(*label, "blob" | "dfs" | "file" | "queue" | "table"));
        let (container, object) = path.split_once('/').unwrap_or((path, ""));
        let text = |text: &str| (!text.is_empty()).then(|| percent_decoded(text).into_owned());
        Some(
            Self {
                account: Some(account.to_owned()),
                container: text(container),
                object: text(object),
                service: service.map(str::to_owned),
            }
            .of_entity(),
        )
    }

    /// Reads `/account/container/path`, which may stand between quotes.
    fn of_key(key: &str) -> Option<Self> {
        let path = key.trim().trim_matches('"');
        let mut parts = path
            .strip_prefix('/')?
            .splitn(3, '/')
            .map(|part| (!part.is_empty()).then(|| part.to_owned()));
        Some(
            Self {
                account: parts.next()?.map(|account| account.to_ascii_lowercase()),
                container: parts.next().flatten(),
                object: parts.next().flatten(),
                service: None,
            }
            .of_entity(),
        )
    }

    /// Takes apart what tables have for a path: `table(PartitionKey='p',RowKey='r')`.
    fn of_entity(mut self) -> Self {
        if let (None, Some(container)) = (&self.object, &self.container)
            && let Some((table, key)) = container.strip_suffix(')').and_then(|c| c.split_once('('))
        {
            let key = (!key.is_empty()).then(|| key.to_owned());
            (self.container, self.object) = (Some(table.to_owned()), key);
        }
        self
    }
}

/// Returns what a call was about, by its key before its address; the record may state the account beside both.
fn place(r: &Record<'_>, uri: Option<&Place>) -> Place {
    let key = r.key.text().and_then(|key| Place::of_key(&key));
    let mut place = key.or_else(|| uri.cloned()).unwrap_or_default();
    let stated = r
        .account
        .text()
        .map(|name| name.trim().to_ascii_lowercase());
    let resource = r.resource.text();
    let of_resource = || {
        let name = microsoft::part_of(resource.as_deref()?, "storageAccounts")?;
        Some(name.to_ascii_lowercase())
    };
    place.account = stated.or(place.account).or_else(of_resource);
    place
}

fn service_of<'a>(r: &Record<'a>, uri: Option<&Place>) -> Cow<'a, str> {
    let stated = r.service.text().map(|text| text.to_ascii_lowercase());
    let of_uri = || uri.and_then(|place| place.service.clone());
    let of_resource = || {
        // …/storageAccounts/ACCOUNT/blobServices/default
        let resource = r.resource.text()?.to_ascii_lowercase();
        let part = resource
            .split('/')
            .find(|part| part.ends_with("services"))?;
        Some(part.trim_end_matches("services").to_owned())
    };
    match stated.or_else(of_uri).or_else(of_resource) {
        Some(service) => Cow::Owned(service),
        None => Cow::Borrowed("storage"),
    }
}

/// Returns a parameter of an address, unescaped.
fn parameter(uri: &str, name: &str) -> Option<String> {
    let (_, query) = uri.split_once('?')?;
    query.split('&').find_map(|part| {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        key.eq_ignore_ascii_case(name)
            .then(|| percent_decoded(value).into_owned())
    })
}

/// Returns the prefix of a listing; one that names none asks for the whole container.
fn prefix(uri: &str) -> Option<String> {
    let uri = uri.trim_matches('"');
    Some(
        parameter(uri, "prefix")
            .or_else(|| parameter(uri, "directory"))
            .unwrap_or_default(),
    )
}

/// Where a copy reads from and writes to.
struct Copy {
    from: Option<Untrusted>,
    to: Destination,
    twin_of_account: Option<Str>,
    is_counted: bool,
}

impl Copy {
    fn of(
        r: &Record<'_>,
        action: Action,
        op: &str,
        place: &Place,
        interner: &mut Interner,
    ) -> Self {
        let mut copy = Self {
            from: None,
            to: Destination::default(),
            twin_of_account: None,
            is_counted: true,
        };
        // A snapshot stays where its blob is.
        if action != Action::CopyObject || op == "SnapshotBlob" {
            return copy;
        }
        let of = |value: Value<'_>| Place::of_uri(&value.text()?);
        let is_source_side = op.ends_with("Source");
        let from = of(r.source).or_else(|| is_source_side.then(|| place.clone()));
        let to = of(r.destination).or_else(|| (!is_source_side).then(|| place.clone()));
        let text = |place: &Option<Place>, interner: &mut Interner| {
            let container = place.as_ref()?.container()?;
            Some(interner.untrusted(&container))
        };
        copy.from = text(&from, interner);
        copy.to.container = text(&to, interner);
        let other = to.and_then(|to| to.account);
        copy.to.account = other.as_deref().map(|account| interner.share(account));
        if COPY_SIDES.contains(&op) {
            // The row of the copy itself is in the log of the account that is copied to.
            let is_given_away = is_source_side && other.is_some() && other != place.account;
            copy.is_counted = is_given_away;
            copy.twin_of_account = copy.to.account.clone().filter(|_| is_given_away);
        }
        copy
    }
}

/// Returns how a call ended, by its status, or else by what the metrics call it.
fn outcome(r: &Record<'_>) -> Outcome {
    let word = |value: Value<'_>| value.text().map(|text| text.to_ascii_lowercase());
    let text = word(r.status_text)
        .or_else(|| word(r.response))
        .unwrap_or_default();
    let of_text = if text.contains("throttl") || text == "serverbusy" {
        Outcome::Throttled
    } else if text.starts_with("authorization")
        || text.starts_with("authentication")
        || text.contains("authorizationerror")
    {
        Outcome::Denied
    } else if text.ends_with("success") {
        Outcome::Success
    } else if text.is_empty() || text == "unknown" {
        Outcome::Unknown
    } else {
        Outcome::Failure
    };
    let Some(status) = r.status.text() else {
        return of_text;
    };
    match (status.parse::<u64>(), of_text) {
        (Ok(status @ 100..=599), Outcome::Throttled | Outcome::Denied) if status >= 400 => of_text,
        (Ok(status @ 100..=599), _) => status::of_http(status),
        // Files that are mounted have statuses of another kind.
        _ if status.eq_ignore_ascii_case("unknown") => Outcome::Unknown,
        _ => of_text,
    }
}
