//! Credentials in the raw text of records: they are blotted out before the text is shown or kept.

/// What a credential is called, in a request's parameters or as a member of a record, in lower case. Longer names end so.
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
/// A header whose value has spaces in it, and a member that holds an object with no credential.
const AUTHORIZATION: &str = "authorization";
/// A name as long as this is told from the end of any word; a shorter one begins a word, as in `saSig`.
const TELLING_NAME_LEN: usize = 8;
/// What stands before a token of its own, without a name.
const BEARER: &str = "bearer ";
/// A word behind it that is as long as this is a token.
const BEARER_TOKEN_LEN_MIN: usize = 16;
/// What stands between a name and its value: signs, and how JSON and addresses escape them.
const BETWEEN: [&str; 9] = [":", "=", "\"", "\\", " ", "\t", "%3d", "%3D", "u003d"];
/// What stands where a credential stood. It is no longer than the shortest credential.
const MASK: &str = "*";

/// Returns a text without the credentials in it.
pub fn redact(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((start, end)) = next(rest) {
        out.push_str(&rest[..start]);
        out.push_str(MASK);
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}

/// Returns where the first credential begins and ends.
fn next(text: &str) -> Option<(usize, usize)> {
    (0..text.len()).find_map(|at| named(text, at).or_else(|| borne(text, at)))
}

/// Returns where the credential begins and ends whose name begins here.
fn named(text: &str, at: usize) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    NAMES.iter().find_map(|name| {
        let end = at + name.len();
        let is_name = is_at(bytes, at, name)
            && !is_letter(bytes, end)
            && (name.len() >= TELLING_NAME_LEN || begins_word(bytes, at));
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

/// Returns where the bearer token begins and ends that is announced here.
fn borne(text: &str, at: usize) -> Option<(usize, usize)> {
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

/// Returns whether a word begins here: behind a sign, or with a capital as in `adminPassword` and `DBPassword`.
fn begins_word(bytes: &[u8], at: usize) -> bool {
    // What is escaped ends in a letter or digit, and is a sign all the same.
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

/// Returns where the value behind a name begins, and behind how many backslashes its quotes stand if it has any; `None` if
/// there is none.
fn value_start(text: &str, mut at: usize) -> Option<(usize, Option<usize>)> {
    let mut is_stated = false;
    let mut backslashes = 0;
    loop {
        let rest = &text[at..];
        let Some(sign) = BETWEEN.iter().find(|sign| rest.starts_with(**sign)) else {
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

/// Returns whether a quote behind so many backslashes is a part of the text whose own quotes stand behind `depth` of them: JSON
/// may be quoted in JSON.
fn is_inner(backslashes: usize, depth: usize) -> bool {
    let inner = 2 * depth + 1;
    backslashes % (inner + 1) == inner
}

/// Returns how long a value in quotes is.
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

/// Returns how long a list or an object is, with its brackets.
fn enclosed_len(value: &[u8]) -> usize {
    let (mut open, mut backslashes) = (0_usize, 0);
    // Its texts all stand behind as many backslashes as the first.
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

/// Returns how long a value without quotes is: it ends where a parameter, a text or a list goes on.
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
    fn credentials_are_blotted_out_and_nothing_else() {
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
}
