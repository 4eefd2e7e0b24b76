//! The company: its accounts, regions, networks and buckets.

use crate::time::Day;

use super::random::{Rng, splitmix};

/// The company's name, as it begins its buckets' names.
pub(super) const COMPANY: &str = "halcyon";
/// The company's mail domain.
pub(super) const MAIL: &str = "halcyon.example";

/// The header of flow logs that are delivered in the default format.
pub(super) const FLOW_HEADER_DEFAULT: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status";
/// The header of flow logs in the company's own format.
pub(super) const FLOW_HEADER_CUSTOM: &str = "version account-id interface-id instance-id srcaddr dstaddr srcport dstport \
     protocol packets bytes start end action log-status flow-direction pkt-srcaddr pkt-dstaddr pkt-dst-aws-service";

/// An account of the company.
pub(super) struct Account {
    /// Twelve digits; the numbers are those that AWS reserves for its documentation.
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    /// Whether its flow logs name the instance.
    pub(super) custom_flows: bool,
    /// The hexadecimal part of its flow log's id.
    pub(super) flow_log: &'static str,
    /// The second octet of its VPC, 10.x.0.0/16.
    pub(super) vpc: u8,
}

/// The accounts; the constants below are places in this table.
pub(super) const ACCOUNTS: [Account; 5] = [
    Account {
        id: "111122223333",
        name: "prod",
        custom_flows: true,
        flow_log: "1b07217476488e53",
        vpc: 20,
    },
    Account {
        id: "222233334444",
        name: "data",
        custom_flows: true,
        flow_log: "7c91d03a5be26f48",
        vpc: 40,
    },
    Account {
        id: "333344445555",
        name: "dev",
        custom_flows: false,
        flow_log: "a40e6f1c92d7b385",
        vpc: 60,
    },
    Account {
        id: "444455556666",
        name: "security",
        custom_flows: false,
        flow_log: "e2c5087bd91f364a",
        vpc: 80,
    },
    Account {
        id: "555566667777",
        name: "dr",
        custom_flows: false,
        flow_log: "590b3ea87f61c2d4",
        vpc: 100,
    },
];
pub(super) const PROD: usize = 0;
pub(super) const DATA: usize = 1;
pub(super) const DEV: usize = 2;
pub(super) const SECURITY: usize = 3;
pub(super) const DR: usize = 4;

/// The backup vendor's account, which an approval covers.
pub(super) const VENDOR: &str = "777788889999";
/// The account of a business partner who reads one of our buckets.
pub(super) const PARTNER: &str = "888899990000";
/// Accounts that attackers own.
pub(super) const HOSTILE: [&str; 3] = ["999900001111", "000011112222", "666677778888"];

/// The regions; the constants below are places in this table. The last three see no honest work.
pub(super) const REGIONS: [&str; 7] = [
    "us-east-1",
    "eu-west-1",
    "us-west-2",
    "ap-southeast-2",
    "ap-south-1",
    "sa-east-1",
    "ap-northeast-3",
];
pub(super) const US_EAST: usize = 0;
pub(super) const EU_WEST: usize = 1;
pub(super) const US_WEST: usize = 2;
pub(super) const SYDNEY: usize = 3;
/// Where honest work never happens.
pub(super) const REGIONS_UNUSED: [usize; 3] = [4, 5, 6];

/// The company's own egress range, which the configuration calls internal.
pub(super) const EGRESS: &str = "203.0.113.0/24";

/// First octets of blocks that are not routed on the internet, so that no real host plays a part.
const UNROUTED: [u8; 8] = [11, 21, 22, 26, 28, 29, 30, 33];

/// Returns an address in the /16 that belongs to `number`, with a host part that belongs to `host`.
pub(super) fn external_address(number: u64, host: u64) -> String {
    let (n, h) = (splitmix(number), splitmix(host ^ 0x5eed));
    format!(
        "{}.{}.{}.{}",
        UNROUTED[(n % 8) as usize],
        (n >> 8) % 254 + 1,
        (h >> 8) % 254 + 1,
        (h >> 16) % 254 + 1
    )
}

/// Returns one of the company's egress addresses.
pub(super) fn office_address(number: u64) -> String {
    format!("203.0.113.{}", 8 + splitmix(number) % 6)
}

/// What a bucket is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
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
    /// What anybody may read.
    Public,
    /// A bucket in an account that is not ours.
    Foreign,
}

/// A bucket.
#[derive(Debug, Clone)]
pub(super) struct Bucket {
    pub(super) name: String,
    /// The owner's account id.
    pub(super) owner: String,
    /// The owner's place in [`ACCOUNTS`], if it is ours.
    pub(super) account: Option<usize>,
    pub(super) region: usize,
    pub(super) purpose: Purpose,
    /// The first day on which it exists.
    pub(super) created: Day,
    /// Median size of an object in bytes.
    pub(super) object_bytes: f64,
}

impl Bucket {
    /// Returns whether a posture setting of it is configured; the same answer on every day.
    pub(super) fn has(&self, setting: usize) -> bool {
        let hash = self.name.bytes().fold(setting as u64, |state, byte| {
            splitmix(state ^ u64::from(byte))
        });
        hash % 100 < 58
    }
}

/// Returns the buckets of an estate: those that exist from the start, then those that come with new projects.
pub(super) fn buckets(seed: u64, identities: u32, start: Day, days: u32) -> Vec<Bucket> {
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
