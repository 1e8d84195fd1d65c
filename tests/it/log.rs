//! Logs that are made for a test: single requests, as the execution log of a REST API shows them.
//!
//! Must not: expect anything; the tests do.

/// One request of API `abc123defg`, stage `prod`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request<'a> {
    /// Makes the ids.
    pub(crate) number: u32,
    /// Minutes after ten o'clock.
    pub(crate) minute: u32,
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    /// Request headers besides `Host`.
    pub(crate) asks: &'a str,
    /// Response headers.
    pub(crate) gets: &'a str,
}

/// A page of `app.example.com` reads `/orders`, and no response header is there.
pub(crate) const GET: Request<'static> = Request {
    number: 1,
    minute: 0,
    method: "GET",
    path: "/orders",
    asks: "Origin=https://app.example.com",
    gets: "Content-Type=application/json",
};

/// It asks whether it may send a `PUT`, and may.
pub(crate) const PREFLIGHT: Request<'static> = Request {
    method: "OPTIONS",
    asks: "Origin=https://app.example.com, Access-Control-Request-Method=PUT",
    gets: "Access-Control-Allow-Origin=*, Access-Control-Allow-Methods=PUT, Access-Control-Allow-Headers=content-type",
    ..GET
};

impl Request<'_> {
    /// The request id.
    pub(crate) fn id(&self) -> String {
        format!("6bc4ee36-e5b8-11e8-8a6f-{:012x}", self.number)
    }

    /// Lambda's id of the run that answers it.
    pub(crate) fn lambda_id(&self) -> String {
        format!("4f0c2b8e-8f6f-4a5c-9f0b-{:012x}", self.number)
    }

    /// What the gateway logs of it.
    pub(crate) fn log(&self) -> String {
        let Self { number, method, path, asks, gets, .. } = self;
        let (id, lambda) = (self.id(), self.lambda_id());
        self.stamped(&[
            format!("({id}) Extended Request Id: EP5ycFm{number:08}="),
            format!("({id}) Verifying Usage Plan for request: {id}. API Key:  API Stage: abc123defg/prod"),
            format!("({id}) API Key  authorized because method '{method} {path}' does not require API Key. Request will not contribute to throttle or quota limits"),
            format!("({id}) Starting execution for request: {id}"),
            format!("({id}) HTTP Method: {method}, Resource Path: {path}"),
            format!("({id}) Method request headers: {{Host=api.example.com, {asks}}}"),
            format!("({id}) Received response. Status: 200, Integration latency: 21 ms"),
            format!("({id}) Endpoint response headers: {{x-amzn-RequestId={lambda}}}"),
            format!("({id}) Method response headers: {{{gets}}}"),
            format!("({id}) Successfully completed execution"),
            format!("({id}) Method completed with status: 200"),
            format!("({id}) AWS Integration Endpoint RequestId : {lambda}"),
        ])
    }

    /// What the function logs meanwhile, `line` being the application's own.
    pub(crate) fn function_log(&self, line: &str) -> String {
        let id = self.lambda_id();
        self.stamped(&[
            format!("START RequestId: {id} Version: $LATEST"),
            line.replace("LAMBDA-ID", &id),
            format!("END RequestId: {id}"),
            format!("REPORT RequestId: {id}\tDuration: 20.00 ms\tBilled Duration: 21 ms\tMemory Size: 128 MB\tMax Memory Used: 64 MB\t"),
        ])
    }

    fn stamped(&self, lines: &[String]) -> String {
        let (hour, minute) = (10 + self.minute / 60, self.minute % 60);
        let stamped = |line| format!("2026-11-22T{hour:02}:{minute:02}:00.000Z {line}\n");
        lines.iter().map(stamped).collect()
    }
}
