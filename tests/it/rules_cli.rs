//! Rules of the user's own, as the built program reads, writes, tests and explains them.

use std::collections::BTreeSet;
use std::fs;

use corscope::rules::facts::facts;
use corscope::rules::set::RuleSet;
use serde_json::Value;

use crate::log::{GET, Request};
use crate::work::{ALWAYS, OLD_HOST, Scan, Work, rule};

#[test]
fn adding_a_rule_is_adding_one_file() {
    let places = [("exchange", "/orders"), ("route", "/orders"), ("api", "")];
    for (scope, route) in places {
        let work = Work::new(&[("log", &OLD_HOST.log())]);
        fs::create_dir(work.0.path().join("own")).expect("a folder");
        work.check(
            &format!("rules new my-rule --dir own --scope {scope}"),
            0,
            "own/my-rule.toml\n",
            "corscope: change the condition and the examples, then: corscope rules test \
             own/my-rule.toml\n",
        );
        assert_eq!(work.read("own/corscope-rule.schema.json"), Some(work.run("rules schema").out));
        work.check("rules test own", 0, "2 examples: 2 passed, 0 failed\n", "");
        work.check("rules lint own", 0, "1 rule in 1 file: 0 errors, 0 warnings\n", "");
        assert!(!work.scan("log").has("my-rule"));
        let scan = work.scan("log --rules own");
        assert_eq!((scan.code, scan.err.as_str()), (Some(1), ""), "{scope}");
        let row = scan.row("my-rule").expect("a finding");
        assert_eq!((&row["count"], &row["api"]), (&1.into(), &"abc123defg".into()));
        assert_eq!(row["route"].as_str().unwrap_or_default(), {
            if scope == "exchange" { "GET /orders" } else { route }
        });
        // One file is named as well as its folder.
        assert!(work.scan("log --rules own/my-rule.toml").has("my-rule"));
    }
}

#[test]
fn a_built_in_rule_is_replaced_by_a_file_that_says_so() {
    let work = Work::new(&[("log", &OLD_HOST.log())]);
    let shown = work.run("rules show acao-stale-domain --examples").out;
    let own = shown.replace("The allowed origin is another site", "Our old host is named");
    assert_ne!(shown, own);
    let file = "own/acao-stale-domain.toml";
    work.write(file, &format!("override = true\n{own}"));
    let scan = work.scan("log --rules own");
    let title = |scan: &Scan| scan.row("acao-stale-domain").expect("a finding")["title"].clone();
    assert_eq!((scan.code, scan.err.as_str()), (Some(1), ""));
    assert_eq!(title(&scan), "Our old host is named");
    assert_eq!(work.run("rules test own").code, Some(0));

    work.write(file, &own);
    work.write("own/good.toml", &rule("good", ALWAYS));
    let line = own.lines().position(|line| line.starts_with("id = ")).expect("an id") + 1;
    let scan = work.scan("log --rules own");
    assert_eq!(
        scan.err,
        format!(
            "error: own/acao-stale-domain.toml:{line}:6: there is a rule `acao-stale-domain` \
             already, in rules/headers/acao-stale-domain.toml\nhint: `override = true` replaces the rule that is there\n"
        )
    );
    assert_eq!(scan.code, Some(2));
    assert_eq!(title(&scan), "The allowed origin is another site");
    assert!(scan.has("good"), "the others still run");
}

/// The folder `own` holds these files and a good rule.
#[track_caller]
fn check_problem(files: &[(&str, String)], err: &str) {
    let work = Work::new(&[("log", &OLD_HOST.log()), ("own/good.toml", &rule("good", ALWAYS))]);
    for (name, text) in files {
        work.write(name, text);
    }
    let scan = work.scan("log --rules own");
    assert_eq!((scan.err.as_str(), scan.code), (err, Some(2)));
    assert!(scan.has("good") && scan.has("acao-stale-domain"), "the others still run");
    let lint = work.run("rules lint own");
    assert_eq!((lint.err.as_str(), lint.code), (err, Some(1)));
    let all = work.run("rules list --rules own");
    assert_eq!((all.err.as_str(), all.code), (err, Some(2)));
    // Whoever runs the scan may not be who wrote the team's rules.
    work.write("corscope.toml", "rules = [\"own\"]");
    let scan = work.scan("log");
    assert_eq!((scan.err.as_str(), scan.code), (err, Some(1)));
    assert!(scan.has("good"));
}

#[track_caller]
fn check_rule(text: String, err: &str) {
    check_problem(&[("own/my-rule.toml", text)], &format!("error: own/my-rule.toml:{err}\n"));
}

#[track_caller]
fn check_condition(when: &str, err: &str) {
    check_rule(rule("my-rule", when), err);
}

#[test]
fn what_is_wrong_with_a_condition_has_its_place_and_stops_no_other_rule() {
    check_condition(
        "is = [\"verdict.raeson\", \"x\"]",
        "11:7: no fact `verdict.raeson`; there is `verdict.reason`\n\
         hint: `corscope rules facts` lists all facts",
    );
    check_condition(
        "any = [\n  { absent = \"route\" },\n  { is = [\"response.status\", \"502\"] },\n]",
        "13:30: `response.status` is a number, not text",
    );
    check_condition(
        "less = [\"request.preflight\", 3]",
        "11:9: `request.preflight` is true or false, not a number",
    );
    check_condition(
        "is = [\"failure.kind\", \"function-eror\"]",
        "11:23: no value of `failure.kind` `function-eror`; there is `function-error`",
    );
    check_condition("iz = [\"route\", \"x\"]", "11:1: no key `iz`; there is `is`");
    check_condition("matches = [\"route\", '^(a']", "11:21: no regular expression: unclosed group");
    check_condition(
        "greater = [\"survey.origins\", 3]",
        "11:12: `survey.origins` is a fact of scope `route`, and this rule has scope `exchange`",
    );
    check_condition(
        "not = { all = [{}] }",
        "11:16: a condition needs a test: all, any, not, is, in, matches, less, greater or absent",
    );
}

#[test]
fn what_is_wrong_with_a_rule_has_its_place_and_stops_no_other_rule() {
    let good = rule("my-rule", ALWAYS);
    check_rule(good.replace("severity", "severety"), "5:1: no key `severety`; there is `severity`");
    check_rule(good.replace("\"info\"", "\"inof\""), "5:12: no severity `inof`; there is `info`");
    check_rule(good.replace("max-age", "max-aeg"), "3:9: no class `max-aeg`; there is `max-age`");
    check_rule(
        good.replace("\"practice\"", "\"symptom\""),
        "3:9: the class `max-age` is a practice's",
    );
    check_rule(
        good.replace("since", "basis = \"inferred\"\nsince"),
        "6:14: a rule whose basis is `inferred` is `possible` at most",
    );
    check_rule(
        good.replace("since", "scope = \"rout\"\nsince"),
        "9:9: no scope `rout`; there is `route`",
    );
    check_rule(good.replace("since", "detail = \"{route\"\nsince"), "9:10: `{` without `}`");
    check_rule(
        good.replace("since", "count = \"survey.requests\"\nsince"),
        "9:9: `survey.requests` is a fact of scope `route`, and this rule has scope `exchange`",
    );
    check_rule(
        good.replace("my-rule", "your-rule"),
        "1:6: the id `your-rule` is not the name of the file",
    );
    check_rule("id = \n".to_owned(), "1:6: string values must be quoted, expected literal string");
}

#[test]
fn the_second_of_two_rules_with_one_id_is_refused() {
    check_problem(
        &[
            ("own/a/my-rule.toml", rule("my-rule", ALWAYS)),
            ("own/b/my-rule.toml", rule("my-rule", ALWAYS)),
        ],
        "error: own/b/my-rule.toml:1:6: there is a rule `my-rule` already, in \
         own/a/my-rule.toml\n\
         hint: `override = true` replaces the rule that is there\n",
    );
}

#[test]
fn every_problem_of_a_folder_is_told_at_once() {
    check_problem(
        &[
            ("own/a.toml", rule("a", "any = [{ absent = \"ruote\" }, { absent = \"stgae\" }]")),
            ("own/b.toml", rule("b", "is = [\"route\", 3]")),
        ],
        "error: own/a.toml:11:19: no fact `ruote`; there is `route`\n\
         hint: `corscope rules facts` lists all facts\n\
         error: own/a.toml:11:41: no fact `stgae`; there is `stage`\n\
         hint: `corscope rules facts` lists all facts\n\
         error: own/b.toml:11:16: `route` is text, not a number\n\
         hint: header values and access-log values are text; `less` and `greater` read them as \
         numbers\n",
    );
}

#[test]
fn a_folder_without_rules_is_an_error() {
    let work = Work::new(&[("log", &OLD_HOST.log()), ("own/README.md", "")]);
    let err = "error: --rules: `own` holds no rule file (*.toml)\n";
    work.check("scan log --rules own", 2, "", err);
    work.check(
        "scan log --rules gone",
        2,
        "",
        "error: cannot read `gone`: No such file or directory (os error 2)\n",
    );
}

#[test]
fn new_replaces_nothing_and_takes_ids_only() {
    let work = Work::new(&[("my-rule.toml", "mine")]);
    work.check(
        "rules new my-rule",
        2,
        "",
        "error: cannot write `./my-rule.toml`: File exists (os error 17)\n",
    );
    assert_eq!(work.read("my-rule.toml").as_deref(), Some("mine"));
    work.check(
        "rules new acao-missing",
        2,
        "",
        "error: rules new: there is a built-in rule `acao-missing`; `corscope rules show \
         acao-missing` prints it, and a file with `override = true` replaces it\n",
    );
    for id in ["My-Rule", "my_rule", "my--rule", "my-rule-", "../my-rule", "mein-gerät"] {
        work.check(
            &format!("rules new {id}"),
            2,
            "",
            &format!(
                "error: rules new: `{id}` is no rule id; write small letters, digits and hyphens\n"
            ),
        );
    }
    let left = fs::read_dir(work.0.path()).expect("a folder").count();
    assert_eq!(left, 1, "nothing was written");
}

#[test]
fn show_names_the_nearest_rule() {
    let work = Work::new(&[]);
    work.check(
        "rules show acao-mising",
        2,
        "",
        "error: rules show: there is no rule `acao-mising`; did you mean `acao-missing`?\n",
    );
    let shown = work.run("rules show acao-missing").out;
    assert!(shown.starts_with("# rules/response/acao-missing.toml\nid = \"acao-missing\"\n"));
    assert!(shown.contains("\n# example, fires: ") && !shown.contains("[[examples]]"), "{shown}");
}

#[test]
fn the_list_has_every_rule_and_says_which_are_off() {
    let work = Work::new(&[("own/my-rule.toml", &rule("my-rule", ALWAYS))]);
    let rows = |work: &Work| -> Vec<Value> {
        serde_json::from_str(&work.run("rules list --format json").out).expect("JSON")
    };
    let ids = |rows: &[Value], is_on: bool| -> BTreeSet<String> {
        let rows = rows.iter().filter(|row| row["enabled"] == is_on);
        rows.map(|row| row["id"].as_str().expect("an id").to_owned()).collect()
    };
    let known: BTreeSet<String> =
        include_str!("rules_ids.txt").lines().map(str::to_owned).collect();
    assert_eq!((ids(&rows(&work), true), ids(&rows(&work), false)), (known.clone(), [].into()));

    let config = "rules = [\"own\"]\ndisable = [\"acao-missing\", \"my-rule\"]\n\
                  [severity]\nacao-mismatch = \"info\"\n";
    work.write("corscope.toml", config);
    let off = ["acao-missing", "my-rule"].map(str::to_owned).into();
    assert_eq!(ids(&rows(&work), false), off);
    assert_eq!(ids(&rows(&work), true).len(), known.len() - 1);
    let severity = rows(&work).into_iter().find(|row| row["id"] == "acao-mismatch");
    assert_eq!(severity.expect("a rule")["severity"], "info");
    let table = work.run("rules list").out;
    let words = |id: &str| -> Vec<&str> {
        let line = table.lines().find(|line| line.split_whitespace().next() == Some(id));
        line.expect("a line").split_whitespace().take(7).collect()
    };
    assert_eq!(
        words("my-rule"),
        ["my-rule", "practice", "max-age", "exchange", "info", "likely", "off"]
    );
    assert_ne!(words("acao-mismatch")[6], "off");
    assert_eq!(table.lines().count(), known.len() + 2);

    work.write("corscope.toml", "disable = [\"acao-mising\"]");
    let err = "error: corscope.toml:1:12: there is no rule `acao-mising`; did you mean \
               `acao-missing`?\n";
    work.check("rules list", 2, "", err);
    work.check("scan log", 2, "", err);
}

#[test]
fn the_facts_are_all_there() {
    let work = Work::new(&[]);
    let out = work.run("rules facts --format json").out;
    let rows: Vec<Value> = serde_json::from_str(&out).expect("JSON");
    let names: Vec<&str> = rows.iter().filter_map(|row| row["name"].as_str()).collect();
    assert_eq!(names, facts().map(|fact| fact.name).collect::<Vec<_>>());
    let table = work.run("rules facts").out;
    for fact in facts() {
        assert!(
            table.contains(&format!("\n{}\n    {}\n", fact.name, fact.meaning)),
            "{}",
            fact.name
        );
    }
}

#[test]
fn a_failing_example_shows_what_each_condition_comes_to() {
    let when = "all = [\n  { is = [\"request.method\", \"GET\"] },\n  \
                { not = { is = [\"api\", \"abc123defg\"] } },\n  \
                { any = [{ is = [\"access.wafStatus\", \"403\"] }, { absent = \"response.header.vary\" }] },\n]";
    let example = |name: &str, fires: bool, log: &str| {
        format!("[[examples]]\nname = \"{name}\"\nfires = {fires}\nlog = '''\n{log}'''\n")
    };
    let log = GET.log();
    let text = rule("my-rule", when) + &example("one", true, &log) + &example("two", false, &log);
    let nothing = example("three", true, "nothing that a gateway would say\n");
    let work = Work::new(&[("my-rule.toml", &(text + &nothing))]);
    work.check(
        "rules test my-rule.toml",
        1,
        "FAILED my-rule: one\n  should fire, and does not\n  \
         false    all\n    true     request.method is GET   (is: GET)\n    \
         false    not\n      true     api is abc123defg   (is: abc123defg)\n    \
         true     any\n      unknown  access.wafStatus is 403   (no line shows it)\n      \
         true     absent response.header.vary   (is: (absent))\n  \
         rules that fired: acao-missing\n\
         FAILED my-rule: three\n  the log gives no exchange\n\
         3 examples: 1 passed, 2 failed\n",
        "",
    );
}

/// Asks why, by each of the request's three ids.
#[track_caller]
fn check_why(log: &str, rule: &str, want: &str) {
    let work = Work::new(&[("log", log)]);
    work.run("rules new my-route --scope route");
    for id in [GET.id(), GET.lambda_id(), "EP5ycFm00000001=".to_owned()] {
        work.check(&format!("rules why {id} {rule} log --rules my-route.toml"), 0, want, "");
    }
}

#[test]
fn why_says_what_each_part_of_a_condition_comes_to() {
    check_why(
        &GET.log(),
        "acao-missing",
        "GET /orders 200: blocked (MissingAllowOriginHeader)\nacao-missing fires\n  \
         true     any\n    true     verdict.reason is MissingAllowOriginHeader   \
         (is: MissingAllowOriginHeader)\n    false    verdict.latent is MissingAllowOriginHeader   \
         (is: (absent))\n",
    );
    check_why(
        &OLD_HOST.log(),
        "acao-missing",
        "GET /orders 200: blocked (AllowOriginMismatch)\nacao-missing does not fire\n  \
         false    any\n    false    verdict.reason is MissingAllowOriginHeader   \
         (is: AllowOriginMismatch)\n    false    verdict.latent is MissingAllowOriginHeader   \
         (is: (absent))\n",
    );
}

#[test]
fn why_names_what_the_logs_do_not_show() {
    let cut = GET.log().replace("application/json}", "application/json [TRUNCATED]");
    assert_ne!(cut, GET.log());
    check_why(
        &cut,
        "acao-missing",
        "GET /orders 200: undetermined\nacao-missing does not fire: the logs do not show \
         verdict.latent, verdict.reason\n  \
         unknown  any\n    \
         unknown  verdict.reason is MissingAllowOriginHeader   (no line shows it)\n    \
         unknown  verdict.latent is MissingAllowOriginHeader   (no line shows it)\n",
    );
}

#[test]
fn why_says_which_rule_says_it_better() {
    let why = Work::new(&[("log", &OLD_HOST.log())]);
    let out = why.run(&format!("rules why {} acao-mismatch log", OLD_HOST.id())).out;
    assert_eq!(
        out.lines().nth(1),
        Some(
            "acao-mismatch fires, and is not told: another rule says it better (acao-stale-domain)"
        )
    );
}

#[test]
fn why_asks_rules_about_routes_for_the_routes_of_the_request() {
    let blocked = |path: &str, shown: &str| {
        let request = Request { path, ..GET };
        let other = Request { number: 2, path: "/cart", ..GET };
        check_why(
            &(request.log() + &other.log()),
            "my-route",
            &format!(
                "GET {path} 200: blocked (MissingAllowOriginHeader)\nmy-route fires on {shown}\n  \
                 true     survey.actual.blocked.share greater 50   (is: 100)\n"
            ),
        );
    };
    blocked("/orders", "/orders");
    blocked("/orders/{id}", "/orders/{id}");
    let by_path =
        Request { path: "/orders/17", ..GET }.log().replace("'GET /orders/17'", "'GET /{proxy+}'");
    check_why(
        &by_path,
        "my-route",
        "GET /orders/17 200: blocked (MissingAllowOriginHeader)\nmy-route fires on /orders/{id}\n  \
         true     survey.actual.blocked.share greater 50   (is: 100)\n",
    );
}

#[test]
fn why_of_a_rule_that_is_off_says_so() {
    let work = Work::new(&[("log", &GET.log()), ("corscope.toml", "disable = [\"acao-missing\"]")]);
    let out = work.run(&format!("rules why {} acao-missing log", GET.id())).out;
    let first = "acao-missing is switched off in corscope.toml, and asked here all the same";
    assert_eq!(out.lines().next(), Some(first));
}

#[test]
fn why_needs_a_request_and_a_rule_that_there_are() {
    let work = Work::new(&[("log", &GET.log())]);
    work.check(
        "rules why no-such-id acao-missing log",
        2,
        "",
        "error: rules why: none of 1 exchanges has the id `no-such-id`; `corscope scan FILE --show \
         exchanges` lists them\n",
    );
    work.check(
        &format!("rules why {} acao-mising log", GET.id()),
        2,
        "",
        "error: rules why: there is no rule `acao-mising`; did you mean `acao-missing`?\n",
    );
}

#[test]
fn why_shows_no_secret_and_nothing_that_steers_a_terminal() {
    let asks = "Origin=https://app.example.com, Authorization=Bearer FAKE-TOKEN-0123456789abcdef, \
                X-Note=a\u{1b}[2Jb";
    let log = Request { asks, path: "/or\u{1b}]0;owned\u{7}ders", ..GET }.log();
    let when = "all = [{ matches = [\"request.header.authorization\", \"^Bearer\"] }, \
                { matches = [\"request.header.x-note\", \"^a\"] }]";
    let work = Work::new(&[("log", &log), ("my-rule.toml", &rule("my-rule", when))]);
    let why = |more: &str| {
        let line = format!("rules why {} my-rule log --rules my-rule.toml {more}", GET.id());
        work.run(&line).out
    };
    let want = "GET /or\\x1b]0;owned\\x07ders 200: blocked (MissingAllowOriginHeader)\nmy-rule fires\n  \
                true     all\n    \
                true     request.header.authorization matches ^Bearer   (is: Bearer [redacted:27])\n    \
                true     request.header.x-note matches ^a   (is: ab)\n";
    assert_eq!(why(""), want);
    assert!(why("--no-redact").contains("(is: Bearer FAKE-TOKEN-0123456789abcdef)"));
}

#[test]
fn who_works_on_the_built_in_rules_names_their_folder() {
    let run = |line: &str| {
        let mut command = assert_cmd::Command::new(assert_cmd::cargo::cargo_bin!("corscope"));
        let output = command.args(line.split(' ')).output().expect("the program runs");
        (String::from_utf8_lossy(&output.stdout).into_owned(), output.status.code())
    };
    let count = RuleSet::builtin().rules().len();
    let lint = format!("{count} rules in {count} files: 0 errors, 0 warnings\n");
    assert_eq!(run("rules lint rules"), (lint, Some(0)));
    let (out, code) = run("rules test rules/headers");
    assert_eq!(code, Some(0), "{out}");

    // A changed one is the rule from then on, without saying so.
    let old = fs::read_to_string("rules/headers/acao-stale-domain.toml").expect("a rule");
    let new = old.replace("The allowed origin is another site", "Our old host is named");
    let work = Work::new(&[("log", &OLD_HOST.log())]);
    work.write("rules/headers/acao-stale-domain.toml", &new);
    let scan = work.scan("log --rules rules");
    let title = &scan.row("acao-stale-domain").expect("a finding")["title"];
    assert_eq!((title.as_str(), scan.err.as_str()), (Some("Our old host is named"), ""));
}
