//! What is said of runs of a function by its own log alone.

use corscope::model::Kind;
use corscope::rules::set::RuleSet;

use crate::run;

const ID: &str = "4f0c2b8e-8f6f-4a5c-9f0b-6f7f1f7d2a10";

const OTHER: &str = "4f0c2b8e-8f6f-4a5c-9f0b-6f7f1f7d2a11";

/// The causes that a log shows, each with its detail; `<id>` is a request id.
#[track_caller]
fn check(log: &str, want: &[&str]) {
    let log = log.replace("<id>", ID);
    let run = run::text(&RuleSet::builtin(), log.as_bytes());
    let findings = run.judged.iter().flat_map(|(_, _, findings)| findings);
    let causes: Vec<String> = findings
        .filter(|finding| finding.rule.kind == Kind::Cause)
        .map(|cause| match &cause.detail {
            Some(detail) => format!("{}: {detail}", cause.rule.id),
            None => cause.rule.id.clone(),
        })
        .collect();
    assert_eq!(causes, want, "{log}");
}

const END: &str = "END RequestId: <id>\nREPORT RequestId: <id>\tDuration: 26.73 ms\tBilled Duration: 27 ms\tMemory Size: 128 MB\tMax Memory Used: 75 MB";

/// A run of these lines.
fn run_of(lines: &str) -> String {
    format!("START RequestId: <id> Version: $LATEST\n{lines}\n{END}\n")
}

const EXIT: &str =
    "RequestId: <id> Error: Runtime exited with error: exit status 1\nRuntime.ExitError";

#[test]
fn an_error_that_ends_the_process_is_the_cause_and_not_the_end() {
    let node = "2026-09-25T09:20:20.000Z\t<id>\tERROR\tUncaught Exception \t{\"errorType\":\"TypeError\",\"errorMessage\":\"x is undefined\",\"stack\":[\"TypeError: x is undefined\"]}";
    let go = "2026/09/25 09:20:20 {\"errorMessage\":\"nil map\",\"errorType\":\"errorString\",\"stackTrace\":[]}";
    let python = "[ERROR] KeyError: 'TABLE'\nTraceback (most recent call last):\n  File \"/var/task/app.py\", line 12, in handler";
    let rust = "thread 'main' panicked at src/main.rs:8:1:\nno orders";
    let node_24 = "Runtime.UnhandledPromiseRejection: Error: boom\n    at process.<anonymous> (file:///var/runtime/index.mjs:1276:17)";
    let node_8 = "2019-02-15T12:01:38.743Z\t<id>\tTypeError: Cannot read property '0' of undefined\n    at exports.handler (/var/task/index.js:9:33)";
    for (error, want) in [
        (node, "TypeError: x is undefined"),
        (go, "errorString: nil map"),
        (python, "KeyError: 'TABLE'"),
        (
            "panic: runtime error: invalid memory address",
            "panic: runtime error: invalid memory address",
        ),
        (rust, "thread 'main' panicked at src/main.rs:8:1: no orders"),
        (node_24, "Runtime.UnhandledPromiseRejection: Error: boom"),
        (node_8, "TypeError: Cannot read property '0' of undefined"),
    ] {
        let want = format!("gw-502-function-error: {want}");
        check(&run_of(&format!("{error}\n{EXIT}")), &[&want]);
        check(&format!("{}{EXIT}\n", run_of(error)), &[&want]);
        let old = "RequestId: <id> Process exited before completing request";
        check(&format!("{}{old}\n", run_of(error)), &[&want]);
    }
}

#[test]
fn a_process_that_ends_without_an_error_is_told_as_that() {
    check(&run_of(EXIT), &["malformed-callback-not-called"]);
    let status = "\tStatus: error\tError Type: Runtime.ExitError";
    check(
        &run_of(EXIT).replace("75 MB", &format!("75 MB{status}")),
        &["malformed-callback-not-called"],
    );
    // Logged and handled; the run goes on.
    let logged = "2019-02-15T12:01:38.743Z\t<id>\tTypeError: no\n    at exports.handler (/var/task/index.js:9:33)";
    check(&run_of(logged), &[]);
}

#[test]
fn what_ended_the_process_from_outside_stays_what_it_is() {
    let error = "2026-09-25T09:20:20.000Z\t<id>\tERROR\tUncaught Exception \t{\"errorType\":\"TypeError\",\"errorMessage\":\"no\"}";
    let killed =
        "RequestId: <id> Error: Runtime exited with error: signal: killed\nRuntime.ExitError";
    check(&run_of(&format!("{error}\n{killed}")), &["gw-502-lambda-oom: TypeError: no"]);
    let timeout = "2026-09-25T09:20:23.000Z <id> Task timed out after 3.00 seconds";
    check(
        &run_of(&format!("{error}\n{timeout}")),
        &["gw-502-lambda-timeout: Task timed out after 3.00 seconds"],
    );
}

#[test]
fn java_prints_an_error_on_several_lines() {
    let java = "it: broke: java.lang.RuntimeException\njava.lang.RuntimeException: it: broke\n\tat shop.App.handleRequest(App.java:12)\n\tat java.base/jdk.internal.reflect.DirectMethodHandleAccessor.invoke(Unknown Source)\n";
    let want = "gw-502-function-error: java.lang.RuntimeException: it: broke";
    check(java, &[want]);
    check(&run_of(java), &[want]);
    check(&run_of(java).replace('\n', "\r\n"), &[want]);
    check(&run_of(java).replace('\t', "        "), &[want]);
    let memory = "java.lang.OutOfMemoryError: Metaspace\n        at java.lang.ClassLoader.defineClass1(Native Method)";
    let want = "gw-502-lambda-oom: java.lang.OutOfMemoryError: Metaspace";
    check(&run_of(memory), &[want]);
    check(&run_of(&format!("Metaspace: java.lang.OutOfMemoryError\n{memory}")), &[want]);
    // Caught and printed, or just named.
    check(&run_of("java.lang.RuntimeException: no\n\tat shop.App.handleRequest(App.java:12)"), &[]);
    check(&run_of("java.lang.OutOfMemoryError: Metaspace"), &[]);
}

#[test]
fn older_runtimes_print_the_message_before_its_type() {
    let python = "'job': KeyError\nTraceback (most recent call last):\n  File \"/var/task/app.py\", line 14, in handler\n    return event['job']\nKeyError: 'job'\n";
    let want = "gw-502-function-error: KeyError: 'job'";
    check(python, &[want]);
    check(&run_of(python), &[want]);
    check(&run_of(python).replace('\n', "\r\n"), &[want]);
    // Copied without indentation.
    check(&run_of(&python.replace("\n  ", "\n").replace("\n  ", "\n")), &[want]);
    let service = "no such key: ClientError\nTraceback (most recent call last):\n  File \"/var/task/app.py\", line 14, in handler\nbotocore.exceptions.ClientError: no such key\n";
    check(&run_of(service), &["gw-502-function-error: ClientError: no such key"]);
    let dotnet = "Not set.: NullReferenceException\n   at Shop.Function.Handle(Stream input)\n   at lambda_method(Closure , Stream , Stream , LambdaContextInternal )\n";
    check(&run_of(dotnet), &["gw-502-function-error: NullReferenceException: Not set."]);
    let loading = "Unable to load type 'Shop.Function' from assembly 'Shop'.: LambdaException";
    check(&run_of(loading), &[&format!("gw-502-init-failure: {loading}")]);
    // Logged by the application: another error, or none of the runtime's frames.
    check(&run_of(&python.replace("'job': KeyError", "it failed: KeyError")), &[]);
    check(&run_of(&dotnet.replace("lambda_method", "Shop.Program.Main")), &[]);
}

#[test]
fn ids_of_a_tracer_hide_no_error_of_node() {
    for label in ["Invoke Error", "Uncaught Exception", "Unhandled Promise Rejection"] {
        let line = format!(
            "2026-09-25T09:20:20.000Z\t<id>\tERROR\t[dd.trace_id=1 dd.span_id=2] {label} \t{{\"errorType\":\"TypeError\",\"errorMessage\":\"no\"}}"
        );
        check(&run_of(&line), &["gw-502-function-error: TypeError: no"]);
    }
}

#[test]
fn a_report_names_an_error_of_loading() {
    let report = run_of("").replace("75 MB", "75 MB\tStatus: error\tError Type: KIND");
    let of = |kind| report.replace("KIND", kind);
    check(&of("Runtime.InvalidEntrypoint"), &["gw-502-init-failure: Runtime.InvalidEntrypoint"]);
    check(&of("Runtime.ImportModuleError"), &["gw-502-init-failure: Runtime.ImportModuleError"]);
    check(&of("TypeError"), &["gw-502-function-error: TypeError"]);
    let json = r#"{"time":"2026-09-25T09:20:20.000Z","type":"platform.report","record":{"requestId":"<id>","metrics":{"durationMs":26.8},"status":"error","errorType":"KIND"}}"#;
    check(
        &json.replace("KIND", "Runtime.HandlerNotFound"),
        &["gw-502-init-failure: Runtime.HandlerNotFound"],
    );
    check(&json.replace("KIND", "TypeError"), &["gw-502-function-error: TypeError"]);
}

#[test]
fn a_report_names_memory_and_the_end_of_the_process() {
    let report = run_of("LINES").replace("75 MB", "75 MB\tStatus: error\tError Type: KIND");
    let of = |lines, kind| report.replace("LINES", lines).replace("KIND", kind);
    let json = r#"{"time":"2026-09-25T09:20:20.000Z","type":"platform.report","record":{"requestId":"<id>","metrics":{"durationMs":26.8},"status":"error","errorType":"KIND"}}"#;
    let memory = "gw-502-lambda-oom: Runtime.OutOfMemory";
    check(&of("hello", "Runtime.OutOfMemory"), &[memory]);
    check(&json.replace("KIND", "Runtime.OutOfMemory"), &[memory]);
    let exit = "malformed-callback-not-called";
    check(&of("hello", "Runtime.ExitError"), &[exit]);
    check(&json.replace("KIND", "Runtime.ExitError"), &[exit]);
    // What was printed is why the process ended, whichever line comes first.
    let panic = "panic: no orders";
    let want = "gw-502-function-error: panic: no orders";
    check(&of(panic, "Runtime.ExitError"), &[want]);
    check(&format!("{}{EXIT}\n", of(panic, "Runtime.ExitError")), &[want]);
    let unknown = of("hello", "Runtime.Unknown");
    check(&unknown, &["gw-502-function-error: Runtime.Unknown"]);
}

#[test]
fn an_initialization_that_failed_is_of_the_report_behind_it() {
    let init = "INIT_REPORT Init Duration: 124.34 ms\tPhase: init\tStatus: error\tError Type: Runtime.Unknown\nINIT_REPORT Init Duration: 92.27 ms\tPhase: invoke\tStatus: error\tError Type: Runtime.Unknown\n";
    let report = "REPORT RequestId: <id>\tDuration: 104.60 ms\tBilled Duration: 105 ms\tMemory Size: 128 MB\tMax Memory Used: 80 MB\tStatus: error\tError Type: Runtime.Unknown\n";
    let want = "gw-502-init-failure: Runtime.Unknown";
    check(&format!("{init}{report}"), &[want]);
    check(&format!("{init}START RequestId: <id> Version: $LATEST\n{report}"), &[want]);
    // Another error, or another run.
    let other = report.replace("Runtime.Unknown", "TypeError");
    check(&format!("{init}{other}"), &[want, "gw-502-function-error: TypeError"]);
    let well = report.replace("\tStatus: error\tError Type: Runtime.Unknown", "");
    check(&format!("{init}{well}"), &[want]);
}

#[test]
fn an_initialization_may_run_out_of_memory() {
    let start = "INIT_REPORT Init Duration: 812.10 ms\tPhase: init\tStatus: error\tError Type: Runtime.OutOfMemory\n";
    let want = "gw-502-lambda-oom: Runtime.OutOfMemory";
    check(start, &[want]);
    check(&format!("{start}{}", run_of("hello")), &[want]);
}

#[test]
fn old_runtimes_say_in_a_line_of_its_own_what_was_not_loaded() {
    for line in [
        "Unable to import module 'orders': No module named requests",
        "Unable to import module 'index': Error",
        "module initialization error: TypeError",
    ] {
        let want = format!("gw-502-init-failure: {line}");
        check(line, &[&want]);
        check(&run_of(line), &[&want]);
        check(&run_of(&format!("{line}\nat Module.require (module.js:353:17)")), &[&want]);
    }
}

#[test]
fn an_invoke_error_without_an_id_is_of_the_run_that_goes_on() {
    let error = "Invoke Error \t{\"errorType\":\"TypeError\",\"errorMessage\":\"no\",\"stack\":[]}";
    let want = "gw-502-function-error: TypeError: no";
    let time = "2026-09-25T09:20:20.000Z\t";
    check(&run_of(&format!("{time}-\tERROR\t{error}")), &[want]);
    check(
        &run_of(&format!(
            "{time}-\tERROR\tInvoke Error \t\n{{\n    \"errorType\": \"TypeError\",\n    \"errorMessage\": \"no\"\n}}\n"
        )),
        &[want],
    );
    check(&run_of(&format!("{time}-\tERROR\tcaught")), &[]);
}

#[test]
fn bref_writes_an_invoke_error_behind_the_id_alone() {
    let error = "Invoke Error\t{\"errorType\":\"ErrorException\",\"errorMessage\":\"no\",\"stack\":[\"#5 {main}\"]}";
    let want = "gw-502-function-error: ErrorException: no";
    check(&format!("<id>\t{error}"), &[want]);
    check(&run_of(&format!("<id>\t{error}")), &[want]);
    check(&run_of(error), &[want]);
    let broken = "<id>\tInvoke Error\t\n{\n    \"errorType\": \"ErrorException\",\n    \"errorMessage\": \"no\",\n    \"stack\": [\n        \"#5 {main}\"\n    ]\n}";
    check(broken, &[want]);
    check(&run_of(broken), &[want]);
}

#[test]
fn an_error_of_loading_in_json_is_proved_by_its_trace() {
    let line = r#"{"timestamp":"2026-09-25T09:20:20.000Z","level":"ERROR","message":{"errorType":"ImportModuleError","errorMessage":"Error: Cannot find module 'app'","stackTrace":["Runtime.ImportModuleError: Error: Cannot find module 'app'"]}}"#;
    let want = "gw-502-init-failure: ImportModuleError: Error: Cannot find module 'app'";
    check(line, &[want]);
    check(&run_of(line), &[want]);
    let start = r#"{"time":"2026-09-25T09:20:20.010Z","type":"platform.start","record":{"requestId":"<id>","version":"$LATEST"}}"#;
    let report = r#"{"time":"2026-09-25T09:20:20.020Z","type":"platform.report","record":{"requestId":"<id>","status":"error","errorType":"Runtime.ImportModuleError"}}"#;
    check(&format!("{line}\n{start}\n{report}\n"), &[want]);
}

#[test]
fn python_in_json_writes_its_warning_and_the_error() {
    let error = r#""errorMessage": "'stage'", "errorType": "KeyError", "requestId": "<id>", "stackTrace": ["  File \"/var/task/app.py\", line 3, in handler\n    event['stage']\n"]}"#;
    let want = "gw-502-function-error: KeyError: 'stage'";
    let warning = "LAMBDA_WARNING: Unhandled exception. The most likely cause is an issue in the function code.";
    let in_one = format!(
        r#"{warning}\r{{"timestamp": "2026-09-25T09:20:20Z", "log_level": "ERROR", {error}"#
    )
    .replace(r"\r{", "\r{");
    check(&run_of(&in_one), &[want]);
    check(&in_one, &[want]);
    let with_level = format!(r#"{{"timestamp": "2026-09-25T09:20:20Z", "level": "ERROR", {error}"#);
    check(&run_of(&with_level), &[want]);
    let logged = with_level.replace(r#""ERROR","#, r#""ERROR", "message": "caught","#);
    check(&run_of(&logged), &[]);
}

#[test]
fn the_runtime_of_rust_names_the_run_that_panicked() {
    let line = "ERROR Lambda runtime invoke{requestId=\"<id>\" xrayTraceId=\"Root=1-66669488-0d5ea8712bcf0f5a5d5417cc;Sampled=0\"}: user handler panicked error=Any { .. }";
    let want = "gw-502-function-error: user handler panicked";
    check(&run_of(line), &[want]);
    check(line, &[want]);
    let panic = "thread 'main' (17) panicked at src/main.rs:8:1:";
    check(
        &run_of(&format!("{panic}\n{line}")),
        &[&format!("gw-502-function-error: {}", panic.replace("(17) ", ""))],
    );
    // The message is an event of its own, and says no more than its first line.
    let told = "gw-502-function-error: thread 'main' panicked at src/main.rs:8:1: no orders";
    let note = "note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace";
    check(&run_of(&format!("{panic}\nno orders\n{note}\n{line}")), &[told]);
    let other = "[INFO]\t2026-09-25T09:20:20.000Z\t<id>\tready\nno orders";
    check(&run_of(&format!("{panic}\n{other}")), &[told.strip_suffix(" no orders").expect("it")]);
    check(&run_of("thread 'tokio-runtime-worker' panicked at src/main.rs:8:1:"), &[]);
}

#[test]
fn an_uncaught_exception_may_be_copied_without_time_and_id() {
    let error = "ERROR\tUncaught Exception\t{\"errorType\":\"Error\",\"errorMessage\":\"no\",\"code\":\"EACCES\",\"stack\":[]}";
    check(error, &["gw-502-function-error: Error: no"]);
    check(&run_of(error), &["gw-502-function-error: Error: no"]);
    let report = "INIT_REPORT Init Duration: 192.42 ms  Phase: init  Status: error  Error Type: Runtime.Unknown";
    check(&format!("{error}\n{report}\n"), &["gw-502-init-failure: Error: no"]);
    let broken = "ERROR Uncaught Exception\n{\n  \"errorType\": \"Error\",\n  \"errorMessage\": \"no\",\n  \"stack\": [\n    \"Error: no\"\n  ]\n}";
    check(&format!("{broken}\n\n{report}\n"), &["gw-502-init-failure: Error: no"]);
    let package = error
        .replace("\"no\"", "\"Cannot find package 'orders' imported from /var/task/index.js\"");
    check(
        &package,
        &[
            "gw-502-init-failure: Error: Cannot find package 'orders' imported from /var/task/index.js",
        ],
    );
}

#[test]
fn a_heap_that_is_full_ends_the_process() {
    let heap = "<--- Last few GCs --->\nFATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory";
    let want = "gw-502-lambda-oom: FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory";
    let aborted =
        "RequestId: <id> Error: Runtime exited with error: signal: aborted\nRuntime.ExitError";
    check(&run_of(&format!("{heap}\n{aborted}")), &[want]);
    check(&format!("{}{aborted}\n", run_of(heap)), &[want]);
    // A child process.
    check(&run_of(heap), &[]);
}

#[test]
fn an_initialization_that_is_cut_off_twice_is_slow_and_not_broken() {
    let init = "INIT_REPORT Init Duration: 9999.58 ms\tPhase: init\tStatus: timeout\n";
    let again = "INIT_REPORT Init Duration: 6006.37 ms\tPhase: invoke\tStatus: error\tError Type: Runtime.Unknown\n";
    let slow = "gw-502-init-timeout";
    check(&format!("{init}{again}"), &[slow]);
    check(&format!("{init}{again}{}", run_of("hello")), &[slow]);
    // What was printed says why.
    let error = "[ERROR] Runtime.ImportModuleError: no orders\n";
    let broken = "gw-502-init-failure: Runtime.ImportModuleError: no orders";
    check(&format!("{init}{error}{again}{}", run_of("hello")), &[broken]);
    let known = again.replace("Unknown", "ImportModuleError");
    check(&format!("{init}{known}"), &["gw-502-init-failure: Runtime.ImportModuleError"]);
    check(again, &["gw-502-init-failure: Runtime.Unknown"]);
}

#[test]
fn a_shell_that_cannot_start_a_program_exits_with_126_or_127() {
    let exit = |status| {
        format!(
            "RequestId: <id> Error: Runtime exited with error: exit status {status}\nRuntime.ExitError"
        )
    };
    let want = "lambda-program-not-runnable";
    let said = "/var/task/bootstrap: line 3: ./orders: cannot execute binary file\n";
    check(&format!("{said}{}", run_of(&exit("126"))), &[want]);
    check(&run_of(&exit("127")), &[want]);
    for other in ["1", "12", "128", "1270"] {
        check(&run_of(&exit(other)), &["malformed-callback-not-called"]);
    }
    let error = "[ERROR] KeyError: 'TABLE'\nTraceback (most recent call last):\n  File \"/var/task/app.py\", line 12, in handler";
    check(
        &run_of(&format!("{error}\n{}", exit("127"))),
        &["gw-502-function-error: KeyError: 'TABLE'"],
    );
}

#[test]
fn an_extension_that_ends_is_not_the_handler() {
    for (crash, want) in [
        ("exit code 0\nExtension.InitError", "Extension.InitError: exit code 0"),
        ("signal: terminated\nExtension.Crash", "Extension.Crash: signal: terminated"),
        ("exit code 0 Extension.Crash", "exit code 0 Extension.Crash"),
    ] {
        let want = format!("lambda-extension-failed: {want}");
        let crash = format!("RequestId: <id> Error: {crash}");
        check(&run_of(&crash), &[&want]);
        check(&format!("{}{crash}\n", run_of("2022/03/10 10:48:45 Exiting")), &[&want]);
    }
}

#[test]
fn a_report_may_be_broken_over_lines() {
    let report = "REPORT RequestId: <id>\nDuration: 3000.00 ms\nBilled Duration: 3000 ms\nMemory Size: 128 MB\nMax Memory Used: 75 MB\nStatus: timeout";
    check(report, &["gw-502-lambda-timeout"]);
    let failed = report.replace("timeout", "error\nError Type: Runtime.ImportModuleError");
    check(&failed, &["gw-502-init-failure: Runtime.ImportModuleError"]);
    check(&report.replace("\nStatus: timeout", ""), &[]);
}

#[test]
fn the_type_of_an_unknown_error_follows_on_the_next_line() {
    for (kind, rule) in [
        ("Runtime.UserCodeSyntaxError", "gw-502-init-failure"),
        ("Runtime.Unknown", "gw-502-function-error"),
        ("TypeError", "gw-502-function-error"),
    ] {
        let error = format!("Unknown application error occurred\n{kind}");
        let want = format!("{rule}: {kind}: Unknown application error occurred");
        check(&run_of(&error), &[&want]);
        check(&format!("{}{error}\n", run_of("hello")), &[&want]);
        check(&format!("{}{error}\n{}", run_of(""), run_of("").replace("<id>", OTHER)), &[&want]);
    }
    // It adds nothing to what the runtime said.
    let ruby = "Init error when loading handler app.handler\n{\n\"errorMessage\": \"no\",\n\"errorType\": \"Init<LoadError>\"\n}";
    let error = "Unknown application error occurred\nInit<LoadError>\n";
    let want = "gw-502-init-failure: Init<LoadError>: no";
    check(&format!("{}{error}", run_of(ruby)), &[want]);
    let want = "gw-502-function-error: Unknown application error occurred";
    check(&run_of("Unknown application error occurred\nhello"), &[want]);
}

#[test]
fn a_package_without_a_bootstrap_was_not_loaded() {
    let error = "Error: Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]";
    let document = format!(
        "{{\"errorType\": \"Runtime.ExitError\", \"errorMessage\": \"RequestId: <id> {error}\"}}"
    );
    let want = format!("gw-502-init-failure: Runtime.ExitError: {error}");
    check(&document, &[&want]);
    let want = format!("gw-502-init-failure: Runtime.ExitError: {}", error.replace("Error: ", ""));
    check(&run_of(&format!("RequestId: <id> {error}\nRuntime.ExitError")), &[&want]);
}

#[test]
fn a_trace_may_have_lost_its_indentation() {
    let net = "2026-09-25T09:20:20.000Z\t<id>\tfail\tSystem.ApplicationException: no\n---> System.ArgumentException: input\nat Shop.Function.Read(String input) in C:\\Shop\\Function.cs:line 45\n--- End of inner exception stack trace ---\nat Shop.Function.Handle(String input) in C:\\Shop\\Function.cs:line 49";
    check(&run_of(net), &["gw-502-function-error: System.ApplicationException: no"]);
    let java = "no: java.lang.RuntimeException\njava.lang.RuntimeException: no\nat shop.App.handleRequest(App.java:12)";
    check(&run_of(java), &["gw-502-function-error: java.lang.RuntimeException: no"]);
    let logged = "2026-09-25T09:20:20.000Z\t<id>\tfail\tSystem.ApplicationException: no\nat noon";
    check(&run_of(logged), &[]);
}

#[test]
fn the_old_runtime_of_go_prints_frames_or_null_behind_the_type() {
    let stamped = |said: &str| {
        let end = END.replace('\n', "\n2026-11-22T10:00:00.036Z ");
        format!(
            "2026-11-22T10:00:00.000Z START RequestId: <id> Version: $LATEST\n2026-11-22T10:00:00.035Z {said}\n2026-11-22T10:00:00.036Z {end}\n"
        )
    };
    let returned = stamped("no order: errorString\nnull");
    check(&returned, &["gw-502-function-error: errorString: no order"]);
    let panic = "no order: string\n[\n  {\"path\": \"runtime/panic.go\", \"line\": 679, \"label\": \"gopanic\"}\n]";
    check(&stamped(panic), &["gw-502-function-error: string: no order"]);
    check(&stamped("no order: errorString"), &[]);
    check(&stamped("orders: list\n[\n  {\"path\": \"a\"}\n]"), &[]);
}

#[test]
fn the_emulator_of_sam_names_the_function_that_timed_out() {
    check(
        &run_of("Function 'orders' timed out after 3 seconds"),
        &["gw-502-lambda-timeout: Task timed out after 3 seconds"],
    );
    check(&run_of("Function 'orders' timed out after 3 retries"), &[]);
}

#[test]
fn a_timeout_is_a_line_of_its_own_behind_stamped_ones() {
    let log = "2026-11-22T10:00:00.100Z START RequestId: <id> Version: $LATEST\n2026-11-22T10:00:00.200Z [INFO] asking the bank\n2026-11-22T10:00:30.105Z <id> Task timed out after 30.00 seconds\n2026-11-22T10:00:30.106Z END RequestId: <id>\n";
    check(log, &["gw-502-lambda-timeout: Task timed out after 30.00 seconds"]);
}

/// An event of a REST API with this path and this request id of the gateway.
fn event(path: &str, id: &str) -> String {
    format!(
        r#"event: {{"resource": "{path}", "path": "{path}", "httpMethod": "GET", "headers": {{"origin": "https://shop.example"}}, "requestContext": {{"resourcePath": "{path}", "apiId": "abc123", "httpMethod": "GET", "path": "/prod{path}", "requestId": "{id}", "stage": "prod"}}, "body": null, "isBase64Encoded": false}}"#
    )
}

/// Path and logged status of each exchange, in any order.
fn exchanges(log: &str) -> Vec<(String, Option<u16>)> {
    let run = run::text(&RuleSet::builtin(), log.as_bytes());
    let mut found: Vec<_> = run
        .judged
        .iter()
        .map(|(exchange, ..)| {
            let response = exchange.invocation.as_ref().and_then(|run| run.response.as_ref());
            let status = response.and_then(|response| response.get("statusCode")?.as_u64());
            let path = exchange.text(corscope::model::Text::Path).unwrap_or_default();
            (path.into_owned(), status.and_then(|status| u16::try_from(status).ok()))
        })
        .collect();
    found.sort();
    found
}

#[test]
fn events_of_two_requests_are_two_exchanges_whoever_ran() {
    let [first, second] = [("/a", ID), ("/b", OTHER)].map(|(path, id)| event(path, id));
    let [ok, created] = [200, 201].map(|status| {
        format!("{{\"statusCode\": {status}, \"headers\": {{}}, \"body\": \"{{}}\"}}")
    });
    let filtered = format!("{first}\n{ok}\n{second}\n{created}\n");
    let want = [("/a".to_owned(), Some(200)), ("/b".to_owned(), Some(201))];
    assert_eq!(exchanges(&filtered), want);
    // An event that was logged twice is one.
    let again = format!("{first}\n{ok}\n{second}\n{first}\n{second}\n{created}\n");
    assert_eq!(exchanges(&again), want);
    // Two runs go on in a container that names no streams.
    let runs = ["1f0c2b8e-8f6f-4a5c-9f0b-6f7f1f7d2a10", "2f0c2b8e-8f6f-4a5c-9f0b-6f7f1f7d2a10"];
    let [starts, ends] = [("START", " Version: $LATEST"), ("END", "")]
        .map(|(word, behind)| runs.map(|id| format!("{word} RequestId: {id}{behind}\n")).concat());
    let error = "[ERROR] KeyError: 'job'\nTraceback (most recent call last):\n  File \"/var/task/app.py\", line 14, in handler\n    return event['job']\n";
    let mixed = format!("{starts}{first}\n{second}\n{error}{ends}");
    let without_status = [("/a".to_owned(), None), ("/b".to_owned(), None)];
    let shown: Vec<_> =
        exchanges(&mixed).into_iter().filter(|(path, _)| !path.is_empty()).collect();
    assert_eq!(shown, without_status);
    check(&mixed, &["gw-502-function-error: KeyError: 'job'"]);
    // Which of both answered so is not said, nor that nobody did.
    let answered = format!("{starts}{first}\n{second}\n{ok}\n{ends}");
    assert_eq!(exchanges(&answered), without_status);
    let run = run::text(&RuleSet::builtin(), answered.as_bytes());
    assert_eq!(run.report.ledger.unjoined, 1);
}

#[test]
fn what_another_service_answered_is_no_response_of_the_function() {
    let client = "2026-11-22T10:00:00.200Z\t<id>\tINFO\t{\n  body: { status: 'green' },\n  statusCode: 200,\n  headers: { 'content-length': '397' },\n  warnings: null,\n  meta: { context: null, request: [Object] }\n}";
    let nested = "2026-11-22T10:00:00.200Z\t<id>\tERROR\t{\"message\":\"failed\",\"err\":{\"statusCode\":500,\"headers\":{},\"body\":{\"a\":1}}}";
    for line in [client, nested] {
        let log = run_of(&format!("{}\n{line}", event("/a", OTHER)));
        check(&log, &[]);
        let log = log.replace("<id>", ID);
        assert_eq!(exchanges(&log), [("/a".to_owned(), None)], "{line}");
    }
}

#[test]
fn a_malformed_response_that_only_the_function_logged_is_likely() {
    let response = "response: {\"statusCode\": 200, \"headers\": {}, \"body\": {\"a\": 1}}";
    let log = run_of(&format!("{}\n{response}", event("/a", OTHER))).replace("<id>", ID);
    let run = run::text(&RuleSet::builtin(), log.as_bytes());
    let findings = run.judged.iter().flat_map(|(_, _, findings)| findings);
    let found: Vec<_> = findings
        .filter(|finding| finding.rule.kind == Kind::Cause)
        .map(|finding| (finding.rule.id.as_str(), finding.confidence.as_str()))
        .collect();
    assert_eq!(found, [("malformed-body-object", "likely")]);
}

#[test]
fn errors_that_a_filter_left_are_each_of_a_run() {
    let error = |name: &str| {
        format!(
            "[ERROR] KeyError: '{name}'\nTraceback (most recent call last):\n  File \"/var/task/app.py\", line 14, in handler\n    return event['{name}']\n"
        )
    };
    let log = ["job", "user", "job"].map(error).concat();
    let job = "gw-502-function-error: KeyError: 'job'";
    check(&log, &[job, "gw-502-function-error: KeyError: 'user'", job]);
    // Printed twice, without a time between.
    check(&format!("{0}{0}", error("job")), &[job]);
}

#[test]
fn what_the_caller_of_a_run_got_belongs_to_the_run() {
    let error = "2017-06-22T06:36:19.294Z\t<id>\tTypeError: Cannot read property '0' of undefined\n    at exports.handler (/var/task/index.js:20:34)";
    let exit = "RequestId: <id> Process exited before completing request";
    let log = format!("{}{exit}\n", run_of(error));
    let before = format!("{{\n  \"errorMessage\": \"{exit}\"\n}}\n\nFunction Logs\n{log}");
    let want = "gw-502-function-error: TypeError: Cannot read property '0' of undefined";
    check(&before, &[want]);
    let timeout =
        "{\"errorMessage\": \"2017-10-16T18:12:25.852Z <id> Task timed out after 3.00 seconds\"}";
    let want = "gw-502-lambda-timeout: Task timed out after 3.00 seconds";
    check(&format!("{timeout}\n{}", run_of("")), &[want]);
    // As emulators print it.
    for document in [
        "{\"errorMessage\": \"no\", \"errorType\": \"errorString\"}",
        "{\n  \"errorMessage\": \"no\",\n  \"errorType\": \"errorString\"\n}",
        "\n{\"errorMessage\": \"no\", \"errorType\": \"errorString\", \"requestId\": \"<id>\"}",
    ] {
        let log = format!("{}\n{document}\n", run_of("").trim_end());
        check(&log, &["gw-502-function-error: errorString: no"]);
        let run = run::text(&RuleSet::builtin(), log.replace("<id>", ID).as_bytes());
        let ids: Vec<_> = run
            .judged
            .iter()
            .map(|(exchange, ..)| exchange.lambda_request_id.map(|id| id.to_string()))
            .collect();
        assert_eq!(ids, [Some(ID.to_owned())], "{document}");
    }
    let answered = format!(
        "{}\n{{\"statusCode\": 202, \"headers\": {{}}, \"body\": \"x\"}}\n",
        run_of(&event("/a", OTHER))
    );
    assert_eq!(exchanges(&answered.replace("<id>", ID)), [("/a".to_owned(), Some(202))]);
    // Far behind a run that ended it is another one's.
    let log = format!("{}a\nb\nc\nd\n{{\"errorMessage\": \"no\"}}\n", run_of(""));
    let run = run::text(&RuleSet::builtin(), log.replace("<id>", ID).as_bytes());
    assert!(run.judged.iter().all(|(exchange, ..)| exchange.lambda_request_id.is_none()));
}

#[test]
fn programs_and_modules_that_cannot_start() {
    let glibc = "/var/task/bootstrap: /lib64/libc.so.6: version `GLIBC_2.28' not found (required by /var/task/bootstrap)";
    let want = format!("lambda-exits-at-start: Runtime.ExitError: {glibc}");
    let exit = "RequestId: <id> Error: Runtime exited with error: exit status 1\nRuntime.ExitError";
    check(&format!("{glibc}\n{}", run_of(exit)), &[&want]);
    check(&run_of(&format!("{glibc}\n{exit}")), &[&want]);
    check(&run_of(&format!("{exit}\n{glibc}")), &[&want]);
    let module = "2022-09-24T10:28:00.985Z\tundefined\tERROR\tError [ERR_MODULE_NOT_FOUND]: Cannot find module '/var/task/src/utils' imported from /var/task/pin.js\n    at new NodeError (node:internal/errors:372:5)";
    let want = "gw-502-init-failure: Error [ERR_MODULE_NOT_FOUND]: Cannot find module '/var/task/src/utils' imported from /var/task/pin.js";
    check(&format!("{module}\n{exit}\n"), &[want]);
    let import = "[ERROR] PermissionError: [Errno 13] Permission denied\nTraceback (most recent call last):\n  File \"/var/lang/lib/python3.9/importlib/__init__.py\", line 127, in import_module\n    return _bootstrap._gcd_import(name[level:], package, level)\n  File \"/var/task/app.py\", line 3, in <module>\n    open('x')";
    check(&run_of(import), &["gw-502-init-failure: PermissionError: [Errno 13] Permission denied"]);
    // What a handler imports is its own.
    let own = import.replace("  File \"/var/lang", "  File \"/var/task/app.py\", line 9, in handler\n    import_module('x')\n  File \"/var/lang");
    check(&run_of(&own), &["gw-502-function-error: PermissionError: [Errno 13] Permission denied"]);
    // A start that was made in the invocation is the invocation's.
    let again = "INIT_REPORT Init Duration: 5.51 ms\tPhase: invoke\tStatus: error\tError Type: Extension.Crash\n";
    let crash = "RequestId: <id> Error: exit status 1 Extension.Crash";
    check(
        &format!("{}{again}", run_of(crash)),
        &["lambda-extension-failed: exit status 1 Extension.Crash"],
    );
}

#[test]
fn micronauts_runtime_names_the_run() {
    for (line, want) in [
        ("null", "java.lang.NullPointerException"),
        ("no cart: ", "no cart: java.lang.IllegalStateException"),
    ] {
        let class = want.rsplit(' ').next().unwrap_or_default();
        let error = format!(
            "Invocation with requestId [<id>] failed: {line}{class}\n\tat shop.Cart.get(Cart.java:3)"
        );
        let want = format!("gw-502-function-error: {want}");
        check(&error, &[&want]);
        check(&run_of(&error), &[&want]);
    }
}

#[test]
fn lines_from_which_the_id_was_taken_out() {
    let timeout = "2024-06-25T19:22:58.186Z  Task timed out after 30.27 seconds\n";
    check(timeout, &["gw-502-lambda-timeout: Task timed out after 30.27 seconds"]);
    let error = "[ERROR] KeyError: 'job'\nTraceback (most recent call last):\n  File \"/var/task/app.py\", line 14, in handler\n    return event['job']\n";
    check(
        &format!("{error}{timeout}"),
        &[
            "gw-502-function-error: KeyError: 'job'",
            "gw-502-lambda-timeout: Task timed out after 30.27 seconds",
        ],
    );
}

#[test]
fn what_viewers_of_logs_put_in_front_hides_no_failure() {
    let run = [
        "START RequestId: <id> Version: $LATEST",
        "2026-11-22T10:00:03.000Z <id> Task timed out after 3.00 seconds",
        "END RequestId: <id>",
        "REPORT RequestId: <id>\tDuration: 3000.00 ms\tBilled Duration: 3000 ms",
    ];
    for prefix in [
        "[2026-11-22T12:00:03+02:00] ",
        "[2026-11-22 10:00:03.000000] ",
        "[1795341603000] ",
        "2026-11-22T10:00:03.000+00:00[  orders-f622aef] ",
        "2026-11-22 10:00:03 - ",
        "10:00:03 - ",
        "[/aws/lambda/orders] ",
        "orders-1  | ",
    ] {
        let log = run.map(|line| format!("{prefix}{line}\n")).concat();
        check(&log, &["gw-502-lambda-timeout: Task timed out after 3.00 seconds"]);
    }
    // Behind one that shows what the brackets are, any message is an event.
    let event = event("/a", OTHER).replace("event: ", "");
    let log = format!(
        "[1795341600000] START RequestId: <id> Version: $LATEST\n[1795341600001] hello\n[1795341600002] {event}\n"
    );
    assert_eq!(exchanges(&log.replace("<id>", ID)), [("/a".to_owned(), None)]);
}

#[test]
fn an_error_that_a_logger_stamped_is_handled() {
    let error = "[ERROR] KeyError: 'a'\nTraceback (most recent call last):\n  File \"/var/task/app.py\", line 14, in handler\n    return event['a']";
    for stamp in ["[2026-11-22 10:00:00] ", "2026-11-22 10:00:00,123 - ", "10:00:00 - "] {
        check(&run_of(&format!("{stamp}{error}")), &[]);
    }
}

#[test]
fn what_node_adds_to_an_error_does_not_hide_it() {
    let document = |members: &str| {
        format!(
            "{{\"errorType\":\"Error\",\"errorMessage\":\"connect ECONNREFUSED\",{members}\"stack\":[\"Error: connect ECONNREFUSED\"]}}"
        )
    };
    for members in ["", "\"$metadata\":{\"attempts\":1},", "\"name\":\"x\",\"port\":3306,"] {
        let want = ["gw-502-function-error: Error: connect ECONNREFUSED"];
        check(&document(members), &want);
        for label in ["Unhandled Promise Rejection", "Uncaught Exception", "Invoke Error"] {
            check(&format!("{label} \t{}", document(members)), &want);
        }
    }
    // An access log has no stack, and a document of an application begins otherwise.
    check("{\"errorType\":\"Error\",\"errorMessage\":\"no\",\"port\":1}", &[]);
    check("{\"name\":\"x\",\"errorType\":\"Error\",\"errorMessage\":\"no\",\"stack\":[]}", &[]);
}

#[test]
fn a_program_that_cannot_be_started_is_named() {
    let error = "RequestId: <id> Error: fork/exec /entrypoint.sh: exec format error";
    check(
        &format!("{{\"errorType\":\"Runtime.InvalidEntrypoint\",\"errorMessage\":\"{error}\"}}"),
        &[
            "gw-502-init-failure: Runtime.InvalidEntrypoint: Error: fork/exec /entrypoint.sh: exec format error",
        ],
    );
    let denied = "fork/exec /var/task/main: permission denied";
    check(
        &format!("{{\"errorMessage\":\"{denied}\",\"errorType\":\"PathError\"}}"),
        &[&format!("gw-502-init-failure: PathError: {denied}")],
    );
    check(
        "05 May 2023 10:05:24,350 [ERROR] (rapid) Init failed error=fork/exec /var/task/bootstrap: no such file or directory InvokeID=",
        &["gw-502-init-failure: fork/exec /var/task/bootstrap: no such file or directory"],
    );
    check(
        "Runtime.ImportModuleError: Unable to import module 'app': No module named 'shared'",
        &[
            "gw-502-init-failure: Runtime.ImportModuleError: Unable to import module 'app': No module named 'shared'",
        ],
    );
}

#[test]
fn the_end_of_a_process_is_told_without_an_id() {
    let killed = "Error: Runtime exited with error: signal: killed\nRuntime.ExitError\n";
    check(
        killed,
        &["gw-502-lambda-oom: Error: Runtime exited with error: signal: killed\nRuntime.ExitError"],
    );
    check(
        "Node.js process exited with exit status: 1. The logs above can help with debugging the issue.",
        &["malformed-callback-not-called"],
    );
    check("the Error: Runtime exited with error: exit status 1 was seen", &[]);
    for hidden in ["<ID>", "xxxxxxxx", "<request-id>"] {
        check(
            &format!("2026-11-22T10:00:03.000Z {hidden} Task timed out after 3.11 seconds"),
            &["gw-502-lambda-timeout: Task timed out after 3.11 seconds"],
        );
    }
    check("[INFO] Task timed out after 3.11 seconds", &[]);
    check("2026-11-22T10:00:03.000Z job Task timed out after 3.11 seconds", &[]);
    check(
        "2023-05-05 12:05:34,347 | Function 'Orders' timed out after 10 seconds",
        &["gw-502-lambda-timeout: Task timed out after 10 seconds"],
    );
}

#[test]
fn php_comes_to_its_end_in_several_words() {
    let error = "Uncaught Error: no such class in /var/task/index.php:3";
    for line in [format!("PHP Fatal error:  {error}"), format!("Fatal error: {error}")] {
        check(&line, &["gw-502-function-error: Error: no such class in /var/task/index.php:3"]);
    }
    // Before Bref asked for a request.
    let missing =
        "require(): Failed opening required 'vendor/autoload.php' in /opt/bootstrap on line 8";
    check(&format!("PHP Fatal error:  {missing}"), &[&format!("gw-502-init-failure: {missing}")]);
}

#[test]
fn the_runtime_of_rust_tells_of_errors_in_the_span_of_the_request() {
    let span = "ERROR Lambda runtime invoke{requestId=\"<id>\" xrayTraceId=\"Root=1-2\"}: ";
    check(
        &format!("{span}lambda_runtime: Error {{ kind: SendRequest }}"),
        &["gw-502-function-error: Error { kind: SendRequest }"],
    );
    check(&format!("{span}Any {{ .. }}"), &["gw-502-function-error: user handler panicked"]);
    check(&format!("{span}orders: no stock"), &[]);
}

#[test]
fn an_extension_that_fails_says_so_in_its_own_line() {
    let line = |state: &str| format!("EXTENSION\tName: agent\tState: {state}\tEvents: [INVOKE]");
    check(
        &format!("{}\tError Type: Extension.InitError", line("InitError")),
        &["lambda-extension-failed: Extension.InitError"],
    );
    check(&line("Ready"), &[]);
}

#[test]
fn a_failure_and_what_the_platform_says_behind_it_are_one() {
    let error = "2026-11-22T10:00:00.000Z\t<id>\tERROR\tUncaught Exception \t{\"errorType\":\"ReferenceError\",\"errorMessage\":\"self is not defined\",\"stack\":[]}";
    check(
        &format!("{error}\nUnknown application error occurred\n"),
        &["gw-502-function-error: ReferenceError: self is not defined"],
    );
}

#[test]
fn a_run_that_answered_has_not_failed_to_start() {
    let other = OTHER;
    let log = run_of(
        "2026-11-22T10:00:00.000Z\t<id>\tINFO\t{\"statusCode\":200,\"headers\":{\"Access-Control-Allow-Origin\":\"*\"},\"body\":\"ok\"}",
    ) + &format!(
        "INIT_REPORT Init Duration: 109.22 ms\tPhase: invoke\tStatus: error\tError Type: Runtime.ImportModuleError\n\
             REPORT RequestId: {other}\tDuration: 122.39 ms\tBilled Duration: 123 ms\tStatus: error\tError Type: Runtime.ImportModuleError\n"
    );
    check(&log, &["gw-502-init-failure: Runtime.ImportModuleError"]);
}

#[test]
fn the_code_of_a_handler_is_no_response() {
    for code in [
        "return {statusCode: 200, headers: {}, body: 'a'}",
        "callback(null, { statusCode: 200, headers: {}, body: 'a' })",
        "const response = { statusCode: 200, headers: {}, body: 'a' }",
        "response = {\"statusCode\": 200, \"headers\": {}, \"body\": json.dumps(\"a\")}",
        "def handler(event, context):\n    return {\n        'statusCode': 200,\n        'body': 'a'\n    }",
    ] {
        assert_eq!(exchanges(code), [], "{code}");
    }
    let logged = "response: { statusCode: 200, headers: {}, body: 'a' }";
    assert_eq!(exchanges(logged), [(String::new(), Some(200))]);
}

#[test]
fn a_run_that_failed_takes_no_line_of_the_next() {
    let ends = [
        "RequestId: <id> Error: Runtime exited with error: signal: killed\nRuntime.ExitError",
        "2026-11-22T10:00:03.000Z <id> Task timed out after 3.00 seconds",
    ];
    let wants = [
        "gw-502-lambda-oom: Error: Runtime exited with error: signal: killed\nRuntime.ExitError",
        "gw-502-lambda-timeout: Task timed out after 3.00 seconds",
    ];
    for (end, want) in ends.iter().zip(wants) {
        let log = format!(
            "START RequestId: <id> Version: $LATEST\n{end}\nSTART RequestId: {OTHER} Version: $LATEST\n\
             Unable to import module 'app': No module named x\nEND RequestId: {OTHER}\n"
        );
        let module = "gw-502-init-failure: Unable to import module 'app': No module named x";
        let run = run::text(&RuleSet::builtin(), log.replace("<id>", ID).as_bytes());
        let findings = run.judged.iter().flat_map(|(_, _, findings)| findings);
        let mut told: Vec<String> = findings
            .filter(|finding| finding.rule.kind == Kind::Cause)
            .map(|cause| format!("{}: {}", cause.rule.id, cause.detail.as_deref().unwrap_or("")))
            .collect();
        told.sort();
        assert_eq!(told, [module, want], "{log}");
    }
}

#[test]
fn a_response_that_is_logged_in_words_of_code_is_one() {
    let response = "{\"statusCode\":200,\"headers\":{},\"body\":\"use JSON.stringify(x)\"}";
    for before in ["return ", "About to return ", "Response: "] {
        let log = run_of(&format!("2026-11-22T10:00:00.000Z\t<id>\tINFO\t{before}{response}"));
        assert_eq!(exchanges(&log.replace("<id>", ID)), [(String::new(), Some(200))], "{log}");
    }
}

#[test]
fn a_table_of_a_function_is_no_access_log() {
    let line = "2026-11-22T10:00:00.000Z\t<id>\tOPTIONS\t/pets\t500\tms";
    assert_eq!(exchanges(&run_of(line).replace("<id>", ID)), []);
}
