//! Answers of our own. They leak nothing but the status: no address, no version, no name.

mod accept;
mod date;

pub use accept::{Form, form_for};
pub use date::Dates;

/// What 405 and OPTIONS have to say (RFC 9110 section 15.5.6): every method but CONNECT goes on, also one
/// without a name here, and TRACE where the route allows it.
const ALLOWED: &str = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

/// How a status is told instead of the request being passed on.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// The status.
    pub status: u16,
    /// To HEAD it has no body.
    pub to_head: bool,
    /// What the client likes best; `None` where its request could not be read.
    pub form: Option<Form>,
    /// The words in place of ours.
    pub replaced: Option<&'a plan::Answer>,
    /// Whether TRACE is among what is allowed.
    pub allows_trace: bool,
    /// The error that is told in `Proxy-Status` (RFC 9209), where that is to be told.
    pub proxy_error: Option<&'a str>,
    /// Seconds after which to ask again, where that helps.
    pub retry_after: Option<u32>,
    /// The time.
    pub date: &'a [u8],
}

impl Answer<'_> {
    /// The whole answer.
    pub fn write(&self) -> Vec<u8> {
        let Self { status, form, replaced, allows_trace, proxy_error, .. } = *self;
        let mut fields = String::new();
        if status == 405 {
            fields.push_str(&allow(allows_trace));
        }
        if let Some(seconds) = self.retry_after {
            fields.push_str(&format!("Retry-After: {seconds}\r\n"));
        }
        if let Some(error) = proxy_error {
            fields.push_str(&proxy_status(error));
        }
        let title = reason(status);
        let (kind, body) = match (replaced, form) {
            (Some(replaced), _) => (replaced.content_type.as_str(), replaced.body.clone()),
            (None, form) => {
                // Another client of the same cache may like another one.
                fields.push_str(if form.is_some() { "Vary: Accept\r\n" } else { "" });
                match form {
                    Some(Form::Json) => ("application/json", format!("{{\"status\":{status},\"title\":\"{title}\"}}")),
                    Some(Form::Problem) => {
                        ("application/problem+json", format!("{{\"status\":{status},\"title\":\"{title}\"}}"))
                    }
                    Some(Form::Text) | None => ("text/plain", format!("{status} {title}\n")),
                }
            }
        };
        fields.push_str(&format!("Content-Type: {kind}\r\n"));
        message(status, &fields, body.as_bytes(), self.date, self.to_head)
    }
}

/// What OPTIONS is answered that goes no further (RFC 9110 section 9.3.7).
pub fn options(allows_trace: bool, shows: bool, date: &[u8]) -> Vec<u8> {
    message(200, &(allow(allows_trace) + &shown(shows)), b"", date, false)
}

/// What TRACE is answered that goes no further: itself, as it came.
pub fn trace(itself: &[u8], shows: bool, date: &[u8]) -> Vec<u8> {
    message(200, &format!("{}Content-Type: message/http\r\n", shown(shows)), itself, date, false)
}

fn shown(shows: bool) -> String {
    if shows { proxy_status("proxy_internal_response") } else { String::new() }
}

fn message(status: u16, fields: &str, body: &[u8], date: &[u8], to_head: bool) -> Vec<u8> {
    let mut out = format!("HTTP/1.1 {status} {}\r\nDate: ", reason(status)).into_bytes();
    out.extend_from_slice(date);
    let rest = format!("\r\n{fields}Content-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    out.extend_from_slice(rest.as_bytes());
    out.extend_from_slice(if to_head { b"" } else { body });
    out
}

fn allow(trace: bool) -> String {
    format!("Allow: {ALLOWED}{}\r\n", if trace { ", TRACE" } else { "" })
}

fn proxy_status(error: &str) -> String {
    format!("Proxy-Status: fourseven; error={error}\r\n")
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        413 => "Content Too Large",
        414 => "URI Too Long",
        417 => "Expectation Failed",
        421 => "Misdirected Request",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        505 => "HTTP Version Not Supported",
        508 => "Loop Detected",
        _ => "Error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Answer<'_> = Answer {
        status: 503,
        to_head: false,
        form: None,
        replaced: None,
        allows_trace: false,
        proxy_error: None,
        retry_after: None,
        date: b"now",
    };

    fn written(answer: Answer<'_>) -> String {
        String::from_utf8(answer.write()).unwrap()
    }

    #[test]
    fn each_status_has_a_name_and_a_body_of_text_and_of_json() {
        for status in plan::STATUSES {
            let title = reason(status);
            assert_ne!(title, "Error", "{status}");
            let text = written(Answer { status, ..PLAIN });
            let length = title.len() + 5;
            assert!(text.starts_with(&format!("HTTP/1.1 {status} {title}\r\nDate: now\r\n")), "{text}");
            assert!(text.contains(&format!("\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\n")), "{text}");
            assert!(text.ends_with(&format!("\r\nConnection: close\r\n\r\n{status} {title}\n")), "{text}");
            let json = written(Answer { status, form: Some(Form::Json), ..PLAIN });
            assert!(json.contains("\r\nVary: Accept\r\nContent-Type: application/json\r\n"), "{json}");
            assert!(json.ends_with(&format!("\r\n\r\n{{\"status\":{status},\"title\":\"{title}\"}}")), "{json}");
        }
    }

    #[test]
    fn the_whole_of_an_answer_is_what_it_says() {
        let replaced = plan::Answer { status: 503, content_type: "text/html".into(), body: "<p>ü".into() };
        let answer = Answer {
            replaced: Some(&replaced),
            form: Some(Form::Json),
            proxy_error: Some("destination_unavailable"),
            retry_after: Some(7),
            ..PLAIN
        };
        let head = "HTTP/1.1 503 Service Unavailable\r\nDate: now\r\nRetry-After: 7\r\nProxy-Status: fourseven; error=destination_unavailable\r\nContent-Type: text/html\r\nContent-Length: 5\r\nConnection: close\r\n\r\n";
        assert_eq!(written(answer), format!("{head}<p>ü"));
        assert_eq!(written(Answer { to_head: true, ..answer }), head);
    }

    #[test]
    fn trace_is_allowed_where_it_goes_on() {
        let told = |allows_trace| written(Answer { status: 405, allows_trace, ..PLAIN });
        assert!(told(false).contains("\r\nAllow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n"));
        assert!(told(true).contains(", OPTIONS, TRACE\r\n"));
        let options = String::from_utf8(options(true, true, b"now")).unwrap();
        let fields = "Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, TRACE\r\nProxy-Status: fourseven; error=proxy_internal_response\r\n";
        let expected =
            format!("HTTP/1.1 200 OK\r\nDate: now\r\n{fields}Content-Length: 0\r\nConnection: close\r\n\r\n");
        assert_eq!(options, expected);
    }
}
