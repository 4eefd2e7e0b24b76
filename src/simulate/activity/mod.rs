//! What happens: work, attacks, decoys and incidents.

pub(crate) mod aws;
pub(crate) mod other_providers;
