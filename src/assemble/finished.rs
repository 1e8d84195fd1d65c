//! The requests that were let go, by hashes of their ids.
//!
//! Between two looks at the same part of a table of all of them, more of a log goes by than any cache
//! holds, so each look waits for main memory. A filter that is small enough to stay near says of nearly
//! all ids that they are not there; and ids go to the table many at a time, for then the processor waits
//! for several of them at once.
//!
//! Must not: say more of an id than the 64 bits of its hash tell.

use foldhash::fast::RandomState;
use hashbrown::HashSet;

/// Hashes of ids.
#[derive(Debug, Default)]
pub(super) struct FinishedIds {
    filter: Filter,
    /// Those that are not in the table yet.
    recent: Vec<u64>,
    table: HashSet<u64, RandomState>,
}

/// So many go to the table at once.
const BATCH: usize = 256;

impl FinishedIds {
    /// None yet, and room for so many.
    pub(super) fn with_room(ids: usize) -> Self {
        Self {
            filter: Filter::with_room(ids),
            recent: Vec::with_capacity(BATCH),
            table: HashSet::with_capacity_and_hasher(ids, RandomState::default()),
        }
    }

    /// How many there are. One that came twice may count twice.
    pub(super) fn len(&self) -> usize {
        self.table.len() + self.recent.len()
    }

    pub(super) fn insert(&mut self, id: u64) {
        self.recent.push(id);
        if self.recent.len() >= BATCH {
            self.table.extend(self.recent.drain(..));
        }
        if self.filter.is_full() {
            self.filter = Filter::with_room(2 * self.len());
            self.table.iter().chain(&self.recent).for_each(|id| self.filter.insert(*id));
        } else {
            self.filter.insert(id);
        }
    }

    #[inline]
    pub(super) fn contains(&self, id: u64) -> bool {
        self.filter.may_contain(id) && (self.table.contains(&id) || self.recent.contains(&id))
    }
}

/// A Bloom filter: an id sets three bits of one word.
#[derive(Debug, Default)]
struct Filter {
    words: Vec<u64>,
    count: usize,
}

/// Ids to a word. Of those that are not there, one in thirty is taken for one that is if it is full.
const DENSITY: usize = 8;

impl Filter {
    fn with_room(ids: usize) -> Self {
        Self { words: vec![0; ids.max(BATCH).div_ceil(DENSITY)], count: 0 }
    }

    fn is_full(&self) -> bool {
        self.count >= self.words.len() * DENSITY
    }

    fn insert(&mut self, id: u64) {
        self.count += 1;
        let at = self.place(id);
        if let Some(word) = self.words.get_mut(at) {
            *word |= bits(id);
        }
    }

    #[inline]
    fn may_contain(&self, id: u64) -> bool {
        let bits = bits(id);
        self.words.get(self.place(id)).is_some_and(|word| word & bits == bits)
    }

    /// The word of an id, by its upper bits.
    #[inline]
    fn place(&self, id: u64) -> usize {
        let scaled = u128::from(id) * self.words.len() as u128;
        usize::try_from(scaled >> u64::BITS).unwrap_or_default()
    }
}

/// The bits of an id in its word, by its lower bits.
#[inline]
fn bits(id: u64) -> u64 {
    1 << (id & 63) | 1 << (id >> 6 & 63) | 1 << (id >> 12 & 63)
}

#[cfg(test)]
mod tests {
    use std::hash::BuildHasher;

    use super::*;

    #[test]
    fn ids_are_found_from_the_first_on_and_no_others_are() {
        let hasher = foldhash::fast::FixedState::default();
        let id = |number: usize| hasher.hash_one(number);
        for room in [0, 1000, 100_000] {
            let mut ids =
                if room == 0 { FinishedIds::default() } else { FinishedIds::with_room(room) };
            assert!(!ids.contains(id(0)));
            for number in 0..20_000 {
                ids.insert(id(number));
                assert!(ids.contains(id(number)) && ids.contains(id(number / 2)), "{number}");
                assert!(!ids.contains(id(number + 1)), "{number}");
                assert_eq!(ids.len(), number + 1);
            }
            for number in 0..40_000 {
                assert_eq!(ids.contains(id(number)), number < 20_000, "{number}");
            }
        }
    }

    #[test]
    fn the_filter_lets_few_others_through() {
        let hasher = foldhash::fast::FixedState::default();
        let id = |number: usize| hasher.hash_one(number);
        let mut filter = Filter::with_room(50_000);
        (0..50_000).for_each(|number| filter.insert(id(number)));
        assert!(filter.is_full() && (0..50_000).all(|number| filter.may_contain(id(number))));
        let wrong = (50_000..150_000).filter(|number| filter.may_contain(id(*number))).count();
        assert!(wrong < 5_000, "{wrong}");
    }
}
