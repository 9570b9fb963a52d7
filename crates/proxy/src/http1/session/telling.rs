//! What a client is told in an endpoint's place.

use std::io::IoSlice;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use account::Fault;
use net::Half;
use wire::{Method, traced};

use super::logging::Untold;
use super::{Session, Stage, Step};
use crate::adopted::RouteHere;
use crate::http1::answer::{Answer, form_for, options, trace};
use crate::http1::exchange::{Exchange, Why};

/// How long a client may take until it has room for an answer of ours, in milliseconds.
const TELL: u32 = 60_000;

impl Session {
    /// The answer that says why a request is not passed on, to what is known of it.
    pub(super) fn compose(&self, why: Why, exchange: Option<&Exchange>, route: Option<&RouteHere>) -> Vec<u8> {
        let (status, manners) = (why.status(), &self.manners);
        let policy = route.map(|route| &route.http);
        let in_place = |answers: &[plan::Answer]| answers.iter().position(|answer| answer.status == status);
        let of_route = policy.and_then(|policy| policy.answers.get(in_place(&policy.answers)?));
        let shows = policy.map_or(manners.proxy_status, |policy| policy.proxy_status);
        let error = match (why, exchange) {
            (Why::Fault(Fault::EndpointEnded), Some(exchange)) if exchange.has_heard() => {
                Some("http_response_incomplete")
            }
            _ => why.proxy_error(),
        };
        let date = self.station.http.dates.now();
        let read = exchange.filter(|exchange| exchange.request.is_some());
        let answer = Answer {
            status,
            to_head: exchange.is_some_and(Exchange::is_to_head),
            form: read.map(|exchange| form_for(exchange.head.view().values(b"accept"))),
            replaced: of_route.or_else(|| manners.answers.get(in_place(&manners.answers)?)),
            allows_trace: policy.is_some_and(|policy| policy.trace),
            proxy_error: error.filter(|_| shows),
            retry_after: (status == 503)
                .then(|| self.station.adopted().map_or(0, |adopted| adopted.world.engine.retry_after)),
            date: &date,
        };
        answer.write()
    }

    /// Answers a request that was to come this far and no further.
    pub(super) fn answer_here(&mut self, mut exchange: Box<Exchange>, route: Option<Rc<RouteHere>>) -> Step {
        let (traces, shows) =
            route.as_ref().map_or((false, false), |route| (route.http.trace, route.http.proxy_status));
        let date = self.station.http.dates.now();
        let answer = match exchange.request {
            Some(request) if request.method == Method::Trace => trace(&traced(&exchange.head), shows, &date),
            _ => options(traces, shows, &date),
        };
        self.entered.iter().for_each(|entered| entered.listener.counts.statuses.add(200));
        route.iter().for_each(|route| route.counts.statuses.add(200));
        exchange.unserved = route;
        self.tell(answer, Untold::new(Some(exchange), 200, None))
    }

    /// Sends an answer of ours, with which the connection ends.
    pub(super) fn tell(&mut self, answer: Vec<u8>, untold: Untold) -> Step {
        self.note_untold(untold, &answer);
        // An endpoint that leaves must not cut who is answered in its place.
        self.entered.iter().for_each(|entered| entered.clear_endpoint());
        self.deadline.set(TELL);
        self.stage = Stage::Tell(answer, 0);
        Step::Next
    }

    /// Sends as much of it as finds room.
    pub(super) fn go_on_telling(&mut self, cx: &mut Context<'_>) -> Poll<Step> {
        let (Stage::Tell(answer, told), Some(client)) = (&mut self.stage, &mut self.client) else {
            return Poll::Ready(Step::Over);
        };
        let left = answer.get(*told..).unwrap_or_default();
        match ready!(Half::poll_write(&mut client.stream, cx, &[IoSlice::new(left)])) {
            Ok(count) if count > 0 => {
                *told += count;
                let all = *told >= answer.len();
                self.entered.iter().for_each(|entered| entered.listener.counts.bytes_out.add(count as u64));
                if !all {
                    return Poll::Ready(Step::Next);
                }
                self.log_untold();
                Poll::Ready(self.begin_linger(cx))
            }
            // Nobody is there. A part of it may have gone out, and the end must not look like the whole.
            _ => {
                self.end_by_reset(Fault::ClientAborted);
                Poll::Ready(Step::Over)
            }
        }
    }
}
