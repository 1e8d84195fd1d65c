//! The command line that shows more of an alert.
//!
//! Must not: let a value from a log be anything but a quoted value.

use corscope::model::LogTime;
use corscope::output::redact::Redaction;
use corscope::report::group::Group;

use crate::cli::check::options::CheckOptions;

const MINUTE: i64 = 60_000;

/// `corscope query ...` for log groups, `corscope scan ...` for files.
pub(crate) fn command(options: &CheckOptions, group: &Group) -> String {
    let mut words = inputs(options);
    let bound = |time: Option<LogTime>, add: i64| {
        time.map(|time| LogTime(time.0.div_euclid(MINUTE).saturating_add(add) * MINUTE))
    };
    let times = [("--since", bound(group.first_seen, 0)), ("--until", bound(group.last_seen, 1))];
    for (option, time) in times {
        if let Some(time) = time.and_then(LogTime::calendar) {
            words.extend([
                option.to_owned(),
                time.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
            ]);
        }
    }
    let route = group.route.as_deref().filter(|route| !route.contains(' ')).or_else(|| {
        // `GET /orders` is matched by its path too.
        group.route.as_deref().and_then(|route| route.split_once(' ')).map(|(_, path)| path)
    });
    for (option, value) in [("--route", route), ("--origin", group.origin.as_deref())] {
        if let Some(value) = value.filter(|value| is_harmless(value)) {
            words.extend([option.to_owned(), value.to_owned()]);
        }
    }
    quoted(&words)
}

/// The command without what a single alert is about.
fn inputs(options: &CheckOptions) -> Vec<String> {
    #[cfg(feature = "aws")]
    if let Some(targets) = &options.targets {
        let mut words = vec!["corscope".to_owned(), "query".to_owned()];
        let named: [(&str, &[String]); 6] = [
            ("--group", &targets.group),
            ("--api", &targets.api),
            ("--http-api", &targets.http_api),
            ("--function", &targets.function),
            ("--stack", &targets.stack),
            ("--url", &targets.url),
        ];
        for (option, values) in named {
            for value in values.iter().filter(|value| *value != "-") {
                words.extend([option.to_owned(), value.clone()]);
            }
        }
        let access = &options.access;
        let single = [
            ("--profile", &access.profile),
            ("--region", &access.region),
            ("--endpoint-url", &access.endpoint_url),
        ];
        for (option, value) in single {
            words.extend(value.iter().flat_map(|value| [option.to_owned(), value.clone()]));
        }
        return words;
    }
    let paths = options.paths.iter().map(|path| path.display().to_string());
    ["corscope", "scan"].map(str::to_owned).into_iter().chain(paths).collect()
}

/// What needs no redaction, and can be typed.
fn is_harmless(value: &str) -> bool {
    value.len() <= 200
        && value.chars().all(|character| character.is_ascii_graphic() || character == ' ')
        && Redaction::On.text(value) == value
}

fn quoted(words: &[String]) -> String {
    shlex::try_join(words.iter().map(String::as_str)).unwrap_or_default()
}
