//! `corscope.toml` and the baseline, as the built program reads and writes them.

use std::collections::BTreeSet;

use crate::log::{GET, PREFLIGHT, Request};
use crate::work::{ALWAYS, OLD_HOST, Scan, Work, rule};

/// What `corscope.toml` makes of a finding: the exit code, whether it is told, how many were ignored.
#[track_caller]
fn check_config(config: &str, want: (i32, bool, u64), err: &str) {
    let work = Work::new(&[("log", &OLD_HOST.log()), ("corscope.toml", config)]);
    let scan = work.scan("log");
    let got = (scan.code, scan.has("acao-stale-domain"), scan.count("ignored"));
    assert_eq!(got, (Some(want.0), want.1, want.2), "{config}");
    assert_eq!(scan.err, err, "{config}");
}

#[test]
fn a_configuration_is_found_or_named_and_its_paths_are_its_own() {
    let work = Work::new(&[
        ("log", &OLD_HOST.log()),
        ("team/own/my-rule.toml", &rule("my-rule", ALWAYS)),
        ("team/corscope.toml", "rules = [\"own\"]"),
    ]);
    assert!(!work.scan("log").has("my-rule"));
    let scan = work.scan("log --config team/corscope.toml");
    assert_eq!((scan.err.as_str(), scan.has("my-rule")), ("", true));
    work.write("corscope.toml", "rules = [\"team/own\"]");
    assert!(work.scan("log").has("my-rule"));
    work.write("other.toml", "");
    assert!(!work.scan("log --config other.toml").has("my-rule"), "one is read, not both");
    work.check(
        "scan log --config gone.toml",
        2,
        "",
        "error: cannot read `gone.toml`: No such file or directory (os error 2)\n",
    );
}

#[test]
fn a_configuration_switches_rules_off_and_weighs_them() {
    let work = Work::new(&[
        ("log", &OLD_HOST.log()),
        ("corscope.toml", "[severity]\nacao-stale-domain = \"warning\""),
    ]);
    let severity =
        |scan: &Scan| scan.row("acao-stale-domain").expect("a finding")["severity"].clone();
    let scan = work.scan("log");
    assert_eq!((scan.code, severity(&scan)), (Some(0), "warning".into()));
    let scan = work.scan("log --severity acao-stale-domain=error");
    assert_eq!((scan.code, severity(&scan)), (Some(1), "error".into()), "the command line counts");

    work.write("corscope.toml", "disable = [\"acao-stale-domain\"]");
    let scan = work.scan("log");
    assert_eq!((scan.has("acao-stale-domain"), scan.count("rules_off")), (false, 1));
    assert!(scan.has("acao-mismatch"), "a rule that is not asked silences no other");
}

#[test]
fn a_rule_switched_off_by_the_command_line_is_not_asked() {
    let work = Work::new(&[("log", &OLD_HOST.log())]);
    assert_eq!(work.scan("log").count("rules_off"), 0);
    let scan = work.scan("log --disable acao-stale-domain,acao-mismatch");
    assert!(!scan.has("acao-stale-domain") && !scan.has("acao-mismatch"));
    assert_eq!((scan.code, scan.count("rules_off"), scan.count("disabled")), (Some(0), 2, 0));
    work.check(
        "scan log --disable acao-mising",
        2,
        "",
        "error: --disable: there is no rule `acao-mising`; did you mean `acao-missing`?\n",
    );
}

#[test]
fn an_ignore_covers_what_it_names_until_its_day() {
    let ignore = |more: &str| {
        format!("[[ignore]]\nrule = \"acao-stale-*\"\nreason = \"moving in spring\"\n{more}\n")
    };
    let covered = (0, false, 1);
    let counted = (1, true, 0);
    check_config("", counted, "");
    check_config(&ignore(""), covered, "");
    check_config(&ignore("route = \"/orders\""), covered, "");
    check_config(&ignore("route = \"GET /orders\""), covered, "");
    check_config(&ignore("route = \"/ord*\"\norigin = \"https://*.example.com\""), covered, "");
    check_config(&ignore("route = \"/cart\""), counted, "");
    check_config(&ignore("route = \"PUT /orders\""), counted, "");
    check_config(&ignore("origin = \"https://www.example.com\""), counted, "");
    check_config(&ignore("").replace("acao-stale-*", "acao-mismatch"), counted, "");
    check_config(&ignore("expires = 2999-12-31"), covered, "");
    check_config(
        &ignore("expires = 2026-01-31"),
        counted,
        "corscope: an ignore expired on 2026-01-31, and counts no more: acao-stale-*: moving in \
         spring\n",
    );
}

/// Whether what was refused is as intended, with this `[[api]]`.
#[track_caller]
fn check_api(request: &Request<'_>, api: &str, is_intended: bool) {
    let log = request.log();
    let config = format!("[[api]]\nid = \"abc123defg\"\n{api}\n");
    let work = Work::new(&[("log", &log), ("corscope.toml", &config)]);
    let scan = work.scan("log");
    let got = (scan.code, scan.count("refused_as_intended"));
    assert_eq!(got, if is_intended { (Some(0), 1) } else { (Some(1), 0) }, "{api}");
    assert_eq!(scan.err, "");
}

#[test]
fn what_an_api_is_not_meant_to_allow_is_refused_as_intended() {
    check_api(&GET, "origins = [\"https://app.example.com\"]", false);
    check_api(&GET, "origins = [\"https://*.example.com\"]", false);
    check_api(&GET, "origins = [\"https://www.example.com\"]", true);
    check_api(&GET, "origins = [\"https://www.example.com\"]\nstage = \"prod\"", true);
    check_api(&GET, "origins = [\"https://www.example.com\"]\nstage = \"test\"", false);
    check_api(&GET, "methods = [\"PUT\"]\nheaders = [\"x-a\"]", false);
    let delete = Request {
        asks: "Origin=https://app.example.com, Access-Control-Request-Method=DELETE",
        ..PREFLIGHT
    };
    check_api(&delete, "methods = [\"GET\", \"PUT\"]", true);
    check_api(&delete, "methods = [\"GET\", \"DELETE\"]", false);
    check_api(&delete, "headers = [\"x-a\"]", false);
    let header = Request {
        asks: "Origin=https://app.example.com, Access-Control-Request-Method=PUT, \
               Access-Control-Request-Headers=x-debug",
        ..PREFLIGHT
    };
    check_api(&header, "headers = [\"Content-Type\"]", true);
    check_api(&header, "headers = [\"X-Debug\"]", false);
    check_api(&header, "methods = [\"GET\"]", false);
    let other_api = "[[api]]\nid = \"other\"\norigins = [\"https://www.example.com\"]";
    check_api(&GET, other_api, false);
}

#[test]
fn what_is_wrong_with_a_configuration_has_its_place_and_the_nearest_name() {
    let check = |config: &str, err: &str| {
        let work = Work::new(&[("log", &OLD_HOST.log()), ("corscope.toml", config)]);
        work.check("scan log", 2, "", &format!("error: corscope.toml:{err}\n"));
    };
    check("rules = []\ndisabel = []", "2:1: no key `disabel`; there is `disable`");
    check(
        "[[ignore]]\nrule = \"a\"\nreason = \"b\"\nexpire = 2027-01-01",
        "4:1: no key `expire`; there is `expires`",
    );
    check("[[api]]\nid = \"a\"\norigin = []", "3:1: no key `origin`; there is `origins`");
    check(
        "disable = [\"acao-missing\", \"acao-mising\"]",
        "1:28: there is no rule `acao-mising`; did you mean `acao-missing`?",
    );
    check(
        "[severity]\nacao-mising = \"info\"",
        "2:1: there is no rule `acao-mising`; did you mean `acao-missing`?",
    );
    check(
        "[severity]\nacao-missing = \"high\"\n[[ignore]]\nrule = \"a\"\nreason = \"\"",
        "2:1: severity of `acao-missing`: there are: info, warning, error\n\
         error: corscope.toml:5:10: an ignore needs a reason",
    );
}

#[test]
fn a_baseline_holds_what_was_known_and_a_new_defect_still_fails() {
    let work = Work::new(&[("log", &OLD_HOST.log())]);
    let written = work.run("scan log --write-baseline --baseline known.json");
    assert_eq!(
        (written.code, written.err.as_str()),
        (Some(0), "corscope: 2 entries are the baseline now: known.json\n",)
    );
    let scan = work.scan("log --baseline known.json");
    assert_eq!((scan.code, scan.count("baselined"), scan.rows().len()), (Some(0), 2, 0));

    let other = Request { number: 2, path: "/cart", ..OLD_HOST };
    work.write("more", &(OLD_HOST.log() + &other.log()));
    let scan = work.scan("more --baseline known.json");
    assert_eq!((scan.code, scan.count("baselined")), (Some(1), 2));
    let routes: BTreeSet<&str> =
        scan.rows().iter().filter_map(|row| row["route"].as_str()).collect();
    assert_eq!(routes, ["/cart", "GET /cart"].into());

    // Written again, it holds the same, byte for byte; named by the configuration, it counts too.
    let first = work.read("known.json");
    work.run("scan log --write-baseline --baseline known.json");
    assert_eq!(work.read("known.json"), first);
    work.write("corscope.toml", "baseline = \"known.json\"");
    assert_eq!(work.scan("log").code, Some(0));
    assert_eq!(work.run("scan more --write-baseline").code, Some(0));
    assert_eq!(work.scan("more").code, Some(0));
}

#[test]
fn a_baseline_that_cannot_be_used_is_an_error() {
    let check = |text: Option<&str>, err: &str| {
        let work = Work::new(&[("log", &OLD_HOST.log())]);
        if let Some(text) = text {
            work.write("known.json", text);
        }
        work.check("scan log --baseline known.json", 2, "", err);
        assert_eq!(work.read("known.json").as_deref(), text);
    };
    let hint = "hint: `--write-baseline` writes it anew\n";
    check(None, "error: cannot read `known.json`: No such file or directory (os error 2)\n");
    check(
        Some("{\"schema\":\"corscope-baseline/1\",\"findi"),
        &format!(
            "error: cannot use the baseline `known.json`: EOF while parsing a string at line 1 \
             column 38\n{hint}"
        ),
    );
    check(
        Some("{\"schema\":\"corscope-baseline/2\",\"known\":{}}"),
        &format!(
            "error: cannot use the baseline `known.json`: its schema is `corscope-baseline/2`, and \
             this version reads `corscope-baseline/1`\n{hint}"
        ),
    );
    let work = Work::new(&[("log", &OLD_HOST.log())]);
    work.check(
        "scan log --write-baseline",
        2,
        "",
        "error: --write-baseline: name the file by `--baseline FILE`, or in corscope.toml\n",
    );
}

#[test]
fn a_baseline_is_not_written_of_nothing() {
    let work = Work::new(&[("log", "nothing that a gateway would say\n"), ("known.json", "old")]);
    let scan = work.scan("log --write-baseline --baseline known.json");
    assert_eq!((scan.code, work.read("known.json").as_deref()), (Some(3), Some("old")));
}

#[test]
fn writing_a_baseline_hides_no_rule_that_cannot_be_used() {
    let work = Work::new(&[("log", &OLD_HOST.log()), ("my-rule.toml", "id = 3")]);
    let scan = work.scan("log --write-baseline --baseline known.json --rules my-rule.toml");
    assert_eq!(scan.code, Some(2));
    assert!(scan.err.starts_with("error: my-rule.toml:1:6: "), "{}", scan.err);
}
