//! `[serve]`: where the service listens, and who may ask it for what.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

use crate::config::secret::{SecretPlace, beside, secret};
use crate::config::value::{checked, read_with, second_of_day};
use crate::document::{Faults, Fields, Kind, Needs, Place, Presence, Shape, Table, key};
use crate::vocab::words;

use Presence::{Default, Optional, Required};

/// Where the service listens if nothing else is said.
pub const LISTEN_DEFAULT: &str = "127.0.0.1:7337";

words! {
    /// What the bearer of a token may do.
    Right {
        /// Ask: incidents, alerts, baselines, coverage, metrics.
        Read = "read",
        /// Hand over logs.
        Write = "write",
        /// Decide: verdicts, approvals, thresholds, trainings.
        Approve = "approve",
    }
}

/// The settings of the service.
#[derive(Debug, Clone)]
pub struct Serve {
    /// The address that it listens on.
    pub listen: SocketAddr,
    /// Names under which it is reached, beside addresses and `localhost`.
    pub hosts: Vec<String>,
    /// Files of its certificate chain and of the key of it, as PEM.
    pub tls: Option<(String, String)>,
    /// The time of day, in seconds UTC, at which it learns.
    pub nightly: Option<u32>,
    /// Who may ask it.
    pub tokens: Vec<Token>,
    /// Where its keys stand, by their names, as in `tls.key`; those that are not there have no place.
    pub places: BTreeMap<&'static str, Place>,
}

/// Who may ask the service, and for what.
#[derive(Clone)]
pub struct Token {
    /// The name under which its bearer is written into the audit log.
    pub name: String,
    /// Where the secret is.
    pub secret: SecretPlace,
    /// What its bearer may do.
    pub rights: Vec<Right>,
    /// Where it is configured.
    pub place: Place,
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?} {:?}", self.name, self.secret, self.rights)
    }
}

impl std::default::Default for Serve {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 7337)),
            hosts: Vec::new(),
            tls: None,
            nightly: None,
            tokens: Vec::new(),
            places: BTreeMap::new(),
        }
    }
}

/// Where something stands is no part of what it says.
impl PartialEq for Serve {
    fn eq(&self, other: &Self) -> bool {
        let Self {
            listen,
            hosts,
            tls,
            nightly,
            tokens,
            places: _,
        } = self;
        *listen == other.listen
            && *hosts == other.hosts
            && *tls == other.tls
            && *nightly == other.nightly
            && *tokens == other.tokens
    }
}

impl Eq for Serve {}

impl PartialEq for Token {
    fn eq(&self, other: &Self) -> bool {
        let Self {
            name,
            secret,
            rights,
            place: _,
        } = self;
        *name == other.name && *secret == other.secret && *rights == other.rights
    }
}

impl Eq for Token {}

/// `[serve]`
pub(super) static SERVE: Shape<'static> = Shape {
    name: "[serve]",
    doc: "The service that `plimsoll serve` runs.",
    keys: &[
        key(
            "listen",
            Kind::Text("address and port"),
            Default("\"127.0.0.1:7337\""),
            "\"0.0.0.0:7337\"",
            "The address that it listens on. On any that other machines reach, tokens and a certificate are required.",
        ),
        key(
            "hosts",
            Kind::List(&Kind::Text("name of a host")),
            Optional,
            "[\"plimsoll.example.com\"]",
            "Names under which it is reached, beside `localhost` and addresses. Requests for other names are refused, so that \
             no page that a browser loads elsewhere can reach it.",
        ),
        key(
            "tls",
            Kind::Table(&TLS),
            Optional,
            "",
            "Its certificate. With one, it speaks HTTPS only.",
        ),
        key(
            "nightly",
            Kind::Text("time of day, UTC"),
            Optional,
            "\"02:00\"",
            "When it learns what came since the last time, every day.",
        ),
        key(
            "token",
            Kind::Tables(&TOKEN),
            Optional,
            "",
            "Who may ask it, and for what. Without one, whoever reaches it on this machine may do everything.",
        ),
    ],
    others: None,
    needs: Needs::Nothing,
};

/// `[serve.tls]`
static TLS: Shape<'static> = Shape {
    name: "[serve.tls]",
    doc: "The certificate of the service. Both files are read when it starts, and are relative to the folder of the configuration.",
    keys: &[
        key(
            "certificate",
            Kind::Text("path of a file"),
            Required,
            "\"/etc/plimsoll/tls.pem\"",
            "The certificate and those that lead to a root, as PEM.",
        ),
        key(
            "key",
            Kind::Text("path of a file"),
            Required,
            "\"/etc/plimsoll/tls.key\"",
            "The private key of the certificate, as PEM.",
        ),
    ],
    others: None,
    needs: Needs::Nothing,
};

/// `[[serve.token]]`
static TOKEN: Shape<'static> = Shape {
    name: "[[serve.token]]",
    doc: "A secret that a client of the service shows, as `Authorization: Bearer SECRET`.",
    keys: &[
        key(
            "name",
            Kind::Text("text"),
            Required,
            "\"vector\"",
            "Who has it; audit lines name it.",
        ),
        key(
            "token_env",
            Kind::Text("name of a variable"),
            Optional,
            "\"PLIMSOLL_VECTOR_TOKEN\"",
            "The environment variable that has the secret, of at least 16 characters.",
        ),
        key(
            "token_file",
            Kind::Text("path of a file"),
            Optional,
            "\"/run/secrets/vector\"",
            "The file that has the secret, relative to the folder of the configuration.",
        ),
        key(
            "rights",
            Kind::List(&Kind::Word(rights)),
            Required,
            "[\"write\"]",
            "What its bearer may do: `read` asks for incidents, alerts, baselines, coverage and metrics; `write` hands over logs; \
             `approve` gives verdicts, approves, moves thresholds and starts trainings.",
        ),
    ],
    others: None,
    needs: Needs::One(&["token_env", "token_file"]),
};

fn rights() -> Vec<&'static str> {
    Right::ALL.iter().map(|right| right.as_str()).collect()
}

/// Reads `[serve]`.
pub(super) fn read(table: &Table, faults: &mut Faults) -> Serve {
    let mut fields = Fields::of(table, &SERVE);
    let mut serve = Serve::default();
    for key in ["listen", "hosts", "tls", "nightly", "token"] {
        let value = fields.optional(key);
        let place = value.map(|value| (key, value.place.clone()));
        serve.places.extend(place);
    }
    let listen = read_with(fields.optional("listen"), faults, address);
    serve.listen = listen.unwrap_or(serve.listen);
    for word in fields.words("hosts", faults) {
        let host = checked(&word.place, &word.text, host(&word.text), faults);
        serve.hosts.extend(host);
    }
    if let Some(table) = fields.optional("tls").and_then(|value| value.table(faults)) {
        let mut fields = Fields::of(table, &TLS);
        let mut file = |key, name| {
            let value = fields.required(key, faults);
            let place = value.map(|value| (name, value.place.clone()));
            serve.places.extend(place);
            let path = read_with(value, faults, some)?;
            Some(beside(&table.place, &path).to_string())
        };
        let certificate = file("certificate", "tls.certificate");
        serve.tls = certificate.zip(file("key", "tls.key"));
        fields.done(faults);
    }
    serve.nightly = read_with(fields.optional("nightly"), faults, time_of_day);
    let tokens = fields.tables("token", faults);
    for table in tokens {
        let Some(token) = token(table, faults) else {
            continue;
        };
        if serve.tokens.iter().any(|other| other.name == token.name) {
            let wrong = format!("another [[serve.token]] is named `{}`", token.name);
            faults.add(&table.place, wrong);
        }
        serve.tokens.push(token);
    }
    fields.done(faults);
    serve
}

fn token(table: &Table, faults: &mut Faults) -> Option<Token> {
    let mut fields = Fields::of(table, &TOKEN);
    let name = read_with(fields.required("name", faults), faults, some);
    let keys = ["token_env", "token_file"];
    let is_named = keys.into_iter().any(|key| fields.optional(key).is_some());
    let secret = secret(&mut fields, ("token_env", "token_file"), faults);
    let mut rights = Vec::new();
    if let Some(values) = fields.required("rights", faults) {
        for value in values.list(faults).unwrap_or_default() {
            rights.extend(value.one_of("right", Right::parse, &self::rights(), faults));
        }
        if rights.is_empty() && faults.count() == 0 {
            faults.add(&values.place, "a token without rights is of no use");
        }
    }
    if !is_named {
        let wrong = "needs one of `token_env` and `token_file`";
        faults.add(&table.place, format!("{} {wrong}", TOKEN.name));
    }
    fields.done(faults);
    Some(Token {
        name: name?,
        secret: secret?,
        rights,
        place: table.place.clone(),
    })
}

fn some(text: &str) -> Result<String, String> {
    match text.is_empty() {
        true => Err("is empty".to_owned()),
        false => Ok(text.to_owned()),
    }
}

/// Reads the name of a host as a request names it, without its port.
fn host(text: &str) -> Result<String, String> {
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    let is_name = !text.is_empty() && text.chars().all(is_of_name);
    match is_name || text.parse::<IpAddr>().is_ok() {
        true => Ok(text.to_ascii_lowercase()),
        false => Err(
            "is no name of a host: give it without scheme, port, path and wildcards, as in `plimsoll.example.com`"
                .to_owned(),
        ),
    }
}

/// Reads the address of a listener.
pub fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| format!("is no address with a port, as in {LISTEN_DEFAULT}"))
}

/// Reads a time of day in UTC, in seconds.
pub fn time_of_day(text: &str) -> Result<u32, String> {
    second_of_day(text).ok_or_else(|| "is no time of day, as in 02:00".to_owned())
}
