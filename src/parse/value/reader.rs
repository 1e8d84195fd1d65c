//! A lenient reader for the notations in which runtimes print values.
//!
//! Must not: guess at a member that is not whole.

use serde_json::{Map, Number, Value};

use crate::parse::value::{CutMember, MORE, Shape, UNSEEN};

/// Why a value could not be read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The text ends before the value does.
    Cut,
    /// It is not written in any of the notations.
    Broken,
}

/// Nesting beyond this is not read; the stack is finite.
const MAX_DEPTH: usize = 64;

pub(crate) struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    depth: usize,
    /// The container in which the cut is, with its whole members.
    partial: Option<Value>,
    cut: Option<CutMember>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(text: &'a [u8]) -> Self {
        Self { text, at: 0, depth: 0, partial: None, cut: None }
    }

    pub(crate) fn position(&self) -> usize {
        self.at
    }

    pub(crate) fn into_partial(self) -> (Value, Option<CutMember>) {
        (self.partial.unwrap_or(Value::Null), self.cut)
    }

    /// The next value; `None` for `undefined`, which no serializer writes.
    pub(crate) fn value(&mut self) -> Result<Option<Value>, Stop> {
        self.blank();
        match self.peek().ok_or(Stop::Cut)? {
            b'{' => self.object().map(Some),
            b'[' if self.is_marker() => self.marker(),
            b'[' => self.array(b']').map(Some),
            b'(' => self.array(b')').map(Some),
            b'"' | b'\'' | b'`' => self.string().map(|text| Some(Value::String(text))),
            b'<' => self.angle(),
            b'-' | b'0'..=b'9' => self.number().map(Some),
            byte if byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'$') => self.word(),
            _ => Err(Stop::Broken),
        }
    }

    fn object(&mut self) -> Result<Value, Stop> {
        self.enter()?;
        let mut members = Map::new();
        let end = self.members(&mut members);
        self.depth -= 1;
        if end == Err(Stop::Cut) {
            self.partial = Some(Value::Object(members));
            return Err(Stop::Cut);
        }
        end.map(|()| Value::Object(members))
    }

    fn members(&mut self, members: &mut Map<String, Value>) -> Result<(), Stop> {
        loop {
            self.blank();
            match self.peek().ok_or(Stop::Cut)? {
                b'}' => return self.skip(1),
                b',' => self.skip(1)?,
                b'.' => {
                    self.ellipsis()?;
                    members.insert(MORE.to_owned(), Value::from(UNSEEN));
                }
                _ => {
                    let key = self.key()?;
                    self.member(key, members)?;
                    self.blank();
                    match self.peek().ok_or(Stop::Cut)? {
                        b',' | b'}' => {}
                        _ => return Err(Stop::Broken),
                    }
                }
            }
        }
    }

    fn member(&mut self, key: String, members: &mut Map<String, Value>) -> Result<(), Stop> {
        let mut began = None;
        match self.member_value(&mut began) {
            Ok(value) => {
                members.extend(value.map(|value| (key, value)));
                Ok(())
            }
            Err(Stop::Cut) if self.depth == 1 => {
                self.cut = Some(CutMember { key: key.clone(), began });
                members.extend(self.partial.take().map(|partial| (key, partial)));
                Err(Stop::Cut)
            }
            Err(stop) => Err(stop),
        }
    }

    fn member_value(&mut self, began: &mut Option<Shape>) -> Result<Option<Value>, Stop> {
        self.blank();
        if self.peek().ok_or(Stop::Cut)? != b':' {
            return Err(Stop::Broken);
        }
        self.skip(1)?;
        self.blank();
        *began = self.peek().map(|first| match first {
            b'{' => Shape::Object,
            b'[' | b'(' => Shape::Array,
            b'"' | b'\'' | b'`' => Shape::Text,
            _ => Shape::Scalar,
        });
        self.value()
    }

    fn key(&mut self) -> Result<String, Stop> {
        match self.peek().ok_or(Stop::Cut)? {
            b'"' | b'\'' | b'`' => self.string(),
            b'[' => {
                self.skip_to(b']')?;
                Ok("[Symbol]".to_owned())
            }
            _ => {
                let name = self.take_while(|byte| {
                    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'-')
                });
                match (name.is_empty(), self.peek()) {
                    (true, _) => Err(Stop::Broken),
                    (false, None) => Err(Stop::Cut),
                    (false, Some(_)) => Ok(String::from_utf8_lossy(name).into_owned()),
                }
            }
        }
    }

    fn array(&mut self, close: u8) -> Result<Value, Stop> {
        self.enter()?;
        let mut items = Vec::new();
        let end = self.items(close, &mut items);
        self.depth -= 1;
        if end == Err(Stop::Cut) {
            self.partial = Some(Value::Array(items));
            return Err(Stop::Cut);
        }
        end.map(|()| Value::Array(items))
    }

    fn items(&mut self, close: u8, items: &mut Vec<Value>) -> Result<(), Stop> {
        loop {
            self.blank();
            match self.peek().ok_or(Stop::Cut)? {
                byte if byte == close => return self.skip(1),
                b',' => self.skip(1)?,
                b'.' => {
                    self.ellipsis()?;
                    items.push(Value::from(UNSEEN));
                }
                _ => {
                    items.push(self.value()?.unwrap_or(Value::Null));
                    self.blank();
                    match self.peek().ok_or(Stop::Cut)? {
                        b',' => {}
                        byte if byte == close => {}
                        _ => return Err(Stop::Broken),
                    }
                }
            }
        }
    }

    fn enter(&mut self) -> Result<(), Stop> {
        if self.depth >= MAX_DEPTH {
            return Err(Stop::Broken);
        }
        self.depth += 1;
        self.skip(1)
    }

    /// A quoted string; Node breaks long ones into `'...' +` lines.
    fn string(&mut self) -> Result<String, Stop> {
        let mut bytes = Vec::new();
        loop {
            let quote = self.peek().ok_or(Stop::Cut)?;
            self.skip(1)?;
            self.quoted(quote, &mut bytes)?;
            let end = self.at;
            self.blank();
            if self.rest().starts_with(b"...") {
                self.ellipsis()?;
                break;
            }
            if self.peek() != Some(b'+') {
                self.at = end;
                break;
            }
            self.skip(1)?;
            self.blank();
            if !matches!(self.peek(), Some(b'"' | b'\'' | b'`')) {
                return Err(if self.peek().is_none() { Stop::Cut } else { Stop::Broken });
            }
        }
        Ok(match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        })
    }

    fn quoted(&mut self, quote: u8, bytes: &mut Vec<u8>) -> Result<(), Stop> {
        loop {
            let rest = self.rest();
            let stop = memchr::memchr2(quote, b'\\', rest).ok_or(Stop::Cut)?;
            bytes.extend_from_slice(rest.get(..stop).unwrap_or_default());
            let is_end = rest.get(stop) == Some(&quote);
            self.skip(stop + 1)?;
            if is_end {
                return Ok(());
            }
            self.escape(bytes)?;
        }
    }

    fn escape(&mut self, bytes: &mut Vec<u8>) -> Result<(), Stop> {
        let letter = self.peek().ok_or(Stop::Cut)?;
        self.skip(1)?;
        match letter {
            b'n' => bytes.push(b'\n'),
            b't' => bytes.push(b'\t'),
            b'r' => bytes.push(b'\r'),
            b'b' => bytes.push(8),
            b'f' => bytes.push(12),
            b'x' => push_char(self.hex(2)?, bytes),
            b'u' => {
                let mut code = self.hex(4)?;
                if (0xD800..0xDC00).contains(&code) && self.rest().starts_with(b"\\u") {
                    self.skip(2)?;
                    let low = self.hex(4)?;
                    code = 0x1_0000 + ((code - 0xD800) << 10) + (low.wrapping_sub(0xDC00) & 0x3FF);
                }
                push_char(code, bytes);
            }
            other => bytes.push(other),
        }
        Ok(())
    }

    fn hex(&mut self, digits: usize) -> Result<u32, Stop> {
        let text = self.rest().get(..digits).ok_or(Stop::Cut)?;
        let text = std::str::from_utf8(text).map_err(|_| Stop::Broken)?;
        let code = u32::from_str_radix(text, 16).map_err(|_| Stop::Broken)?;
        self.skip(digits)?;
        Ok(code)
    }

    fn number(&mut self) -> Result<Value, Stop> {
        let start = self.at;
        let text = self.take_while(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.' | b'_')
        });
        match (serde_json::from_slice::<Number>(text), self.peek()) {
            // More digits may have followed.
            (_, None) if start > 0 => Err(Stop::Cut),
            (Ok(number), _) => Ok(Value::Number(number)),
            // A date or a BigInt.
            (Err(_), _) => {
                self.bare();
                Ok(Value::from(UNSEEN))
            }
        }
    }

    /// A word: a literal, a class name before its value, a call.
    fn word(&mut self) -> Result<Option<Value>, Stop> {
        let word = self
            .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'.'));
        let next = self.peek();
        match word {
            _ if next.is_none() && self.depth > 0 => Err(Stop::Cut),
            b"true" | b"True" => Ok(Some(Value::Bool(true))),
            b"false" | b"False" => Ok(Some(Value::Bool(false))),
            b"null" | b"None" => Ok(Some(Value::Null)),
            b"undefined" => Ok(None),
            b"b" | b"u" | b"r" if matches!(next, Some(b'"' | b'\'')) => {
                self.string().map(|text| Some(Value::String(text)))
            }
            _ if self.depth == 0 => Err(Stop::Broken),
            _ if next == Some(b'(') => {
                let arguments = self.array(b')').or_else(|stop| match stop {
                    Stop::Cut => Err(Stop::Cut),
                    Stop::Broken => self.skip_to(b')').map(|()| Value::Null),
                })?;
                if let Some(members) = mapping(word, arguments) {
                    return Ok(Some(Value::Object(members)));
                }
                self.behind_class().map(|_| Some(Value::from(UNSEEN)))
            }
            _ => self.behind_class(),
        }
    }

    /// What stands behind a class name, `Headers { a: 1 }`; or the rest of a bare word.
    fn behind_class(&mut self) -> Result<Option<Value>, Stop> {
        let end = self.at;
        self.blank();
        if matches!(self.peek(), Some(b'{' | b'[')) {
            return self.value();
        }
        self.at = end;
        self.bare();
        Ok(Some(Value::from(UNSEEN)))
    }

    /// `<Buffer 41 42>`, `<object at 0x7f>`, `<ref *1> { ... }`.
    fn angle(&mut self) -> Result<Option<Value>, Stop> {
        let is_reference = self.rest().starts_with(b"<ref ");
        self.skip_to(b'>')?;
        if is_reference && self.depth < MAX_DEPTH {
            return self.value();
        }
        Ok(Some(Value::from(UNSEEN)))
    }

    /// Whether a `[` begins Node's `[Object]`, `[Function: f]` and the like.
    fn is_marker(&self) -> bool {
        const MARKERS: &[&[u8]] = &[
            b"[Object",
            b"[Array",
            b"[Function",
            b"[AsyncFunction",
            b"[Circular",
            b"[Getter",
            b"[Setter",
            b"[class",
            b"[Symbol",
            b"[Date",
        ];
        MARKERS.iter().any(|marker| self.rest().starts_with(marker))
    }

    fn marker(&mut self) -> Result<Option<Value>, Stop> {
        self.skip_to(b']')?;
        let end = self.at;
        self.blank();
        // `[Object: null prototype] { ... }`.
        if self.peek() == Some(b'{') {
            return self.value();
        }
        self.at = end;
        Ok(Some(Value::from(UNSEEN)))
    }

    /// `... 3 more items`.
    fn ellipsis(&mut self) -> Result<(), Stop> {
        if !self.rest().starts_with(b"...") {
            return Err(Stop::Broken);
        }
        self.bare();
        Ok(())
    }

    fn bare(&mut self) {
        self.take_while(|byte| !matches!(byte, b',' | b'}' | b']' | b')' | b'\n' | b'\r'));
    }

    fn skip_to(&mut self, close: u8) -> Result<(), Stop> {
        let length = memchr::memchr(close, self.rest()).ok_or(Stop::Cut)?;
        self.skip(length + 1)
    }

    fn take_while(&mut self, keep: impl Fn(u8) -> bool) -> &'a [u8] {
        let rest = self.rest();
        let length = rest.iter().position(|byte| !keep(*byte)).unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }

    /// White space, the no-break space of Python's traces included.
    fn blank(&mut self) {
        loop {
            self.take_while(|byte| byte.is_ascii_whitespace());
            if !self.rest().starts_with("\u{a0}".as_bytes()) {
                return;
            }
            self.at += "\u{a0}".len();
        }
    }

    fn rest(&self) -> &'a [u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn skip(&mut self, length: usize) -> Result<(), Stop> {
        self.at =
            self.at.checked_add(length).filter(|at| *at <= self.text.len()).ok_or(Stop::Cut)?;
        Ok(())
    }
}

/// Python's mappings that are no plain `dict`, by the names that their `repr` begins with.
const MAPPINGS: &[&[u8]] =
    &[b"OrderedDict", b"defaultdict", b"CaseInsensitiveDict", b"mappingproxy"];

/// The members of a mapping whose `repr` has these arguments: a `dict`, maybe behind what makes missing
/// values, or pairs.
fn mapping(name: &[u8], arguments: Value) -> Option<Map<String, Value>> {
    let name = name.rsplit(|byte| *byte == b'.').next()?;
    let Value::Array(mut arguments) = arguments else { return None };
    if !MAPPINGS.contains(&name) {
        return None;
    }
    match arguments.pop() {
        Some(Value::Object(members)) => Some(members),
        Some(Value::Array(pairs)) => pairs.into_iter().map(pair).collect(),
        // `OrderedDict()`, `defaultdict(<class 'list'>)`.
        None => Some(Map::new()),
        Some(_) => None,
    }
}

/// The two of a tuple.
fn pair(value: Value) -> Option<(String, Value)> {
    let Value::Array(pair) = value else { return None };
    match <[Value; 2]>::try_from(pair) {
        Ok([Value::String(key), value]) => Some((key, value)),
        Ok(_) | Err(_) => None,
    }
}

fn push_char(code: u32, bytes: &mut Vec<u8>) {
    let char = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
    bytes.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
}
