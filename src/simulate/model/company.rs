//! The company: its AWS accounts and regions.

/// The company's name, as it begins its buckets' names.
pub(crate) const COMPANY: &str = "halcyon";

/// The company's mail domain.
pub(crate) const MAIL: &str = "halcyon.example";

/// An account of the company.
pub(crate) struct Account {
    /// Twelve digits; the numbers are those that AWS reserves for its documentation.
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    /// Whether its flow logs name the instance.
    pub(crate) custom_flows: bool,
    /// The hexadecimal part of its flow log's id.
    pub(crate) flow_log: &'static str,
    /// The second octet of its VPC, 10.x.0.0/16.
    pub(crate) vpc: u8,
}

/// The accounts; the constants below are places in this table.
pub(crate) const ACCOUNTS: [Account; 5] = [
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

pub(crate) const PROD: usize = 0;

pub(crate) const DATA: usize = 1;

pub(crate) const DEV: usize = 2;

pub(crate) const SECURITY: usize = 3;

pub(crate) const DR: usize = 4;

/// The backup vendor's account, which an approval covers.
pub(crate) const VENDOR: &str = "777788889999";

/// The account of a business partner who reads one of our buckets.
pub(crate) const PARTNER: &str = "888899990000";

/// Accounts that attackers own.
pub(crate) const HOSTILE: [&str; 3] = ["999900001111", "000011112222", "666677778888"];

/// The regions; the constants below are places in this table.
pub(crate) const REGIONS: [&str; 8] = [
    "us-east-1",
    "eu-west-1",
    "us-west-2",
    "ap-southeast-2",
    "ap-south-1",
    "sa-east-1",
    "ap-northeast-3",
    "eu-central-1",
];

pub(crate) const US_EAST: usize = 0;

pub(crate) const EU_WEST: usize = 1;

pub(crate) const US_WEST: usize = 2;

pub(crate) const SYDNEY: usize = 3;

/// Where a team begins to work, if it does.
pub(crate) const FRANKFURT: usize = 7;

/// Where legitimate work never happens.
pub(crate) const REGIONS_UNUSED: [usize; 3] = [4, 5, 6];
