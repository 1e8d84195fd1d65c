//! `rules why`: why a rule did, or did not, fire on a request.
//!
//! Must not: change what the analysis does.

use std::fmt::Write as _;
use std::io;

use corscope::model::{
    Exchange, Finding, Judgement, Outcome, Places, RouteFinding, RouteSurvey, Text,
};
use corscope::output::escape::visible;
use corscope::output::redact::Redaction;
use corscope::pipeline::{Analyzer, Observer, Window};
use corscope::report::builder::ReportBuilder;
use corscope::report::settings::ReportSettings;
use corscope::rules::set::{Answer, Rule, RuleSet};
use corscope::rules::trace::Trace;
use corscope::rules::words::Scope;
use corscope::sources::files;
use corscope::survey;

use crate::cli::analysis::tell_failed;
use crate::cli::args::WhyOptions;
use crate::cli::error::CliError;
use crate::cli::exit::ExitStatus;
use crate::cli::rules::author::append;
use crate::cli::rules::print;
use crate::cli::setup::{self, unknown_rule};
use crate::cli::time;

/// Runs the command.
pub(crate) fn run(options: &WhyOptions) -> Result<ExitStatus, CliError> {
    let setup::Rules { set, config, is_partial } =
        setup::rules(&options.set, time::today(time::UTC))?;
    let Some(rule) = set.get(&options.rule) else {
        let problem = unknown_rule(&set, &options.rule).unwrap_or_default();
        return Err(CliError::Option { option: "rules why", problem });
    };
    let mut watch = Watch {
        set: &set,
        rule,
        request: &options.request,
        seen: Vec::new(),
        routes: Vec::new(),
        exchanges: 0,
    };
    let report = ReportBuilder::new(ReportSettings::default());
    let mut analyzer = Analyzer::new(&set, report, Window::default(), &mut watch);
    files::scan(&options.files, &mut io::stdin().lock(), &mut analyzer);
    let report = analyzer.finish().map_err(CliError::Spool)?;
    tell_failed(&report.ledger.inputs_failed);
    let redaction = if options.no_redact { Redaction::Off } else { Redaction::On };
    if watch.seen.is_empty() {
        let problem = format!(
            "none of {} exchanges has the id `{}`; `corscope scan FILE --show exchanges` lists them",
            watch.exchanges, options.request
        );
        return Err(CliError::Option { option: "rules why", problem });
    }
    let mut text = String::new();
    if config.disable.iter().any(|(id, _)| *id == options.rule) {
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{} is switched off in {}, and asked here all the same",
            visible(&options.rule),
            visible(&config.file)
        );
    }
    text.push_str(&watch.text(redaction));
    print(&text)?;
    Ok(if is_partial { ExitStatus::Usage } else { ExitStatus::Clean })
}

struct Watch<'a> {
    set: &'a RuleSet,
    rule: &'a Rule,
    request: &'a str,
    seen: Vec<Seen>,
    routes: Vec<(RouteKey, Trace)>,
    exchanges: u64,
}

type RouteKey = (Option<String>, Option<String>, Option<String>);

/// The request, and what the rule says of it.
struct Seen {
    head: String,
    answer: Option<Answer>,
    trace: Trace,
    told: bool,
    findings: Vec<String>,
    api: (Option<String>, Option<String>),
    route: Option<String>,
}

impl Observer for Watch<'_> {
    fn exchange(
        &mut self,
        exchange: &Exchange,
        judgement: &Judgement,
        findings: &[Finding],
        _: &Places,
    ) -> io::Result<()> {
        self.exchanges += 1;
        let ids = [exchange.request_id, exchange.lambda_request_id, exchange.extended_request_id];
        if !ids.iter().flatten().any(|id| id.as_str() == self.request) {
            return Ok(());
        }
        let text = |which| exchange.text(which).map(std::borrow::Cow::into_owned);
        let verdict = judgement.applying();
        let outcome = match (verdict.outcome, verdict.reason) {
            (Outcome::Blocked, Some(reason)) => format!("blocked ({})", reason.as_str()),
            (outcome, _) => outcome.as_str().to_owned(),
        };
        let status = exchange.status.seen().map_or("-".to_owned(), |status| status.to_string());
        self.seen.push(Seen {
            head: format!(
                "{} {} {status}: {outcome}",
                text(Text::Method).unwrap_or_else(|| "-".to_owned()),
                text(Text::Path).unwrap_or_else(|| "-".to_owned()),
            ),
            answer: (self.rule.scope == Scope::Exchange)
                .then(|| self.set.ask(self.rule, exchange, judgement)),
            trace: self.set.trace(self.rule, exchange, judgement),
            told: findings.iter().any(|finding| finding.rule.id == self.rule.id()),
            findings: findings.iter().map(|finding| finding.rule.id.clone()).collect(),
            api: (text(Text::Api), text(Text::Stage)),
            route: survey::path_of(exchange),
        });
        Ok(())
    }

    fn route(&mut self, survey: &RouteSurvey, _: &[RouteFinding]) {
        if let Some(trace) = self.set.trace_route(self.rule, survey) {
            let key = (survey.api.clone(), survey.stage.clone(), survey.path.clone());
            self.routes.push((key, trace));
        }
    }
}

impl Watch<'_> {
    fn text(&self, redaction: Redaction) -> String {
        let mut text = String::new();
        for seen in &self.seen {
            let _ = writeln!(text, "{}", visible(&redaction.text(seen.head.as_str())));
            match &seen.answer {
                Some(answer) => self.exchange_text(&mut text, seen, answer, redaction),
                None => self.route_text(&mut text, seen, redaction),
            }
        }
        text
    }

    fn exchange_text(&self, text: &mut String, seen: &Seen, answer: &Answer, redaction: Redaction) {
        let id = visible(self.rule.id());
        let _ = match answer {
            Answer::Fires if seen.told => writeln!(text, "{id} fires"),
            Answer::Fires => writeln!(
                text,
                "{id} fires, and is not told: another rule says it better ({})",
                visible(&seen.findings.join(", "))
            ),
            Answer::DoesNotFire => writeln!(text, "{id} does not fire"),
            Answer::Unknown(facts) => writeln!(
                text,
                "{id} does not fire: the logs do not show {}",
                visible(&facts.join(", "))
            ),
        };
        append(text, &seen.trace, 1, redaction);
    }

    /// Rules about routes are shown for the routes of the request's API stage.
    fn route_text(&self, text: &mut String, seen: &Seen, redaction: Redaction) {
        let is_meant = |(api, stage, route): &RouteKey| {
            (api, stage) == (&seen.api.0, &seen.api.1) && (route.is_none() || *route == seen.route)
        };
        let mut shown = false;
        for (key, trace) in self.routes.iter().filter(|(key, _)| is_meant(key)) {
            shown = true;
            let place = key.2.as_deref().unwrap_or("all routes");
            let fires = if trace.truth.as_str() == "true" { "fires" } else { "does not fire" };
            let _ = writeln!(
                text,
                "{} {fires} on {}",
                visible(self.rule.id()),
                visible(&redaction.text(place))
            );
            append(text, trace, 1, redaction);
        }
        if !shown {
            let _ = writeln!(
                text,
                "{} looks at routes, and none of this request's is surveyed",
                visible(self.rule.id())
            );
        }
    }
}
