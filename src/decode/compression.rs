//! Compressed streams: gzip in several members and layers, zstd in several frames.
//!
//! A small gzip file is taken in one piece (see `inflate`). Whatever is the matter with it, it is
//! then read again as a stream.
//!
//! What can be decompressed is delivered; then the stream fails with a sentence for the user. Where
//! compressed bytes are damaged (not merely cut off), up to one buffer before the damage is lost, for
//! the decoder keeps it back.
//!
//! Must not: know what the bytes mean.

use std::cell::Cell;
use std::io::{self, BufRead, Read};
use std::rc::Rc;

use flate2::bufread::GzDecoder;
use ruzstd::decoding::StreamingDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};

use crate::decode::inflate::inflate;
use crate::decode::window::Window;

/// A stream with one or more layers taken off.
pub(crate) type Stream<'r> = Box<dyn Read + 'r>;

/// Firehose compresses once more what arrives compressed; nobody needs more than that.
const MAX_LAYERS: usize = 4;
/// Logs shrink 5 to 100 times. A stream beyond this ratio is a decompression bomb ...
const MAX_RATIO: u64 = 500;
/// ... unless it is small enough not to matter.
const FREE_BYTES: u64 = 16 << 20;
/// The largest gzip file that is taken in one piece, as it is, and what comes out of it.
const MAX_PACKED: usize = 4 << 20;
const MAX_PLAIN: usize = 16 << 20;

const GZIP: [u8; 3] = [0x1f, 0x8b, 8];
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// Skippable frames: the first byte is 0x50 to 0x5f.
const ZSTD_SKIPPABLE: [u8; 3] = [0x2a, 0x4d, 0x18];

/// Tells how many bytes each read took from the source.
pub(crate) struct Metered<R, F> {
    inner: R,
    took: F,
}

impl<R, F: FnMut(u64)> Metered<R, F> {
    pub(crate) fn new(inner: R, took: F) -> Self {
        Self { inner, took }
    }
}

impl<R: Read, F: FnMut(u64)> Read for Metered<R, F> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(out)?;
        (self.took)(count as u64);
        Ok(count)
    }
}

/// Takes off every layer of compression; `read` counts the bytes of the outermost one. `spare` may
/// serve as a buffer.
pub(crate) fn unpack<'r>(
    stream: Stream<'r>,
    read: &Rc<Cell<u64>>,
    capacity: usize,
    spare: &mut Vec<u8>,
) -> Window<Stream<'r>> {
    let before = read.get();
    let mut window = Window::new(stream, capacity);
    if window.fill_to(4).starts_with(&GZIP) {
        if let Some(length) = in_one_piece(&mut window, spare) {
            return Window::whole(Box::new(io::empty()), std::mem::take(spare), length);
        }
        let ahead = Ahead { owed: read.get() - before, read: Rc::clone(read), window };
        read.set(before);
        window = Window::new(Box::new(ahead), capacity);
    }
    streamed(window, read, capacity)
}

/// The same, as the bytes come.
fn streamed<'r>(
    mut window: Window<Stream<'r>>,
    read: &Rc<Cell<u64>>,
    capacity: usize,
) -> Window<Stream<'r>> {
    for _ in 0..MAX_LAYERS {
        let head = window.fill_to(4);
        let inner: Stream<'r> = if head.starts_with(&GZIP) {
            Box::new(Gzip { state: Member::Between(window), members: 0 })
        } else if is_zstd(head) {
            Box::new(Zstd { state: Frame::Between(window) })
        } else {
            return window;
        };
        let guarded = Guard { inner, read: Rc::clone(read), written: 0 };
        window = Window::new(Box::new(guarded), capacity);
    }
    window
}

/// Inflates a small gzip file, unless what is in it is compressed again: how much of the file was read
/// when tells bombs, and it is all read now. How many bytes of `plain` that takes.
fn in_one_piece(window: &mut Window<Stream<'_>>, plain: &mut Vec<u8>) -> Option<usize> {
    let length = inflate(window.all(MAX_PACKED)?, MAX_PLAIN, plain)?;
    let head = plain.get(..length)?;
    (!head.starts_with(&GZIP) && !is_zstd(head)).then_some(length)
}

/// A stream of which the window has read much, as if it had read nothing.
struct Ahead<'r> {
    window: Window<Stream<'r>>,
    read: Rc<Cell<u64>>,
    /// Bytes that are in the window, and not counted as read.
    owed: u64,
}

impl Read for Ahead<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.window.release();
        let count = self.window.read(out)?;
        let counted = self.owed.min(count as u64);
        self.owed -= counted;
        self.read.set(self.read.get() + counted);
        Ok(count)
    }
}

fn is_zstd(head: &[u8]) -> bool {
    head.starts_with(&ZSTD)
        || matches!(head.split_first(), Some((0x50..=0x5f, rest)) if rest.starts_with(&ZSTD_SKIPPABLE))
}

fn failed(text: impl Into<String>) -> io::Error {
    io::Error::other(text.into())
}

/// Stops decompression bombs.
struct Guard<'r> {
    inner: Stream<'r>,
    read: Rc<Cell<u64>>,
    written: u64,
}

impl Read for Guard<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let limit = self.read.get().saturating_mul(MAX_RATIO).max(FREE_BYTES);
        if self.written > limit {
            return Err(failed(format!(
                "decompression stopped after {} MiB: the data grows more than {MAX_RATIO} times, \
                 as no log does; decompress it yourself if it is meant to",
                self.written >> 20
            )));
        }
        let count = self.inner.read(out)?;
        self.written += count as u64;
        Ok(count)
    }
}

enum Member<R> {
    Between(R),
    Inside(Box<GzDecoder<R>>),
    Ended,
}

struct Gzip<R> {
    state: Member<R>,
    members: u64,
}

impl<R: Read> Read for Gzip<Window<R>> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            match std::mem::replace(&mut self.state, Member::Ended) {
                Member::Ended => return Ok(0),
                Member::Between(mut source) => {
                    if !next_member(&mut source)? {
                        return Ok(0);
                    }
                    self.state = Member::Inside(Box::new(GzDecoder::new(source)));
                }
                Member::Inside(mut decoder) => match decoder.read(out) {
                    Ok(0) if !out.is_empty() => {
                        self.members += 1;
                        self.state = Member::Between(decoder.into_inner());
                    }
                    Ok(count) => {
                        self.state = Member::Inside(decoder);
                        return Ok(count);
                    }
                    Err(error) => return Err(gzip_failure(&error, self.members)),
                },
            }
        }
    }
}

/// Whether another member follows; zeros behind the last one are padding.
fn next_member<R: Read>(source: &mut Window<R>) -> io::Result<bool> {
    let head = source.fill_to(GZIP.len());
    if head.starts_with(&GZIP) {
        return Ok(true);
    }
    loop {
        let rest = source.fill_buf()?;
        if rest.is_empty() {
            return Ok(false);
        }
        if rest.iter().any(|byte| *byte != 0) {
            return Err(failed(
                "bytes that are no gzip data follow the compressed log and are left out; \
                 if they should be log, the file was damaged on its way: fetch it again",
            ));
        }
        let count = rest.len();
        source.consume(count);
    }
}

fn gzip_failure(error: &io::Error, members: u64) -> io::Error {
    let what =
        if error.kind() == io::ErrorKind::UnexpectedEof { "is cut off" } else { "is damaged" };
    failed(format!(
        "decompressing gzip: member {} {what} ({error}); what came before is analyzed, fetch the \
         file again for the rest",
        members + 1
    ))
}

enum Frame<R: Read> {
    Between(R),
    Inside(Box<StreamingDecoder<R, ruzstd::decoding::FrameDecoder>>),
    Ended,
}

struct Zstd<R: Read> {
    state: Frame<R>,
}

impl<R: Read> Read for Zstd<Window<R>> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            match std::mem::replace(&mut self.state, Frame::Ended) {
                Frame::Ended => return Ok(0),
                Frame::Between(mut source) => {
                    if source.fill_to(1).is_empty() {
                        return Ok(0);
                    }
                    self.state = next_frame(source)?;
                }
                Frame::Inside(mut decoder) => match decoder.read(out) {
                    Ok(0) if !out.is_empty() => self.state = Frame::Between(decoder.into_inner()),
                    Ok(count) => {
                        self.state = Frame::Inside(decoder);
                        return Ok(count);
                    }
                    Err(error) => return Err(zstd_failure(&error.to_string())),
                },
            }
        }
    }
}

fn next_frame<R: Read>(mut source: Window<R>) -> io::Result<Frame<Window<R>>> {
    let head = source.fill_to(8);
    if !is_zstd(head) {
        return Err(zstd_failure("bytes that are no zstd data follow the compressed log"));
    }
    if !head.starts_with(&ZSTD) {
        let length = head.get(4..8).and_then(|b| b.first_chunk()).copied().map(u32::from_le_bytes);
        source.consume(8);
        let length = u64::from(length.unwrap_or_default());
        io::copy(&mut source.by_ref().take(length), &mut io::sink())?;
        return Ok(Frame::Between(source));
    }
    match StreamingDecoder::new(source) {
        Ok(decoder) => Ok(Frame::Inside(Box::new(decoder))),
        Err(error) => Err(zstd_failure(&frame_error(&error))),
    }
}

fn frame_error(error: &FrameDecoderError) -> String {
    if let FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { .. }) = error {
        return "a frame that holds no data".to_owned();
    }
    error.to_string()
}

fn zstd_failure(why: &str) -> io::Error {
    failed(format!(
        "decompressing zstd: {why}; what came before is analyzed, fetch the file again for the rest"
    ))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::write::GzEncoder;
    use flate2::{Compression, GzBuilder};

    use super::*;

    const CAPACITY: usize = 4 << 10;

    /// Gives at most `step` bytes at once, and fails in the end if it is told to.
    struct Source<'a> {
        rest: &'a [u8],
        step: usize,
        fails: bool,
    }

    impl Read for Source<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            if self.rest.is_empty() && self.fails {
                return Err(io::ErrorKind::ConnectionReset.into());
            }
            let count = self.step.min(out.len());
            self.rest.read(&mut out[..count])
        }
    }

    type Told = (Vec<u8>, Option<String>, u64);

    /// All bytes, the failure, and how many bytes were read for that.
    fn told(
        source: Source<'_>,
        open: impl for<'s> Fn(Stream<'s>, &Rc<Cell<u64>>) -> Window<Stream<'s>>,
    ) -> Told {
        let read = Rc::new(Cell::new(0));
        let source = Metered::new(source, |count| read.set(read.get() + count));
        let mut window = open(Box::new(source), &read);
        let mut bytes = Vec::new();
        let failure = window.read_to_end(&mut bytes).err().map(|error| error.to_string());
        (bytes, failure, read.get())
    }

    /// A stream tells the same; returns what.
    fn same(rest: &[u8], step: usize, fails: bool) -> Told {
        let source = || Source { rest, step, fails };
        let mut one =
            told(source(), |stream, read| unpack(stream, read, CAPACITY, &mut Vec::new()));
        let mut other =
            told(source(), |stream, read| streamed(Window::new(stream, CAPACITY), read, CAPACITY));
        if step < CAPACITY {
            // How much is read before damage is met depends on what each read gives.
            (one.2, other.2) = (0, 0);
        }
        assert_eq!((one.0.len(), &one.1, one.2), (other.0.len(), &other.1, other.2));
        assert!(one.0 == other.0);
        one
    }

    /// Whatever reads give.
    fn check(bytes: &[u8]) -> Told {
        same(bytes, 99, false);
        same(bytes, CAPACITY, true);
        same(bytes, CAPACITY, false)
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        named(GzBuilder::new(), bytes)
    }

    fn named(header: GzBuilder, bytes: &[u8]) -> Vec<u8> {
        packed(header, Compression::default(), bytes)
    }

    fn packed(header: GzBuilder, level: Compression, bytes: &[u8]) -> Vec<u8> {
        let mut encoder: GzEncoder<_> = header.write(Vec::new(), level);
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    /// Bytes that do not shrink.
    fn noise(length: usize) -> Vec<u8> {
        let next =
            |state: &u64| Some(state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(99));
        std::iter::successors(Some(1), next)
            .map(|state| u64::to_be_bytes(state)[0])
            .take(length)
            .collect()
    }

    fn text() -> Vec<u8> {
        (0..300).flat_map(|n| format!("line {n} of {}\n", n * n % 97).into_bytes()).collect()
    }

    fn in_one_piece_of(bytes: &[u8]) -> Option<Vec<u8>> {
        let mut plain = Vec::new();
        let length = in_one_piece(&mut Window::new(Box::new(bytes), CAPACITY), &mut plain)?;
        plain.truncate(length);
        Some(plain)
    }

    #[test]
    fn one_sound_member_is_taken_in_one_piece() {
        let name = GzBuilder::new().filename("000000").mtime(7);
        for bytes in [gzip(&text()), gzip(&noise(9000)), named(name, &text())] {
            let (plain, failure, read) = check(&bytes);
            assert_eq!((failure, read), (None, bytes.len() as u64));
            assert!(in_one_piece_of(&bytes).is_some_and(|piece| piece == plain));
        }
    }

    #[test]
    fn what_is_not_just_that_is_streamed() {
        let one = gzip(&text());
        let broken_sum = {
            let mut bytes = one.clone();
            bytes[3] = 2;
            bytes.splice(10..10, [1, 2]);
            bytes
        };
        let header = |header: fn(GzBuilder) -> GzBuilder| named(header(GzBuilder::new()), &text());
        for bytes in [
            [gzip(b"one\n"), one.clone()].concat(),
            [one.clone(), one.clone()].concat(),
            [one.clone(), gzip(b"")].concat(),
            [&one[..], &[0; 512]].concat(),
            [&one[..], b"garbage"].concat(),
            gzip(b""),
            broken_sum,
            header(|header| header.extra("field")),
            header(|header| header.comment("a comment")),
            header(|header| header.filename("n".repeat(70_000))),
            gzip(&one),
            gzip(&gzip(&one)),
            gzip(&[&ZSTD[..], b"no frame"].concat()),
        ] {
            check(&bytes);
            assert_eq!(in_one_piece_of(&bytes), None, "{:?}", bytes.get(..20));
        }
    }

    #[test]
    fn damage_is_told_as_by_a_stream() {
        let one = named(GzBuilder::new().filename("a.log"), &text()[..200]);
        for cut in 0..one.len() {
            check(&one[..cut]);
            // The end came twice: it ends as it should, but not there.
            let twice = [&one[..], &one[cut..]].concat();
            let (_, failure, _) = check(&twice);
            let padding = one[cut..].iter().all(|byte| *byte == 0);
            assert!(failure.is_some() || cut == 0 || padding, "{cut}");
        }
        for bit in 0..one.len() * 8 {
            let mut flipped = one.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            check(&flipped);
        }
    }

    #[test]
    fn what_is_large_is_streamed() {
        let stored = |length| packed(GzBuilder::new(), Compression::none(), &noise(length));
        assert!(in_one_piece_of(&stored(MAX_PACKED - 4096)).is_some());
        let large = stored(MAX_PACKED);
        assert_eq!(in_one_piece_of(&large), None);
        let (plain, failure, _) = same(&large, CAPACITY, false);
        assert_eq!((plain.len(), failure), (MAX_PACKED, None));
    }

    #[test]
    fn bombs_go_off_where_they_do_in_a_stream() {
        let bomb = gzip(&vec![b'x'; 1 << 20]).repeat(17);
        // What stands far behind a bomb does not make up for it.
        let bytes = [&bomb[..], &gzip(&noise(200_000))].concat();
        let (_, failure, read) = same(&bytes, CAPACITY, false);
        assert!(failure.unwrap().contains("decompression stopped"));
        assert!(read < 100_000, "{read}");
    }
}
