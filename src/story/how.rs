//! The details of an act: the clauses at the end of a line.

use std::net::IpAddr;

use crate::event::{IdentityKind, Outcome, Provider, Source};
use crate::pattern::split_provider;
use crate::story::words::{self, Words, Wrong};

/// The details of an act. What is absent is taken from the identity's `who` line, or else has its usual value.
#[derive(Debug, Clone, Default)]
pub struct Manner {
    /// Buckets, in turn.
    pub buckets: Vec<String>,
    /// Prefixes, in turn.
    pub prefixes: Vec<String>,
    /// Objects, in turn.
    pub objects: Vec<String>,
    /// Bytes of each call.
    pub bytes: Option<u64>,
    /// Objects of each call.
    pub items: Option<u64>,
    /// The logs that lose records.
    pub logs: Vec<Source>,
    /// The caller's address.
    pub from: Option<IpAddr>,
    /// The caller's network.
    pub system: Option<u32>,
    /// The caller's country.
    pub country: Option<String>,
    /// The client's family.
    pub client: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// The application.
    pub app: Option<String>,
    /// The scopes of the token.
    pub scopes: Vec<String>,
    /// The role.
    pub role: Option<String>,
    /// The credential.
    pub credential: Option<String>,
    /// The kind of identity.
    pub kind: Option<IdentityKind>,
    /// Whether it uses a console.
    pub console: Option<bool>,
    /// Whether it uses a second factor.
    pub mfa: Option<bool>,
    /// How the caller authenticates.
    pub method: Option<String>,
    /// How the call ends.
    pub outcome: Option<Outcome>,
    /// The receiving account, `*` for everybody.
    pub to_account: Option<String>,
    /// The receiving bucket.
    pub to_bucket: Option<String>,
    /// The receiving address.
    pub to_address: Option<IpAddr>,
    /// Operations, as service and name, in turn.
    pub ops: Vec<(String, String)>,
    /// The provider.
    pub provider: Option<Provider>,
    /// The account that records it.
    pub account: Option<String>,
}

/// The words that begin a clause.
pub const CLAUSES: &[&str] = &[
    "in",
    "prefix",
    "objects",
    "of",
    "keys",
    "logs",
    "from",
    "as",
    "country",
    "with",
    "region",
    "app",
    "scope",
    "role",
    "credential",
    "kind",
    "console",
    "mfa",
    "without",
    "method",
    "denied",
    "failed",
    "throttled",
    "not",
    "to",
    "op",
    "provider",
    "account",
];

impl Manner {
    /// Reads clauses to the end of the line.
    pub fn read(words: &mut Words) -> Result<Self, Wrong> {
        let mut how = Self::default();
        while let Some(word) = words.peek() {
            words.take(word);
            how.clause(word, words)?;
        }
        Ok(how)
    }

    fn clause(&mut self, word: &str, words: &mut Words) -> Result<(), Wrong> {
        let text = |words: &mut Words, what: &str| words.next(what).map(str::to_owned);
        match word {
            "in" => self.buckets = self.read_buckets(words.next("a bucket")?)?,
            "prefix" => self.prefixes = words::names(words.next("a prefix")?)?,
            "objects" => self.objects = words::names(words.next("an object")?)?,
            "of" => self.bytes = Some(words.next_as("a size, as in `20MB`", words::size)?),
            "keys" => {
                let number = |text: &str| text.parse().ok().filter(|n: &u64| *n > 0);
                self.items = Some(words.next_as("a number of keys", number)?);
            }
            "logs" => {
                let what = "logs, as in `aws.cloudtrail`";
                let logs = |text: &str| text.split(',').map(Source::parse).collect();
                self.logs = words.next_as(what, logs)?;
            }
            "from" => self.from = Some(words.next_as("an address", words::address)?),
            "as" => {
                let number = words.next_as("a network, as in `AS64500`", words::system_number)?;
                self.system = Some(number);
            }
            "country" => {
                let is_code = |text: &str| {
                    let is_code = text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase());
                    is_code.then(|| text.to_owned())
                };
                self.country = Some(words.next_as("two letters, as in `PT`", is_code)?);
            }
            "with" => self.client = Some(text(words, "a client, as in `aws-cli`")?),
            "region" => self.region = Some(text(words, "a region")?),
            "app" => self.app = Some(text(words, "an application")?),
            "scope" => {
                let scopes = words.next("scopes, as in `a,b`")?.split(',');
                self.scopes = scopes.map(str::to_owned).collect();
            }
            "role" => self.role = Some(text(words, "a role")?),
            "credential" => self.credential = Some(text(words, "the id of a credential")?),
            "kind" => {
                let valid: Vec<_> = IdentityKind::ALL.iter().map(|kind| kind.as_str()).collect();
                let what = format!("a kind ({})", valid.join(", "));
                self.kind = Some(words.next_as(&what, IdentityKind::parse)?);
            }
            "console" => self.console = Some(true),
            "mfa" => self.mfa = Some(true),
            "without" => {
                words.expect("mfa")?;
                self.mfa = Some(false);
            }
            "method" => self.method = Some(text(words, "how the caller signs in")?),
            "denied" => self.outcome = Some(Outcome::Denied),
            "failed" => self.outcome = Some(Outcome::Failure),
            "throttled" => self.outcome = Some(Outcome::Throttled),
            "not" => {
                words.expect("configured")?;
                self.outcome = Some(Outcome::NotConfigured);
            }
            "to" => self.read_target(words.next("an account, a bucket, an address or `public`")?),
            "op" => self.ops = read_operations(words.next("operations, as in `iam:ListUsers`")?)?,
            "provider" => {
                let provider = words.next_as("a provider", Provider::parse)?;
                self.provider = Some(provider);
            }
            "account" => self.account = Some(text(words, "an account")?),
            other => return Err(unknown_clause(other)),
        }
        Ok(())
    }

    /// Reads buckets. A provider before them is that of the call.
    pub fn read_buckets(&mut self, text: &str) -> Result<Vec<String>, Wrong> {
        let (provider, rest) = split_provider(text);
        if rest.is_empty() {
            return Err(format!("`{text}` names no bucket"));
        }
        self.provider = provider.or(self.provider);
        words::names(rest)
    }

    fn read_target(&mut self, text: &str) {
        match (words::address(text), split_provider(text)) {
            (Some(address), _) => self.to_address = Some(address),
            (None, (Some(_), bucket)) => self.to_bucket = Some(bucket.to_owned()),
            (None, (None, "public")) => self.to_account = Some("*".to_owned()),
            (None, (None, account)) => self.to_account = Some(account.to_owned()),
        }
    }

    /// Returns the same details, with absent ones taken from what an identity usually does.
    #[must_use]
    pub fn or(self, usual: &Self) -> Self {
        let some = |own: Vec<String>, usual: &Vec<String>| {
            if own.is_empty() { usual.clone() } else { own }
        };
        Self {
            from: self.from.or(usual.from),
            system: self.system.or(usual.system),
            country: self.country.or_else(|| usual.country.clone()),
            client: self.client.or_else(|| usual.client.clone()),
            region: self.region.or_else(|| usual.region.clone()),
            app: self.app.or_else(|| usual.app.clone()),
            scopes: some(self.scopes, &usual.scopes),
            role: self.role.or_else(|| usual.role.clone()),
            credential: self.credential.or_else(|| usual.credential.clone()),
            kind: self.kind.or(usual.kind),
            console: self.console.or(usual.console),
            mfa: self.mfa.or(usual.mfa),
            method: self.method.or_else(|| usual.method.clone()),
            provider: self.provider.or(usual.provider),
            account: self.account.or_else(|| usual.account.clone()),
            ..self
        }
    }
}

fn unknown_clause(word: &str) -> Wrong {
    format!(
        "`{word}` begins no clause; clauses begin with {}",
        CLAUSES.join(", ")
    )
}

fn read_operations(text: &str) -> Result<Vec<(String, String)>, Wrong> {
    let read = |word: &str| match word.split_once(':') {
        Some((service, op)) if !service.is_empty() && !op.is_empty() => {
            Ok((service.to_owned(), op.to_owned()))
        }
        _ => Err(format!("`{word}` is no operation, as in `iam:ListUsers`")),
    };
    text.split(',').map(read).collect()
}
