//! How an identity is made: everything about it follows from the seed and its number.

use crate::simulate::model::aws::bucket::{Bucket, Purpose};
use crate::simulate::model::aws::identity::{Identity, IdentityType, Instance, Kind};
use crate::simulate::model::aws::user_agent::Client;
use crate::simulate::model::calendar::workday;
use crate::simulate::model::company::{
    ACCOUNTS, DATA, DEV, EU_WEST, MAIL, PROD, SECURITY, SYDNEY, US_EAST,
};
use crate::simulate::model::names::{FIRST_NAMES, LAST_NAMES};
use crate::simulate::model::random::{BASE32, HEX, Rng};
use crate::time::Day;

/// Returns an instance id.
pub(crate) fn instance_id(rng: &mut Rng) -> String {
    format!("i-0{}", rng.text(HEX, 16))
}

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

/// Spreads of the logarithm of a day's volume: most are steady, one in twenty is anything but.
const SPREADS: [f64; 20] = [
    0.25, 0.25, 0.25, 0.25, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.35, 0.35, 0.35, 0.35, 0.5, 0.5, 0.6,
    0.6, 0.7, 0.95,
];

/// Makes one identity; everything about it follows from the seed and its number.
pub(crate) fn make(
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
        Kind::Mirror | Kind::Courier => (IdentityType::User, DATA, US_EAST),
        Kind::Cleaner => (IdentityType::Oidc, DEV, US_EAST),
        Kind::TestRole => (IdentityType::Assumed, DEV, US_EAST),
        Kind::MonthlyPurge | Kind::WeeklyPurge => (IdentityType::Assumed, DATA, US_EAST),
        Kind::Infrastructure => (IdentityType::Oidc, PROD, US_EAST),
        Kind::Grower => (IdentityType::Instance, DATA, US_EAST),
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
        (Kind::Courier, _) => format!("svc-feed-{number}"),
        (Kind::Cleaner, _) => "deploy-stage".to_owned(),
        (Kind::TestRole, _) => "stage-test-runner".to_owned(),
        (Kind::MonthlyPurge, _) => "purge-monthly".to_owned(),
        (Kind::WeeklyPurge, _) => "purge-weekly".to_owned(),
        (Kind::Infrastructure, _) => "infrastructure-code".to_owned(),
        (Kind::Grower, _) => "lake-snapshots".to_owned(),
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
        Kind::MonthlyPurge | Kind::WeeklyPurge | Kind::TestRole => Client::Boto3,
        Kind::Courier => Client::AwsCli,
        Kind::Grower => Client::Go,
        Kind::Deployer | Kind::Cleaner | Kind::Infrastructure => Client::Terraform,
        Kind::Mirror => Client::Rclone,
        Kind::Backup | Kind::VendorBackup => Client::Go,
        Kind::Ci => *rng.pick(&[Client::AwsCli, Client::Terraform]),
        Kind::Lambda => *rng.pick(&[Client::JavaScript, Client::Boto3]),
        Kind::Partner => Client::Java,
    };
    // Some Java services move to Rust; all others get a new release of the same tool.
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
pub(crate) fn new_instance(rng: &mut Rng, account: usize) -> Instance {
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
