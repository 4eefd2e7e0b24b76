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
/// Refused requests a second that are noted, of one network and of all.
const NOTED_RATE: f64 = 5.0 / 60.0;
const NOTED_BURST: f64 = 20.0;
const ALL_NOTED_RATE: f64 = 0.5;
const ALL_NOTED_BURST: f64 = 200.0;
/// Networks whose requests that were refused and not noted are counted one by one.
const UNNOTED_MAX: usize = 16;
/// Clients whose requests are counted one by one.
const CLIENTS_MAX: usize = 4_096;

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The name of the token, or of the address if there are none; `no token` or `unknown token` if one was needed.
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
    refused: Rates,
    wrong: Rates,
    /// Which refused requests are noted.
    pub refusals: Refusals,
}

/// What a request shows of a token, where one is needed.
#[derive(Clone, Copy)]
enum Shown<'a> {
    Nothing,
    Unknown,
    Known(&'a Token),
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
            refused: Rates::new(RATE, BURST),
            wrong: Rates::new(WRONG_RATE, WRONG_BURST),
            refusals: Refusals::new(),
        }
    }

    /// Returns who asks from an address at a time since the program began, and what is wrong with the request if it may not be answered.
    /// `right` is what its bearer needs; nothing for what all may know.
    pub fn admit(
        &self,
        request: &Parts,
        right: Option<Right>,
        (address, now): (IpAddr, Duration),
    ) -> (Caller, Result<(), Problem>) {
        let needed = right.filter(|_| !self.tokens.is_empty());
        let shown = needed.map(|right| (right, self.shown(request)));
        let (name, rights) = match shown {
            None => (network(address), None),
            Some((_, Shown::Nothing)) => ("no token".to_owned(), None),
            Some((_, Shown::Unknown)) => ("unknown token".to_owned(), None),
            Some((_, Shown::Known(token))) => (token.name.clone(), Some(token.rights.clone())),
        };
        let caller = Caller {
            name,
            address,
            rights,
        };
        let judged = self.check_place(request).and_then(|()| match shown {
            Some((right, shown)) => self.check_right(right, shown, (address, now)),
            None => Ok(()),
        });
        // What is refused is counted apart, so that nobody uses up what those behind the same address may ask.
        let is_in_time = match &judged {
            Ok(()) => self.requests.take(&caller.name, now),
            Err(_) => self.refused.take(&network(address), now),
        };
        match is_in_time {
            true => (caller, judged),
            false => (caller, Err(too_many("too many requests", 1))),
        }
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

    fn shown(&self, request: &Parts) -> Shown<'_> {
        let shown = text(&request.headers, header::AUTHORIZATION).and_then(|value| {
            let (scheme, secret) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| secret.trim())
        });
        let Some(shown) = shown else {
            return Shown::Nothing;
        };
        let mut found = Shown::Unknown;
        for (token, secret) in &self.tokens {
            // All are compared, each in a time that says nothing of where they differ.
            if bool::from(secret.as_bytes().ct_eq(shown.as_bytes())) {
                found = Shown::Known(token);
            }
        }
        found
    }

    fn check_right(
        &self,
        right: Right,
        shown: Shown,
        (address, now): (IpAddr, Duration),
    ) -> Result<(), Problem> {
        match shown {
            Shown::Nothing => Err(Problem::new(StatusCode::UNAUTHORIZED, "a token is needed")
                .hint("send `Authorization: Bearer SECRET`")),
            // Who guesses is slowed down. Who knows the secret is not, also behind the same address.
            Shown::Unknown if !self.wrong.take(&network(address), now) => {
                Err(too_many("too many wrong tokens", 10))
            }
            Shown::Unknown => {
                let detail = "no such token is configured";
                Err(Problem::new(StatusCode::UNAUTHORIZED, detail))
            }
            Shown::Known(token) if !token.rights.contains(&right) => {
                let detail = format!("the token `{}` lacks the right `{right}`", token.name);
                Err(Problem::new(StatusCode::FORBIDDEN, detail))
            }
            Shown::Known(_) => Ok(()),
        }
    }
}

fn too_many(detail: &str, retry_after_secs: u32) -> Problem {
    Problem {
        retry_after_secs: Some(retry_after_secs),
        ..Problem::new(StatusCode::TOO_MANY_REQUESTS, detail)
    }
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

/// Returns the name of the network that one client has: an address, or of IPv6 the /64.
pub fn network(address: IpAddr) -> String {
    match address {
        IpAddr::V4(_) => address.to_string(),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

/// Which refused requests are noted one by one, so that nobody fills the disk by being refused; the others are counted.
pub struct Refusals {
    of_network: Rates,
    of_all: Rates,
    unnoted: Mutex<BTreeMap<String, u64>>,
}

impl Refusals {
    fn new() -> Self {
        Self {
            of_network: Rates::new(NOTED_RATE, NOTED_BURST),
            of_all: Rates::new(ALL_NOTED_RATE, ALL_NOTED_BURST),
            unnoted: Mutex::default(),
        }
    }

    /// Returns whether a request that was refused at a time since the program began is to be noted. If not, it is counted.
    pub fn is_noted(&self, address: IpAddr, now: Duration) -> bool {
        let network = network(address);
        if self.of_network.take(&network, now) && self.of_all.take("all", now) {
            return true;
        }
        let mut unnoted = locked(&self.unnoted);
        let name = match unnoted.len() < UNNOTED_MAX || unnoted.contains_key(&network) {
            true => network,
            false => "others".to_owned(),
        };
        *unnoted.entry(name).or_default() += 1;
        false
    }

    /// Returns how many requests were refused and not noted since this was asked last, by network; those of too many networks are `others`.
    pub fn unnoted(&self) -> BTreeMap<String, u64> {
        std::mem::take(&mut locked(&self.unnoted))
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
            // Whoever comes with many addresses makes others forgotten, and locks nobody out. Who asks all the time is remembered.
            if clients.len() > CLIENTS_MAX / 2 {
                let mut since: Vec<Duration> = clients.values().map(|(_, since)| *since).collect();
                let (_, &mut middle, _) = since.select_nth_unstable(CLIENTS_MAX / 2);
                clients.retain(|_, (_, since)| *since > middle);
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use axum::http::Request;

    use super::*;
    use crate::config::Config;
    use crate::service::peer::Peer;

    const CONFIGURED: &str =
        "[[serve.token]]\nname = \"soc\"\ntoken_env = \"SOC\"\nrights = [\"read\"]\n";

    fn guard() -> Guard {
        let serve = Config::parse(CONFIGURED, "plimsoll.toml").unwrap().serve;
        let tokens = serve.tokens.iter().cloned();
        let tokens = tokens.map(|token| (token, "a secret".to_owned())).collect();
        Guard::new(&serve, tokens)
    }

    fn address(n: u16) -> IpAddr {
        Peer::at(
            format!("[::ffff:10.0.{}.{}]:1", n >> 8, n & 255)
                .parse()
                .unwrap(),
        )
        .0
    }

    #[test]
    fn whoever_is_refused_is_slowed_down_and_nobody_else_is() {
        let guard = guard();
        let ask = |right, secret: Option<&str>, from, now| {
            let mut request = Request::builder().header("host", "localhost");
            if let Some(secret) = secret {
                request = request.header("authorization", format!("Bearer {secret}"));
            }
            let head = request.body(()).unwrap().into_parts().0;
            let (caller, admitted) = guard.admit(&head, Some(right), (from, now));
            let status = admitted.map_or_else(|problem| problem.status.as_u16(), |()| 200);
            (caller.name, status)
        };
        let now = Duration::from_secs(1);
        // What is refused is counted by network, whoever asks; of IPv4 that is the address, also where it came as one of IPv6.
        for n in 0..BURST as u32 {
            let (who, secret, status) = match n % 2 {
                0 => ("no token", None, 401),
                _ => ("soc", Some("a secret"), 403),
            };
            let answered = ask(Right::Approve, secret, address(1), now);
            assert_eq!(answered, (who.to_owned(), status), "{n}");
        }
        for secret in [None, Some("another"), Some("a secret")] {
            assert_eq!(ask(Right::Approve, secret, address(1), now).1, 429);
        }
        assert_eq!(ask(Right::Read, None, address(2), now).1, 401);
        assert_eq!(
            ask(Right::Read, Some("another"), address(2), now),
            ("unknown token".to_owned(), 401)
        );
        // Who may ask is not slowed down by that, also from there, but by what he asks himself, from wherever.
        for n in 0..BURST as u16 {
            let (_, status) = ask(Right::Read, Some("a secret"), address(n), now);
            assert_eq!(status, 200, "{n}");
        }
        assert_eq!(ask(Right::Read, Some("a secret"), address(1), now).1, 429);
        let later = now + Duration::from_secs(1);
        assert_eq!(ask(Right::Read, Some("a secret"), address(1), later).1, 200);
        assert_eq!(ask(Right::Read, None, address(1), later).1, 401);
    }

    #[test]
    fn however_many_are_refused_few_are_noted_and_all_are_counted() {
        let refusals = Refusals::new();
        let second = Duration::from_secs(1);
        let (mut noted, mut of_first, mut asked) = (0, 0, 0);
        for now in 0..3_600 {
            // One asks all the time, and then many that were never seen.
            let many = if now < 1_800 { 0 } else { 50 };
            for n in
                std::iter::repeat_n(0, 50).chain((0..many).map(|n| 1 + (now * 50 + n) % 60_000))
            {
                let is_noted = refusals.is_noted(address(n as u16), second * now);
                noted += u64::from(is_noted);
                of_first += u64::from(is_noted && n == 0);
                asked += 1;
            }
        }
        assert!(
            (NOTED_BURST as u64..=NOTED_BURST as u64 + 300).contains(&of_first),
            "{of_first}"
        );
        assert!(noted <= ALL_NOTED_BURST as u64 + 1_800, "{noted}");
        let unnoted = refusals.unnoted();
        assert!(
            unnoted.len() <= UNNOTED_MAX + 1 && unnoted["10.0.0.0"] > 150_000,
            "{unnoted:?}"
        );
        assert_eq!(noted + unnoted.values().sum::<u64>(), asked);
        assert!(refusals.unnoted().is_empty());
    }
}
