//! The buckets of the AWS accounts.

use crate::simulate::model::company::{
    ACCOUNTS, COMPANY, DATA, DEV, DR, EU_WEST, HOSTILE, PROD, SECURITY, SYDNEY, US_EAST, US_WEST,
    VENDOR,
};
use crate::simulate::model::random::{Rng, splitmix};
use crate::time::Day;

/// What a bucket is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// What a website or service stores.
    Service,
    /// Partitioned tables of the data lake.
    Lake,
    /// Payroll, identity papers, ledgers: what the configuration calls sensitive.
    Sensitive,
    /// A team's own project.
    Project,
    /// Audit and access logs.
    Logs,
    /// Copies in the disaster recovery account.
    Recovery,
    /// What everyone may read.
    Public,
    /// A bucket in an account that is not ours.
    Foreign,
}

/// A bucket.
#[derive(Debug, Clone)]
pub(crate) struct Bucket {
    pub(crate) name: String,
    /// The owner's account id.
    pub(crate) owner: String,
    /// The owner's place in [`ACCOUNTS`], if it is ours.
    pub(crate) account: Option<usize>,
    pub(crate) region: usize,
    pub(crate) purpose: Purpose,
    /// The first day on which it exists.
    pub(crate) created: Day,
    /// Median size of an object in bytes.
    pub(crate) object_bytes: f64,
}

impl Bucket {
    /// Returns whether a posture setting of it is configured; the same answer on every day.
    pub(crate) fn has(&self, setting: usize) -> bool {
        let hash = self.name.bytes().fold(setting as u64, |state, byte| {
            splitmix(state ^ u64::from(byte))
        });
        hash % 100 < 58
    }
}

/// Returns the buckets of an estate: those that exist from the start, then those that come with new projects.
pub(crate) fn buckets(seed: u64, identities: u32, start: Day, days: u32) -> Vec<Bucket> {
    let mut rng = Rng::of(seed, &[0xb0c4]);
    let mut all: Vec<Bucket> = Vec::new();
    let long_ago = start.plus(-400);
    let mut add = |name: String,
                   account: usize,
                   region: usize,
                   purpose: Purpose,
                   created: Day,
                   object_bytes: f64| {
        let owner = ACCOUNTS[account].id.to_owned();
        all.push(Bucket {
            name,
            owner,
            account: Some(account),
            region,
            purpose,
            created,
            object_bytes,
        });
    };
    for (name, region) in [
        ("web-assets", US_EAST),
        ("web-uploads", US_EAST),
        ("web-assets-eu", EU_WEST),
        ("orders-documents", US_EAST),
        ("orders-documents-eu", EU_WEST),
        ("media-renditions", US_EAST),
        ("mobile-config", US_EAST),
        ("search-index", US_EAST),
        ("sessions-archive", US_EAST),
        ("catalog-feeds", EU_WEST),
        ("apac-web-assets", SYDNEY),
        ("apac-orders", SYDNEY),
    ] {
        add(
            format!("{COMPANY}-prod-{name}"),
            PROD,
            region,
            Purpose::Service,
            long_ago,
            60e3,
        );
    }
    add(
        format!("{COMPANY}-public-downloads"),
        PROD,
        US_EAST,
        Purpose::Public,
        long_ago,
        4e6,
    );
    for (name, region) in [
        ("lake-raw", US_EAST),
        ("lake-curated", US_EAST),
        ("lake-marts", US_EAST),
        ("lake-raw-eu", EU_WEST),
        ("lake-curated-eu", EU_WEST),
        ("athena-results", US_EAST),
        ("ml-features", US_EAST),
        ("partner-exchange", US_EAST),
        ("clickstream", EU_WEST),
    ] {
        add(
            format!("{COMPANY}-data-{name}"),
            DATA,
            region,
            Purpose::Lake,
            long_ago,
            6e6,
        );
    }
    for (name, account, region) in [
        ("payroll-exports", DATA, US_EAST),
        ("payroll-archive", DATA, EU_WEST),
        ("customer-kyc-documents", PROD, US_EAST),
        ("customer-kyc-eu", PROD, EU_WEST),
        ("finance-ledger", DATA, US_EAST),
        ("hr-records", DATA, EU_WEST),
        ("legal-holds", DATA, US_EAST),
    ] {
        add(
            format!("{COMPANY}-{name}"),
            account,
            region,
            Purpose::Sensitive,
            long_ago,
            900e3,
        );
    }
    for (account, place) in ACCOUNTS.iter().enumerate() {
        add(
            format!("{COMPANY}-{}-access-logs", place.name),
            account,
            US_EAST,
            Purpose::Logs,
            long_ago,
            30e3,
        );
    }
    add(
        format!("{COMPANY}-org-cloudtrail"),
        SECURITY,
        US_EAST,
        Purpose::Logs,
        long_ago,
        30e3,
    );
    for name in ["prod-orders", "payroll", "kyc", "lake-curated"] {
        add(
            format!("{COMPANY}-dr-{name}"),
            DR,
            US_WEST,
            Purpose::Recovery,
            long_ago,
            3e6,
        );
    }
    const ADJECTIVES: [&str; 16] = [
        "amber", "brisk", "cobalt", "dapper", "ember", "fabled", "gentle", "hollow", "ivory",
        "jolly", "keen", "lunar", "mellow", "nimble", "opal", "placid",
    ];
    const NOUNS: [&str; 14] = [
        "anchor", "beacon", "compass", "delta", "estuary", "ferry", "galleon", "harbour", "isle",
        "jetty", "keel", "lagoon", "mast", "quay",
    ];
    let established = 16 + identities as usize / 6;
    let emerging = (days as usize * (1 + identities as usize / 200)).div_ceil(2);
    let offset = rng.below(ADJECTIVES.len() * NOUNS.len());
    for number in 0..established + emerging {
        let created = match number.checked_sub(established) {
            None => long_ago,
            Some(_) => start.plus(rng.below(days as usize) as i32),
        };
        // 37 has no divisor in common with 16 · 14, so the names run through all pairs before they repeat.
        let place = (offset + number * 37) % (ADJECTIVES.len() * NOUNS.len());
        let round = number / (ADJECTIVES.len() * NOUNS.len());
        let suffix = if round == 0 {
            String::new()
        } else {
            format!("-{}", round + 1)
        };
        let account = *rng.pick(&[DEV, DEV, DEV, DATA, DATA, PROD]);
        let region = *rng.pick(&[US_EAST, US_EAST, EU_WEST]);
        let name = format!(
            "{COMPANY}-{}-{}-{}{suffix}",
            ACCOUNTS[account].name,
            ADJECTIVES[place % 16],
            NOUNS[place / 16]
        );
        let size = rng.log_normal(400e3, 1.2);
        add(name, account, region, Purpose::Project, created, size);
    }
    let foreign = |name: &str, owner: &str, region| Bucket {
        name: name.to_owned(),
        owner: owner.to_owned(),
        account: None,
        region,
        purpose: Purpose::Foreign,
        created: long_ago,
        object_bytes: 1e6,
    };
    all.push(foreign("stowaway-vault-halcyon", VENDOR, US_EAST));
    all.push(foreign("mirror-cdn-cache-0417", HOSTILE[0], US_EAST));
    all.push(foreign("dl-staging-eu-7731", HOSTILE[1], EU_WEST));
    all.push(foreign("backup-store-gamma", HOSTILE[2], US_WEST));
    all
}

/// Returns the copy of an identity's buckets in the disaster recovery account, or elsewhere.
pub(crate) fn recovery_bucket(buckets: &[Bucket], turn: u64) -> Option<&Bucket> {
    let owned: Vec<&Bucket> = buckets
        .iter()
        .filter(|b| b.account == Some(DR) && b.purpose == Purpose::Recovery)
        .collect();
    owned.get(turn as usize % owned.len().max(1)).copied()
}
