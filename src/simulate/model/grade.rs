//! How hard an attack is to find.

/// How hard an attack is to find.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grade {
    /// Much of it, at once, from a place never seen.
    Blatant,
    /// Less of it, and closer to what is usual.
    Medium,
    /// No more than the busiest hundredth of legitimate days, in working hours, mostly from the usual place.
    Subtle,
    /// What the victim does anyway, from its own place and with its own tool: nothing in the logs gives it away.
    Hidden,
}

impl Grade {
    /// All grades, loudest first.
    pub const ALL: [Self; 4] = [Self::Blatant, Self::Medium, Self::Subtle, Self::Hidden];

    /// Returns the grade as labels write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Blatant => "blatant",
            Self::Medium => "medium",
            Self::Subtle => "subtle",
            Self::Hidden => "hidden",
        }
    }

    /// Returns the value that belongs to the grade.
    pub(crate) fn of<T: Copy>(self, values: [T; 4]) -> T {
        values[self as usize]
    }
}
