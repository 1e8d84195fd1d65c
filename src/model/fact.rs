//! What is known about the outside: seen, seen not to be there, or not shown.
//!
//! Must not: turn the unseen into the absent.

/// What the logs say about one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Fact<T> {
    /// The logs show this value.
    Seen(T),
    /// The logs show the place where it would be, and it is not there.
    Absent,
    /// The logs do not show the place where it would be.
    #[default]
    Unseen,
}

impl<T> Fact<T> {
    /// The value, if the logs show it.
    pub fn seen(self) -> Option<T> {
        match self {
            Self::Seen(value) => Some(value),
            Self::Absent | Self::Unseen => None,
        }
    }

    /// A fact about a borrowed value.
    pub fn as_ref(&self) -> Fact<&T> {
        match self {
            Self::Seen(value) => Fact::Seen(value),
            Self::Absent => Fact::Absent,
            Self::Unseen => Fact::Unseen,
        }
    }

    /// Applies `f` to a seen value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Fact<U> {
        match self {
            Self::Seen(value) => Fact::Seen(f(value)),
            Self::Absent => Fact::Absent,
            Self::Unseen => Fact::Unseen,
        }
    }

    /// Whether the logs do not show it.
    pub fn is_unseen(&self) -> bool {
        matches!(self, Self::Unseen)
    }

    /// Whether the logs show that it is not there.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// `Seen` for `Some`, `Unseen` for `None`: for things that always exist, such as a method.
    pub fn from_option(value: Option<T>) -> Self {
        value.map_or(Self::Unseen, Self::Seen)
    }
}
