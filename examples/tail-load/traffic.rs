//! Requests as gateways and functions log them: one of the sample logs, again and again.
//!
//! Must not: be healthier than it says.

use std::io::{self, BufRead, BufReader};
use std::path::Path;

use crate::fake::Batch;

/// The request that is repeated, the run of its function, and the API it is of.
const REQUEST: &str = "a599c358-744f-4a91-98bc-1c3ba37e3027";
const RUN: &str = "850c2f98-8729-4f83-891b-17d67e7dfcd1";
const TRACE: &str = "c23edf88a1c816ba5129958d";
const API: &str = "a1b2c3d4e5";
const EXTENDED: &str = "Extended Request Id: ";
const SAMPLE: &str = "sample-logs/rest-api/execution-log.txt";

/// Requests whose lines a gateway puts into one stream.
const A_STREAM: u64 = 10;
/// Instances of each function.
const INSTANCES: u64 = 20;

/// Makes requests.
pub(crate) struct Traffic {
    /// Lines of the gateway.
    gateway: Vec<String>,
    apis: u64,
    made: u64,
    blocked: u64,
}

impl Traffic {
    /// Requests for so many log groups: a gateway's and a function's for each API.
    pub(crate) fn new(groups: u32) -> io::Result<Self> {
        let mut gateway = Vec::new();
        for line in BufReader::new(open(Path::new(SAMPLE))?).lines() {
            let line = line?;
            let message = line.split_once(' ').map(|(_, message)| message.to_owned());
            gateway.extend(message.filter(|message| message.contains(REQUEST)));
        }
        if gateway.is_empty() {
            let message = format!("{SAMPLE} does not hold request {REQUEST}");
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        Ok(Self { gateway, apis: u64::from(groups / 2).max(1), made: 0, blocked: 0 })
    }

    /// The log groups.
    pub(crate) fn groups(&self) -> Vec<String> {
        (0..self.apis).flat_map(|api| [execution_log(api), function_log(api)]).collect()
    }

    /// What is logged of the next request, and its id. A blocked one has a route of its own.
    pub(crate) fn request(&mut self, now: i64, is_blocked: bool) -> (String, Vec<Batch>) {
        let number = self.made;
        self.made += 1;
        self.blocked += u64::from(is_blocked);
        let id = format!("{number:08x}{}", REQUEST.get(8..).unwrap_or_default());
        let run = format!("{number:08x}{}", RUN.get(8..).unwrap_or_default());
        let trace = format!("{number:024x}");
        let api = number % self.apis;
        let mut messages: Vec<String> = Vec::with_capacity(self.gateway.len());
        for line in &self.gateway {
            let mut line = line
                .replace(REQUEST, &id)
                .replace(RUN, &run)
                .replace(TRACE, &trace)
                .replace(API, &api_id(api));
            if let Some((before, after)) = line.split_once(EXTENDED) {
                let rest = after.get(8..).unwrap_or_default();
                line = format!("{before}{EXTENDED}{number:08x}{rest}");
            }
            if is_blocked {
                line = block(&line, self.blocked);
            }
            messages.push(line);
        }
        let stream = format!("{:032x}", number / (self.apis * A_STREAM));
        let gateway = batch(execution_log(api), stream, (now, messages));
        let ran = [
            format!("START RequestId: {run} Version: $LATEST"),
            format!("2026-11-22T10:00:02.120Z\t{run}\tINFO\tGET /v1/products/MUG-0001"),
            format!("END RequestId: {run}"),
            format!(
                "REPORT RequestId: {run}\tDuration: 19.36 ms\tBilled Duration: 20 ms\tMemory Size: \
                 256 MB\tMax Memory Used: 85 MB\t"
            ),
        ];
        let stream = format!("2026/11/22/[$LATEST]{:032x}", number / self.apis % INSTANCES);
        let function = batch(function_log(api), stream, (now, ran.to_vec()));
        // The function logs first; the gateway's end is what completes a request.
        (id, vec![function, gateway])
    }
}

#[expect(clippy::disallowed_methods, reason = "it reads a sample")]
fn open(path: &Path) -> io::Result<std::fs::File> {
    std::fs::File::open(path)
}

/// A line of a request whose answer lacks the header, on a route of its own.
fn block(line: &str, number: u64) -> String {
    line.replace("/v1/products/", &format!("/v1/blocked-{number}/"))
        .replace("Access-Control-Allow-Origin=https://shop.example, ", "")
        .replace("\"Access-Control-Allow-Origin\":\"https://shop.example\",", "")
}

fn batch(group: String, stream: String, (now, messages): (i64, Vec<String>)) -> Batch {
    let events = messages.into_iter().map(|message| (now, message)).collect();
    Batch { group, stream, events, ..Batch::default() }
}

fn api_id(api: u64) -> String {
    format!("a1b2{api:06}")
}

fn execution_log(api: u64) -> String {
    format!("API-Gateway-Execution-Logs_{}/prod", api_id(api))
}

fn function_log(api: u64) -> String {
    format!("/aws/lambda/shop-{api}")
}
