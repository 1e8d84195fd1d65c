//! How each log group is read, what that costs, and why one is empty.
//!
//! Must not: ask the account.

use std::io::{self, BufRead, Write};

use corscope::model::LogTime;
use corscope::sources::cloudwatch::group::{GroupRef, Span};
use corscope::sources::cloudwatch::groups::{LogClass, LogGroup};
use corscope::sources::cloudwatch::history::{Engine, Reading};
use corscope::sources::cloudwatch::target::{GroupKind, ResolvedGroup};

use crate::cli::aws::query::EngineChoice;
use crate::cli::error::CliError;
use crate::cli::ranges;
use crate::cli::terminal::{stderr_is_terminal, stdin_is_terminal};

/// Windows and groups up to this are read by `FilterLogEvents`.
const SHORT: i64 = 15 * 60 * 1000;
const SMALL: u64 = 50 << 20;
const DAY: i64 = 24 * 60 * 60 * 1000;
/// Bytes of one slice of a group that is read by `FilterLogEvents`: some pages; and slices at most.
const SLICE: u64 = 8 << 20;
const MOST_SLICES: u64 = 1000;
/// What AWS asks for scanning a gigabyte, in US dollars: us-east-1, November 2026.
const PRICE: f64 = 0.005;
/// Requests are selected by two queries and read by others, some of which are cut.
const PASSES: u64 = 4;

/// What is to be read.
pub(crate) struct Plan {
    /// Each group.
    pub(crate) groups: Vec<Planned>,
}

/// One group.
pub(crate) struct Planned {
    /// The group.
    pub(crate) group: LogGroup,
    engine: Engine,
    /// Bytes of its window, as far as that can be told.
    bytes: Option<u64>,
}

impl Plan {
    /// Chooses how each group is read.
    pub(crate) fn new(
        groups: &[ResolvedGroup],
        choice: EngineChoice,
        span: Span,
        now: LogTime,
    ) -> Self {
        let plan = |it: &ResolvedGroup| {
            let bytes = bytes(&it.group, span, now);
            let insights = match it.kind {
                GroupKind::Execution => Engine::InsightsRequests,
                GroupKind::Access | GroupKind::Function | GroupKind::Other => Engine::Insights,
            };
            let is_small = span.millis() <= SHORT || bytes.is_none_or(|bytes| bytes <= SMALL);
            let slices = bytes.map_or(1, |bytes| (bytes / SLICE).clamp(1, MOST_SLICES));
            let filter = Engine::Filter { slices: i64::try_from(slices).unwrap_or(1) };
            let is_readable = it.group.class == LogClass::Standard;
            let engine = match choice {
                EngineChoice::Filter => filter,
                EngineChoice::Auto if is_readable && is_small => filter,
                EngineChoice::Auto | EngineChoice::Insights => insights,
            };
            Planned { group: it.group.clone(), engine, bytes }
        };
        Self { groups: groups.iter().map(plan).collect() }
    }

    /// For the reader.
    pub(crate) fn readings(&self, span: Span) -> Vec<Reading> {
        let reading =
            |it: &Planned| Reading { group: group_ref(&it.group), engine: it.engine, span };
        self.groups.iter().map(reading).collect()
    }

    /// What is going to happen, in one sentence.
    pub(crate) fn words(&self, span: Span) -> String {
        let is_insights = |it: &&Planned| !matches!(it.engine, Engine::Filter { .. });
        let by_insights = self.groups.iter().filter(is_insights).count();
        let by_filter = self.groups.len() - by_insights;
        let groups = |count| format!("{count} log group{}", if count == 1 { "" } else { "s" });
        let mut how = Vec::new();
        if by_filter > 0 {
            how.push(format!("{} by FilterLogEvents", groups(by_filter)));
        }
        if by_insights > 0 {
            let (bytes, dollars) = self.scan();
            let size = ranges::size(bytes);
            how.push(format!(
                "{} by Logs Insights (about {size} to scan, about ${dollars:.3})",
                groups(by_insights)
            ));
        }
        format!("reading {}, from {} to {}", how.join(" and "), span.from, span.to)
    }

    /// Bytes that Insights scans, and what that costs.
    fn scan(&self) -> (u64, f64) {
        let scanned = |it: &Planned| match it.engine {
            Engine::Filter { .. } => 0,
            Engine::Insights => it.bytes.unwrap_or(0),
            Engine::InsightsRequests => it.bytes.unwrap_or(0).saturating_mul(PASSES),
        };
        let bytes: u64 = self.groups.iter().map(scanned).sum();
        #[expect(clippy::cast_precision_loss, reason = "an estimate")]
        let dollars = bytes as f64 / 1e9 * PRICE;
        (bytes, dollars)
    }

    /// How much may be scanned: what was allowed, or agreed to. An estimate may be off by a half.
    pub(crate) fn most(&self, most: u64) -> u64 {
        most.max(self.scan().0.saturating_mul(3) / 2)
    }

    /// Asks, where it would scan more than `most`.
    pub(crate) fn confirm(&self, most: u64) -> Result<(), CliError> {
        let (bytes, dollars) = self.scan();
        if bytes <= most {
            return Ok(());
        }
        let size = ranges::size(bytes);
        if stdin_is_terminal() && stderr_is_terminal() {
            let question = format!(
                "Logs Insights would scan about {size} (about ${dollars:.2}). Go on? [y/N] "
            );
            let mut stderr = io::stderr().lock();
            let _ = write!(stderr, "{question}").and_then(|()| stderr.flush());
            let mut answer = String::new();
            io::stdin().lock().read_line(&mut answer).map_err(CliError::Stdin)?;
            if matches!(answer.trim(), "y" | "Y" | "yes") {
                return Ok(());
            }
        }
        Err(CliError::Option {
            option: "--max-scan",
            problem: format!(
                "Logs Insights would scan about {size} (about ${dollars:.2}); name a shorter window, \
                 `--engine filter`, or a larger `--max-scan`"
            ),
        })
    }
}

impl Planned {
    /// Why a window of it holds nothing.
    pub(crate) fn why_empty(&self, span: Span, now: LogTime, region: &str) -> String {
        let LogGroup { name, retention_days, created, .. } = &self.group;
        if let Some(created) = created.filter(|created| *created > span.to) {
            return format!("{name}: it was created at {created}, after the window");
        }
        let kept = retention_days.map(|days| LogTime(now.0 - i64::from(days) * DAY));
        if let (Some(days), Some(kept)) = (retention_days, kept.filter(|kept| *kept > span.to)) {
            return format!("{name}: it keeps {days} days, and so nothing before {kept}");
        }
        format!(
            "{name}: no events from {} to {} (region {region}); logging may be off: \
             `corscope doctor` tells",
            span.from, span.to
        )
    }
}

/// How requests name a group.
pub(crate) fn group_ref(group: &LogGroup) -> GroupRef {
    let (name, arn) = (group.name.as_str().into(), group.arn.as_str().into());
    GroupRef { name, arn, is_linked: group.is_linked }
}

/// About as many bytes as the window holds: the group's, by its share of the time that is kept.
fn bytes(group: &LogGroup, span: Span, now: LogTime) -> Option<u64> {
    let stored = group.stored_bytes?;
    let kept = group.retention_days.map_or(i64::MAX, |days| i64::from(days) * DAY);
    let age = group.created.map_or(i64::MAX, |created| now.0 - created.0).min(kept).max(1);
    let share = u128::from(span.millis().min(age).unsigned_abs());
    u64::try_from(u128::from(stored) * share / u128::from(age.unsigned_abs())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(class: LogClass, stored: u64, created: i64, retention: Option<u32>) -> ResolvedGroup {
        ResolvedGroup {
            group: LogGroup {
                name: "g".to_owned(),
                arn: "arn:aws:logs:eu-central-1:123456789012:log-group:g".to_owned(),
                class,
                retention_days: retention,
                stored_bytes: Some(stored),
                created: Some(LogTime(created)),
                is_linked: false,
            },
            kind: GroupKind::Execution,
            because: Vec::new(),
        }
    }

    #[track_caller]
    fn check(group: ResolvedGroup, hours: i64, want: Engine) {
        let now = LogTime(100 * DAY);
        let span = Span { from: LogTime(now.0 - hours * 3_600_000), to: now };
        let plan = Plan::new(&[group], EngineChoice::Auto, span, now);
        assert_eq!(plan.groups[0].engine, want);
    }

    #[test]
    fn the_engine_follows_window_size_and_class() {
        use Engine::{Filter, InsightsRequests};
        use LogClass::{InfrequentAccess, Standard};
        // A window of a millisecond is one slice.
        check(group(Standard, 1 << 40, 0, None), 0, Filter { slices: 1 });
        check(group(Standard, 1 << 40, 0, None), 2, InsightsRequests);
        // A hundredth of a gigabyte a day.
        check(group(Standard, 1 << 30, 0, None), 24, Filter { slices: 1 });
        check(group(Standard, 4 << 30, 0, None), 24, Filter { slices: 5 });
        // All of it is of the last day.
        check(group(Standard, 1 << 30, 0, Some(1)), 24, InsightsRequests);
        check(group(InfrequentAccess, 1, 0, None), 0, InsightsRequests);
    }

    #[test]
    fn an_empty_window_is_explained() {
        let now = LogTime(100 * DAY);
        let span = Span { from: LogTime(50 * DAY), to: LogTime(51 * DAY) };
        let why = |created, retention| {
            let groups = [group(LogClass::Standard, 0, created, retention)];
            let plan = Plan::new(&groups, EngineChoice::Auto, span, now);
            plan.groups[0].why_empty(span, now, "eu-central-1")
        };
        assert!(why(60 * DAY, None).contains("created at 1970-03-02"), "{}", why(60 * DAY, None));
        assert!(why(0, Some(7)).contains("keeps 7 days"), "{}", why(0, Some(7)));
        assert!(why(0, None).contains("region eu-central-1"), "{}", why(0, None));
    }
}
