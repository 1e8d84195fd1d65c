//! What is said, before anybody formats it: titles, prose, fields, code.
//!
//! Must not: know a format.

/// One thing that is said. Its text is escaped by whoever prints it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Block {
    /// The line on top; with an id behind it.
    Title(String, Option<String>),
    /// A heading.
    Heading(String),
    /// A smaller one.
    Subheading(String),
    /// Prose of our own, with code in backticks.
    Text(String),
    /// Prose behind a label.
    Field(&'static str, String),
    /// Something pasted, or as a program prints it, behind a label.
    Verbatim(&'static str, String),
    /// An entry of a list: an id, and what it is.
    Item(String, String),
    /// Ids of entries behind a label.
    Ids(&'static str, Vec<String>),
    /// Lines that are not wrapped, and what language they are in.
    Code(&'static str, String),
    /// A link.
    Link(String),
}

/// Blocks in their order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Document(pub(crate) Vec<Block>);

impl Document {
    pub(crate) fn title(&mut self, text: &str, id: Option<&str>) {
        self.0.push(Block::Title(text.to_owned(), id.map(str::to_owned)));
    }

    pub(crate) fn heading(&mut self, text: &str) {
        self.0.push(Block::Heading(text.to_owned()));
    }

    pub(crate) fn subheading(&mut self, text: &str) {
        self.0.push(Block::Subheading(text.to_owned()));
    }

    pub(crate) fn text(&mut self, text: &str) {
        if !text.is_empty() {
            self.0.push(Block::Text(text.to_owned()));
        }
    }

    pub(crate) fn field(&mut self, label: &'static str, text: &str) {
        if !text.is_empty() {
            self.0.push(Block::Field(label, text.to_owned()));
        }
    }

    pub(crate) fn verbatim(&mut self, label: &'static str, text: &str) {
        if !text.is_empty() {
            self.0.push(Block::Verbatim(label, text.to_owned()));
        }
    }

    pub(crate) fn item(&mut self, id: &str, text: &str) {
        self.0.push(Block::Item(id.to_owned(), text.to_owned()));
    }

    pub(crate) fn ids(&mut self, label: &'static str, ids: &[String]) {
        if !ids.is_empty() {
            self.0.push(Block::Ids(label, ids.to_vec()));
        }
    }

    pub(crate) fn code(&mut self, language: &'static str, text: &str) {
        self.0.push(Block::Code(language, text.trim_end().to_owned()));
    }

    pub(crate) fn link(&mut self, text: &str) {
        self.0.push(Block::Link(text.to_owned()));
    }
}
