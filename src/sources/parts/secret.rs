//! Redacts credentials in the raw text of records before the text is shown or kept.

/// Names of credentials in request parameters and members of records, in lower case. Longer names may end with them.
const NAMES: [&str; 29] = [
    "sig",
    "signature",
    "token",
    "accesstoken",
    "sessiontoken",
    "securitytoken",
    "refreshtoken",
    "secret",
    "clientsecret",
    "secretstring",
    "secretbinary",
    "secretkey",
    "secret_key",
    "secretaccesskey",
    "secret_access_key",
    "privatekey",
    "private_key",
    "private-key",
    "apikey",
    "api_key",
    "api-key",
    "password",
    "passwd",
    "passphrase",
    "assertion",
    "cookie",
    AUTHORIZATION,
    "connectionstring",
    "sharedkey",
];
/// A header whose value may contain spaces, or a member with an object that is not a credential.
const AUTHORIZATION: &str = "authorization";
/// Names of this length match the end of any word; shorter ones must begin a word, as in `saSig`.
const DISTINCTIVE_NAME_LEN: usize = 8;
/// The word before a token that has no name.
const BEARER: &str = "bearer ";
/// The shortest word after it that is a token.
const BEARER_TOKEN_LEN_MIN: usize = 16;
/// Separators between a name and its value, and their escaped forms in JSON and URLs.
const SEPARATORS: [&str; 9] = [":", "=", "\"", "\\", " ", "\t", "%3d", "%3D", "u003d"];
/// Replacement for a credential. It is no longer than the shortest credential.
const MASK: &str = "*";

/// Returns a text with its credentials replaced.
pub fn redact(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((start, end)) = next_credential(rest) {
        out.push_str(&rest[..start]);
        out.push_str(MASK);
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}

/// Returns the range of the first credential.
fn next_credential(text: &str) -> Option<(usize, usize)> {
    let pairs = text.as_bytes().windows(2).enumerate();
    pairs
        .filter(|(_, pair)| may_begin(pair[0], pair[1]))
        .find_map(|(at, _)| named_credential(text, at).or_else(|| bearer_token(text, at)))
}

/// Returns whether a name, or the word before a token, begins with these two letters.
fn may_begin(first: u8, second: u8) -> bool {
    /// For each first letter, a bit for each second letter.
    const SECONDS: [u32; 256] = {
        let mut seconds = [0; 256];
        let mut number = 0;
        while number <= NAMES.len() {
            let word = if number < NAMES.len() {
                NAMES[number].as_bytes()
            } else {
                BEARER.as_bytes()
            };
            let bit = 1 << (word[1] - b'a');
            seconds[word[0] as usize] |= bit;
            seconds[word[0].to_ascii_uppercase() as usize] |= bit;
            number += 1;
        }
        seconds
    };
    let seconds = SECONDS[usize::from(first)];
    let second = second.to_ascii_lowercase().wrapping_sub(b'a');
    second < 26 && seconds >> second & 1 == 1
}

/// Returns the range of the credential whose name begins here.
fn named_credential(text: &str, at: usize) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let third = bytes.get(at + 2)?.to_ascii_lowercase();
    let alike = |name: &&&str| name.as_bytes()[2] == third;
    NAMES.iter().filter(alike).find_map(|name| {
        let end = at + name.len();
        let is_name = is_at(bytes, at, name)
            && !is_letter(bytes, end)
            && (name.len() >= DISTINCTIVE_NAME_LEN || begins_word(bytes, at));
        if !is_name {
            return None;
        }
        let (start, quotes) = value_start(text, end)?;
        let value = &bytes[start..];
        let len = match (quotes, value.first()?) {
            (Some(depth), _) => quoted_len(value, depth),
            (None, b'{') if *name == AUTHORIZATION => return None,
            (None, b'[' | b'{') => enclosed_len(value),
            (None, _) => bare_len(value, *name == AUTHORIZATION),
        };
        (len > 0).then_some((start, start + len))
    })
}

/// Returns the range of the bearer token whose prefix begins here.
fn bearer_token(text: &str, at: usize) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    if !is_at(bytes, at, BEARER) || !begins_word(bytes, at) {
        return None;
    }
    let start = at + BEARER.len();
    let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(byte);
    let len = bytes[start..].iter().take_while(is_part).count();
    (len >= BEARER_TOKEN_LEN_MIN).then_some((start, start + len))
}

fn is_at(bytes: &[u8], at: usize, name: &str) -> bool {
    let part = bytes.get(at..at + name.len());
    part.is_some_and(|part| part.eq_ignore_ascii_case(name.as_bytes()))
}

fn is_letter(bytes: &[u8], at: usize) -> bool {
    bytes.get(at).is_some_and(u8::is_ascii_alphanumeric)
}

/// Returns whether a word begins here: after a separator, or with a capital as in `adminPassword` and `DBPassword`.
fn begins_word(bytes: &[u8], at: usize) -> bool {
    // An escape sequence ends in a letter or digit but is a separator.
    let is_escaped = |len: usize, mark: &[u8]| {
        at.checked_sub(len)
            .is_some_and(|from| bytes[from..].starts_with(mark))
    };
    let Some(before) = at.checked_sub(1) else {
        return true;
    };
    let is_capital = bytes[at].is_ascii_uppercase()
        && (!bytes[before].is_ascii_uppercase()
            || bytes.get(at + 1).is_some_and(u8::is_ascii_lowercase));
    !is_letter(bytes, before) || is_capital || is_escaped(3, b"%") || is_escaped(6, b"\\u")
}

/// Returns where the value after a name begins, and the number of backslashes before its quotes if it has quotes; `None` if
/// there is no value.
fn value_start(text: &str, mut at: usize) -> Option<(usize, Option<usize>)> {
    let mut is_stated = false;
    let mut backslashes = 0;
    loop {
        let rest = &text[at..];
        let Some(sign) = SEPARATORS.iter().find(|sign| rest.starts_with(**sign)) else {
            return is_stated.then_some((at, None));
        };
        at += sign.len();
        // A quote before the sign closes the name.
        if is_stated && *sign == "\"" {
            return Some((at, Some(backslashes)));
        }
        is_stated |= !matches!(*sign, "\"" | "\\" | " " | "\t");
        backslashes = if *sign == "\\" { backslashes + 1 } else { 0 };
    }
}

/// Returns whether a quote after this many backslashes is part of a text whose own quotes have `depth` backslashes: JSON may
/// be quoted in JSON.
fn is_inner(backslashes: usize, depth: usize) -> bool {
    let inner = 2 * depth + 1;
    backslashes % (inner + 1) == inner
}

/// Returns the length of a value in quotes.
fn quoted_len(value: &[u8], depth: usize) -> usize {
    let mut backslashes = 0;
    for (at, byte) in value.iter().enumerate() {
        match byte {
            b'\\' => backslashes += 1,
            b'"' if !is_inner(backslashes, depth) => return at - backslashes.min(depth),
            _ => backslashes = 0,
        }
    }
    value.len()
}

/// Returns the length of a list or an object, with its brackets.
fn enclosed_len(value: &[u8]) -> usize {
    let (mut open, mut backslashes) = (0_usize, 0);
    // The quotes of all its texts have as many backslashes as the first.
    let (mut depth, mut is_text) = (None, false);
    for (at, byte) in value.iter().enumerate() {
        match byte {
            b'\\' => {
                backslashes += 1;
                continue;
            }
            b'"' if !is_inner(backslashes, *depth.get_or_insert(backslashes)) => {
                is_text = !is_text;
            }
            b'[' | b'{' if !is_text => open += 1,
            b']' | b'}' if !is_text => {
                open = open.saturating_sub(1);
                if open == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
        backslashes = 0;
    }
    value.len()
}

/// Returns the length of a value without quotes: it ends at a separator of parameters, texts or lists.
fn bare_len(value: &[u8], has_spaces: bool) -> usize {
    let ends = |at: usize| match value[at] {
        b' ' => !has_spaces,
        b'"' | b'&' | b'\'' | b'<' | b',' | b';' | b'}' => true,
        b'\\' => value.get(at + 1) != Some(&b'/'),
        b'%' => value[at..].starts_with(b"%26"),
        other => other.is_ascii_control(),
    };
    (0..value.len()).find(|at| ends(*at)).unwrap_or(value.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_credentials_are_redacted() {
        for (text, expected) in [
            (
                r#"{"uri":"https://a.example/c/k?sv=1&sig=S%2Bs%3D&se=2"}"#,
                r#"{"uri":"https://a.example/c/k?sv=1&sig=*&se=2"}"#,
            ),
            (
                r"?a=b\u0026sig\u003dabc\/d\u0026se=1",
                r"?a=b\u0026sig\u003d*\u0026se=1",
            ),
            ("?redirect=%3Fsig%3Dabc%26x", "?redirect=%3Fsig%3D*%26x"),
            (
                r#""GET /k?X-Amz-Security-Token=T&X-Amz-Signature=S HTTP/1.1" 200"#,
                r#""GET /k?X-Amz-Security-Token=*&X-Amz-Signature=* HTTP/1.1" 200"#,
            ),
            (
                "GoogleAccessId=a@b&Signature=S/s=",
                "GoogleAccessId=a@b&Signature=*",
            ),
            (
                r#"{"sessionToken": "T, and so on","expiration":"e"}"#,
                r#"{"sessionToken": "*","expiration":"e"}"#,
            ),
            (
                r#"{\"secretAccessKey\":\"K&/\",\"x\":1}"#,
                r#"{\"secretAccessKey\":\"*\",\"x\":1}"#,
            ),
            (
                r#"{"password":"abc\"REST\\","x":1}"#,
                r#"{"password":"*","x":1}"#,
            ),
            (
                r#"{\"password\":\"a\\\"b\",\"x\":1}"#,
                r#"{\"password\":\"*\",\"x\":1}"#,
            ),
            (
                r#"{"adminPassword":"a","masterUserPassword":"b","DBPassword":"c","new_password":"d"}"#,
                r#"{"adminPassword":"*","masterUserPassword":"*","DBPassword":"*","new_password":"*"}"#,
            ),
            (
                r#"{"clientSecret":"a","client_secret":"b","apiKey":"c","x-api-key":"d","saToken":"e"}"#,
                r#"{"clientSecret":"*","client_secret":"*","apiKey":"*","x-api-key":"*","saToken":"*"}"#,
            ),
            (
                r#"{"privateKey":"a","access_token":"b","SAMLAssertion":"c","secret_access_key":"d"}"#,
                r#"{"privateKey":"*","access_token":"*","SAMLAssertion":"*","secret_access_key":"*"}"#,
            ),
            (
                "Authorization: Bearer eyJ0eXAi.x.y; rest",
                "Authorization: *; rest",
            ),
            (
                r#"{"headers":["Bearer eyJ0eXAiOiJKV1Qi.x-y_z"],"a":1}"#,
                r#"{"headers":["Bearer *"],"a":1}"#,
            ),
            (
                r#"{"password":["a]\"","b"],"x":[1]}"#,
                r#"{"password":*,"x":[1]}"#,
            ),
            (
                r#"{\"token\":{\"a\":\"}\"},\"x\":1}"#,
                r#"{\"token\":*,\"x\":1}"#,
            ),
            (r#"{"password":null,"sig":7}"#, r#"{"password":*,"sig":*}"#),
            (r#"{"sessionToken":"cut off"#, r#"{"sessionToken":"*"#),
        ] {
            let found = redact(text);
            assert!(found.starts_with(expected), "{found}");
            assert!(found.len() <= text.len(), "{found}");
        }
        for text in [
            "design=1&assigned=2",
            "the bearer of this: tokens=1&tokenId=2",
            r#"{"authorization":{"action":"a/b","scope":"/c"}}"#,
            "a signature: none of it",
            r#"{"signatures":"x","sig":"","password":""}"#,
            "sig",
            "sig=",
            "é=ü",
        ] {
            let kept = redact(text);
            assert_eq!(
                kept,
                text.replace("signature: none", "signature: *"),
                "{text}"
            );
        }
    }

    proptest::proptest! {
        #[test]
        fn a_name_is_found_wherever_it_begins(text in "([a-zA-Z]{0,3}|[sS]ig|toKen|secret|[aA]pi[-_]?key|bearer |password|Authorization|[ :=\"\\\\&%{}\\[\\],]|3d|u003d|abcdefghijklmnop1234|é){0,24}") {
            // As without the look at the first letters.
            let slowly = (0..text.len())
                .find_map(|at| named_credential(&text, at).or_else(|| bearer_token(&text, at)));
            proptest::prop_assert_eq!(next_credential(&text), slowly);
        }
    }
}
