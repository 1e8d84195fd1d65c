//! A buffer that slides over a stream: what is being looked at stays in one piece.
//!
//! Must not: grow beyond what the caller allows, or know what the bytes mean.

use std::cell::RefCell;
use std::io::{self, BufRead, Read};
use std::rc::Rc;
use std::sync::Arc;

use memchr::memchr;

use crate::decode::CAPACITY;

/// Keeps buffers whose bytes are still needed: of events that were delivered, and are read later. A
/// window that has one puts away a buffer that is full, and goes on in another.
pub trait Shelf {
    /// A buffer of this length.
    fn take(&mut self, length: usize) -> Vec<u8>;
    /// A buffer that nothing more is read into.
    fn put(&mut self, full: Vec<u8>);
    /// Messages of events that come are in this buffer, or elsewhere if they were changed.
    fn look_at(&mut self, buffer: &[u8]);
    /// The same for bytes that are all there.
    fn share(&mut self, whole: &Arc<Vec<u8>>);
    /// No more events come from what was shared. Gives a buffer that nobody needs any more, for which
    /// it waits where many are needed; it is empty where few are.
    fn end_sharing(&mut self) -> Vec<u8>;
}

/// A shelf that a window and its sink have in common.
pub type SharedShelf = Rc<RefCell<dyn Shelf>>;

/// A window over `source`. Bytes are looked at with [`Self::held`] and let go with
/// [`Self::consume`].
pub(crate) struct Window<R> {
    source: R,
    buffer: Vec<u8>,
    /// All bytes, where they were there from the start. Then the buffer is empty.
    whole: Option<Arc<Vec<u8>>>,
    start: usize,
    end: usize,
    /// Bytes behind the end that are there already, and shown as if they were read.
    unshown: usize,
    ended: bool,
    failure: Option<io::Error>,
    shelf: Option<SharedShelf>,
}

/// What [`Window::more`] could do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum More {
    /// There are more bytes now.
    Grown,
    /// The window holds as many bytes as the caller allows.
    Full,
    /// The stream has ended, or failed.
    Ended,
}

impl<R: Read> Window<R> {
    pub(crate) fn new(source: R, capacity: usize) -> Self {
        Self { ended: false, ..Self::over(source, vec![0; capacity], 0) }
    }

    /// A window over as many bytes as this, which are all there; nothing is read from `source`.
    pub(crate) fn whole(source: R, bytes: Vec<u8>, length: usize) -> Self {
        let unshown = length.min(bytes.len());
        Self { whole: Some(Arc::new(bytes)), ..Self::over(source, Vec::new(), unshown) }
    }

    fn over(source: R, buffer: Vec<u8>, unshown: usize) -> Self {
        Self {
            source,
            buffer,
            whole: None,
            start: 0,
            end: 0,
            unshown,
            ended: true,
            failure: None,
            shelf: None,
        }
    }

    /// From now on buffers go to a shelf.
    pub(crate) fn put_away_on(&mut self, keeper: SharedShelf) {
        if let Some(whole) = &self.whole {
            keeper.borrow_mut().share(whole);
            self.shelf = Some(keeper);
            return;
        }
        self.shelf = Some(keeper);
        // Nothing of it was delivered.
        self.renew();
        if let Some(shelf) = &self.shelf {
            shelf.borrow_mut().look_at(&self.buffer);
        }
    }

    /// All is delivered.
    pub(crate) fn put_away(&mut self) {
        let Some(keeper) = self.shelf.take() else { return };
        (self.start, self.end, self.ended) = (0, 0, true);
        if let Some(whole) = &mut self.whole {
            *whole = Arc::new(keeper.borrow_mut().end_sharing());
        } else {
            keeper.borrow_mut().put(std::mem::take(&mut self.buffer));
        }
    }

    /// The buffer of a window over bytes that were all there, or another that nobody needs, for the
    /// next one.
    pub(crate) fn into_spare(self) -> Option<Vec<u8>> {
        self.whole.and_then(Arc::into_inner)
    }

    /// Makes room behind what is held, in this buffer or in another.
    fn renew(&mut self) {
        let held = self.end - self.start;
        if let Some(shelf) = &self.shelf {
            let mut kept = shelf.borrow_mut();
            let mut other = kept.take(self.buffer.len());
            if let (Some(to), Some(from)) =
                (other.get_mut(..held), self.buffer.get(self.start..self.end))
            {
                to.copy_from_slice(from);
            }
            kept.put(std::mem::replace(&mut self.buffer, other));
        } else {
            self.buffer.copy_within(self.start..self.end, 0);
        }
        self.start = 0;
        self.end = held;
    }

    pub(crate) fn held(&self) -> &[u8] {
        let buffer = self.whole.as_ref().map_or(&self.buffer, |whole| &**whole);
        buffer.get(self.start..self.end).unwrap_or_default()
    }

    pub(crate) fn consume_bytes(&mut self, count: usize) {
        self.start = self.end.min(self.start.saturating_add(count));
    }

    /// Reads once more. The window then holds at most `limit` bytes.
    pub(crate) fn more(&mut self, limit: usize) -> More {
        if self.ended && self.unshown == 0 {
            return More::Ended;
        }
        let held = self.end - self.start;
        if held >= limit {
            return More::Full;
        }
        if self.unshown > 0 {
            let count = self.unshown.min(limit - held).min(CAPACITY);
            self.unshown -= count;
            self.end += count;
            return More::Grown;
        }
        if self.end == self.buffer.len() {
            self.renew();
            if held == self.buffer.len() {
                self.buffer.resize(held.saturating_mul(2).clamp(1, limit), 0);
            }
            if let Some(shelf) = &self.shelf {
                shelf.borrow_mut().look_at(&self.buffer);
            }
        }
        let room_end = self.buffer.len().min(self.start.saturating_add(limit));
        let room = self.buffer.get_mut(self.end..room_end).unwrap_or_default();
        match read_once(&mut self.source, room) {
            Ok(0) => self.ended = true,
            Ok(count) => {
                self.end += count;
                return More::Grown;
            }
            Err(error) => {
                self.ended = true;
                self.failure = Some(error);
            }
        }
        More::Ended
    }

    /// Reads until the window holds `count` bytes or the stream ends; returns at most that many.
    pub(crate) fn fill_to(&mut self, count: usize) -> &[u8] {
        while self.end - self.start < count && self.more(count) == More::Grown {}
        let held = self.held();
        held.get(..count).unwrap_or(held)
    }

    /// Reads until the window holds `count` bytes or the stream ends, a whole buffer at a time;
    /// returns how many it holds.
    pub(crate) fn hold(&mut self, count: usize, limit: usize) -> usize {
        while self.end - self.start < count && self.more(limit) == More::Grown {}
        self.end - self.start
    }

    /// Reads all; nothing if that is more than `most` bytes, or reading failed.
    pub(crate) fn all(&mut self, most: usize) -> Option<&[u8]> {
        let limit = most.saturating_add(1);
        let held = self.hold(limit, limit);
        (held <= most && self.failure.is_none()).then(|| self.held())
    }

    /// Lets go of the buffer if nothing is in it.
    pub(crate) fn release(&mut self) {
        if self.start == self.end && self.unshown == 0 {
            self.whole = None;
            (self.buffer, self.start, self.end) = (Vec::new(), 0, 0);
        }
    }

    /// Reads until the window holds a whole line, `limit` bytes, or all there is.
    pub(crate) fn hold_line(&mut self, limit: usize) {
        let mut looked = 0;
        loop {
            let held = self.held();
            if held.get(looked..).is_some_and(|rest| memchr(b'\n', rest).is_some()) {
                return;
            }
            looked = held.len();
            if self.more(limit) != More::Grown {
                return;
            }
        }
    }

    /// Leaves out bytes up to and with the next line end; holds at most `limit` of them.
    pub(crate) fn skip_line(&mut self, limit: usize) {
        loop {
            let held = self.held();
            if let Some(end) = memchr(b'\n', held) {
                return self.consume_bytes(end + 1);
            }
            let count = held.len();
            self.consume_bytes(count);
            if self.more(limit) != More::Grown {
                return;
            }
        }
    }

    /// Why the stream ended before its end, if it did.
    pub(crate) fn take_failure(&mut self) -> Option<io::Error> {
        self.failure.take()
    }
}

fn read_once(source: &mut impl Read, room: &mut [u8]) -> io::Result<usize> {
    loop {
        match source.read(room) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

impl<R: Read> Read for Window<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.start == self.end && !self.ended && out.len() >= self.buffer.len() {
            return read_once(&mut self.source, out);
        }
        let held = self.fill_buf()?;
        let count = held.len().min(out.len());
        if let (Some(to), Some(from)) = (out.get_mut(..count), held.get(..count)) {
            to.copy_from_slice(from);
        }
        self.consume_bytes(count);
        Ok(count)
    }
}

impl<R: Read> BufRead for Window<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.start == self.end {
            let limit = if self.whole.is_some() { CAPACITY } else { self.buffer.len() };
            self.more(limit);
            if let Some(failure) = self.failure.take() {
                return Err(failure);
            }
        }
        Ok(self.held())
    }

    fn consume(&mut self, count: usize) {
        self.consume_bytes(count);
    }
}
