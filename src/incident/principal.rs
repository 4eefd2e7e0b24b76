//! Which aliases are ids of a principal, so that two entities which share one are the same person or workload.
//!
//! A bare name is none: `admin` is somebody else in every account. Nor is the number of an account, or an instance profile, which many
//! principals share. What is no id by its form is not used, and what turns out to be shared by many entities is not used either.

/// Aliases of an alert that are looked at.
const ALIASES_MAX: usize = 16;
/// The most bytes of an alias; longer ones are no ids.
const ALIAS_BYTES_MAX: usize = 512;
/// Digits of an AWS account number.
const ACCOUNT_DIGITS: usize = 12;
/// The fewest characters of an opaque id in capitals and digits, as in `AIDA…` or `U012AB3CD`.
const CAPITALS_MIN: usize = 9;
/// The fewest characters of any other opaque id.
const OPAQUE_MIN: usize = 18;

/// Returns the aliases that are ids of a principal, in a form in which they can be compared.
pub(super) fn ids_of(aliases: &[String]) -> Vec<String> {
    let ids = aliases.iter().filter(|alias| is_id(alias));
    ids.take(ALIASES_MAX)
        .map(|alias| comparable(alias))
        .collect()
}

/// Returns an id in a form in which it can be compared: addresses of e-mail are the same in either case.
pub(super) fn comparable(id: &str) -> String {
    if id.contains('@') {
        id.to_ascii_lowercase()
    } else {
        id.to_owned()
    }
}

/// Returns whether an alias is by its form the id of one principal.
fn is_id(alias: &str) -> bool {
    let last = alias.rsplit([':', '/']).next().unwrap_or(alias);
    let is_account = last.len() == ACCOUNT_DIGITS && last.bytes().all(|b| b.is_ascii_digit());
    let is_profile = last.starts_with("AIPA") || alias.contains(":instance-profile/");
    if alias.len() > ALIAS_BYTES_MAX || is_account || is_profile {
        return false;
    }
    let has_digit = alias.bytes().any(|b| b.is_ascii_digit());
    let is_word = alias.bytes().all(|b| b.is_ascii_alphanumeric());
    let is_capital = !alias.bytes().any(|b| b.is_ascii_lowercase());
    let is_address = alias
        .split_once('@')
        .is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.'));
    let is_canonical = alias.contains(':') && last.len() > 1 && alias.len() >= OPAQUE_MIN;
    is_address
        || is_canonical
        || is_guid(alias)
        || is_instance(alias)
        || (has_digit
            && is_word
            && (alias.len() >= OPAQUE_MIN || is_capital && alias.len() >= CAPITALS_MIN))
}

/// Returns whether it is a GUID, as object ids of Entra are.
fn is_guid(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let is_hex = |part: &&str| part.bytes().all(|b| b.is_ascii_hexdigit());
    parts.iter().all(is_hex) && parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12])
}

/// Returns whether it is the id of an EC2 instance.
fn is_instance(text: &str) -> bool {
    text.strip_prefix("i-")
        .is_some_and(|id| id.len() >= 8 && id.bytes().all(|b| b.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_told_from_names_and_accounts() {
        for id in [
            "AROAEXAMPLE1234567",
            "AIDAEXAMPLE12345:alice",
            "alice@example.com",
            "8f14e45f-ceea-467f-a9d0-1234567890ab",
            "i-0abc1234def567890",
            "112233445566778899001",
            "U012AB3CD",
            "00u1abcdEFGH2345ijkl",
            "arn:aws:iam::111122223333:user/alice",
        ] {
            assert!(is_id(id), "{id}");
        }
        for name in [
            "admin",
            "etl-reporting-2",
            "111122223333",
            "arn:aws:iam::111122223333:root/111122223333",
            "aws:111122223333",
            "AIPAEXAMPLE1234567",
            "arn:aws:iam::111122223333:instance-profile/web",
            "",
            "@",
            "root",
        ] {
            assert!(!is_id(name), "{name}");
        }
        assert!(ids_of(&["x".repeat(600) + "@example.com"]).is_empty());
        assert_eq!(
            ids_of(&["Alice@Example.com".to_owned()]),
            ["alice@example.com"]
        );
    }
}
