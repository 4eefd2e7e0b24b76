//! Alerts and incidents as documents of the Elastic common schema; what that has no field for is under `plimsoll`.

mod alert;
mod common;
mod incident;

pub use alert::document;
pub use common::VERSION;
pub use incident::document as incident;
