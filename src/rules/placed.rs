//! A value of a rule file with the place where it stands.
//!
//! Must not: tell users' files from built-in ones in any other way than by their form.

use serde::{Deserialize, Deserializer};
use toml::Spanned;

/// A value, and the byte offset where it begins. What the build script read already has no places:
/// nothing can be wrong with it.
#[derive(Debug, Clone)]
pub(crate) struct Placed<T> {
    value: T,
    start: usize,
}

impl<T> Placed<T> {
    /// Where it begins.
    pub(crate) fn start(&self) -> usize {
        self.start
    }

    /// The value.
    pub(crate) fn into_inner(self) -> T {
        self.value
    }
}

impl<T> AsRef<T> for Placed<T> {
    fn as_ref(&self) -> &T {
        &self.value
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Placed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let spanned = Spanned::<T>::deserialize(deserializer)?;
            return Ok(Self { start: spanned.span().start, value: spanned.into_inner() });
        }
        Ok(Self { value: T::deserialize(deserializer)?, start: 0 })
    }
}
