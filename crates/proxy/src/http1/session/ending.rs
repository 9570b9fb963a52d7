//! How a client's connection ends.

use std::rc::Rc;
use std::task::{Context, Poll, ready};

use account::Fault;
use net::Half;

use super::logging::Untold;
use super::{Session, Stage, Step};
use crate::adopted::RouteHere;
use crate::http1::buffer::READ;
use crate::http1::exchange::{Exchange, Late, Why};

/// After an answer that the client may not have waited for, what it still sends is read for so many
/// milliseconds, and so many bytes of it, so that its system does not throw the answer away.
const LINGER: u32 = 1000;
const MOST_LINGER: usize = 1 << 20;
/// A client that takes its time to read the answer has so many times as long.
const MOST_LINGERS: u32 = 60;

impl Session {
    /// Answers in the endpoint's place. `route` is the one that has taken the request, where no endpoint was
    /// chosen.
    pub(super) fn unanswered(
        &mut self,
        why: Why,
        mut exchange: Option<Box<Exchange>>,
        route: Option<Rc<RouteHere>>,
    ) -> Step {
        let status = why.status();
        self.station.faults.add(why.fault());
        self.entered.iter().for_each(|entered| entered.listener.counts.statuses.add(status));
        let chosen = exchange.as_ref().and_then(|exchange| exchange.choice.as_ref());
        let route = chosen.map(|choice| choice.route.clone()).or(route);
        route.iter().for_each(|route| route.counts.statuses.add(status));
        let answer = (status != GONE).then(|| self.compose(why, exchange.as_deref(), route.as_deref()));
        if let Some(exchange) = &mut exchange {
            if let Some(choice) = &exchange.choice {
                choice.route.counts.durations.add(exchange.elapsed());
            }
            exchange.unserved = route;
        }
        let untold = Untold::new(exchange, status, Some(why.fault()));
        if let Some(answer) = answer {
            return self.tell(answer, untold);
        }
        // Nobody is there.
        self.note_untold(untold, b"");
        self.log_untold();
        self.end_by_reset(why.fault());
        Step::Over
    }

    pub(super) fn begin_linger(&mut self, cx: &mut Context<'_>) -> Step {
        // An endpoint that leaves must not cut who has all of its answer.
        self.entered.iter().for_each(|entered| entered.clear_endpoint());
        let Some(client) = &mut self.client else { return Step::Over };
        let _ = client.stream.poll_finish(cx);
        // An upload that was cut short may have paused it.
        if client.ended || client.stream.set_reading(cx, true).is_err() {
            return Step::Over;
        }
        self.deadline.set(LINGER);
        self.stage = Stage::Linger(MOST_LINGER, MOST_LINGERS);
        Step::Next
    }

    pub(super) fn linger(&mut self, cx: &mut Context<'_>) -> Poll<Step> {
        let station = self.station.clone();
        let (Stage::Linger(left, _), Some(client)) = (&mut self.stage, &mut self.client) else {
            return Poll::Ready(Step::Over);
        };
        while *left > 0 {
            let read = station.http.buffers.lend(|buffer| client.stream.poll_read(cx, buffer.room(READ)));
            match ready!(read.unwrap_or(Poll::Pending)) {
                Ok(0) | Err(_) => return Poll::Ready(Step::Over),
                Ok(count) => *left = left.saturating_sub(count),
            }
        }
        // Closing over what it still sends would throw away what it has not taken.
        if client.stream.is_delivered() || client.stream.set_reading(cx, false).is_err() {
            return Poll::Ready(Step::Over);
        }
        Poll::Pending
    }

    /// It is to end once what is under way is done.
    pub(super) fn finish(&mut self, cx: &mut Context<'_>) -> Step {
        self.leaves = true;
        match (&mut self.stage, &self.client) {
            // A request that is there is served. One may be on its way right now: its sender sees an end,
            // not a reset.
            (Stage::Await, Some(client)) if client.over.is_empty() && !client.stream.holds_bytes() => {
                self.begin_linger(cx)
            }
            (Stage::Exchange(exchange), _) => {
                exchange.closes = true;
                Step::Next
            }
            _ => Step::Next,
        }
    }

    /// The deadline has passed.
    pub(super) fn late(&mut self) -> Step {
        let station = self.station.clone();
        let Some(client) = &self.client else { return Step::Over };
        let exchange = match &mut self.stage {
            Stage::Await if client.over.is_empty() => return Step::Over,
            Stage::Await => return self.unanswered(Why::Fault(Fault::RequestTimeout), None, None),
            // It still takes what it was sent.
            Stage::Linger(_, times) if *times > 0 && !client.stream.is_delivered() => {
                *times -= 1;
                self.deadline.set(LINGER);
                return Step::Next;
            }
            Stage::Linger(..) => return Step::Over,
            Stage::Tell(..) => {
                // What was to be told is counted.
                self.end_by_reset(Fault::ClientAborted);
                return Step::Over;
            }
            Stage::Exchange(exchange) => exchange,
        };
        let fault = match exchange.late(station.wheel.now()) {
            Late::Not => {
                self.set_due();
                return Step::Next;
            }
            Late::Try if exchange.tries_again(Fault::FirstByteTimeout, &station) => {
                self.set_due();
                return Step::Next;
            }
            Late::Try => Fault::FirstByteTimeout,
            Late::Over(fault) => fault,
        };
        exchange.abort(fault);
        let mid = exchange.is_mid_answer();
        let stage = std::mem::replace(&mut self.stage, Stage::Await);
        let Stage::Exchange(exchange) = stage else { return Step::Over };
        if mid {
            self.count_answer(&exchange, false);
            self.log_exchange(&exchange, Some(fault));
            station.http.give(exchange);
            self.abort(fault);
            return Step::Over;
        }
        self.unanswered(Why::Fault(fault), Some(exchange), None)
    }

    /// It is ordered to end.
    pub(super) fn cut(&mut self, fault: Fault) {
        if let Stage::Exchange(exchange) = &self.stage {
            self.count_answer(exchange, false);
            self.log_exchange(exchange, Some(fault));
        }
        self.abort(fault);
    }

    /// Ends both sides by a reset.
    pub(super) fn abort(&mut self, fault: Fault) {
        self.station.faults.add(fault);
        self.end_by_reset(fault);
    }

    pub(super) fn end_by_reset(&mut self, fault: Fault) {
        if let Stage::Exchange(exchange) = &mut self.stage {
            exchange.abort(fault);
        }
        if let Some(client) = &mut self.client {
            client.stream.abort();
        }
    }
}

/// The status of what nobody is there to be answered.
const GONE: u16 = 499;
