//! Where incidents also go, as checked. Nothing here is a secret: a secret is named by the variable or the file that has it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::config::secret::SecretPlace;
use crate::document::Place;
use crate::glob::Glob;
use crate::vocab::{Str, words};

words! {
    /// The kind of a sink.
    SinkKind {
        /// A file of JSON lines.
        File = "file",
        /// An HTTP address that takes JSON.
        Webhook = "webhook",
        /// An incoming webhook of Slack.
        Slack = "slack",
        /// A webhook of a workflow in Teams.
        Teams = "teams",
        /// The Events API of PagerDuty.
        PagerDuty = "pagerduty",
        /// Issues in Jira.
        Jira = "jira",
        /// A receiver of syslog.
        Syslog = "syslog",
    }
}

words! {
    /// How a document is written.
    SinkFormat {
        /// Our own schema.
        Plimsoll = "plimsoll",
        /// OCSF findings.
        Ocsf = "ocsf",
        /// Elastic Common Schema.
        Ecs = "ecs",
    }
}

words! {
    /// What is told.
    Tell {
        /// The incident that an alert belongs to, whenever one of its alerts was told.
        Incidents = "incidents",
        /// Each alert.
        Alerts = "alerts",
    }
}

words! {
    /// The least severity that is told.
    LeastSeverity {
        /// All.
        Informational = "informational",
        /// Low and above.
        Low = "low",
        /// Medium and above.
        Medium = "medium",
        /// High and above.
        High = "high",
        /// Critical only.
        Critical = "critical",
    }
}

/// Where incidents also go.
#[derive(Debug, Clone, PartialEq)]
pub struct Sink {
    /// Its name: letters, digits, `-` and `_`, at most [`NAME_CHARS_MAX`].
    pub name: Str,
    /// Where it is configured.
    pub place: Place,
    /// How it is reached.
    pub target: Target,
    /// What is told.
    pub tell: Tell,
    /// The least severity that is told.
    pub severity: LeastSeverity,
    /// The analytics of which alerts are told; none for all.
    pub analytics: Vec<Glob>,
    /// The second of the UTC day at which it is told that all is well.
    pub heartbeat: Option<u32>,
}

/// The most characters of a sink's name.
pub const NAME_CHARS_MAX: usize = 64;

/// How a sink is reached.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    /// A file of JSON lines.
    File {
        /// Its path.
        path: Str,
        /// How its lines are written.
        format: SinkFormat,
        /// When another file is begun.
        rotation: Rotation,
    },
    /// An HTTP address that takes JSON.
    Webhook {
        /// The address.
        address: Address,
        /// What is sent as a bearer token.
        token: Option<SecretPlace>,
        /// The key that bodies are signed with.
        signing: Option<SecretPlace>,
        /// How bodies are written.
        format: SinkFormat,
    },
    /// An incoming webhook of Slack, whose address is a secret.
    Slack(SecretPlace),
    /// A webhook of a workflow in Teams, whose address is a secret.
    Teams(SecretPlace),
    /// The Events API of PagerDuty.
    PagerDuty {
        /// The address, where it is not the usual one.
        url: Option<Str>,
        /// The routing key of the integration.
        key: SecretPlace,
    },
    /// Issues in Jira.
    Jira {
        /// The address of the site.
        url: Str,
        /// The user whose API token it is; a personal access token needs none.
        user: Option<Str>,
        /// The token.
        token: SecretPlace,
        /// The key of the project.
        project: Str,
        /// The type of the issues.
        issue_type: Str,
        /// Labels of the issues.
        labels: Vec<Str>,
    },
    /// A receiver of syslog.
    Syslog {
        /// How lines are sent.
        transport: Transport,
        /// The host.
        host: Str,
        /// The port.
        port: u16,
        /// How the message of a line is written.
        format: SinkFormat,
    },
}

/// An HTTP address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// As written.
    Plain(Str),
    /// A secret.
    Secret(SecretPlace),
}

/// When another file is begun, and how many stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotation {
    /// The most megabytes of a file.
    pub max_mb: u64,
    /// The most days that a file is written to.
    pub max_days: u64,
    /// How many files stay beside the one that is written to.
    pub keep: u64,
}

/// How lines of syslog are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// In a TLS connection.
    Tls,
    /// In a TCP connection.
    Tcp,
    /// In datagrams.
    Udp,
}

impl Target {
    /// Returns its kind.
    pub fn kind(&self) -> SinkKind {
        match self {
            Self::File { .. } => SinkKind::File,
            Self::Webhook { .. } => SinkKind::Webhook,
            Self::Slack(_) => SinkKind::Slack,
            Self::Teams(_) => SinkKind::Teams,
            Self::PagerDuty { .. } => SinkKind::PagerDuty,
            Self::Jira { .. } => SinkKind::Jira,
            Self::Syslog { .. } => SinkKind::Syslog,
        }
    }
}
