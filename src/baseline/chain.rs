//! The groups that supply an entity's prior where its own history is thin, nearest first.

use serde::{Deserialize, Serialize};

use crate::baseline::Key;
use crate::event::{IdentityKind, Provider};
use crate::vocab::{EntityKind, Str};

/// A set of entities that share a prior.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Group {
    /// The kind of level: role, region, peer group or estate.
    pub kind: EntityKind,
    /// Its name, as alerts show it.
    pub id: Str,
}

impl Key for Group {
    fn kind(&self) -> EntityKind {
        self.kind
    }

    fn id(&self) -> &Str {
        &self.id
    }
}

/// Groups from the nearest one to the estate.
pub type Chain = Vec<Group>;

fn group(kind: EntityKind, id: impl Into<Str>) -> Group {
    Group {
        kind,
        id: id.into(),
    }
}

/// Returns the chain of an identity: the configured peer group, its role, its kind within its home region, its kind within
/// its provider, the estate.
pub fn chain_of_identity(
    configured: Option<&str>,
    role: Option<&Str>,
    home: Option<(&Str, &Str)>,
    provider: Provider,
    kind: IdentityKind,
) -> Chain {
    let mut chain = Chain::with_capacity(5);
    chain.extend(configured.map(|name| group(EntityKind::PeerGroup, name)));
    chain.extend(role.map(|role| group(EntityKind::Role, role.clone())));
    chain.extend(home.map(|(account, region)| {
        group(
            EntityKind::Region,
            format!("{provider}/{account}/{region} {kind}"),
        )
    }));
    chain.push(group(EntityKind::PeerGroup, format!("{provider}/{kind}")));
    chain.push(all_identities());
    chain
}

/// Returns the group of all identities, at the end of each of their chains.
pub fn all_identities() -> Group {
    group(EntityKind::Estate, "identities")
}

/// Returns the chain of a role: all roles.
pub fn chain_of_role() -> Chain {
    vec![group(EntityKind::Estate, "roles")]
}

/// Returns the chain of a region: all regions of its provider.
pub fn chain_of_region(provider: Provider) -> Chain {
    vec![group(EntityKind::Estate, format!("{provider} regions"))]
}
