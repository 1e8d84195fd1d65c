//! Stages of APIs, whatever their kind: their log groups, and the functions behind them.
//!
//! Must not: ask AWS.

use crate::model::nearest::nearest_few;
use crate::sources::cloudwatch::groups::GroupArn;
use crate::sources::cloudwatch::target::integration::{Behind, behind};
use crate::sources::cloudwatch::target::resolver::{Resolver, Wanted};
use crate::sources::cloudwatch::target::settings::{ApiKind, LogLevel, StageSettings};
use crate::sources::cloudwatch::target::{GroupKind, Problem};

/// Which stages of an API.
#[derive(Debug, Clone, Copy)]
pub(super) enum StageChoice<'a> {
    /// All.
    All,
    /// The one of this name.
    Named(&'a str),
    /// The one that the first step of a path names; else `$default`.
    OfPath(&'a str),
}

impl Resolver<'_> {
    /// The stages that are meant, of those that there are; none is a problem.
    pub(super) fn choose(
        &mut self,
        trail: &str,
        stages: Vec<StageSettings>,
        choice: StageChoice<'_>,
    ) -> Vec<StageSettings> {
        let has = |name: &str| stages.iter().any(|stage| stage.stage == name);
        let name = match choice {
            StageChoice::All if stages.is_empty() => {
                let what = "the API has no stage".to_owned();
                self.problem(Problem::new(trail, what, "deploy it".to_owned()));
                return stages;
            }
            StageChoice::All => return stages,
            StageChoice::Named(name) => name,
            StageChoice::OfPath(name) if has(name) => name,
            StageChoice::OfPath(_) => "$default",
        };
        if !has(name) {
            let names: Vec<&str> = stages.iter().map(|stage| stage.stage.as_str()).collect();
            // A handful is told whole: stages have short names, and any may be meant.
            let nearest = match names.len() {
                0..=3 => names.iter().map(|&name| name.to_owned()).collect(),
                _ => nearest_few(name, &names, 3),
            };
            let what = format!("the API has no stage `{name}`");
            let problem = Problem::new(trail, what, "name one that it has, or none".to_owned());
            self.problem(problem.with_nearest(nearest));
        }
        stages.into_iter().filter(|stage| stage.stage == name).collect()
    }

    /// The groups that a stage logs to.
    pub(super) fn stage(&mut self, trail: &str, stage: &StageSettings) {
        let name = &stage.stage;
        self.execution_log(trail, stage.kind, (&stage.api, name), Some(stage.log_level));
        if let Some(access) = &stage.access_log {
            let because = vec![format!("{trail}: access log of stage {name}")];
            if let Some(arn) = GroupArn::parse(&access.destination) {
                let absent = (
                    format!("the access-log group `{}` of stage {name} is not there", arn.name),
                    "make it, or name another in the stage's settings".to_owned(),
                );
                self.want(&arn.name, Wanted { kind: GroupKind::Access, because, absent });
            } else {
                let what = format!(
                    "the access log of stage {name} goes to `{}`, which is no log group",
                    access.destination
                );
                let advice = "read what is delivered there with `corscope scan`, or log to a group";
                self.problem(Problem::new(trail, what, advice.to_owned()));
            }
        }
        self.settings().stages.push(stage.clone());
    }

    /// The group of a stage's execution log, which the kind of the API and the names tell.
    pub(super) fn execution_log(
        &mut self,
        trail: &str,
        kind: ApiKind,
        (api, stage): (&str, &str),
        level: Option<LogLevel>,
    ) {
        let Some(group) = kind.execution_group(api, stage) else { return };
        let what = format!("the execution-log group `{group}` is not there");
        let why = match level {
            Some(LogLevel::Off) => "execution logging of the stage is off: set it to INFO",
            Some(LogLevel::Error | LogLevel::Info) => {
                "nothing was logged yet, or the account has no role for API Gateway to write logs \
                 with (console: API Gateway, Settings)"
            }
            None => "execution logging may be off, or the names are wrong",
        };
        let because = vec![format!("{trail}: execution log of stage {stage}")];
        let absent = (what, why.to_owned());
        self.want(&group, Wanted { kind: GroupKind::Execution, because, absent });
    }

    /// The functions behind an API's methods and authorizers, in one stage.
    pub(super) fn functions_behind(&mut self, trail: &str, stage: &StageSettings, uris: &[String]) {
        for uri in uris {
            for variables in &stage.variables {
                match behind(uri, variables) {
                    Behind::Function(function) => {
                        self.function(&format!("{trail}: function {function}"), &function);
                    }
                    Behind::Other => {}
                    Behind::NoVariable(name) => {
                        let what = format!(
                            "a function is named by the stage variable `{name}`, which stage {} \
                             does not have",
                            stage.stage
                        );
                        let advice = "set it, or name the function by `--function`".to_owned();
                        self.problem(Problem::new(trail, what, advice));
                    }
                    Behind::Unreadable => {
                        let what = format!("an integration names no function: `{uri}`");
                        let advice = "name the function by `--function`".to_owned();
                        self.problem(Problem::new(trail, what, advice));
                    }
                }
            }
        }
    }
}
