//! What somebody asks for → the entry, reason, class or message that is meant.
//!
//! Must not: take the nearest for the meant.

use crate::explain::issues::ISSUES;
use crate::explain::message::{Message, recognize};
use crate::explain::not_cors::{ELSEWHERE, NOT_CORS};
use crate::explain::wording::{GENERAL, REASONS};
use crate::model::nearest::closest;
use crate::model::{BlockReason, Class};
use crate::rules::catalogue::{Catalogue, CataloguePage};
use crate::rules::set::{Rule, RuleSet};

/// What is meant.
#[derive(Debug)]
pub(crate) enum Subject<'a> {
    Rule(&'a Rule),
    Page(&'a CataloguePage),
    Reason(BlockReason),
    Class(Class),
    Message(Box<Message>),
    /// Nothing; the nearest that there is.
    Nothing(Option<String>),
}

/// Finds it. An exact name goes before a message.
pub(crate) fn resolve<'a>(text: &str, rules: &'a RuleSet, catalogue: &'a Catalogue) -> Subject<'a> {
    let name = text.trim().trim_matches(['`', '\'', '"', '[', ']']);
    // Shells make words of what people write with blanks: `lambda timeout`.
    let id = name.to_ascii_lowercase().split_whitespace().collect::<Vec<_>>().join("-");
    if let Some(rule) = rules.get(&id) {
        return Subject::Rule(rule);
    }
    if let Some(page) = catalogue.page(&id) {
        return Subject::Page(page);
    }
    if let Some(reason) = reason(name) {
        return Subject::Reason(reason);
    }
    if let Some(class) = Class::parse(&id) {
        return Subject::Class(class);
    }
    match recognize(text) {
        Some(message) => Subject::Message(Box::new(message)),
        None => Subject::Nothing(nearest(name, rules, catalogue)),
    }
}

/// `MissingAllowOriginHeader`, in any case, with or without Chromium's `k`.
fn reason(name: &str) -> Option<BlockReason> {
    let name = name.strip_prefix("CorsError::").unwrap_or(name);
    let find = |name: &str| {
        BlockReason::ALL.iter().copied().find(|it| it.as_str().eq_ignore_ascii_case(name))
    };
    find(name).or_else(|| find(name.strip_prefix(['k', 'K'])?))
}

/// The id, reason or class of the least distance; for a sentence, the wording or title that shares
/// most of its words.
fn nearest(text: &str, rules: &RuleSet, catalogue: &Catalogue) -> Option<String> {
    if text.is_empty() {
        return None;
    }
    let name = || nearest_name(text, rules, catalogue);
    if !text.contains(char::is_whitespace) {
        return name();
    }
    let titles = rules.rules().iter().map(|rule| (rule.id(), rule.text.title.as_str()));
    let pages = catalogue.pages().iter().map(|page| (page.id.as_str(), page.title.as_str()));
    let named = titles.chain(pages).map(|(id, title)| (id, format!("{id} {title}")));
    let messages = REASONS.iter().chain(ISSUES).chain(NOT_CORS).chain(GENERAL).chain(ELSEWHERE);
    let messages = messages.flat_map(|(_, texts)| texts.iter());
    let messages = messages.map(|(_, text)| (*text, (*text).to_owned()));
    let wanted = words(text);
    let scored = named.chain(messages).map(|(name, text)| (score(&wanted, &words(&text)), name));
    // The first of the greatest.
    let best = scored.reduce(|best, next| if next.0 > best.0 { next } else { best });
    best.filter(|(score, _)| *score > 0).map(|(_, name)| shown(name)).or_else(name)
}

/// The id, reason or class of the least distance, however far.
fn nearest_name(text: &str, rules: &RuleSet, catalogue: &Catalogue) -> Option<String> {
    let ids = rules.rules().iter().map(Rule::id);
    let pages = catalogue.pages().iter().map(|page| page.id.as_str());
    let reasons = BlockReason::ALL.iter().map(|reason| reason.as_str());
    let classes = Class::ALL.iter().map(|class| class.as_str());
    let names = ids.chain(pages).chain(reasons).chain(classes);
    // Names are short; the distance to a long text costs and says nothing.
    let text: String = text.chars().take(60).collect();
    closest(&text, names).map(|(_, name)| name.to_owned())
}

/// A wording without the marks of its patterns.
fn shown(name: &str) -> String {
    name.replace("{|}", ": ").replace(['{', '}'], "")
}

fn words(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphanumeric());
    let words = words.filter(|word| word.len() > 2 && !COMMON.contains(word));
    let mut words: Vec<String> = words.map(str::to_ascii_lowercase).collect();
    words.sort();
    words.dedup();
    words
}

/// Words that say nothing about what is meant.
const COMMON: [&str; 12] =
    ["the", "and", "not", "was", "has", "for", "that", "from", "with", "this", "are", "its"];

/// Shared words, in thousandths of all words of both.
fn score(one: &[String], other: &[String]) -> usize {
    let shared = one.iter().filter(|word| other.contains(word)).count();
    let all = one.len() + other.len() - shared;
    (shared * 1000).checked_div(all).unwrap_or_default()
}
