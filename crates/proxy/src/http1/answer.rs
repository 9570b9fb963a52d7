//! Answers of our own.

/// What 405 has to say (RFC 9110 section 15.5.6): every method but CONNECT goes on, also one without a name
/// here.
const ALLOWED: &str = "Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, TRACE\r\n";

/// The whole answer for a status: it leaks nothing but the status. To HEAD it has no body.
pub fn answer(status: u16, to_head: bool) -> String {
    let reason = reason(status);
    let body = format!("{status} {reason}\n");
    let allowed = if status == 405 { ALLOWED } else { "" };
    let head = format!(
        "HTTP/1.1 {status} {reason}\r\n{allowed}Content-Type: text/plain\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    head + if to_head { "" } else { &body }
}

fn reason(status: u16) -> &'static str {
    match status {
        400 => "Bad Request",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        413 => "Content Too Large",
        414 => "URI Too Long",
        417 => "Expectation Failed",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        505 => "HTTP Version Not Supported",
        _ => "Error",
    }
}
