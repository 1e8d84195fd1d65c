//! What is kept by keys, such that to find it takes one line of the cache: between two exchanges that
//! are alike, so much of the log goes by that no more of it stays near.
//!
//! Must not: keep more than it has room for from the start.

use crate::model::Outcome;
use crate::pipeline::key::Key;

/// What most exchanges need of what was said of others like them.
#[derive(Debug, Clone, Copy)]
#[repr(align(32))]
pub(super) struct Known {
    key: Key,
    /// Where the rest is.
    pub(super) at: u32,
    /// The number of its tally.
    pub(super) tally: Option<u32>,
    /// The outcome of the verdict that applies.
    pub(super) outcome: Outcome,
}

/// A hash table of a fixed size. Keys are hashes already, and seeded.
#[derive(Debug)]
pub(super) struct KnownTable {
    slots: Vec<Option<Known>>,
    /// How many are taken.
    count: usize,
    room: usize,
}

impl KnownTable {
    /// For this many. Half of the slots stay free, so that few are looked at.
    pub(super) fn with_room(room: usize) -> Self {
        Self { slots: vec![None; (2 * room).next_power_of_two()], count: 0, room }
    }

    /// The slots where a key may be, in order.
    #[inline]
    fn of(&self, key: Key) -> impl Iterator<Item = usize> + use<> {
        // Of a power of two.
        let last = self.slots.len().wrapping_sub(1);
        let first = usize::try_from(key[0] & last as u64).unwrap_or_default();
        (0..self.slots.len()).map(move |step| (first + step) & last)
    }

    /// What is kept by a key.
    #[inline]
    pub(super) fn find(&self, key: Key) -> Option<Known> {
        for at in self.of(key) {
            let known = (*self.slots.get(at)?)?;
            if known.key == key {
                return Some(known);
            }
        }
        None
    }

    /// Keeps something by a key that nothing is kept by; how many were kept before says where its rest
    /// is. `None`: there is no room.
    pub(super) fn insert(
        &mut self,
        key: Key,
        tally: impl FnOnce() -> Option<u32>,
        outcome: Outcome,
    ) -> Option<Known> {
        let at = u32::try_from(self.count).ok().filter(|_| self.count < self.room)?;
        let free = self.of(key).find(|at| matches!(self.slots.get(*at), Some(None)))?;
        let known = Known { key, at, tally: tally(), outcome };
        *self.slots.get_mut(free)? = Some(known);
        self.count += 1;
        Some(known)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_found_until_there_is_no_room() {
        let mut table = KnownTable::with_room(64);
        // Many begin at the same slot, and the last ones go on at the beginning.
        let key = |number: u64| [number / 8 * 128 + 120 + number % 8, number];
        for number in 0..64 {
            assert!(table.find(key(number)).is_none());
            let kept = table.insert(key(number), || Some(7), Outcome::Allowed);
            assert_eq!(kept.map(|known| u64::from(known.at)), Some(number));
        }
        for number in 0..64 {
            let found = table.find(key(number)).map(|known| u64::from(known.at));
            assert_eq!(found, Some(number));
        }
        assert!(table.insert(key(64), || None, Outcome::Allowed).is_none());
        assert!(table.find(key(64)).is_none());
    }

    #[test]
    fn one_fits_in_half_of_a_cache_line() {
        assert_eq!(size_of::<Option<Known>>(), 32);
    }
}
