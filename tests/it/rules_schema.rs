//! Do the schema of rule files, the built-in rules and the reader of rules agree?

use std::fs;

use corscope::rules::set::RuleSet;
use serde_json::Value;

use crate::work::{ALWAYS, Work, rule};

/// The parts of JSON Schema that the schema of rules uses; any other keyword is a failure.
struct Schema<'a> {
    root: &'a Value,
}

impl Schema<'_> {
    /// What is wrong with a value, with its place.
    fn problems(&self, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
        let mut wrong = |is_right: bool, keyword: &str| {
            if !is_right {
                found.push(format!("{at}: {keyword}"));
            }
        };
        let is_type = |name: &Value| match name.as_str().expect("a type") {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "integer" => value.is_i64(),
            "boolean" => value.is_boolean(),
            _ => false,
        };
        let length = value.as_array().map_or(0, Vec::len) as u64;
        let members = value.as_object();
        let has = |name: &str| members.is_some_and(|members| members.contains_key(name));
        for (keyword, rule) in schema.as_object().expect("a schema") {
            let list = || rule.as_array().expect("a list").iter();
            let number = || rule.as_u64().expect("a number");
            match keyword.as_str() {
                "type" if rule.is_array() => wrong(list().any(is_type), keyword),
                "type" => wrong(is_type(rule), keyword),
                "enum" => wrong(list().any(|one| one == value), keyword),
                "const" => wrong(rule == value, keyword),
                "pattern" => {
                    let expression = regex::Regex::new(rule.as_str().expect("a pattern"));
                    let text = value.as_str().unwrap_or_default();
                    wrong(expression.expect("a pattern").is_match(text), keyword);
                }
                "maxLength" => {
                    let length = value.as_str().unwrap_or_default().chars().count() as u64;
                    wrong(length <= number(), keyword);
                }
                "minItems" => wrong(length >= number(), keyword),
                "maxItems" => wrong(length <= number(), keyword),
                "minProperties" => {
                    wrong(members.is_some_and(|it| it.len() as u64 >= number()), keyword);
                }
                "required" => list().for_each(|name| wrong(has(name.as_str().unwrap()), keyword)),
                "anyOf" => {
                    let fits = |one: &Value| {
                        let mut found = Vec::new();
                        self.problems(one, value, at, &mut found);
                        found.is_empty()
                    };
                    wrong(list().any(fits), keyword);
                }
                "properties" if schema["additionalProperties"] == false => {
                    let unknown = members.into_iter().flatten().map(|(name, _)| name);
                    unknown
                        .filter(|name| rule.get(name.as_str()).is_none())
                        .for_each(|name| wrong(false, name));
                }
                "$ref"
                | "properties"
                | "items"
                | "prefixItems"
                | "$schema"
                | "title"
                | "$defs"
                | "description"
                | "examples"
                | "format"
                | "additionalProperties" => {}
                other => wrong(false, &format!("the keyword {other} is not checked")),
            }
        }
        for (schema, value, at) in self.parts(schema, value, at) {
            self.problems(schema, value, &at, found);
        }
    }

    /// What is in a value, with the schema of each, and its place.
    fn parts<'s>(
        &'s self,
        schema: &'s Value,
        value: &'s Value,
        at: &str,
    ) -> Vec<(&'s Value, &'s Value, String)> {
        let mut parts = Vec::new();
        if let Some(name) = schema["$ref"].as_str() {
            let pointer = name.strip_prefix('#').expect("a place in this file");
            let target = self.root.pointer(pointer).expect("a schema");
            parts.push((target, value, at.to_owned()));
        }
        for (name, member) in value.as_object().into_iter().flatten() {
            let schema = schema["properties"].get(name);
            parts.extend(schema.map(|schema| (schema, member, format!("{at}.{name}"))));
        }
        let items = value.as_array().into_iter().flatten();
        let of_all = schema.get("items").into_iter().cycle();
        let of_each = schema["prefixItems"].as_array().into_iter().flatten();
        let schemas: Vec<(&Value, &Value)> =
            of_all.zip(items.clone()).chain(of_each.zip(items)).collect();
        parts.extend(schemas.into_iter().map(|(one, item)| (one, item, format!("{at}[]"))));
        parts
    }
}

fn schema() -> Value {
    serde_json::from_str(&Work::new(&[]).run("rules schema").out).expect("JSON")
}

fn schema_problems(schema: &Value, rule: &str) -> Vec<String> {
    let rule: toml::Value = toml::from_str(rule).expect("TOML");
    let rule = serde_json::to_value(rule).expect("JSON");
    let mut found = Vec::new();
    Schema { root: schema }.problems(schema, &rule, "rule", &mut found);
    found
}

#[test]
fn every_built_in_rule_is_one_by_the_schema() {
    let schema = schema();
    for rule in RuleSet::builtin().rules() {
        let text = fs::read_to_string(&rule.file).expect("a rule file");
        assert_eq!(schema_problems(&schema, &text), [""; 0], "{}", rule.file);
    }
}

#[test]
fn the_schema_refuses_what_the_reader_refuses() {
    let schema = schema();
    let check = |text: &str, want: &[&str]| {
        assert_eq!(schema_problems(&schema, text), want, "{text}");
        let work = Work::new(&[("my-rule.toml", text)]);
        let lint = work.run("rules lint my-rule.toml");
        assert_eq!(lint.err.is_empty(), want.is_empty(), "{text}: {}", lint.err);
    };
    let good = rule("my-rule", ALWAYS);
    check(&good, &[]);
    check(&good.replace("title", "tilte"), &["rule: required", "rule: tilte"]);
    check(&good.replace("max-age", "max-aeg"), &["rule.class: enum"]);
    check(&good.replace("\"W.\"", "3"), &["rule.why: type"]);
    check(&good.replace("request.method", "request.metohd"), &["rule.when.is[]: anyOf"]);
    check(&good.replace(ALWAYS, ""), &["rule.when: minProperties"]);
    check(&good.replace(ALWAYS, "not = { iz = 1 }"), &["rule.when.not: iz"]);
    check(&good.replace(ALWAYS, "is = [\"route\"]"), &["rule.when.is: minItems"]);
    check(&good.replace(ALWAYS, "less = [\"route\", \"a\"]"), &["rule.when.less[]: type"]);
    for fact in [
        "request.origin",
        "response.header.X-A",
        "access.wafStatus",
        "app.order.id",
        "logged_response.type.body",
    ] {
        check(&good.replace(ALWAYS, &format!("absent = \"{fact}\"")), &[]);
    }
    let survey = good.replace("since", "scope = \"api\"\ncount = \"survey.actual\"\nsince");
    check(&survey.replace(ALWAYS, "less = [\"survey.actual.blocked.share\", 3]"), &[]);
}

/// `corscope rules schema > rules/corscope-rule.schema.json` writes it anew.
#[test]
fn the_schema_file_for_editors_is_what_the_program_prints() {
    let file = fs::read_to_string("rules/corscope-rule.schema.json").expect("a schema");
    assert!(
        file == Work::new(&[]).run("rules schema").out,
        "`corscope rules schema > rules/corscope-rule.schema.json` writes it anew"
    );
    let editors: toml::Value =
        toml::from_str(&fs::read_to_string(".taplo.toml").expect("a configuration")).expect("TOML");
    assert_eq!(
        editors["rule"][0]["schema"]["path"].as_str(),
        Some("rules/corscope-rule.schema.json")
    );
}
