//! Errors of every runtime: those that left the handler, of loading, and that were logged.
//!
//! Must not: hold a line of a real log.

use super::*;

#[test]
fn errors_that_left_the_handler() {
    let node = r#"{"errorType":"TypeError","errorMessage":"a \"b\"","stack":["TypeError: a"]}"#;
    for (what, between) in [
        ("Invoke Error", " \t"),
        ("Invoke Error", "\t"),
        ("Invoke Error", " \t\n"),
        ("Uncaught Exception", " \t"),
    ] {
        check(
            &format!("2026-11-22T10:00:00.000Z\t<id>\tERROR\t{what}{between}{node}"),
            "unhandled TypeError: a \"b\"",
        );
    }
    // PHP, by Bref.
    check(&format!("<id>\tInvoke Error\t{node}"), "unhandled TypeError: a \"b\"");
    check(&format!("<id>\tInvoke Error\t\n{node}"), "unhandled TypeError: a \"b\"");
    // Node 24 writes no id, and Node before it none before the first request.
    for id in ["\t-\t", "    -    ", "\tundefined\t"] {
        let line = format!("2026-11-22T10:00:00.000Z{id}ERROR\tInvoke Error \t{node}");
        check(&line, "unhandled TypeError: a \"b\"");
    }
    check(
        &format!("2026-11-22T10:00:00.000Z\t-\tERROR\tUncaught Exception \t{node}"),
        "unhandled TypeError: a \"b\"",
    );
    check(
        "2026-11-22T10:00:00.000Z\t<id>\t{\"errorMessage\":\"Error: boom\"}",
        "unhandled Error: boom",
    );
    check(
        "[ERROR] KeyError: 'origin'\nTraceback (most recent call last):\n\u{a0}\u{a0}File \"/var/task/app.py\", line 3, in handler\n",
        "unhandled KeyError: 'origin'",
    );
    check(
        "LAMBDA_WARNING: Unhandled exception. See runtimes-update.html\r[ERROR] KeyError: 'a'\nTraceback (most recent call last):",
        "unhandled KeyError: 'a'",
    );
    check(
        "[WARNING]\t2026-11-22T10:00:00.000Z\t\tLAMBDA_WARNING: Unhandled exception.",
        "platform",
    );
    check(
        "boom: java.lang.IllegalStateException\njava.lang.IllegalStateException: boom\n\tat shop.App.handleRequest(App.java:12)\n",
        "unhandled java.lang.IllegalStateException: boom",
    );
    check(
        "2026-11-22T10:00:00.000Z\t<id>\tfail\tSystem.InvalidOperationException: boom\n   at Shop.Function.Handle()",
        "unhandled System.InvalidOperationException: boom",
    );
    check(
        "2026-11-22T10:00:00.000Z\t<id>\tfail\tSystem.ApplicationException: boom\n---> System.ArgumentException: x\nat Shop.Function.Handle()",
        "unhandled System.ApplicationException: boom",
    );
    check(
        r#"2026/11/22 10:00:00 {"errorMessage":"boom","errorType":"errorString"}"#,
        "unhandled errorString: boom",
    );
    check(r#"{"errorMessage":"boom","errorType":"errorString"}"#, "unhandled errorString: boom");
    check("panic: boom\n\ngoroutine 1 [running]:", "unhandled panic: boom");
    check(
        "Error raised from handler method\n{\n  \"errorMessage\": \"boom\",\n  \"errorType\": \"Function<TypeError>\"\n}",
        "unhandled Function<TypeError>: boom",
    );
    check(
        r#"{"timestamp":"t","log_level":"ERROR","errorMessage":"boom","errorType":"ValueError","requestId":"<id>","stackTrace":[]}"#,
        "unhandled ValueError: boom",
    );
    check(
        r#"{"timestamp":"t","message":"boom: java.lang.Error\njava.lang.Error: boom\n\tat a.B.c(B.java:1)\n","level":"ERROR","AWSRequestId":"<id>"}"#,
        "unhandled java.lang.Error: boom",
    );
    check(
        "[ERROR] [1790000000000] LAMBDA_RUNTIME Failed to post handler success response. Http response code: 413.",
        "unhandled LAMBDA_RUNTIME Failed to post handler success response. Http response code: 413.",
    );
}

#[test]
fn errors_of_python_in_json() {
    for end in ['\r', '\n'] {
        check(
            &format!(
                "LAMBDA_WARNING: Unhandled exception. See runtimes-update.html{end}{{\"timestamp\": \"t\", \"log_level\": \"ERROR\", \"errorMessage\": \"'a'\", \"errorType\": \"KeyError\", \"requestId\": \"<id>\", \"stackTrace\": []}}"
            ),
            "unhandled KeyError: 'a'",
        );
    }
    check("LAMBDA_WARNING: Unhandled exception.\r{\"order\": 1}", "platform");
    let level = r#"{"timestamp":"t","level":"ERROR","errorMessage":"boom","errorType":"ValueError","requestId":"<id>","stackTrace":[]}"#;
    check(level, "unhandled ValueError: boom");
    check(&level.replace("\"stackTrace\"", "\"orders\""), "application");
    check(&level.replace("ERROR", "INFO"), "application");
}

#[test]
fn panics_in_rust() {
    for number in ["", "(8) ", "(6018279) "] {
        let place = format!("thread 'main' {number}panicked at src/main.rs:3:5:");
        let want = "unhandled thread 'main' panicked at src/main.rs:3:5:";
        check(&place, want);
        check(&format!("{place}\nno orders\nnote: run with"), &format!("{want} no orders"));
    }
    check(
        "thread 'main' panicked at 'no orders', src/main.rs:3:5",
        "unhandled thread 'main' panicked at 'no orders', src/main.rs:3:5",
    );
    // Another thread may die and the handler go on.
    check_none("thread 'tokio-runtime-worker' panicked at src/main.rs:3:5:");
    check_none("thread 'main' (a) panicked at src/main.rs:3:5:");
    check_none("thread 'main' has started");
    let span = "ERROR Lambda runtime invoke{requestId=\"<id>\" xrayTraceId=\"Root=1-5d9d007f-0a8c7fd0200000000000000a;Sampled=0\"}: ";
    for module in ["", "lambda_runtime::layers::panic: "] {
        check(
            &format!("{span}{module}user handler panicked error=Any {{ .. }}"),
            "unhandled user handler panicked",
        );
    }
    check_none(&format!("{span}orders: a user handler panicked").replace("<id>", ID));
    check_none(&format!("{span}saw \"user handler panicked error=1\"").replace("<id>", ID));
}

#[test]
fn errors_of_node_without_time_and_id() {
    let document = r#"{"errorType":"Error","errorMessage":"no file","code":"ENOENT","errno":-2}"#;
    for label in [
        "ERROR\tUncaught Exception\t",
        "ERROR Uncaught Exception ",
        "ERROR\tUncaught Exception\n",
        "ERROR\tInvoke Error \t",
        "ERROR  Unhandled Promise Rejection  ",
    ] {
        check(&format!("{label}{document}"), "unhandled Error: no file");
    }
    check(document, "unhandled Error: no file");
    check(
        "ERROR Uncaught Exception {\n  \"errorType\":\"Runtime.ImportModuleError\",\n  \"errorMessage\":\"no\"\n}",
        "init-error Runtime.ImportModuleError: no",
    );
    check_none(&document.replace("errno", "order"));
    check_none(r#"{"path":"/orders","errorMessage":"no","errorType":"Error"}"#);
    check_none("ERROR Uncaught Exception");
    check_none("ERROR Uncaught Exception of order {\"id\":1}");
    check_none("ERROR\tInvoke Errors {\"id\":1}");
}

#[test]
fn a_full_heap_is_fatal_if_the_process_dies() {
    check(
        "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n 1: 0xb7a940 node::Abort()",
        "logged FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory",
    );
    check_none("FATAL ERROR: no orders");
    check_none("it says FATAL ERROR: JavaScript heap out of memory");
}

#[test]
fn errors_of_loading() {
    check(
        "2026-11-22T10:00:00.000Z\tundefined\tERROR\tUncaught Exception \t{\"errorType\":\"Runtime.ImportModuleError\",\"errorMessage\":\"Error: Cannot find module 'x'\"}",
        "init-error Runtime.ImportModuleError: Error: Cannot find module 'x'",
    );
    check(
        "2026-11-22T10:00:00.000Z\tundefined\tERROR\tUncaught Exception \t{\"errorType\":\"Error\",\"errorMessage\":\"no table\"}",
        "init-error Error: no table",
    );
    check(
        "2026-11-22T10:00:00.000Z\t-\tERROR\tUncaught Exception \t{\"errorType\":\"Runtime.ImportModuleError\",\"errorMessage\":\"no\"}",
        "init-error Runtime.ImportModuleError: no",
    );
    check(
        "[ERROR] Runtime.ImportModuleError: Unable to import module 'app': No module named 'x'\nTraceback (most recent call last):",
        "init-error Runtime.ImportModuleError: Unable to import module 'app': No module named 'x'",
    );
    check(
        r#"{"timestamp":"t","log_level":"ERROR","errorMessage":"m","errorType":"Runtime.HandlerNotFound","requestId":"<id>"}"#,
        "init-error Runtime.HandlerNotFound: m",
    );
}

#[test]
fn errors_of_loading_in_json() {
    let line = r#"{"timestamp":"t","level":"ERROR","message":{"errorType":"ImportModuleError","errorMessage":"Error: Cannot find module 'x'","stackTrace":[STACK]}}"#;
    check(
        &line.replace(
            "STACK",
            r#""Runtime.ImportModuleError: Error: Cannot find module 'x'","    at a""#,
        ),
        "init-error ImportModuleError: Error: Cannot find module 'x'",
    );
    check(
        &line.replace("STACK", r#" "Runtime.ImportModuleError: Error""#),
        "init-error ImportModuleError: Error: Cannot find module 'x'",
    );
    // A class of the application's own.
    for stack in [r#""ImportModuleError: Error""#, r#""a","Runtime.ImportModuleError""#, ""] {
        check(
            &line.replace("STACK", stack),
            "logged ImportModuleError: Error: Cannot find module 'x'",
        );
    }
}

#[test]
fn errors_of_loading_in_old_runtimes() {
    check(
        "Unable to import module 'index': Error\n    at Module.require (module.js:353:17)",
        "init-error Unable to import module 'index': Error",
    );
    check(
        "module initialization error: name 'x' is not defined\n",
        "init-error module initialization error: name 'x' is not defined",
    );
    check_none("Unable to import module settings");
    check_none("is module initialization error: caught");
}

#[test]
fn errors_that_the_application_logged() {
    for line in [
        r#"{"timestamp":"t","level":"ERROR","message":"msg","logger":"root","stackTrace":["  File"],"errorType":"Exception","errorMessage":"e","requestId":"<id>","location":"f:h:17"}"#,
        r#"{"timestamp":"t","level":"INFO","requestId":"<id>","message":{"errorType":"E","errorMessage":"e","stackTrace":[]}}"#,
        r#"{"timestamp":"t","level":"ERROR","requestId":"<id>","message":"caught: E","errorType":"E","errorMessage":"e","stackTrace":[]}"#,
        "2026-11-22T10:00:00.000Z\t<id>\tERROR\tError: caught\n    at handler (/var/task/index.js:1:1)",
        "2026-11-22T10:00:00.000Z\t<id>\tfail\tcould not save\n   at Shop.Function.Handle()",
        "2026-11-22T10:00:00.000Z\t<id>\tfail\tShop.Cart: could not save\nlook at it",
    ] {
        check(line, "application");
    }
    check("[ERROR] ValidationError: name missing, returning 400", "application");
    // Node before version 10 printed what ended the process as it printed what was logged.
    let node =
        "<id>\tTypeError: a is not a function\n    at exports.handler (/var/task/index.js:9:33)";
    check(node, "logged TypeError: a is not a function");
    check(&format!("2019-02-15T12:01:38.743Z\t{node}"), "logged TypeError: a is not a function");
    check("2019-02-15T12:01:38.743Z\t<id>\tTypeError: a is not a function", "application");
    // Node's runtime logs its own errors in this form, too.
    check(
        r#"{"timestamp":"t","level":"ERROR","requestId":"<id>","message":{"errorType":"E","errorMessage":"e","stackTrace":[]}}"#,
        "logged E: e",
    );
}
