//! What is kept by keys, such that to find it takes one line of the cache: between two exchanges that
//! are alike, so much of the log goes by that no more of it stays near.
//!
//! Must not: keep more than it has room for from the start.

use crate::pipeline::key::Key;
use crate::pipeline::memo::Said;

/// What exchanges need of what was said of others like them.
#[derive(Debug, Clone)]
#[repr(align(64))]
pub(super) struct Known {
    key: Key,
    /// The number of its tally.
    pub(super) tally: Option<u32>,
    pub(super) said: Said,
}

/// Where something is kept.
#[derive(Debug, Clone, Copy)]
pub(super) struct KnownPlace(usize);

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
        // `vec!` would clone each one.
        let slots = std::iter::repeat_with(|| None).take((2 * room).next_power_of_two());
        Self { slots: slots.collect(), count: 0, room }
    }

    /// The slots where a key may be, in order.
    #[inline]
    fn of(&self, key: Key) -> impl Iterator<Item = usize> + use<> {
        // Of a power of two.
        let last = self.slots.len().wrapping_sub(1);
        let first = usize::try_from(key[0] & last as u64).unwrap_or_default();
        (0..self.slots.len()).map(move |step| (first + step) & last)
    }

    /// What is kept by a key, and where.
    #[inline]
    pub(super) fn find(&self, key: Key) -> Option<(KnownPlace, &Known)> {
        for at in self.of(key) {
            let known = self.slots.get(at)?.as_ref()?;
            if known.key == key {
                return Some((KnownPlace(at), known));
            }
        }
        None
    }

    /// What is kept in a place.
    #[inline]
    pub(super) fn get(&self, place: KnownPlace) -> Option<&Known> {
        self.slots.get(place.0)?.as_ref()
    }

    /// Whether there is no room for more.
    pub(super) fn is_full(&self) -> bool {
        self.count >= self.room
    }

    /// Keeps something by a key that nothing is kept by. `None`: there is no room.
    pub(super) fn insert(
        &mut self,
        key: Key,
        tally: Option<u32>,
        said: Said,
    ) -> Option<KnownPlace> {
        let free = self.of(key).find(|at| matches!(self.slots.get(*at), Some(None)))?;
        let slot = self.slots.get_mut(free).filter(|_| self.count < self.room)?;
        *slot = Some(Known { key, tally, said });
        self.count += 1;
        Some(KnownPlace(free))
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;
    use crate::cors;
    use crate::model::Exchange;
    use crate::rules::reach::Reach;

    fn said() -> Said {
        Said::new(cors::judge(&Exchange::default()), Rc::new([]), Reach::Itself)
    }

    #[test]
    fn what_is_kept_is_found_until_there_is_no_room() {
        let mut table = KnownTable::with_room(64);
        // Many begin at the same slot, and the last ones go on at the beginning.
        let key = |number: u64| [number / 8 * 128 + 120 + number % 8, number];
        let tally = |number: u64| u32::try_from(number).ok();
        for number in 0..64 {
            assert!(table.find(key(number)).is_none() && !table.is_full());
            let place = table.insert(key(number), tally(number), said());
            let kept = place.and_then(|place| table.get(place));
            assert_eq!(kept.map(|known| known.key), Some(key(number)));
        }
        for number in 0..64 {
            let found = table.find(key(number)).map(|(_, known)| known.tally);
            assert_eq!(found, Some(tally(number)));
        }
        assert!(table.is_full());
        assert!(table.insert(key(64), None, said()).is_none());
        assert!(table.find(key(64)).is_none());
    }

    #[test]
    fn one_is_a_cache_line() {
        assert_eq!(size_of::<Option<Known>>(), 64);
    }
}
