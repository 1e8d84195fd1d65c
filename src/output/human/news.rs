//! What a running analysis tells people: a problem when it appears, how often it was met since, and at
//! the end what it came to.
//!
//! Must not: tell again what was told, the last page apart.

use std::io::{self, Write};

use crate::model::{LogTime, RequestId};
use crate::output::human::block;
use crate::output::human::page::{PLAIN, Page, STRONG};
use crate::output::human::words::{clock, route};
use crate::output::human::{HumanSettings, Topic, Weight, brief, footer, headline, topics};
use crate::report::group::Group;
use crate::report::live::{News, Repeats, Why};
use crate::report::{Reading, Report};

/// Writes what is new of an exchange, and what late lines changed.
pub fn write(out: &mut dyn Write, news: &News, settings: &HumanSettings) -> io::Result<()> {
    let mut page = Page::new(settings);
    for group in &news.withdrawn {
        let request = request(group.example.request_id);
        let what = format!("Withdrawn: late lines{request} say otherwise");
        page.blank();
        page.paragraph(STRONG, &what);
        page.field("", &format!("{}  [{}]", group.rule.title, group.rule.id));
        page.field("", &place(&page, group));
    }
    for topic in topics(&news.groups) {
        let why: Vec<Why> = topic.groups().iter().map(|group| news.why(group)).collect();
        if why.contains(&Why::New) || why.contains(&Why::Amended) {
            let is_amended = !why.contains(&Why::New);
            tell(&mut page, &topic, is_amended);
        }
    }
    out.write_all(page.as_bytes())
}

fn tell(page: &mut Page<'_>, topic: &Topic<'_>, is_amended: bool) {
    let Some(lead) = topic.lead() else { return };
    if is_amended {
        page.blank();
        let request = request(lead.example.request_id);
        page.paragraph(STRONG, &format!("Amended: late lines{request} add to what was told"));
    }
    match topic.weight {
        Weight::Problem => block::write_short(page, topic),
        Weight::Latent | Weight::Survey | Weight::Practice => {
            if !is_amended {
                page.blank();
            }
            brief::entry(page, topic);
            if let Some(id) = &lead.example.request_id {
                page.field("", &format!("example: request {id}"));
            }
        }
    }
    page.field("explain", &format!("corscope explain {}", lead.rule.id));
}

/// Writes how often a group was met since it was last told.
pub fn repeats(
    out: &mut dyn Write,
    repeats: &Repeats<'_>,
    now: LogTime,
    settings: &HumanSettings,
) -> io::Result<()> {
    let Repeats { group, more, since, is_effect } = *repeats;
    if is_effect {
        // Its cause says so.
        return Ok(());
    }
    let seconds = u64::try_from(now.0.saturating_sub(since.0).saturating_add(500) / 1000);
    let period = match seconds.unwrap_or_default() {
        seconds @ ..120 => format!("{} s", seconds.max(1)),
        seconds => format!("{} min", seconds / 60),
    };
    let mut page = Page::new(settings);
    let place = place(&page, group);
    let text = format!(
        "{}  x{more} more in the last {period}  [{}] {place}, {} in all",
        clock(now, settings.zone),
        group.rule.id,
        group.count,
    );
    page.paragraph(PLAIN, &text);
    out.write_all(page.as_bytes())
}

/// Writes what it came to: every problem in short, and what was read.
pub fn close(out: &mut dyn Write, report: &Report, settings: &HumanSettings) -> io::Result<()> {
    let is_clean = report.groups.is_empty() && report.reading() == Reading::Whole;
    if settings.quiet && is_clean {
        return Ok(());
    }
    let mut page = Page::new(settings);
    page.blank();
    let topics = topics(&report.groups);
    headline::write(&mut page, report, &topics);
    for weight in [Weight::Problem, Weight::Latent, Weight::Survey, Weight::Practice] {
        brief::write(&mut page, &topics, weight);
    }
    footer::write(&mut page, report);
    out.write_all(page.as_bytes())
}

fn request(id: Option<RequestId>) -> String {
    id.map(|id| format!(" of request {id}")).unwrap_or_default()
}

/// Where a group was met.
fn place(page: &Page<'_>, group: &Group) -> String {
    let origin = group.origin.as_ref().map(|it| format!(" from {it}")).unwrap_or_default();
    page.settings.redaction.text(format!("{}{origin}", route(group))).into_owned()
}
