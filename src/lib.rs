//! plimsoll: baselines of who lists, reads and sends what in your clouds, and alerts when somebody stops being normal.
pub mod error;
pub mod time;
pub mod vocab;
pub mod event;
pub mod simulate;
