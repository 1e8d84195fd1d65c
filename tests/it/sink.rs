//! A sink on loopback: keeps what is posted to it, and answers as a test says.
//!
//! Must not: expect anything; the tests do.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::Instant;

use serde_json::Value;

/// What becomes of a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// 200.
    Accept,
    /// This status, with these lines of fields.
    Refuse(u16, &'static str),
    /// 400 for what has this text, 200 for the rest.
    RefuseOf(&'static str),
    /// Nothing is answered until the mode changes.
    Hold,
}

/// What was posted.
#[derive(Debug, Clone)]
pub(crate) struct Post {
    pub(crate) at: Instant,
    /// As it was asked for, behind the host.
    pub(crate) path: String,
    /// `Idempotency-Key`.
    pub(crate) key: String,
    /// JSON; any other text as one string.
    pub(crate) body: Value,
    /// How it was met; a post that was held is one that arrived.
    pub(crate) mode: Mode,
}

impl Post {
    /// A text of the alert.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.body[name].as_str().unwrap_or_default()
    }

    /// Whether the sink has it, as far as it knows.
    pub(crate) fn arrived(&self) -> bool {
        !matches!(self.mode, Mode::Refuse(..))
    }
}

/// A running sink.
pub(crate) struct Sink {
    /// `http://127.0.0.1:<port>/alerts`.
    pub(crate) url: String,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    mode: Mode,
    posts: Vec<Post>,
    is_over: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("a sink that did not panic")
    }
}

impl Sink {
    pub(crate) fn new(mode: Mode) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}/alerts", listener.local_addr().expect("an address"));
        let state = State { mode, posts: Vec::new(), is_over: false };
        let shared = Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new() });
        let serving = Arc::clone(&shared);
        let thread = std::thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                if serving.lock().is_over {
                    return;
                }
                let shared = Arc::clone(&serving);
                // One that is held must not hold up others.
                std::thread::spawn(move || serve(stream, &shared));
            }
        });
        Self { url, shared, thread: Some(thread) }
    }

    pub(crate) fn set(&self, mode: Mode) {
        self.shared.lock().mode = mode;
        self.shared.changed.notify_all();
    }

    /// All posts so far, in the order in which they came.
    pub(crate) fn posts(&self) -> Vec<Post> {
        self.shared.lock().posts.clone()
    }

    /// Those that arrived, each key once, in order; and how many came again.
    pub(crate) fn arrived(&self) -> (Vec<Post>, usize) {
        let mut known = BTreeMap::new();
        let mut again = 0;
        let mut arrived = Vec::new();
        for post in self.posts().into_iter().filter(Post::arrived) {
            match known.insert(post.key.clone(), post.body.clone()) {
                None => arrived.push(post),
                // The same key never speaks of something else.
                Some(before) => {
                    for name in ["event", "fingerprint", "since"] {
                        assert_eq!(before[name], post.body[name], "{name}");
                    }
                    again += 1;
                }
            }
        }
        (arrived, again)
    }

    /// `GET /orders`, and so on, of those that arrived.
    pub(crate) fn routes(&self) -> Vec<String> {
        self.arrived().0.iter().map(|post| post.text("route").to_owned()).collect()
    }

    /// `new acao-missing`, and so on, of those that arrived.
    pub(crate) fn told(&self) -> Vec<String> {
        let told = self.arrived().0.into_iter();
        told.map(|post| format!("{} {}", post.text("event"), post.text("rule"))).collect()
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        (state.is_over, state.mode) = (true, Mode::Accept);
        drop(state);
        self.shared.changed.notify_all();
        // Wakes the thread.
        let address = self.url.trim_start_matches("http://").trim_end_matches("/alerts");
        let _ = TcpStream::connect(address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(mut stream: TcpStream, shared: &Shared) {
    // Whoever is killed while it writes has posted nothing.
    let Some((path, key, body)) = read(&stream) else { return };
    let mut state = shared.lock();
    let mode = match state.mode {
        Mode::RefuseOf(text) if body.to_string().contains(text) => Mode::Refuse(400, ""),
        Mode::RefuseOf(_) => Mode::Accept,
        mode @ (Mode::Accept | Mode::Refuse(..) | Mode::Hold) => mode,
    };
    state.posts.push(Post { at: Instant::now(), path, key, body, mode });
    shared.changed.notify_all();
    while state.mode == Mode::Hold {
        state = shared.changed.wait(state).expect("a sink that did not panic");
    }
    drop(state);
    let (status, fields) = match mode {
        Mode::Accept | Mode::RefuseOf(_) | Mode::Hold => (200, ""),
        Mode::Refuse(status, fields) => (status, fields),
    };
    let head = format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\nConnection: close\r\n{fields}");
    // Whoever was killed reads nothing.
    let _ = stream.write_all(format!("{head}\r\n").as_bytes());
}

/// The path, the key and the body.
fn read(stream: &TcpStream) -> Option<(String, String, Value)> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let path = line.split_whitespace().nth(1)?.to_owned();
    let (mut key, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        let Some((name, value)) = line.split_once(": ") else { continue };
        match name.to_lowercase().as_str() {
            "idempotency-key" => value.clone_into(&mut key),
            "content-length" => length = value.parse().ok()?,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let text = || String::from_utf8_lossy(&body).into_owned().into();
    Some((path, key, serde_json::from_slice(&body).unwrap_or_else(|_| text())))
}
