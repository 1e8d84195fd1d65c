//! Requests as values, and answers: JSON, or an error with the code that AWS gives it.
//!
//! Must not: know an operation.

use serde_json::{Value, json};

use super::ACCOUNT;

/// An answer to a request.
pub(crate) type Answer = Result<Value, Refusal>;

/// An error as AWS words it.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

impl Refusal {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new("InvalidParameterException", message)
    }

    pub(crate) fn no_group() -> Self {
        Self::new("ResourceNotFoundException", "The specified log group does not exist.")
    }

    pub(crate) fn no_stream() -> Self {
        Self::new("ResourceNotFoundException", "The specified log stream does not exist.")
    }

    pub(crate) fn wrong_class(operation: &str) -> Self {
        let message = format!("{operation} is not supported for this log class.");
        Self::new("InvalidOperationException", message)
    }

    pub(crate) fn body(&self) -> Value {
        let mut body = json!({ "__type": self.code, "message": self.message });
        if self.code == "MalformedQueryException"
            && let Some(body) = body.as_object_mut()
        {
            let error = json!({
                "location": { "startCharOffset": 0, "endCharOffset": 0 },
                "message": self.message,
            });
            body.insert("queryCompileError".to_owned(), error);
        }
        body
    }
}

/// A request: its parameters, and the region that it was signed for.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) body: Value,
    pub(crate) region: String,
}

impl Asked {
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.body.get(name)?.as_str()
    }

    pub(crate) fn number(&self, name: &str) -> Option<i64> {
        self.body.get(name)?.as_i64()
    }

    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        self.body.get(name)?.as_bool()
    }

    pub(crate) fn list(&self, name: &str) -> Vec<&str> {
        let list = self.body.get(name).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// A number that has to be in a range, or what it is if none is given.
    pub(crate) fn limit(&self, name: &str, default: usize, most: usize) -> Result<usize, Refusal> {
        let Some(number) = self.number(name) else { return Ok(default) };
        usize::try_from(number).ok().filter(|number| (1..=most).contains(number)).ok_or_else(|| {
            Refusal::invalid(format!(
                "1 validation error detected: Value '{number}' at '{name}' failed to satisfy \
                 constraint: Member must have value less than or equal to {most}"
            ))
        })
    }

    /// What the request asks for, whatever the page.
    pub(crate) fn without_page(&self) -> String {
        let mut body = self.body.clone();
        if let Some(body) = body.as_object_mut() {
            body.remove("nextToken");
            body.remove("limit");
        }
        body.to_string()
    }

    /// The ARN of a log group, without `:*`.
    pub(crate) fn arn(&self, group: &str) -> String {
        format!("arn:aws:logs:{}:{ACCOUNT}:log-group:{group}", self.region)
    }

    /// The names of all log groups that the request names.
    pub(crate) fn groups(&self) -> Vec<String> {
        let one = ["logGroupName", "logGroupIdentifier"].into_iter();
        let one = one.filter_map(|name| self.text(name));
        let many = ["logGroupNames", "logGroupIdentifiers"].into_iter();
        let many = many.flat_map(|name| self.list(name));
        one.chain(many).map(|group| name_of(group).to_owned()).collect()
    }

    /// The one log group of a request that takes its name or its ARN.
    pub(crate) fn group(&self) -> Result<&str, Refusal> {
        match (self.text("logGroupName"), self.text("logGroupIdentifier")) {
            (Some(name), None) if !name.starts_with("arn:") => Ok(name),
            (None, Some(identifier)) if !identifier.ends_with('*') => Ok(name_of(identifier)),
            (Some(_), None) | (None, Some(_)) => {
                Err(Refusal::invalid("The log group is not named as it has to be."))
            }
            _ => Err(Refusal::invalid(
                "Exactly one of LogGroupName and LogGroupIdentifier must be specified.",
            )),
        }
    }
}

/// The name in an ARN, or the name.
pub(crate) fn name_of(identifier: &str) -> &str {
    let name = identifier.split_once(":log-group:").map_or(identifier, |(_, name)| name);
    name.strip_suffix(":*").unwrap_or(name)
}
