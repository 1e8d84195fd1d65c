//! A simulated week of `corscope check` every five minutes, over the fake CloudWatch: each incident is
//! told once, each request is counted once, and what could not be read is said.
//!
//! `cargo test` lets 25 hours go by. With `CORSCOPE_WEEK=1` it is the whole week, 2,016 runs; with a
//! path, that program's.
//!
//! Must not: let a fault pass without a count of it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use corscope::model::LogTime;

use crate::check_week::plan::{Incident, Plan};
use crate::check_week::runner::Runner;
use crate::check_week::world::{HOUR, MINUTE, START};
use crate::sink::Post;

mod plan;
mod runner;
mod world;

#[test]
fn in_a_week_each_incident_is_told_once_and_each_request_counted_once() {
    let week = std::env::var("CORSCOPE_WEEK").ok().filter(|value| !value.is_empty());
    let built = || PathBuf::from(assert_cmd::cargo::cargo_bin!("corscope"));
    let (plan, program) = match week.as_deref() {
        None => (Plan::day(), built()),
        Some("1") => (Plan::week(), built()),
        Some(path) => (Plan::week(), std::fs::canonicalize(path).expect("a program")),
    };
    let began = std::time::Instant::now();
    let mut runner = Runner::new(plan, program);
    runner.run();
    let seconds = began.elapsed().as_secs();

    let (posts, repeats) = runner.sink.arrived();
    let of = |kind: &str| posts.iter().filter(|post| post.text("event") == kind).count();
    let figures = &runner.figures;
    let requests = &runner.world.requests;
    println!(
        "{} runs in {seconds} s: {} incomplete, {} with a clock set back, {} killed ({} behind the \
         write of the state), {} found another at work\n\
         {} alerts, {} reminders, {} resolutions; {} repeated\n\
         {} events put in, {} requests, {} of them late; {} exchanges counted, and {} in killed runs; \
         {} lost in {} gaps; {} read again",
        figures.runs,
        figures.incomplete,
        figures.set_back,
        figures.kills,
        figures.saved,
        figures.busy,
        of("new"),
        of("reminder"),
        of("resolved"),
        repeats,
        runner.world.events,
        requests.len(),
        requests.iter().filter(|put| put.is_late).count(),
        figures.exchanges,
        figures.exchanges_of_killed,
        lost(&runner),
        figures.gaps,
        figures.known,
    );
    told(&runner.plan, posts);
    assert_eq!(
        figures.exchanges + figures.exchanges_of_killed + lost(&runner),
        requests.len() as u64,
        "no request is missed, none counted twice"
    );
    assert_eq!(figures.gaps, 1, "what is too long ago is told once");
    assert!(lost(&runner) > 0);
    assert!(repeats as u64 <= figures.kills, "{repeats} repeated");
    assert!(figures.kills > 0 && figures.saved > 0 && figures.busy > 0 && figures.set_back > 0);
    assert_eq!(runner.state()["outbox"], serde_json::json!([]));
    assert_eq!(runner.names(), ["state.json", "state.json.lock"]);
}

/// Requests that no run could read.
fn lost(runner: &Runner) -> u64 {
    runner.lost.map_or(0, |lost| lost.count(&runner.world.requests))
}

/// Exactly the planned incidents were told, each in its time.
fn told(plan: &Plan, posts: Vec<Post>) {
    let mut planned: BTreeMap<(String, String), Vec<Incident>> = BTreeMap::new();
    for incident in plan.incidents.iter().filter(|it| !it.is_lost) {
        let key = (incident.ill.rule().to_owned(), format!("GET {}", incident.route));
        planned.entry(key).or_default().push(*incident);
    }
    let mut told: BTreeMap<(String, String), Vec<Post>> = BTreeMap::new();
    for post in posts {
        let key = (post.text("rule").to_owned(), post.text("route").to_owned());
        told.entry(key).or_default().push(post);
    }
    let keys = |it: Vec<&(String, String)>| it.into_iter().cloned().collect::<Vec<_>>();
    assert_eq!(keys(told.keys().collect()), keys(planned.keys().collect()));
    for (key, mut incidents) in planned {
        incidents.sort_by_key(|incident| incident.from);
        let posts = &told[&key];
        assert!(posts.iter().all(|post| post.text("fingerprint") == posts[0].text("fingerprint")));
        let mut rest = posts.as_slice();
        for incident in incidents {
            let openings = if incident.is_flapping { 3 } else { 1 };
            for opening in 1..=openings {
                rest = one(&key, incident, opening, rest);
            }
        }
        assert_eq!(rest.len(), 0, "{key:?} {:?}", rest[0].body);
    }
}

/// One opening: new, reminders, resolved. Gives what was told behind it.
fn one<'a>(
    key: &(String, String),
    incident: Incident,
    opening: u32,
    posts: &'a [Post],
) -> &'a [Post] {
    let at = |post: &Post| LogTime::parse_rfc3339(post.text("at")).expect("a time").0;
    let minutes = |time: i64| (time - START) / MINUTE;
    let list: Vec<String> = posts
        .iter()
        .map(|post| format!("{} at {}", post.text("event"), minutes(at(post))))
        .collect();
    let about = format!("{key:?} from {}: {list:?}", minutes(incident.from));
    let new = posts.first().expect(&about);
    assert_eq!(new.text("event"), "new", "{about}");
    assert!(at(new) >= incident.from, "{about}");
    let is_flapping = incident.is_flapping && opening == 3;
    assert_eq!(new.body["is_flapping"], is_flapping, "{about}");
    let reminders = posts[1..].iter().take_while(|post| post.text("event") == "reminder").count();
    // Whoever is told after the end is not reminded of it.
    let want = if incident.is_flapping && opening < 3 {
        0
    } else {
        (incident.to - at(new)).max(0) / (2 * HOUR)
    };
    assert_eq!(reminders as i64, want, "{about}");
    for pair in posts[..=reminders].windows(2) {
        let hence = at(&pair[1]) - at(&pair[0]);
        assert!((2 * HOUR..2 * HOUR + 10 * MINUTE).contains(&hence), "{about}");
    }
    let resolved = posts.get(reminders + 1).expect(&about);
    assert_eq!(resolved.text("event"), "resolved", "{about}");
    let seen = LogTime::parse_rfc3339(resolved.text("last_seen")).expect("a time").0;
    let quiet = if is_flapping { HOUR } else { 15 * MINUTE };
    assert!(at(resolved) >= seen + quiet, "{about}");
    if opening == if incident.is_flapping { 3 } else { 1 } {
        assert!((incident.to - 5 * MINUTE..incident.to).contains(&seen), "{about}");
    }
    &posts[reminders + 2..]
}
