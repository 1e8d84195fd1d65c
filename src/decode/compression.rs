//! Compressed streams: gzip in several members and layers, zstd in several frames.
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

use crate::decode::window::Window;

/// A stream with one or more layers taken off.
pub(crate) type Stream<'r> = Box<dyn Read + 'r>;

/// Firehose compresses once more what arrives compressed; nobody needs more than that.
const MAX_LAYERS: usize = 4;
/// Logs shrink 5 to 100 times. A stream beyond this ratio is a decompression bomb ...
const MAX_RATIO: u64 = 500;
/// ... unless it is small enough not to matter.
const FREE_BYTES: u64 = 16 << 20;

const GZIP: [u8; 3] = [0x1f, 0x8b, 8];
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// Skippable frames: the first byte is 0x50 to 0x5f.
const ZSTD_SKIPPABLE: [u8; 3] = [0x2a, 0x4d, 0x18];

/// Counts the bytes read from the source.
pub(crate) struct Metered<R> {
    inner: R,
    read: Rc<Cell<u64>>,
}

impl<R> Metered<R> {
    pub(crate) fn new(inner: R, read: Rc<Cell<u64>>) -> Self {
        Self { inner, read }
    }
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(out)?;
        self.read.set(self.read.get() + count as u64);
        Ok(count)
    }
}

/// Takes off every layer of compression; `read` counts the bytes of the outermost one.
pub(crate) fn unpack<'r>(
    stream: Stream<'r>,
    read: &Rc<Cell<u64>>,
    capacity: usize,
) -> Window<Stream<'r>> {
    let mut window = Window::new(stream, capacity);
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
