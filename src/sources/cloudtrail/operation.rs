//! What the names of a call say: its service, its operation, and their class. They repeat from call to call.

use crate::event::{Action, Provider};
use crate::sources::aws_actions::classify;
use crate::sources::interner::Interner;
use crate::sources::json::Value;
use crate::sources::recent::{self, Recent};
use crate::vocab::Str;

/// What service names end with.
pub const DOMAIN: &str = ".amazonaws.com";

/// Services whose calls are recorded in one region, wherever the caller works.
const GLOBAL_SERVICES: [&str; 15] = [
    "account",
    "billing",
    "budgets",
    "ce",
    "cloudfront",
    "globalaccelerator",
    "health",
    "iam",
    "organizations",
    "route53",
    "route53domains",
    "shield",
    "signin",
    "support",
    "waf",
];

/// What the names of a call say.
#[derive(Debug, Clone)]
pub struct Operation {
    /// The service's short name.
    pub service: Str,
    /// The operation.
    pub op: Str,
    /// The class of the name.
    pub action: Action,
    /// AWS, unless the source is of somebody else.
    pub provider: Provider,
    /// Whether its calls are recorded in one region, wherever the caller works.
    pub is_global: bool,
}

/// Operations by the values that name them, as they are written.
#[derive(Debug, Default)]
pub struct OperationCache {
    recent: Recent<Named>,
}

#[derive(Debug)]
struct Named {
    source: Box<[u8]>,
    name: Box<[u8]>,
    operation: Operation,
}

impl OperationCache {
    /// The longest value, in bytes, that is kept.
    const BYTES_MAX: usize = 512;

    /// Returns what a record's source and name say.
    pub fn of(&mut self, source: Value<'_>, name: Value<'_>, interner: &mut Interner) -> Operation {
        let (from, named) = match (source, name) {
            (Value::Text(from), Value::Text(named))
                if from.len() <= Self::BYTES_MAX && named.len() <= Self::BYTES_MAX =>
            {
                (from, named)
            }
            _ => return operation(source, name, interner),
        };
        let hash = recent::hash(from) ^ recent::hash(named);
        let is_right = |it: &Named| *it.name == *named && *it.source == *from;
        let found = self.recent.get_or(hash, is_right, || Named {
            source: from.into(),
            name: named.into(),
            operation: operation(source, name, interner),
        });
        found.operation.clone()
    }
}

fn operation(source: Value<'_>, name: Value<'_>, interner: &mut Interner) -> Operation {
    let source = source.text().unwrap_or_default();
    let host = source.strip_suffix(".cn").unwrap_or(&source);
    let service = interner.share(host.strip_suffix(DOMAIN).unwrap_or(&source));
    let op = interner.share(&name.text().unwrap_or_default());
    Operation {
        action: classify(&service, &op),
        provider: if host.ends_with(DOMAIN) {
            Provider::Aws
        } else {
            Provider::Other
        },
        is_global: GLOBAL_SERVICES.contains(&&*service),
        service,
        op,
    }
}
