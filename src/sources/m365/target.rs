//! The target of an operation: mailboxes and folders, sites and files, and where they were sent.

use crate::event::Action::{self, *};
use crate::event::{Destination, Untrusted};
use crate::sources::interner::Interner;
use crate::sources::json::Value;
use crate::sources::m365::actions;
use crate::sources::m365::record::Record;
use crate::sources::parts::text::{domain_of, stated_text};
use crate::vocab::Str;

/// The destination of data that is public: everyone.
const EVERYONE: &str = "*";
/// Marker in the names of guests; their own address is before it.
const GUEST: &str = "#ext#";
/// The most folders with an event each; more folders share one event.
const FOLDERS_MAX: usize = 1_000;
/// The most addresses of a rule that are read.
const ADDRESSES_MAX: usize = 64;
/// Parameters of cmdlets with forwarding addresses.
const FORWARDING: [&str; 10] = [
    "ForwardTo",
    "ForwardAsAttachmentTo",
    "RedirectTo",
    "ForwardingSmtpAddress",
    "ForwardingAddress",
    "RedirectMessageTo",
    "BlindCopyTo",
    "CopyTo",
    "AddToRecipients",
    // Parameters of a mail client's rule.
    "RuleActions",
];
/// Operations that give a file to everyone who has its link.
const PUBLISHING: [&str; 1] = ["anonymouslinkcreated"];

/// The target of an operation.
#[derive(Default)]
pub struct Target {
    /// A mailbox, a site or a team.
    pub container: Option<Untrusted>,
    /// A file, a folder or an object of the directory.
    pub object: Option<Untrusted>,
    /// Number of items.
    pub items: Option<u64>,
    /// Where a copy came from.
    pub copied_from: Option<Untrusted>,
    /// Where it went.
    pub destination: Destination,
}

/// A folder and the number of its items that were accessed.
pub struct Folder {
    /// Its path.
    pub path: Option<Untrusted>,
    /// How many.
    pub items: Option<u64>,
}

/// Resolves the action of an operation that copies mail only if it forwards it.
pub fn resolve_action(action: Action, op: &str, r: &Record<'_>) -> Action {
    match actions::is_forwarder(op) && forwarded(r).is_empty() {
        true => Other,
        false => action,
    }
}

/// Reads the target; `op` is in lower case, `own` is the domain of the organisation, if it is stated.
pub fn target(
    r: &Record<'_>,
    op: &str,
    action: Action,
    own: Option<&str>,
    interner: &mut Interner,
) -> Target {
    if actions::is_forwarder(op) {
        return forwarding(r, own, interner);
    }
    let site = r.text(&["siteurl"]);
    let site = site.as_deref().map(|url| url.trim_end_matches('/'));
    let mailbox = r.text(&["mailboxownerupn"]).map(|text| text.to_lowercase());
    let team = r.text(&["teamguid"]).map(|text| text.to_lowercase());
    let container = mailbox
        .clone()
        .or_else(|| site.map(str::to_lowercase))
        .or(team)
        .map(|text| interner.untrusted(&text));
    let object = match (&mailbox, site) {
        (Some(_), _) => folder_of(r),
        (None, Some(site)) => file_of(r, site),
        (None, None) => r
            .text(&["objectid", "officeobjectid"])
            .map(|text| text.into_owned()),
    };
    let is_file_copy = matches!(op, "filecopied" | "filemoved");
    Target {
        copied_from: container.clone().filter(|_| is_file_copy),
        container,
        object: object.map(|text| interner.untrusted(&text)),
        items: items(r),
        destination: match action {
            CopyObject if is_file_copy => Destination {
                container: r
                    .text(&["destinationrelativeurl"])
                    .map(|text| interner.untrusted(&text)),
                ..Destination::default()
            },
            CopyObject => shared_with(r, op, interner),
            _ => Destination::default(),
        },
    }
}

/// Returns the path of a file below its site.
fn file_of(r: &Record<'_>, site: &str) -> Option<String> {
    let folder = r.text(&["sourcerelativeurl"]);
    let name = r.text(&["sourcefilename"]);
    if let Some(name) = name {
        return Some(match folder {
            Some(folder) => format!("{}/{name}", folder.trim_matches('/')),
            None => name.into_owned(),
        });
    }
    let url = r.text(&["objectid", "officeobjectid"])?;
    let is_below = url
        .get(..site.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(site));
    let path = if is_below { &url[site.len()..] } else { &url };
    Some(path.trim_matches('/').to_owned()).filter(|path| !path.is_empty())
}

/// Returns the path of the folder of a record about mail.
fn folder_of(r: &Record<'_>) -> Option<String> {
    let path = |name: &str, path: &[&str]| {
        let column = r.column(name);
        let found = column.value().path(path).and_then(stated_text);
        found.map(|text| text.into_owned())
    };
    path("item", &["ParentFolder", "Path"])
        .or_else(|| path("folder", &["Path"]))
        .or_else(|| path("affecteditems", &["ParentFolder", "Path"]))
}

/// Returns the number of items of a record.
fn items(r: &Record<'_>) -> Option<u64> {
    let listed = r.column("affecteditems");
    let listed = listed.value().elements().count() as u64;
    r.get(&["operationcount"])
        .and_then(Value::amount)
        .or((listed > 0).then_some(listed))
}

/// Returns the folders whose items were accessed.
pub fn folders(r: &Record<'_>, interner: &mut Interner) -> Vec<Folder> {
    let column = r.column("folders");
    let mut folders: Vec<Folder> = column
        .value()
        .elements()
        .filter(|folder| matches!(folder, Value::Object(_)) && folder.is_present())
        .take(FOLDERS_MAX + 1)
        .map(|folder| {
            let path = ["Path", "Id"]
                .iter()
                .find_map(|name| folder.get_any_case(name).and_then(stated_text));
            let items = folder.get_any_case("FolderItems");
            Folder {
                path: path.map(|text| interner.untrusted(&text)),
                items: items.map(|items| items.elements().count() as u64),
            }
        })
        .collect();
    if folders.len() > FOLDERS_MAX {
        folders.clear();
    }
    folders
}

/// Returns the external recipient of a file.
fn shared_with(r: &Record<'_>, op: &str, interner: &mut Interner) -> Destination {
    let target = r.text(&["targetuserorgroupname"]);
    let is_guest = r
        .text(&["targetuserorgrouptype"])
        .is_some_and(|kind| kind.eq_ignore_ascii_case("guest"));
    let account = match &target {
        _ if PUBLISHING.contains(&op) => Some(EVERYONE.to_owned()),
        Some(target) if is_guest => domain_of_guest(&target.to_lowercase()),
        _ => return Destination::default(),
    };
    Destination {
        account: account.map(|text| interner.share(&text)),
        endpoint: target.map(|text| interner.untrusted(&text)),
        external: Some(true),
        ..Destination::default()
    }
}

/// Returns the domain that a guest comes from: `eve_elsewhere.example#ext#@acme.onmicrosoft.com`.
fn domain_of_guest(name: &str) -> Option<String> {
    match name.split_once(GUEST) {
        Some((own, _)) => own.rsplit_once('_').map(|(_, domain)| domain.to_owned()),
        None => domain_of(name),
    }
}

/// Returns the forwarding addresses, as the parameters write them.
fn forwarded(r: &Record<'_>) -> Vec<String> {
    let lists = ["parameters", "operationproperties"];
    lists
        .iter()
        .flat_map(|list| FORWARDING.iter().map(move |name| (*list, *name)))
        .filter_map(|(list, name)| Some((name, r.listed(list, name)?)))
        .flat_map(|(name, text)| match name {
            "RuleActions" => of_rule(&text),
            _ => addresses(&text),
        })
        .take(ADDRESSES_MAX)
        .collect()
}

/// Returns the addresses in the actions of a mail client's rule, if it forwards mail.
fn of_rule(text: &str) -> Vec<String> {
    let sends = ["forward", "redirect"];
    let lower = text.to_lowercase();
    if !sends.iter().any(|verb| lower.contains(verb)) {
        return Vec::new();
    }
    let is_part = |c: char| c.is_whitespace() || "\"'[]{}(),;<>\\".contains(c);
    let found: Vec<String> = lower
        .split(is_part)
        .filter(|part| domain_of(part).is_some())
        .take(ADDRESSES_MAX)
        .map(|part| without_prefix(part).to_owned())
        .collect();
    match found.is_empty() {
        true => vec![lower],
        false => found,
    }
}

fn addresses(text: &str) -> Vec<String> {
    text.split([';', ','])
        .map(|part| without_prefix(part.trim()).to_owned())
        .filter(|part| !part.is_empty() && !part.eq_ignore_ascii_case("false"))
        .take(ADDRESSES_MAX)
        .collect()
}

/// Removes the prefix of an address: `smtp:eve@elsewhere.example`.
fn without_prefix(address: &str) -> &str {
    match address.split_once(':') {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("smtp") => rest,
        _ => address,
    }
}

/// Reads the mailbox whose mail is forwarded, and the destination.
fn forwarding(r: &Record<'_>, own: Option<&str>, interner: &mut Interner) -> Target {
    let mailbox = ["Mailbox", "Identity"]
        .iter()
        .find_map(|name| r.listed("parameters", name))
        .or_else(|| r.text(&["mailboxownerupn"]).map(|text| text.into_owned()))
        .or_else(|| r.text(&["userid", "userids"]).map(|text| text.into_owned()));
    let to = forwarded(r);
    let domains: Vec<Option<String>> = to.iter().map(|address| domain_of(address)).collect();
    let is_foreign = |domain: &Option<String>| domain.is_some() && domain.as_deref() != own;
    let at = domains
        .iter()
        .position(is_foreign)
        .or_else(|| domains.iter().position(Option::is_some));
    let account: Option<Str> = at
        .and_then(|at| domains[at].as_deref())
        .map(|domain| interner.share(domain));
    Target {
        container: mailbox.map(|text| interner.untrusted(&text.to_lowercase())),
        object: r.text(&["objectid"]).map(|text| interner.untrusted(&text)),
        destination: Destination {
            account,
            endpoint: to
                .get(at.unwrap_or(0))
                .map(|address| interner.untrusted(address)),
            // The record does not show whether the domain is ours: an administrator may be a partner's.
            ..Destination::default()
        },
        ..Target::default()
    }
}
