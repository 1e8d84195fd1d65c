//! The JSON Schema of rule files, for editors that complete and check them.
//!
//! It is made from what the reader of rule files knows, so that the two cannot differ.
//!
//! Must not: check a rule; `file` does.

use serde_json::{Map, Value, json};

use crate::model::{BlockReason, Class, Confidence, Frequency, Kind, Severity};
use crate::rules::facts::{FactType, ORIGIN, facts};
use crate::rules::words::{Basis, PageSurface, Scope, Word};

/// Address under which rule files name it.
pub const FILE: &str = "corscope-rule.schema.json";

/// The schema, as a JSON document with a line end.
pub fn document() -> String {
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A rule of corscope",
        "type": "object",
        "additionalProperties": false,
        "required": [
            "id", "title", "class", "kind", "severity", "confidence", "why", "fix", "since", "when"
        ],
        "properties": properties(),
        "$defs": definitions(),
    });
    // A value made here can always be written.
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}

fn text(description: &str) -> Value {
    json!({ "type": "string", "description": description })
}

fn texts(description: &str) -> Value {
    json!({ "type": "array", "items": { "type": "string" }, "description": description })
}

fn words<T: Word>(description: &str) -> Value {
    let words: Vec<&str> = T::ALL.iter().map(|word| word.word()).collect();
    json!({ "enum": words, "description": description })
}

fn words_list<T: Word>(description: &str) -> Value {
    json!({ "type": "array", "items": words::<T>(description), "description": description })
}

fn properties() -> Value {
    json!({
        "id": {
            "type": "string",
            "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$",
            "description": "The defect in kebab case; the file's name without `.toml`.",
        },
        "title": {
            "type": "string",
            "maxLength": 90,
            "description": "One line: what is wrong.",
        },
        "class": words::<Class>("For scripts and dashboards; belongs to one kind."),
        "kind": words::<Kind>("What the browser met, what made it so, or what works and should change."),
        "scope": words::<Scope>("What it looks at: one exchange, a route, or an API stage."),
        "severity": words::<Severity>("How much an observed finding matters."),
        "confidence": words::<Confidence>("How sure it is."),
        "why": text("What the browser did because of it."),
        "fix": text("What to change; begins with a verb."),
        "detail": text("What is particular to an exchange, with `{fact}` placeholders."),
        "count": text("For scopes route and api: the count of exchanges that it is about."),
        "explains": texts("For causes: symptom rules, or classes of them, that it accounts for."),
        "supersedes": texts("Rules that need not be told where this one fires."),
        "references": texts("Where the facts come from."),
        "frequency": words::<Frequency>("How often it is met."),
        "basis": words::<Basis>("What it rests on; `inferred` allows confidence `possible` only."),
        "reasons": {
            "type": "array",
            "items": words::<BlockReason>("Chromium's identifier."),
            "description": "The reasons that a browser gives for it.",
        },
        "confirm_with": text("What confirms it where the logs leave a doubt."),
        "candidates": texts("Entries of the catalogue that the logs cannot tell from it."),
        "recipes": texts("Recipes that show how to do what `fix` says."),
        "surfaces": words_list::<PageSurface>("The surfaces that it happens on; none for all."),
        "since": text("The version that had it first."),
        "override": {
            "type": "boolean",
            "description": "Whether it takes the place of the rule with the same id.",
        },
        "when": { "$ref": "#/$defs/condition" },
        "examples": {
            "type": "array",
            "items": { "$ref": "#/$defs/example" },
            "description": "Logs on which it fires, and logs on which it does not.",
        },
    })
}

fn definitions() -> Value {
    let pair = |second: Value| {
        json!({
            "type": "array",
            "prefixItems": [{ "$ref": "#/$defs/fact" }, second],
            "minItems": 2,
            "maxItems": 2,
        })
    };
    let scalar = json!({ "type": ["string", "integer", "boolean"] });
    let list = json!({ "type": "array", "items": { "$ref": "#/$defs/condition" }, "minItems": 1 });
    json!({
        "fact": fact(),
        "condition": {
            "type": "object",
            "additionalProperties": false,
            "minProperties": 1,
            "properties": {
                "all": list,
                "any": list,
                "not": { "$ref": "#/$defs/condition" },
                "is": pair(scalar.clone()),
                "in": pair(json!({ "type": "array", "items": scalar })),
                "matches": pair(json!({ "type": "string", "format": "regex" })),
                "less": pair(json!({ "type": "integer" })),
                "greater": pair(json!({ "type": "integer" })),
                "absent": { "$ref": "#/$defs/fact" },
            },
        },
        "example": {
            "type": "object",
            "additionalProperties": false,
            "required": ["name", "fires", "log"],
            "properties": {
                "name": text("What it shows."),
                "fires": { "type": "boolean" },
                "log": text("Log lines as exported."),
            },
        },
    })
}

/// Names of facts: those of the closed list, and the families by their prefixes.
fn fact() -> Value {
    let mut names = Vec::new();
    let mut choices = Vec::new();
    for entry in facts() {
        let mut choice = Map::new();
        choice.insert("description".to_owned(), json!(entry.meaning));
        if let Some((prefix, _)) = entry.name.split_once('<') {
            let pattern = format!("^{}[^\\s<>{{}}]+$", prefix.replace('.', "\\."));
            choice.insert("pattern".to_owned(), json!(pattern));
        } else {
            names.push(entry.name.to_owned());
            choice.insert("const".to_owned(), json!(entry.name));
            if entry.kind == FactType::Number && entry.scope == Scope::Route {
                names.push(format!("{}.share", entry.name));
            }
        }
        choices.push(Value::Object(choice));
    }
    names.push(ORIGIN.to_owned());
    choices.push(json!({ "const": ORIGIN, "description": "Short for `request.header.origin`." }));
    choices.push(json!({ "pattern": "^survey\\..+\\.share$", "description": "The share of a count in the requests with an `Origin`, in percent." }));
    json!({ "type": "string", "anyOf": choices, "examples": names })
}
