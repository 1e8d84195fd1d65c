//! Errors that left the handler, as each runtime prints them.
//!
//! Must not: take an error that the application caught and logged for one.

pub(super) mod document;
pub(super) mod framework;
pub(super) mod loader;
mod older;
pub(super) mod panic;

use memchr::{memchr, memmem};

use crate::model::LambdaLine;
use crate::parse::lambda::failure::document::{error_document, json};
use crate::parse::lambda::{LineShape, find_shape};

/// How an error is written behind its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// `{"errorType": ..., "errorMessage": ...}` follows, maybe on further lines.
    Json,
    /// The same, from code that could not be loaded.
    InitJson,
    /// `Type: message` follows.
    Text,
    /// `Type: message` follows; the code could not be loaded.
    InitText,
    /// The line itself is the message.
    Whole,
    /// `Type: message` follows, and lines of a Python trace.
    Python,
    /// The line itself is the message, and a trace follows.
    Traced,
    /// A place in Rust code and a colon; the message is on the next line.
    Panic,
    /// What Node writes behind its level follows.
    Node,
}

const NODE: &str = "https://github.com/aws/aws-lambda-nodejs-runtime-interface-client";
const RUBY: &str = "https://github.com/aws/aws-lambda-ruby-runtime-interface-client";
const JAVA: &str = "https://github.com/aws/aws-lambda-java-libs";

/// How a trace of Python begins; a colon follows.
const TRACEBACK: &[u8] = b"Traceback (most recent call last)";

const INVOKE_ERROR: &[u8] = b"Invoke Error";

/// What Node writes behind the level `ERROR`.
pub(super) const NODE_SHAPES: &[LineShape<Meaning>] = &[
    LineShape {
        begins: INVOKE_ERROR,
        meaning: Meaning::Json,
        example: "Invoke Error \t{\"errorType\":\"Error\",\"errorMessage\":\"boom\",\"stack\":[]}",
        seen: NODE,
    },
    LineShape {
        begins: b"Uncaught Exception",
        meaning: Meaning::Json,
        example: "Uncaught Exception \t{\"errorType\":\"Error\",\"errorMessage\":\"boom\"}",
        seen: NODE,
    },
    LineShape {
        begins: b"Unhandled Promise Rejection",
        meaning: Meaning::Json,
        example: "Unhandled Promise Rejection \t{\"errorType\":\"Runtime.UnhandledPromiseRejection\",\"errorMessage\":\"Error: boom\"}",
        seen: NODE,
    },
];

/// What begins a line of its own, without time and request id.
pub(super) const BARE_SHAPES: &[LineShape<Meaning>] = &[
    LineShape {
        begins: b"[ERROR] ",
        meaning: Meaning::Python,
        example: "[ERROR] KeyError: 'origin'\nTraceback (most recent call last):\n\u{a0}\u{a0}File \"/var/task/app.py\", line 3, in handler",
        seen: "https://github.com/aws/aws-lambda-python-runtime-interface-client",
    },
    LineShape {
        begins: b"LAMBDA_RUNTIME Failed to post handler success response",
        meaning: Meaning::Whole,
        example: "LAMBDA_RUNTIME Failed to post handler success response. Http response code: 413.",
        seen: "https://github.com/awslabs/aws-lambda-cpp; responses over 6 MB",
    },
    LineShape {
        begins: b"Unhandled exception. ",
        meaning: Meaning::Text,
        example: "Unhandled exception. System.InvalidOperationException: boom\n   at Shop.Function.Handle()",
        seen: "the .NET runtime",
    },
    LineShape {
        begins: b"Unhandled Exception: ",
        meaning: Meaning::Text,
        example: "Unhandled Exception: System.InvalidOperationException: boom",
        seen: ".NET Core 2 and 3",
    },
    LineShape {
        begins: b"panic: ",
        meaning: Meaning::Whole,
        example: "panic: runtime error: index out of range [1] with length 0",
        seen: "the Go runtime",
    },
    LineShape {
        begins: b"thread 'main' ",
        meaning: Meaning::Panic,
        example: "thread 'main' (8) panicked at src/main.rs:3:5:\nboom",
        seen: "Rust's standard library; up to 1.90 without the thread's number",
    },
    LineShape {
        begins: b"ERROR",
        meaning: Meaning::Node,
        example: "ERROR\tUncaught Exception\t{\"errorType\":\"Error\",\"errorMessage\":\"boom\"}",
        seen: "Node's error where time and request id before it were cut off",
    },
    LineShape {
        begins: b"Runtime.UnhandledPromiseRejection: ",
        meaning: Meaning::Whole,
        example: "Runtime.UnhandledPromiseRejection: Error: boom\n    at process.<anonymous> (file:///var/runtime/index.mjs:1276:17)",
        seen: "Node 24, as https://github.com/aws/aws-lambda-base-images/issues/392 has it",
    },
    LineShape {
        begins: b"Error raised from handler method",
        meaning: Meaning::Json,
        example: "Error raised from handler method\n{\n  \"errorMessage\": \"boom\",\n  \"errorType\": \"Function<TypeError>\"\n}",
        seen: RUBY,
    },
    LineShape {
        begins: b"Critical exception from handler",
        meaning: Meaning::Json,
        example: "Critical exception from handler\n{\n  \"errorMessage\": \"boom\",\n  \"errorType\": \"Function<NoMemoryError>\"\n}",
        seen: RUBY,
    },
    LineShape {
        begins: b"Init error when loading handler",
        meaning: Meaning::InitJson,
        example: "Init error when loading handler\n{\n  \"errorMessage\": \"cannot load such file -- app\",\n  \"errorType\": \"Init<LoadError>\"\n}",
        seen: RUBY,
    },
    LineShape {
        begins: b"Unable to import module '",
        meaning: Meaning::InitText,
        example: "Unable to import module 'app': No module named requests",
        seen: "Node up to 8 and Python up to 3.6; later runtimes name the error's type before it",
    },
    LineShape {
        begins: b"Unable to load type '",
        meaning: Meaning::InitText,
        example: "Unable to load type 'Shop.Function' from assembly 'Shop'.: LambdaException",
        seen: ".NET Core 2, as https://github.com/aws/aws-lambda-dotnet/issues/233 has it",
    },
    LineShape {
        begins: b"An exception was thrown when the constructor for type '",
        meaning: Meaning::InitText,
        example: "An exception was thrown when the constructor for type 'Shop.Function' was invoked. Check inner exception for more details.: LambdaException",
        seen: ".NET Core 2, as https://github.com/aws/aws-lambda-dotnet/issues/586 has it",
    },
    LineShape {
        begins: b"module initialization error",
        meaning: Meaning::InitText,
        example: "module initialization error: TypeError\n    at Object.<anonymous> (/var/task/index.js:3:37)",
        seen: "Node up to 8 and Python up to 3.6",
    },
    LineShape {
        begins: b"Class not found: ",
        meaning: Meaning::InitText,
        example: "Class not found: shop.App: java.lang.ClassNotFoundException\njava.lang.ClassNotFoundException: shop.App",
        seen: JAVA,
    },
    LineShape {
        begins: b"Error loading class ",
        meaning: Meaning::InitText,
        example: "Error loading class shop.App: java.lang.NoClassDefFoundError",
        seen: JAVA,
    },
    LineShape {
        begins: b"No public method named ",
        meaning: Meaning::InitText,
        example: "No public method named handle with appropriate method signature found on class shop.App",
        seen: JAVA,
    },
    LineShape {
        begins: b"java.lang.OutOfMemoryError: ",
        meaning: Meaning::Traced,
        example: "java.lang.OutOfMemoryError: Metaspace\n\tat java.lang.ClassLoader.defineClass1(Native Method)",
        seen: "Java 8, where its runtime had no memory left to print it twice",
    },
    LineShape {
        begins: b"Invoke Error\t",
        meaning: Meaning::Json,
        example: "Invoke Error\t{\"errorType\":\"Exception\",\"errorMessage\":\"boom\",\"stack\":[]}",
        seen: "PHP, by Bref, where the request id before it was cut off",
    },
    LineShape {
        begins: b"PHP Fatal error:  ",
        meaning: Meaning::Text,
        example: "PHP Fatal error:  Uncaught Exception: boom in /var/task/index.php:3",
        seen: "PHP, by Bref",
    },
    LineShape {
        begins: b"Fatal error: Uncaught ",
        meaning: Meaning::Text,
        example: "Fatal error: Uncaught Error: Failed opening required '/var/task/vendor/autoload.php' in /opt/bref/bootstrap.php:8",
        seen: "the same where PHP shows errors; https://github.com/brefphp/bref/issues/1597",
    },
];

/// Error types of code that could not be loaded.
const INIT_TYPES: &[&[u8]] = &[
    b"Runtime.ImportModuleError",
    b"Runtime.UserCodeSyntaxError",
    b"Runtime.HandlerNotFound",
    b"Runtime.MalformedHandlerName",
    b"Runtime.InvalidEntrypoint",
    b"Runtime.BadFunctionCode",
    b"Init<",
];

/// What Lambda says in place of such a type where it finds no program to start.
const NO_BOOTSTRAP: &[u8] = b"Couldn't find valid bootstrap";

/// What Go says of a program that cannot be started.
const NO_PROGRAM: &str = "PathError: fork/exec ";

/// An error that left the handler, or the code before it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Failure {
    /// `Type: message`.
    message: String,
    /// Whether the code could not be loaded.
    of_loading: bool,
}

impl Failure {
    pub(super) fn new(message: String) -> Self {
        let of_loading = begins_as_init_error(message.as_bytes())
            || message.starts_with(NO_PROGRAM)
            || memmem::find(message.as_bytes(), NO_BOOTSTRAP).is_some();
        Self { message, of_loading }
    }

    pub(super) fn is_of_loading(&self) -> bool {
        self.of_loading
    }

    pub(super) fn of_loading(self) -> Self {
        Self { of_loading: true, ..self }
    }

    pub(super) fn into_line<'a>(self) -> LambdaLine<'a> {
        if self.of_loading {
            LambdaLine::InitError(self.message)
        } else {
            LambdaLine::Unhandled(self.message)
        }
    }

    /// In a form in which the application logs errors, too.
    pub(super) fn into_logged_line<'a>(self) -> LambdaLine<'a> {
        if self.of_loading {
            LambdaLine::InitError(self.message)
        } else {
            LambdaLine::LoggedError(self.message)
        }
    }
}

/// An error behind Node's level `ERROR`. One that was not caught before the first request is of
/// loading; an `Invoke Error` is always of a request.
pub(super) fn behind_error_level(text: &[u8], is_before: bool) -> Option<Failure> {
    let text = without_ids(text);
    let Some(shape) = find_shape(NODE_SHAPES, text) else {
        return if is_before { loader::of_module(text) } else { None };
    };
    let failure = read(shape, text)?;
    let is_of_loading = is_before && !text.starts_with(INVOKE_ERROR);
    Some(if is_of_loading { failure.of_loading() } else { failure })
}

/// What Bref writes behind a request id, without time and level.
pub(super) fn invoke_error(text: &[u8]) -> Option<Failure> {
    let document = text.strip_prefix(INVOKE_ERROR)?.trim_ascii_start();
    document.starts_with(b"{").then(|| json(document, INVOKE_ERROR))
}

/// Whether Node's runtime writes this behind the level `ERROR`.
pub(super) fn is_of_node(text: &[u8]) -> bool {
    find_shape(NODE_SHAPES, without_ids(text)).is_some()
}

/// A text without the ids that Datadog's layer puts in front of what Node logs
/// (DataDog/serverless-plugin-datadog#226).
fn without_ids(text: &[u8]) -> &[u8] {
    let ids =
        text.strip_prefix(b"[dd.").and_then(|text| text.get(memmem::find(text, b"] ")? + 2..));
    ids.unwrap_or(text)
}

/// .NET prints an exception that left the handler to its error stream, and nothing around it:
/// `Namespace.Type: message` and `   at ...` lines.
pub(super) fn dotnet(text: &[u8]) -> Option<Failure> {
    let line = first_line(text);
    let kind = line.get(..memchr(b':', line)?)?;
    let is_type = memchr(b'.', kind).is_some()
        && kind
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'+'));
    (is_type && has_trace(text)).then(|| Failure::new(lossy(line)))
}

/// An error at the beginning of a line of its own.
pub(super) fn bare(text: &[u8]) -> Option<Failure> {
    if let Some(meaning) = find_shape(BARE_SHAPES, text) {
        return read(meaning, text);
    }
    if text.starts_with(b"LAMBDA_WARNING: ") || text.starts_with(b"[WARNING]") {
        return python(text.get(memmem::find(text, b"[ERROR] ")?..)?);
    }
    java(text)
        .or_else(|| of_type(text))
        .or_else(|| node_error(text).filter(|_| memmem::find(text, b"\"errorType\"").is_some()))
        .or_else(|| go(text))
        .or_else(|| loader::of_program(text))
        .or_else(|| loader::of_emulator(text))
        .or_else(|| older::failure(text))
}

/// `Runtime.ImportModuleError: ...`, where the level in front of it was cut off.
fn of_type(text: &[u8]) -> Option<Failure> {
    if !begins_as_init_error(text) {
        return None;
    }
    let line = first_line(text);
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'.';
    let kind = line.get(..memchr(b':', line)?)?;
    kind.iter().all(is_name).then(|| Failure::new(lossy(line)))
}

/// Whether the text names an error type of code that could not be loaded, or ends in that of an
/// extension (`Extension.Crash`, `Extension.InitError`): without it the function does not run.
pub(super) fn is_init_error(text: &[u8]) -> bool {
    let last = text.trim_ascii_end().rsplit(u8::is_ascii_whitespace).next().unwrap_or_default();
    last.starts_with(b"Extension.")
        || memmem::find(text, NO_BOOTSTRAP).is_some()
        || memmem::find(text, b"Runtime failed to start: ").is_some()
        || INIT_TYPES.iter().any(|kind| memmem::find(text, kind).is_some())
}

/// Whether the text begins with such a type, or a list with one.
pub(super) fn begins_as_init_error(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"[").map_or(text, <[u8]>::trim_ascii_start);
    let text = text.strip_prefix(b"\"").unwrap_or(text);
    INIT_TYPES.iter().any(|kind| text.starts_with(kind))
}

/// Java's `message: class`, then `class: message` and its trace.
pub(super) fn java(text: &[u8]) -> Option<Failure> {
    let at = memchr(b'\n', text)?;
    let (first, rest) = text.split_at_checked(at)?;
    if !has_trace(rest) {
        return None;
    }
    let colon = memmem::rfind(first, b": ")?;
    let class = first.get(colon + 2..)?.trim_ascii();
    let is_class = memchr(b'.', class).is_some() && !class.iter().any(u8::is_ascii_whitespace);
    (is_class && rest.trim_ascii_start().starts_with(class))
        .then(|| Failure::new(lossy(first_line(rest.trim_ascii_start()))))
}

/// Whether lines of a stack trace follow. Copies lose their indentation.
fn has_trace(text: &[u8]) -> bool {
    [b"\tat ".as_slice(), b"   at ", b"\nat "].iter().any(|at| memmem::find(text, at).is_some())
}

/// `2026/11/22 10:00:00 {"errorMessage": ...}`.
fn go(text: &[u8]) -> Option<Failure> {
    let (head, rest) = text.split_at_checked(b"2026/11/22 10:00:00 ".len())?;
    let is_head = head.get(4) == Some(&b'/') && head.last() == Some(&b' ');
    (is_head && rest.starts_with(b"{")).then(|| error_document(rest))?
}

fn read(meaning: Meaning, text: &[u8]) -> Option<Failure> {
    let line = first_line(text);
    match meaning {
        Meaning::Python => python(text),
        Meaning::Json => Some(json_behind(text)),
        Meaning::InitJson => Some(json_behind(text).of_loading()),
        Meaning::InitText => Some(Failure::new(lossy(line)).of_loading()),
        Meaning::Traced if !has_trace(text) => None,
        Meaning::Panic => panic::of_rust(text),
        Meaning::Node => node_error(text.strip_prefix(b"ERROR")?.trim_ascii_start()),
        Meaning::Whole | Meaning::Traced => Some(Failure::new(lossy(line))),
        Meaning::Text => {
            const LABELS: &[&[u8]] = &[
                b"Unhandled exception. ",
                b"Unhandled Exception: ",
                b"PHP Fatal error:  Uncaught ",
                b"PHP Fatal error:  ",
                b"Fatal error: Uncaught ",
            ];
            let line = LABELS.iter().find_map(|label| line.strip_prefix(*label)).unwrap_or(line);
            let failure = Failure::new(lossy(line));
            Some(if loader::is_of_bref(text) { failure.of_loading() } else { failure })
        }
    }
}

/// One of Node's labels, and nothing else before the document.
fn node_error(text: &[u8]) -> Option<Failure> {
    let label = text.get(..memchr(b'{', text)?)?.trim_ascii_end();
    NODE_SHAPES.iter().any(|shape| shape.begins == label).then(|| json_behind(text))
}

fn json_behind(text: &[u8]) -> Failure {
    let at = memchr(b'{', text).unwrap_or(text.len());
    let (label, document) = text.split_at_checked(at).unwrap_or((text, b""));
    json(document, label.trim_ascii())
}

/// `[ERROR] Type: message` and its trace. A logger's line has its time there instead; one of an own
/// format (`[ERROR] ValidationError: name missing, returning 400`) has no trace. Only the runtime's
/// own errors may lack one.
fn python(text: &[u8]) -> Option<Failure> {
    let text = text.strip_prefix(b"[ERROR] ")?;
    if let Some(at) = memmem::find(text, b"LAMBDA_RUNTIME Failed to post handler success response")
    {
        return read(Meaning::Whole, text.get(at..)?);
    }
    let line = first_line(text);
    let end = memchr(b':', line).unwrap_or(line.len());
    let kind = line.get(..end)?;
    let is_name = kind.first().is_some_and(u8::is_ascii_alphabetic)
        && kind.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_'));
    let is_error = kind.starts_with(b"Runtime.") || memmem::find(text, TRACEBACK).is_some();
    let failure = (is_name && is_error).then(|| Failure::new(lossy(line)))?;
    Some(if loader::is_of_import(text) { failure.of_loading() } else { failure })
}

/// `[ERROR] Type: message` as loggers with a format of their own write it: an error that was logged.
pub(super) fn is_logged(text: &[u8]) -> bool {
    text.strip_prefix(b"[ERROR] ").is_some_and(names_error)
}

/// `TypeError: message` and its trace, as Node before version 10 prints an error that ended the
/// process, without a level; and as it printed one that the application logged.
pub(super) fn node(text: &[u8]) -> Option<Failure> {
    (names_error(text) && has_trace(text)).then(|| Failure::new(lossy(first_line(text))))
}

/// Whether a text begins with the name of an error, alone or with its message.
fn names_error(text: &[u8]) -> bool {
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_');
    let end = text.iter().position(|byte| !is_name(byte)).unwrap_or(text.len());
    let (kind, rest) = text.split_at_checked(end).unwrap_or_default();
    (kind.ends_with(b"Error") || kind.ends_with(b"Exception"))
        && matches!(rest.first(), None | Some(b':' | b'\n' | b'\r'))
}

/// `Error: fork/exec ...\nRuntime.InvalidEntrypoint` on one line.
pub(super) fn kind_behind(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text.strip_prefix(b"Error: ").unwrap_or(text));
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let message = lines.next().unwrap_or_default();
    match lines.next() {
        Some(kind) => format!("{kind}: {message}"),
        None => message.to_owned(),
    }
}

pub(super) fn first_line(text: &[u8]) -> &[u8] {
    let end = memchr::memchr2(b'\n', b'\r', text).unwrap_or(text.len());
    text.get(..end).unwrap_or_default().trim_ascii()
}

pub(super) fn lossy(text: &[u8]) -> String {
    String::from_utf8_lossy(text).into_owned()
}
