//! Where a line came from: log group and stream, or file, and the line in it.
//!
//! Must not: be called origin; that word belongs to the web.

use std::rc::Rc;

use hashbrown::HashMap;

/// A log group and stream, or a file, or both.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Place {
    /// The file as named on the command line or found in a folder; `-` for standard input.
    pub file: Option<String>,
    /// CloudWatch log group.
    pub log_group: Option<String>,
    /// CloudWatch log stream.
    pub log_stream: Option<String>,
}

/// A [`Place`] by number, as [`Places`] gave it out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PlaceId(u32);

impl PlaceId {
    /// As an index: places are numbered from 0.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// One line of one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Position {
    /// Where the line stands.
    pub place: PlaceId,
    /// Line of a file, or ordinal number of an event in its container; counted from 1.
    pub line: u64,
}

/// All places seen so far; each is stored once.
#[derive(Debug, Default)]
pub struct Places {
    list: Vec<Rc<Place>>,
    numbers: HashMap<Rc<Place>, PlaceId, foldhash::fast::RandomState>,
}

impl Places {
    /// The number of `place`, new or known.
    pub fn intern(&mut self, place: &Place) -> PlaceId {
        if let Some(id) = self.numbers.get(place) {
            return *id;
        }
        let place = Rc::new(place.clone());
        // More than four billion places do not fit in memory; the last number is then shared.
        let id = PlaceId(u32::try_from(self.list.len()).unwrap_or(u32::MAX));
        self.list.push(Rc::clone(&place));
        self.numbers.insert(place, id);
        id
    }

    /// The place with this number.
    pub fn get(&self, id: PlaceId) -> Option<&Place> {
        self.list.get(id.0 as usize).map(Rc::as_ref)
    }
}
