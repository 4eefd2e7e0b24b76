//! A sink with its secrets: what is needed to send.

use std::path::PathBuf;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::config::{Address, Sink, SinkFormat, SinkKind, Target, Transport};
use crate::error::{Error, Result};
use crate::sinks::answer::Outcome;
use crate::sinks::brief::Telling;
use crate::sinks::file::LogFile;
use crate::sinks::http::{Answered, Http, host_of, is_loopback, leaves_unencrypted};
use crate::sinks::jira::{self, Site};
use crate::sinks::notice::Notice;
use crate::sinks::secret::Secret;
use crate::sinks::webhook::Hook;
use crate::sinks::wire::Remote;
use crate::sinks::{pagerduty, slack, syslog, teams};
use crate::time::Time;

/// A sink that can be sent to. Nothing of its secrets is shown.
#[derive(Debug, Clone)]
pub struct Ready {
    /// As it is configured.
    pub(super) sink: Sink,
    receiver: Receiver,
}

#[derive(Debug, Clone)]
enum Receiver {
    File(LogFile),
    Webhook(Hook),
    Slack(Secret),
    Teams(Secret),
    PagerDuty { url: Secret, key: Secret },
    Jira { site: Site, token: Secret },
    Syslog { remote: Remote, format: SinkFormat },
}

/// A document as it is sent.
pub(super) struct Sent<'a> {
    /// Its id, the same however often it is sent.
    pub(super) id: &'a str,
    /// When it was told.
    pub(super) at: Time,
    /// What is told.
    pub(super) notice: &'a Notice,
    /// How.
    pub(super) telling: Telling,
    /// What the receiver calls it, if it has it.
    pub(super) remote: Option<String>,
}

/// What sends.
pub(super) struct Means {
    /// Makes requests.
    pub(super) http: Http,
    /// How long a connection and the whole of a request may take.
    pub(super) timeouts: (Duration, Duration),
}

impl Means {
    /// Prepares what sends.
    ///
    /// # Errors
    ///
    /// Fails if the certificates of this machine cannot be read.
    pub(super) fn new(timeouts: (Duration, Duration)) -> Result<Self> {
        let http = Http::new(timeouts.0, timeouts.1)?;
        Ok(Self { http, timeouts })
    }
}

impl Ready {
    /// Reads the secrets of a sink. `variable` returns a variable of the environment.
    ///
    /// # Errors
    ///
    /// A usage error if a secret is missing, is no address where it should be one, or would be sent unencrypted to another machine.
    pub fn of(sink: &Sink, variable: &dyn Fn(&str) -> Option<String>) -> Result<Self> {
        let place = &sink.place;
        let read = |secret| Secret::read(secret, place, variable);
        let receiver = match &sink.target {
            Target::File {
                path,
                format,
                rotation,
            } => Receiver::File(LogFile {
                path: PathBuf::from(&**path),
                rotation: *rotation,
                format: *format,
            }),
            Target::Webhook {
                address,
                token,
                signing,
                format,
            } => {
                let url = match address {
                    Address::Plain(url) => Secret::new(&**url),
                    Address::Secret(secret) => read(secret)?,
                };
                let token = token.as_ref().map(read).transpose()?;
                let is_secret = token.is_some() || matches!(address, Address::Secret(_));
                check_address(&url, sink, is_secret)?;
                Receiver::Webhook(Hook {
                    url,
                    token,
                    signing: signing.as_ref().map(read).transpose()?,
                    format: *format,
                })
            }
            Target::Slack(secret) => {
                let url = read(secret)?;
                check_address(&url, sink, true)?;
                Receiver::Slack(url)
            }
            Target::Teams(secret) => {
                let url = read(secret)?;
                check_address(&url, sink, true)?;
                Receiver::Teams(url)
            }
            Target::PagerDuty { url, key } => {
                let url = Secret::new(url.as_deref().unwrap_or(pagerduty::URL));
                check_address(&url, sink, true)?;
                Receiver::PagerDuty {
                    url,
                    key: read(key)?,
                }
            }
            Target::Jira {
                url,
                user,
                token,
                project,
                issue_type,
                labels,
            } => {
                check_address(&Secret::new(&**url), sink, true)?;
                let token = read(token)?;
                let authorization = match user {
                    Some(user) => {
                        let pair = format!("{user}:{}", token.expose());
                        format!("Basic {}", STANDARD.encode(pair))
                    }
                    None => format!("Bearer {}", token.expose()),
                };
                Receiver::Jira {
                    site: Site {
                        url: url.trim_end_matches('/').to_owned(),
                        authorization: Secret::new(authorization),
                        project: project.to_string(),
                        issue_type: issue_type.to_string(),
                        labels: labels.iter().map(ToString::to_string).collect(),
                    },
                    token,
                }
            }
            Target::Syslog {
                transport,
                host,
                port,
                format,
            } => Receiver::Syslog {
                remote: Remote {
                    transport: *transport,
                    host: host.to_string(),
                    port: *port,
                },
                format: *format,
            },
        };
        Ok(Self {
            sink: sink.clone(),
            receiver,
        })
    }

    /// Returns its name.
    pub fn name(&self) -> &str {
        &self.sink.name
    }

    /// Returns where it sends, as people may see it: a host, or a file.
    pub fn shown(&self) -> String {
        let http = |url: &Secret| host_of(url.expose()).unwrap_or_default().to_owned();
        match &self.receiver {
            Receiver::File(file) => file.path.display().to_string(),
            Receiver::Webhook(hook) => http(&hook.url),
            Receiver::Slack(url) | Receiver::Teams(url) | Receiver::PagerDuty { url, .. } => {
                http(url)
            }
            Receiver::Jira { site, .. } => http(&Secret::new(&*site.url)),
            Receiver::Syslog { remote, .. } => format!("{}:{}", remote.host, remote.port),
        }
    }

    /// Returns what is valid but risky.
    pub fn warnings(&self) -> Vec<String> {
        let name = self.name();
        let unencrypted = |host: &str| {
            format!(
                "sink `{name}` sends to {host} unencrypted: whoever is between reads and changes it"
            )
        };
        match &self.receiver {
            Receiver::Webhook(hook) if leaves_unencrypted(hook.url.expose()) => {
                vec![unencrypted(&self.shown())]
            }
            Receiver::Syslog { remote, .. }
                if remote.transport != Transport::Tls && !is_loopback(&remote.host) =>
            {
                vec![unencrypted(&remote.host)]
            }
            _ => Vec::new(),
        }
    }

    /// Returns whether people read it, one message after the other.
    pub(super) fn is_chat(&self) -> bool {
        matches!(self.sink.target.kind(), SinkKind::Slack | SinkKind::Teams)
    }

    fn secrets(&self) -> Vec<&Secret> {
        match &self.receiver {
            Receiver::File(_) | Receiver::Syslog { .. } => Vec::new(),
            Receiver::Webhook(hook) => {
                let others = hook.token.iter().chain(&hook.signing);
                let is_secret = matches!(
                    &self.sink.target,
                    Target::Webhook {
                        address: Address::Secret(_),
                        ..
                    }
                );
                is_secret
                    .then_some(&hook.url)
                    .into_iter()
                    .chain(others)
                    .collect()
            }
            Receiver::Slack(url) | Receiver::Teams(url) => vec![url],
            Receiver::PagerDuty { key, .. } => vec![key],
            Receiver::Jira { site, token } => vec![&site.authorization, token],
        }
    }

    /// Sends a document; also returns what the receiver calls it from now on, where it has a name for it.
    pub(super) fn send(&self, sent: &Sent<'_>, means: &Means) -> (Outcome, Option<String>) {
        let secrets = self.secrets();
        let http = |request| means.http.send(&request, &secrets).outcome;
        let outcome = match &self.receiver {
            Receiver::File(file) => file.add(&sent.notice.line(file.format), sent.at),
            Receiver::Webhook(hook) => http(hook.request(sent.id, sent.notice)),
            Receiver::Slack(url) => http(slack::request(url, sent.notice, sent.telling)),
            Receiver::Teams(url) => http(teams::request(url, sent.notice, sent.telling)),
            Receiver::PagerDuty { url, key } => http(pagerduty::request(
                (url, key),
                self.name(),
                sent.notice,
                sent.telling,
            )),
            Receiver::Syslog { remote, format } => {
                let line = syslog::line(sent.notice, sent.id, sent.at, *format);
                remote.send(&line, means.timeouts)
            }
            Receiver::Jira { site, .. } => {
                if let Notice::Test(_) = sent.notice {
                    return (http(site.myself()), None);
                }
                return issue(site, sent, &|request| means.http.send(&request, &secrets));
            }
        };
        (outcome, None)
    }
}

/// Makes an issue, or adds a comment to the one that there is.
fn issue(
    site: &Site,
    sent: &Sent<'_>,
    http: &dyn Fn(crate::sinks::request::Request) -> Answered,
) -> (Outcome, Option<String>) {
    /// The answers that an issue is gone.
    const GONE: [u16; 2] = [404, 410];
    let mut known = sent.remote.clone();
    if known.is_none() {
        // The answer to its creation may have been lost.
        let searched = http(site.search(sent.notice.key()));
        match searched.outcome {
            Outcome::Taken(_) => known = jira::found_in(&searched.body),
            other => return (other, None),
        }
    }
    if let Some(issue) = known {
        let answered = http(site.comment(&issue, sent.notice, sent.telling));
        if !GONE.contains(&answered.status) {
            return (answered.outcome, Some(issue));
        }
    }
    let created = http(site.create(sent.notice, sent.telling));
    let issue = jira::key_in(&created.body);
    (created.outcome, issue)
}

/// Demands that a secret goes to this machine, or encrypted.
fn check_address(url: &Secret, sink: &Sink, is_secret: bool) -> Result<()> {
    let place = &sink.place;
    if host_of(url.expose()).is_none() {
        return Err(Error::usage(format!(
            "{place}: the address of the sink `{}` is no http or https address",
            sink.name
        )));
    }
    if is_secret && leaves_unencrypted(url.expose()) {
        return Err(Error::usage(format!(
            "{place}: the sink `{}` would send a secret unencrypted to {}",
            sink.name,
            host_of(url.expose()).unwrap_or_default()
        ))
        .hint("use an https address"));
    }
    Ok(())
}
