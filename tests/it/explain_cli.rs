//! `corscope explain` as it is typed: what it finds, in which format, and that nothing pasted gets
//! out of its quotes.

use std::process::{Command as Process, Output};

use assert_cmd::Command;
use corscope::output::escape::is_dangerous;
use serde_json::Value;

const MISSING: &str = "Access to fetch at 'https://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com/prod/orders?token=FAKE' from origin 'https://shop.example' has been blocked by CORS policy: No 'Access-Control-Allow-Origin' header is present on the requested resource.";

fn explain(arguments: &[&str]) -> Output {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("corscope"));
    command.env_clear().arg("explain").args(arguments).output().expect("the program runs")
}

fn explain_text(text: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("corscope"));
    command.env_clear().arg("explain").args(arguments).write_stdin(text.to_owned());
    command.output().expect("the program runs")
}

/// Standard output, if the exit code is as it should be.
#[track_caller]
fn check(output: &Output, code: i32) -> String {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{stderr}");
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn json(output: &Output, code: i32) -> Value {
    serde_json::from_str(&check(output, code)).expect("JSON")
}

#[test]
fn a_query_is_found_by_any_of_its_names() {
    let check = |query: &[&str], name: &str, want: &str| {
        let found = json(&explain(&[query, &["--format", "json"]].concat()), 0);
        assert_eq!(found[name], want, "{query:?}");
        assert_eq!(found["schema"], "corscope/1");
    };
    check(&["acao-mismatch"], "id", "acao-mismatch");
    check(&["[acao-mismatch]"], "id", "acao-mismatch");
    check(&["ACAO", "mismatch"], "id", "acao-mismatch");
    check(&["PreflightInvalidStatus"], "reason", "PreflightInvalidStatus");
    check(&["kpreflightinvalidstatus"], "reason", "PreflightInvalidStatus");
    check(&["lambda-timeout"], "class", "lambda-timeout");
    check(&[MISSING], "type", "message");
    check(&MISSING.split(' ').collect::<Vec<_>>(), "type", "message");
}

#[test]
fn a_message_comes_from_standard_input_too() {
    for arguments in [&["-", "--format", "json"][..], &["--format", "json"]] {
        let found = json(&explain_text(&MISSING.replace(' ', "\n "), arguments), 0);
        assert_eq!(found["reasons"], serde_json::json!(["MissingAllowOriginHeader"]));
        assert_eq!(found["origin"], "https://shop.example");
        assert_eq!(
            found["url"],
            "https://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com/prod/orders"
        );
    }
}

#[test]
fn what_means_nothing_is_told_with_the_nearest() {
    let check_text = |query: &str| {
        let output = explain(&[query]);
        assert_eq!(check(&output, 2), "");
        let stderr = String::from_utf8(output.stderr).expect("UTF-8");
        assert!(stderr.starts_with("error: not a CORS message"), "{query}: {stderr}");
        let has_nearest = stderr.contains("; the nearest is `");
        assert_eq!(has_nearest, !query.is_empty(), "{query}: {stderr}");
        let found = json(&explain(&[query, "--format", "json"]), 2);
        assert_eq!(found["type"], "unknown");
        assert_eq!(found["nearest"].is_string(), !query.is_empty());
    };
    for query in [
        "segmentation fault",
        "404 not found",
        "Lorem ipsum dolor sit amet, consectetur adipiscing elit.",
        "",
        "E: Failed to fetch http://deb.debian.org/debian/dists/stable/InRelease",
        "Failed to load resource: the server responded with a status of 403 (Forbidden)",
        "Error: Network timeout",
        "🦀",
    ] {
        check_text(query);
    }
    let stderr = explain(&["acao-mismtch"]).stderr;
    assert!(String::from_utf8_lossy(&stderr).contains("the nearest is `acao-mismatch`"));
}

#[test]
fn places_have_other_names() {
    for place in ["js", "TypeScript", "py", "c#", "golang", "sls", "tf", "cloudformation", "aws"] {
        check(&explain(&["acao-mismatch", "--for", place]), 0);
    }
    let output = explain(&["acao-mismatch", "--for", "pyton"]);
    check(&output, 2);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("did you mean `python`? there are: console, cli"), "{stderr}");
}

#[test]
fn a_reason_has_all_three_consoles_and_a_sentence() {
    let text = check(&explain(&["AllowOriginMismatch"]), 0);
    for part in
        ["Chrome   Access to fetch", "Firefox  Cross-Origin", "Safari   Origin", "standard "]
    {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let markdown = check(&explain(&["AllowOriginMismatch", "--format", "markdown"]), 0);
    assert!(markdown.starts_with("# AllowOriginMismatch\n\n- phase: "), "{markdown}");
}

#[test]
fn colors_follow_the_option() {
    let plain = check(&explain(&["acao-mismatch"]), 0);
    assert!(!plain.contains('\u{1b}'));
    assert!(check(&explain(&["acao-mismatch", "--color", "always"]), 0).contains("\u{1b}[1m"));
}

#[test]
fn the_error_of_the_page_points_to_the_line_above() {
    for text in [
        "TypeError: Failed to fetch",
        "Load failed",
        "NetworkError when attempting to fetch resource.",
    ] {
        let found = check(&explain(&[text]), 0).replace('\n', " ");
        assert!(found.contains("in the line above this one"), "{found}");
    }
}

/// No API of the reader's is behind it, so no command looks for one.
#[test]
fn an_endpoint_of_aws_itself_is_told_so() {
    let message = MISSING.replace("a1b2c3d4e5.execute-api", "lambda");
    let found = json(&explain(&[&message, "--format", "json"]), 0);
    assert_eq!(found["aws_service"], "lambda");
    let commands = found["commands"].to_string();
    assert!(commands.contains("curl -i"), "{commands}");
    for part in ["aws apigateway", "corscope scan"] {
        assert!(!commands.contains(part), "{commands}");
    }
    let text = check(&explain(&[&message]), 0).replace('\n', " ");
    assert!(text.contains("is the endpoint of an AWS service itself, `lambda`"), "{text}");
}

#[test]
fn every_format_is_free_of_what_steers_a_terminal_and_of_secrets() {
    let text = "Access to fetch at 'https://user:hunter2@api.example/\u{202e}x?key=AKIAIOSFODNN7EXAMPLE' from origin 'https://shop.example' has been blocked by CORS policy: The 'Access-Control-Allow-Origin' header has a value '\u{9b}31m\u{7}Bearer abcdefghijklmnop' that is not equal to the supplied origin.";
    for format in ["human", "json", "markdown"] {
        let printed = check(&explain(&[text, "--format", format]), 0);
        let steers = |c: char| is_dangerous(c) && c != '\n';
        assert!(!printed.contains(steers), "{format}: {printed:?}");
        for secret in ["hunter2", "AKIAIOSFODNN7EXAMPLE", "abcdefghijklmnop"] {
            assert!(!printed.contains(secret), "{format}: {printed}");
        }
    }
}

/// Runs every command that is printed for `text`, with programs that only say their arguments.
fn run_commands(text: &str, folder: &std::path::Path) -> Vec<String> {
    let found = json(&explain(&[text, "--format", "json"]), 0);
    let commands = found["commands"].as_array().expect("commands").iter();
    let commands = commands.map(|command| command["command"].as_str().expect("a command"));
    let mut said = Vec::new();
    for command in commands {
        let stub = "say() { for word in \"$@\"; do printf '%s\\n' \"$word\"; done; }\n\
                    aws() { say aws \"$@\" >&2; }; curl() { say curl \"$@\" >&2; }\n\
                    corscope() { say corscope \"$@\" >&2; }\n";
        let output = Process::new("sh")
            .args(["-euc", &format!("{stub}{command}")])
            .current_dir(folder)
            .output()
            .expect("a shell");
        said.push(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    said
}

#[test]
fn nothing_pasted_is_run_by_a_shell() {
    let hostile = [
        "https://api.example/';touch${IFS}PWNED;'",
        "https://api.example/$(touch${IFS}PWNED)",
        "https://api.example/`touch${IFS}PWNED`",
        "https://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com/$(touch${IFS}PWNED)/';touch${IFS}PWNED;'",
        "https://x';touch${IFS}PWNED;'.example/",
        "https://x';touch${IFS}PWNED;'.cloudfront.net/",
        "https://$(touch${IFS}PWNED).lambda-url.us-east-1.on.aws/x",
        "'; rm -rf ~; touch PWNED; '",
    ];
    for part in hostile {
        for text in [
            format!(
                "Access to fetch at '{part}' from origin '{part}' has been blocked by CORS policy: Request header field {part} is not allowed by Access-Control-Allow-Headers in preflight response."
            ),
            format!(
                "Access to fetch at '{part}' from origin 'https://a.example' has been blocked by CORS policy: Method {part} is not allowed by Access-Control-Allow-Methods in preflight response."
            ),
            format!(
                "Origin {part} is not allowed by Access-Control-Allow-Origin. Status code: 200\n\u{1b}[2JFetch API cannot load {part} due to access control checks."
            ),
        ] {
            let folder = tempfile::tempdir().expect("a folder");
            let said = run_commands(&text, folder.path());
            assert!(!folder.path().join("PWNED").exists(), "{text}\n{said:?}");
            assert!(
                said.iter().any(|words| words.starts_with("curl\n-i\n-X\nOPTIONS\nhttps://")),
                "{said:?}"
            );
        }
    }
}

/// The commands name options that `scan` has.
#[test]
fn the_scan_that_is_printed_runs() {
    let found = json(&explain(&[MISSING, "--format", "json"]), 0);
    let commands = found["commands"].as_array().expect("commands").iter();
    let scan = commands
        .filter_map(|it| it["command"].as_str()?.strip_prefix("corscope scan events.json "));
    let options: Vec<&str> = scan.flat_map(|options| options.split(' ')).collect();
    assert_eq!(options.len(), 6, "{options:?}");
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("corscope"));
    let output = command.env_clear().arg("scan").args(options).write_stdin("").output();
    assert_eq!(output.expect("the program runs").status.code(), Some(3));
}
