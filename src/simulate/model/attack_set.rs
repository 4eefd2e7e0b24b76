//! The set of attacks and decoys.

/// Which attacks and decoys there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AttackSet {
    /// Those of AN1594, AN1328 and AN0370 in the AWS accounts, and the older classes at other providers.
    Core,
    /// Those of every analytic, at all providers, and a few more identities whose routine resembles them. The attacks of the
    /// core set stay as they are.
    All,
}

impl AttackSet {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Core, Self::All];

    /// Returns its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Core => "core",
            Self::All => "all",
        }
    }
}
