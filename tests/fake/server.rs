//! HTTP: takes requests, lets the faults have their say, and sends what the operations answer.
//!
//! Must not: know what an operation does.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::answer::{Answer, Asked, Refusal};
use super::calls::{Call, Outcome};
use super::faults::take;
use super::pipe::{End, Pipe, Reply};
use super::state::State;
use super::{Shared, events, insights, live_tail, operations};

/// The server and its thread.
pub(crate) struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub(crate) fn start(shared: Arc<Shared>, port: u16) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", port)))?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = accept(listener, shared) => {}
                    _ = stopped => {}
                }
            });
            runtime.shutdown_background();
        });
        Ok(Self { address, stop: Some(stop), thread: Some(thread) })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // If it panicked, it has said so.
            let _ = thread.join();
        }
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        let Ok((socket, _)) = listener.accept().await else { continue };
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            let service = service_fn(|request| respond(request, Arc::clone(&shared)));
            // A client that goes away, or one that is cut off, is no matter of ours.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(socket), service).await;
        });
    }
}

async fn respond(
    request: Request<Incoming>,
    shared: Arc<Shared>,
) -> Result<Response<Reply>, Infallible> {
    let header = |name: &str| {
        let value = request.headers().get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    };
    let target = header("x-amz-target");
    let operation = target.strip_prefix("Logs_20140328.").unwrap_or_default().to_owned();
    let signature = header("authorization");
    let body = request.into_body().collect().await.map(http_body_util::Collected::to_bytes);
    let body = serde_json::from_slice(&body.unwrap_or_default()).unwrap_or(Value::Null);
    let (access_key, region) = signer(&signature);
    let asked = Asked { body, region: region.to_owned() };
    let response = decide(&shared, &operation, access_key, &asked);
    let slow = shared.lock().faults.slow;
    if slow > Duration::ZERO {
        tokio::time::sleep(slow).await;
    }
    Ok(response)
}

/// The access key and the region of a signature.
fn signer(header: &str) -> (&str, &str) {
    let scope = header.split_once("Credential=").map_or("", |(_, rest)| rest);
    let mut parts = scope.split(',').next().unwrap_or_default().split('/');
    let key = parts.next().unwrap_or_default();
    (key, parts.nth(1).unwrap_or_default())
}

fn decide(shared: &Arc<Shared>, operation: &str, key: &str, asked: &Asked) -> Response<Reply> {
    let mut state = shared.at_work();
    let (outcome, response) = match admit(&mut state, operation, key, asked) {
        Err(Barrier::Cut) => (Outcome::Failed("cut"), cut()),
        Err(Barrier::Html) => (Outcome::Failed("500"), html()),
        Err(Barrier::Refusal(refusal)) => refused(&refusal),
        Ok(()) if operation == "StartLiveTail" => match live_tail::start(&mut state, asked) {
            Ok(session) => {
                let pipe = Arc::new(Pipe::default());
                tokio::spawn(live_tail::run(session, Arc::clone(shared), Arc::clone(&pipe)));
                let kind = "application/vnd.amazon.eventstream";
                (Outcome::Ok, response(200, kind, Reply::Live(pipe)))
            }
            Err(refusal) => refused(&refusal),
        },
        Ok(()) => match answer(&mut state, operation, asked) {
            Ok(value) => (Outcome::Ok, json(200, &value)),
            Err(refusal) => refused(&refusal),
        },
    };
    let (at, operation) = (state.elapsed, operation.to_owned());
    state.record.calls.push(Call { at, operation, groups: asked.groups(), outcome });
    response
}

/// What stands before an operation.
enum Barrier {
    Html,
    Cut,
    Refusal(Refusal),
}

impl From<Refusal> for Barrier {
    fn from(refusal: Refusal) -> Self {
        Self::Refusal(refusal)
    }
}

fn admit(state: &mut State, operation: &str, key: &str, asked: &Asked) -> Result<(), Barrier> {
    let faults = &mut state.faults;
    let is_meant = faults.next_of.is_none_or(|meant| meant == operation);
    if is_meant && take(&mut faults.html_next) {
        return Err(Barrier::Html);
    }
    if is_meant && take(&mut faults.cut_next) {
        return Err(Barrier::Cut);
    }
    if key.is_empty() {
        let message = "Missing Authentication Token";
        return Err(Refusal::new("MissingAuthenticationTokenException", message).into());
    }
    if (is_meant && take(&mut state.faults.expired_next)) || state.has_expired(key) {
        let message = "The security token included in the request is expired";
        return Err(Refusal::new("ExpiredTokenException", message).into());
    }
    let (at, quota) = (state.elapsed, state.faults.quotas.get(operation).copied());
    if (is_meant && take(&mut state.faults.throttle_next))
        || quota.is_some_and(|quota| !state.record.has_room(operation, quota, at))
    {
        return Err(Refusal::new("ThrottlingException", "Rate exceeded").into());
    }
    let groups = asked.groups();
    let is_denied = state.faults.denied.iter().any(|denied| {
        denied.operation.is_none_or(|denied| denied == operation)
            && denied.group.is_none_or(|denied| groups.iter().any(|group| group == denied))
    });
    if is_denied {
        let arn = asked.arn(groups.first().map_or("", String::as_str));
        let message = format!(
            "User: arn:aws:iam::{}:user/fake is not authorized to perform: logs:{operation} on \
             resource: {arn}:log-stream: because no identity-based policy allows the \
             logs:{operation} action",
            super::ACCOUNT
        );
        return Err(Refusal::new("AccessDeniedException", message).into());
    }
    Ok(())
}

fn answer(state: &mut State, operation: &str, asked: &Asked) -> Answer {
    match operation {
        "DescribeLogGroups" => operations::describe_log_groups(state, asked),
        "ListLogGroups" => operations::list_log_groups(state, asked),
        "DescribeLogStreams" => operations::describe_log_streams(state, asked),
        "FilterLogEvents" => events::filter_log_events(state, asked),
        "GetLogEvents" => events::get_log_events(state, asked),
        "StartQuery" => insights::start_query(state, asked),
        "GetQueryResults" => insights::get_query_results(state, asked),
        "StopQuery" => insights::stop_query(state, asked),
        other => Err(Refusal::new("UnknownOperationException", format!("no operation `{other}`"))),
    }
}

fn refused(refusal: &Refusal) -> (Outcome, Response<Reply>) {
    (Outcome::of(refusal.code), json(400, &refusal.body()))
}

fn json(status: u16, value: &Value) -> Response<Reply> {
    let bytes = Bytes::from(value.to_string());
    response(status, "application/x-amz-json-1.1", Reply::Whole(Some(bytes)))
}

fn html() -> Response<Reply> {
    let page = "<html><body><h1>500 Internal Server Error</h1></body></html>";
    response(500, "text/html", Reply::Whole(Some(Bytes::from_static(page.as_bytes()))))
}

/// The first half of an answer, and then nothing.
fn cut() -> Response<Reply> {
    let pipe = Arc::new(Pipe::default());
    pipe.push(Bytes::from_static(br#"{"events":[{"#), 0);
    pipe.end(End::Cut);
    response(200, "application/x-amz-json-1.1", Reply::Live(pipe))
}

fn response(status: u16, kind: &'static str, body: Reply) -> Response<Reply> {
    let mut response = Response::new(body);
    *response.status_mut() =
        hyper::StatusCode::from_u16(status).unwrap_or(hyper::StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert("content-type", hyper::header::HeaderValue::from_static(kind));
    let id = hyper::header::HeaderValue::from_static("00000000-0000-4000-8000-000000000000");
    headers.insert("x-amzn-requestid", id);
    response
}
