//! Resolves an event by the configuration: the identity, whose address it is, and whether its bucket is sensitive.

pub mod address;
pub mod geo;

use std::cell::RefCell;
use std::net::IpAddr;

use crate::config::{BoundSource, Config};
use crate::event::{
    Action, AddressClass, Attachment, Event, PASSPORT, Principal, Provider, Untrusted, is_passport,
};
use crate::identity::address::Networks;
use crate::identity::geo::{Databases, Locator};
use crate::pattern::NamePattern;
use crate::vocab::{Entity, EntityKind, Str};

/// An event with what the configuration adds to it.
#[derive(Debug)]
pub struct ResolvedEvent<'a> {
    /// The event.
    pub event: &'a Event,
    /// The identity that it is measured for: its principal, the identity bound to its interface, or that interface.
    pub identity: Option<Str>,
    /// The id of its region entity: `aws/111122223333/eu-west-1`.
    pub region: Option<Str>,
    /// What the caller's address is to us.
    pub peer_class: AddressClass,
    /// Whether the bucket is on the sensitive list.
    pub sensitive: bool,
    /// Whether the bucket that a copy, replication or share gives away is on the sensitive list.
    pub source_sensitive: bool,
}

impl ResolvedEvent<'_> {
    /// Returns the entities that the event is measured for; none of what another detector concluded.
    pub fn entities(&self) -> impl Iterator<Item = Entity> {
        self.concerned()
            .filter(|_| self.event.action != Action::Finding)
    }

    /// Returns the entities that the event is about.
    pub fn concerned(&self) -> impl Iterator<Item = Entity> {
        let identity = self.identity.clone().map(|id| Entity {
            kind: EntityKind::Identity,
            id,
        });
        let role = self
            .event
            .principal
            .as_ref()
            .and_then(|p| p.role.clone())
            .filter(|role| self.identity.as_ref() != Some(role))
            .map(|id| Entity {
                kind: EntityKind::Role,
                id,
            });
        let region = self.region.clone().map(|id| Entity {
            kind: EntityKind::Region,
            id,
        });
        identity.into_iter().chain(role).chain(region)
    }
}

/// Follows the provider in the identity of an instance.
const INSTANCE: &str = "instance";
/// The same of an interface.
const INTERFACE: &str = "eni";

/// Returns the machine of an identity that stands for one, since nobody is known to use it: the key under which a
/// configuration binds it, and its name.
pub fn machine_of(id: &str) -> Option<(&'static str, &str)> {
    let (_, rest) = id.split_once(':')?;
    let (kind, name) = rest.split_once(':')?;
    match kind {
        INSTANCE => Some((INSTANCE, name)),
        INTERFACE => Some((INTERFACE, name)),
        "address" => Some(("address", name)),
        _ => None,
    }
}

/// Returns the identity of an instance that no known identity uses.
pub fn instance_identity(provider: Provider, instance: &str) -> Str {
    format!("{provider}:{INSTANCE}:{instance}").into()
}

/// Returns the identity of an interface whose instance is not known.
pub fn interface_identity(provider: Provider, interface: &str) -> Str {
    format!("{provider}:{INTERFACE}:{interface}").into()
}

/// Returns the ids of a principal in records that contain only a lesser one: a user principal name or a passport id instead of an
/// object id, an e-mail instead of a profile id. Only ids of the same directory count. The same address in another directory is taken
/// to be another identity.
pub fn lesser_ids(principal: &Principal) -> impl Iterator<Item = Str> {
    let (names, passports) = match principal.id.split_once('/') {
        Some((scope, id)) if scope.starts_with("entra:") => {
            let names = (!id.starts_with("upn/")).then(|| format!("{scope}/upn/"));
            (names, Some(format!("{scope}/{PASSPORT}")))
        }
        Some((scope, id)) if scope.starts_with("gws:") && !id.contains('@') => {
            (Some(format!("{scope}/")), None)
        }
        _ => (None, None),
    };
    let of = |aliases: fn(&str) -> bool, scope: Option<String>| {
        let aliases = principal.aliases.iter().filter(move |alias| aliases(alias));
        let scope = scope.into_iter();
        scope.flat_map(move |scope| {
            let aliases = aliases.clone();
            aliases.map(move |alias| Str::from(format!("{scope}{alias}")))
        })
    };
    of(|alias| alias.contains('@'), names)
        .chain(of(is_passport, passports))
        .filter(|lesser| *lesser != principal.id)
}

/// Returns whether an identity is an instance that no known identity uses.
pub fn is_instance(identity: &str) -> bool {
    matches!(machine_of(identity), Some((INSTANCE, _)))
}

/// Resolves events by one configuration.
#[derive(Debug)]
pub struct Resolver<'a> {
    config: &'a Config,
    networks: Networks,
    /// Buckets that are sensitive, and whom to ask about them.
    sensitive: Vec<(&'a NamePattern, Option<&'a str>)>,
    locator: Option<Locator<'a>>,
    /// The region of the last event, cached: a log file usually has one account and region.
    last_region: RefCell<Option<Region>>,
}

/// A region entity, and the parts of its id.
#[derive(Debug)]
struct Region {
    provider: Provider,
    account: Str,
    name: Str,
    id: Str,
}

impl<'a> Resolver<'a> {
    /// Creates a resolver; `sensitive` are buckets that analytics list as sensitive, in addition to those of the
    /// configuration.
    pub fn new(config: &'a Config, sensitive: impl IntoIterator<Item = &'a NamePattern>) -> Self {
        let sensitive = config
            .sensitive
            .iter()
            .map(|entry| (&entry.bucket, entry.owner.as_deref()))
            .chain(sensitive.into_iter().map(|bucket| (bucket, None)))
            .collect();
        Self {
            config,
            networks: Networks::of(config),
            sensitive,
            locator: None,
            last_region: RefCell::new(None),
        }
    }

    /// Adds databases with the locations of callers.
    pub fn located_by(mut self, databases: &'a Databases) -> Self {
        self.locator = Some(Locator::new(databases));
        self
    }

    /// Resolves the identity, addresses and buckets of one event. The event changes: a flow that stays inside is no egress,
    /// and the caller's location and network are added if they are known.
    pub fn resolve<'e>(&self, event: &'e mut Event) -> ResolvedEvent<'e> {
        if event.action == Action::EgressFlow && !self.leaves(event) {
            event.action = Action::Other;
        }
        if let Some(locator) = &self.locator {
            locator.locate(event);
        }
        let event: &'e Event = event;
        let sensitive = |bucket: Option<&Untrusted>| {
            bucket.is_some_and(|bucket| self.is_sensitive(event.provider, bucket.raw()))
        };
        let is_sensitive = sensitive(event.container.as_ref());
        ResolvedEvent {
            identity: self.identity(event),
            region: self.region(event),
            peer_class: self.networks.classify_peer(&event.peer),
            sensitive: is_sensitive,
            source_sensitive: match &event.copied_from {
                Some(source) => sensitive(Some(source)),
                None => is_sensitive,
            },
            event,
        }
    }

    /// Returns what an address is to us.
    pub fn classify(&self, ip: IpAddr) -> AddressClass {
        self.networks.classify(ip)
    }

    /// Returns whether a bucket is on the sensitive list.
    pub fn is_sensitive(&self, provider: Provider, bucket: &str) -> bool {
        self.listed(provider, bucket).next().is_some()
    }

    /// Returns whom to ask about a sensitive bucket: the owner that the first entry says that names it and has one.
    pub fn sensitive_owner(&self, provider: Provider, bucket: &str) -> Option<&'a str> {
        self.listed(provider, bucket).find_map(|(_, owner)| *owner)
    }

    /// Returns the entries of the sensitive list that name a bucket.
    fn listed<'s>(
        &'s self,
        provider: Provider,
        bucket: &'s str,
    ) -> impl Iterator<Item = &'s (&'a NamePattern, Option<&'a str>)> {
        self.sensitive.iter().filter(move |(pattern, _)| {
            pattern.matches_of(provider, bucket) || pattern.is_within(provider, bucket)
        })
    }

    /// Returns whether a flow goes to an external address: neither ours nor the provider's own infrastructure.
    fn leaves(&self, event: &Event) -> bool {
        event
            .destination
            .ip
            .is_some_and(|ip| self.networks.classify(ip) == AddressClass::External)
    }

    fn region(&self, event: &Event) -> Option<Str> {
        let (provider, account, name) = (
            event.provider,
            event.account.as_ref()?,
            event.region.as_ref()?,
        );
        let mut last = self.last_region.borrow_mut();
        if let Some(last) = last
            .as_ref()
            .filter(|last| (last.provider, &last.account, &last.name) == (provider, account, name))
        {
            return Some(last.id.clone());
        }
        let id: Str = format!("{provider}/{account}/{name}").into();
        *last = Some(Region {
            provider,
            account: account.clone(),
            name: name.clone(),
            id: id.clone(),
        });
        Some(id)
    }

    fn identity(&self, event: &Event) -> Option<Str> {
        if let Some(principal) = &event.principal {
            return Some(principal.id.clone());
        }
        // A flow that another record repeats creates no new identity.
        let attachment = event.attachment.as_ref().filter(|_| event.counted)?;
        let provider = event.provider;
        if let Some(bound) = self.bound(attachment) {
            return Some(bound.clone());
        }
        match (
            &attachment.instance,
            &attachment.interface,
            attachment.address,
        ) {
            (Some(instance), _, _) => Some(instance_identity(provider, instance)),
            (None, Some(interface), _) => Some(interface_identity(provider, interface)),
            (None, None, Some(address)) => Some(format!("{provider}:address:{address}").into()),
            (None, None, None) => None,
        }
    }

    /// Returns the identity that the configuration binds to an interface.
    fn bound(&self, attachment: &Attachment) -> Option<&'a Str> {
        let bindings = &self.config.bindings;
        let binding = bindings.iter().find(|binding| match &binding.source {
            BoundSource::Instance(instance) => attachment.instance.as_ref() == Some(instance),
            BoundSource::Interface(interface) => attachment.interface.as_ref() == Some(interface),
            BoundSource::Address(address) => attachment.address == Some(*address),
        })?;
        Some(&binding.identity)
    }
}
