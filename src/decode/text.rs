//! Text containers: lines → events. An event is a slice of the window; nothing is copied.
//!
//! Must not: know the containers' headers (see `header`) or what continues a line in plain text
//! (see `continuation`).

use std::io::Read;

use memchr::memchr;

use crate::decode::continuation::repeats_class;
use crate::decode::emit::{Emitter, Told};
use crate::decode::expanded;
use crate::decode::fence::Fences;
use crate::decode::header::{
    Begin, Head, Span, begin, indentation, is_timeout_line, next_message, split_time,
};
use crate::decode::joined;
use crate::decode::marking::{self, Marking};
use crate::decode::pending::{Mark, Pending};
use crate::decode::quote::{Quotation, marks, strip};
use crate::decode::stamp::{Clock, EXPORT, TAIL};
use crate::decode::table::Table;
use crate::decode::viewer::Brackets;
use crate::decode::window::{More, Window};
use crate::decode::wrapped;
use crate::decode::{HEAD, MAX_EVENT, SLACK};
use crate::model::LogTime;

mod copies;
mod joins;
mod overlong;

const WINDOW: usize = MAX_EVENT + SLACK;

/// Decodes text whose first line has this number; `stream` names the place if the text is one
/// document among several.
pub(crate) fn decode<R: Read>(
    window: &mut Window<R>,
    emitter: &mut Emitter<'_>,
    stream: Option<&str>,
    number: u64,
) {
    let mut clock = Clock::default();
    let marking = marking::of_text(window.fill_to(HEAD), number, &mut clock);
    let mut text = Text {
        emitter,
        stream,
        clock,
        marking,
        behind_gap: false,
        fences: Fences::default(),
        brackets: Brackets::default(),
        quotation: Quotation::default(),
        quotes: 0,
        tailed: Vec::new(),
        table: Table::default(),
        is_framed: stream.is_some(),
        is_partial: false,
        unquoted: Vec::new(),
        pending: None,
        number,
    };
    text.run(window);
}

struct Text<'e, 's, 'n> {
    emitter: &'e mut Emitter<'s>,
    stream: Option<&'n str>,
    clock: Clock,
    marking: Marking,
    /// Whether an empty line, or the border of a code block, is before this one.
    behind_gap: bool,
    fences: Fences,
    brackets: Brackets,
    quotation: Quotation,
    /// How many marks of quoting stand in front of this line.
    quotes: u8,
    /// The stream that `aws logs tail` named last, with the blank behind it.
    tailed: Vec<u8>,
    /// The table whose rows these are.
    table: Table,
    /// Whether something else than line ends tells where events end: the document that this is, or a
    /// container's stamps.
    is_framed: bool,
    /// Whether the line that is being looked at goes on behind the window.
    is_partial: bool,
    /// Room for a message whose lines were quoted.
    unquoted: Vec<u8>,
    pending: Option<Pending>,
    /// The line that is being looked at.
    number: u64,
}

impl Text<'_, '_, '_> {
    fn run<R: Read>(&mut self, window: &mut Window<R>) {
        let mut scan = 0;
        loop {
            scan = self.lines(window.held(), scan);
            let keep = match &self.pending {
                Some(pending) if !pending.cut => pending.start,
                Some(_) | None => scan,
            };
            window.consume_bytes(keep);
            scan -= keep;
            if let Some(pending) = &mut self.pending {
                pending.moved_by(keep);
            }
            match window.more(WINDOW) {
                More::Grown => {}
                More::Full => scan = self.overlong(window, scan),
                More::Ended => break,
            }
        }
        let bytes = window.held();
        if scan < bytes.len() {
            self.line(bytes, scan, bytes.len());
        }
        self.flush(bytes);
    }

    /// Takes all whole lines from `scan` on; returns where the last one ends.
    ///
    /// The hot path: a line of the gateway's execution log as S3 exports have it, with the next one
    /// behind it, is an event by itself. The event before it has ended.
    fn lines(&mut self, bytes: &[u8], mut scan: usize) -> usize {
        let mut begun = self.exported(bytes, scan);
        // In a stamp that was read no line ends.
        let mut known = if begun.is_some() { EXPORT } else { 0 };
        while let Some(length) = bytes.get(scan + known..).and_then(|rest| memchr(b'\n', rest)) {
            let end = scan + known + length;
            let next = self.exported(bytes, end + 1);
            match (begun, next) {
                (Some(time), Some(_)) => {
                    if self.pending.is_some() {
                        self.settle(bytes, Some(time));
                    }
                    let message = bytes.get(scan + EXPORT + 1..end).unwrap_or_default();
                    let stream = self.stream.map(str::as_bytes);
                    self.emitter.whole(time, stream, self.number, message);
                }
                _ => self.line(bytes, scan, end),
            }
            self.number += 1;
            begun = next;
            known = if begun.is_some() { EXPORT } else { 0 };
            scan = end + 1;
            if begun.is_none() {
                scan = match bytes.get(scan + EXPORT) {
                    Some(b'\n') => self.copied(bytes, scan),
                    Some(_) if !self.tailed.is_empty() => self.tailed(bytes, scan),
                    Some(_) | None => scan,
                };
            }
        }
        scan
    }

    /// The time of the line that begins here, if it is one of the gateway's execution log as S3 exports
    /// have it.
    #[expect(clippy::inline_always, reason = "a call for each line took as much as what it does")]
    #[inline(always)]
    fn exported(&mut self, bytes: &[u8], start: usize) -> Option<LogTime> {
        let (stamp, behind) = bytes.get(start..)?.split_first_chunk::<EXPORT>()?;
        // `(` begins a request id.
        if behind.first_chunk() == Some(b" (") { self.clock.export(stamp) } else { None }
    }

    /// A line; several events where `--query 'events[].message' --output text` put tabs between.
    fn line(&mut self, bytes: &[u8], mut start: usize, end: usize) {
        while let Some(next) = bytes.get(start..end).and_then(next_message) {
            self.one_line(bytes, start, start + next);
            start += next + 1;
        }
        self.one_line(bytes, start, end);
    }

    fn one_line(&mut self, bytes: &[u8], start: usize, whole: usize) {
        let (begun, (start, end)) = self.begun(bytes, start, whole);
        self.take(bytes, begun, (start, end));
        if self.table.is_known() && self.pending.is_some() && !self.is_row() {
            self.table = Table::default();
        }
        // What Markdown marks on one line ends there, and what is quoted where the quotation does.
        if end < whole
            || self.pending.is_some_and(|pending| pending.head.tail > 0 && !pending.head.is_row)
        {
            self.flush(bytes);
        }
    }

    /// What a line is without the marks of quoting, and where it is.
    fn begun(&mut self, bytes: &[u8], mut start: usize, mut end: usize) -> (Begin, Span) {
        end -= self.quotation.end(bytes.get(start..end).unwrap_or_default());
        let mut line = bytes.get(start..end).unwrap_or_default();
        let behind_marks = marks(line).and_then(|(depth, length)| {
            let inner = line.get(length..)?;
            let begun = begin(inner, &mut self.clock, &self.table);
            self.is_quoted(begun, inner).then_some((begun, inner, depth))
        });
        let mut begun = match behind_marks {
            None => {
                self.quotes = 0;
                begin(line, &mut self.clock, &self.table)
            }
            Some((begun, inner, depth)) => {
                (line, self.quotes, start) = (inner, depth, end - inner.len());
                begun
            }
        };
        if self.may_be_quoted(begun, line)
            && let Some((opened, inner)) = self.quotation.begin(line, &mut self.clock, &self.table)
        {
            (begun, start) = (opened, end - inner.len());
            end -= self.quotation.end(inner);
        }
        begun = self.brackets.read(begun, line, &mut self.clock);
        (begun, (start, end))
    }

    fn take(&mut self, bytes: &[u8], begun: Begin, span: Span) {
        let line = bytes.get(span.0..span.1).unwrap_or_default();
        let behind_gap = std::mem::take(&mut self.behind_gap);
        let begun = if begun == Begin::Unknown && self.is_fence(line) {
            self.flush(bytes);
            Begin::Noise
        } else {
            begun
        };
        match (begun, self.pending.as_ref().map(|pending| pending.mark)) {
            (Begin::Blank | Begin::Noise, mark) => {
                self.behind_gap = true;
                self.quotation.forget();
                if matches!(mark, Some(Mark::Stamped)) {
                    self.end_whole(bytes);
                }
            }
            // A table within a message is the message's.
            (Begin::Title, Some(Mark::Stamped | Mark::Alone)) if !self.is_row() => {
                self.unknown(bytes, span);
            }
            (Begin::Title, _) => {
                self.flush(bytes);
                self.table = Table::titled(line).unwrap_or_default();
            }
            (Begin::Stamped(head), _) => {
                match self.marking.of_application(line, head, &mut self.clock) {
                    Some(head) => self.open(bytes, span, head, Mark::plain(line, head)),
                    None if line.get(..head.message).is_some_and(joined::is_test) => {
                        self.open_each(bytes, span, head, Mark::Stamped);
                    }
                    None => {
                        self.is_framed = true;
                        self.open(bytes, span, head, Mark::Stamped);
                    }
                }
                self.end_row(bytes, line);
            }
            // An indented time may be part of a dump; one at the margin is a row's first cell.
            (Begin::Alone(_), Some(Mark::Stamped | Mark::Plain(_))) if indentation(line) > 0 => {
                self.unknown(bytes, span);
            }
            (Begin::Alone(time), _) => {
                self.is_framed = true;
                let head = Head { time: Some(time), ..Head::at(line.len()) };
                self.open(bytes, span, head, Mark::Alone);
            }
            (Begin::Unknown, Some(Mark::Stamped))
                if line.starts_with(b"{") && self.is_own(bytes, line, behind_gap) =>
            {
                self.unmarked(bytes, span, Head::default());
            }
            (Begin::Certain(head), Some(Mark::Alone))
                if let Some(before) = self.pending.filter(|row| row.is_before(bytes, span)) =>
            {
                let head = Head { time: before.head.time, ..head };
                self.open(bytes, span, head, Mark::Alone);
            }
            (Begin::Certain(_), Some(Mark::Alone)) | (Begin::Unknown, _) => {
                self.unknown(bytes, span);
                self.behind_gap = line.starts_with(b"```");
            }
            (Begin::Usual(head), Some(Mark::Stamped))
                if let Some(head) = self.marking.behind_stamp(line, head, &mut self.clock) =>
            {
                self.open(bytes, span, head, Mark::Stamped);
            }
            (Begin::Usual(head), Some(mark @ (Mark::Alone | Mark::Stamped)))
                if (matches!(mark, Mark::Alone) || !is_timeout_line(line))
                    && !self.is_own(bytes, head.behind(line), behind_gap) =>
            {
                self.extend(span.1);
            }
            (Begin::Certain(head) | Begin::Usual(head), _) => self.unmarked(bytes, span, head),
        }
    }

    /// Hands an event on that cannot go on behind an empty line.
    fn end_whole(&mut self, bytes: &[u8]) {
        if self.pending.is_some_and(|pending| marking::is_whole(pending.event(bytes).trim_ascii()))
        {
            self.flush(bytes);
        }
    }

    /// Whether a line is the border of a code block.
    fn is_fence(&mut self, line: &[u8]) -> bool {
        let mark = self.pending.as_ref().map(|pending| pending.mark);
        self.fences.has(line, matches!(mark, Some(Mark::Stamped | Mark::Alone)))
    }

    fn unmarked(&mut self, bytes: &[u8], (start, end): Span, head: Head) {
        let line = bytes.get(start..end).unwrap_or_default();
        self.marking.note(head.behind(line), &mut self.clock);
        self.open_each(bytes, (start, end), head, Mark::plain(line, head));
    }

    /// Whether a quotation may begin in front of a line.
    fn may_be_quoted(&self, begun: Begin, line: &[u8]) -> bool {
        matches!(begun, Begin::Stamped(Head { tail: 0, .. }))
            || begun == Begin::Unknown
                && self.pending.is_none_or(|pending| pending.may_end(line, self.behind_gap))
    }

    /// Whether a message without a stamp is an event of its own although the one before it was stamped.
    fn is_own(&mut self, bytes: &[u8], text: &[u8], behind_gap: bool) -> bool {
        self.pending.is_none_or(|pending| {
            let behind_gap = behind_gap && matches!(pending.mark, Mark::Stamped);
            let event = pending.event(bytes).trim_ascii();
            !pending.is_part(bytes, text)
                && self.marking.is_own(text, event, behind_gap, &mut self.clock)
        })
    }

    /// Whether marks in front of a line are those of quoting: what is behind them begins an event, or the
    /// event before has them, too.
    fn is_quoted(&self, begun: Begin, line: &[u8]) -> bool {
        let mark = self.pending.as_ref().map(|pending| pending.mark);
        match begun {
            Begin::Stamped(_) | Begin::Certain(_) | Begin::Usual(_) => true,
            Begin::Alone(_) | Begin::Title | Begin::Unknown | Begin::Blank | Begin::Noise => {
                self.pending.is_some_and(|pending| pending.head.quotes > 0)
                    || line.starts_with(b"{") && !matches!(mark, Some(Mark::Stamped | Mark::Alone))
            }
        }
    }

    fn unknown(&mut self, bytes: &[u8], (start, end): Span) {
        let line = bytes.get(start..end).unwrap_or_default();
        let indent = indentation(line);
        match self.pending.as_mut() {
            Some(Pending { mark: Mark::Stamped | Mark::Alone, .. }) => {
                self.extend(end);
                self.end_row(bytes, line);
            }
            Some(Pending { mark: Mark::Plain(shape), message: (from, to), .. })
                if shape.continues(line, indent)
                    || bytes.get(*from..*to).is_some_and(|event| repeats_class(event, line)) =>
            {
                shape.push(line, indent);
                self.extend(end);
            }
            Some(Pending { mark: Mark::Plain(_), .. }) | None => {
                self.open_unknown(bytes, (start, end), Head::at(indent));
            }
        }
    }

    /// Whether what is pending is a row of a table.
    fn is_row(&self) -> bool {
        self.pending.is_some_and(|pending| pending.head.is_row)
    }

    /// Hands a row of a table on, if this line of it is its last.
    fn end_row(&mut self, bytes: &[u8], line: &[u8]) {
        let Some(pending) = self.pending.filter(|pending| pending.head.is_row) else { return };
        if line.trim_ascii_end().ends_with(b"|")
            && bytes
                .get(pending.start..pending.message.1)
                .is_some_and(|row| self.table.is_whole(row))
        {
            self.flush(bytes);
        }
    }

    fn extend(&mut self, end: usize) {
        if let Some(pending) = &mut self.pending {
            pending.message.1 = end;
        }
    }

    fn open(&mut self, bytes: &[u8], (start, end): Span, head: Head, mark: Mark) {
        self.settle(bytes, head.time);
        if let Some((from, to)) = head.stream
            && (from, to + 1) == (TAIL + 1, head.message)
            && let Some(name) = bytes.get(start + from..start + head.message)
            && name.ends_with(b" ")
            && self.tailed != name
        {
            self.tailed = name.to_vec();
        }
        let message = (start + head.message, end - head.tail);
        let head = Head { quotes: self.quotes, ..head };
        self.pending =
            Some(Pending { start, message, head, number: self.number, mark, cut: false });
    }

    /// Hands on what is pending, now that an event of this time begins.
    #[inline]
    fn settle(&mut self, bytes: &[u8], time: Option<LogTime>) {
        let Some(pending) = &mut self.pending else { return };
        // The heading of a test invocation has no time; the line behind it is of the same moment.
        if pending.head.time.is_none()
            && bytes.get(pending.message.0..).is_some_and(|text| text.starts_with(HEADING))
        {
            pending.head.time = time;
        }
        self.flush(bytes);
    }

    /// Hands on what is pending.
    fn flush(&mut self, bytes: &[u8]) {
        let Some(pending) = self.pending.take() else { return };
        if pending.cut {
            return;
        }
        let message = pending.event(bytes);
        let mut unquoted = std::mem::take(&mut self.unquoted);
        let message = match pending.head.quotes {
            0 => message,
            depth => strip(message, depth, &mut unquoted),
        };
        let (message, behind) =
            match pending.head.time_behind.then(|| split_time(message)).flatten() {
                Some((message, time)) => (message, Some(time)),
                None => (message, None),
            };
        let part = |span: Option<Span>| {
            span.and_then(|(from, to)| bytes.get(pending.start + from..pending.start + to))
        };
        let told = Told {
            time: pending.head.time.or(behind),
            ingested: pending.head.ingested,
            group: part(pending.head.group),
            stream: part(pending.head.stream).or(self.stream.map(str::as_bytes)),
            line: pending.number,
            message: message.strip_prefix(b"\n").unwrap_or(message),
        };
        let told = if pending.head.is_row { self.table.cut(told, &mut self.clock) } else { told };
        match pending.mark {
            Mark::Stamped if pending.head.is_copied => expanded::cell(self.emitter, told),
            Mark::Stamped | Mark::Plain(_) => wrapped::emit(self.emitter, told),
            Mark::Alone => expanded::row(self.emitter, told),
        }
        self.unquoted = unquoted;
    }
}

const HEADING: &[u8] = b"Execution log for request ";
