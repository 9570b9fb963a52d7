//! One request and its answer.

mod answering;
mod dialling;
mod record;
mod times;

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use account::Fault;
use net::{Half, Held, Stream};
use wire::{Asked, Framing, Head, Method, Refusal, Request, Version};
use world::Open;

use super::body::{Reader, Trailers};
use super::buffer::Buffer;
use super::client::{Client, Seen};
use super::endpoint::Conn;
use super::heads::{Told, to_endpoint};
use super::origin::{Origin, Said};
use super::path::Path;
use super::pump::{Broken, Pump};
use crate::adopted::{EndpointHere, RouteHere};
use crate::choice::Choice;
use crate::filter::{Filter, Hold, Limit};
use crate::station::Station;

pub use times::Late;
use times::Times;

/// The most of a request that is kept so that it can be sent again.
const MOST_REPLAY: u64 = 64 * 1024;

/// One request and its answer, with the buffers that it needs. It is recycled.
///
/// ```text
///   Dial ─connected─▶ Wait ─final head─▶ Answer ─all sent─▶ (End)
///    ▲  ▲               │
///    │  └─ endpoint unreachable, or silent: another one
///    └── reused connection died unanswered: a fresh one
/// ```
#[derive(Default)]
pub struct Exchange {
    /// The request's head.
    pub head: Head,
    /// What it says.
    pub request: Option<Request>,
    /// Its path.
    pub path: Path,
    /// As much of it as an answer depends on.
    asks: Asks,
    /// What endpoints are told of where it comes from.
    said: Said,
    /// The head of the response that was read last.
    answer: Head,
    /// A part of a response's head, or what came behind a response.
    early: Vec<u8>,
    /// There may be a whole head in it.
    is_unseen: bool,
    /// Who serves it.
    pub choice: Option<Choice>,
    tried: Vec<Rc<EndpointHere>>,
    conn: Option<Conn>,
    /// The request's body, and the response's.
    up: Pump,
    down: Pump,
    stage: Stage,
    times: Times,
    /// What the endpoints tried before were sent.
    sent_before: u64,
    /// The endpoint takes no more of the body, or the client sends no more.
    up_stopped: bool,
    /// The body waits for the endpoint's 100.
    awaits_continue: bool,
    interim: u8,
    /// Which trailers of the request go on.
    pub trailers: Trailers,
    /// An endpoint was dialled for it, or asked.
    is_tried: bool,
    /// The route that took it, when nothing was chosen to serve it.
    pub unserved: Option<Rc<RouteHere>>,
    /// How often it was sent once more, or elsewhere.
    retries: u32,
    /// Its try has a connection that had served others.
    reused: bool,
    /// How long connecting took, while that is logged.
    connected: Option<Duration>,
    /// Bytes of the response's heads.
    heads: u64,
    /// The status of the final response, once its head was sent, and how long that took.
    pub status: Option<(u16, Duration)>,
    /// The client's connection ends with this exchange.
    pub closes: bool,
    /// The endpoint's connection may serve another.
    keeps: bool,
    tunnels: bool,
}

/// As much of a request as its answer depends on.
#[derive(Debug, Clone, Copy, Default)]
struct Asks {
    /// How a response is read.
    asked: Asked,
    /// The client speaks HTTP/1.1.
    is_new: bool,
    takes_trailers: bool,
    closes: bool,
}

impl Asks {
    fn of(request: &Request) -> Self {
        Self {
            asked: Asked { head: request.method == Method::Head, upgrade: request.upgrade.is_some() },
            is_new: request.version == Version::Http11,
            takes_trailers: request.takes_trailers,
            closes: !request.keeps_alive(),
        }
    }
}

/// A connection, and how long it took, while that is logged.
type Dialled = Pin<Box<dyn Future<Output = (Result<Stream, Fault>, Option<Duration>)>>>;

/// Where an exchange stands.
#[derive(Default)]
enum Stage {
    /// An endpoint is being dialled.
    Dial(Dialled, Open, Held),
    /// The final response has not begun.
    #[default]
    Wait,
    /// The response is passed on.
    Answer,
}

/// How an exchange ended.
pub enum End {
    /// The response was sent; the client's connection may go on, or ends with it.
    Answered {
        /// It goes on.
        keeps: bool,
    },
    /// Both sides speak another protocol from here on.
    Tunnel(Box<Conn>),
    /// No byte of a response has gone out: it is ours to answer.
    Unanswered(Why),
    /// A part of a response has gone out, or nobody is there to be answered.
    Aborted(Fault),
}

/// Why there is no response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The request is not to be understood.
    Refused(Refusal),
    /// Something went wrong.
    Fault(Fault),
}

impl Why {
    /// The fault that it is counted as.
    pub fn fault(self) -> Fault {
        match self {
            Self::Refused(_) => Fault::BadRequest,
            Self::Fault(fault) => fault,
        }
    }

    /// The error that it is called in `Proxy-Status` (RFC 9209 section 2.3).
    pub fn proxy_error(self) -> Option<&'static str> {
        self.fault().proxy_error()
    }

    /// The status that a client is answered.
    pub fn status(self) -> u16 {
        match self {
            Self::Refused(refusal) => refusal.status(),
            Self::Fault(fault) => fault.status(),
        }
    }
}

impl Exchange {
    /// Memory that a buffer may keep when it is recycled.
    const KEEP: usize = 4096;

    /// Forgets everything but its buffers.
    pub fn recycle(&mut self) {
        self.head.clear(Self::KEEP);
        self.said.recycle(Self::KEEP);
        self.answer.clear(Self::KEEP);
        self.path.recycle(Self::KEEP);
        self.early.clear();
        self.early.shrink_to(Self::KEEP);
        self.up.recycle(Self::KEEP);
        self.down.recycle(Self::KEEP);
        self.tried.clear();
        (self.request, self.choice, self.conn) = Default::default();
        self.stage = Stage::Wait;
        (self.up_stopped, self.awaits_continue, self.closes, self.keeps, self.tunnels) = Default::default();
        self.is_unseen = false;
        (self.interim, self.sent_before, self.status, self.times) = Default::default();
        (self.unserved, self.retries, self.reused, self.connected, self.heads) = Default::default();
        (self.trailers, self.is_tried) = Default::default();
    }

    /// Begins with a request whose body may begin at `start` of the buffer. Answers where the next
    /// message begins.
    ///
    /// # Errors
    ///
    /// It cannot be sent on.
    pub fn begin(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut Buffer,
        (start, end): (usize, usize),
        station: &Station,
        from: &Origin,
    ) -> Result<usize, Why> {
        let (Some(request), Some(choice)) = (&self.request, &self.choice) else {
            return Err(Why::Fault(Fault::NoEndpoint));
        };
        self.asks = Asks::of(request);
        let draw = || station.random(|rng| rng.u128(..));
        self.said.say(&self.head, request, from, &choice.route.http.forward, draw);
        let now = station.wheel.now();
        self.times = Times::begin(now);
        add_filters(&mut self.up, request.framing, choice, station)?;
        self.up.begin(request.framing, Reader { chunks: true, trailers: self.trailers });
        self.awaits_continue = request.expects_continue && request.framing != Framing::None;
        let idle = match self.awaits_continue {
            true => None,
            false => choice.endpoint.idle.take(now, request.method.is_idempotent()),
        };
        let Some(mut conn) = idle else {
            let read = self.up.hold_body(buffer, start..end).map_err(why)?;
            self.dial(station, 0);
            return Ok(start + read);
        };
        choice.endpoint.counts.reused.add(1);
        (self.is_tried, self.reused) = (true, true);
        let told =
            Told { said: &self.said, from, host: choice.route.http.forward.host.as_deref(), path: self.path.instead() };
        let head = to_endpoint(&mut buffer.head, &self.head, request, told, self.up.filters.change());
        let head = head.ok_or(Why::Refused(Refusal::FieldsLength))?;
        let (read, sent) = self.up.begin_with(cx, buffer, head, start..end, &mut conn.stream).map_err(why)?;
        // Reading will show why it takes nothing.
        self.up_stopped = sent.is_err();
        self.conn = Some(conn);
        self.note_body(now);
        Ok(start + read)
    }

    /// Bytes that went to the endpoint and to the client so far.
    pub fn moved(&self) -> (u64, u64) {
        (self.up.moved, self.down.moved)
    }

    /// It is not the endpoint's to answer any more.
    pub fn leave(&mut self) {
        self.stage = Stage::Wait;
        self.conn = None;
        self.choice.iter_mut().for_each(Choice::leave);
    }

    /// Whether it is answered by a head alone.
    pub fn is_to_head(&self) -> bool {
        self.request.is_some_and(|request| request.method == Method::Head)
    }

    /// Whether an endpoint has said anything in answer to it.
    pub fn has_heard(&self) -> bool {
        self.interim > 0 || !self.early.is_empty()
    }

    /// Whether a part of the final response has gone out.
    pub fn is_answered(&self) -> bool {
        matches!(self.stage, Stage::Answer)
    }

    /// Whether an answer of ours would stand in the middle of something else.
    pub fn is_mid_answer(&self) -> bool {
        self.is_answered() || self.down.is_blocked()
    }

    /// Goes on as far as possible without waiting.
    pub fn poll(&mut self, cx: &mut Context<'_>, client: &mut Client, station: &Station, from: &Origin) -> Poll<End> {
        loop {
            if let Stage::Dial(..) = self.stage
                && let Err(why) = ready!(self.connect(cx, client, station, from))
            {
                return Poll::Ready(End::Unanswered(why));
            }
            match ready!(self.relay(cx, client, station)) {
                Ok(End::Unanswered(Why::Fault(fault))) if self.tries_again(fault, station) => {}
                Ok(End::Unanswered(why)) if self.is_mid_answer() => return Poll::Ready(self.abort(why.fault())),
                Ok(end) => return Poll::Ready(end),
                Err(fault) => return Poll::Ready(self.abort(fault)),
            }
        }
    }

    /// It comes to nothing: the endpoint must not take what it has for a whole request.
    pub fn abort(&mut self, fault: Fault) -> End {
        self.up.abort(fault);
        self.down.abort(fault);
        if let Some(conn) = &mut self.conn {
            conn.stream.abort();
        }
        End::Aborted(fault)
    }

    /// Moves both bodies, and passes the response on.
    fn relay(&mut self, cx: &mut Context<'_>, client: &mut Client, station: &Station) -> Poll<Result<End, Fault>> {
        if let Some(end) = self.upload(cx, client, station) {
            return Poll::Ready(end);
        }
        while matches!(self.stage, Stage::Wait) {
            // An interim response may not have gone out yet.
            if ready!(self.down.flush(cx, &mut client.stream)).is_err() {
                return Poll::Ready(Err(Fault::ClientAborted));
            }
            let waited = self.awaits_continue;
            if let Some(end) = ready!(self.answer(cx, client, station)) {
                return Poll::Ready(end);
            }
            if waited && !self.awaits_continue {
                self.note_body(station.wheel.now());
                if let Some(end) = self.upload(cx, client, station) {
                    return Poll::Ready(end);
                }
            }
        }
        let Some(conn) = &mut self.conn else { return Poll::Ready(Err(Fault::EndpointEnded)) };
        if !self.down.is_done() {
            let tools = (&station.http.buffers, &station.tools);
            match ready!(self.down.poll(cx, tools, &mut conn.stream, &mut client.stream, &mut self.early)) {
                Ok(()) => self.keeps &= self.early.is_empty(),
                Err(Broken::Sink) => return Poll::Ready(Err(Fault::ClientAborted)),
                Err(Broken::Source) => return Poll::Ready(Err(Fault::EndpointEnded)),
                Err(Broken::Refused(_)) => return Poll::Ready(Err(Fault::BadResponse)),
                Err(Broken::Filtered(fault)) => return Poll::Ready(Err(fault)),
            }
        }
        Poll::Ready(Ok(self.finish(station)))
    }

    /// Passes the request's body on. Answers how the exchange ends, if it does.
    fn upload(&mut self, cx: &mut Context<'_>, client: &mut Client, station: &Station) -> Option<Result<End, Fault>> {
        let conn = self.conn.as_mut()?;
        if self.up_stopped {
            return None;
        }
        if self.up.is_done() {
            return watch(cx, client, station);
        }
        let tools = (&station.http.buffers, &station.tools);
        let polled = match self.awaits_continue {
            true => self.up.flush(cx, &mut conn.stream),
            false => self.up.poll(cx, tools, &mut client.stream, &mut conn.stream, &mut client.over),
        };
        let broken = match polled {
            Poll::Pending => return None,
            Poll::Ready(Ok(())) if self.up.is_done() => return watch(cx, client, station),
            Poll::Ready(Ok(())) => return None,
            Poll::Ready(Err(broken)) => broken,
        };
        // What the endpoint has to say may still come.
        if broken == Broken::Sink {
            self.up_stopped = true;
            return None;
        }
        // It must not take what it has for a whole request.
        conn.stream.abort();
        match (why(broken), self.is_answered()) {
            // Who asks no more still reads; the answer is on its way, and ends the connection.
            (Why::Fault(Fault::ClientAborted), true) if !client.stream.peer_gone() => {
                (self.up_stopped, self.closes, self.keeps, client.ended) = (true, true, false, true);
                None
            }
            (Why::Fault(Fault::ClientAborted), _) => Some(Err(Fault::ClientAborted)),
            (why, true) => Some(Err(why.fault())),
            (why, false) => Some(Ok(End::Unanswered(why))),
        }
    }

    /// The response is sent.
    fn finish(&mut self, station: &Station) -> End {
        let uploaded = self.up.is_done();
        let Some(conn) = self.conn.take() else {
            return End::Answered { keeps: false };
        };
        if self.tunnels {
            return End::Tunnel(Box::new(conn));
        }
        let now = station.wheel.now();
        self.note_end(now);
        if let Some(choice) = self.choice.as_ref().filter(|_| self.keeps && uploaded) {
            choice.give_back(conn, now);
        }
        End::Answered { keeps: !self.closes && uploaded }
    }
}

/// Looks whether a client is there that has sent all of its request.
fn watch(cx: &mut Context<'_>, client: &mut Client, station: &Station) -> Option<Result<End, Fault>> {
    match client.watch(cx, &station.http.buffers) {
        Seen::There => None,
        Seen::Gone => Some(Err(Fault::ClientAborted)),
    }
}

/// What happens to the body of a request.
fn add_filters(up: &mut Pump, framing: Framing, choice: &Choice, station: &Station) -> Result<(), Why> {
    let most = choice.route.http.most_body;
    let known = match framing {
        Framing::None => return Ok(()),
        Framing::Length(length) => Some(length),
        Framing::Chunked | Framing::UntilClose => None,
    };
    match (most, known) {
        (Some(most), Some(length)) if length > most => return Err(Why::Fault(Fault::BodyTooLarge)),
        (Some(most), None) => up.filters.add(Filter::Limit(Limit::new(most))),
        _ => {}
    }
    station.add_filters(&mut up.filters);
    // What is larger is better spliced than kept.
    if known.is_none_or(|length| length <= MOST_REPLAY) {
        up.filters.add(Filter::Hold(Hold::new(MOST_REPLAY as usize)));
    }
    Ok(())
}

/// How a request's body did not come to its end.
fn why(broken: Broken) -> Why {
    match broken {
        Broken::Refused(refusal) => Why::Refused(refusal),
        Broken::Filtered(fault) => Why::Fault(fault),
        Broken::Source | Broken::Sink => Why::Fault(Fault::ClientAborted),
    }
}
