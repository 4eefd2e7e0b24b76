//! A sink as written: which keys its kind needs, and which it takes.

use crate::config::secret::{SecretPlace, beside, secret};
use crate::config::shape::{DAYS, KEEP, MB, SINK, words_of};
use crate::config::sink::{
    Address, LeastSeverity, NAME_CHARS_MAX, Rotation, Sink, SinkFormat, SinkKind, Target, Tell,
    Transport,
};
use crate::config::value::second_of_day;
use crate::document::{Faults, Fields, Table};
use crate::glob::{Glob, PATTERN_BYTES_MAX};
use crate::vocab::Str;

/// The keys that a sink of any kind takes.
const OF_ALL: [&str; 6] = ["name", "kind", "tell", "severity", "analytics", "heartbeat"];
/// The type of issues in Jira.
const ISSUE_TYPE: &str = "Task";

/// The ports of syslog, where an address has none: over TLS, and otherwise.
const PORTS: (u16, u16) = (6514, 514);

/// Returns the keys that a kind takes, beside those that all do.
fn keys_of(kind: SinkKind) -> &'static [&'static str] {
    match kind {
        SinkKind::File => &["path", "format", "max_mb", "max_days", "keep"],
        SinkKind::Webhook => &[
            "url",
            "url_env",
            "url_file",
            "token_env",
            "token_file",
            "signing_env",
            "signing_file",
            "format",
        ],
        SinkKind::Slack | SinkKind::Teams => &["url_env", "url_file"],
        SinkKind::PagerDuty => &["url", "token_env", "token_file"],
        SinkKind::Jira => &[
            "url",
            "token_env",
            "token_file",
            "user",
            "project",
            "issue_type",
            "labels",
        ],
        SinkKind::Syslog => &["url", "format"],
    }
}

/// Reads all sinks; those with faults are left out.
pub(super) fn read_sinks(fields: &mut Fields<'_>, faults: &mut Faults) -> Vec<Sink> {
    let mut sinks: Vec<Sink> = Vec::new();
    for table in fields.tables("sink", faults) {
        let Some(sink) = Reader::new(table, faults).read() else {
            continue;
        };
        // Names are names of folders, which some systems write alike in either case.
        let is_same = |other: &Sink| other.name.eq_ignore_ascii_case(&sink.name);
        if sinks.iter().any(is_same) {
            faults.add(
                &table.place,
                format!("another [[sink]] is named `{}`", sink.name),
            );
        }
        sinks.push(sink);
    }
    sinks
}

/// Reads one sink.
struct Reader<'a, 'f> {
    table: &'a Table,
    fields: Fields<'a>,
    faults: &'f mut Faults,
}

impl<'a, 'f> Reader<'a, 'f> {
    fn new(table: &'a Table, faults: &'f mut Faults) -> Self {
        Self {
            table,
            fields: Fields::of(table, &SINK),
            faults,
        }
    }

    fn read(mut self) -> Option<Sink> {
        let name = self.name();
        let kind = self.fields.required("kind", self.faults);
        let kind = kind.and_then(|value| {
            let valid = words_of(SinkKind::ALL, SinkKind::as_str);
            value.one_of("kind of sink", SinkKind::parse, &valid, self.faults)
        });
        let tell = self.word("tell", Tell::ALL, Tell::as_str, Tell::Incidents);
        let severity = self.word(
            "severity",
            LeastSeverity::ALL,
            LeastSeverity::as_str,
            LeastSeverity::Low,
        );
        let analytics = self.analytics();
        let heartbeat = self.heartbeat();
        let format = self.word(
            "format",
            SinkFormat::ALL,
            SinkFormat::as_str,
            SinkFormat::Plimsoll,
        );
        let (url, url_secret) = (self.text("url"), self.secret("url_env", "url_file"));
        let token = self.secret("token_env", "token_file");
        let signing = self.secret("signing_env", "signing_file");
        let path = self.text("path");
        let path = path.map(|path| beside(&self.table.place, &path));
        let rotation = Rotation {
            max_mb: self.within("max_mb", MB, "megabytes"),
            max_days: self.within("max_days", DAYS, "days"),
            keep: self.within("keep", KEEP, "files"),
        };
        let (user, project) = (self.text("user"), self.text("project"));
        let issue_type = self.text("issue_type");
        let labels = self.labels();
        if let Some(kind) = kind {
            self.refuse_other_keys(kind);
        }
        let target = kind.and_then(|kind| match kind {
            SinkKind::File => Some(Target::File {
                path: self.needed(path, "path")?,
                format,
                rotation,
            }),
            SinkKind::Webhook => {
                if url.is_some() && url_secret.is_some() {
                    self.add("give `url`, or the place of a secret address, not both");
                }
                let address = match (url, url_secret) {
                    (_, Some(secret)) => Some(Address::Secret(secret)),
                    (Some(url), None) => self.http(url).map(Address::Plain),
                    (None, None) => {
                        self.add("a webhook needs `url`, `url_env` or `url_file`");
                        None
                    }
                };
                Some(Target::Webhook {
                    address: address?,
                    token,
                    signing,
                    format,
                })
            }
            SinkKind::Slack => self.address_of(url_secret, kind).map(Target::Slack),
            SinkKind::Teams => self.address_of(url_secret, kind).map(Target::Teams),
            SinkKind::PagerDuty => {
                let url = url.and_then(|url| self.http(url));
                Some(Target::PagerDuty {
                    url,
                    key: self.token_of(token, "the routing key of the integration")?,
                })
            }
            SinkKind::Jira => {
                let url = self.needed(url, "url").and_then(|url| self.http(url));
                let token = self.token_of(token, "an API token");
                let project = self.needed(project, "project");
                if heartbeat.is_some() {
                    self.add("a heartbeat is no issue: `heartbeat` is not for jira");
                }
                Some(Target::Jira {
                    url: url?,
                    user,
                    token: token?,
                    project: project?,
                    issue_type: issue_type.unwrap_or_else(|| ISSUE_TYPE.into()),
                    labels,
                })
            }
            SinkKind::Syslog => {
                let url = self.needed(url, "url")?;
                let Some((transport, host, port)) = syslog(&url) else {
                    self.add(&format!(
                        "`{url}` is no address of syslog, as in `tls://siem.example.com:6514`, `tcp://…` or `udp://…`"
                    ));
                    return None;
                };
                Some(Target::Syslog {
                    transport,
                    host,
                    port,
                    format,
                })
            }
        });
        self.fields.done(self.faults);
        Some(Sink {
            name: name?,
            place: self.table.place.clone(),
            target: target?,
            tell,
            severity,
            analytics,
            heartbeat,
        })
    }

    fn add(&mut self, message: &str) {
        self.faults.add(&self.table.place, message);
    }

    fn name(&mut self) -> Option<Str> {
        let value = self.fields.required("name", self.faults)?;
        let text = value.text(self.faults)?;
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if text.len() > NAME_CHARS_MAX || !text.chars().all(is_plain) {
            let message = format!(
                "`{text}` is no name of a sink: letters, digits, `-` and `_`, at most {NAME_CHARS_MAX}"
            );
            self.faults.add(&value.place, message);
            return None;
        }
        Some(text.into())
    }

    fn text(&mut self, key: &'static str) -> Option<Str> {
        let value = self.fields.optional(key)?;
        value.text(self.faults).map(Str::from)
    }

    fn word<T: Copy>(
        &mut self,
        key: &'static str,
        all: &[T],
        word: impl Fn(T) -> &'static str + Copy,
        default: T,
    ) -> T {
        let Some(value) = self.fields.optional(key) else {
            return default;
        };
        let parse = |text: &str| all.iter().copied().find(|one| word(*one) == text);
        let valid = words_of(all, word);
        value
            .one_of(key, parse, &valid, self.faults)
            .unwrap_or(default)
    }

    fn within(
        &mut self,
        key: &'static str,
        (least, most, default): (u64, u64, u64),
        unit: &str,
    ) -> u64 {
        let value = self.fields.optional(key);
        value
            .and_then(|value| value.integer_within((least, most), unit, self.faults))
            .unwrap_or(default)
    }

    fn analytics(&mut self) -> Vec<Glob> {
        let words = self.fields.words("analytics", self.faults);
        let mut globs = Vec::new();
        for word in words {
            match Glob::new(&word.text) {
                Some(glob) => globs.push(glob),
                None => self.faults.add(
                    &word.place,
                    format!("`{}` is longer than {PATTERN_BYTES_MAX} bytes", word.text),
                ),
            }
        }
        globs
    }

    fn labels(&mut self) -> Vec<Str> {
        let words = self.fields.words("labels", self.faults);
        let mut labels = Vec::new();
        for word in words {
            if word.text.contains(char::is_whitespace) {
                let message = format!("`{}` has a blank, which labels may not have", word.text);
                self.faults.add(&word.place, message);
            } else {
                labels.push(word.text);
            }
        }
        labels
    }

    fn heartbeat(&mut self) -> Option<u32> {
        let value = self.fields.optional("heartbeat")?;
        let text = value.text(self.faults)?;
        let second = second_of_day(text);
        if second.is_none() {
            let message = format!("`{text}` is no time of the day in UTC, such as 09:00");
            self.faults.add(&value.place, message);
        }
        second
    }

    fn secret(&mut self, variable: &'static str, file: &'static str) -> Option<SecretPlace> {
        secret(&mut self.fields, (variable, file), self.faults)
    }

    fn needed(&mut self, value: Option<Str>, key: &str) -> Option<Str> {
        // What is there and wrong was told.
        if value.is_none() && self.table.get(key).is_none() {
            self.add(&format!("a sink of this kind needs `{key}`"));
        }
        value
    }

    fn http(&mut self, url: Str) -> Option<Str> {
        let host = url
            .strip_prefix("https://")
            .or_else(|| url.strip_prefix("http://"));
        let authority = host.map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
        match authority {
            Some(authority) if authority.contains('@') => {
                self.add("`url` has a user or a password before its host: name a token instead");
                None
            }
            Some(authority) if !authority.is_empty() => Some(url),
            _ => {
                self.add(&format!("`{url}` is no http or https address"));
                None
            }
        }
    }

    /// Returns where the address of a chat is, which whoever knows it can write to.
    fn address_of(&mut self, secret: Option<SecretPlace>, kind: SinkKind) -> Option<SecretPlace> {
        let has_any = |key: &str| self.table.get(key).is_some();
        if secret.is_none() && !has_any("url_env") && !has_any("url_file") {
            self.add(&format!(
                "a sink of kind {kind} needs `url_env` or `url_file`: its address is a secret"
            ));
        }
        secret
    }

    fn token_of(&mut self, secret: Option<SecretPlace>, what: &str) -> Option<SecretPlace> {
        let has_any = |key: &str| self.table.get(key).is_some();
        if secret.is_none() && !has_any("token_env") && !has_any("token_file") {
            self.add(&format!(
                "a sink of this kind needs `token_env` or `token_file`: {what}"
            ));
        }
        secret
    }

    fn refuse_other_keys(&mut self, kind: SinkKind) {
        let taken = keys_of(kind);
        for entry in &self.table.entries {
            let key = entry.key.as_str();
            let is_known = SINK.key(key).is_some();
            if is_known && !OF_ALL.contains(&key) && !taken.contains(&key) {
                let message = match (kind, key) {
                    (SinkKind::Slack | SinkKind::Teams, "url") => {
                        format!(
                            "the address of {kind} is a secret: name its place with `url_env` or `url_file`"
                        )
                    }
                    _ => format!(
                        "a sink of kind {kind} has no use for `{key}`; it takes {}",
                        taken.join(", ")
                    ),
                };
                self.faults.add(&entry.place, message);
            }
        }
    }
}

/// Reads an address of syslog.
fn syslog(url: &str) -> Option<(Transport, Str, u16)> {
    let (scheme, rest) = url.split_once("://")?;
    let (transport, port) = match scheme {
        "tls" => (Transport::Tls, PORTS.0),
        "tcp" => (Transport::Tcp, PORTS.1),
        "udp" => (Transport::Udp, PORTS.1),
        _ => return None,
    };
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let (host, port) = match rest.strip_prefix('[') {
        // An address of version 6.
        Some(inner) => {
            let (host, after) = inner.split_once(']')?;
            match after.strip_prefix(':') {
                Some(port) => (host, port.parse().ok()?),
                None if after.is_empty() => (host, port),
                None => return None,
            }
        }
        None => match rest.rsplit_once(':') {
            Some((host, port)) => (host, port.parse().ok()?),
            None => (rest, port),
        },
    };
    let is_of_host = |c: char| c.is_ascii_alphanumeric() || ".-_:%".contains(c);
    let is_host = !host.is_empty() && host.chars().all(is_of_host);
    is_host.then(|| (transport, host.into(), port))
}
