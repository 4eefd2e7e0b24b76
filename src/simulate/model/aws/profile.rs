//! The profile of an identity: its ids, sessions, addresses and tools.

use crate::simulate::model::aws::identity::{Identity, IdentityType, Kind};
use crate::simulate::model::aws::session::Session;
use crate::simulate::model::aws::user_agent::UserAgent;
use crate::simulate::model::company::{ACCOUNTS, PARTNER, REGIONS};
use crate::simulate::model::network::{external_address, office_address};
use crate::simulate::model::random::{BASE32, Rng};
use crate::time::{Day, Time};

impl Identity {
    /// Returns the ARN of the user or role.
    pub(crate) fn arn(&self) -> String {
        let account = ACCOUNTS[self.account].id;
        match self.identity_type {
            IdentityType::User => format!("arn:aws:iam::{account}:user/{}", self.name),
            IdentityType::Sso => format!(
                "arn:aws:iam::{account}:role/aws-reserved/sso.amazonaws.com/eu-west-1/{}",
                self.role_name()
            ),
            IdentityType::Foreign => format!("arn:aws:iam::{PARTNER}:role/{}", self.name),
            _ => format!("arn:aws:iam::{account}:role/{}", self.name),
        }
    }

    /// Returns the canonical id, as the contract defines it.
    pub(crate) fn canonical(&self) -> String {
        match self.identity_type {
            IdentityType::Sso => {
                format!(
                    "arn:aws:sts::{}:assumed-role/{}/{}",
                    ACCOUNTS[self.account].id,
                    self.role_name(),
                    self.name
                )
            }
            IdentityType::Foreign => format!("aws:account:{PARTNER}/{}", self.unique),
            _ => self.arn(),
        }
    }

    /// Returns the canonical id first, then every other id under which it is known.
    pub(crate) fn ids(&self) -> Vec<String> {
        let mut ids = vec![self.canonical()];
        if self.identity_type == IdentityType::Sso {
            ids.push(self.name.clone());
        } else {
            ids.push(self.unique.clone());
        }
        if self.identity_type != IdentityType::Foreign {
            // As the trails of other accounts know it.
            ids.push(format!(
                "aws:account:{}/{}",
                ACCOUNTS[self.account].id, self.unique
            ));
        }
        if self.identity_type == IdentityType::User {
            ids.push(self.key.clone());
        }
        if let Some(instance) = &self.instance {
            ids.push(instance.id.clone());
        }
        ids
    }

    /// Returns the name of the role, which single sign-on shares among people of one kind.
    pub(crate) fn role_name(&self) -> String {
        if self.identity_type != IdentityType::Sso {
            return self.name.clone();
        }
        let (set, tail) = match self.kind {
            Kind::Admin => ("PlatformAdmin", "4b1c9d20e87f6a35"),
            Kind::Developer => ("Developer", "90f3ab6c1d2e5874"),
            Kind::Finance => ("FinanceAnalyst", "2e7d5c81f046b9a3"),
            _ => ("DataAnalyst", "c67a0e9f35d1b248"),
        };
        format!("AWSReservedSSO_{set}_{tail}")
    }

    /// Returns whether it works here on that day.
    pub(crate) fn is_here(&self, day: Day) -> bool {
        self.joins <= day && self.leaves.is_none_or(|last| day <= last)
    }

    /// Returns whether new projects' buckets can become part of its work.
    pub(crate) fn takes_projects(&self) -> bool {
        matches!(
            self.kind,
            Kind::Analyst
                | Kind::Developer
                | Kind::Admin
                | Kind::Lambda
                | Kind::Ci
                | Kind::Etl
                | Kind::Batch
                | Kind::Indexer
        )
    }

    /// Returns whether it is on leave on that day.
    pub(crate) fn is_away(&self, day: Day) -> bool {
        self.away
            .iter()
            .any(|(from, to)| (*from..=*to).contains(&day))
    }

    /// Returns whether it is travelling on that day.
    pub(crate) fn is_travelling(&self, day: Day) -> bool {
        self.trip
            .is_some_and(|(from, to)| (from..=to).contains(&day))
    }

    /// Returns the factor on its volumes on that day.
    pub(crate) fn intensity(&self, day: Day, start: Day) -> f64 {
        let shift = self
            .shift
            .filter(|&(from, _)| day >= from)
            .map_or(1.0, |(_, factor)| factor);
        self.level * shift * self.drift.powi(day.since(start))
    }

    /// Returns the tool that it uses on that day.
    pub(crate) fn user_agent(&self, day: Day) -> UserAgent {
        match self.rollout {
            Some((from, client)) if day >= from => {
                UserAgent::new(client, self.release + 1, self.platform)
            }
            _ => UserAgent::new(self.client, self.release, self.platform),
        }
    }

    /// Opens a session at an instant, from its usual address; `source` overrides that.
    pub(crate) fn session(&self, rng: &mut Rng, at: i64, source: Option<String>) -> Session {
        let account = ACCOUNTS[self.account].id;
        let day = Time::from_secs(at).map_or(Day(0), Time::day);
        let created = Time::from_secs(at - rng.between(60, 3_000)).unwrap_or(Time::from_nanos(0));
        let (unique, role) = (&self.unique, self.role_name());
        let mut temporary = || format!("ASIA{}", rng.text(BASE32, 16));
        let assumed = |name: &str, key: &str, extra: &str| {
            format!(
                "{{\"type\":\"AssumedRole\",\"principalId\":\"{unique}:{name}\",\
                 \"arn\":\"arn:aws:sts::{account}:assumed-role/{role}/{name}\",\"accountId\":\"{account}\",\
                 \"accessKeyId\":\"{key}\",\"sessionContext\":{{\"sessionIssuer\":{{\"type\":\"Role\",\
                 \"principalId\":\"{unique}\",\"arn\":\"{}\",\"accountId\":\"{account}\",\"userName\":\"{role}\"}},\
                 \"attributes\":{{\"creationDate\":\"{created}\",\"mfaAuthenticated\":\"false\"}}{extra}}}",
                self.arn()
            )
        };
        let mut principal = unique.clone();
        let mut own_account = Some(self.account);
        let identity = match self.identity_type {
            IdentityType::User => format!(
                "{{\"type\":\"IAMUser\",\"principalId\":\"{unique}\",\"arn\":\"{}\",\"accountId\":\"{account}\",\
                 \"accessKeyId\":\"{}\",\"userName\":\"{}\"",
                self.arn(),
                self.key,
                self.name
            ),
            IdentityType::Sso => {
                principal = format!("{unique}:{}", self.name);
                assumed(&self.name, &temporary(), "")
            }
            IdentityType::Instance => {
                let id = self.instance.as_ref().map_or("", |i| i.id.as_str());
                principal = format!("{unique}:{id}");
                assumed(id, &temporary(), ",\"ec2RoleDelivery\":\"2.0\"")
            }
            IdentityType::Oidc => {
                let provider = format!(
                    ",\"webIdFederationData\":{{\"federatedProvider\":\"arn:aws:iam::{account}:oidc-provider/\
                     token.actions.githubusercontent.com\",\"attributes\":{{}}}}"
                );
                principal = format!("{unique}:GitHubActions");
                assumed("GitHubActions", &temporary(), &provider)
            }
            IdentityType::Lambda => {
                let function = self.name.trim_start_matches("lambda-");
                principal = format!("{unique}:{function}");
                let scope = format!(
                    "}},\"inScopeOf\":{{\"issuerType\":\"AWS::Lambda::Function\",\"credentialsIssuedTo\":\
                     \"arn:aws:lambda:{}:{account}:function:{function}\"",
                    REGIONS[self.region]
                );
                assumed(function, &temporary(), &scope)
            }
            IdentityType::Assumed => {
                let key = temporary();
                let name = match self.kind {
                    Kind::Scanner => "cspm".to_owned(),
                    Kind::VendorBackup => "stowaway".to_owned(),
                    Kind::Inventory => "inventory".to_owned(),
                    Kind::Auditor => "landing-zone".to_owned(),
                    _ => format!("aws-go-sdk-{}{:09}", at, rng.below(1_000_000_000)),
                };
                principal = format!("{unique}:{name}");
                assumed(&name, &key, "")
            }
            IdentityType::Foreign => {
                own_account = None;
                principal = format!("{unique}:exchange");
                String::new()
            }
        };
        let home_account = if self.identity_type == IdentityType::Foreign {
            PARTNER
        } else {
            account
        };
        let foreign_identity = format!(
            "{{\"type\":\"AWSAccount\",\"principalId\":\"{principal}\",\"accountId\":\"{home_account}\"}}"
        );
        let outside = source.is_some();
        let source = source.unwrap_or_else(|| self.usual_source(rng, day));
        let endpoint = (self.instance.is_some() && !outside)
            .then(|| format!("vpce-0{:x}a41f27be95d03c", 16 + ACCOUNTS[self.account].vpc));
        Session {
            canonical: (
                self.canonical(),
                format!("aws:account:{home_account}/{unique}"),
            ),
            account: own_account,
            identity,
            foreign_identity,
            source,
            user_agent: self.user_agent(day),
            service_agent: None,
            endpoint,
            console: false,
            signed: true,
        }
    }

    /// Returns `userIdentity` of a user who signed in to the console, without the closing brace.
    pub(crate) fn console_identity(&self, rng: &mut Rng, at: i64) -> String {
        let created = Time::from_secs(at - 40).unwrap_or(Time::from_nanos(0));
        format!(
            "{{\"type\":\"IAMUser\",\"principalId\":\"{}\",\"arn\":\"{}\",\"accountId\":\"{}\",\"accessKeyId\":\"ASIA{}\",\
             \"userName\":\"{}\",\"sessionContext\":{{\"sessionIssuer\":{{}},\"attributes\":{{\"creationDate\":\"{created}\",\
             \"mfaAuthenticated\":\"true\"}}}}",
            self.unique,
            self.arn(),
            ACCOUNTS[self.account].id,
            rng.text(BASE32, 16),
            self.name
        )
    }

    /// Returns the number of its home network.
    pub(crate) fn aws(&self) -> u64 {
        0x4000 + self.number % 4_000
    }

    fn usual_source(&self, rng: &mut Rng, day: Day) -> String {
        if let Some(instance) = &self.instance {
            return instance.address.clone();
        }
        if self.kind.is_person() {
            if self.is_travelling(day) {
                return external_address(0x7000 + self.number, rng.bits() % 3);
            }
            return if rng.chance(0.35) {
                external_address(
                    self.aws(),
                    self.number * 7 + u64::try_from(day.0 / 9).unwrap_or(0),
                )
            } else {
                office_address(rng.bits())
            };
        }
        match self.kind {
            Kind::Ci | Kind::Deployer | Kind::Cleaner | Kind::Infrastructure => {
                external_address(0x9000 + rng.bits() % 6, rng.bits())
            }
            Kind::Partner => external_address(0xa000 + self.number, rng.bits() % 4),
            // Everything else leaves through its account's NAT gateways.
            _ => external_address(0xb000 + self.account as u64, rng.bits() % 2),
        }
    }
}
