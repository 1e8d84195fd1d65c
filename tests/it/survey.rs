//! What holds across the exchanges of a route: the same whatever the order of the input, and counted
//! exactly. What the application logged itself is a fact of the exchange that it belongs to.

use std::io::Read;

use corscope::rules::file::RuleFile;
use corscope::rules::set::{Answer, RuleSet};
use corscope::rules::words::Scope;
use serde_json::Value;

use crate::chunks::{Cuts, Random, files, shuffle};
use crate::log::{GET, PREFLIGHT, Request};
use crate::run;

/// The built-in rules, and one that holds on every route (or stage) and tells this of it.
fn telling(scope: &str, detail: &str) -> RuleSet {
    let text = format!(
        "id = \"teller\"\ntitle = \"t\"\nclass = \"max-age\"\nkind = \"practice\"\n\
         scope = \"{scope}\"\nseverity = \"info\"\nconfidence = \"confirmed\"\nwhy = \"W.\"\n\
         fix = \"F.\"\nsince = \"1\"\ndetail = \"{detail}\"\n\
         [when]\ngreater = [\"survey.requests\", 0]\n"
    );
    with(&text)
}

fn with(text: &str) -> RuleSet {
    let file = RuleFile { name: "teller.toml".to_owned(), text: text.to_owned() };
    let (rules, errors) = RuleSet::load(&[file]);
    assert!(errors.is_empty(), "{errors:?}");
    rules
}

/// What the teller says of each route, or stage.
#[track_caller]
fn check(rules: &RuleSet, requests: &[Request<'_>], want: &[&str]) {
    let mut logs: Vec<String> = requests.iter().map(Request::log).collect();
    for _ in 0..2 {
        let run = run::text(rules, logs.concat().as_bytes());
        let groups = run.report.groups.iter().filter(|group| group.rule.id == "teller");
        let mut told: Vec<&str> =
            groups.filter_map(|group| group.example.detail.as_deref()).collect();
        told.sort_unstable();
        assert_eq!(told, want);
        logs.reverse();
    }
}

/// Rows of findings of rules about routes, without `evidence` if its places differ.
fn route_rows(rules: &RuleSet, json: &str, with_evidence: bool) -> Vec<Value> {
    let report: Value = serde_json::from_str(json).expect("JSON");
    let findings = report["findings"].as_array().expect("a list").iter();
    let is_of_route = |row: &&Value| {
        let rule = rules.get(row["rule"].as_str().expect("an id")).expect("a rule");
        rule.scope != Scope::Exchange
    };
    let rows = findings.filter(is_of_route).cloned().map(|mut row| {
        if !with_evidence {
            row.as_object_mut().expect("an object").remove("evidence");
        }
        row
    });
    rows.collect()
}

fn names(rows: &[Value]) -> Vec<&str> {
    rows.iter().filter_map(|row| row["rule"].as_str()).collect()
}

#[test]
fn route_findings_do_not_depend_on_the_order_of_files_or_their_cuts() {
    let rules = RuleSet::builtin();
    let read = |name: String| {
        let bytes = std::fs::read(&name).expect("a sample");
        (name, bytes)
    };
    let samples: Vec<(String, Vec<u8>)> = files("sample-logs").into_iter().map(read).collect();
    let mut order: Vec<String> = samples.iter().map(|(name, _)| name.clone()).collect();
    let rows = |order: &[String], seed: Option<u64>| {
        let mut files: Vec<(&str, Box<dyn Read + '_>)> = Vec::new();
        for name in order {
            let (_, bytes) = samples.iter().find(|(known, _)| known == name).expect("a sample");
            let cut = |seed| Box::new(Cuts { rest: bytes, random: Random(seed) });
            files.push((
                name,
                seed.map_or(Box::new(&**bytes), |seed| -> Box<dyn Read> { cut(seed) }),
            ));
        }
        route_rows(&rules, &run::readers(&rules, &mut files).json(), true)
    };
    let want = rows(&order, None);
    assert!(want.len() > 3, "the samples show little of routes: {:?}", names(&want));
    for seed in 0..6 {
        shuffle(&mut order, &mut Random(seed));
        assert_eq!(want, rows(&order, Some(seed)), "{order:#?}");
    }
}

/// One request a minute, so that no two end at a time: several routes, methods and more origins than anybody lists.
fn busy() -> Vec<String> {
    let origins: Vec<String> = (0..12).map(|at| format!("https://s{at:02}.example")).collect();
    let mut logs = Vec::new();
    for (at, origin) in (0..).zip(origins.iter().cycle().take(180)) {
        let path = ["/orders", "/cart", "/health"][at as usize / 12 % 3];
        let own =
            format!("Access-Control-Allow-Origin={origin}, Access-Control-Allow-Credentials=true");
        let asks = format!("Origin={origin}");
        let asks_first = format!("{asks}, Access-Control-Request-Method=PUT");
        let request = Request { number: at, minute: at, path, ..GET };
        let request = match at % 5 {
            0 | 1 => Request { asks: &asks, gets: &own, ..request },
            2 => Request { method: "OPTIONS", asks: &asks_first, gets: &own, ..request },
            3 => Request { method: "PUT", asks: &asks, ..request },
            _ => Request {
                asks: &asks,
                gets: "Access-Control-Allow-Origin=https://s00.example",
                ..request
            },
        };
        logs.push(request.log());
    }
    logs
}

#[test]
fn route_findings_do_not_depend_on_the_order_of_requests() {
    let rules = telling(
        "route",
        "{survey.allow_origin.names}; {survey.origins.echoed.names}; {survey.allow_origin.values}; \
         {survey.allow_origin.of_another}; {survey.origins.sibling}; {survey.origins.refused}",
    );
    let mut parts = busy();
    let rows = |parts: &[String], size: usize| {
        let texts: Vec<String> = parts.chunks(size).map(<[String]>::concat).collect();
        let mut files: Vec<(&str, Box<dyn Read + '_>)> = Vec::new();
        for text in &texts {
            files.push(("part", Box::new(text.as_bytes())));
        }
        route_rows(&rules, &run::readers(&rules, &mut files).json(), false)
    };
    let want = rows(&parts, 180);
    assert!(want.len() > 6, "{:?}", names(&want));
    for (seed, size) in (0..).zip([1, 2, 7, 60, 180]) {
        shuffle(&mut parts, &mut Random(seed));
        let got = rows(&parts, size);
        assert_eq!(names(&want), names(&got), "files of {size} requests");
        for (one, other) in want.iter().zip(&got) {
            assert_eq!(one, other, "files of {size} requests");
        }
    }
}

#[test]
fn avoidable_preflights_are_counted_exactly() {
    let rules = telling("route", "{survey.preflights.avoidable} of {survey.preflights}");
    let client = "X-Forwarded-For=203.0.113.7, Origin=https://app.example.com, \
                  Access-Control-Request-Method=PUT";
    let first = Request { asks: client, ..PREFLIGHT };
    let at = |minutes: &[u32]| -> Vec<Request<'_>> {
        let numbered = (1..).zip(minutes.iter().copied());
        numbered.map(|(number, minute)| Request { number, minute, ..first }).collect()
    };
    let beside = |mut requests: Vec<Request<'static>>, other: Request<'static>| {
        requests.push(Request { number: 99, minute: 5, ..other });
        requests
    };
    check(&rules, &at(&[0]), &["0 of 1"]);
    check(&rules, &at(&[0, 10, 119]), &["2 of 3"]);
    // Two hours after it was kept, the answer is asked for again, and kept again.
    check(&rules, &at(&[0, 119, 120, 121, 239, 240]), &["3 of 6"]);
    let other_client = "X-Forwarded-For=203.0.113.8, Origin=https://app.example.com, \
                        Access-Control-Request-Method=PUT";
    check(&rules, &beside(at(&[0]), Request { asks: other_client, ..first }), &["0 of 2"]);
    let other_origin = "X-Forwarded-For=203.0.113.7, Origin=https://www.example.com, \
                        Access-Control-Request-Method=PUT";
    check(&rules, &beside(at(&[0]), Request { asks: other_origin, ..first }), &["0 of 2"]);
    // The order of headers, and their case, are the gateway's.
    let same = "access-control-request-method=PUT, origin=https://app.example.com, \
                x-forwarded-for=203.0.113.7";
    check(&rules, &beside(at(&[0]), Request { asks: same, ..first }), &["1 of 2"]);
    let kept = "Access-Control-Allow-Origin=*, Access-Control-Allow-Methods=PUT, \
                Access-Control-Max-Age=7200";
    check(&rules, &beside(at(&[0, 1]), Request { gets: kept, ..first }), &["1 of 3"]);
    let briefly = "Access-Control-Allow-Origin=*, Access-Control-Allow-Methods=PUT, \
                   Access-Control-Max-Age=5";
    check(&rules, &beside(at(&[0, 1]), Request { gets: briefly, ..first }), &["2 of 3"]);
    let refused = Request { gets: "Content-Type=text/plain", ..first };
    check(&rules, &beside(at(&[0, 1]), refused), &["1 of 3"]);
    let other_route = Request { path: "/cart", ..first };
    check(&rules, &beside(at(&[0, 1]), other_route), &["0 of 1", "1 of 2"]);
}

#[test]
fn what_a_route_shows_is_counted_exactly() {
    let own = "Access-Control-Allow-Origin=https://app.example.com, Vary=Origin";
    let put = Request { number: 2, minute: 1, method: "PUT", ..GET };
    let unfollowed = "{survey.preflights.unfollowed}: {survey.preflights.unfollowed.names}";
    check(&telling("route", unfollowed), &[PREFLIGHT, Request { number: 3, ..GET }], &["1: PUT"]);
    // Nothing is said of names where there are none.
    check(&telling("route", "{survey.preflights.unfollowed}"), &[PREFLIGHT, put], &["0"]);
    let after = "{survey.actual.blocked_after_preflight} of {survey.actual.blocked}";
    check(&telling("route", after), &[PREFLIGHT, put], &["1 of 1"]);
    check(&telling("route", after), &[Request { number: 3, ..GET }, put], &["0 of 2"]);
    let sibling = "{survey.origins.sibling} beside {survey.origins.sibling.of}: \
                   {survey.origins.sibling.relation}";
    let www = Request { asks: "Origin=https://www.example.com", gets: own, ..put };
    check(
        &telling("route", sibling),
        &[Request { gets: own, ..GET }, www],
        &["https://www.example.com beside https://app.example.com: subdomain"],
    );
    let changing = Request { number: 3, gets: own, ..GET };
    check(&telling("route", "{survey.answers.changing}"), &[GET, changing], &["1"]);
    check(&telling("route", "{survey.answers.changing}"), &[changing, put], &["0"]);
}

#[test]
fn what_a_stage_shows_is_counted_over_its_routes() {
    let open = Request { number: 2, path: "/open", gets: "Access-Control-Allow-Origin=*", ..GET };
    check(
        &telling("api", "{survey.routes}: {survey.policies.names}"),
        &[GET, open, Request { number: 3, minute: 1, ..open }],
        &["2: `*` on /open; none on /orders"],
    );
}

#[test]
fn what_the_application_logged_is_a_fact_of_its_exchange() {
    let rules = with(
        "id = \"teller\"\ntitle = \"t\"\nclass = \"max-age\"\nkind = \"practice\"\n\
         severity = \"info\"\nconfidence = \"confirmed\"\nwhy = \"W.\"\nfix = \"F.\"\nsince = \"1\"\n\
         detail = \"{app.order.tenant}\"\n[when]\nis = [\"app.order.tenant\", \"acme\"]\n",
    );
    let own = "Access-Control-Allow-Origin=https://app.example.com, Vary=Origin";
    // One is well and would be let go at once, one is not.
    for request in [Request { gets: own, ..GET }, GET] {
        let gateway = request.log();
        let line = |tenant: &str| {
            request.function_log(&format!(
                r#"{{"level":"INFO","requestId":"LAMBDA-ID","order":{{"tenant":"{tenant}"}}}}"#
            ))
        };
        let (acme, other) = (line("acme"), line("other"));
        let said = request.function_log("an order of acme");
        let unseen = Answer::Unknown(vec!["app.order.tenant".to_owned()]);
        let cases: [(&[&str], Answer); 6] = [
            (&[&gateway, &acme], Answer::Fires),
            (&[&acme, &gateway], Answer::Fires),
            (&[&gateway, &other], Answer::DoesNotFire),
            (&[&other, &gateway], Answer::DoesNotFire),
            (&[&gateway], unseen.clone()),
            (&[&gateway, &said], unseen),
        ];
        for (texts, want) in cases {
            let mut files: Vec<(&str, Box<dyn Read + '_>)> = Vec::new();
            for text in texts {
                files.push(("log", Box::new(text.as_bytes())));
            }
            let run = run::readers(&rules, &mut files);
            let (exchange, judgement, findings) = run.find(&request.id()).expect("an exchange");
            let rule = rules.get("teller").expect("a rule");
            assert_eq!(rules.ask(rule, exchange, judgement), want, "{texts:?}");
            let told = findings.iter().filter(|finding| finding.rule.id == "teller");
            let told: Vec<_> = told.map(|finding| finding.detail.as_deref()).collect();
            let wanted: &[_] = if want == Answer::Fires { &[Some("acme")] } else { &[] };
            assert_eq!(told, wanted, "{texts:?}");
        }
    }
}

#[test]
fn what_a_survey_has_no_room_for_is_counted() {
    let origins: Vec<String> =
        (0..70).map(|number| format!("Origin=https://a{number}.test")).collect();
    let requests = origins.iter().zip(1..).map(|(asks, number)| Request { number, asks, ..GET });
    let mut logs: Vec<String> = requests.map(|request| request.log()).collect();
    let rules = RuleSet::builtin();
    for _ in 0..2 {
        let run = run::text(&rules, logs.concat().as_bytes());
        let ledger = run.report.ledger;
        assert_eq!((ledger.exchanges, ledger.unsurveyed), (70, 6));
        logs.reverse();
    }
}
