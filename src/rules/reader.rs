//! Reads the open facts of one exchange, its headers in one pass.
//!
//! Must not: turn the unseen into the absent.

use std::borrow::Cow;
use std::cell::{Cell, OnceCell};

use crate::model::headers::{Values, lossy};
use crate::model::{
    Acceptance, AccessRecord, Exchange, Fact, FunctionResponse, Headers, Judgement, LineKind, Text,
};
use crate::rules::body::are_covered;
use crate::rules::condition::{Asked, Truth};
use crate::rules::facts::{Family, OpenFact, PlainFact};
use crate::rules::near_names::misspelled;
use crate::rules::observed;
use crate::rules::reach::Reach;
use crate::rules::relation::relation;
use crate::rules::slots::{Slots, varies};

/// A value of an open fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    /// Text from logs.
    Text(Cow<'a, str>),
    /// A whole number.
    Number(i64),
    /// Yes or no.
    Bool(bool),
}

impl Value<'_> {
    /// The number that it is, or that its text is.
    pub(crate) fn number(&self) -> Option<i64> {
        match self {
            Value::Text(text) => text.trim().parse().ok(),
            Value::Number(number) => Some(*number),
            Value::Bool(_) => None,
        }
    }

    /// As text, for templates.
    pub(crate) fn text(&self) -> Cow<'_, str> {
        match self {
            Value::Text(text) => Cow::Borrowed(text),
            Value::Number(number) => Cow::Owned(number.to_string()),
            Value::Bool(value) => Cow::Borrowed(if *value { "true" } else { "false" }),
        }
    }
}

/// Reads facts of one exchange.
pub(crate) struct Reader<'a> {
    exchange: &'a Exchange,
    judgement: &'a Judgement,
    slots: &'a Slots,
    request: OnceCell<Headers<'a>>,
    response: OnceCell<Headers<'a>>,
    found_request: OnceCell<Values<'a>>,
    found_response: OnceCell<Values<'a>>,
    /// Of the facts that several rules ask for those that take long to read.
    allow_origin: OnceCell<Fact<&'static str>>,
    misspelled: OnceCell<Fact<Value<'a>>>,
    /// Narrowed by facts that [`Inputs`](crate::rules::set::Inputs) do not cover.
    reach: Cell<Reach>,
}

impl<'a> Reader<'a> {
    /// A reader that has read nothing yet.
    pub(crate) fn new(exchange: &'a Exchange, judgement: &'a Judgement, slots: &'a Slots) -> Self {
        Self {
            exchange,
            judgement,
            slots,
            request: OnceCell::new(),
            response: OnceCell::new(),
            found_request: OnceCell::new(),
            found_response: OnceCell::new(),
            allow_origin: OnceCell::new(),
            misspelled: OnceCell::new(),
            reach: Cell::new(Reach::AnyStatus),
        }
    }

    /// For which exchanges an answer holds that follows from what was read.
    pub(crate) fn reach(&self) -> Reach {
        self.reach.get()
    }

    fn narrow(&self, reach: Reach) {
        self.reach.set(self.reach.get().min(reach));
    }

    /// Applies a test to a fact.
    pub(crate) fn test(&self, asked: &Asked) -> Truth {
        let Asked { place, fact, test, looks_at_varying } = asked;
        if *fact == OpenFact::Plain(PlainFact::IntegrationBody) && are_covered(self.exchange) {
            return test.truth(&observed::body(self.exchange));
        }
        let Some(at) = *place else { return test.truth(&self.read(fact)) };
        let value = match fact {
            OpenFact::Named(Family::RequestHeader, name) => self.request_header(at, name),
            OpenFact::Named(Family::ResponseHeader, name) => self.response_header(at, name),
            OpenFact::Named(..) | OpenFact::Plain(_) | OpenFact::Survey { .. } => {
                return test.truth(&self.read(fact));
            }
        };
        if *looks_at_varying && matches!(value, Fact::Seen(_)) {
            self.narrow(Reach::Itself);
        }
        test.truth(&value.map(Value::Text))
    }

    /// The request header at a place of those that rules ask for.
    fn request_header(&self, at: usize, name: &str) -> Fact<Cow<'a, str>> {
        let headers = self.request_headers();
        let found = self.found_request.get_or_init(|| headers.values_of(&self.slots.request));
        header(found, at, headers, name)
    }

    /// The response header at a place of those that rules ask for.
    fn response_header(&self, at: usize, name: &str) -> Fact<Cow<'a, str>> {
        let headers = self.response_headers();
        let found = self.found_response.get_or_init(|| headers.values_of(&self.slots.response));
        header(found, at, headers, name)
    }

    /// A request header.
    fn requested(&self, name: &str) -> Fact<Cow<'a, str>> {
        match self.slots.request.find(name.as_bytes()) {
            Some(at) => self.request_header(at, name),
            None => self.request_headers().get(name),
        }
    }

    /// A response header.
    fn answered(&self, name: &str) -> Fact<Cow<'a, str>> {
        match self.slots.response.find(name.as_bytes()) {
            Some(at) => self.response_header(at, name),
            None => self.response_headers().get(name),
        }
    }

    /// Whether the request carries an `Origin`.
    pub(crate) fn has_origin(&self) -> bool {
        matches!(self.requested("origin"), Fact::Seen(_))
    }

    /// Reads a fact.
    pub(crate) fn read(&self, fact: &OpenFact) -> Fact<Value<'a>> {
        let exchange = self.exchange;
        if varies(fact) {
            self.narrow(Reach::Itself);
        }
        match fact {
            OpenFact::Plain(fact) => self.plain(*fact),
            OpenFact::Named(Family::RequestHeader, name) => self.requested(name).map(Value::Text),
            OpenFact::Named(Family::ResponseHeader, name) => self.answered(name).map(Value::Text),
            OpenFact::Named(Family::FunctionHeader, name) => self.function_header(name),
            OpenFact::Named(Family::IntegrationRequestHeader, name) => {
                self.narrow(Reach::Itself);
                observed::header(exchange, LineKind::EndpointRequestHeaders, name)
            }
            OpenFact::Named(Family::IntegrationResponseHeader, name) => {
                self.narrow(Reach::Itself);
                observed::header(exchange, LineKind::EndpointResponseHeaders, name)
            }
            OpenFact::Named(Family::LoggedHeader, name) => observed::logged_header(exchange, name),
            OpenFact::Named(Family::LoggedType, key) => observed::logged_type(exchange, key),
            OpenFact::Named(Family::App, path) => observed::application(exchange, path),
            OpenFact::Named(Family::AccessKey, key) => self.access_key(key),
            // Rules about exchanges cannot ask it.
            OpenFact::Survey { .. } => Fact::Unseen,
        }
    }

    fn place(&self, which: Text) -> Fact<Value<'a>> {
        self.narrow(Reach::Route);
        shown(self.exchange.text(which))
    }

    fn plain(&self, fact: PlainFact) -> Fact<Value<'a>> {
        let text = |which| shown(self.exchange.text(which));
        match fact {
            PlainFact::VerdictDetail => shown(self.judgement.applying().detail.as_deref()),
            PlainFact::Method => text(Text::Method),
            PlainFact::Path => {
                self.narrow(Reach::Itself);
                text(Text::Path)
            }
            PlainFact::Preflight => self.is_preflight().map(Value::Bool),
            PlainFact::Status => {
                self.narrow(Reach::AnyRoute);
                self.exchange.status.map(|status| number(status.into()))
            }
            PlainFact::HeadersSeen => Fact::Seen(Value::Bool(self.response_headers().is_seen())),
            PlainFact::HeadersComplete => {
                let headers = self.response_headers();
                let shown = headers.is_seen().then(|| headers.is_complete());
                Fact::from_option(shown.map(Value::Bool))
            }
            PlainFact::ResponseLength => self.access_number(|access| access.response_length),
            PlainFact::AllowOrigin => {
                let relation = self.allow_origin.get_or_init(|| self.allow_origin());
                relation.map(|name| Value::Text(Cow::Borrowed(name)))
            }
            PlainFact::GatewayResponseType => {
                match (self.exchange.text(Text::GatewayResponseType), &self.exchange.access) {
                    (Some(kind), _) => shown(Some(kind)),
                    (None, Some(access)) => shown(access.error_response_type.as_deref()),
                    (None, None) => Fact::Unseen,
                }
            }
            PlainFact::Route => self.place(Text::Route),
            PlainFact::Api => self.place(Text::Api),
            PlainFact::Stage => self.place(Text::Stage),
            PlainFact::FailureMessage => text(Text::FailureMessage),
            PlainFact::FailureError => self.failure_error(),
            PlainFact::SlashRedirect => self.slash_redirect(),
            PlainFact::IntegrationUri => text(Text::EndpointUri),
            PlainFact::DefectPath => self.defect_path(),
            PlainFact::FunctionStatus => match &self.exchange.function_response {
                Some(response) => response.status.map(|status| number(status.into())),
                None => Fact::Unseen,
            },
            PlainFact::InvocationMessage => {
                shown(self.exchange.invocation.as_ref().and_then(|run| run.message.as_deref()))
            }
            PlainFact::LoggedSeen => observed::logged_seen(self.exchange),
            PlainFact::LoggedStatus => self.logged_status(),
            PlainFact::AccessErrorMessage => self.access(|access| &access.error_message),
            PlainFact::AccessErrorResponseType => self.access(|access| &access.error_response_type),
            PlainFact::AccessIntegrationError => self.access(|access| &access.integration_error),
            PlainFact::AccessAuthorizerError => self.access(|access| &access.authorizer_error),
            PlainFact::AccessFunctionStatus => {
                self.access_number(|access| access.function_status.map(u64::from))
            }
            PlainFact::FunctionAcceptance => observed::acceptance(self.exchange),
            PlainFact::LoggedDefect => observed::logged_defect(self.exchange),
            PlainFact::LoggedNonString => observed::logged_non_string(self.exchange),
            PlainFact::RepeatsStage => {
                self.narrow(Reach::Itself);
                observed::repeats_stage(self.exchange)
            }
            PlainFact::IntegrationStatus => {
                self.narrow(Reach::Itself);
                Fact::from_option(self.exchange.integration_status.map(|it| number(it.into())))
            }
            PlainFact::IntegrationBody => {
                self.narrow(Reach::Itself);
                observed::body(self.exchange)
            }
            PlainFact::MultiValueEvent => observed::multi_value_event(self.exchange),
            PlainFact::AuthorizerRan => {
                self.narrow(Reach::Itself);
                observed::authorizer_ran(self.exchange)
            }
            PlainFact::Misspelled => {
                self.misspelled.get_or_init(|| misspelled(self.response_headers())).clone()
            }
            PlainFact::AllowOriginInBody => self.allow_origin_in_body().map(Value::Bool),
        }
    }

    fn allow_origin_in_body(&self) -> Fact<bool> {
        match self.answered("access-control-allow-origin") {
            Fact::Seen(_) => Fact::Absent,
            Fact::Absent | Fact::Unseen => {
                Fact::from_option(observed::allow_origin_in_body(self.exchange))
            }
        }
    }

    fn request_headers(&self) -> &Headers<'a> {
        self.request.get_or_init(|| self.exchange.request_headers())
    }

    fn response_headers(&self) -> &Headers<'a> {
        self.response.get_or_init(|| self.exchange.response_headers())
    }

    fn function_header(&self, name: &str) -> Fact<Value<'a>> {
        let Some(response) = &self.exchange.function_response else { return Fact::Unseen };
        function_headers(response).get(name).map(Value::Text)
    }

    /// Keys that are logged as `-` and keys that the format lacks look alike.
    fn access_key(&self, key: &str) -> Fact<Value<'a>> {
        match self.exchange.access.as_ref().and_then(|access| access.fields.get(key)) {
            Some("") => Fact::Absent,
            Some(value) => text(value),
            None => Fact::Unseen,
        }
    }

    fn access(&self, field: impl Fn(&AccessRecord) -> &Option<String>) -> Fact<Value<'a>> {
        let access = self.exchange.access.as_deref();
        shown(access.and_then(|access| field(access).as_deref()))
    }

    fn access_number(&self, field: impl Fn(&AccessRecord) -> Option<u64>) -> Fact<Value<'a>> {
        Fact::from_option(self.exchange.access.as_deref().and_then(field).map(number))
    }

    /// Only OPTIONS with both headers is a CORS-preflight request.
    fn is_preflight(&self) -> Fact<bool> {
        match self.exchange.text_bytes(Text::Method) {
            None => Fact::Unseen,
            Some(method) if method != b"OPTIONS" => Fact::Seen(false),
            Some(_) => {
                let header = |name| self.requested(name);
                match (header("origin"), header("access-control-request-method")) {
                    (Fact::Seen(_), Fact::Seen(_)) => Fact::Seen(true),
                    (Fact::Absent, _) | (_, Fact::Absent) => Fact::Seen(false),
                    (Fact::Unseen, _) | (_, Fact::Unseen) => Fact::Unseen,
                }
            }
        }
    }

    fn allow_origin(&self) -> Fact<&'static str> {
        let allowed = self.answered("access-control-allow-origin");
        let origin = self.requested("origin");
        match (allowed, origin) {
            (Fact::Absent, _) => Fact::Absent,
            (Fact::Unseen, _) => Fact::Unseen,
            (Fact::Seen(allowed), origin) => relation(&allowed, origin.as_ref()),
        }
    }

    fn failure_error(&self) -> Fact<Value<'a>> {
        let run = self.exchange.invocation.as_ref();
        let message = self.exchange.text(Text::FailureMessage);
        let said = || run?.message.as_deref().or(run?.error_type.as_deref());
        let message = message.or_else(|| said().map(Cow::Borrowed));
        shown(message.map(|message| plain_error(&message)))
    }

    fn slash_redirect(&self) -> Fact<Value<'a>> {
        let location = match self.answered("location") {
            Fact::Seen(location) => location,
            Fact::Absent => return Fact::Absent,
            Fact::Unseen => return Fact::Unseen,
        };
        self.narrow(Reach::Itself);
        let path = self.exchange.text(Text::Path).filter(|path| !path.contains('{'));
        let Some(path) = path else { return Fact::Unseen };
        let stage = self.exchange.text(Text::Stage);
        let stage = stage.as_deref().unwrap_or_default();
        Fact::Seen(Value::Bool(is_slash_redirect(&location, &path, stage)))
    }

    fn defect_path(&self) -> Fact<Value<'a>> {
        match self.exchange.function_response.as_ref().map(|response| &response.acceptance) {
            Some(Acceptance::Malformed(defect)) => text(&defect.path),
            Some(Acceptance::Accepted | Acceptance::Inferred) => Fact::Absent,
            Some(Acceptance::Unknown) | None => Fact::Unseen,
        }
    }

    fn logged_status(&self) -> Fact<Value<'a>> {
        let Some(response) = observed::logged(self.exchange) else { return Fact::Unseen };
        match response.get("statusCode").and_then(serde_json::Value::as_i64) {
            Some(status) => Fact::Seen(Value::Number(status)),
            None => Fact::Absent,
        }
    }
}

/// A header of which `found` tells, without the blanks around its value, which are no part of it.
/// Several of one name are combined.
fn header<'a>(
    found: &Values<'a>,
    at: usize,
    headers: &Headers<'a>,
    name: &str,
) -> Fact<Cow<'a, str>> {
    match found.get(at) {
        Some(_) if found.is_repeated(at) => headers.get(name),
        Some(value) => Fact::Seen(lossy(value.trim_ascii())),
        None if headers.is_complete() => Fact::Absent,
        None => Fact::Unseen,
    }
}

/// The message of an error without what only machines need.
fn plain_error(message: &str) -> String {
    if let Some(at) = message.find("Task timed out") {
        return message.get(at..).unwrap_or_default().to_owned();
    }
    // Of a timeout that its own log shows, only the seconds are kept.
    if message.parse::<f64>().is_ok() {
        return format!("Task timed out after {message} seconds");
    }
    // Error documents have their type before it: `Runtime.ExitError: RequestId: <id> Error: ...`.
    let parts = message.split_once("RequestId: ");
    let parts = parts.and_then(|(before, id)| Some((before, id.split_once(' ')?.1)));
    parts.map_or_else(|| message.to_owned(), |(before, rest)| format!("{before}{rest}"))
}

/// Execution logs leave the stage out of the path, `Location` has it.
fn is_slash_redirect(location: &str, path: &str, stage: &str) -> bool {
    let target = match location.split_once("://") {
        Some((_, rest)) => rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/"),
        None => location,
    };
    let part = |text: &str| text.split(['?', '#']).next().unwrap_or_default().to_owned();
    let (target, path) = (part(target), part(path));
    let before = target.trim_end_matches('/').strip_suffix(path.trim_end_matches('/'));
    let before = before.and_then(|before| before.strip_prefix('/').or(Some(before)));
    target.ends_with('/') != path.ends_with('/')
        && before.is_some_and(|before| before.is_empty() || before == stage)
}

fn function_headers(response: &FunctionResponse) -> Headers<'_> {
    Headers::List { fields: &response.headers, complete: response.headers_complete }
}

pub(crate) fn text(text: &str) -> Fact<Value<'_>> {
    Fact::Seen(Value::Text(Cow::Borrowed(text)))
}

/// For what always exists, or whose absence no line proves.
fn shown<'a>(text: Option<impl Into<Cow<'a, str>>>) -> Fact<Value<'a>> {
    Fact::from_option(text.map(|text| Value::Text(text.into())))
}

fn number(number: u64) -> Value<'static> {
    Value::Number(i64::try_from(number).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_lose_times_and_ids() {
        assert_eq!(plain_error("3.00"), "Task timed out after 3.00 seconds");
        assert_eq!(
            plain_error("2026-09-25T09:20:20.000Z 4f0c Task timed out after 10.00 seconds"),
            "Task timed out after 10.00 seconds"
        );
        assert_eq!(plain_error("RequestId: 4f0c Error: boom"), "Error: boom");
        assert_eq!(
            plain_error("Runtime.ExitError: RequestId: 4f0c Error: boom"),
            "Runtime.ExitError: Error: boom"
        );
        assert_eq!(plain_error("denied (RequestId: 4f0c)"), "denied (RequestId: 4f0c)");
        assert_eq!(plain_error("orders is not defined"), "orders is not defined");
    }

    #[test]
    fn a_redirect_to_the_path_with_or_without_a_slash() {
        assert!(is_slash_redirect("/orders/", "/orders", "prod"));
        assert!(is_slash_redirect("https://a.example/prod/orders/?x=1", "/orders", "prod"));
        assert!(is_slash_redirect("/orders", "/orders/", "prod"));
        assert!(!is_slash_redirect("/orders", "/orders", "prod"));
        assert!(!is_slash_redirect("https://b.example/login/", "/orders", "prod"));
        assert!(!is_slash_redirect("/old/orders/", "/orders", "prod"));
    }
}
