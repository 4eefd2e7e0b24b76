//! The fields of a server access log: of a line by position, whose order only ever grew, and of an object or table by name.

use std::borrow::Cow;

use crate::sources::json::{self, Object};
use crate::sources::parts::address::address;

macro_rules! fields {
    ($($field:ident = $names:expr,)+) => {
        /// The fields, in the order of a line.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(usize)]
        #[allow(dead_code)]
        pub enum Field { $($field,)+ }

        /// The names of each in objects and tables, in lower case and without separators.
        const NAMES: &[&[&str]] = &[$(&$names,)+];
    };
}
fields! {
    Owner = ["bucketowner", "owner"],
    Bucket = ["bucket", "bucketname"],
    Time = ["time", "requestdatetime", "timestamp"],
    Address = ["remoteip"],
    Requester = ["requester"],
    Request = ["requestid"],
    Operation = ["operation"],
    Key = ["key"],
    Uri = ["requesturi"],
    Status = ["httpstatus"],
    Error = ["errorcode"],
    Sent = ["bytessent"],
    Size = ["objectsize"],
    TotalTime = ["totaltime"],
    TurnAroundTime = ["turnaroundtime"],
    Referer = ["referrer", "referer"],
    UserAgent = ["useragent"],
    Version = ["versionid"],
    Host = ["hostid"],
    Signature = ["signatureversion", "sigv"],
    Cipher = ["ciphersuite"],
    Authentication = ["authenticationtype", "authtype"],
    HostHeader = ["hostheader", "endpoint"],
    Tls = ["tlsversion"],
    AccessPoint = ["accesspointarn"],
    AclRequired = ["aclrequired"],
}

/// The fields of one record, as they are written.
#[derive(Debug, PartialEq)]
pub struct Fields<'a> {
    values: [Cow<'a, str>; NAMES.len()],
}

/// What a line is.
#[derive(Debug, PartialEq)]
pub enum Split<'a> {
    /// Not a line of a server access log.
    Foreign,
    /// A line that is cut off, or has an invalid field.
    Malformed,
    /// A record.
    Fields(Box<Fields<'a>>),
}

impl<'a> Fields<'a> {
    fn empty() -> Self {
        Self {
            values: std::array::from_fn(|_| Cow::Borrowed("")),
        }
    }

    /// Returns a field that has a value; `-` means no value.
    pub fn get(&self, field: Field) -> Option<&str> {
        Some(&*self.values[field as usize]).filter(|text| !json::stands_for_nothing(text))
    }

    /// Returns a whole number; exports write those of columns with gaps as floats.
    pub fn number(&self, field: Field) -> Option<u64> {
        let text = self.get(field)?.trim();
        text.strip_suffix(".0").unwrap_or(text).parse().ok()
    }

    /// Takes the members of an object by their names, ignoring separators. Names with a mark before them are a shipper's.
    pub fn of_object(object: Object<'a>) -> Self {
        let mut fields = Self::empty();
        let is_own = |key: &[u8]| !matches!(key.first(), Some(b'_' | b'@'));
        for (key, value) in object.members().filter(|(key, _)| is_own(key)) {
            let name: String = String::from_utf8_lossy(key)
                .chars()
                .filter(|c| !matches!(c, '_' | '-' | ' '))
                .map(|c| c.to_ascii_lowercase())
                .collect();
            let field = NAMES.iter().position(|names| names.contains(&&*name));
            if let (Some(at), Some(text)) = (field, value.text())
                && fields.values[at].is_empty()
            {
                fields.values[at] = text;
            }
        }
        fields
    }

    /// Splits a line.
    pub fn of_line(line: &'a str) -> Split<'a> {
        match head(line) {
            None if is_begun(line) => Split::Malformed,
            None => Split::Foreign,
            Some((fields, rest)) => match tail(fields, rest) {
                Some(fields) => Split::Fields(Box::new(fields)),
                None => Split::Malformed,
            },
        }
    }
}

/// Returns whether a text is an operation, as in `REST.GET.OBJECT`.
pub fn is_operation(text: &str) -> bool {
    const APIS: [&str; 5] = ["SOAP.", "REST.", "WEBSITE.", "BATCH.", "S3."];
    APIS.iter().any(|api| text.starts_with(api))
}

/// Returns whether a text has the shape of a web server's time, `31/Jan/2023:09:25:44 +0000`.
fn is_time(text: &str) -> bool {
    const SHAPE: &[u8; 26] = b"00/Aaa/0000:00:00:00 +0000";
    text.len() == SHAPE.len()
        && text.bytes().zip(SHAPE).all(|(byte, shape)| match *shape {
            b'0' => byte.is_ascii_digit(),
            b'A' => byte.is_ascii_uppercase(),
            b'a' => byte.is_ascii_lowercase(),
            b'+' => matches!(byte, b'+' | b'-'),
            other => byte == other,
        })
}

/// Takes the fields by which such a line is recognised, up to the operation; returns them and the rest.
fn head(line: &str) -> Option<(Fields<'_>, &str)> {
    let mut fields = Fields::empty();
    let (owner, rest) = line.split_once(' ')?;
    let (bucket, rest) = rest.split_once(' ')?;
    let (time, mut rest) = rest.strip_prefix('[')?.split_once("] ")?;
    if !is_time(time) {
        return None;
    }
    for (field, text) in [
        (Field::Owner, owner),
        (Field::Bucket, bucket),
        (Field::Time, time),
    ] {
        fields.values[field as usize] = Cow::Borrowed(text);
    }
    let (address_text, after) = rest.split_once(' ')?;
    if address_text != "-" && address(address_text).is_none() {
        return None;
    }
    rest = after;
    let (requester, request, operation, rest) = caller(rest)?;
    for (field, text) in [
        (Field::Address, address_text),
        (Field::Requester, requester),
        (Field::Request, request),
        (Field::Operation, operation),
    ] {
        fields.values[field as usize] = Cow::Borrowed(text);
    }
    Some((fields, rest))
}

/// Takes requester, request id and operation; returns them and the rest. The requester is not quoted and may have blanks, as
/// `arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity ID` has: it ends before the id that the operation follows.
fn caller(rest: &str) -> Option<(&str, &str, &str, &str)> {
    /// The most words of a requester.
    const WORDS_MAX: usize = 8;
    let mut ends = rest.match_indices(' ').map(|(at, _)| at);
    let mut requester_end = ends.next()?;
    let mut request_end = ends.next()?;
    for operation_end in ends.take(WORDS_MAX) {
        let operation = &rest[request_end + 1..operation_end];
        if is_operation(operation) {
            return Some((
                &rest[..requester_end],
                &rest[requester_end + 1..request_end],
                operation,
                &rest[operation_end + 1..],
            ));
        }
        (requester_end, request_end) = (request_end, operation_end);
    }
    None
}

/// Returns whether a line begins with the canonical id of an owner, a bucket and a time, as no other log does.
fn is_begun(line: &str) -> bool {
    let mut words = line.splitn(3, ' ');
    let owner = words.next().unwrap_or_default();
    let is_canonical = owner.len() == 64 && owner.bytes().all(|b| b.is_ascii_hexdigit());
    let rest = is_canonical.then(|| words.nth(1)).flatten();
    rest.and_then(|rest| rest.strip_prefix('[')?.split_once(']'))
        .is_some_and(|(time, _)| is_time(time))
}

/// Takes the fields after the operation. The client chooses the text in quotes and may send quotes, so a quoted field ends
/// only where the next field is valid.
fn tail<'a>(mut fields: Fields<'a>, rest: &'a str) -> Option<Fields<'a>> {
    let mut rest = Rest(rest);
    let key = rest.word()?;
    let uri = rest.quoted(is_after_uri)?;
    let mut put = |field: Field, text: &'a str| fields.values[field as usize] = Cow::Borrowed(text);
    put(Field::Key, key);
    put(Field::Uri, uri);
    let status = rest.word()?;
    if !is_status(status) {
        return None;
    }
    put(Field::Status, status);
    for at in [
        Field::Error,
        Field::Sent,
        Field::Size,
        Field::TotalTime,
        Field::TurnAroundTime,
    ] {
        put(at, rest.word()?);
    }
    put(
        Field::Referer,
        rest.quoted(|after| after.starts_with(['"', '-']))?,
    );
    // Nothing is quoted after the user agent, so it ends at the last quote.
    put(Field::UserAgent, rest.quoted(|after| !after.contains('"'))?);
    for at in [
        Field::Version,
        Field::Host,
        Field::Signature,
        Field::Cipher,
        Field::Authentication,
        Field::HostHeader,
        Field::Tls,
        Field::AccessPoint,
        Field::AclRequired,
    ] {
        put(at, rest.word().unwrap_or_default());
    }
    Some(fields)
}

fn is_status(text: &str) -> bool {
    text == "-" || (text.len() == 3 && text.bytes().all(|b| b.is_ascii_digit()))
}

/// Returns whether a text begins with what follows a request: its status, a code or none, and how many bytes were sent.
fn is_after_uri(text: &str) -> bool {
    let mut words = text.split(' ');
    let is_number = |t: &str| t == "-" || (!t.is_empty() && t.bytes().all(|b| b.is_ascii_digit()));
    words.next().is_some_and(is_status)
        && words.next().is_some()
        && words.next().is_some_and(is_number)
}

/// The rest of a line.
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    /// Takes the text up to the next blank; `None` at the end.
    fn word(&mut self) -> Option<&'a str> {
        if self.0.is_empty() {
            return None;
        }
        let (word, rest) = self.0.split_once(' ').unwrap_or((self.0, ""));
        self.0 = rest;
        Some(word)
    }

    /// Takes a quoted text, up to the first quote after which `is_next` holds; or a word.
    fn quoted(&mut self, is_next: impl Fn(&str) -> bool) -> Option<&'a str> {
        let Some(inner) = self.0.strip_prefix('"') else {
            return self.word();
        };
        let is_end = |at: &usize| match inner.as_bytes().get(at + 1) {
            Some(b' ') => is_next(&inner[at + 2..]),
            None => is_next(""),
            Some(_) => false,
        };
        let end = memchr::memchr_iter(b'"', inner.as_bytes()).find(is_end)?;
        self.0 = inner.get(end + 2..).unwrap_or_default();
        Some(&inner[..end])
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const HEAD: &str =
        "0a1b reports [16/Mar/2026:04:11:09 +0000] 198.51.100.7 - R1 REST.GET.OBJECT";

    fn fields(line: &str) -> Box<Fields<'_>> {
        match Fields::of_line(line) {
            Split::Fields(fields) => fields,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn quotes_inside_quotes_do_not_move_fields() {
        for (uri, referer, agent) in [
            ("GET /k HTTP/1.1", "-", "aws-cli/2"),
            ("GET /k?x=\" y\" HTTP/1.1", "http://a\"b\" c", "a \"b\" - c"),
            ("-", "", "\" \"\""),
        ] {
            let line = format!(
                "{HEAD} k \"{uri}\" 200 - 7 8 9 10 \"{referer}\" \"{agent}\" v h SigV4 c QueryString b.s3.eu-west-1.amazonaws.com TLSv1.3 - Yes new"
            );
            let f = fields(&line);
            assert_eq!(&f.values[Field::Uri as usize], uri);
            assert_eq!(&f.values[Field::Referer as usize], referer);
            assert_eq!(&f.values[Field::UserAgent as usize], agent);
            assert_eq!(
                (f.number(Field::Sent), f.get(Field::Version)),
                (Some(7), Some("v"))
            );
            assert_eq!(f.get(Field::Authentication), Some("QueryString"));
            assert_eq!(f.get(Field::AclRequired), Some("Yes"));
        }
    }

    #[test]
    fn other_lines_are_ignored_and_truncated_ones_malformed() {
        let whole = format!("{HEAD} k \"GET /k HTTP/1.1\" 200 - 7 8 9 10 \"-\" \"x\" -");
        assert_eq!(fields(&whole).get(Field::Key), Some("k"));
        for cut in HEAD.len() + 3..whole.len() - 4 {
            assert_eq!(
                Fields::of_line(&whole[..cut]),
                Split::Malformed,
                "{}",
                &whole[..cut]
            );
        }
        for line in [
            "",
            "plain words [16/Mar/2026:04:11:09 +0000] and more of them follow here",
            "198.51.100.7 - ana [16/Mar/2026:04:11:09 +0000] \"GET / HTTP/1.1\" 200 5",
            "0a1b reports [2026-03-16T04:11:09Z] 198.51.100.7 - R1 REST.GET.OBJECT k",
            "0a1b reports [16/Mar/2026:04:11:09 +0000] 198.51.100.7 - R1 GET k",
        ] {
            assert_eq!(Fields::of_line(line), Split::Foreign, "{line}");
        }
    }
}
