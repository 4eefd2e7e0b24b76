//! The fields of an event that a record may lack.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::event::{Action, Event};
use crate::vocab::words;

words! {
    /// A field of the normalised event that a record may lack.
    Field {
        /// The account that recorded it.
        Account = "account",
        /// Region that served the call.
        Region = "region",
        /// The caller.
        Principal = "principal",
        /// The session label chosen by the caller.
        Session = "session",
        /// Access key or token.
        Credential = "credential",
        /// Whether a second factor was used.
        Mfa = "mfa",
        /// How the call was authenticated.
        AuthMethod = "auth_method",
        /// The origin of the call.
        Peer = "peer",
        /// The client's description of itself.
        UserAgent = "user_agent",
        /// Bucket or container.
        Container = "container",
        /// Object key.
        Object = "object",
        /// Listing prefix.
        Prefix = "prefix",
        /// Bytes that left.
        BytesOut = "bytes_out",
        /// Bytes that came in.
        BytesIn = "bytes_in",
        /// Bucket that a copy reads from.
        CopiedFrom = "copied_from",
        /// Where data went.
        Destination = "destination",
        /// The interface that recorded a flow.
        Attachment = "attachment",
        /// The identity that the call created.
        Created = "created",
    }
}

impl Field {
    /// Returns whether a record of a successful action should have the field. Where that depends on the call, as for a
    /// destination, a missing field means nothing.
    pub fn is_expected_of(self, action: Action) -> bool {
        use Action::{
            CreateIdentity, DeleteObject, EgressFlow, ExpireObjects, ListObjects, PullImage,
            ReadData, ReadObject, ReadSecret, WriteObject,
        };
        match self {
            Self::Account | Self::Region => true,
            Self::Principal | Self::Peer | Self::UserAgent => action != EgressFlow,
            Self::Container => {
                matches!(
                    action,
                    ListObjects | ReadObject | WriteObject | DeleteObject | ExpireObjects
                )
            }
            Self::Object => matches!(
                action,
                ReadObject | ReadSecret | ReadData | PullImage | WriteObject
            ),
            Self::Prefix => action == ListObjects,
            Self::BytesOut => matches!(action, ListObjects | ReadObject | EgressFlow),
            Self::BytesIn => action == WriteObject,
            Self::Destination | Self::Attachment => action == EgressFlow,
            Self::Created => action == CreateIdentity,
            Self::Session | Self::Credential | Self::Mfa | Self::AuthMethod | Self::CopiedFrom => {
                false
            }
        }
    }

    /// Returns whether an event has the field.
    pub fn is_in(self, event: &Event) -> bool {
        match self {
            Self::Account => event.account.is_some(),
            Self::Region => event.region.is_some(),
            Self::Principal => event.principal.is_some(),
            Self::Session => event.session.is_some(),
            Self::Credential => event.credential.is_some(),
            Self::Mfa => event.context.mfa.is_some(),
            Self::AuthMethod => event.context.auth_method.is_some(),
            Self::Peer => event.peer.ip.is_some() || event.peer.host.is_some(),
            Self::UserAgent => event.user_agent.is_some(),
            Self::Container => event.container.is_some(),
            Self::Object => event.object.is_some(),
            Self::Prefix => event.prefix.is_some(),
            Self::BytesOut => event.bytes_out.is_some(),
            Self::BytesIn => event.bytes_in.is_some(),
            Self::CopiedFrom => event.copied_from.is_some(),
            Self::Destination => event.destination != Default::default(),
            Self::Attachment => event.attachment.is_some(),
            Self::Created => event.created.is_some(),
        }
    }
}
