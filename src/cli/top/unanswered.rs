//! Why a service has no answer, in words that say where it is and what to do.

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use rustls::CertificateError;
use serde::Deserialize;

use crate::sinks::why_unanswered;
use crate::top::{Fault, FaultKind};

/// The variable that has the token.
pub(super) const TOKEN: &str = "PLIMSOLL_TOKEN";
/// The most characters of what a service says that are shown.
const SAID_MAX: usize = 200;
/// How long a service that refuses is left alone: it counts wrong tokens, and what is right here changes only when this program begins anew.
const REFUSED_FOR: Duration = Duration::from_secs(30);
/// The longest that a service may ask to be left alone.
const LATER_MAX: u64 = 60;

/// A fault, and for how long not to ask again.
#[derive(Debug, Clone)]
pub(super) struct Unanswered {
    pub(super) fault: Fault,
    pub(super) pause: Duration,
    /// Whether the service says that it has no answer for now.
    pub(super) is_unavailable: bool,
}

/// Who asks, and whom.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    /// The address of the service.
    pub(super) address: &'a str,
    /// Its host.
    pub(super) host: &'a str,
    /// Whether a token was sent.
    pub(super) with_token: bool,
}

/// What was answered instead of a document.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answered<'a> {
    pub(super) status: u16,
    pub(super) body: &'a str,
    /// Where it sends to.
    pub(super) location: Option<&'a str>,
    /// In how many seconds it may be asked again.
    pub(super) retry_after: Option<u64>,
}

/// What a service says of a fault.
#[derive(Deserialize)]
struct Problem {
    detail: String,
    #[serde(default)]
    hint: String,
}

impl Asked<'_> {
    fn fault(self, kind: FaultKind, what: String, hint: &str) -> Unanswered {
        let fault = Fault {
            kind,
            what,
            hint: hint.to_owned(),
        };
        let pause = match kind {
            FaultKind::Refused => REFUSED_FOR,
            _ => Duration::ZERO,
        };
        Unanswered {
            fault,
            pause,
            is_unavailable: false,
        }
    }

    /// Returns why an answer is none that can be shown.
    pub(super) fn refused(self, answered: Answered<'_>) -> Unanswered {
        let at = self.address;
        let refused = |what: String, hint: &str| self.fault(FaultKind::Refused, what, hint);
        let failing = |what: String, hint: &str| self.fault(FaultKind::Failing, what, hint);
        let status = answered.status;
        let Ok(Problem { detail, hint }) = serde_json::from_str(answered.body) else {
            return match (status, answered.location) {
                (300..=399, Some(location)) => failing(
                    format!("{at} sends elsewhere, to {}", cut(location)),
                    "a token goes only to the address that was given: give that of the service itself with `--url`",
                ),
                (401 | 403 | 407, _) => refused(
                    format!("{at} refuses with status {status}, and not as `plimsoll serve` does"),
                    "a proxy before the service may want a sign-in of its own; give the address of the service itself with `--url`",
                ),
                (502..=504, _) => failing(
                    format!("{at} answers with status {status}, and not as `plimsoll serve` does"),
                    "the service behind this proxy may be down",
                ),
                _ => failing(
                    format!("{at} answers with status {status}, and not as `plimsoll serve` does"),
                    "is this the address of `plimsoll serve`?",
                ),
            };
        };
        let detail = cut(&detail);
        let token =
            format!("put one with the right `read` into {TOKEN}, and start `plimsoll top` again");
        match status {
            401 if !self.with_token => {
                refused(format!("the service at {at} asks for a token"), &token)
            }
            401 => refused(
                format!("the service at {at} does not know the token in {TOKEN}"),
                &token,
            ),
            403 => refused(format!("the service at {at} refuses: {detail}"), &token),
            421 => refused(
                format!(
                    "the service at {at} does not answer to the name `{}`",
                    self.host
                ),
                "ask it by its address, or add the name to `hosts` under [serve] of its configuration",
            ),
            429 => {
                let secs = answered.retry_after.unwrap_or(1).clamp(1, LATER_MAX);
                let hint = match self.with_token {
                    true => {
                        format!("it is asked again in {secs} s; if this stays, look at {TOKEN}")
                    }
                    false => format!("it is asked again in {secs} s"),
                };
                Unanswered {
                    pause: Duration::from_secs(secs),
                    ..failing(
                        format!("the service at {at} is asked too much: {detail}"),
                        &hint,
                    )
                }
            }
            _ => Unanswered {
                is_unavailable: status == 503,
                ..failing(
                    format!("the service at {at} cannot answer (status {status}): {detail}"),
                    &cut(&hint),
                )
            },
        }
    }

    /// Returns why an answer is none of a service.
    pub(super) fn foreign(self, why: &str) -> Unanswered {
        let what = format!(
            "what answers at {} is no `plimsoll serve`: {}",
            self.address,
            cut(why)
        );
        self.fault(
            FaultKind::Failing,
            what,
            "give the address of the service with `--url`",
        )
    }

    /// Returns why a request got no answer.
    pub(super) fn silent(self, error: &reqwest::Error) -> Unanswered {
        let at = self.address;
        let silent = |what: String, hint: &str| self.fault(FaultKind::Silent, what, hint);
        let is_secure = at.starts_with("https:");
        if let Some(error) = cause::<rustls::Error>(error) {
            return self.insecure(error);
        }
        let cause_kind = cause::<io::Error>(error).map(io::Error::kind);
        let (_, why) = why_unanswered(error);
        let why = cut(&why);
        match cause_kind {
            Some(io::ErrorKind::ConnectionRefused) => self.fault(
                FaultKind::Absent,
                format!("nobody listens at {at}"),
                "start `plimsoll serve`, or give another address with `--url`",
            ),
            _ if error.is_timeout() => silent(
                format!("{at} does not answer in time"),
                "is it the right host and port, and does a firewall let you through?",
            ),
            _ if error.is_connect() && why.contains("lookup") => silent(
                format!("the name `{}` leads nowhere: {why}", self.host),
                "look at the name in `--url`",
            ),
            _ if error.is_connect() => silent(
                format!("no connection to {at}: {why}"),
                "is it the right host and port, and does a firewall let you through?",
            ),
            _ if is_secure => silent(
                format!("{at} breaks off: {why}"),
                "is this the address of `plimsoll serve`?",
            ),
            _ => silent(
                format!("{at} breaks off, or speaks no HTTP: {why}"),
                "if the service has a certificate, its address begins with https://",
            ),
        }
    }

    /// Returns that an answer was not read to its end.
    pub(super) fn broken_off(self, error: &io::Error) -> Unanswered {
        let what = format!(
            "the answer of {} breaks off: {}",
            self.address,
            cut(&error.to_string())
        );
        self.fault(FaultKind::Silent, what, "it is asked again soon")
    }

    fn insecure(self, error: &rustls::Error) -> Unanswered {
        let at = self.address;
        let fault = |what: String, hint: &str| self.fault(FaultKind::Failing, what, hint);
        match error {
            rustls::Error::InvalidMessage(_) => fault(
                format!("{at} speaks no TLS"),
                "if the service has no certificate, its address begins with http://",
            ),
            rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) => fault(
                format!("nobody whom this machine trusts has signed the certificate of {at}"),
                "name a file with the certificate of its authority in the variable SSL_CERT_FILE",
            ),
            rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            ) => fault(
                format!("the certificate of {at} is not for `{}`", self.host),
                "give the name that the certificate is for with `--url`",
            ),
            rustls::Error::InvalidCertificate(
                CertificateError::Expired | CertificateError::ExpiredContext { .. },
            ) => fault(
                format!("the certificate of {at} has expired"),
                "give the service a new one, and look at the clock of this machine",
            ),
            error => fault(
                format!("no secure connection to {at}: {}", cut(&error.to_string())),
                "look at the certificate of the service",
            ),
        }
    }
}

/// Returns the beginning of what somebody else says.
fn cut(text: &str) -> String {
    match text.char_indices().nth(SAID_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Returns the cause of a kind, also from inside of errors of reading and writing.
fn cause<'e, E: StdError + 'static>(error: &'e (dyn StdError + 'static)) -> Option<&'e E> {
    if let Some(found) = error.downcast_ref::<E>() {
        return Some(found);
    }
    let inner = error
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref);
    let inner = inner.and_then(|inner| cause(inner as &(dyn StdError + 'static)));
    inner.or_else(|| error.source().and_then(cause))
}
