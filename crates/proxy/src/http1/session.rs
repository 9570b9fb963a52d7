//! A client's connection that speaks HTTP/1.

mod awaiting;
mod ending;
mod logging;
mod telling;

use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use account::Fault;
use net::{Held, Primed, Stream, Tick};
use plan::{Answer, HeadLimits, HttpListener, Protocol, Timeouts, Trust, Underscores};
use wire::{Limits, Refusal, Request};
use world::ListenerIx;

use super::body::Trailers;
use super::client::Client;
use super::deadline::Deadline;
use super::endpoint::Conn;
use super::exchange::{End, Exchange};
use super::origin::Origin;
use super::sweep::see_to_idle;
use crate::adopted::{PoolHere, RouteHere};
use crate::connection::Entered;
use crate::station::Station;
use crate::stream::relay;
use logging::Untold;

/// What holds for the clients of a listener, who share it.
#[derive(Debug)]
pub struct Manners {
    /// How long the head of a request may take, in milliseconds.
    head: u32,
    /// How long a connection may wait for its next request, in milliseconds.
    keep_alive: u32,
    /// How large heads may be.
    limits: Limits,
    /// What becomes of fields whose names have `_`.
    underscores: Underscores,
    /// Whose word about other clients is taken.
    trust: Arc<Trust>,
    /// How many others may have passed a request on.
    hops: usize,
    /// Answers of ours in other words.
    answers: Vec<Answer>,
    /// Whether answers of ours that belong to no route say why.
    proxy_status: bool,
    /// Several slashes in a path are one.
    merge_slashes: bool,
}

impl Manners {
    /// What becomes of names with `_` in a request: those of its fields, and of its trailers.
    ///
    /// # Errors
    ///
    /// None is taken, and there is one.
    fn judge_names(&self, request: &mut Request) -> Result<Trailers, Refusal> {
        match self.underscores {
            Underscores::Keep => return Ok(Trailers::All),
            Underscores::Reject if !request.underscored.is_empty() => return Err(Refusal::Underscore),
            Underscores::Drop | Underscores::Reject => {}
        }
        request.connection.drop = request.connection.drop.and(request.underscored);
        Ok(Trailers::Hyphenated)
    }

    /// Those of a listener, if it speaks HTTP.
    pub fn of(protocol: &Protocol) -> Option<Self> {
        let Protocol::Http(http) = protocol else { return None };
        let HttpListener { head, keep_alive, heads, underscores, hops, proxy_status, merge_slashes, .. } = *http;
        let HeadLimits { line, fields, count } = heads;
        let limits = Limits { line: line as usize, fields: fields as usize, count: count as usize };
        Some(Self {
            head,
            keep_alive,
            limits,
            underscores,
            trust: Arc::new(http.trust.clone()),
            hops: hops as usize,
            answers: http.answers.clone(),
            proxy_status,
            merge_slashes,
        })
    }
}

/// Begins a client's connection that was accepted by `listener` of the world adopted now. `held` are two
/// descriptors, of which it keeps its own: one to an endpoint is counted while there is one.
pub fn begin(entered: Entered, stream: Stream, listener: ListenerIx, manners: Rc<Manners>, held: Held) {
    let station = entered.station().clone();
    drop(held);
    let held = station.descriptors.take_anyway(1);
    let mut deadline = Deadline::new(station.wheel.timer());
    deadline.set(manners.head);
    drop(tokio::task::spawn_local(Session {
        from: Origin::new(stream.peer_ip(), "http", &station.http.pseudonym, &manners.trust),
        head_since: None,
        head_took: Duration::ZERO,
        untold: None,
        client: Some(Client::new(stream)),
        listener,
        adoptions: station.adoptions.get(),
        manners,
        last: None,
        leaves: false,
        head_due: true,
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
///     │ refused              │ closes             └─ 101 ▶ (a tunnel of its own)
///     └─▶ Tell ─told─▶ Linger ◀──┘
/// ```
struct Session {
    /// None once the tunnel has them.
    entered: Option<Entered>,
    client: Option<Client>,
    held: Option<Held>,
    station: Rc<Station>,
    /// What endpoints are told of the client.
    from: Origin,
    /// Since when a head comes that did not come in one piece, and how long the last one took; while that
    /// is logged.
    head_since: Option<Instant>,
    head_took: Duration,
    /// What is to be logged once an answer of ours is told.
    untold: Option<Untold>,
    /// Its listener.
    listener: ListenerIx,
    /// How many worlds the worker had adopted when its manners were looked up.
    adoptions: u32,
    manners: Rc<Manners>,
    /// The route and the pool of the last request.
    last: Option<(Rc<RouteHere>, Rc<PoolHere>)>,
    /// The listener has left, and the connection ends with its next answer.
    leaves: bool,
    /// The deadline is that of a head which has begun.
    head_due: bool,
    stage: Stage,
    deadline: Deadline,
}

enum Stage {
    /// For the head of a request.
    Await,
    /// A request is answered.
    Exchange(Box<Exchange>),
    /// An answer of ours goes out, of which so many bytes have gone.
    Tell(Vec<u8>, usize),
    /// It was answered and told the end; so many bytes more are read, and so many times it is waited for
    /// the client to take its answer.
    Linger(usize, u32),
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
                this.cut(fault);
                return Poll::Ready(());
            }
            if entered.finishes()
                && !this.leaves
                && let Step::Over = this.finish(cx)
            {
                return Poll::Ready(());
            }
        }
        // Again after it has passed: what was set since has to wake this task too.
        while this.deadline.poll(cx).is_ready() {
            if let Step::Over = this.late() {
                return Poll::Ready(());
            }
        }
        loop {
            let step = match &mut this.stage {
                Stage::Await => this.await_request(cx),
                Stage::Exchange(_) => this.exchange(cx),
                Stage::Tell(..) => this.go_on_telling(cx),
                Stage::Linger(..) => this.linger(cx),
            };
            match ready!(step) {
                Step::Next => {}
                Step::Over => return Poll::Ready(()),
            }
        }
    }
}

/// A bug ends both sides by a reset, so that neither takes what it has for a whole message.
impl Drop for Session {
    fn drop(&mut self) {
        self.log_untold();
        if std::thread::panicking() {
            if let Stage::Exchange(exchange) = &self.stage {
                self.log_exchange(exchange, Some(Fault::Panic));
            }
            self.end_by_reset(Fault::Panic);
        }
    }
}

impl Session {
    fn exchange(&mut self, cx: &mut Context<'_>) -> Poll<Step> {
        let was_answered = matches!(&self.stage, Stage::Exchange(exchange) if exchange.is_answered());
        let station = self.station.clone();
        let (Stage::Exchange(exchange), Some(client)) = (&mut self.stage, &mut self.client) else {
            return Poll::Ready(Step::Over);
        };
        let before = exchange.moved();
        let polled = exchange.poll(cx, client, &station, &self.from);
        let moved = exchange.moved();
        if before != moved {
            if polled.is_pending() {
                exchange.note_moved(station.wheel.now());
            }
            self.account(before, moved);
        }
        if polled.is_pending() {
            self.note_endpoint();
            self.set_due();
        }
        let end = ready!(polled);
        let Stage::Exchange(exchange) = std::mem::replace(&mut self.stage, Stage::Await) else {
            return Poll::Ready(Step::Over);
        };
        if let End::Answered { .. } | End::Tunnel(_) | End::Aborted(_) = end {
            self.count_answer(&exchange, !was_answered);
        }
        Poll::Ready(match end {
            End::Answered { keeps } => {
                let ended = exchange.last_moved();
                self.log_exchange(&exchange, None);
                station.http.give(exchange);
                see_to_idle(&station);
                match keeps {
                    true => self.begin_wait(ended),
                    false => self.begin_linger(cx),
                }
            }
            End::Unanswered(why) => self.unanswered(why, Some(exchange), None),
            End::Aborted(fault) => {
                self.log_exchange(&exchange, Some(fault));
                station.http.give(exchange);
                self.abort(fault);
                Step::Over
            }
            End::Tunnel(conn) => {
                self.tunnel(exchange, *conn);
                Step::Over
            }
        })
    }

    /// Waits for the next request.
    fn begin_wait(&mut self, now: Tick) -> Step {
        // An endpoint that leaves must not cut who only was with it before.
        self.entered.iter().for_each(|entered| entered.clear_endpoint());
        self.client.iter_mut().for_each(Client::shrink);
        self.deadline.set_at(now.after(self.manners.keep_alive));
        Step::Next
    }

    /// Both sides go on in another protocol, as a relay like any other.
    fn tunnel(&mut self, mut exchange: Box<Exchange>, conn: Conn) {
        let mut logged = self.log_tunnel(&exchange);
        let (endpoint, open, conn_held) = conn.into_parts();
        let (client, entered, choice) = (self.client.take(), self.entered.take(), exchange.choice.take());
        if let (Some(client), Some(entered), Some(choice)) = (client, entered, choice) {
            let client = Primed::new(client.stream, client.over);
            let held = (self.held.take(), conn_held);
            let timeouts = Timeouts { idle: choice.route.http.tunnel, ..choice.route.timeouts };
            match &mut logged {
                Some(logged) => logged.exchange = Some((exchange, self.head_took)),
                None => self.station.http.give(exchange),
            }
            let chosen = (choice, open);
            drop(tokio::task::spawn_local(relay(entered, client, endpoint, chosen, timeouts, held, logged)));
        }
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

    fn set_due(&mut self) {
        if let Stage::Exchange(exchange) = &self.stage {
            self.deadline.set_at(exchange.due());
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

    /// Counts how a request was answered, once that is over; `at_once`: with the head of the answer.
    fn count_answer(&self, exchange: &Exchange, at_once: bool) {
        let Some((status, took)) = exchange.status else { return };
        self.entered.iter().for_each(|entered| entered.listener.counts.statuses.add(status));
        if let Some(choice) = &exchange.choice {
            choice.route.counts.statuses.add(status);
            choice.route.counts.durations.add(if at_once { took } else { exchange.elapsed() });
        }
    }
}
