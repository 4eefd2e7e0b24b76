//! Texts that stand for nobody: what providers write where they know no identity, address or client.
//!
//! There is one list for all of them. Parsers that choose among several names skip such a text, and [`clear`] removes it from
//! every event, whatever its format. So callers that are not known never become one identity.

use crate::event::{Event, Principal};

/// What is written instead of a name, ignoring case.
const PLACEHOLDERS: &[&str] = &[
    "-",
    "null",
    "nan",
    "n/a",
    "unknown",
    "undefined",
    "unavailable",
    "not available",
    "notavailable",
    "not_available",
    "not applicable",
    "not set",
    "unspecified",
    "(null)",
    "<null>",
    "(unknown)",
    "<unknown>",
    "<none>",
    // CloudTrail, instead of a user name that may be a mistyped password.
    "hidden_due_to_security_reasons",
    // Under these names services act for callers that they do not name.
    "app@sharepoint",
    "sharepoint\\system",
    "serviceoperator",
    "service-to-service",
    "servicetoservice",
    // The machine itself, the services of a machine, and a caller without a name.
    "s-1-0-0",
    "s-1-5-7",
    "s-1-5-18",
    "s-1-5-19",
    "s-1-5-20",
];

/// The longest placeholder that is no id of zeros.
const LEN_MAX: usize = 30;
/// From this length an id of zeros is a placeholder; an account number of twelve zeros is one of an emulator.
const ZEROS_MIN: usize = 16;

/// Prefixes of canonical ids whose last part was chosen or attested by somebody: a name there is a name, whatever it is.
/// Otherwise, a caller could be hidden by calling it `unknown`.
const NAMED: [&str; 5] = [
    "arn:",
    "aws:saml:",
    "aws:webid:",
    "azure:key:",
    "azure:sas:",
];

/// Returns whether a text means that nobody and nothing is known.
pub fn is_placeholder(text: &str) -> bool {
    let text = text.trim();
    let is_of_zeros =
        || text.len() >= ZEROS_MIN && text.bytes().all(|byte| matches!(byte, b'0' | b'-'));
    match text.len() {
        0 => true,
        len if len <= LEN_MAX => {
            PLACEHOLDERS
                .iter()
                .any(|known| known.eq_ignore_ascii_case(text))
                || is_of_zeros()
        }
        _ => is_of_zeros(),
    }
}

/// Returns the name in a canonical id: all that comes after the scheme and its scope. A name may have separators in it, and what is
/// after the last of them may have been chosen by anybody.
fn name_in(id: &str) -> Option<&str> {
    let (scheme, rest) = id.split_once(':')?;
    let after = |separator: char| rest.split_once(separator).map_or(rest, |(_, name)| name);
    let name = match scheme {
        "entra" => {
            let name = after('/');
            name.strip_prefix("upn/").unwrap_or(name)
        }
        "slack" | "gws" => after('/'),
        "okta" => {
            let name = after('/');
            let of_kind = name.split_once('/');
            of_kind.map_or(name, |(_, id)| if is_placeholder(name) { name } else { id })
        }
        "aws" => match rest.strip_prefix("account:") {
            Some(of_account) => of_account.split_once('/')?.1,
            None => rest.split_once(':')?.1,
        },
        "gcp" | "m365" | "azure" => rest.split_once(':')?.1,
        _ => rest,
    };
    Some(name)
}

/// Returns whether the name in a canonical id is a placeholder, as in `entra:TENANT/upn/not available`.
fn names_nobody(id: &str) -> bool {
    let is_chosen = NAMED.iter().any(|start| id.starts_with(start));
    !is_chosen && name_in(id).is_some_and(|name| !name.is_empty() && is_placeholder(name))
}

/// Removes placeholders from an event: its caller, whose aliases and ids they are, and the address that it came from.
pub fn clear(event: &mut Event) {
    let is_nobody = |principal: &mut Principal| names_nobody(&principal.id);
    event.principal.take_if(is_nobody);
    if let Some(principal) = &mut event.principal {
        principal.aliases.retain(|alias| !is_placeholder(alias));
        principal.unique_id.take_if(|id| is_placeholder(id));
    }
    let context = &mut event.context;
    context.on_behalf_of.take_if(|id| names_nobody(id));
    context.delegation.retain(|id| !names_nobody(id));
    event.created.take_if(|id| names_nobody(id));
    event.credential.take_if(|id| is_placeholder(id));
    event.application.take_if(|id| is_placeholder(id));
    event.peer.host.take_if(|host| is_placeholder(host.raw()));
    event.peer.ip.take_if(|ip| ip.is_unspecified());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{IdentityKind, Peer, Provider, Source, Untrusted};
    use crate::time::Time;

    #[test]
    fn placeholders_are_no_names_and_names_are_none() {
        for text in [
            "",
            " ",
            "-",
            "Not Available",
            "NotAvailable",
            "UNKNOWN",
            "n/a",
            "app@sharepoint",
            "S-1-5-18",
            "ServiceOperator",
            "HIDDEN_DUE_TO_SECURITY_REASONS",
            "00000000-0000-0000-0000-000000000000",
            "0000000000000000",
        ] {
            assert!(is_placeholder(text), "{text}");
        }
        for text in [
            "0",
            "000000000000",
            "unknown@acme.example",
            "n",
            "S-1-5-21-1",
            "00000000-0000-0000-0000-000000000001",
            "1003200000000AAA",
            "system",
        ] {
            assert!(!is_placeholder(text), "{text}");
        }
    }

    #[test]
    fn every_provider_has_callers_without_a_name() {
        let event = |id: &str| {
            let mut event = Event::new(
                Time::from_nanos(0),
                "1".into(),
                Provider::Other,
                Source::Ocsf,
            );
            event.principal = Some(Principal {
                aliases: vec!["N/A".into(), "ana@example.com".into()],
                ..Principal::new(id.into(), IdentityKind::Human)
            });
            event.peer = Peer {
                ip: Some("0.0.0.0".parse().unwrap_or_else(|_| unreachable!())),
                host: Some(Untrusted::new("Not Available")),
                ..Peer::default()
            };
            clear(&mut event);
            assert_eq!((event.peer.ip, &event.peer.host), (None, &None));
            event.principal.map(|principal| principal.aliases.len())
        };
        for id in [
            "entra:T/upn/not available",
            "entra:T/00000000-0000-0000-0000-000000000000",
            "m365:service:serviceoperator",
            "aws:account:111122223333/Unknown",
            "okta:acme/User/unknown",
            "slack:E1/N/A",
            "gws:-/unknown",
            "other:unknown",
            "gcp:user:unknown",
            "gcp:principal:unknown",
        ] {
            assert_eq!(event(id), None, "{id}");
        }
        for id in [
            "arn:aws:iam::111122223333:user/unknown",
            "aws:saml:IDP/unknown",
            "aws:account:111122223333",
            "azure:sas:acme/unknown",
            "gcp:principal:principal://iam.googleapis.com/x/subject/unknown",
            // Whoever may choose a part of a name cannot hide by it.
            "gcp:principal:system:serviceaccount:prod:unknown",
            "gcp:principal:system:serviceaccount:prod:null",
            "gcp:sa:p.svc.id.goog[prod/undefined]",
            "gcp:sa:p.svc.id.goog[undefined]:unknown",
            "aws:account:111122223333/team/null",
            "entra:T/app/unknown",
            "okta:acme/User/team/unknown",
            "slack:E1/team/unknown",
            "gws:C0/team:unknown",
            "m365:service:app/undefined",
            "other:prod:unknown",
            "other:prod/unknown",
            "entra:-/upn/ana@example.com",
            "azure:anonymous",
        ] {
            assert_eq!(event(id), Some(1), "{id}");
        }
    }
}
