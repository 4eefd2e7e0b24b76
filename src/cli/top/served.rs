//! A service that is watched, by HTTP.
//!
//! No redirect is followed, and this machine is reached through no proxy, so that the token goes to the host that was named and to no other.

use std::io::Read;
use std::net::IpAddr;
use std::time::Duration;

use reqwest::Url;
use reqwest::blocking::Client;
use reqwest::header::{LOCATION, RETRY_AFTER};
use serde::Deserialize;

use crate::cli::clock::elapsed;
use crate::cli::incidents::commands;
use crate::cli::top::stored::INCIDENTS_MAX;
use crate::cli::top::unanswered::{Answered, Asked, TOKEN, Unanswered};
use crate::config::Serve;
use crate::error::Error;
use crate::incident::Incident;
use crate::report::Paint;
use crate::sinks::{Clients, leaves_unencrypted};
use crate::top::{
    Answers, Fault, Incidents, ListedIncidents, OpenIncidents, Origin, Snapshot, Wanted,
    told_so_far, waits,
};

/// How long a connection and the whole of an answer may take.
const CONNECT: Duration = Duration::from_secs(2);
const WHOLE: Duration = Duration::from_secs(10);
/// The most bytes of an answer that are read.
const ANSWER_BYTES_MAX: u64 = 64 << 20;
/// How often incidents are asked for although the service told nothing: verdicts of commands beside it are not counted by it.
const INCIDENTS_EVERY: Duration = Duration::from_secs(15);

pub(super) struct Served {
    client: Client,
    url: Url,
    address: String,
    /// Whether its store is that of commands that are run here.
    is_here: bool,
    token: Option<String>,
    /// Its version, once it has said one.
    version: Option<String>,
    has_answered: bool,
    /// The incidents that were answered last: for what was wanted, at which count of what was told, and when.
    incidents: Option<(Wanted, u64, Duration, Incidents)>,
    /// Why it is not asked before this time.
    paused: Option<(Fault, Duration)>,
}

#[derive(Deserialize)]
struct Told {
    incident: Incident,
    text: String,
}

#[derive(Deserialize)]
struct Description {
    info: Info,
}

#[derive(Deserialize)]
struct Info {
    version: String,
}

impl Served {
    /// Returns the service of the configuration, as it is reached from its own machine.
    ///
    /// # Errors
    ///
    /// A usage error as [`Self::at`].
    pub(super) fn of(settings: &Serve) -> Result<Self, Error> {
        let mut address = settings.listen;
        if address.ip().is_unspecified() {
            let here = match address.ip() {
                IpAddr::V4(_) => IpAddr::from([127, 0, 0, 1]),
                IpAddr::V6(_) => IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]),
            };
            address.set_ip(here);
        }
        let url = match (&settings.tls, settings.hosts.first()) {
            (None, _) => format!("http://{address}"),
            // Its certificate is for its name.
            (Some(_), Some(host)) => format!("https://{host}:{}", address.port()),
            (Some(_), None) => format!("https://{address}"),
        };
        Self::at(&url, true)
    }

    /// Returns the service at an address. Nothing is asked.
    ///
    /// # Errors
    ///
    /// A usage error if it is no address of a service, or the token would be sent unencrypted to another machine. Fails if the
    /// certificates of this machine cannot be read.
    pub(super) fn at(address: &str, is_here: bool) -> Result<Self, Error> {
        let wrong = |why: &str| {
            Error::usage(format!("`{address}` is no address of a service: {why}"))
                .hint("as in http://127.0.0.1:7337 or https://plimsoll.example.com:7337")
        };
        let url = Url::parse(address).map_err(|e| wrong(&e.to_string()))?;
        if !["http", "https"].contains(&url.scheme()) || !url.has_host() {
            return Err(wrong("it does not begin with http:// or https://"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            let why = format!("a secret never stands there; put a token into {TOKEN}");
            return Err(Error::usage(format!("the address has a secret: {why}")));
        }
        let token = std::env::var(TOKEN).ok();
        let token = token.map(|token| token.trim().to_owned());
        let token = token.filter(|token| !token.is_empty());
        if token.is_some() && leaves_unencrypted(url.as_str()) {
            return Err(Error::usage(format!(
                "the token in {TOKEN} would be sent unencrypted to another machine"
            ))
            .hint("give an address that begins with https://"));
        }
        let client = Clients::new(CONNECT, WHOLE)?.of(url.as_str()).clone();
        Ok(Self {
            client,
            address: url.as_str().trim_end_matches('/').to_owned(),
            url,
            is_here,
            token,
            version: None,
            has_answered: false,
            incidents: None,
            paused: None,
        })
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// Returns whether it ever answered.
    pub(super) fn has_answered(&self) -> bool {
        self.has_answered
    }

    /// Returns how things are.
    ///
    /// # Errors
    ///
    /// Fails if it is not there, or does not answer this caller. One that refused is not asked again at once.
    pub(super) fn snapshot(&mut self, wanted: Wanted) -> Result<Snapshot, Fault> {
        if let Some((fault, until)) = &self.paused
            && elapsed() < *until
        {
            return Err(fault.clone());
        }
        self.paused = None;
        self.ask(wanted).map_err(|Unanswered { fault, pause, .. }| {
            self.paused = Some((fault.clone(), elapsed() + pause));
            fault
        })
    }

    fn ask(&mut self, wanted: Wanted) -> Result<Snapshot, Unanswered> {
        let ready = self.get("readyz", &[], &[503])?;
        let metrics = self.get("metrics", &[], &[])?;
        let incidents = match self.incidents(wanted, told_so_far(&metrics)) {
            // As long as nothing was learnt there are none, and /readyz says why.
            Err(unanswered) if unanswered.is_unavailable && waits(&ready) => Incidents::default(),
            incidents => incidents?,
        };
        if self.version.is_none() {
            let text = self.get("openapi.json", &[], &[])?;
            let description: Option<Description> = serde_json::from_str(&text).ok();
            self.version = description.map(|description| description.info.version);
        }
        let origin = Origin::Service {
            address: self.address.clone(),
            version: self.version.clone(),
        };
        let answers = Answers {
            ready: &ready,
            metrics: &metrics,
            wanted,
            incidents: &incidents,
        };
        let snapshot = Snapshot::of_service(origin, answers);
        let snapshot = snapshot.map_err(|e| self.asked().foreign(e.message()))?;
        self.has_answered = true;
        Ok(snapshot)
    }

    /// Returns the incidents that are wanted, and how many are open. As long as nothing was told they are not asked for again.
    fn incidents(&mut self, wanted: Wanted, told: u64) -> Result<Incidents, Unanswered> {
        let now = elapsed();
        if let Some((of, at, when, incidents)) = &self.incidents
            && (*of, *at) == (wanted, told)
            && now.saturating_sub(*when) < INCIDENTS_EVERY
        {
            return Ok(incidents.clone());
        }
        let open = |severity| Wanted {
            is_open: true,
            severity: Some(severity),
        };
        let incidents = Incidents {
            listed: self.list(wanted, INCIDENTS_MAX)?,
            open: OpenIncidents::counted(|severity| self.list(open(severity), 1))?,
        };
        self.incidents = Some((wanted, told, now, incidents.clone()));
        Ok(incidents)
    }

    fn list(&self, wanted: Wanted, limit: usize) -> Result<ListedIncidents, Unanswered> {
        let mut query = vec![("limit", limit.to_string())];
        if wanted.is_open {
            query.push(("open", "true".to_owned()));
        }
        query.extend(wanted.severity.map(|s| ("severity", s.as_str().to_owned())));
        self.document("v1/incidents", &query)
    }

    /// Returns the text of an incident.
    ///
    /// # Errors
    ///
    /// Fails as [`Self::snapshot`] does, or if there is none with this id.
    pub(super) fn story(&self, id: &str) -> Result<String, Fault> {
        let told: Result<Told, _> = self.document(&format!("v1/incidents/{id}"), &[]);
        let told = told.map_err(|unanswered| unanswered.fault)?;
        let incident = (&*told.incident.incident_id, told.incident.start);
        match self.is_here {
            true => Ok(told.text + &commands(incident, None, Paint::Never)),
            false => Ok(told.text),
        }
    }

    fn document<T: for<'t> Deserialize<'t>>(
        &self,
        path: &str,
        query: &[(&str, String)],
    ) -> Result<T, Unanswered> {
        let text = self.get(path, query, &[])?;
        let foreign = |e| format!("/{path} is not as it writes it ({e})");
        serde_json::from_str(&text).map_err(|e| self.asked().foreign(&foreign(e)))
    }

    /// Asks; returns the answer if its status is 200, or one of these.
    fn get(
        &self,
        path: &str,
        query: &[(&str, String)],
        also: &[u16],
    ) -> Result<String, Unanswered> {
        let mut url = self.url.clone();
        if let Ok(mut parts) = url.path_segments_mut() {
            parts.pop_if_empty().extend(path.split('/'));
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let request = self.client.get(url);
        let request = match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        let response = request.send().map_err(|e| self.asked().silent(&e))?;
        let status = response.status().as_u16();
        let header = |name| {
            let value = response.headers().get(name)?;
            value.to_str().ok().map(|value| value.trim().to_owned())
        };
        let (location, retry_after) = (header(LOCATION), header(RETRY_AFTER));
        let mut body = Vec::new();
        let read = response.take(ANSWER_BYTES_MAX).read_to_end(&mut body);
        read.map_err(|e| self.asked().broken_off(&e))?;
        let body = String::from_utf8_lossy(&body).into_owned();
        if status == 200 || also.contains(&status) {
            return Ok(body);
        }
        Err(self.asked().refused(Answered {
            status,
            body: &body,
            location: location.as_deref(),
            retry_after: retry_after.and_then(|secs| secs.parse().ok()),
        }))
    }

    fn asked(&self) -> Asked<'_> {
        Asked {
            address: &self.address,
            host: self.url.host_str().unwrap_or_default(),
            with_token: self.token.is_some(),
        }
    }
}
