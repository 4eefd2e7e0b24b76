//! The principals at other providers, people and workloads, with the id that each provider gives them.

use std::rc::Rc;

use crate::simulate::model::company::MAIL;
use crate::simulate::model::names::{FIRST_NAMES, LAST_NAMES};
use crate::simulate::model::network::{external_address, office_address};
use crate::simulate::model::other_providers::container::{CUSTOMER, Cloud, OKTA, SLACK, TENANT};
use crate::simulate::model::random::{BASE32, HEX, Rng};
use crate::time::Day;

/// The kind of work that it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Reads mail and files, and little else.
    Office,
    /// Reads the data lake of one cloud.
    Analyst,
    /// Reads and writes what its team owns in one cloud.
    Developer,
    /// Looks after accounts, groups and applications.
    Admin,
    /// Moves tables every hour.
    Etl,
    /// Copies what is there to the backups, every night.
    Backup,
    /// Serves a website from a container, with the account's key.
    Site,
    /// Reads the configuration of every container, every night.
    Scanner,
    /// Reads the whole directory, every night.
    HrSync,
    /// Reads the devices, every four hours.
    DeviceSync,
    /// Reads users of the older graph, every hour.
    LegacySync,
    /// Fetches an export every week by a signed link.
    Partner,
    /// Writes files into channels.
    Bot,
    /// Deploys, deletes, and puts settings again, as code says; beside the workforce.
    Upkeep,
    /// An anonymous caller.
    Anonymous,
}

/// The share of each kind in percent, with the least number of each.
const WORKFORCE: [(Kind, u32, u32); 13] = [
    (Kind::Office, 28, 8),
    (Kind::Analyst, 16, 6),
    (Kind::Developer, 14, 6),
    (Kind::Admin, 4, 4),
    (Kind::Etl, 6, 4),
    (Kind::Backup, 1, 2),
    (Kind::Site, 3, 2),
    (Kind::Scanner, 0, 2),
    (Kind::HrSync, 0, 1),
    (Kind::DeviceSync, 0, 1),
    (Kind::LegacySync, 0, 1),
    (Kind::Partner, 0, 1),
    (Kind::Bot, 2, 2),
];

/// A person or workload.
#[derive(Debug, PartialEq)]
pub(crate) struct Principal {
    pub(crate) number: u64,
    pub(crate) kind: Kind,
    pub(crate) name: String,
    /// The mail address of a person, or of a service account.
    pub(crate) email: String,
    /// The object id in Entra.
    pub(crate) object: String,
    /// The id of its own application, in Entra.
    pub(crate) app: String,
    /// The OAuth client or unique id at Google.
    pub(crate) client: String,
    /// The profile in Workspace.
    pub(crate) profile: String,
    pub(crate) okta: String,
    pub(crate) slack: String,
    /// The id of its app in Slack.
    pub(crate) slack_app: String,
    /// The address of a person's home, or of a workload.
    pub(crate) aws: String,
    /// The machine that a workload at Google runs on, and its address inside.
    pub(crate) machine: Option<(String, String)>,
    /// When the working day begins, in seconds of the UTC day.
    pub(crate) begins: i64,
    /// A lasting factor on everything it does.
    pub(crate) level: f64,
    /// How much its days differ.
    pub(crate) spread: f64,
    pub(crate) joins: Day,
    /// Travels from the first day to the last.
    pub(crate) trip: Option<(Day, Day)>,
}

impl Principal {
    /// Makes one; everything about it follows from the seed and its number.
    pub(crate) fn make(seed: u64, number: u64, kind: Kind, joins: Day) -> Self {
        let mut rng = Rng::of(seed, &[0xab0, 0x1d, number]);
        let person = kind <= Kind::Admin;
        let full = format!("{}.{}", rng.pick(&FIRST_NAMES), rng.pick(&LAST_NAMES));
        let name = match kind {
            _ if person => format!("{full}{number}"),
            Kind::Etl => format!("etl-{number}"),
            Kind::Backup => format!("backup-{number}"),
            Kind::Site => format!("site-{number}"),
            Kind::Scanner => format!("posture-scanner-{number}"),
            Kind::HrSync => "people-sync".to_owned(),
            Kind::DeviceSync => "device-sync".to_owned(),
            Kind::LegacySync => "directory-bridge".to_owned(),
            Kind::Partner => format!("partner-{number}"),
            Kind::Bot => format!("bot-{number}"),
            Kind::Upkeep => format!("upkeep-{number}"),
            _ => String::new(),
        };
        let google = number % 2 == 1;
        let email = match kind {
            Kind::Anonymous => String::new(),
            _ if person => format!("{name}@{MAIL}"),
            _ => format!("{name}@halcyon-analytics.iam.gserviceaccount.com"),
        };
        let machine = (kind == Kind::Etl && google).then(|| {
            (
                format!("etl-vm-{number}"),
                format!("10.132.{}.{}", number % 250, rng.between(4, 250)),
            )
        });
        let aws = match &machine {
            Some((_, inside)) => inside.clone(),
            None if person => external_address(0x5_0000 + number, number),
            None => external_address(0x5_8000 + number / 4, number),
        };
        Self {
            number,
            kind,
            name,
            email,
            object: guid(&mut rng),
            app: guid(&mut rng),
            client: format!("1{}", rng.text(b"0123456789", 20)),
            profile: format!("1{}", rng.text(b"0123456789", 20)),
            okta: format!("00u{}", rng.text(BASE32, 14).to_lowercase()),
            slack: format!("W{}", rng.text(BASE32, 10)),
            slack_app: format!("A0{}", rng.text(BASE32, 9)),
            aws,
            machine,
            begins: *rng.pick(&[7, 7, 8, 13]) * 3600 + rng.between(0, 5_400),
            level: rng.log_normal(1.0, 0.4).clamp(0.3, 3.0),
            spread: *rng.pick(&[0.25, 0.3, 0.3, 0.35, 0.4, 0.6, 0.9]),
            joins,
            trip: (person && rng.chance(0.10)).then(|| {
                let from = joins.plus(rng.between(200, 221) as i32);
                (from, from.plus(rng.between(2, 5) as i32))
            }),
        }
    }

    /// Returns the anonymous caller.
    pub(crate) fn anonymous() -> Self {
        Self::make(0, 0, Kind::Anonymous, Day(0))
    }

    /// Returns whether it is a person.
    pub(crate) fn is_person(&self) -> bool {
        self.kind <= Kind::Admin
    }

    /// Returns whether it works at Google rather than at Azure.
    pub(crate) fn is_at_google(&self) -> bool {
        self.number % 2 == 1
    }

    /// Returns the cloud in which its containers lie.
    pub(crate) fn cloud(&self) -> Cloud {
        if self.is_at_google() {
            Cloud::Google
        } else {
            Cloud::Azure
        }
    }

    /// Returns the canonical id of the Microsoft clouds.
    pub(crate) fn entra(&self) -> String {
        format!("entra:{TENANT}/{}", self.object)
    }

    /// Returns the canonical id of Google Cloud.
    pub(crate) fn google(&self) -> String {
        match self.kind {
            Kind::Anonymous => "gcp:anonymous".to_owned(),
            _ if self.is_person() => format!("gcp:user:{}", self.email),
            _ => format!("gcp:sa:{}", self.email),
        }
    }

    /// Returns the canonical id of Workspace.
    pub(crate) fn workspace(&self) -> String {
        format!("gws:{CUSTOMER}/{}", self.profile)
    }

    /// Returns the type of actor that Okta calls it.
    pub(crate) fn okta_type(&self) -> &'static str {
        if self.is_person() {
            "User"
        } else {
            "PublicClientApp"
        }
    }

    /// Returns the canonical id of Okta.
    pub(crate) fn okta(&self) -> String {
        format!("okta:{OKTA}/{}/{}", self.okta_type(), self.okta)
    }

    /// Returns the canonical id of Slack.
    pub(crate) fn slack(&self) -> String {
        format!("slack:{SLACK}/{}", self.slack)
    }

    /// Returns every canonical id.
    pub(crate) fn ids(&self) -> Vec<String> {
        let mut ids = vec![
            self.entra(),
            self.google(),
            self.workspace(),
            self.okta(),
            self.slack(),
        ];
        ids.push(self.email.clone());
        ids
    }

    /// Returns the address of a call on a day: home, the office, or the place of a trip.
    pub(crate) fn address(&self, rng: &mut Rng, day: Day) -> String {
        match self.trip {
            Some((from, to)) if (from..=to).contains(&day) => {
                external_address(0x6_0000 + self.number, rng.bits() % 3)
            }
            _ if self.is_person() && rng.chance(0.6) => office_address(rng.bits()),
            _ => self.aws.clone(),
        }
    }
}

/// Returns a fresh GUID in lower case.
pub(crate) fn guid(rng: &mut Rng) -> String {
    let hex = rng.text(HEX, 30);
    format!(
        "{}-{}-4{}-a{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..15],
        &hex[15..18],
        &hex[18..30]
    )
}

/// Returns all principals, those that are there from the start first.
pub(crate) fn population(seed: u64, identities: u32, start: Day, days: u32) -> Vec<Rc<Principal>> {
    let mut all: Vec<Rc<Principal>> = Vec::new();
    let mut hire = |kind, joins| {
        // Every kind works in both clouds by turns.
        all.push(Rc::new(Principal::make(
            seed,
            all.len() as u64 + 1,
            kind,
            joins,
        )));
    };
    for (kind, percent, least) in WORKFORCE {
        for _ in 0..(identities * percent / 100).max(least) {
            hire(kind, start.plus(-200));
        }
    }
    let mut rng = Rng::of(seed, &[0xab0, 0xa117]);
    for day in 1..days {
        if rng.chance(0.3) {
            let kind = *rng.pick(&[Kind::Office, Kind::Analyst, Kind::Developer]);
            hire(kind, start.plus(day as i32));
        }
    }
    all
}
