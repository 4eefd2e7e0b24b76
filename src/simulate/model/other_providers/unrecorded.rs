//! What of the other providers is not recorded yet, though it happens.

use crate::simulate::model::other_providers::action::{Action, Service};
use crate::simulate::model::other_providers::container::Cloud;
use crate::simulate::model::trap::TrapKind;

/// What is not recorded before a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unrecorded {
    /// What is done in an Azure subscription.
    Subscription(&'static str),
    /// What is done in a project of Google Cloud.
    Project(&'static str),
    /// What is done at some services of one provider, which is named.
    Provider(&'static str, &'static [Service]),
}

impl Unrecorded {
    /// Returns whether it comprises an action.
    pub(crate) fn has(self, action: &Action) -> bool {
        let owner = action.container.as_ref().map(|container| container.owner);
        match self {
            Self::Subscription(id) => owner.is_some_and(|owner| owner.subscription == id),
            Self::Project(name) => {
                owner.is_some_and(|owner| owner.cloud == Cloud::Google && owner.name == name)
            }
            Self::Provider(_, services) => services.contains(&action.service),
        }
    }

    /// Returns what kind of trap it is that this begins.
    pub(crate) fn kind(self) -> TrapKind {
        match self {
            Self::Provider(..) => TrapKind::LateProvider,
            _ => TrapKind::LateAccount,
        }
    }

    /// Returns the provider, and what of it.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Subscription(id) => format!("azure {id}"),
            Self::Project(name) => format!("gcp {name}"),
            Self::Provider(name, _) => name.to_owned(),
        }
    }
}
