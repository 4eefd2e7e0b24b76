//! Patterns for buckets and destinations, with or without a provider.

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::event::Provider;
use crate::glob::{Glob, PATTERN_BYTES_MAX};

/// Splits `aws:payroll` into the provider and the rest; a text without a provider is all rest.
pub fn split_provider(text: &str) -> (Option<Provider>, &str) {
    match text
        .split_once(':')
        .map(|(before, rest)| (Provider::parse(before), rest))
    {
        Some((Some(provider), rest)) => (Some(provider), rest),
        _ => (None, text),
    }
}

/// A glob over names with an optional provider: `aws:payroll-*`, or `payroll-*` for any provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamePattern {
    /// The provider, if the pattern has one.
    pub provider: Option<Provider>,
    /// The pattern of what follows.
    pub glob: Glob,
}

impl NamePattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// What is wrong with it, as the end of a sentence after the pattern.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (provider, rest) = split_provider(text);
        if rest.is_empty() {
            return Err("has nothing behind its provider".to_owned());
        }
        let glob =
            Glob::new(rest).ok_or_else(|| format!("is longer than {PATTERN_BYTES_MAX} bytes"))?;
        Ok(Self { provider, glob })
    }

    /// Reads a pattern that must have a provider.
    ///
    /// # Errors
    /// What is wrong with it, as the end of a sentence after the pattern.
    pub fn parse_with_provider(text: &str) -> Result<Self, String> {
        let pattern = Self::parse(text)?;
        if pattern.provider.is_none() {
            let providers: Vec<_> = Provider::ALL
                .iter()
                .map(|provider| provider.as_str())
                .collect();
            return Err(format!(
                "must begin with a provider, as in `aws:{text}` (valid: {})",
                providers.join(", ")
            ));
        }
        Ok(pattern)
    }

    /// Returns whether a name of the given provider matches.
    pub fn matches_of(&self, provider: Provider, name: &str) -> bool {
        self.provider.is_none_or(|own| own == provider) && self.glob.matches(name)
    }

    /// Returns whether it names something of a storage account of Azure, whose containers are named `account/container`: an
    /// action on the account affects each of them.
    pub fn is_within(&self, provider: Provider, account: &str) -> bool {
        let pattern = self.glob.as_str();
        provider == Provider::Azure
            && self.provider.is_none_or(|own| own == provider)
            && !account.contains('/')
            && pattern
                .split_once('/')
                .and_then(|(of, _)| Glob::new(of))
                .is_some_and(|of| of.matches(account))
    }

    /// Returns whether a name matches; the name may begin with its provider.
    pub fn matches(&self, name: &str) -> bool {
        let (provider, rest) = split_provider(name);
        match (self.provider, provider) {
            (Some(own), Some(provider)) if own != provider => false,
            _ => self.glob.matches(rest),
        }
    }
}

impl fmt::Display for NamePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.provider {
            Some(provider) => write!(f, "{provider}:{}", self.glob),
            None => self.glob.fmt(f),
        }
    }
}

/// Where data may go: an account or bucket by name, or a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DestinationPattern {
    /// Addresses of this network.
    Network(IpNet),
    /// Accounts, buckets or hosts whose name matches.
    Name(NamePattern),
}

impl DestinationPattern {
    /// Reads a pattern: a text that is an address or network becomes one, everything else is a name.
    ///
    /// # Errors
    /// What is wrong with it, as the end of a sentence after the pattern.
    pub fn parse(text: &str) -> Result<Self, String> {
        match parse_network(text) {
            Some(network) => Ok(Self::Network(network)),
            None => NamePattern::parse(text).map(Self::Name),
        }
    }

    /// Returns whether one name of a destination matches: an account, a bucket, a host, an address or a network.
    pub fn matches(&self, name: &str) -> bool {
        match self {
            Self::Network(network) => {
                parse_network(name).is_some_and(|named| network.contains(&named))
            }
            Self::Name(pattern) => pattern.matches(name),
        }
    }
}

impl fmt::Display for DestinationPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Network(network) => network.fmt(f),
            Self::Name(pattern) => pattern.fmt(f),
        }
    }
}

/// Reads a network such as `10.0.0.0/8`, or an address as a network of one; bits after the prefix are cleared.
pub fn parse_network(text: &str) -> Option<IpNet> {
    match text.parse::<IpNet>() {
        Ok(network) => Some(network.trunc()),
        Err(_) => text
            .parse::<IpAddr>()
            .ok()
            .map(|address| IpNet::from(address.to_canonical())),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn destinations_have_many_names() {
        for (pattern, yes, no) in [
            (
                "aws:111122223333",
                &["111122223333", "aws:111122223333"][..],
                &["gcp:111122223333", "aws:11112222333"][..],
            ),
            (
                "111122223333",
                &["111122223333", "aws:111122223333"],
                &["211122223333"],
            ),
            ("dr-*", &["dr-backup", "aws:dr-backup"], &["backup"]),
            (
                "198.51.100.0/24",
                &["198.51.100.7", "198.51.100.128/25", "::ffff:198.51.100.7"],
                &["198.51.0.0/16", "dr"],
            ),
            ("2001:db8::1", &["2001:db8::1"], &["2001:db8::2"]),
        ] {
            let pattern = DestinationPattern::parse(pattern).unwrap();
            yes.iter()
                .for_each(|name| assert!(pattern.matches(name), "{pattern} should match {name}"));
            no.iter().for_each(|name| {
                assert!(!pattern.matches(name), "{pattern} should not match {name}")
            });
        }
        assert!(
            NamePattern::parse_with_provider("payroll")
                .unwrap_err()
                .contains("must begin with a provider")
        );
        assert!(NamePattern::parse("aws:").is_err());
    }
}
