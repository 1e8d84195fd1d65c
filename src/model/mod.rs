//! The vocabulary: what every other layer speaks, in the order of the data.
//!
//! Words are those of the Fetch standard, of the AWS documentation and of the HTTP RFCs.
//!
//! Must not: decide anything, read anything, or know another layer.

pub(crate) mod bytes;
pub mod end_key;
pub(crate) mod escapes;
pub mod event;
pub mod exchange;
pub mod fact;
pub mod finding;
pub mod glob;
pub(crate) mod header_map;
mod header_names;
pub mod headers;
mod hidden_id;
pub mod ids;
pub mod invocation;
pub mod ledger;
mod line;
pub(crate) mod nearest;
pub mod place;
pub mod proxy_response;
pub mod record;
pub mod repeats;
pub(crate) mod stable_hash;
pub mod survey;
pub mod ticket;
pub mod time;
pub mod verdict;

pub use end_key::EndKey;
pub use event::{Glance, LogEvent};
pub use exchange::{AnsweredBy, Exchange, Failure, Integration, Surface, Text};
pub use fact::Fact;
pub use finding::{
    Candidate, Class, Confidence, Evidence, EvidenceLine, Finding, Frequency, Impact, Kind,
    RuleText, Severity,
};
pub use glob::Glob;
pub use headers::Headers;
pub use hidden_id::{behind_hidden, is_hidden};
pub use ids::{IdText, RequestId};
pub use invocation::{HttpEvent, Invocation, InvocationOutcome};
pub use ledger::{InputNote, Ledger};
pub use line::{Line, LineKind};
pub use place::{Place, PlaceId, Places, Position};
pub use proxy_response::{Acceptance, Defect, DefectKind, FunctionResponse};
pub use record::{
    AccessRecord, Adds, Entry, Execution, HarEntry, LambdaLine, LoggedFields, Record, ReportStatus,
};
pub use repeats::Repeats;
pub use survey::{Role, RouteExample, RouteFinding, RouteSurvey, SurveyFact, SurveyValue};
pub use ticket::Ticket;
pub use time::LogTime;
pub use verdict::{BlockReason, Browsers, Credentials, Judgement, ModeVerdict, Outcome, Phase};
