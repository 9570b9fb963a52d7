//! What the fields of a head say that decides anything, found in one pass.

use crate::Refusal;
use crate::ascii::{all_token, decimal, members};
use crate::head::{FieldSet, Head, Limits, Version};

/// What is said between two neighbours (RFC 9110 section 7.6.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Connection {
    /// `close` was said.
    pub close: bool,
    /// `keep-alive` was said.
    pub keep_alive: bool,
    /// `upgrade` was said.
    pub upgrade: bool,
    /// These fields are for the neighbour alone.
    pub drop: FieldSet,
}

/// What the fields of a head say that decides anything.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Facts {
    pub connection: Connection,
    /// `Content-Length`.
    pub length: Option<u64>,
    /// It is not written as we would.
    pub odd: bool,
    /// `Transfer-Encoding: chunked`.
    pub chunked: bool,
    /// `Transfer-Encoding` is a coding that is not known here.
    unknown_coding: bool,
    /// The fields of either kind.
    pub length_fields: FieldSet,
    /// How often there is a Host, and which fields they are.
    pub hosts: u8,
    pub host: usize,
    pub host_fields: FieldSet,
    pub upgrade: Option<usize>,
    pub takes_trailers: bool,
    pub expects_continue: bool,
    /// Something else is expected, which only a request can.
    pub expects_other: bool,
    /// What is said of a client before this one: `X-Forwarded-…`, `Forwarded` and `X-Real-IP`.
    pub claims: FieldSet,
    /// `X-Request-Id`.
    pub request_ids: FieldSet,
    /// Fields whose names have `_`.
    pub underscored: FieldSet,
    /// `Via`.
    pub via: FieldSet,
    /// `Max-Forwards`.
    pub max_forwards: FieldSet,
    /// How many other fields `Connection` names.
    names_others: usize,
    /// There is a field called `Close`, which `Connection: close` names as well (RFC 9112 section 9.6).
    has_close: bool,
}

/// The most fields that `Connection` may name.
const MOST_NAMED: usize = 32;

/// Fields that nobody can name to be dropped: they say how long a message is, where it goes, who sends
/// it, or what it is.
const PROTECTED: [&[u8]; 18] = [
    b"host",
    b"content-length",
    b"transfer-encoding",
    b"content-type",
    b"content-encoding",
    b"content-range",
    b"authorization",
    b"cookie",
    b"set-cookie",
    b"cache-control",
    b"date",
    b"expect",
    b"range",
    b"location",
    b"via",
    b"forwarded",
    b"x-real-ip",
    b"x-request-id",
];

/// What names begin with that say something of a client; nobody can name these to be dropped, either.
const CLAIM: &[u8] = b"x-forwarded-";

impl Facts {
    /// Takes the head that `bytes` are, whose fields the parser found in them, and reads those. Whatever
    /// can be read in two ways is refused.
    pub fn take(
        head: &mut Head,
        bytes: &[u8],
        fields: &[httparse::Header<'_>],
        version: Version,
        limits: &Limits,
    ) -> Result<Self, Refusal> {
        let mut facts = Self::default();
        head.take(bytes, fields, limits, |at, name, value| {
            // The plain way knows no such names.
            if memchr::memchr(b'_', name).is_some() {
                facts.underscored.add(at);
            }
            facts.field(at, name, value, version)
        })?;
        facts.close(head)?;
        Ok(facts)
    }

    /// The same of a head at the beginning of `bytes` in which nothing is unusual, and its length; its first
    /// line ends at `line`.
    pub fn take_plain(
        head: &mut Head,
        bytes: &[u8],
        line: usize,
        version: Version,
        limits: &Limits,
    ) -> Option<(Self, usize)> {
        let mut facts = Self::default();
        let each = |at, name: &[u8], value: &[u8]| facts.field(at, name, value, version);
        let length = head.take_plain(bytes, line, limits, each)?;
        facts.close(head).ok()?;
        Some((facts, length))
    }

    fn close(&mut self, head: &Head) -> Result<(), Refusal> {
        if (self.chunked || self.unknown_coding) && self.length.is_some() {
            return Err(Refusal::TwoLengths);
        }
        if self.unknown_coding {
            return Err(Refusal::Coding);
        }
        if self.names_others > 0 || (self.has_close && self.connection.close) {
            self.drop_named(head);
        }
        Ok(())
    }

    #[inline(always)]
    fn field(&mut self, at: usize, name: &[u8], value: &[u8], version: Version) -> Result<(), Refusal> {
        match may_matter(name) {
            true => self.known(at, name, value, version),
            false => Ok(()),
        }
    }

    fn known(&mut self, at: usize, name: &[u8], value: &[u8], version: Version) -> Result<(), Refusal> {
        match (name.len(), name.first().map_or(0, |byte| byte | 0x20)) {
            (4, b'h') if is(name, b"host") => {
                self.hosts = self.hosts.saturating_add(1);
                self.host = at;
                self.host_fields.add(at);
            }
            (10, b'c') if is(name, b"connection") => self.connection(at, value)?,
            (14, b'c') if is_or_like(name, b"content-length")? => self.content_length(at, value)?,
            (17, b't') if is_or_like(name, b"transfer-encoding")? => self.transfer_encoding(at, value, version)?,
            (2, b't') if is(name, b"te") => {
                self.connection.drop.add(at);
                self.takes_trailers |= members(value).any(|member| is(member, b"trailers"));
            }
            (6, b'e') if is(name, b"expect") => {
                self.expects_continue = true;
                self.expects_other |= !is(value, b"100-continue");
            }
            (7, b'u') if is(name, b"upgrade") => {
                self.connection.drop.add(at);
                self.upgrade = Some(at);
            }
            (5, b'c') if is(name, b"close") => self.has_close = true,
            (10, b'k') if is(name, b"keep-alive") => self.connection.drop.add(at),
            (14, b'h') if is(name, b"http2-settings") => self.connection.drop.add(at),
            (16, b'p') if is(name, b"proxy-connection") => self.connection.drop.add(at),
            (18, b'p') if is(name, b"proxy-authenticate") => self.connection.drop.add(at),
            (19, b'p') if is(name, b"proxy-authorization") => self.connection.drop.add(at),
            (3, b'v') if is(name, b"via") => self.via.add(at),
            (12, b'm') if is(name, b"max-forwards") => self.max_forwards.add(at),
            // Some set the environment variable by it that names their proxy.
            (5, b'p') if is(name, b"proxy") => self.connection.drop.add(at),
            (9, b'f') if is(name, b"forwarded") => self.claims.add(at),
            (_, b'x') => self.client(at, name),
            _ => {}
        }
        Ok(())
    }

    /// What may be said of a client before this one. Spelt so that only a careless reader takes it for that,
    /// it goes no further, whoever has sent it.
    fn client(&mut self, at: usize, name: &[u8]) {
        let set = match is_claim(name) || is_like(name, b"x-real-ip") {
            true => &mut self.claims,
            false if is_like(name, b"x-request-id") => &mut self.request_ids,
            false => return,
        };
        match name.iter().any(|byte| matches!(byte, b'_' | b'.')) {
            true => self.connection.drop.add(at),
            false => set.add(at),
        }
    }

    fn connection(&mut self, at: usize, value: &[u8]) -> Result<(), Refusal> {
        self.connection.drop.add(at);
        for token in members(value) {
            match token.len() {
                5 if is(token, b"close") => self.connection.close = true,
                10 if is(token, b"keep-alive") => self.connection.keep_alive = true,
                7 if is(token, b"upgrade") => self.connection.upgrade = true,
                0 => {}
                _ => self.names_others += 1,
            }
        }
        // Each is looked for among all fields.
        if self.names_others > MOST_NAMED { Err(Refusal::FieldsCount) } else { Ok(()) }
    }

    fn content_length(&mut self, at: usize, value: &[u8]) -> Result<(), Refusal> {
        // Some readers count with a sign.
        let length = decimal(value).filter(|length| i64::try_from(*length).is_ok()).ok_or(Refusal::ContentLength)?;
        if self.length.replace(length).is_some() {
            return Err(Refusal::ContentLength);
        }
        self.odd = value.len() > 1 && value.first() == Some(&b'0');
        self.length_fields.add(at);
        Ok(())
    }

    fn transfer_encoding(&mut self, at: usize, value: &[u8], version: Version) -> Result<(), Refusal> {
        // A second line may say otherwise than the first, and HTTP/1.0 knows neither.
        if self.chunked || self.unknown_coding || version == Version::Http10 {
            return Err(Refusal::TransferEncoding);
        }
        match is(value, b"chunked") {
            true => self.chunked = true,
            false if all_token(value) => self.unknown_coding = true,
            false => return Err(Refusal::TransferEncoding),
        }
        self.length_fields.add(at);
        Ok(())
    }

    /// Fields that `Connection` names. Rare, so it is a walk over the head for each.
    #[cold]
    fn drop_named(&mut self, head: &Head) {
        for token in head.view().values(b"connection").flat_map(members).filter(|token| all_token(token)) {
            if is_claim(token) || PROTECTED.iter().any(|name| token.eq_ignore_ascii_case(name)) {
                continue;
            }
            for (at, _) in head.view().fields().enumerate().filter(|(_, (name, _))| name.eq_ignore_ascii_case(token)) {
                self.connection.drop.add(at);
            }
        }
    }
}

/// Almost every field is told from those that matter by its length and its first letter.
#[inline(always)]
fn may_matter(name: &[u8]) -> bool {
    let lengths = name.first().and_then(|first| LENGTHS.get(usize::from(first & 31)));
    lengths.is_some_and(|lengths| lengths >> name.len().min(LONG) & 1 == 1)
}

/// This long, or longer.
const LONG: usize = 31;

/// For each letter the lengths of the names in [`Facts::known`] that begin with it.
static LENGTHS: [u32; 32] = {
    let mut lengths = [0; 32];
    // And any that begin as claims do, however they go on.
    #[expect(clippy::indexing_slicing, reason = "it is worked out by the compiler")]
    {
        lengths[(b'x' & 31) as usize] = u32::MAX << CLAIM.len();
    }
    let mut at = 0;
    while at < KNOWN.len() {
        #[expect(clippy::indexing_slicing, reason = "it is worked out by the compiler")]
        {
            lengths[(KNOWN[at][0] & 31) as usize] |= 1 << KNOWN[at].len();
        }
        at += 1;
    }
    lengths
};

/// The names that matter.
const KNOWN: [&[u8]; 19] = [
    b"host",
    b"connection",
    b"content-length",
    b"transfer-encoding",
    b"te",
    b"expect",
    b"upgrade",
    b"close",
    b"keep-alive",
    b"http2-settings",
    b"proxy-connection",
    b"proxy-authenticate",
    b"proxy-authorization",
    b"via",
    b"max-forwards",
    b"proxy",
    b"forwarded",
    b"x-real-ip",
    b"x-request-id",
];

/// Whether it begins as what is said of a client, also for a reader that takes `_` or `.` for `-`.
fn is_claim(name: &[u8]) -> bool {
    name.get(..CLAIM.len()).is_some_and(|begin| is_like(begin, CLAIM))
}

/// Whether it is this word of letters, digits and `-`, in lower case, whatever its own case. No byte that may
/// stand in a field is taken for another: what differs from a letter by this bit alone is that letter, and
/// what differs so from a digit or `-` is a control byte. Compared as a whole, and not byte by byte.
#[inline(always)]
fn is<const N: usize>(name: &[u8], real: &[u8; N]) -> bool {
    let Ok(name) = <&[u8; N]>::try_from(name) else { return false };
    name.iter().zip(real).fold(0, |differ, (byte, real)| differ | ((byte | 0x20) ^ real)) == 0
}

/// Whether it is this name, which says how long a message is.
///
/// # Errors
///
/// It is one that something behind us which takes `_` for `-` takes for it.
#[inline(always)]
fn is_or_like<const N: usize>(name: &[u8], real: &[u8; N]) -> Result<bool, Refusal> {
    match is(name, real) {
        true => Ok(true),
        false if is_like(name, real) => Err(Refusal::Alias),
        false => Ok(false),
    }
}

/// Whether it is this name for a reader that takes `_` or `.` for `-`.
pub(crate) fn is_like(name: &[u8], real: &[u8]) -> bool {
    let like =
        |(byte, real): (&u8, &u8)| byte.eq_ignore_ascii_case(real) || (*real == b'-' && matches!(byte, b'_' | b'.'));
    name.len() == real.len() && name.iter().zip(real).all(like)
}
