//! What is less urgent, in two or three lines each.
//!
//! Must not: drop a topic.

use std::fmt::Write as _;

use crate::output::human::block::subject;
use crate::output::human::page::{Page, STRONG, style_of};
use crate::output::human::{Topic, Weight};

pub(crate) fn write(page: &mut Page<'_>, topics: &[Topic<'_>], weight: Weight) {
    let mut topics = topics.iter().filter(|topic| topic.weight == weight).peekable();
    if topics.peek().is_none() {
        return;
    }
    page.blank();
    let title = match weight {
        Weight::Problem => "Problems",
        Weight::Latent => {
            "Latent: the logs show no Origin on these requests; a page's would meet it"
        }
        Weight::Survey => "Across requests: where the answers differ, or could be fewer",
        Weight::Practice => "Works, but should change",
    };
    page.paragraph(STRONG, title);
    topics.for_each(|topic| entry(page, topic));
}

/// A topic in a few lines.
pub(crate) fn entry(page: &mut Page<'_>, topic: &Topic<'_>) {
    if let Some(lead) = topic.lead() {
        let others = topic.groups().get(1..).unwrap_or_default();
        let mut ids = vec![lead.rule.id.as_str()];
        ids.extend(others.iter().map(|group| group.rule.id.as_str()));
        let text = format!("{}  [{}]", lead.rule.title, ids.join(", "));
        page.styled_field(style_of(lead.severity), lead.severity.as_str(), &text);
        let mut text = subject(page, lead);
        if topic.clusters.len() > 1 {
            let _ = write!(text, "; and {} more like it", topic.clusters.len() - 1);
        }
        page.field("", &text);
        if let Some(detail) = &lead.example.detail {
            let detail = page.settings.redaction.text(detail.as_str()).into_owned();
            page.field("", &detail);
        }
        page.cut_field("", &format!("fix: {}", lead.rule.fix.trim()));
    }
}
