//! Requests that are mutated: their paths, or their heads line by line.

use crate::support::Random;

/// What paths are made of.
const PIECES: [&str; 50] = [
    "/",
    "/",
    "/",
    "/",
    "/a",
    "/b",
    "/c/d",
    "a",
    "B",
    ".",
    "..",
    "/.",
    "/..",
    "/../",
    "/./",
    "%2e",
    "%2E%2e",
    "%2f",
    "%2F",
    "%5C",
    "\\",
    ";",
    ";x=1",
    "%3b",
    "%25",
    "%2561",
    "%61",
    "%7E",
    "%c3%a9",
    "%e2%82%AC",
    "%e9",
    "%00",
    "%0a",
    "%20",
    "%",
    "%4",
    "%zz",
    "%3A",
    "%23",
    "%3f",
    "%7f",
    "?x",
    "?x=%zz",
    "#",
    ":@!$&'()*+,=",
    "\"<>^`{|}",
    "[]",
    "_-~",
    "//",
    "...",
];

/// Whole lines of heads.
const LINES: [&str; 59] = [
    "GET /x HTTP/1.0",
    "POST /x HTTP/1.1",
    "HEAD /x HTTP/1.1",
    "OPTIONS * HTTP/1.1",
    "OPTIONS /x HTTP/1.1",
    "GET http://b:81/x HTTP/1.1",
    "GET http://b HTTP/1.1",
    "GET https://b/x HTTP/1.1",
    "GET ftp://b/x HTTP/1.1",
    "GET * HTTP/1.1",
    "GET x HTTP/1.1",
    "CONNECT / HTTP/1.1",
    "CONNECT b:80 HTTP/1.1",
    "PATCH /x HTTP/1.1",
    "get /x HTTP/1.1",
    "GE_T /x HTTP/1.1",
    "GET /x HTTP/1.2",
    "GET /x HTTP/2.0",
    "GET /x HTTP/0.9",
    "GET /x",
    "GET  /x HTTP/1.1",
    "GET /x  HTTP/1.1",
    "GET /x http/1.1",
    "GET /x y HTTP/1.1",
    " GET /x HTTP/1.1",
    "",
    "Host: a",
    "Host: b:80",
    "Host: [::1]:80",
    "Host: a/b",
    "Host: u@a",
    "Host: a b",
    "Host: a:99999",
    "Host:",
    "Host: a..b",
    "Host: a, b",
    "Content-Length: 0",
    "Content-Length: 5",
    "Content-Length: 05",
    "Content-Length: +5",
    "Content-Length: 5, 5",
    "Content-Length:",
    "Content-Length: 9x",
    "Content_Length: 5",
    "Transfer-Encoding: chunked",
    "Transfer-Encoding: gzip",
    "Transfer-Encoding: gzip, chunked",
    "Transfer-Encoding:",
    "Transfer_Encoding: chunked",
    "Transfer-Encoding : chunked",
    "Connection: close",
    "Connection: x-one",
    "Expect: 100-continue",
    "Expect: more",
    "X_Under: 1",
    "X-One: \u{e9}",
    "X-One",
    " folded",
    ": nameless",
];

const ENDS: [&str; 6] = ["\n", "\r", "\r\r\n", " \r\n", "\t\r\n", "\r\n\r\n"];
const ODD: &[u8] = b"\0\t\n\r \x0b\x7f\x80\xff:;,/?#%\\\"()@[]_-.0A";

/// The next one.
pub fn request(random: &mut Random) -> Vec<u8> {
    if random.below(5) < 3 {
        let target: String = (0..1 + random.below(8)).map(|_| PIECES[random.below(PIECES.len())]).collect();
        let mut target = format!("/{target}").into_bytes();
        if random.below(8) == 0 {
            let at = random.below(target.len());
            target[at] = ODD[random.below(ODD.len())];
        }
        return [b"GET ", &target[..], b" HTTP/1.1\r\nHost: a\r\n\r\n"].concat();
    }
    let (head, body): (&[&str], &str) = match random.below(4) {
        0 => (&["POST /x HTTP/1.1", "Host: a", "X-One: 1", "Content-Length: 5"], "hello"),
        1 => (&["POST /x HTTP/1.1", "Host: a", "X-One: 1", "Transfer-Encoding: chunked"], "5\r\nhello\r\n0\r\n\r\n"),
        _ => (&["GET /x HTTP/1.1", "Host: a", "X-One: 1"], ""),
    };
    let mut lines: Vec<String> = head.iter().map(|line| format!("{line}\r\n")).collect();
    for _ in 0..1 + random.below(2) {
        let (at, new) = (random.below(lines.len()), LINES[random.below(LINES.len())]);
        match random.below(6) {
            0 => lines[at] = format!("{new}\r\n"),
            1 | 2 => lines.insert(at + 1, format!("{new}\r\n")),
            3 => lines.insert(at, lines[random.below(lines.len())].clone()),
            4 if lines.len() > 1 => drop(lines.remove(at)),
            _ => lines[at] = lines[at].replace("\r\n", ENDS[random.below(ENDS.len())]),
        }
    }
    let mut bytes: Vec<u8> = format!("{}\r\n{body}", lines.concat()).chars().map(|char| char as u8).collect();
    if random.below(3) == 0 {
        let at = random.below(bytes.len());
        let odd = ODD[random.below(ODD.len())];
        match random.below(3) {
            0 => bytes[at] = odd,
            1 => bytes.insert(at, odd),
            _ => drop(bytes.remove(at)),
        }
    }
    bytes
}
