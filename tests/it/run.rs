//! One whole analysis, as `corscope scan` makes it, and everything that came of it.
//!
//! Must not: expect anything; the tests do.

use std::io::{self, Read};
use std::path::PathBuf;

use corscope::decode::decode;
use corscope::model::{Exchange, Finding, Judgement, Place, Places};
use corscope::output::human::exchange::ExchangeLine;
use corscope::output::human::{self, HumanSettings};
use corscope::output::json;
use corscope::output::redact::Redaction;
use corscope::output::rows::{ExchangeRows, RowForm};
use corscope::output::spool::{DEFAULT_MEMORY, Spool};
use corscope::pipeline::{Analyzer, Observer, Window, console_texts};
use corscope::report::Report;
use corscope::report::builder::ReportBuilder;
use corscope::report::settings::ReportSettings;
use corscope::rules::set::RuleSet;
use corscope::sources::files;

/// What an analysis gave.
pub(crate) struct Run {
    pub(crate) report: Report,
    /// In the order in which they were settled.
    pub(crate) judged: Vec<(Exchange, Judgement, Vec<Finding>)>,
    json: Spool,
    human: Spool,
}

impl Run {
    /// The exchange of this request id, if there is one.
    pub(crate) fn find(&self, id: &str) -> Option<&(Exchange, Judgement, Vec<Finding>)> {
        self.judged.iter().find(|(exchange, _, _)| {
            let ids = [exchange.request_id, exchange.extended_request_id];
            ids.iter().flatten().any(|known| known.as_str() == id)
        })
    }

    /// What `--format json --show exchanges` prints.
    pub(crate) fn json(self) -> String {
        let mut out = Vec::new();
        json::write(&mut out, &self.report, Some(self.json), Redaction::On).expect("a report");
        String::from_utf8(out).expect("JSON is UTF-8")
    }

    /// What `scan` prints, 100 columns wide and without colors.
    pub(crate) fn human(&self) -> String {
        let mut out = Vec::new();
        human::write(&mut out, &self.report, None, &HumanSettings::default()).expect("a report");
        String::from_utf8(out).expect("text is UTF-8")
    }

    /// What `scan --show exchanges` prints, for people and as JSON.
    pub(crate) fn outputs(mut self) -> (String, String) {
        let rows = std::mem::replace(&mut self.human, Spool::new(0));
        let mut out = Vec::new();
        human::write(&mut out, &self.report, Some(rows), &HumanSettings::default())
            .expect("a report");
        (String::from_utf8(out).expect("text is UTF-8"), self.json())
    }
}

/// Analyzes files and folders, named from the package's root.
pub(crate) fn paths(rules: &RuleSet, paths: &[&str]) -> Run {
    let paths: Vec<PathBuf> = paths.iter().map(PathBuf::from).collect();
    run(rules, |analyzer| {
        files::scan(&paths, &mut io::empty(), analyzer);
    })
}

/// Analyzes what readers give, each of them a file of this name.
pub(crate) fn readers(rules: &RuleSet, files: &mut [(&str, Box<dyn Read + '_>)]) -> Run {
    run(rules, |analyzer| {
        for (name, reader) in files {
            let place = Place { file: Some((*name).to_owned()), ..Place::default() };
            decode(reader, &place, analyzer);
        }
    })
}

/// Analyzes one text.
pub(crate) fn text(rules: &RuleSet, text: &[u8]) -> Run {
    readers(rules, &mut [("log", Box::new(text))])
}

fn run(rules: &RuleSet, feed: impl FnOnce(&mut Analyzer<'_>)) -> Run {
    let settings = ReportSettings { console: console_texts, ..ReportSettings::default() };
    let line = ExchangeLine::new(&HumanSettings::default());
    let rows = |form| ExchangeRows::new(form, settings.clone(), DEFAULT_MEMORY);
    let mut kept = Kept {
        judged: Vec::new(),
        json: rows(RowForm::Json(Redaction::On)),
        human: rows(RowForm::Human(line)),
    };
    let report = ReportBuilder::new(settings.clone());
    let mut analyzer = Analyzer::new(rules, report, Window::default(), &mut kept);
    feed(&mut analyzer);
    let report = analyzer.finish().expect("an observer that does not fail");
    let Kept { judged, json, human } = kept;
    Run { report, judged, json: json.into_spool(), human: human.into_spool() }
}

struct Kept {
    judged: Vec<(Exchange, Judgement, Vec<Finding>)>,
    json: ExchangeRows,
    human: ExchangeRows,
}

impl Observer for Kept {
    fn exchange(
        &mut self,
        exchange: &Exchange,
        judgement: &Judgement,
        findings: &[Finding],
        places: &Places,
    ) -> io::Result<()> {
        self.judged.push((exchange.clone(), judgement.clone(), findings.to_vec()));
        self.json.add(exchange, judgement, findings, places)?;
        self.human.add(exchange, judgement, findings, places)
    }
}
