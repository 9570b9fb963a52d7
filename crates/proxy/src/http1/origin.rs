//! Where a request comes from, and what endpoints are told of that.

use std::io::Write;
use std::net::IpAddr;
use std::sync::Arc;

use plan::{Forward, Trust};
use wire::{FieldSet, Head, Request, Version, client, is_request_id, named, write_element};

/// Where the requests of a connection come from.
#[derive(Debug)]
pub struct Origin {
    /// Nobody's, by a Unix socket.
    address: Option<IpAddr>,
    scheme: &'static str,
    /// What it says of others is believed, as far as it names those trusted here.
    trust: Option<Arc<Trust>>,
    /// What is said of it as a rule: `X-Forwarded-For`, `-Proto` and `Via`, made once.
    lines: Box<[u8]>,
    /// The same for a request of HTTP/1.0.
    old: Box<[u8]>,
    /// Where Via begins in either.
    via: usize,
}

impl Origin {
    /// A client at `address` who came by `scheme`; `pseudonym` is our name in Via.
    pub fn new(address: Option<IpAddr>, scheme: &'static str, pseudonym: &str, trust: &Arc<Trust>) -> Self {
        let mut said = String::new();
        if let Some(address) = address {
            said = format!("X-Forwarded-For: {address}\r\n");
        }
        said += &format!("X-Forwarded-Proto: {scheme}\r\n");
        let lines = |version| format!("{said}Via: {version} {pseudonym}\r\n").into_bytes().into();
        let trust = trust.takes(address).then(|| trust.clone());
        Self { address, scheme, trust, via: said.len(), lines: lines("1.1"), old: lines("1.0") }
    }

    /// The address of the connection.
    pub fn address(&self) -> Option<IpAddr> {
        self.address
    }

    /// What it says of others is believed, or not, by this from now on.
    pub fn judge(&mut self, trust: &Arc<Trust>) {
        self.trust = trust.takes(self.address).then(|| trust.clone());
    }

    /// The client whose request it is: behind those that are trusted, if they say so.
    pub fn client(&self, head: &Head, request: &Request) -> Option<IpAddr> {
        let trust = self.trust.as_ref();
        let said = trust.and_then(|trust| client(head.view(), request.claims, |address| trust.takes(Some(address))));
        said.or(self.address)
    }

    /// How somebody who is trusted has called the request.
    pub fn given_id<'a>(&self, head: &'a Head, request: &Request) -> Option<&'a [u8]> {
        let at = given(head, request, self)?;
        head.view().fields().nth(at).map(|(_, value)| value)
    }

    fn lines(&self, version: Version) -> &[u8] {
        match version {
            Version::Http10 => &self.old,
            Version::Http11 => &self.lines,
        }
    }

    fn via(&self, version: Version) -> &[u8] {
        self.lines(version).get(self.via..).unwrap_or_default()
    }
}

/// What endpoints are told of where a request comes from. Recycled with its exchange.
#[derive(Debug, Default)]
pub struct Said {
    /// Fields that are left out.
    pub drop: FieldSet,
    /// `X-Forwarded-Host` goes along.
    pub adds_host: bool,
    /// It differs from what is said as a rule: this instead.
    made: Option<Vec<u8>>,
    spare: Vec<u8>,
    id: Id,
}

/// How a request is called.
#[derive(Debug, Clone, Copy, Default)]
enum Id {
    /// Nobody asks for it.
    #[default]
    None,
    /// By who is trusted, in the field at this position.
    Given(usize),
    /// By us: hexadecimal digits.
    Made([u8; 32]),
}

impl Said {
    /// Forgets everything, and keeps at most `most` bytes of room.
    pub fn recycle(&mut self, most: usize) {
        let mut spare = self.made.take().unwrap_or_else(|| std::mem::take(&mut self.spare));
        spare.clear();
        spare.shrink_to(most);
        *self = Self { spare, ..Self::default() };
    }

    /// What is said of a request that comes from `origin`; `draw` draws a number that nobody has had.
    pub fn say(
        &mut self,
        head: &Head,
        request: &Request,
        origin: &Origin,
        policy: &Forward,
        draw: impl FnOnce() -> u128,
    ) {
        self.drop = request.claims;
        self.adds_host = true;
        if origin.trust.is_some() || !policy.is_plain() {
            self.say_more(head, request, origin, policy, draw);
        }
    }

    #[inline(never)]
    fn say_more(
        &mut self,
        head: &Head,
        request: &Request,
        origin: &Origin,
        policy: &Forward,
        draw: impl FnOnce() -> u128,
    ) {
        let (mut out, view) = (std::mem::take(&mut self.spare), head.view());
        let before = origin.trust.as_ref().map_or(FieldSet::default(), |_| request.claims);
        let has = |name| named(view, before, name).next().is_some();
        if origin.trust.is_some() {
            self.drop = FieldSet::default();
        }
        if let Some(address) = origin.address {
            self.drop_named(head, before, b"x-forwarded-for");
            put_list(&mut out, b"X-Forwarded-For: ", named(view, before, b"x-forwarded-for"));
            let _ = write!(out, "{address}\r\n");
        }
        if !has(b"x-forwarded-proto") {
            let _ = write!(out, "X-Forwarded-Proto: {}\r\n", origin.scheme);
        }
        self.adds_host = !has(b"x-forwarded-host");
        if policy.forwarded {
            self.drop_named(head, before, b"forwarded");
            put_list(&mut out, b"Forwarded: ", named(view, before, b"forwarded"));
            let host = request.host.map(|host| head.part(host)).unwrap_or_default();
            write_element(&mut out, origin.address, host, origin.scheme);
            out.extend_from_slice(b"\r\n");
        }
        if policy.real_ip
            && !has(b"x-real-ip")
            && let Some(client) = origin.client(head, request)
        {
            let _ = write!(out, "X-Real-IP: {client}\r\n");
        }
        self.id = given(head, request, origin).map_or(Id::None, Id::Given);
        if policy.request_id && matches!(self.id, Id::None) {
            self.id = Id::Made(digits(draw()));
            if let Id::Made(id) = &self.id {
                self.drop = self.drop.and(request.request_ids);
                [b"X-Request-Id: ", &id[..], b"\r\n"].into_iter().for_each(|part| out.extend_from_slice(part));
            }
        }
        if policy.via {
            out.extend_from_slice(origin.via(request.version));
        }
        self.made = Some(out);
    }

    fn drop_named(&mut self, head: &Head, set: FieldSet, name: &[u8]) {
        for (at, (other, _)) in head.view().fields().enumerate() {
            if set.has(at) && other.eq_ignore_ascii_case(name) {
                self.drop.add(at);
            }
        }
    }

    /// The lines that say it, of a request that comes from `origin`.
    pub fn lines<'a>(&'a self, origin: &'a Origin, version: Version) -> &'a [u8] {
        match &self.made {
            Some(made) => made,
            None => origin.lines(version),
        }
    }

    /// How the request is called, if it is called anything.
    pub fn id<'a>(&'a self, head: &'a Head) -> Option<&'a [u8]> {
        match &self.id {
            Id::None => None,
            Id::Given(at) => head.view().fields().nth(*at).map(|(_, value)| value),
            Id::Made(digits) => Some(digits),
        }
    }
}

/// A random number as 32 hexadecimal digits, in no order that matters.
fn digits(number: u128) -> [u8; 32] {
    let mut left = number;
    [(); 32].map(|()| {
        let digit = (left & 15) as u8;
        left >>= 4;
        if digit < 10 { b'0' + digit } else { b'a' - 10 + digit }
    })
}

/// Where the name is that somebody who is trusted has given the request: exactly one, and a fit one.
fn given(head: &Head, request: &Request, origin: &Origin) -> Option<usize> {
    let mut positions = request.request_ids.positions();
    let at = positions.next().filter(|_| origin.trust.is_some() && positions.next().is_none())?;
    head.view().fields().nth(at).filter(|(_, value)| is_request_id(value)).map(|_| at)
}

/// Begins a list with what was said before.
fn put_list<'a>(out: &mut Vec<u8>, name: &[u8], before: impl Iterator<Item = &'a [u8]>) {
    out.extend_from_slice(name);
    for value in before.filter(|value| !value.is_empty()) {
        out.extend_from_slice(value);
        out.extend_from_slice(b", ");
    }
}
