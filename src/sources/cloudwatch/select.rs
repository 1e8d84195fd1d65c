//! Which requests of an execution log are read from Insights, and then all their lines.
//!
//! A failure of CORS is an absence: a search for CORS words would miss just those. So requests are
//! selected by what can be judged at all: those that show headers, ask for `OPTIONS`, failed, or never
//! completed as they should. Left out are requests of which the log shows a good status and nothing
//! else; nothing could be said of them, and they are counted.
//!
//! Must not: look into a line itself; the query does.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::mpsc;

use crate::model::LogTime;
use crate::sources::cloudwatch::delivery::{Delivery, Note};
use crate::sources::cloudwatch::error::CallError;
use crate::sources::cloudwatch::group::{GroupRef, Span};
use crate::sources::cloudwatch::insights::{Insights, MOST_ROWS, Parts, time, value};

/// What makes a request worth reading, and what all requests have.
const MARKS: &str = "HTTP Method: OPTIONS|Method request headers: |Method response headers: \
                     |completed with status: [345]|Execution failed|Unauthorized request\
                     |authorizer|not authorized|Forbidden|API Key |throttl|exceeded";
const ANY: &str = "HTTP Method: |completed with status: ";

/// A request id, without the parentheses that it stands in.
const REQUEST: &str = r"parse @message /^\((?<request>[0-9A-Za-z=_-]+)\) /";

/// Lines of one request that a data trace has at most, roughly.
const LINES: usize = 40;
/// Ids in one query, whose text may have 10,000 characters.
const IDS: usize = 200;
/// How far lines of a request stand from those that selected it: a request takes 5 minutes at most.
const AROUND: i64 = 5 * 60 * 1000;

#[derive(Debug)]
struct Selected {
    id: String,
    first: LogTime,
    last: LogTime,
}

/// Delivers all lines of the requests that can be judged.
pub async fn requests(
    insights: &Arc<Insights>,
    group: &GroupRef,
    span: Span,
    out: &mpsc::Sender<Delivery>,
) -> Result<(), CallError> {
    let mut selected = ids(insights, group, span, MARKS).await?;
    let all = ids(insights, group, span, ANY).await?.len();
    if selected.len() * 2 > all {
        // Most of it has to be read: all of it is scanned once, not once for each batch.
        return insights.lines(group, span, "", out).await;
    }
    if all > selected.len() {
        let left_out = all - selected.len();
        let said = format!(
            "{}: {left_out} of {all} requests show a good status and no headers; they cannot be \
             judged, and were not read",
            group.name
        );
        let _ = out.send(Delivery::Note(Note::Said(said))).await;
    }
    selected.sort_by(|one, other| (one.first, &one.id).cmp(&(other.first, &other.id)));
    let most = IDS.min(MOST_ROWS / LINES);
    for batch in selected.chunks(most) {
        let ids: Vec<&str> = batch.iter().map(|request| request.id.as_str()).collect();
        let filter = format!(r"| filter @message like /^\(({})\) /", ids.join("|"));
        let first = batch.iter().map(|request| request.first.0).min().unwrap_or(span.from.0);
        let last = batch.iter().map(|request| request.last.0).max().unwrap_or(span.to.0);
        let around = Span {
            from: LogTime((first - AROUND).max(span.from.0)),
            to: LogTime((last + AROUND).min(span.to.0)),
        };
        insights.lines(group, around, &filter, out).await?;
        if out.is_closed() {
            return Ok(());
        }
    }
    Ok(())
}

/// Requests with a line that matches; a window that has too many is asked for in halves.
async fn ids(
    insights: &Arc<Insights>,
    group: &GroupRef,
    span: Span,
    marks: &str,
) -> Result<Vec<Selected>, CallError> {
    let query = format!(
        "filter @message like /{marks}/ | {REQUEST} | stats count(*) as lines, min(@timestamp) as \
         first, max(@timestamp) as last by request | limit {MOST_ROWS}"
    );
    let mut found: BTreeMap<String, Selected> = BTreeMap::new();
    let mut parts = Parts::new(span, |found| found.rows.len() >= MOST_ROWS);
    while let Some(((from, to), found_rows)) = parts.next(insights, group, &query).await? {
        for row in &found_rows.rows {
            let Some(id) = value(row, "request") else { continue };
            let at = |name, or: i64| value(row, name).and_then(time).unwrap_or(LogTime(or));
            let (first, last) = (at("first", from * 1000), at("last", to * 1000 + 999));
            // Half a window may end within a request.
            found
                .entry(id.to_owned())
                .and_modify(|known| {
                    known.first = known.first.min(first);
                    known.last = known.last.max(last);
                })
                .or_insert_with(|| Selected { id: id.to_owned(), first, last });
        }
    }
    Ok(found.into_values().collect())
}
