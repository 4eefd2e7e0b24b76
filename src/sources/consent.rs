//! What a grant of scopes or roles to an application says. The directory's own log and its copy in the unified audit log
//! have the same changed properties.

use crate::sources::parts::text::is_guid;

/// The most scopes of a grant that are kept.
const SCOPES_MAX: usize = 256;
/// The name before the permissions of a consent.
const SCOPE: &str = "Scope: ";
/// The name before the id of a permission that an application asks for.
const PERMISSION: &str = "EntitlementId";

/// A changed property: its old and its new value, as written.
pub type Change = (String, String);

/// The scopes that a change gives, and the application that gets them.
#[derive(Debug, Default, PartialEq)]
pub struct Grant {
    pub scopes: Vec<String>,
    pub application: Option<String>,
}

/// Returns the operation, in lower case and without its full stop, if what it changes decides whether it is a grant.
pub fn is_of_application(op: &str) -> bool {
    matches!(op, "update application" | "update service principal")
}

/// Reads a grant from the properties that it changes.
pub fn grant(change: impl Fn(&str) -> Option<Change>) -> Grant {
    let new = |name: &str| Some(change(name)?.1);
    let mut scopes = Vec::new();
    if let Some(text) = new("DelegatedPermissionGrant.Scope") {
        add_words(&text, &mut scopes);
    } else if let Some(text) = new("ConsentAction.Permissions") {
        // The old permissions are before an arrow.
        let given = text.rsplit("=>").next().unwrap_or(&text);
        for part in given.split(SCOPE).skip(1) {
            add_words(
                part.split([',', ';', ']']).next().unwrap_or(part),
                &mut scopes,
            );
        }
    } else if let Some(text) = new("AppRole.Value") {
        add_words(&text, &mut scopes);
    } else if let Some((before, after)) = change("RequiredResourceAccess") {
        let known = permissions(&before);
        for id in permissions(&after) {
            if !known.contains(&id) {
                add_words(&id, &mut scopes);
            }
        }
    }
    let application = ["ServicePrincipal.AppId", "ServicePrincipal.ObjectID"]
        .iter()
        .find_map(|name| first_guid(&new(name)?))
        // A consent is about the application itself; other grants name the service that is opened here.
        .or_else(|| {
            new("ConsentAction.Permissions")
                .or_else(|| new("RequiredResourceAccess"))
                .and_then(|_| first_guid(&new("TargetId.ServicePrincipalNames")?))
        });
    Grant {
        scopes,
        application,
    }
}

/// Adds the scopes of a list with blanks or commas between, each once.
fn add_words(text: &str, scopes: &mut Vec<String>) {
    let is_between = |c: char| c.is_whitespace() || matches!(c, '"' | ',' | '[' | ']' | '\\');
    for word in text.split(is_between).filter(|word| !word.is_empty()) {
        if scopes.len() < SCOPES_MAX && !scopes.iter().any(|known| known == word) {
            scopes.push(word.to_owned());
        }
    }
}

/// Returns the ids of the permissions that an application asks for.
fn permissions(text: &str) -> Vec<String> {
    let after = text.split(PERMISSION).skip(1);
    after.filter_map(first_guid).take(SCOPES_MAX).collect()
}

/// Returns the first id in a text.
fn first_guid(text: &str) -> Option<String> {
    let words = text.split(|c: char| !c.is_ascii_hexdigit() && c != '-');
    let found = words.into_iter().find(|word| is_guid(word))?;
    Some(found.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_and_application_are_read_from_what_changed() {
        const APP: &str = "0f0f0f0f-1111-4222-8333-444444444444";
        const API: &str = "00000003-0000-0000-c000-000000000000";
        const OLD: &str = "e1fe6dd8-ba31-4d61-89e7-88639da4683d";
        const NEW: &str = "df021288-bdef-4463-88db-98f22de89214";
        let asked = |ids: &[&str]| {
            let ids = ids
                .iter()
                .map(|id| format!("{{\"EntitlementId\":\"{id}\"}}"));
            ids.collect::<Vec<_>>().join(",")
        };
        let quoted = |text: &str| format!("\"{text}\"");
        for (changes, scopes, application) in [
            (
                vec![
                    (
                        "ConsentAction.Permissions",
                        String::new(),
                        quoted(
                            "[[Scope: User.Read, X: y]] => [[Id: a, Scope: User.Read Mail.Read, X: y], [Id: b, Scope: Directory.Read.All]]; ",
                        ),
                    ),
                    ("TargetId.ServicePrincipalNames", String::new(), quoted(APP)),
                ],
                &["User.Read", "Mail.Read", "Directory.Read.All"][..],
                Some(APP),
            ),
            (
                vec![
                    (
                        "DelegatedPermissionGrant.Scope",
                        String::new(),
                        quoted(" Files.Read.All "),
                    ),
                    ("ServicePrincipal.AppId", String::new(), quoted(APP)),
                    ("TargetId.ServicePrincipalNames", String::new(), quoted(API)),
                ],
                &["Files.Read.All"],
                Some(APP),
            ),
            // The target is the service that is opened, not the one that gets in.
            (
                vec![
                    ("AppRole.Value", String::new(), quoted("User.Read.All")),
                    ("TargetId.ServicePrincipalNames", String::new(), quoted(API)),
                ],
                &["User.Read.All"],
                None,
            ),
            (
                vec![("RequiredResourceAccess", asked(&[OLD]), asked(&[OLD, NEW]))],
                &[NEW],
                None,
            ),
            (
                vec![("RequiredResourceAccess", asked(&[OLD, NEW]), asked(&[OLD]))],
                &[],
                None,
            ),
            (vec![("DisplayName", String::new(), quoted("x"))], &[], None),
        ] {
            let found = grant(|name| {
                let (_, old, new) = changes.iter().find(|(known, ..)| *known == name)?;
                Some((old.clone(), new.clone()))
            });
            assert_eq!(found.scopes, scopes, "{changes:?}");
            assert_eq!(found.application.as_deref(), application, "{changes:?}");
        }
    }
}
