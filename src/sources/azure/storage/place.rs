//! The target of a call: account, container, object, and the two sides of a copy.

use std::borrow::Cow;

use crate::event::{Action, Destination, Untrusted};
use crate::sources::azure::storage::record::Record;
use crate::sources::interner::Interner;
use crate::sources::json::Value;
use crate::sources::microsoft;
use crate::sources::parts::percent::percent_decoded;
use crate::sources::parts::s3;
use crate::vocab::Str;

/// Rows that a copy writes in addition to its own, one for each side.
const COPY_SIDES: [&str; 4] = [
    "CopyBlobSource",
    "CopyBlobDestination",
    "CopyFileSource",
    "CopyFileDestination",
];

/// The domains of storage accounts, in the public cloud and in national clouds.
const DOMAINS: [&str; 5] = [
    ".core.windows.net",
    ".storage.azure.net",
    ".core.usgovcloudapi.net",
    ".core.chinacloudapi.cn",
    ".core.cloudapi.de",
];
/// The labels by which such hosts name a service.
const SERVICES: [&str; 5] = ["blob", "dfs", "file", "queue", "table"];

/// The target of a call.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Place {
    /// The storage account.
    pub account: Option<String>,
    /// The host, if it does not name an account: a custom domain, or a service of another provider.
    host: Option<String>,
    /// The container, share, file system, queue or table, without its account.
    container: Option<String>,
    /// The path in it.
    pub object: Option<String>,
    /// The service, as an address names it.
    service: Option<String>,
}

impl Place {
    /// Returns the container's full name: the account, or else the host, and the container.
    pub fn container(&self) -> Option<String> {
        let container = self.container.as_ref()?;
        Some(match self.account.as_ref().or(self.host.as_ref()) {
            Some(owner) => format!("{owner}/{container}"),
            None => container.clone(),
        })
    }

    /// Reads `https://ACCOUNT.blob.core.windows.net:443/container/path?parameters`; the first label of any other host is no
    /// account. A bucket of S3 is a container by its own name alone.
    pub fn of_uri(uri: &str) -> Option<Self> {
        let uri = uri.trim_matches('"');
        let (_, rest) = uri.split_once("://")?;
        let end = rest.find(['?', '#']).unwrap_or(rest.len());
        let (host, path) = rest[..end].split_once('/').unwrap_or((&rest[..end], ""));
        let host = host.to_ascii_lowercase();
        let host = host.split(':').next().unwrap_or(&host);
        let text = |text: &str| (!text.is_empty()).then(|| percent_decoded(text).into_owned());
        if let Some(bucket) = s3::bucket_of_host(host) {
            return Some(Self {
                container: Some(bucket),
                object: text(path),
                ..Self::default()
            });
        }
        let (container, object) = path.split_once('/').unwrap_or((path, ""));
        let is_of_account = DOMAINS.iter().any(|domain| host.ends_with(domain));
        let mut labels = host.split('.');
        let account = labels
            .next()
            .filter(|label| is_of_account && !label.is_empty())
            .map(|label| label.strip_suffix("-secondary").unwrap_or(label).to_owned());
        let service = labels.find(|label| is_of_account && SERVICES.contains(label));
        Some(
            Self {
                host: Some(host.to_owned()).filter(|host| account.is_none() && !host.is_empty()),
                account,
                container: text(container),
                object: text(object),
                service: service.map(str::to_owned),
            }
            .of_entity(),
        )
    }

    /// Reads `/account/container/path`, which may be quoted.
    fn of_key(key: &str) -> Option<Self> {
        let path = key.trim().trim_matches('"');
        let mut parts = path
            .strip_prefix('/')?
            .splitn(3, '/')
            .map(|part| (!part.is_empty()).then(|| part.to_owned()));
        Some(
            Self {
                account: parts.next()?.map(|account| account.to_ascii_lowercase()),
                host: None,
                container: parts.next().flatten(),
                object: parts.next().flatten(),
                service: None,
            }
            .of_entity(),
        )
    }

    /// Splits the path of a table entity: `table(PartitionKey='p',RowKey='r')`.
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

/// Returns the target of a call. The object key comes before the address. The record may also state the account, and the
/// resource whose log it is names the account better than an address does.
pub fn place(r: &Record<'_>, uri: Option<&Place>) -> Place {
    let key = r.key.text().and_then(|key| Place::of_key(&key));
    let of_key = key.as_ref().and_then(|key| key.account.clone());
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
    place.account = stated.or(of_key).or_else(of_resource).or(place.account);
    place
}

/// Returns the service that was called, such as `blob`.
pub fn service_of<'a>(r: &Record<'a>, uri: Option<&Place>) -> Cow<'a, str> {
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
pub fn parameter(uri: &str, name: &str) -> Option<String> {
    let (_, query) = uri.split_once('?')?;
    query.split('&').find_map(|part| {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        key.eq_ignore_ascii_case(name)
            .then(|| percent_decoded(value).into_owned())
    })
}

/// Returns the prefix of a listing; one that names none asks for the whole container.
pub fn prefix(uri: &str) -> Option<String> {
    let uri = uri.trim_matches('"');
    Some(
        parameter(uri, "prefix")
            .or_else(|| parameter(uri, "directory"))
            .unwrap_or_default(),
    )
}

/// Where a copy reads from and writes to.
pub struct Copy {
    /// The container that it reads from.
    pub from: Option<Untrusted>,
    /// Where it writes to.
    pub to: Destination,
    /// The account whose log has the row of the copy itself, if it is another account.
    pub duplicate_of_account: Option<Str>,
    /// Whether no other row of this log is about the same copy.
    pub is_counted: bool,
}

impl Copy {
    /// Reads the copy from a record; other actions have none.
    pub fn of(
        r: &Record<'_>,
        action: Action,
        op: &str,
        place: &Place,
        interner: &mut Interner,
    ) -> Self {
        let mut copy = Self {
            from: None,
            to: Destination::default(),
            duplicate_of_account: None,
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
        let is_elsewhere = to.as_ref().is_some_and(|to| to.account != place.account);
        let (other, host) = to.map_or((None, None), |to| (to.account, to.host));
        copy.to.account = other.as_deref().map(|account| interner.share(account));
        copy.to.endpoint = host
            .filter(|_| other.is_none())
            .map(|host| interner.untrusted(&host));
        if COPY_SIDES.contains(&op) {
            // The row of the copy itself is in the log of the destination account.
            let is_given_away = is_source_side && is_elsewhere;
            copy.is_counted = is_given_away;
            copy.duplicate_of_account = copy.to.account.clone().filter(|_| is_given_away);
        }
        copy
    }
}
