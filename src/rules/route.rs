//! Facts of a route, or of an API stage, as conditions read them.
//!
//! Must not: gather them; `survey` does.

use std::borrow::Cow;

use crate::model::{Fact, RouteSurvey, SurveyFact, SurveyValue};
use crate::rules::closed::{ClosedFact, UNSEEN};
use crate::rules::condition::{Asked, Facts, Truth};
use crate::rules::facts::{OpenFact, PlainFact};
use crate::rules::reader::Value;

/// Facts of one route.
pub(crate) struct OfRoute<'a>(pub(crate) &'a RouteSurvey);

impl<'a> Facts<'a> for OfRoute<'a> {
    fn code(&self, _: ClosedFact) -> u8 {
        UNSEEN
    }

    fn test(&self, asked: &Asked) -> Truth {
        asked.test.truth(&self.read(&asked.fact))
    }

    fn read(&self, fact: &OpenFact) -> Fact<Value<'a>> {
        let text = |text: &'a Option<String>| match text {
            Some(text) => Fact::Seen(Value::Text(Cow::Borrowed(text.as_str()))),
            None => Fact::Unseen,
        };
        let OpenFact::Survey { fact, share } = fact else {
            return match fact {
                OpenFact::Plain(PlainFact::Route) => text(&self.0.path),
                OpenFact::Plain(PlainFact::Api) => text(&self.0.api),
                OpenFact::Plain(PlainFact::Stage) => text(&self.0.stage),
                OpenFact::Plain(_) | OpenFact::Named(..) | OpenFact::Survey { .. } => Fact::Unseen,
            };
        };
        match self.0.value(*fact) {
            Some(SurveyValue::Number(number)) if *share => self.share(*number),
            Some(SurveyValue::Number(number)) => {
                Fact::Seen(Value::Number(i64::try_from(*number).unwrap_or(i64::MAX)))
            }
            Some(SurveyValue::Text(text)) => Fact::Seen(Value::Text(Cow::Borrowed(text))),
            None => Fact::Unseen,
        }
    }
}

impl OfRoute<'_> {
    /// Percent of the requests with an `Origin`, rounded down.
    fn share(&self, number: u64) -> Fact<Value<'static>> {
        let all = self.0.number(SurveyFact::BrowserRequests);
        let percent = number.saturating_mul(100).checked_div(all);
        Fact::from_option(percent.and_then(|it| i64::try_from(it).ok()).map(Value::Number))
    }
}
