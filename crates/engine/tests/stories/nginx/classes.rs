//! What nginx does otherwise, by classes: what a request is like, and what became of it.

use std::collections::BTreeSet;

use wire::{Head, Limits, Marks, Reading, Refusal, Request, Scanner, canonical, split_query, trailers};

use super::{Verdict, behind};

/// A request about which the two did not agree.
pub struct Case<'a> {
    /// As text: each byte is the character of its number.
    text: String,
    /// Why ours refuses its head or its path, if it does.
    pub refusal: Option<Refusal>,
    marks: Marks,
    merges: bool,
    their: &'a Verdict,
    our: &'a Verdict,
}

impl<'a> Case<'a> {
    pub fn new(request: &[u8], merges: bool, their: &'a Verdict, our: &'a Verdict) -> Self {
        let (mut head, bytes) = (Head::default(), [request, &behind()].concat());
        let limits = Limits { line: 16 * 1024, fields: 64 * 1024, count: 100 };
        let parsed = Request::parse(&mut head, &bytes, &limits).map(|parsed| parsed.expect("a whole head").0);
        let marks = parsed.and_then(|request| {
            let path = split_query(head.part(request.target.path())).0;
            canonical(path, Reading { merges, decodes: false }, &mut Vec::new())
        });
        let text = request.iter().map(|byte| char::from(*byte)).collect();
        Self { text, refusal: marks.err(), marks: marks.unwrap_or_default(), merges, their, our }
    }

    /// The first line, without its end.
    fn line(&self) -> &str {
        let line = self.text.trim_start_matches(['\r', '\n']).split('\n').next().unwrap_or_default();
        line.strip_suffix('\r').unwrap_or(line)
    }

    fn target(&self) -> &str {
        self.line().split(' ').find(|word| word.starts_with('/')).unwrap_or_default()
    }

    /// What went on from ours went on from nginx as well, and then this.
    fn more_of_theirs(&self) -> Option<&str> {
        let more = self.their.went.strip_prefix(&self.our.went[..]).filter(|_| !self.our.went.is_empty())?;
        more.first().map(String::as_str)
    }

    /// What went on from nginx went on from ours as well, and then this.
    fn more_of_ours(&self) -> Option<&str> {
        let more = self.our.went.strip_prefix(&self.their.went[..])?;
        more.first().map(String::as_str)
    }

    fn path(&self) -> &str {
        self.target().split('?').next().unwrap_or_default()
    }

    /// The lines behind the first one, up to an empty one, and what follows it.
    fn fields(&self) -> (Vec<&str>, &str) {
        let (head, body) = self.text.split_once("\r\n\r\n").unwrap_or((&self.text, ""));
        (head.split("\r\n").skip(1).collect(), body)
    }

    fn has_field(&self, is: impl Fn(&str) -> bool) -> bool {
        self.fields().0.into_iter().any(is)
    }

    /// Ours refuses it for one of these reasons, and nginx does not.
    fn is_refused_as(&self, refusals: &[Refusal]) -> bool {
        let refused = self.refusal.is_some_and(|refusal| refusals.contains(&refusal));
        refused && self.our.went.is_empty() && !self.their.went.is_empty()
    }

    fn is_marked(&self, marks: Marks) -> bool {
        self.refusal.is_none() && self.marks.has_any(marks) && self.our.went.is_empty() && !self.their.went.is_empty()
    }

    /// nginx refuses it, and ours does not.
    fn is_taken(&self) -> bool {
        self.their.went.is_empty() && !self.our.went.is_empty()
    }

    /// How many segments above the root its path goes.
    fn climbs(&self) -> bool {
        let path = String::from_utf8_lossy(&decoded(self.path())).into_owned();
        let segments =
            path.split('/').skip(1).filter(|segment| *segment != "." && !(self.merges && segment.is_empty()));
        let depths = segments.scan(0, |depth, segment| {
            *depth += if segment == ".." { -1 } else { 1 };
            Some(*depth)
        });
        depths.min().is_some_and(|least: i32| least < 0)
    }

    /// Ours does not take the chunks of its body.
    fn has_odd_chunks(&self) -> bool {
        let body: Vec<u8> = self.fields().1.chars().map(|char| char as u8).chain(behind()).collect();
        let (mut scanner, mut rest, mut lines) = (Scanner::default(), &body[..], Vec::new());
        while !rest.is_empty() && !scanner.is_done() {
            use wire::Piece::{Data, End, Final, Last, Pass, Size, Skip, Trailer};
            let Ok(piece) = scanner.next(rest) else { return true };
            if let Trailer(read) | End(read) = piece {
                lines.extend_from_slice(&rest[..read]);
            }
            let (Pass(read)
            | Data(read)
            | Skip(read)
            | Size(read, _)
            | Trailer(read)
            | Last(read)
            | End(read)
            | Final(read)) = piece;
            rest = &rest[read..];
        }
        trailers(&lines, &mut Vec::new()).is_err()
    }

    /// What went on of one first, as its parts.
    fn first(verdict: &Verdict) -> Option<(&str, &str, &str)> {
        let (method, target) = verdict.went.first()?.split_once(' ')?;
        let (path, query) = target.split_at(target.find('?').unwrap_or(target.len()));
        Some((method, path, query))
    }
}

/// A path with everything decoded; what is no encoding stays.
fn decoded(path: &str) -> Vec<u8> {
    let (mut rest, mut decoded) = (path, Vec::new());
    while let Some(char) = rest.chars().next() {
        let byte = rest.strip_prefix('%').and_then(|rest| u8::from_str_radix(rest.get(..2)?, 16).ok());
        decoded.push(byte.unwrap_or(char as u8));
        rest = &rest[if byte.is_some() { 3 } else { char.len_utf8() }..];
    }
    decoded
}

fn is_token(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c))
}

/// Whether it is one of a class, which has a row in `docs/paths.md`.
pub type IsOne = fn(&Case<'_>) -> bool;

/// The classes; the first that a request is of is its own.
pub const CLASSES: [(&str, IsOne); 28] = [
    ("`%2F`", |case| case.is_marked(Marks::ENCODED_SLASH)),
    ("`\\` and `%5C`", |case| case.is_marked(Marks::BACKSLASH.and(Marks::ENCODED_BACKSLASH))),
    ("`;` behind dots or nothing", |case| case.is_marked(Marks::BARE_SEMICOLON)),
    ("bytes that are not UTF-8", |case| {
        case.is_refused_as(&[Refusal::Path]) && std::str::from_utf8(&decoded(case.path())).is_err()
    }),
    ("a fragment", |case| case.is_refused_as(&[Refusal::Target]) && case.target().contains('#')),
    ("`%00` in the query", |case| {
        case.is_refused_as(&[Refusal::Target])
            && case.target().split_once('?').is_some_and(|(_, query)| query.contains("%00"))
    }),
    ("dots above the root", |case| case.is_taken() && case.climbs()),
    ("reserved bytes, and bytes that no URI has", |case| {
        let (Some(their), Some(our)) = (Case::first(case.their), Case::first(case.our)) else { return false };
        their != our && (their.0, decoded(their.1), their.2) == (our.0, decoded(our.1), our.2)
    }),
    ("an empty query", |case| {
        let (Some(their), Some(our)) = (Case::first(case.their), Case::first(case.our)) else { return false };
        (their.0, decoded(their.1), their.2, our.2) == (our.0, decoded(our.1), "", "?")
    }),
    ("other schemes", |case| {
        let absolute = case.line().split(' ').nth(1).and_then(|target| target.split_once("://"));
        let other = absolute.is_some_and(|(scheme, _)| !["http", "https"].contains(&&scheme.to_ascii_lowercase()[..]));
        case.is_refused_as(&[Refusal::Target]) && other
    }),
    ("methods in other characters", |case| {
        let method = case.more_of_ours().and_then(|went| went.split(' ').next());
        method.is_some_and(|method| !method.chars().all(|c| c.is_ascii_uppercase() || "_-".contains(c)))
    }),
    ("empty lines between requests", |case| {
        let rest = case.fields().1;
        case.more_of_theirs().is_some()
            && case.our.went.len() == 1
            && !rest.is_empty()
            && rest.chars().all(|c| "\r\n".contains(c))
    }),
    ("HTTP/0.9", |case| {
        let is_old = |line: &str| line.split([' ', '\r']).filter(|word| !word.is_empty()).count() < 3;
        let first = || is_old(case.line().split('\n').next().unwrap_or_default());
        // Or the next one, where that is what follows a request without a body.
        let next = || is_old(case.fields().1.trim_start().split('\n').next().unwrap_or_default());
        case.is_refused_as(&[Refusal::StartLine, Refusal::BareLf]) && first()
            || case.more_of_theirs().is_some() && next()
    }),
    ("blanks in the first line", |case| {
        let words = || case.line().split(' ').filter(|word| !word.is_empty());
        let refused = case.is_refused_as(&[Refusal::StartLine, Refusal::Field, Refusal::BareLf]);
        refused && case.line().split(' ').count() > 3 && words().count() >= 3
    }),
    ("other bytes in the target", |case| {
        let odd = !case.target().bytes().all(|byte| byte.is_ascii_graphic());
        case.is_refused_as(&[Refusal::StartLine, Refusal::Target]) && odd
    }),
    ("another version", |case| {
        let version = case.line().rsplit(' ').next().unwrap_or_default();
        let other = version.starts_with("HTTP/") && !["HTTP/1.0", "HTTP/1.1"].contains(&version);
        case.is_refused_as(&[Refusal::Version, Refusal::StartLine, Refusal::Field]) && other
    }),
    ("a line that ends without CR", |case| {
        let bare = case.text.split('\n').rev().skip(1).any(|line| !line.ends_with('\r'));
        case.is_refused_as(&[Refusal::BareLf, Refusal::StartLine]) && bare
    }),
    ("CR within a line", |case| {
        let bare = case.text.split('\r').skip(1).any(|behind| !behind.starts_with('\n'));
        case.is_refused_as(&[Refusal::Field, Refusal::BareLf]) && bare
    }),
    ("a line that is no field", |case| {
        let none = |line: &str| !line.split_once(':').is_some_and(|(name, _)| is_token(name));
        case.is_refused_as(&[Refusal::Field]) && case.has_field(none)
    }),
    ("a control in a value", |case| {
        let odd = |line: &str| line.chars().any(|c| c.is_ascii_control() && c != '\t');
        case.is_refused_as(&[Refusal::Field]) && case.has_field(odd)
    }),
    ("aliases of framing", |case| {
        let alias = |line: &str| {
            let name = line.split(':').next().unwrap_or_default().to_ascii_lowercase();
            name.contains(['_', '.'])
                && ["content-length", "transfer-encoding"].contains(&&name.replace(['_', '.'], "-")[..])
        };
        case.is_refused_as(&[Refusal::Alias]) && case.has_field(alias)
    }),
    ("an odd Host", |case| {
        case.is_refused_as(&[Refusal::Host]) && case.has_field(|line| line.to_ascii_lowercase().starts_with("host:"))
    }),
    ("other expectations", |case| {
        case.is_refused_as(&[Refusal::Expectation])
            && case.has_field(|line| line.to_ascii_lowercase().starts_with("expect:"))
    }),
    ("chunks", |case| {
        let refused = case.refusal.is_none() && !case.their.went.is_empty() && case.their.went != case.our.went;
        refused && case.text.to_ascii_lowercase().contains("transfer-encoding: chunked") && case.has_odd_chunks()
    }),
    ("tabs around a value", |case| case.is_taken() && case.has_field(|line| line.contains('\t'))),
    ("Expect twice", |case| {
        let lines = case.fields().0.into_iter();
        case.is_taken() && lines.filter(|line| line.to_ascii_lowercase().starts_with("expect:")).count() > 1
    }),
    ("words around `close`", |case| {
        let within = |line: &str| {
            let line = line.to_ascii_lowercase();
            let value = line.strip_prefix("connection:").unwrap_or_default();
            value.contains("close") && !value.split(',').any(|option| option.trim() == "close")
        };
        case.more_of_ours().is_some() && case.their.went.len() == 1 && case.has_field(within)
    }),
    ("`OPTIONS *`", |case| case.is_taken() && case.line().starts_with("OPTIONS * ")),
];

/// The class of a request.
pub fn class_of(case: &Case<'_>) -> Option<&'static str> {
    CLASSES.iter().find(|(_, is_one)| is_one(case)).map(|(name, _)| *name)
}

/// The first column of the table about nginx.
pub fn rows() -> BTreeSet<&'static str> {
    const TEXT: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/paths.md"));
    let table = TEXT.split("## Beside nginx").nth(1).unwrap_or_default();
    let rows = table.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
    rows.skip(1).filter(|row| !row.starts_with("---")).collect()
}
