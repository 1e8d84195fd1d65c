//! Puts rows into the order in which exchanges end in the log, within bounded memory.
//!
//! Rows wait in memory. When they fill it, they are sorted and written to an unlinked temporary
//! file; at the end the files are merged. This is an external merge sort, so neither the rows nor
//! their keys need to fit in memory.
//!
//! Effects: temporary files, which the system removes even if the process is killed.
//!
//! Must not: look into a row.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};

use hashbrown::HashMap;

use crate::model::end_key::EndKey;
use crate::model::{LogTime, Place, RequestId};

/// Files that are merged at once; beyond it they are first merged into one.
const MAX_RUNS: usize = 64;
const READ_BUFFER: usize = 64 * 1024;

/// Bytes of rows and keys that wait in memory before they are written to a file.
pub const DEFAULT_MEMORY: usize = 32 * 1024 * 1024;

/// Rows on their way to the output.
#[derive(Debug)]
pub struct Spool {
    memory: usize,
    places: Vec<Place>,
    numbers: HashMap<Place, u32, foldhash::fast::RandomState>,
    rows: Vec<Row>,
    bytes: Vec<u8>,
    runs: Vec<File>,
    count: u64,
}

/// A row that waits in memory.
#[derive(Debug, Clone, Copy)]
struct Row {
    key: RowKey,
    start: usize,
    length: usize,
}

/// An [`EndKey`] whose place is a number of this spool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct RowKey {
    ended: Option<LogTime>,
    place: Option<u32>,
    line: u64,
    request_id: Option<RequestId>,
    /// The order of arrival decides what is otherwise equal.
    arrival: u64,
}

impl Spool {
    /// A spool that keeps at most about `memory` bytes in memory.
    pub fn new(memory: usize) -> Self {
        Self {
            memory,
            places: Vec::new(),
            numbers: HashMap::default(),
            rows: Vec::new(),
            bytes: Vec::new(),
            runs: Vec::new(),
            count: 0,
        }
    }

    /// Number of rows taken.
    pub fn len(&self) -> u64 {
        self.count
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Takes a row: `write` appends its bytes.
    pub fn push<E: From<io::Error>>(
        &mut self,
        key: &EndKey<'_>,
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        let start = self.bytes.len();
        write(&mut self.bytes)?;
        let key = RowKey {
            ended: key.ended,
            place: key.place.map(|place| self.number(place)),
            line: key.line,
            request_id: key.request_id,
            arrival: self.count,
        };
        self.count += 1;
        self.rows.push(Row { key, start, length: self.bytes.len() - start });
        if self.bytes.len() + self.rows.len() * size_of::<Row>() >= self.memory {
            self.spill()?;
        }
        Ok(())
    }

    /// Gives out all rows in order.
    pub fn drain(mut self, mut each: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        self.sort();
        if self.runs.is_empty() {
            for row in &self.rows {
                each(row.bytes(&self.bytes))?;
            }
            return Ok(());
        }
        self.spill()?;
        let runs = std::mem::take(&mut self.runs);
        self.merge(runs, |_, bytes| each(bytes))
    }

    fn number(&mut self, place: &Place) -> u32 {
        if let Some(number) = self.numbers.get(place) {
            return *number;
        }
        let number = u32::try_from(self.places.len()).unwrap_or(u32::MAX);
        self.places.push(place.clone());
        self.numbers.insert(place.clone(), number);
        number
    }

    fn sort(&mut self) {
        let mut rows = std::mem::take(&mut self.rows);
        rows.sort_by(|one, other| self.compare(&one.key, &other.key));
        self.rows = rows;
    }

    fn compare(&self, one: &RowKey, other: &RowKey) -> Ordering {
        let end = |key: &RowKey| EndKey {
            ended: key.ended,
            place: key.place.and_then(|number| self.places.get(number as usize)),
            line: key.line,
            request_id: key.request_id,
        };
        one.ended
            .cmp(&other.ended)
            .then_with(|| end(one).cmp(&end(other)))
            .then_with(|| one.arrival.cmp(&other.arrival))
    }

    /// Writes what is in memory to a file of its own, in order.
    fn spill(&mut self) -> io::Result<()> {
        self.sort();
        let mut out = BufWriter::new(tempfile::tempfile()?);
        for row in &self.rows {
            write_row(&mut out, &row.key, row.bytes(&self.bytes))?;
        }
        self.runs.push(rewound(out)?);
        self.rows.clear();
        self.bytes.clear();
        if self.runs.len() >= MAX_RUNS {
            let runs = std::mem::take(&mut self.runs);
            let mut out = BufWriter::new(tempfile::tempfile()?);
            self.merge(runs, |key, bytes| write_row(&mut out, key, bytes))?;
            self.runs.push(rewound(out)?);
        }
        Ok(())
    }

    fn merge(
        &self,
        runs: Vec<File>,
        mut each: impl FnMut(&RowKey, &[u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut heap = BinaryHeap::new();
        for run in runs {
            let run = BufReader::with_capacity(READ_BUFFER, run);
            let mut first = Head { spool: self, run, row: None };
            if first.advance()? {
                heap.push(Reverse(first));
            }
        }
        while let Some(Reverse(mut least)) = heap.pop() {
            if let Some((key, bytes)) = &least.row {
                each(key, bytes)?;
            }
            if least.advance()? {
                heap.push(Reverse(least));
            }
        }
        Ok(())
    }
}

impl Row {
    fn bytes<'a>(&self, all: &'a [u8]) -> &'a [u8] {
        all.get(self.start..self.start + self.length).unwrap_or_default()
    }
}

/// The next row of a run.
struct Head<'a> {
    spool: &'a Spool,
    run: BufReader<File>,
    row: Option<(RowKey, Vec<u8>)>,
}

impl Head<'_> {
    /// Whether there is one more row.
    fn advance(&mut self) -> io::Result<bool> {
        let bytes = self.row.take().map(|(_, bytes)| bytes).unwrap_or_default();
        self.row = read_row(&mut self.run, bytes)?;
        Ok(self.row.is_some())
    }
}

impl Ord for Head<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        match (&self.row, &other.row) {
            (Some((one, _)), Some((other, _))) => self.spool.compare(one, other),
            (one, other) => one.is_some().cmp(&other.is_some()),
        }
    }
}

impl PartialOrd for Head<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Head<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Head<'_> {}

fn rewound(out: BufWriter<File>) -> io::Result<File> {
    let mut file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.seek(SeekFrom::Start(0))?;
    Ok(file)
}

/// Time, place, line, arrival, lengths of id and row, then both; absent numbers are the largest.
fn write_row(out: &mut impl Write, key: &RowKey, bytes: &[u8]) -> io::Result<()> {
    let id = key.request_id.as_ref().map_or("", RequestId::as_str);
    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    out.write_all(&[u8::from(key.ended.is_some())])?;
    out.write_all(&key.ended.map_or(0, |time| time.0).to_le_bytes())?;
    out.write_all(&key.place.map_or(u64::MAX, u64::from).to_le_bytes())?;
    out.write_all(&key.line.to_le_bytes())?;
    out.write_all(&key.arrival.to_le_bytes())?;
    out.write_all(&[u8::try_from(id.len()).unwrap_or(0)])?;
    out.write_all(&length.to_le_bytes())?;
    out.write_all(id.as_bytes())?;
    out.write_all(bytes)
}

fn read_row(run: &mut impl Read, mut bytes: Vec<u8>) -> io::Result<Option<(RowKey, Vec<u8>)>> {
    let mut flag = [0; 1];
    if run.read(&mut flag)? == 0 {
        return Ok(None);
    }
    let time = i64::from_le_bytes(read_eight(run)?);
    let place = u64::from_le_bytes(read_eight(run)?);
    let line = u64::from_le_bytes(read_eight(run)?);
    let arrival = u64::from_le_bytes(read_eight(run)?);
    let mut id_length = [0; 1];
    run.read_exact(&mut id_length)?;
    let length = u64::from_le_bytes(read_eight(run)?);
    let mut id = [0; RequestId::MAX];
    let [id_length] = id_length;
    let id = id.get_mut(..usize::from(id_length)).unwrap_or_default();
    run.read_exact(id)?;
    bytes.clear();
    run.take(length).read_to_end(&mut bytes)?;
    let key = RowKey {
        ended: (flag == [1]).then_some(LogTime(time)),
        place: u32::try_from(place).ok(),
        line,
        request_id: RequestId::parse(id),
        arrival,
    };
    Ok(Some((key, bytes)))
}

fn read_eight(run: &mut impl Read) -> io::Result<[u8; 8]> {
    let mut bytes = [0; 8];
    run.read_exact(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn place(name: &str) -> Place {
        Place { file: Some(name.into()), ..Place::default() }
    }

    fn sorted(memory: usize, rows: &[(Option<i64>, u8, u64)]) -> Vec<String> {
        let mut spool = Spool::new(memory);
        for (time, file, line) in rows {
            let place = place(&format!("{file}.log"));
            let key = EndKey {
                ended: time.map(LogTime),
                place: Some(&place),
                line: *line,
                request_id: RequestId::parse(b"r1"),
            };
            let text = format!("{time:?} {file} {line}");
            let write = |out: &mut Vec<u8>| {
                out.extend_from_slice(text.as_bytes());
                Ok::<(), io::Error>(())
            };
            spool.push(&key, write).expect("a row");
        }
        assert_eq!(spool.len(), rows.len() as u64);
        let mut out = Vec::new();
        let each = |row: &[u8]| {
            out.push(String::from_utf8_lossy(row).into_owned());
            Ok(())
        };
        spool.drain(each).expect("rows");
        out
    }

    #[test]
    fn rows_come_out_by_time_then_file_then_line() {
        let rows =
            [(Some(2), 1, 1), (Some(1), 2, 9), (Some(1), 1, 10), (Some(1), 1, 9), (None, 3, 1)];
        let want = ["None 3 1", "Some(1) 1 9", "Some(1) 1 10", "Some(1) 2 9", "Some(2) 1 1"];
        assert_eq!(sorted(DEFAULT_MEMORY, &rows), want);
        assert_eq!(sorted(1, &rows), want);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn memory_never_changes_the_order(
            rows in prop::collection::vec((prop::option::of(0..5_i64), 0..3_u8, 0..4_u64), 0..150),
        ) {
            let want = sorted(DEFAULT_MEMORY, &rows);
            prop_assert_eq!(&sorted(1, &rows), &want);
            prop_assert_eq!(&sorted(700, &rows), &want);
        }
    }
}
