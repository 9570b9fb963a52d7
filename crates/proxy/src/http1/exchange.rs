//! One request and its answer.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use account::Fault;
use net::{Half, Stream, dial};
use wire::{Asked, Framing, Head, Limits, Method, Refusal, Request, Response, Version};
use world::Open;

use super::body::{Body, Reader};
use super::buffer::Buffer;
use super::client::{Client, Seen};
use super::endpoint::Conn;
use super::heads::{Forwarded, Told, to_client, to_endpoint};
use super::pump::{Broken, Pump};
use crate::adopted::EndpointHere;
use crate::choice::{Choice, choose_again};
use crate::station::Station;

/// How large heads may be.
pub const LIMITS: Limits = Limits { line: 16 * 1024, fields: 64 * 1024, count: 100 };
/// The most interim responses before a final one.
const MOST_INTERIM: u8 = 32;
/// The most of a request that is kept so that it can be sent again.
const MOST_REPLAY: usize = 64 * 1024;
/// The most endpoints that one request is sent to.
const MOST_TRIES: usize = 3;

/// One request and its answer, with the buffers that it needs. It is recycled.
///
/// ```text
///   Dial ─connected─▶ Wait ─final head─▶ Answer ─all sent─▶ (End)
///    ▲  ▲               │
///    │  └─ endpoint unreachable: another one
///    └── reused connection died unanswered: a fresh one
/// ```
#[derive(Default)]
pub struct Exchange {
    /// The request's head.
    pub head: Head,
    /// What it says.
    pub request: Option<Request>,
    /// The head of the response that was read last.
    answer: Head,
    /// A part of a response's head, or what came behind a response.
    early: Vec<u8>,
    /// Who serves it.
    pub choice: Option<Choice>,
    tried: Vec<Rc<EndpointHere>>,
    conn: Option<Conn>,
    /// What of the body was sent, as long as it can be sent again.
    replay: Vec<u8>,
    replayable: bool,
    /// The request's body.
    pub up: Pump,
    /// The response's body.
    pub down: Pump,
    stage: Stage,
    /// The endpoint takes no more of the body.
    up_stopped: bool,
    /// The body waits for the endpoint's 100.
    awaits_continue: bool,
    interim: u8,
    /// The client's connection ends with this exchange.
    pub closes: bool,
    /// The endpoint's connection may serve another.
    keeps: bool,
    tunnels: bool,
}

type Dialled = Pin<Box<dyn Future<Output = Result<Stream, Fault>>>>;

/// Where an exchange stands.
#[derive(Default)]
enum Stage {
    /// An endpoint is being dialled.
    Dial(Dialled, Open),
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

impl Exchange {
    /// Memory that a buffer may keep when it is recycled.
    const KEEP: usize = 4096;

    /// Forgets everything but its buffers.
    pub fn recycle(&mut self) {
        self.head.clear(Self::KEEP);
        self.answer.clear(Self::KEEP);
        for buffer in [&mut self.early, &mut self.replay] {
            buffer.clear();
            buffer.shrink_to(Self::KEEP);
        }
        self.up.recycle(Self::KEEP);
        self.down.recycle(Self::KEEP);
        self.tried.clear();
        (self.request, self.choice, self.conn) = (None, None, None);
        self.stage = Stage::Wait;
        (self.up_stopped, self.awaits_continue, self.closes, self.keeps, self.tunnels) = Default::default();
        (self.replayable, self.interim) = Default::default();
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
        from: &Forwarded,
    ) -> Result<usize, Why> {
        let (Some(request), Some(choice)) = (self.request, &self.choice) else {
            return Err(Why::Fault(Fault::NoEndpoint));
        };
        self.up.begin(Body::new(request.framing, Reader { chunks: true, trailers: true }));
        self.awaits_continue = request.expects_continue && request.framing != Framing::None;
        // What is spliced cannot be kept.
        self.replayable = !matches!(request.framing, Framing::Length(length) if length > MOST_REPLAY as u64);
        let idle = match self.awaits_continue {
            true => None,
            false => choice.endpoint.idle.take(station.wheel.now(), request.method.is_idempotent()),
        };
        let Some(mut conn) = idle else {
            let read = self.up.hold_body(buffer, start..end).map_err(|broken| why(broken, Fault::ClientAborted))?;
            self.dial(station);
            return Ok(start + read);
        };
        let head = to_endpoint(&mut buffer.head, &self.head, &request, from);
        let head = head.ok_or(Why::Refused(Refusal::FieldsLength))?;
        let (up, replay) = (&mut self.up, &mut self.replay);
        let sent = up.begin_with(cx, buffer, head, start..end, &mut conn.stream, |body| {
            replay.extend_from_slice(body);
        });
        self.conn = Some(conn);
        self.stage = Stage::Wait;
        match sent {
            Ok(read) => Ok(start + read),
            Err(Broken::Refused(refusal)) => Err(Why::Refused(refusal)),
            // Reading will show why.
            Err(_) => {
                self.up_stopped = true;
                Ok(start + self.up.taken())
            }
        }
    }

    /// Dials the endpoint that was chosen.
    fn dial(&mut self, station: &Station) {
        let Some(choice) = &self.choice else { return };
        let (addresses, timeout) = (choice.addresses.clone(), choice.timeouts.connect);
        let (wheel, descriptors) = (station.wheel.clone(), station.descriptors.clone());
        let dialled = async move { dial(&addresses, timeout, &wheel, &descriptors).await };
        self.stage = Stage::Dial(Box::pin(dialled), Open::new(&choice.endpoint.live));
    }

    /// Bytes that went to the endpoint and to the client so far.
    pub fn moved(&self) -> (u64, u64) {
        (self.up.moved, self.down.moved)
    }

    /// Whether the body waits for the endpoint's 100.
    pub fn awaits_continue(&self) -> bool {
        self.awaits_continue
    }

    /// The body does not wait any more.
    pub fn send_body(&mut self) {
        self.awaits_continue = false;
    }

    /// Whether a part of the final response has gone out.
    pub fn is_answered(&self) -> bool {
        matches!(self.stage, Stage::Answer)
    }

    /// What it means that nothing happens any more.
    pub fn late(&self) -> Fault {
        match self.stage {
            Stage::Dial(..) => Fault::ConnectTimeout,
            Stage::Wait if !self.up.is_received() => Fault::RequestTimeout,
            Stage::Wait => Fault::FirstByteTimeout,
            Stage::Answer => Fault::ResponseTimeout,
        }
    }

    /// Goes on as far as possible without waiting.
    pub fn poll(
        &mut self,
        cx: &mut Context<'_>,
        client: &mut Client,
        station: &Station,
        from: &Forwarded,
    ) -> Poll<End> {
        loop {
            if let Stage::Dial(..) = self.stage
                && let Err(why) = ready!(self.connect(cx, client, station, from))
            {
                return Poll::Ready(End::Unanswered(why));
            }
            let went = self.relay(cx, client, station);
            match ready!(went) {
                Ok(End::Unanswered(why)) if self.may_try_again(why) => self.dial_again(),
                Ok(end) => return Poll::Ready(end),
                Err(fault) => {
                    if let Some(conn) = &mut self.conn {
                        conn.stream.abort();
                    }
                    return Poll::Ready(End::Aborted(fault));
                }
            }
            self.dial(station);
        }
    }

    /// Waits for the endpoint that is dialled, or the next one if it cannot be reached, and sends the
    /// request's head.
    fn connect(
        &mut self,
        cx: &mut Context<'_>,
        client: &mut Client,
        station: &Station,
        from: &Forwarded,
    ) -> Poll<Result<(), Why>> {
        loop {
            let Stage::Dial(dialled, _) = &mut self.stage else { return Poll::Ready(Ok(())) };
            let dialled = match dialled.as_mut().poll(cx) {
                Poll::Ready(dialled) => dialled,
                // What comes of a body has its turn later.
                Poll::Pending if self.up.is_received() && client.watch(cx, &station.http.buffers) == Seen::Gone => {
                    return Poll::Ready(Err(Why::Fault(Fault::ClientGone)));
                }
                Poll::Pending => return Poll::Pending,
            };
            let Stage::Dial(_, open) = std::mem::take(&mut self.stage) else { return Poll::Ready(Ok(())) };
            match dialled {
                Ok(stream) => {
                    let mut conn = Conn::new(stream, open, station.descriptors.take_anyway(1), station.wheel.now());
                    let sent = self.send_head(cx, &mut conn, station, from);
                    self.conn = Some(conn);
                    return Poll::Ready(sent);
                }
                Err(fault) => self.next_endpoint(fault, station)?,
            }
        }
    }

    fn send_head(
        &mut self,
        cx: &mut Context<'_>,
        conn: &mut Conn,
        station: &Station,
        from: &Forwarded,
    ) -> Result<(), Why> {
        let Some(request) = self.request else { return Err(Why::Fault(Fault::NoEndpoint)) };
        let sent = station.http.buffers.lend(|buffer| {
            let length = to_endpoint(&mut buffer.head, &self.head, &request, from).ok_or(Refusal::FieldsLength)?;
            let head = buffer.head.get(..length).unwrap_or_default();
            self.up.send_behind(cx, head, !self.awaits_continue, &mut conn.stream);
            Ok(())
        });
        sent.unwrap_or(Ok(())).map_err(Why::Refused)
    }

    /// Dialling has failed: the next endpoint, if one is left.
    fn next_endpoint(&mut self, fault: Fault, station: &Station) -> Result<(), Why> {
        let Some(choice) = self.choice.take() else { return Err(Why::Fault(fault)) };
        choice.endpoint.counts.failed.add(1);
        self.tried.push(choice.endpoint.clone());
        if self.tried.len() >= MOST_TRIES {
            return Err(Why::Fault(fault));
        }
        let next = choose_again(station, &choice.pool, choice.timeouts, &self.tried);
        self.choice = Some(next.map_err(|_| Why::Fault(fault))?);
        station.faults.add(fault);
        self.dial(station);
        Ok(())
    }

    /// Whether the request goes once more to the same endpoint, on a fresh connection: the one it went on
    /// had served others and died before it answered, which says nothing about the request.
    fn may_try_again(&self, why: Why) -> bool {
        let reused = self.conn.as_ref().is_some_and(|conn| conn.reused);
        let Some(request) = self.request else { return false };
        why == Why::Fault(Fault::EndpointEnded)
            && reused
            && self.interim == 0
            && self.early.is_empty()
            && self.replayable
            && (request.method.is_idempotent() || self.up.moved == 0)
    }

    fn dial_again(&mut self) {
        self.conn = None;
        self.up_stopped = false;
        self.early.clear();
        self.up.hold_again(&self.replay);
        self.replay.clear();
    }

    /// Moves both bodies, and passes the response on.
    fn relay(&mut self, cx: &mut Context<'_>, client: &mut Client, station: &Station) -> Poll<Result<End, Fault>> {
        if let Some(end) = self.upload(cx, client, station) {
            return Poll::Ready(end);
        }
        while matches!(self.stage, Stage::Wait) {
            // An interim response may not have gone out yet.
            if self.down.flush(cx, &mut client.stream) == Poll::Ready(Err(Broken::Sink)) {
                return Poll::Ready(Err(Fault::ClientAborted));
            }
            let waited = self.awaits_continue;
            if let Some(end) = ready!(self.answer(cx, client, station)) {
                return Poll::Ready(end);
            }
            if waited
                && !self.awaits_continue
                && let Some(end) = self.upload(cx, client, station)
            {
                return Poll::Ready(end);
            }
        }
        let Some(conn) = &mut self.conn else { return Poll::Ready(Err(Fault::EndpointEnded)) };
        if !self.down.is_done() {
            self.early.clear();
            let polled = self.down.poll(
                cx,
                (&station.http.buffers, &station.tools),
                &mut conn.stream,
                &mut client.stream,
                &mut self.early,
                |_| {},
            );
            match ready!(polled) {
                Ok(()) => self.keeps &= self.early.is_empty(),
                Err(Broken::Sink) => return Poll::Ready(Err(Fault::ClientAborted)),
                Err(Broken::Source) => return Poll::Ready(Err(Fault::EndpointEnded)),
                Err(Broken::Refused(_)) => return Poll::Ready(Err(Fault::BadResponse)),
            }
        }
        Poll::Ready(Ok(self.finish(station)))
    }

    /// Passes the request's body on. Answers how the exchange ends, if it does.
    fn upload(&mut self, cx: &mut Context<'_>, client: &mut Client, station: &Station) -> Option<Result<End, Fault>> {
        let conn = self.conn.as_mut()?;
        if self.up.is_done() {
            return match client.watch(cx, &station.http.buffers) {
                Seen::There => None,
                Seen::Gone => Some(Err(Fault::ClientAborted)),
            };
        }
        if self.up_stopped || self.awaits_continue {
            return None;
        }
        let (replay, replayable) = (&mut self.replay, &mut self.replayable);
        let polled = self.up.poll(
            cx,
            (&station.http.buffers, &station.tools),
            &mut client.stream,
            &mut conn.stream,
            &mut client.over,
            |body| {
                *replayable &= replay.len() + body.len() <= MOST_REPLAY;
                if *replayable {
                    replay.extend_from_slice(body);
                }
            },
        );
        let answered = matches!(self.stage, Stage::Answer);
        match polled {
            Poll::Pending | Poll::Ready(Ok(())) => None,
            // What it has to say may still come.
            Poll::Ready(Err(Broken::Sink)) => {
                self.up_stopped = true;
                None
            }
            Poll::Ready(Err(Broken::Source)) => {
                conn.stream.abort();
                Some(Err(Fault::ClientAborted))
            }
            // The endpoint must not take what it has for a whole request.
            Poll::Ready(Err(Broken::Refused(refusal))) => {
                conn.stream.abort();
                match answered {
                    true => Some(Err(Fault::BadRequest)),
                    false => Some(Ok(End::Unanswered(Why::Refused(refusal)))),
                }
            }
        }
    }

    /// Reads a response's head and passes it on; it may be an interim one.
    fn answer(
        &mut self,
        cx: &mut Context<'_>,
        client: &mut Client,
        station: &Station,
    ) -> Poll<Option<Result<End, Fault>>> {
        let (Some(request), Some(conn)) = (self.request, &mut self.conn) else {
            return Poll::Ready(Some(Err(Fault::EndpointEnded)));
        };
        let asked = Asked { head: request.method == Method::Head, upgrade: request.upgrade.is_some() };
        let unanswered = |fault| Poll::Ready(Some(Ok(End::Unanswered(Why::Fault(fault)))));
        let step = station.http.buffers.lend(|buffer| {
            let before = self.early.len();
            if let Some(room) = buffer.room(0).get_mut(..before) {
                room.copy_from_slice(&self.early);
            }
            // An interim response may have brought the next one along.
            let parsed = match before {
                0 => Ok(None),
                _ => Response::parse(&mut self.answer, buffer.at(Buffer::place(before)), &LIMITS, asked),
            };
            let (mut count, mut parsed) = (before, parsed);
            if parsed == Ok(None) {
                match ready!(Half::poll_read(&mut conn.stream, cx, buffer.room(before))) {
                    Ok(0) | Err(_) => return unanswered(Fault::EndpointEnded),
                    Ok(read) => count += read,
                }
                parsed = Response::parse(&mut self.answer, buffer.at(Buffer::place(count)), &LIMITS, asked);
            }
            let place = Buffer::place(count);
            let (response, length) = match parsed {
                Ok(Some(parsed)) => parsed,
                Ok(None) => {
                    self.early.clear();
                    self.early.extend_from_slice(buffer.at(place));
                    return Poll::Ready(None);
                }
                Err(_) => return unanswered(Fault::BadResponse),
            };
            let start = place.start + length;
            if response.is_interim() {
                self.interim += 1;
                if self.interim > MOST_INTERIM {
                    return unanswered(Fault::BadResponse);
                }
                self.early.clear();
                self.early.extend_from_slice(buffer.at(start..place.end));
                self.awaits_continue &= response.status != 100;
                if request.version == Version::Http11 {
                    let Some(head) = to_client(&mut buffer.head, &self.answer, &response, Told::Nothing, true) else {
                        return unanswered(Fault::BadResponse);
                    };
                    if self.down.write(cx, buffer.head.get(..head).unwrap_or_default(), &mut client.stream).is_err() {
                        return Poll::Ready(Some(Err(Fault::ClientAborted)));
                    }
                }
                return Poll::Ready(None);
            }
            let knows_chunks = request.version == Version::Http11;
            let reader = Reader { chunks: knows_chunks, trailers: request.takes_trailers };
            self.tunnels = response.status == 101;
            // What is left of the request's body nobody waits for.
            let unread = !self.up.is_received();
            self.closes |= !request.keeps_alive()
                || (client.ended && client.over.is_empty())
                || unread
                || (matches!(response.framing, Framing::UntilClose | Framing::Chunked) && !knows_chunks);
            self.keeps = response.keeps_alive() && !unread && !self.up_stopped;
            let told = match (self.closes, request.version) {
                (true, _) => Told::Close,
                (false, Version::Http10) => Told::KeepAlive,
                (false, Version::Http11) => Told::Nothing,
            };
            let Some(head) = to_client(&mut buffer.head, &self.answer, &response, told, knows_chunks) else {
                return unanswered(Fault::BadResponse);
            };
            self.down.begin_behind(Body::new(response.framing, reader));
            self.stage = Stage::Answer;
            self.early.clear();
            let sent = self.down.begin_with(cx, buffer, head, start..place.end, &mut client.stream, |_| {});
            match sent {
                Ok(read) => {
                    // The framed message is delivered, and the connection is not used again.
                    self.keeps &= start + read == place.end;
                    if self.tunnels {
                        self.down.hold(buffer.at(start + read..place.end));
                    }
                    Poll::Ready(None)
                }
                Err(Broken::Refused(_)) => Poll::Ready(Some(Err(Fault::BadResponse))),
                Err(_) => Poll::Ready(Some(Err(Fault::ClientAborted))),
            }
        });
        step.unwrap_or(Poll::Pending)
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
        if let Some(choice) = self.choice.as_ref().filter(|_| self.keeps && uploaded) {
            choice.endpoint.idle.give(conn, station.wheel.now());
        }
        End::Answered { keeps: !self.closes && uploaded }
    }
}

fn why(broken: Broken, fault: Fault) -> Why {
    match broken {
        Broken::Refused(refusal) => Why::Refused(refusal),
        _ => Why::Fault(fault),
    }
}
