//! What an operation does, by whose it is: the one place that knows which provider has which table.

use crate::event::{Action, Provider};
use crate::sources::aws_actions;

/// Returns the class of a provider's operation, if its tables know it.
pub fn class_of(provider: Provider, service: &str, op: &str) -> Option<Action> {
    let action = match provider {
        Provider::Aws => aws_actions::classify(short(service), op),
        _ => Action::Other,
    };
    (action != Action::Other).then_some(action)
}

/// Returns the short name of a service of AWS, as in `s3` for `s3.amazonaws.com`; any other name as it is.
pub fn short(service: &str) -> &str {
    let host = service.strip_suffix(".cn").unwrap_or(service);
    host.strip_suffix(".amazonaws.com").unwrap_or(service)
}
