//! Who may ask for what: the name under which the service was reached, the page that asks, the token, and how often.
//!
//! A page that a browser loads from elsewhere can send requests to this machine. It cannot choose their `Host` and `Origin`: a name
//! that was made to point here (DNS rebinding) is not one of ours, and a request of another page says whose it is.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Mutex;
use std::time::Duration;

use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use subtle::ConstantTimeEq;

use crate::config::{Right, Serve, Token};
use crate::service::lock::locked;
use crate::service::problem::Problem;

/// Requests a second of one client, on average and at once.
const RATE: f64 = 200.0;
const BURST: f64 = 1_000.0;
/// Wrong tokens a second of one address.
const WRONG_RATE: f64 = 0.2;
const WRONG_BURST: f64 = 10.0;
/// Clients whose requests are counted one by one.
const CLIENTS_MAX: usize = 4_096;

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The name of the token, or of the address if there are none.
    pub name: String,
    /// The address.
    pub address: IpAddr,
    /// What the token may do; `None` if none was asked for.
    pub rights: Option<Vec<Right>>,
}

/// What is asked of a request before it is answered.
pub struct Guard {
    hosts: Vec<String>,
    /// Those under which a page of ours may have been reached.
    schemes: &'static [&'static str],
    tokens: Vec<(Token, String)>,
    requests: Rates,
    wrong: Rates,
}

impl Guard {
    /// Guards a service with these settings, and these secrets of its tokens.
    pub fn new(settings: &Serve, tokens: Vec<(Token, String)>) -> Self {
        Self {
            hosts: settings.hosts.clone(),
            // A proxy before a service without a certificate may speak TLS.
            schemes: match settings.tls {
                Some(_) => &["https"],
                None => &["http", "https"],
            },
            tokens,
            requests: Rates::new(RATE, BURST),
            wrong: Rates::new(WRONG_RATE, WRONG_BURST),
        }
    }

    /// Returns who asks from an address at a time since the program began, if the request may be answered. `right` is what its bearer needs; nothing for what all may know.
    ///
    /// # Errors
    ///
    /// What was wrong with it.
    pub fn admit(
        &self,
        request: &Parts,
        right: Option<Right>,
        (address, now): (IpAddr, Duration),
    ) -> Result<Caller, Problem> {
        self.check_place(request)?;
        let anyone = || Caller {
            name: network(address),
            address,
            rights: None,
        };
        let caller = match right {
            Some(right) if !self.tokens.is_empty() => {
                self.bearer(request, right, (address, now))?
            }
            _ => anyone(),
        };
        if !self.requests.take(&caller.name, now) {
            return Err(Problem {
                retry_after_secs: Some(1),
                ..Problem::new(StatusCode::TOO_MANY_REQUESTS, "too many requests")
            });
        }
        Ok(caller)
    }

    /// Demands that the request was meant for this service, and that no foreign page made it.
    fn check_place(&self, request: &Parts) -> Result<(), Problem> {
        let authority = request.uri.authority().map(|authority| authority.as_str());
        let written = text(&request.headers, header::HOST);
        if request.headers.get_all(header::HOST).iter().count() > 1 {
            let detail = "the request names several hosts";
            return Err(Problem::new(StatusCode::BAD_REQUEST, detail));
        }
        let Some(place) = authority.or(written) else {
            return Err(Problem::new(
                StatusCode::BAD_REQUEST,
                "the request names no host",
            ));
        };
        if !self.is_ours(place) {
            let detail = "the request was made for another host";
            return Err(Problem::new(StatusCode::MISDIRECTED_REQUEST, detail)
                .hint("use an address or `localhost`, or add the name to `hosts` under [serve]"));
        }
        let foreign = || Problem::new(StatusCode::FORBIDDEN, "a page of another site asks");
        if let Some(origin) = request.headers.get(header::ORIGIN) {
            let is_ours = self.schemes.iter().any(|scheme| {
                let ours = format!("{scheme}://{place}");
                origin.as_bytes().eq_ignore_ascii_case(ours.as_bytes())
            });
            if !is_ours {
                return Err(foreign());
            }
        }
        let is_safe = matches!(request.method, Method::GET | Method::HEAD);
        let site = request.headers.get("sec-fetch-site");
        let is_foreign =
            site.is_some_and(|site| !matches!(site.as_bytes(), b"same-origin" | b"none"));
        if is_foreign && !is_safe {
            return Err(foreign());
        }
        Ok(())
    }

    /// Returns whether a `Host` is an address or one of our names. An address cannot be made to point elsewhere.
    fn is_ours(&self, place: &str) -> bool {
        let name = match place.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|c| c.is_ascii_digit()) => name,
            _ => place,
        };
        let bare = name.trim_start_matches('[').trim_end_matches(']');
        let name = name.to_ascii_lowercase();
        bare.parse::<IpAddr>().is_ok() || name == "localhost" || self.hosts.contains(&name)
    }

    fn bearer(
        &self,
        request: &Parts,
        right: Right,
        (address, now): (IpAddr, Duration),
    ) -> Result<Caller, Problem> {
        let shown = text(&request.headers, header::AUTHORIZATION).and_then(|value| {
            let (scheme, secret) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| secret.trim())
        });
        let Some(shown) = shown else {
            return Err(Problem::new(StatusCode::UNAUTHORIZED, "a token is needed")
                .hint("send `Authorization: Bearer SECRET`"));
        };
        let mut found = None;
        for (token, secret) in &self.tokens {
            // All are compared, each in a time that says nothing of where they differ.
            if bool::from(secret.as_bytes().ct_eq(shown.as_bytes())) {
                found = Some(token);
            }
        }
        let Some(token) = found else {
            // Who guesses is slowed down. Who knows the secret is not, also behind the same address.
            if !self.wrong.take(&network(address), now) {
                return Err(Problem {
                    retry_after_secs: Some(10),
                    ..Problem::new(StatusCode::TOO_MANY_REQUESTS, "too many wrong tokens")
                });
            }
            return Err(Problem::new(
                StatusCode::UNAUTHORIZED,
                "no such token is configured",
            ));
        };
        if !token.rights.contains(&right) {
            let detail = format!("the token `{}` lacks the right `{right}`", token.name);
            return Err(Problem::new(StatusCode::FORBIDDEN, detail));
        }
        Ok(Caller {
            name: token.name.clone(),
            address,
            rights: Some(token.rights.clone()),
        })
    }
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

/// Returns the name of the network that one client has: an address, or of IPv6 the /64.
fn network(address: IpAddr) -> String {
    match address {
        IpAddr::V4(_) => address.to_string(),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

/// How often something may happen, by client: a store of permits that fills again by itself.
struct Rates {
    per_sec: f64,
    at_once: f64,
    /// By client: the permits that were left at a time since the program began.
    left: Mutex<BTreeMap<String, (f64, Duration)>>,
}

impl Rates {
    fn new(per_sec: f64, at_once: f64) -> Self {
        Self {
            per_sec,
            at_once,
            left: Mutex::default(),
        }
    }

    fn left(&self, (left, since): (f64, Duration), now: Duration) -> f64 {
        let gained = now.saturating_sub(since).as_secs_f64() * self.per_sec;
        self.at_once.min(left + gained)
    }

    /// Takes a permit of the client; returns whether he had one.
    fn take(&self, client: &str, now: Duration) -> bool {
        let mut clients = locked(&self.left);
        if clients.len() >= CLIENTS_MAX && !clients.contains_key(client) {
            let full = Duration::from_secs_f64(self.at_once / self.per_sec);
            clients.retain(|_, (_, since)| now.saturating_sub(*since) < full);
            // Whoever comes with many addresses makes others forgotten, and locks nobody out.
            if clients.len() >= CLIENTS_MAX {
                clients.pop_first();
            }
        }
        let known = clients.get(client).copied().unwrap_or((self.at_once, now));
        let left = self.left(known, now);
        let has_one = left >= 1.0;
        let rest = if has_one { left - 1.0 } else { left };
        clients.insert(client.to_owned(), (rest, now));
        has_one
    }
}
