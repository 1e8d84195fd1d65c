//! Exchanges to be printed: rendered as they are finished, given out in order at the end.
//!
//! Must not: keep an exchange.

use std::io;

use crate::model::end_key::EndKey;
use crate::model::{Exchange, Finding, Judgement, Places};
use crate::output::contract::append_json;
use crate::output::human::exchange::ExchangeLine;
use crate::output::redact::Redaction;
use crate::output::row::ExchangeRow;
use crate::output::spool::Spool;
use crate::report::settings::{ReportSettings, Selection};

/// How rows are written.
#[derive(Debug, Clone)]
pub enum RowForm {
    /// JSON of `corscope/1`.
    Json(Redaction),
    /// One line for people.
    Human(ExchangeLine),
}

/// Rows of the exchanges that were selected.
#[derive(Debug)]
pub struct ExchangeRows {
    form: RowForm,
    spool: Spool,
    settings: ReportSettings,
}

impl ExchangeRows {
    /// No rows yet. `settings` are those of the report.
    pub fn new(form: RowForm, settings: ReportSettings, memory: usize) -> Self {
        Self { form, spool: Spool::new(memory), settings }
    }

    /// Takes one finished exchange; leaves out what the settings leave out.
    pub fn add(
        &mut self,
        exchange: &Exchange,
        judgement: &Judgement,
        findings: &[Finding],
        places: &Places,
    ) -> io::Result<()> {
        let selection = self.settings.select(exchange);
        if selection == Selection::LeftOut {
            return Ok(());
        }
        let shown = self.settings.shown(findings, selection);
        let key = EndKey::of(exchange, places);
        let form = &self.form;
        self.spool.push(&key, |out| match form {
            RowForm::Json(redaction) => {
                append_json(out, &ExchangeRow::new(exchange, judgement, shown, places, *redaction))
            }
            RowForm::Human(line) => {
                line.append(out, exchange, judgement, shown.map(|(finding, _)| finding));
                Ok(())
            }
        })
    }

    /// The rows, to be given out.
    pub fn into_spool(self) -> Spool {
        self.spool
    }
}
