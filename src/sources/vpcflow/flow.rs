//! What the flows of interfaces and of gateways have in common.

use std::net::IpAddr;

use crate::event::{Destination, Event, Provider, Source};
use crate::sources::parser::ParserState;
use crate::sources::report::{Parsed, RejectReason};
use crate::sources::vpcflow::row::{Field, FlowRow, is_private, peer};
use crate::time::Time;
use crate::vocab::Str;

/// The direction of a flow, seen from our side.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Direction {
    Egress,
    Ingress,
}

impl Direction {
    /// Returns the word that records have.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Egress => "egress",
            Self::Ingress => "ingress",
        }
    }

    /// Returns the direction by the plain addresses, where a record does not state it.
    pub fn between_plain(row: &FlowRow<'_>) -> Option<Self> {
        let source = row.address(Field::Source, Field::PacketSource)?;
        let target = row.address(Field::Target, Field::PacketTarget)?;
        Self::between(source, target)
    }

    /// Returns the direction between two addresses, if exactly one of them is private.
    pub fn between(source: IpAddr, target: IpAddr) -> Option<Self> {
        match (is_private(source), is_private(target)) {
            (true, false) => Some(Self::Egress),
            (false, true) => Some(Self::Ingress),
            _ => None,
        }
    }
}

/// When a flow ended, and between which addresses it was.
pub struct Flow {
    pub time: Time,
    pub source: IpAddr,
    pub target: IpAddr,
}

impl Flow {
    /// Reads the flow of a row.
    ///
    /// # Errors
    ///
    /// Fails for rows without a flow, a time or an address.
    pub fn of(row: &FlowRow<'_>, moved_time: Option<Time>) -> Result<Self, Parsed> {
        let time = row.time(moved_time)?;
        // The plain addresses hide the hosts behind an address translation; those of the packets do not.
        let source = row.address(Field::PacketSource, Field::Source);
        let target = row.address(Field::PacketTarget, Field::Target);
        let (source, target) = source
            .zip(target)
            .ok_or(Parsed::Rejected(RejectReason::MalformedRow))?;
        Ok(Self {
            time,
            source,
            target,
        })
    }

    /// Returns the address on our side.
    pub fn own_address(&self, direction: Direction) -> IpAddr {
        match direction {
            Direction::Egress => self.source,
            Direction::Ingress => self.target,
        }
    }

    /// Makes an event of everything but the action, the operation and the outcome.
    pub fn event(
        &self,
        row: &FlowRow<'_>,
        direction: Option<Direction>,
        source: Source,
        id: Str,
        state: &mut ParserState,
    ) -> Event {
        let bytes = row.number(Field::Bytes);
        let interner = &mut state.interner;
        let mut event = Event {
            account: row
                .get(Field::Account)
                .filter(|account| *account != "unknown")
                .map(|account| interner.share(account)),
            region: row
                .get(Field::Region)
                .map(|region| interner.share(region))
                .or_else(|| state.region_hint.clone()),
            client: interner.share("empty"),
            ..Event::new(self.time, id, Provider::Aws, source)
        };
        match direction {
            Some(Direction::Egress) => {
                event.bytes_out = bytes;
                event.destination = Destination {
                    ip: Some(self.target),
                    port: row.number(Field::TargetPort),
                    endpoint: row
                        .get(Field::TargetService)
                        .map(|name| interner.untrusted(name)),
                    ..Destination::default()
                };
            }
            Some(Direction::Ingress) => {
                event.bytes_in = bytes;
                event.peer = peer(self.source, row.number(Field::SourcePort));
            }
            None => {}
        }
        event
    }
}
