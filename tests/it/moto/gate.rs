//! Stands before moto and refuses requests as AWS does. moto can refuse, too, but answers XML to
//! everybody, which no SDK reads.

use std::io::{self, BufRead, BufReader, Read, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;

use crate::moto::Place;

/// What is refused: a text that stands in the request's head or body, and the code of the answer.
pub(crate) type Refusal = (&'static str, &'static str);

impl Place {
    /// The same account behind a gate.
    pub(crate) fn refusing(&self, refusals: &'static [Refusal]) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        let behind = self.endpoint.trim_start_matches("http://").to_owned();
        thread::spawn(move || {
            for client in listener.incoming() {
                let behind = behind.clone();
                thread::spawn(move || serve(client?, &behind, refusals));
            }
        });
        Self { endpoint, ..self.clone() }
    }
}

fn serve(mut client: TcpStream, behind: &str, refusals: &[Refusal]) -> io::Result<()> {
    let (head, body) = request(&client)?;
    let text = format!("{head}{}", String::from_utf8_lossy(&body));
    if let Some((_, code)) = refusals.iter().find(|(needle, _)| text.contains(needle)) {
        return client.write_all(refusal(code, &text).as_bytes());
    }
    let mut server = TcpStream::connect(behind)?;
    server.write_all(head.as_bytes())?;
    server.write_all(b"Connection: close\r\n\r\n")?;
    server.write_all(&body)?;
    io::copy(&mut server, &mut client).map(drop)
}

/// The head, without what it says of the connection and without its end, and the body.
fn request(client: &TcpStream) -> io::Result<(String, Vec<u8>)> {
    let mut reader = BufReader::new(client);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        if line.trim_end().is_empty() {
            break;
        }
        let lower = line.to_ascii_lowercase();
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().expect("a number");
        }
        if !lower.starts_with("connection:") {
            head.push_str(&line);
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok((head, body))
}

/// JSON, or XML to services that speak it.
fn refusal(code: &str, request: &str) -> String {
    let message = "User: arn:aws:iam::123456789012:user/reader is not authorized to do this";
    let is_xml = ["/cloudformation/", "/sts/"].iter().any(|scope| request.contains(scope));
    let body = if is_xml {
        format!(
            "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}\
             </Message></Error><RequestId>1</RequestId></ErrorResponse>"
        )
    } else {
        format!(r#"{{"__type":"{code}","message":"{message}"}}"#)
    };
    format!(
        "HTTP/1.1 403 Forbidden\r\nx-amzn-errortype: {code}\r\nConnection: close\r\nContent-Length: \
         {}\r\n\r\n{body}",
        body.len()
    )
}
