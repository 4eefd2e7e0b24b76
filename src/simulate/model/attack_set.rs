//! The set of attacks and decoys in the AWS accounts.

/// Which attacks and decoys there are in the AWS accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AttackSet {
    /// Those of AN1594, AN1328 and AN0370.
    Core,
    /// Those of every analytic that looks at AWS, and a few more identities whose routine resembles them. Everything in the
    /// core set stays as it is.
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
