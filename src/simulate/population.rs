//! Who works here: people and workloads, with their homes, tools, habits and fates.

use crate::time::Day;

use super::attack_set::AttackSet;
use super::cloudtrail::instance_id;
use super::estate::{
    ACCOUNTS, Bucket, DATA, DEV, DR, EU_WEST, MAIL, PROD, Purpose, SECURITY, SYDNEY, US_EAST,
};
use super::lifecycle::{Assignment, Scenario, plan_lifecycles};
use super::random::{BASE32, HEX, Rng};
use super::routine::routine_identities;
use super::user_agent::Client;
use super::world::workday;

/// What somebody is employed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Kind {
    Analyst,
    /// An analyst who closes the books from sensitive buckets: every Friday, and heavily at month end.
    Finance,
    Developer,
    Admin,
    WebService,
    Etl,
    Backup,
    /// Copies to the backup vendor's account, which is approved.
    VendorBackup,
    Indexer,
    /// Reads the posture of every bucket, every night.
    Scanner,
    /// Lists every bucket of the production and data accounts, every Sunday.
    Inventory,
    /// Reads much every Wednesday and sends it to a business partner, from its instance.
    Exporter,
    Ci,
    /// A role that is assumed anew for every job, under random session names.
    Batch,
    Lambda,
    /// Hardly ever active.
    Dormant,
    Partner,
    /// Writes the policies of a website's buckets, every day the same.
    Deployer,
    /// Goes through the organisation's accounts, every night.
    Auditor,
    /// A job whose bucket was closed to it long ago, and that tries every day.
    Stuck,
    /// Copies a part of the lake with a sync tool, every night.
    Mirror,
}

impl Kind {
    /// Returns whether it is a person.
    pub(super) fn is_person(self) -> bool {
        matches!(
            self,
            Self::Analyst | Self::Finance | Self::Developer | Self::Admin | Self::Dormant
        )
    }
}

/// What credentials somebody works with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum IdentityType {
    User,
    /// A single-sign-on role whose session is named after the person's mail address.
    Sso,
    /// A role on an instance.
    Instance,
    Oidc,
    Lambda,
    Assumed,
    /// A role in an account that is not ours.
    Foreign,
}

/// An instance and where it sits in the network.
#[derive(Debug, Clone)]
pub(super) struct Instance {
    pub(super) id: String,
    pub(super) interface: String,
    pub(super) address: String,
}

/// A person or workload.
#[derive(Debug, Clone)]
pub(super) struct Identity {
    pub(super) number: u64,
    pub(super) kind: Kind,
    pub(super) identity_type: IdentityType,
    /// User name, mail address (single sign-on) or role name.
    pub(super) name: String,
    pub(super) account: usize,
    pub(super) region: usize,
    /// The unique id that AWS assigned to the user or role.
    pub(super) unique: String,
    /// The long-term access key of a user.
    pub(super) key: String,
    pub(super) instance: Option<Instance>,
    pub(super) client: Client,
    pub(super) platform: usize,
    pub(super) release: usize,
    /// When the tool moves to its next release, and to which client; none if it stays.
    pub(super) rollout: Option<(Day, Client)>,
    /// Places of the buckets that it works with, favourite first.
    pub(super) buckets: Vec<usize>,
    /// A lasting factor on everything it does.
    pub(super) level: f64,
    /// A factor from a day on.
    pub(super) shift: Option<(Day, f64)>,
    /// The daily growth of its level.
    pub(super) drift: f64,
    /// How much its days differ: the spread of the logarithm of a day's volume.
    pub(super) spread: f64,
    pub(super) joins: Day,
    pub(super) leaves: Option<Day>,
    /// Away from the first day to the last.
    pub(super) trip: Option<(Day, Day)>,
    /// Whether it reads much in its first two days, to set up a new laptop.
    pub(super) sets_up: bool,
    /// Whether it takes over the work of another identity.
    pub(super) is_successor: bool,
    /// Buckets that it works with beside the usual ones, for a time or for good.
    pub(super) assignments: Vec<Assignment>,
    /// On leave from the first day to the last.
    pub(super) away: Vec<(Day, Day)>,
    /// The days before whose dawn it is called.
    pub(super) on_call_nights: Vec<Day>,
    /// The day on which it carries out a migration.
    pub(super) migrates: Option<Day>,
    /// When its working day begins, in seconds of the UTC day.
    pub(super) begins: i64,
    /// How often it works through the console.
    pub(super) console: f64,
}

pub(super) const FIRST_NAMES: [&str; 40] = [
    "ada", "amir", "anouk", "bela", "bruno", "carla", "chen", "dara", "diego", "edith", "emeka",
    "farah", "felix", "greta", "hana", "hugo", "ines", "ivan", "jonas", "june", "kaito", "karin",
    "leila", "liam", "mara", "milo", "nadia", "noor", "oskar", "paula", "quinn", "rosa", "samir",
    "selma", "tariq", "tessa", "uma", "viktor", "wanda", "yusuf",
];
pub(super) const LAST_NAMES: [&str; 32] = [
    "abbott",
    "arslan",
    "becker",
    "bianchi",
    "castro",
    "cohen",
    "dubois",
    "eriksen",
    "fischer",
    "garcia",
    "haddad",
    "ito",
    "jansen",
    "kaya",
    "kowalski",
    "lindqvist",
    "mensah",
    "moreau",
    "nakamura",
    "novak",
    "okafor",
    "petrov",
    "quist",
    "romano",
    "santos",
    "silva",
    "tanaka",
    "urban",
    "varga",
    "weber",
    "yilmaz",
    "zhou",
];
const SERVICES: [&str; 20] = [
    "checkout",
    "catalog",
    "orders",
    "search",
    "media",
    "profile",
    "ratings",
    "pricing",
    "inventory",
    "shipping",
    "notify",
    "gateway",
    "sessions",
    "reports",
    "billing",
    "loyalty",
    "returns",
    "geo",
    "feeds",
    "assets",
];

/// Shares of the workforce in percent, with the least number of each.
const WORKFORCE: [(Kind, u32, u32); 17] = [
    (Kind::Scanner, 0, 1),
    (Kind::Inventory, 0, 1),
    (Kind::Exporter, 1, 1),
    (Kind::VendorBackup, 0, 1),
    (Kind::Batch, 1, 1),
    (Kind::Partner, 2, 1),
    (Kind::Admin, 4, 3),
    (Kind::Finance, 3, 3),
    (Kind::Backup, 3, 2),
    (Kind::Indexer, 2, 2),
    (Kind::Etl, 6, 4),
    (Kind::WebService, 7, 4),
    (Kind::Ci, 5, 2),
    (Kind::Lambda, 12, 4),
    (Kind::Dormant, 8, 6),
    (Kind::Developer, 21, 6),
    (Kind::Analyst, 26, 6),
];

/// Spreads of the logarithm of a day's volume: most are steady, one in twenty is anything but.
const SPREADS: [f64; 20] = [
    0.25, 0.25, 0.25, 0.25, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.35, 0.35, 0.35, 0.35, 0.5, 0.5, 0.6,
    0.6, 0.7, 0.95,
];

/// Returns everybody who works here at some time of the simulation, those who are here from the start first; whoever is here
/// for the sake of a larger repertoire comes last and changes nobody else.
pub(super) fn population(
    seed: u64,
    identities: u32,
    start: Day,
    days: u32,
    buckets: &[Bucket],
    attack_set: AttackSet,
) -> Vec<Identity> {
    let mut all: Vec<Identity> = Vec::new();
    for (kind, percent, least) in WORKFORCE {
        for _ in 0..(identities * percent / 100).max(least) {
            let number = all.len() as u64;
            let mut identity = make(seed, number, kind, start, days, buckets, start.plus(-200));
            if identity.shift.is_none() && Rng::of(seed, &[0x1eaf, number]).chance(0.02) {
                identity.leaves = Some(
                    start.plus(Rng::of(seed, &[0x1eaf, number, 1]).below(days as usize) as i32),
                );
            }
            all.push(identity);
        }
    }
    let mut arrivals = Rng::of(seed, &[0xa117]);
    for day in 1..days {
        let mean = f64::from(identities) * 0.003;
        let count = arrivals.poisson(mean).max(usize::from(day % 2 == 0));
        for _ in 0..count {
            let kind = *arrivals.pick(&[
                Kind::Analyst,
                Kind::Analyst,
                Kind::Developer,
                Kind::Developer,
                Kind::Lambda,
                Kind::WebService,
                Kind::Etl,
                Kind::Ci,
            ]);
            let number = all.len() as u64;
            let joins = start.plus(day as i32);
            let mut newcomer = make(seed, number, kind, start, days, buckets, joins);
            newcomer.sets_up = kind.is_person() && arrivals.chance(0.6);
            all.push(newcomer);
        }
    }
    let scenario = Scenario {
        seed,
        start,
        days,
        buckets,
    };
    plan_lifecycles(&scenario, &mut all);
    if attack_set == AttackSet::All {
        all.extend(routine_identities(
            seed,
            start,
            days,
            buckets,
            all.len() as u64,
        ));
    }
    all
}

/// Makes one identity; everything about it follows from the seed and its number.
pub(super) fn make(
    seed: u64,
    number: u64,
    kind: Kind,
    start: Day,
    days: u32,
    buckets: &[Bucket],
    joins: Day,
) -> Identity {
    let mut rng = Rng::of(seed, &[0x1d, number]);
    let (identity_type, account, region) = match kind {
        Kind::Analyst | Kind::Finance => (
            if rng.chance(0.65) {
                IdentityType::Sso
            } else {
                IdentityType::User
            },
            DATA,
            *rng.pick(&[US_EAST, US_EAST, EU_WEST]),
        ),
        Kind::Developer => (
            if rng.chance(0.6) {
                IdentityType::Sso
            } else {
                IdentityType::User
            },
            *rng.pick(&[DEV, DEV, PROD]),
            *rng.pick(&[US_EAST, US_EAST, EU_WEST]),
        ),
        Kind::Admin => (
            if rng.chance(0.5) {
                IdentityType::Sso
            } else {
                IdentityType::User
            },
            [PROD, DATA, DEV][number as usize % 3],
            US_EAST,
        ),
        Kind::WebService => (
            if rng.chance(0.5) {
                IdentityType::Instance
            } else {
                IdentityType::Assumed
            },
            PROD,
            *rng.pick(&[US_EAST, US_EAST, EU_WEST, SYDNEY]),
        ),
        Kind::Etl => (
            IdentityType::Instance,
            *rng.pick(&[DATA, DATA, DATA, DEV]),
            *rng.pick(&[US_EAST, US_EAST, EU_WEST]),
        ),
        Kind::Backup => (IdentityType::Instance, *rng.pick(&[PROD, DATA]), US_EAST),
        Kind::VendorBackup => (IdentityType::Assumed, DATA, US_EAST),
        Kind::Indexer => (IdentityType::Instance, *rng.pick(&[PROD, DATA]), US_EAST),
        Kind::Scanner => (IdentityType::Assumed, SECURITY, US_EAST),
        Kind::Inventory => (IdentityType::Assumed, DATA, US_EAST),
        Kind::Exporter => (IdentityType::Instance, DATA, US_EAST),
        Kind::Ci => (IdentityType::Oidc, *rng.pick(&[DEV, DEV, PROD]), US_EAST),
        Kind::Batch => (IdentityType::Assumed, DATA, US_EAST),
        Kind::Lambda => (
            IdentityType::Lambda,
            *rng.pick(&[PROD, PROD, DATA, DEV]),
            *rng.pick(&[US_EAST, US_EAST, EU_WEST]),
        ),
        Kind::Dormant => (IdentityType::User, *rng.pick(&[PROD, DATA, DEV]), US_EAST),
        Kind::Partner => (IdentityType::Foreign, DATA, US_EAST),
        Kind::Deployer => (IdentityType::Oidc, PROD, US_EAST),
        Kind::Auditor => (IdentityType::Assumed, SECURITY, US_EAST),
        Kind::Stuck => (IdentityType::Assumed, DATA, US_EAST),
        Kind::Mirror => (IdentityType::User, DATA, US_EAST),
    };
    let person = kind.is_person();
    let full_name = format!("{}.{}", rng.pick(&FIRST_NAMES), rng.pick(&LAST_NAMES));
    let service = SERVICES[(number as usize) % SERVICES.len()];
    let name = match (kind, identity_type) {
        (_, IdentityType::Sso) => format!(
            "{full_name}{}@{MAIL}",
            if number.is_multiple_of(3) {
                String::new()
            } else {
                number.to_string()
            }
        ),
        (Kind::Mirror, _) => "svc-lake-mirror".to_owned(),
        (_, IdentityType::User) => format!("{full_name}{number}"),
        (Kind::Etl, _) => format!("etl-{service}-{number}"),
        (Kind::Backup, _) => format!("backup-{service}-{number}"),
        (Kind::VendorBackup, _) => "backup-vendor-stowaway".to_owned(),
        (Kind::Indexer, _) => format!("indexer-{service}-{number}"),
        (Kind::Scanner, _) => "cspm-scanner".to_owned(),
        (Kind::Inventory, _) => "storage-inventory".to_owned(),
        (Kind::Exporter, _) => format!("export-{service}-{number}"),
        (Kind::Ci, _) => format!("ci-{service}-{number}"),
        (Kind::Batch, _) => format!("batch-runner-{number}"),
        (Kind::Lambda, _) => format!("lambda-{service}-{number}"),
        (Kind::Partner, _) => format!("partner-{number}"),
        (Kind::Deployer, _) => "deploy-website".to_owned(),
        (Kind::Auditor, _) => "landing-zone-audit".to_owned(),
        (Kind::Stuck, _) => "report-legacy".to_owned(),
        _ => format!("svc-{service}-{number}"),
    };
    let prefix = if identity_type == IdentityType::User {
        "AIDA"
    } else {
        "AROA"
    };
    let client = match kind {
        Kind::Analyst | Kind::Finance => {
            *rng.pick(&[Client::AwsCli, Client::Boto3, Client::AwsCli])
        }
        Kind::Developer | Kind::Dormant => {
            *rng.pick(&[Client::AwsCli, Client::AwsCli, Client::Boto3, Client::Go])
        }
        Kind::Admin => *rng.pick(&[Client::AwsCli, Client::Terraform]),
        Kind::WebService => *rng.pick(&[Client::Java, Client::Java, Client::Go]),
        Kind::Etl
        | Kind::Indexer
        | Kind::Scanner
        | Kind::Inventory
        | Kind::Exporter
        | Kind::Auditor
        | Kind::Stuck
        | Kind::Batch => *rng.pick(&[Client::Boto3, Client::Boto3, Client::Java]),
        Kind::Deployer => Client::Terraform,
        Kind::Mirror => Client::Rclone,
        Kind::Backup | Kind::VendorBackup => Client::Go,
        Kind::Ci => *rng.pick(&[Client::AwsCli, Client::Terraform]),
        Kind::Lambda => *rng.pick(&[Client::JavaScript, Client::Boto3]),
        Kind::Partner => Client::Java,
    };
    // Some Java services move to Rust; everybody else gets a new release of the same tool.
    let next = if client == Client::Java && rng.chance(0.3) {
        Client::Rust
    } else {
        client
    };
    let from = rng.between(0, i64::from(days)) as i32 + rng.exponential(3.0) as i32;
    let rollout = rng.chance(0.5).then(|| (workday(start.plus(from)), next));
    let instance =
        (identity_type == IdentityType::Instance).then(|| new_instance(&mut rng, account));
    let trip = (person && rng.chance(0.10)).then(|| {
        let from = start.plus(rng.below(days as usize) as i32);
        (from, from.plus(rng.between(2, 5) as i32))
    });
    let shift = rng.chance(0.05).then(|| {
        (
            start.plus(rng.below(days as usize) as i32),
            1.5 + 2.5 * rng.unit(),
        )
    });
    let drift = if rng.chance(0.10) {
        1.0 + 0.03 * (2.0 * rng.unit() - 1.0)
    } else {
        1.0
    };
    let begins = if region == EU_WEST {
        7 * 3600
    } else {
        13 * 3600
    } + rng.between(0, 5400);
    let own = choose_buckets(&mut rng, kind, account, region, buckets, joins.max(start));
    // People on single sign-on share their role, and so its unique id.
    let unique = match identity_type {
        IdentityType::Sso => Rng::of(seed, &[0x550, account as u64, kind as u64]).text(BASE32, 17),
        _ => rng.text(BASE32, 17),
    };
    Identity {
        number,
        kind,
        identity_type,
        unique: format!("{prefix}{unique}"),
        key: format!("AKIA{}", rng.text(BASE32, 16)),
        name,
        account,
        region,
        instance,
        client,
        platform: rng.below(60),
        release: rng.below(2),
        rollout,
        buckets: own,
        level: rng.log_normal(1.0, 0.35).clamp(0.4, 2.5),
        shift,
        drift,
        spread: *rng.pick(&SPREADS),
        joins,
        leaves: None,
        trip,
        sets_up: false,
        is_successor: false,
        assignments: Vec::new(),
        away: Vec::new(),
        on_call_nights: Vec::new(),
        migrates: None,
        begins,
        console: match kind {
            Kind::Admin => 0.6,
            Kind::Developer | Kind::Finance => 0.2,
            Kind::Analyst => 0.12,
            _ => 0.0,
        },
    }
}

/// Returns a new instance in the VPC of an account.
pub(super) fn new_instance(rng: &mut Rng, account: usize) -> Instance {
    Instance {
        id: instance_id(rng),
        interface: format!("eni-0{}", rng.text(HEX, 16)),
        address: format!(
            "10.{}.{}.{}",
            ACCOUNTS[account].vpc,
            rng.between(0, 40),
            rng.between(4, 250)
        ),
    }
}

fn choose_buckets(
    rng: &mut Rng,
    kind: Kind,
    account: usize,
    region: usize,
    all: &[Bucket],
    on: Day,
) -> Vec<usize> {
    let wanted = |bucket: &Bucket, purposes: &[Purpose]| {
        bucket.account == Some(account)
            && bucket.created <= on
            && purposes.contains(&bucket.purpose)
    };
    let purposes: &[Purpose] = match kind {
        Kind::Finance => &[Purpose::Sensitive],
        Kind::Analyst => &[Purpose::Lake, Purpose::Lake, Purpose::Project],
        Kind::WebService => &[Purpose::Service],
        Kind::Partner | Kind::Exporter => &[Purpose::Lake],
        Kind::Backup => &[Purpose::Service, Purpose::Lake, Purpose::Sensitive],
        Kind::Lambda | Kind::Ci | Kind::Developer | Kind::Dormant => {
            &[Purpose::Project, Purpose::Service]
        }
        _ => &[Purpose::Lake, Purpose::Service, Purpose::Project],
    };
    let mut candidates: Vec<usize> = (0..all.len())
        .filter(|&b| wanted(&all[b], purposes))
        .collect();
    // Work stays in one's own region, unless there is nothing there.
    let near: Vec<usize> = candidates
        .iter()
        .copied()
        .filter(|&b| all[b].region == region)
        .collect();
    if !near.is_empty() && kind != Kind::Admin {
        candidates = near;
    }
    let count = match kind {
        Kind::Etl | Kind::Lambda | Kind::Partner | Kind::Batch => 2,
        Kind::WebService | Kind::Ci | Kind::Dormant | Kind::Exporter => 3,
        Kind::Backup | Kind::Indexer => 5,
        _ => 4 + rng.below(4),
    };
    let mut chosen = Vec::new();
    while chosen.len() < count && !candidates.is_empty() {
        let place = rng.below(candidates.len());
        chosen.push(candidates.swap_remove(place));
    }
    chosen
}

/// Returns the copy of an identity's buckets in the disaster recovery account, or elsewhere.
pub(super) fn recovery_bucket(buckets: &[Bucket], turn: u64) -> Option<&Bucket> {
    let owned: Vec<&Bucket> = buckets
        .iter()
        .filter(|b| b.account == Some(DR) && b.purpose == Purpose::Recovery)
        .collect();
    owned.get(turn as usize % owned.len().max(1)).copied()
}
