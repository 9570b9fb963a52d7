//! A client's connection that speaks HTTP/1.

use std::io::IoSlice;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use account::Fault;
use net::{Half, Held, Primed, Stream};
use plan::Timeouts;
use wire::{Refusal, Request};
use world::ListenerIx;

use super::answer::answer;
use super::buffer::Buffer;
use super::client::Client;
use super::deadline::Deadline;
use super::exchange::{End, Exchange, LIMITS, Why};
use super::heads::Forwarded;
use super::sweep::see_to_idle;
use crate::adopted::PoolHere;
use crate::choice::{Choice, choose, choose_again};
use crate::connection::Entered;
use crate::station::Station;
use crate::stream::relay;

/// How long the steps may take, in milliseconds.
const HEAD: u32 = 30_000;
const KEEP_ALIVE: u32 = 75_000;
const PROGRESS: u32 = 60_000;
/// A body goes on to its endpoint after so long though that has not said 100 (RFC 9110 section 10.1.1).
const CONTINUE: u32 = 1000;
/// After an answer that the client may not have waited for, what it still sends is read for so long, and
/// so many bytes of it, so that its system does not throw the answer away.
const LINGER: u32 = 1000;
const MOST_LINGER: usize = 1 << 20;

/// Begins a client's connection that was accepted by `listener` of the world adopted now. `held` are its
/// two descriptors.
pub fn begin(entered: Entered, stream: Stream, listener: ListenerIx, held: Held) {
    let station = entered.station().clone();
    let mut deadline = Deadline::new(station.wheel.timer());
    deadline.set(HEAD);
    drop(tokio::task::spawn_local(Session {
        from: Forwarded::new(&stream.peer_text(), "http", &station.http.pseudonym),
        client: Some(Client::new(stream)),
        listener,
        last: None,
        leaves: false,
        stage: Stage::Await,
        deadline,
        held: Some(held),
        entered: Some(entered),
        station,
    }));
}

/// A client's connection, as a future that ends with it.
///
/// ```text
///   Await ──a request──▶ Exchange ──answered──▶ Await …
///     │ refused              │ closes, or ours to answer
///     └──────────▶ Linger ◀──┘             └─ 101 ▶ (a tunnel of its own)
/// ```
struct Session {
    /// None once the tunnel has them.
    entered: Option<Entered>,
    client: Option<Client>,
    held: Option<Held>,
    station: Rc<Station>,
    /// What endpoints are told of the client.
    from: Forwarded,
    /// Its listener.
    listener: ListenerIx,
    /// The pool of the last request, and how patient it is.
    last: Option<(Rc<PoolHere>, Timeouts)>,
    /// The listener has left, and the connection ends with its next answer.
    leaves: bool,
    stage: Stage,
    deadline: Deadline,
}

enum Stage {
    /// For the head of a request.
    Await,
    /// A request is answered.
    Exchange(Box<Exchange>),
    /// It was answered and told the end; so many bytes more are read.
    Linger(usize),
}

enum Step {
    Next,
    Over,
}

impl Future for Session {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        if let Some(entered) = &this.entered {
            if let Poll::Ready(fault) = entered.poll_cut(cx) {
                this.station.faults.add(fault);
                this.abort();
                return Poll::Ready(());
            }
            if entered.finishes()
                && let Step::Over = this.finish()
            {
                return Poll::Ready(());
            }
        }
        // Again after it has passed: what was set since has to wake this task too.
        while this.deadline.poll(cx).is_ready() {
            if let Step::Over = this.late(cx) {
                return Poll::Ready(());
            }
        }
        loop {
            let step = match &mut this.stage {
                Stage::Await => this.await_request(cx),
                Stage::Exchange(_) => this.exchange(cx),
                Stage::Linger(_) => this.linger(cx),
            };
            match ready!(step) {
                Step::Next => {}
                Step::Over => return Poll::Ready(()),
            }
        }
    }
}

impl Session {
    /// Reads until a head is there, and begins its exchange.
    fn await_request(&mut self, cx: &mut Context<'_>) -> Poll<Step> {
        if self.client.as_ref().is_some_and(|client| client.over.is_empty() && client.stream.awaits_bytes(cx)) {
            return Poll::Pending;
        }
        let station = self.station.clone();
        let mut fresh = self.client.as_ref().is_some_and(|client| !client.over.is_empty());
        let step = station.http.buffers.lend(|buffer| {
            loop {
                let Some(client) = &mut self.client else { return Poll::Ready(Step::Over) };
                let before = client.over.len();
                let mut count = before;
                if before > 0 {
                    match buffer.room(0).get_mut(..before) {
                        Some(room) => room.copy_from_slice(&client.over),
                        None => return Poll::Ready(self.refuse(cx, Refusal::FieldsLength)),
                    }
                }
                if !std::mem::take(&mut fresh) {
                    if client.ended {
                        return Poll::Ready(Step::Over);
                    }
                    count += match ready!(client.stream.poll_read(cx, buffer.room(before))) {
                        Ok(0) | Err(_) => return Poll::Ready(Step::Over),
                        Ok(count) => count,
                    };
                }
                let mut exchange = station.http.take();
                let place = Buffer::place(count);
                match Request::parse(&mut exchange.head, buffer.at(place.clone()), &LIMITS) {
                    Ok(Some((request, length))) => {
                        client.over.clear();
                        exchange.request = Some(request);
                        let body = (place.start + length, place.end);
                        return Poll::Ready(self.begin_exchange(cx, buffer, exchange, body));
                    }
                    Ok(None) => {
                        station.http.give(exchange);
                        if before == 0 {
                            self.deadline.set(HEAD);
                        }
                        client.over.clear();
                        client.over.extend_from_slice(buffer.at(place));
                    }
                    Err(refusal) => {
                        station.http.give(exchange);
                        return Poll::Ready(self.refuse(cx, refusal));
                    }
                }
            }
        });
        step.unwrap_or(Poll::Pending)
    }

    fn begin_exchange(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut Buffer,
        mut exchange: Box<Exchange>,
        body: (usize, usize),
    ) -> Step {
        let station = self.station.clone();
        let chosen = self.choose(&station);
        let begun = match chosen {
            Ok(choice) => {
                if let Some(entered) = &self.entered {
                    entered.set_endpoint(&choice.endpoint);
                }
                exchange.choice = Some(choice);
                exchange.closes = self.leaves;
                exchange.begin(cx, buffer, body, &station, &self.from)
            }
            Err(fault) => Err(Why::Fault(fault)),
        };
        let Some(client) = &mut self.client else { return Step::Over };
        match begun {
            Ok(next) => {
                client.over.extend_from_slice(buffer.at(next..body.1));
                self.deadline.set(if exchange.awaits_continue() { CONTINUE } else { PROGRESS });
                self.stage = Stage::Exchange(exchange);
                Step::Next
            }
            Err(why) => {
                station.http.give(exchange);
                self.unanswered(cx, why)
            }
        }
    }

    /// Chooses in the world of now. A listener that has left it since still serves what comes on its
    /// connections, by the pool that served it last.
    fn choose(&mut self, station: &Station) -> Result<Choice, Fault> {
        let (Some(adopted), Some(entered)) = (station.adopted(), &self.entered) else {
            return Err(Fault::NoRoute);
        };
        if let Some(at) = adopted.position_of(&entered.listener, self.listener) {
            self.listener = at;
            let choice = choose(station, &adopted, at)?;
            self.last = Some((choice.pool.clone(), choice.timeouts));
            return Ok(choice);
        }
        self.leaves = true;
        let (pool, timeouts) = self.last.as_ref().ok_or(Fault::NoRoute)?;
        choose_again(station, pool, *timeouts, &[])
    }

    fn exchange(&mut self, cx: &mut Context<'_>) -> Poll<Step> {
        let station = self.station.clone();
        let (Stage::Exchange(exchange), Some(client)) = (&mut self.stage, &mut self.client) else {
            return Poll::Ready(Step::Over);
        };
        let before = exchange.moved();
        let polled = exchange.poll(cx, client, &station, &self.from);
        let (moved, waits) = (exchange.moved(), exchange.awaits_continue());
        if before != moved {
            // The head alone is no progress for who waits for 100.
            if !waits {
                self.deadline.set(PROGRESS);
            }
            self.account(before, moved);
        }
        if polled.is_pending() {
            self.note_endpoint();
        }
        let end = ready!(polled);
        let Stage::Exchange(mut exchange) = std::mem::replace(&mut self.stage, Stage::Await) else {
            return Poll::Ready(Step::Over);
        };
        let choice = exchange.choice.take();
        station.http.give(exchange);
        see_to_idle(&station);
        Poll::Ready(match end {
            End::Answered { keeps: true } => {
                // An endpoint that leaves must not cut who only was with it before.
                self.entered.iter().for_each(|entered| entered.clear_endpoint());
                self.client.iter_mut().for_each(Client::shrink);
                self.deadline.set(KEEP_ALIVE);
                Step::Next
            }
            End::Answered { keeps: false } => self.begin_linger(cx),
            End::Unanswered(why) => self.unanswered(cx, why),
            End::Aborted(fault) => {
                station.faults.add(fault);
                self.abort();
                Step::Over
            }
            End::Tunnel(conn) => {
                let (endpoint, open, conn_held) = conn.into_parts();
                if let (Some(client), Some(entered), Some(choice)) = (self.client.take(), self.entered.take(), choice) {
                    let client = Primed::new(client.stream, client.over);
                    let held = (self.held.take(), conn_held);
                    drop(tokio::task::spawn_local(relay(entered, client, endpoint, (choice, open), held)));
                }
                Step::Over
            }
        })
    }

    /// Says which endpoint serves it: the one that was chosen first may have refused.
    fn note_endpoint(&self) {
        if let (Stage::Exchange(exchange), Some(entered)) = (&self.stage, &self.entered)
            && let Some(choice) = &exchange.choice
            && entered.endpoint() != Some(Arc::as_ptr(&choice.endpoint.live))
        {
            entered.set_endpoint(&choice.endpoint);
        }
    }

    /// Counts bytes as they pass.
    fn account(&self, before: (u64, u64), now: (u64, u64)) {
        let (up, down) = (now.0 - before.0, now.1 - before.1);
        let Some(entered) = &self.entered else { return };
        let listener = &entered.listener.counts;
        listener.bytes_in.add(up);
        listener.bytes_out.add(down);
        if let Stage::Exchange(exchange) = &self.stage
            && let Some(choice) = &exchange.choice
        {
            choice.endpoint.counts.bytes_sent.add(up);
            choice.endpoint.counts.bytes_received.add(down);
        }
    }

    fn refuse(&mut self, cx: &mut Context<'_>, refusal: Refusal) -> Step {
        self.unanswered(cx, Why::Refused(refusal))
    }

    /// Answers in the endpoint's place.
    fn unanswered(&mut self, cx: &mut Context<'_>, why: Why) -> Step {
        let status = match why {
            Why::Refused(refusal) => {
                self.station.faults.add(Fault::BadRequest);
                Some(refusal.status())
            }
            Why::Fault(fault) => {
                self.station.faults.add(fault);
                fault.status()
            }
        };
        let Some(client) = &mut self.client else { return Step::Over };
        let Some(status) = status else {
            self.abort();
            return Step::Over;
        };
        let taken = Half::poll_write(&mut client.stream, cx, &[IoSlice::new(&answer(status))]);
        match taken {
            Poll::Ready(Ok(_)) => self.begin_linger(cx),
            // It does not even take this much.
            _ => {
                self.abort();
                Step::Over
            }
        }
    }

    fn begin_linger(&mut self, cx: &mut Context<'_>) -> Step {
        let Some(client) = &mut self.client else { return Step::Over };
        let _ = client.stream.poll_finish(cx);
        // An upload that was cut short may have paused it.
        if client.ended || client.stream.set_reading(cx, true).is_err() {
            return Step::Over;
        }
        self.deadline.set(LINGER);
        self.stage = Stage::Linger(MOST_LINGER);
        Step::Next
    }

    fn linger(&mut self, cx: &mut Context<'_>) -> Poll<Step> {
        let station = self.station.clone();
        let (Stage::Linger(left), Some(client)) = (&mut self.stage, &mut self.client) else {
            return Poll::Ready(Step::Over);
        };
        while *left > 0 {
            let read = station.http.buffers.lend(|buffer| client.stream.poll_read(cx, buffer.room(0)));
            match ready!(read.unwrap_or(Poll::Pending)) {
                Ok(0) | Err(_) => break,
                Ok(count) => *left = left.saturating_sub(count),
            }
        }
        Poll::Ready(Step::Over)
    }

    /// It is to end once what is under way is done.
    fn finish(&mut self) -> Step {
        self.leaves = true;
        match (&mut self.stage, &self.client) {
            (Stage::Await, Some(client)) if client.over.is_empty() => return Step::Over,
            (Stage::Exchange(exchange), _) => exchange.closes = true,
            _ => {}
        }
        Step::Next
    }

    /// The deadline has passed.
    fn late(&mut self, cx: &mut Context<'_>) -> Step {
        let Some(client) = &self.client else { return Step::Over };
        match &mut self.stage {
            Stage::Await if client.over.is_empty() => Step::Over,
            Stage::Await => self.unanswered(cx, Why::Fault(Fault::RequestTimeout)),
            Stage::Linger(_) => Step::Over,
            Stage::Exchange(exchange) if exchange.awaits_continue() => {
                exchange.send_body();
                self.deadline.set(PROGRESS);
                Step::Next
            }
            Stage::Exchange(exchange) => {
                let fault = exchange.late();
                let answered = exchange.is_answered();
                self.stage = Stage::Await;
                if answered {
                    self.station.faults.add(fault);
                    self.abort();
                    return Step::Over;
                }
                self.unanswered(cx, Why::Fault(fault))
            }
        }
    }

    fn abort(&mut self) {
        if let Some(client) = &mut self.client {
            client.stream.abort();
        }
    }
}
