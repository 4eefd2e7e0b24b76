//! Requests over HTTP, each on the thread that makes it.
//!
//! No redirect is followed: what is told, and the secret with which it is, go to the host that was named and to no other. What goes to this
//! machine unencrypted goes through no proxy, which could read it. Of a failure only the innermost cause is kept, which names no address.

use std::error::Error as StdError;
use std::io::Read;
use std::net::IpAddr;
use std::time::Duration;

use chrono::DateTime;
use reqwest::blocking::{Client, Response};
use reqwest::header::{DATE, RETRY_AFTER};
use reqwest::redirect::Policy;

use crate::error::{Error, Result};
use crate::sinks::answer::Outcome;
use crate::sinks::request::{Method, Request};
use crate::sinks::secret::{Secret, without};

/// The most bytes of an answer that are read.
const ANSWER_BYTES_MAX: u64 = 64 << 10;

/// What requests are made with.
#[derive(Debug)]
pub struct Clients {
    /// For what goes to this machine unencrypted.
    direct: Client,
    /// For the rest, by way of the proxy of the environment if there is one.
    usual: Client,
}

impl Clients {
    /// Makes clients whose requests take no longer than this.
    ///
    /// # Errors
    ///
    /// Fails if the certificates of this machine cannot be read.
    pub fn new(connect: Duration, whole: Duration) -> Result<Self> {
        // Another part of the process may have chosen already; either will do.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = || {
            Client::builder()
                .user_agent(concat!("plimsoll/", env!("CARGO_PKG_VERSION")))
                .redirect(Policy::none())
                .referer(false)
                .connect_timeout(connect)
                .timeout(whole)
                // A receiver that was restarted has closed what is kept open.
                .pool_max_idle_per_host(0)
        };
        let cannot =
            |e: reqwest::Error| Error::failed("cannot prepare requests").cause(innermost(&e));
        Ok(Self {
            direct: builder().no_proxy().build().map_err(cannot)?,
            usual: builder().build().map_err(cannot)?,
        })
    }

    /// Returns the one for an address.
    pub fn of(&self, url: &str) -> &Client {
        match url.starts_with("http://") && !leaves_unencrypted(url) {
            true => &self.direct,
            false => &self.usual,
        }
    }
}

/// Makes requests.
#[derive(Debug)]
pub(super) struct Http {
    clients: Clients,
}

/// What a request came to.
pub(super) struct Answered {
    /// What it means.
    pub(super) outcome: Outcome,
    /// The status; 0 if there was no answer.
    pub(super) status: u16,
    /// The answer's body.
    pub(super) body: String,
}

impl Http {
    /// Makes a client whose requests take no longer than this.
    ///
    /// # Errors
    ///
    /// Fails if the certificates of this machine cannot be read.
    pub(super) fn new(connect: Duration, whole: Duration) -> Result<Self> {
        let clients = Clients::new(connect, whole)?;
        Ok(Self { clients })
    }

    /// Makes a request. `secrets` are taken out of whatever is told of it.
    pub(super) fn send(&self, request: &Request, secrets: &[&Secret]) -> Answered {
        let url = request.url.expose();
        let client = self.clients.of(url);
        let mut builder = match request.method {
            Method::Get => client.get(url),
            Method::Post => client.post(url),
        };
        if request.method == Method::Post {
            builder = builder
                .header("Content-Type", "application/json")
                .body(request.body.clone());
        }
        for (name, value) in &request.headers {
            builder = builder.header(*name, value.expose());
        }
        match builder.send() {
            Ok(response) => read(response, secrets),
            Err(error) => {
                let (what, cause) = why_unanswered(&error);
                let cause = without(&cause, secrets);
                let outcome = match error.is_builder() {
                    true => Outcome::Refused(format!("not a valid request: {cause}")),
                    false => Outcome::unreached(format!("{what}: {cause}")),
                };
                Answered {
                    outcome,
                    status: 0,
                    body: String::new(),
                }
            }
        }
    }
}

fn read(response: Response, secrets: &[&Secret]) -> Answered {
    let status = response.status().as_u16();
    let header = |name| {
        let value = response.headers().get(name)?;
        value.to_str().ok().map(str::trim)
    };
    let retry_after = header(RETRY_AFTER).and_then(|value| seconds(value, header(DATE)));
    let mut body = Vec::new();
    // Its status says what became of the document, whether or not the rest comes.
    let _ = response.take(ANSWER_BYTES_MAX).read_to_end(&mut body);
    let body = String::from_utf8_lossy(&body).into_owned();
    Answered {
        outcome: Outcome::of(status, retry_after, &without(&body, secrets)),
        status,
        body,
    }
}

/// Returns the seconds to wait: as a number, or until a date, counted from the one that the receiver gives.
fn seconds(retry_after: &str, date: Option<&str>) -> Option<u64> {
    let until = || {
        let from = DateTime::parse_from_rfc2822(date?).ok()?;
        let until = DateTime::parse_from_rfc2822(retry_after).ok()?;
        u64::try_from((until - from).num_seconds()).ok()
    };
    retry_after.parse().ok().or_else(until)
}

/// Returns why a request has no answer, and by what.
pub fn why_unanswered(error: &reqwest::Error) -> (&'static str, String) {
    let what = match () {
        () if error.is_timeout() => "no answer in time",
        () if error.is_connect() => "cannot connect",
        () => "no answer",
    };
    (what, innermost(error))
}

/// Returns the cause of all others, which names what happened and no address.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: Option<&dyn StdError> = error.source();
    while let Some(next) = cause.and_then(StdError::source) {
        cause = Some(next);
    }
    cause.map_or_else(|| "the request failed".to_owned(), ToString::to_string)
}

/// Returns whether what goes to an address leaves this machine unencrypted.
pub fn leaves_unencrypted(url: &str) -> bool {
    url.starts_with("http://") && !host_of(url).is_some_and(is_loopback)
}

/// Returns the host of an address, without its port.
pub(super) fn host_of(url: &str) -> Option<&str> {
    let rest = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"))?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let authority = authority.rsplit('@').next()?;
    let host = match authority.strip_prefix('[') {
        Some(inner) => inner.split(']').next()?,
        None => authority.split(':').next()?,
    };
    (!host.is_empty()).then_some(host)
}

pub(super) fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_a_number_of_seconds_or_a_date() {
        let (date, later) = (
            "Mon, 16 Mar 2026 10:00:00 GMT",
            "Mon, 16 Mar 2026 10:01:30 GMT",
        );
        assert_eq!(seconds("7", None), Some(7));
        assert_eq!(seconds(later, Some(date)), Some(90));
        for (retry_after, date) in [
            (date, Some(later)),
            (later, None),
            ("soon", Some(date)),
            ("-1", None),
        ] {
            assert_eq!(seconds(retry_after, date), None, "{retry_after}");
        }
    }
}
