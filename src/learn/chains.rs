//! The chain of each entity. Few chains are shared by many entities, so each is made once.

use rustc_hash::FxHashMap;

use crate::baseline::{Chain, Group, chain_of_identity, chain_of_region, chain_of_role};
use crate::event::{IdentityKind, Provider};
use crate::learn::group_priors::Groups;
use crate::learn::peers::{PeerClusters, PeerGroupOf, shared_role};
use crate::learn::state::{Cell, EntityState};
use crate::vocab::{Entity, EntityKind, Str};

/// What a chain follows from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Traits {
    Role,
    Region(Provider),
    Identity {
        provider: Provider,
        kind: IdentityKind,
        configured: Option<Str>,
        cluster: Option<u32>,
        role: Option<Str>,
        account: Option<Str>,
        home: Option<Str>,
    },
}

struct Made {
    chain: Chain,
    /// The groups of the chain in [`Groups`].
    numbers: Option<Vec<u32>>,
}

/// The chains of a morning.
pub(super) struct Chains<'l> {
    peer_group_of: &'l PeerGroupOf<'l>,
    clusters: Option<&'l PeerClusters>,
    made: FxHashMap<Traits, Made>,
}

impl<'l> Chains<'l> {
    pub(super) fn new(
        peer_group_of: &'l PeerGroupOf<'l>,
        clusters: Option<&'l PeerClusters>,
    ) -> Self {
        Self {
            peer_group_of,
            clusters,
            made: FxHashMap::default(),
        }
    }

    /// Returns the chain of an entity, from its exposure and cells of the morning.
    pub(super) fn chain(
        &mut self,
        entity: &Entity,
        state: &EntityState,
        exposure: f64,
        cells: &[Cell],
    ) -> Chain {
        self.made(entity, state, exposure, cells).chain.clone()
    }

    /// Returns the numbers of the groups of its chain, as far as they are wanted; always of the same groups.
    pub(super) fn numbers(
        &mut self,
        entity: &Entity,
        state: &EntityState,
        (exposure, cells): (f64, &[Cell]),
        groups: &mut Groups,
        is_wanted: impl Fn(&Group) -> bool,
    ) -> &[u32] {
        let made = self.made(entity, state, exposure, cells);
        made.numbers
            .get_or_insert_with(|| groups.numbers(&made.chain, is_wanted))
    }

    fn made(
        &mut self,
        entity: &Entity,
        state: &EntityState,
        exposure: f64,
        cells: &[Cell],
    ) -> &mut Made {
        let provider = state.provider.unwrap_or(Provider::Other);
        let traits = match entity.kind {
            EntityKind::Role => Traits::Role,
            EntityKind::Region => Traits::Region(provider),
            EntityKind::Identity | EntityKind::PeerGroup | EntityKind::Estate => {
                let configured = (self.peer_group_of)(&entity.id);
                let role = shared_role(&entity.id, state.role.as_ref());
                let is_labelled = role.is_some() || configured.is_some();
                let clusters = self.clusters.filter(|_| !is_labelled);
                Traits::Identity {
                    provider,
                    kind: state.kind,
                    cluster: clusters.and_then(|c| c.number_of(state.cluster, exposure, cells)),
                    configured,
                    role: role.cloned(),
                    account: state.account.clone(),
                    home: state.known.home_region().cloned(),
                }
            }
        };
        let clusters = self.clusters;
        self.made.entry(traits).or_insert_with_key(|traits| Made {
            chain: chain_of(traits, clusters),
            numbers: None,
        })
    }
}

fn chain_of(traits: &Traits, clusters: Option<&PeerClusters>) -> Chain {
    match traits {
        Traits::Role => chain_of_role(),
        Traits::Region(provider) => chain_of_region(*provider),
        Traits::Identity {
            provider,
            kind,
            configured,
            cluster,
            role,
            account,
            home,
        } => {
            let mut chain = chain_of_identity(
                configured.as_deref(),
                role.as_ref(),
                account.as_ref().zip(home.as_ref()),
                *provider,
                *kind,
            );
            let cluster = clusters.zip(*cluster);
            chain.splice(0..0, cluster.map(|(all, number)| all.group(number)));
            chain
        }
    }
}
