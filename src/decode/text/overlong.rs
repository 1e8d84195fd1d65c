//! Lines that are longer than the window.
//!
//! Must not: hold more of one than the window does.

use std::io::Read;

use crate::decode::header::Head;
use crate::decode::pending::Pending;
use crate::decode::text::{Text, WINDOW};
use crate::decode::window::Window;

impl Text<'_, '_, '_> {
    /// The window is full, and the line at `scan` has no end in it.
    pub(super) fn overlong<R: Read>(&mut self, window: &mut Window<R>, scan: usize) -> usize {
        let bytes = window.held();
        if scan > 0 || self.pending.is_none() {
            self.is_partial = true;
            self.line(bytes, scan, bytes.len());
            self.is_partial = false;
        }
        let begins_here = self.pending.as_ref().is_some_and(|pending| pending.start == scan);
        if begins_here && scan > 0 {
            // Now there is room for more of it: look again.
            self.pending = None;
            window.consume_bytes(scan);
            return 0;
        }
        let last = self.pending;
        self.flush(bytes);
        self.pending = last.map(|pending| Pending {
            start: 0,
            message: (0, 0),
            head: Head::default(),
            cut: true,
            ..pending
        });
        let held = bytes.len();
        window.consume_bytes(held);
        window.skip_line(WINDOW);
        self.number += 1;
        0
    }
}
