//! The hash of a value.

use xxhash_rust::xxh3::xxh3_64;

/// Returns the hash of a value as sets store it: stable between runs and machines.
pub fn value_hash(value: &str) -> u64 {
    xxh3_64(value.as_bytes())
}
