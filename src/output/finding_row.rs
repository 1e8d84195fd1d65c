//! A group of findings as scripts read it: `corscope/1`, type `finding`.
//!
//! A frozen form of its own. Fields are added, never renamed. It is written by hand, for reports have
//! hundreds.
//!
//! Must not: print a text from a log unredacted.

use crate::model::{BlockReason, EvidenceLine, Frequency, RequestId};
use crate::output::object::{Object, list};
use crate::output::redact::Redaction;
use crate::output::rule_json::RuleJson;
use crate::report::group::{Console, Group};

/// A group of findings.
#[derive(Debug, Clone, Copy)]
pub struct FindingRow<'a> {
    group: &'a Group,
    texts: &'a RuleJson,
    redaction: Redaction,
    amended: bool,
}

impl<'a> FindingRow<'a> {
    /// The row of a group; `texts` is what its rule says.
    pub fn new(group: &'a Group, texts: &'a RuleJson, redaction: Redaction) -> Self {
        Self { group, texts, redaction, amended: false }
    }

    /// The same, maybe of a group that was told before and is not the same any more.
    #[must_use]
    pub fn amended(self, amended: bool) -> Self {
        Self { amended, ..self }
    }

    /// Appends it as JSON that is safe to print.
    pub fn append(&self, out: &mut Vec<u8>) {
        let &Self { group, texts, redaction, amended } = self;
        let (rule, example) = (&*group.rule, &group.example);
        let mut row = Object::begin(out);
        let redacted = |row: &mut Object<'_>, name, text: Option<&str>| {
            row.text(name, text.map(|text| redaction.text(text)).as_deref());
        };
        row.word("type", "finding");
        row.text("rule", Some(&rule.id));
        row.word("class", rule.class.as_str());
        row.word("kind", rule.kind.as_str());
        row.word("severity", group.severity.as_str());
        row.word("confidence", group.confidence.as_str());
        row.word("impact", group.impact.as_str());
        row.raw("title", &texts.title);
        row.raw("why", &texts.why);
        row.raw("fix", &texts.fix);
        row.raw("references", &texts.references);
        row.text("frequency", rule.frequency.map(Frequency::as_str));
        row.raw("confirm_with", &texts.confirm_with);
        row.raw("candidates", &texts.candidates);
        row.text("api", group.api.as_deref());
        row.text("stage", group.stage.as_deref());
        row.text("method", group.method.as_deref());
        redacted(&mut row, "route", group.route.as_deref());
        redacted(&mut row, "origin", group.origin.as_deref());
        row.text("reason", example.reason.map(BlockReason::as_str));
        redacted(&mut row, "detail", example.detail.as_deref());
        row.texts("explains", &group.explains);
        row.texts("caused_by", &group.caused_by);
        row.number("count", group.count);
        row.time("first_seen", group.first_seen);
        row.time("last_seen", group.last_seen);
        row.text("example_request_id", example.request_id.as_ref().map(RequestId::as_str));
        row.text("fingerprint", Some(&group.fingerprint));
        match &example.console {
            Some(console) => append_console(console, redaction, row.member("console")),
            None => row.member("console").extend_from_slice(b"null"),
        }
        let append = |line: &EvidenceLine, out: &mut Vec<u8>| append_line(line, redaction, out);
        list(&example.evidence, row.member("evidence"), append);
        if amended {
            row.member("amended").extend_from_slice(b"true");
        }
        row.end();
    }
}

fn append_console(console: &Console, redaction: Redaction, out: &mut Vec<u8>) {
    let mut row = Object::begin(out);
    let texts = [
        ("chromium", &console.chromium),
        ("firefox", &console.firefox),
        ("safari", &console.safari),
    ];
    for (name, text) in texts {
        row.text(name, text.as_deref().map(|text| redaction.text(text)).as_deref());
    }
    row.end();
}

fn append_line(line: &EvidenceLine, redaction: Redaction, out: &mut Vec<u8>) {
    let mut row = Object::begin(out);
    row.time("time", line.time);
    let mut place = Object::begin(row.member("place"));
    place.text("log_group", line.place.log_group.as_deref());
    place.text("log_stream", line.place.log_stream.as_deref());
    place.text("file", line.place.file.as_deref());
    place.number("line", line.line);
    place.end();
    row.text("text", Some(&redaction.text(line.text.as_str())));
    row.end();
}
