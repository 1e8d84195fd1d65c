//! A moto server, started once by the tests themselves: an AWS account on loopback.
//!
//! The first run makes a virtual environment under `target/` and installs moto into it. Tests use a
//! region each, so that they do not see each other's resources.

pub(crate) mod gate;
pub(crate) mod shop;

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::thread::sleep;
use std::time::{Duration, Instant};

use assert_cmd::cargo::cargo_bin;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;

const VERSION: &str = "5.2.5";
/// Ends with the tests, however these end: then the pipe to it is closed.
const SERVER: &str = "\
import os, sys, threading
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
from moto.server import main
main(['-H', '127.0.0.1', '-p', sys.argv[1]])
";
const ROLE: &str = "Action=CreateRole&Version=2010-05-08&RoleName=logs&AssumeRolePolicyDocument=\
                    %7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A\
                    %22Allow%22%2C%22Principal%22%3A%7B%22Service%22%3A%22lambda.amazonaws.com%22\
                    %7D%2C%22Action%22%3A%22sts%3AAssumeRole%22%7D%5D%7D";
const WITHOUT: &str = "set CORSCOPE_NO_MOTO=1 to leave out the tests that need it";

/// A running server.
struct Moto {
    port: u16,
    /// Held, so that its standard input stays open.
    _server: Child,
}

/// An account in one region of it.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) endpoint: String,
    pub(crate) name: &'static str,
    key: (String, String),
}

/// The server of this run and a region in it; `None`: the tests are to do without.
pub(crate) fn region(name: &'static str) -> Option<Place> {
    static MOTO: OnceLock<Moto> = OnceLock::new();
    if is_left_out() {
        return None;
    }
    let moto = MOTO.get_or_init(|| {
        let moto = Moto::start();
        // Functions must have a role that Lambda may take.
        let made = send(moto.port, "iam", "POST /", ROLE);
        assert!(made.contains("<CreateRoleResponse"), "{made}");
        moto
    });
    Some(moto.region(name, ("AKIATEST", "secret")))
}

fn is_left_out() -> bool {
    let is_left_out = std::env::var_os("CORSCOPE_NO_MOTO").is_some_and(|value| value == "1");
    if is_left_out {
        println!("skipped: CORSCOPE_NO_MOTO is set");
    }
    is_left_out
}

impl Moto {
    /// Starts a server and waits until it answers.
    #[expect(clippy::panic, reason = "tests that cannot run have to fail")]
    fn start() -> Self {
        let python = installed();
        for _ in 0..5 {
            // Somebody else may take the port before moto does; then the next is tried.
            let port = free_port();
            let mut server = Command::new(&python)
                .args(["-c", SERVER, &port.to_string()])
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .expect("the Python of target/moto-venv can be run");
            let deadline = Instant::now() + Duration::from_mins(1);
            while server.try_wait().expect("a process").is_none() {
                if answers(port) {
                    return Self { port, _server: server };
                }
                assert!(Instant::now() < deadline, "moto does not answer on port {port}");
                sleep(Duration::from_millis(50));
            }
        }
        panic!("moto does not start: try `target/moto-venv/bin/moto_server`; {WITHOUT}");
    }

    fn region(&self, name: &'static str, key: (&str, &str)) -> Place {
        let endpoint = format!("http://127.0.0.1:{}", self.port);
        Place { endpoint, name, key: (key.0.to_owned(), key.1.to_owned()) }
    }
}

impl Place {
    /// The same, as somebody else; without a key, as nobody.
    pub(crate) fn with_key(&self, id: &str, secret: &str) -> Self {
        Self { key: (id.to_owned(), secret.to_owned()), ..self.clone() }
    }

    /// Puts a text into a bucket; its address, as CloudFormation takes it.
    pub(crate) fn put_object(&self, bucket: &str, key: &str, text: &str) -> String {
        let (_, port) = self.endpoint.rsplit_once(':').expect("a port");
        let port = port.parse().expect("a number");
        send(port, "s3", &format!("PUT /{bucket}"), "");
        let answer = send(port, "s3", &format!("PUT /{bucket}/{key}"), text);
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        format!("https://s3.amazonaws.com/{bucket}/{key}")
    }

    /// Asks a service of which no SDK is here, by its query protocol; the answer.
    pub(crate) fn query(&self, service: &str, body: &str) -> String {
        let (_, port) = self.endpoint.rsplit_once(':').expect("a port");
        send_to(port.parse().expect("a number"), self.name, (service, "POST /"), body)
    }

    /// What SDK clients are made from.
    pub(crate) async fn config(&self) -> SdkConfig {
        let (id, secret) = &self.key;
        let credentials = Credentials::new(id, secret, None, None, "tests");
        aws_config::defaults(BehaviorVersion::latest())
            .region(Region::new(self.name))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .endpoint_url(&self.endpoint)
            .retry_config(aws_smithy_types::retry::RetryConfig::disabled())
            .load()
            .await
    }

    /// The command line, with this account in its environment and nothing else of AWS.
    pub(crate) fn corscope(&self, arguments: &[&str]) -> Output {
        self.corscope_reading(arguments, "")
    }

    /// The same, with something on standard input.
    pub(crate) fn corscope_reading(&self, arguments: &[&str], input: &str) -> Output {
        let options = ["--endpoint-url", &self.endpoint, "--region", self.name, "--max-tps", "500"];
        let environment =
            [("AWS_ACCESS_KEY_ID", self.key.0.as_str()), ("AWS_SECRET_ACCESS_KEY", &self.key.1)];
        corscope(&[arguments, &options].concat(), &environment, input)
    }
}

/// The command line, with nothing of AWS in its environment but this.
pub(crate) fn corscope(arguments: &[&str], environment: &[(&str, &str)], input: &str) -> Output {
    let mut command = Command::new(cargo_bin("corscope"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("AWS_") {
            command.env_remove(name);
        }
    }
    let mut running = command
        .args(arguments)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_CONFIG_FILE", "/nonexistent")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
        .env("COLUMNS", "100")
        .envs(environment.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("corscope runs");
    let mut stdin = running.stdin.take().expect("a pipe");
    // A command that reads nothing may have ended.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    let output = running.wait_with_output().expect("corscope ends");
    Output {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).expect("UTF-8"),
        err: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

/// What a command did.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// The first column of a table.
pub(crate) fn names(table: &str) -> Vec<&str> {
    table.lines().skip(1).filter_map(|line| line.split("  ").next()).collect()
}

/// The Python that has moto; made on the first run. Test binaries that run side by side wait.
fn installed() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("the target folder");
    let folder = target.join("moto-venv");
    let lock = File::create(target.join("moto-venv.lock")).expect("a lock file");
    lock.lock().expect("the lock");
    let python = folder.join("bin/python");
    let done = folder.join(format!("moto-{VERSION}"));
    if !done.exists() {
        let _ = fs::remove_dir_all(&folder);
        run(Command::new("python3").args(["-m", "venv"]).arg(&folder));
        let package = format!("moto[server]=={VERSION}");
        run(Command::new(&python).args(["-m", "pip", "install", "--quiet", &package]));
        fs::write(&done, "").expect("a note that moto is there");
    }
    python
}

#[expect(clippy::panic, reason = "tests that cannot run have to fail")]
fn run(command: &mut Command) {
    let output = command.output();
    let problem = match &output {
        Ok(output) if output.status.success() => return,
        Ok(output) => String::from_utf8_lossy(&output.stderr).into_owned(),
        Err(error) => error.to_string(),
    };
    panic!("python3 with venv and pip is needed for moto: {command:?}: {problem}; {WITHOUT}");
}

fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    listener.local_addr().expect("an address").port()
}

fn answers(port: u16) -> bool {
    let request = "GET /moto-api/ HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
    exchange(port, request).is_some_and(|answer| answer.starts_with("HTTP/1.1 200"))
}

/// Sends a request that no SDK of ours makes; the answer.
fn send(port: u16, service: &str, what: &str, body: &str) -> String {
    send_to(port, "us-east-1", (service, what), body)
}

fn send_to(port: u16, region: &str, (service, what): (&str, &str), body: &str) -> String {
    // moto takes a form for parameters, whatever is asked.
    let kind = if service == "s3" { "text/plain" } else { "application/x-www-form-urlencoded" };
    let request = format!(
        "{what} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Type: \
         {kind}\r\nAuthorization: AWS4-HMAC-SHA256 \
         Credential=AKIATEST/20261122/{region}/{service}/aws4_request, SignedHeaders=host, \
         Signature=0\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    exchange(port, &request).expect("moto answers")
}

fn exchange(port: u16, request: &str) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(30))).ok()?;
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}
