//! The hash of a value.

use xxhash_rust::xxh3::xxh3_64;

/// Returns the hash of a value as sets store it: stable between runs and machines.
pub fn value_hash(value: &str) -> u64 {
    xxh3_64(value.as_bytes())
}

/// Returns the hash of something that lies in a bucket, as an object or a prefix does, by the hash of the bucket and its own name.
pub fn hash_in(bucket: u64, name: &str) -> u64 {
    bucket ^ value_hash(name).rotate_left(1)
}
