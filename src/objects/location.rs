//! Addresses of buckets and of objects in them.

use std::fmt;

use xxhash_rust::xxh3::xxh3_128;

/// The kind of an object store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scheme {
    /// Amazon S3, and what speaks its protocol.
    S3,
    /// Google Cloud Storage.
    Gs,
    /// Azure Blob Storage.
    Az,
}

impl Scheme {
    const ALL: [Self; 3] = [Self::S3, Self::Gs, Self::Az];

    /// Returns what its addresses begin with.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::S3 => "s3://",
            Self::Gs => "gs://",
            Self::Az => "az://",
        }
    }
}

/// Where objects lie: those of a bucket whose keys begin with a prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// The kind of store.
    pub scheme: Scheme,
    /// The bucket, or the container.
    pub bucket: String,
    /// What keys begin with; empty for the whole bucket.
    pub prefix: String,
}

impl Location {
    /// Reads `s3://bucket/prefix`; `None` if the text names no object store.
    pub fn parse(text: &str) -> Option<Self> {
        let scheme = Scheme::ALL
            .into_iter()
            .find(|s| text.starts_with(s.prefix()))?;
        let rest = &text[scheme.prefix().len()..];
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        Some(Self {
            scheme,
            bucket: bucket.to_owned(),
            prefix: prefix.to_owned(),
        })
    }

    /// Returns the address of the whole bucket.
    pub fn root(&self) -> String {
        format!("{}{}/", self.scheme.prefix(), self.bucket)
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.root(), self.prefix)
    }
}

/// Returns the hash of some texts, whose bounds count.
pub fn identity(parts: &[&str]) -> u128 {
    let mut whole = Vec::new();
    for part in parts {
        whole.extend((part.len() as u64).to_le_bytes());
        whole.extend(part.as_bytes());
    }
    xxh3_128(&whole)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn locations_name_a_store_a_bucket_and_a_prefix() {
        let location = Location::parse("s3://trail/AWSLogs/1/").unwrap();
        assert_eq!(
            (location.scheme, &*location.bucket, &*location.prefix),
            (Scheme::S3, "trail", "AWSLogs/1/")
        );
        assert_eq!(location.to_string(), "s3://trail/AWSLogs/1/");
        assert_eq!(Location::parse("az://logs").unwrap().root(), "az://logs/");
        assert_eq!(Location::parse("s3:/trail"), None);
        assert_eq!(Location::parse("./s3://trail"), None);
    }
}
