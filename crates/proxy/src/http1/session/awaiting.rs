//! Waiting for a request, and the begin of its exchange.

use std::rc::Rc;
use std::task::{Context, Poll, ready};

use account::Fault;
use decide::Asked;
use plan::Underscores;
use wire::{Head, Host, Refusal, Request};

use super::{Session, Stage, Step};
use crate::choice::{Choice, NotChosen, choose_again, serve, take, takes};
use crate::http1::admit::{Admitted, admit};
use crate::http1::buffer::Buffer;
use crate::http1::exchange::{Exchange, Why};
use crate::station::Station;

impl Session {
    /// Reads until a head is there, and begins its exchange.
    pub(super) fn await_request(&mut self, cx: &mut Context<'_>) -> Poll<Step> {
        let Some(client) = &self.client else { return Poll::Ready(Step::Over) };
        if !client.has_unseen() && client.stream.awaits_bytes(cx) {
            return Poll::Pending;
        }
        let station = self.station.clone();
        let step = station.http.buffers.lend(|buffer| {
            loop {
                let Some(client) = &mut self.client else { return Poll::Ready(Step::Over) };
                let mut read = 0;
                if !client.has_unseen() {
                    read = match ready!(client.read(cx, buffer.room_beside(client.over.len()))) {
                        0 => return Poll::Ready(Step::Over),
                        read => read,
                    };
                }
                // What came before goes first. A head ends with a line, so before that nobody need look.
                if !client.over.is_empty() {
                    client.over.extend_from_slice(buffer.at(Buffer::place(read)));
                    if !client.has_line(&self.manners.limits) {
                        self.note_part();
                        continue;
                    }
                    read = client.over.len();
                    if buffer.put(&client.over).is_none() {
                        return Poll::Ready(self.refuse(Refusal::FieldsLength));
                    }
                }
                let place = Buffer::place(read);
                let mut exchange = station.http.take();
                match Request::parse(&mut exchange.head, buffer.at(place.clone()), &self.manners.limits) {
                    Ok(Some((mut request, length))) => {
                        client.clear();
                        if !request.underscored.is_empty() {
                            match self.manners.underscores {
                                Underscores::Keep => {}
                                Underscores::Drop => {
                                    request.connection.drop = request.connection.drop.and(request.underscored);
                                }
                                Underscores::Reject => {
                                    station.http.give(exchange);
                                    return Poll::Ready(self.refuse(Refusal::Underscore));
                                }
                            }
                        }
                        exchange.request = Some(request);
                        return Poll::Ready(self.begin_exchange(
                            cx,
                            buffer,
                            exchange,
                            (place.start + length, place.end),
                        ));
                    }
                    Ok(None) => {
                        station.http.give(exchange);
                        client.keep(buffer.at(place));
                        self.note_part();
                    }
                    Err(refusal) => {
                        station.http.give(exchange);
                        return Poll::Ready(self.refuse(refusal));
                    }
                }
            }
        });
        step.unwrap_or(Poll::Pending)
    }

    /// A part of a head is there: the rest has to come in time.
    fn note_part(&mut self) {
        self.note_head_begin();
        if !std::mem::replace(&mut self.head_due, true) {
            self.deadline.set(self.manners.head);
        }
    }

    fn refuse(&mut self, refusal: Refusal) -> Step {
        self.unanswered(Why::Refused(refusal), None, None)
    }

    fn begin_exchange(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut Buffer,
        mut exchange: Box<Exchange>,
        body: (usize, usize),
    ) -> Step {
        let station = self.station.clone();
        self.head_due = false;
        self.note_head_end();
        self.entered.iter().for_each(|entered| entered.listener.counts.requests.add(1));
        let begun = match self.choose(&station, &mut exchange) {
            Ok(choice) => {
                self.entered.iter().for_each(|entered| entered.set_endpoint(&choice.endpoint));
                let admitted = exchange.request.as_ref().map_or(Admitted::On, |request| {
                    let (policy, hops) = (&choice.route.http, self.manners.hops);
                    admit(&exchange.head, request, policy, hops, &station.http.pseudonym)
                });
                exchange.choice = Some(choice);
                exchange.closes = self.leaves;
                match admitted {
                    Admitted::On => exchange.begin(cx, buffer, body, &station, &self.from),
                    Admitted::Here => return self.answer_here(exchange),
                    Admitted::Not(why) => Err(why),
                }
            }
            Err(NotChosen { fault, route }) => {
                return self.unanswered(Why::Fault(fault), Some(exchange), route);
            }
        };
        let Some(client) = &mut self.client else { return Step::Over };
        match begun {
            Ok(next) => {
                client.over.extend_from_slice(buffer.at(next..body.1));
                let moved = exchange.moved();
                self.stage = Stage::Exchange(exchange);
                // A connection that had waited has taken something already.
                self.account((0, 0), moved);
                self.set_due();
                Step::Next
            }
            Err(why) => self.unanswered(why, Some(exchange), None),
        }
    }

    /// Chooses in the world of now. A listener that has left it since still serves what comes on its
    /// connections, by the route and the pool that served it last.
    fn choose(&mut self, station: &Station, exchange: &mut Exchange) -> Result<Choice, NotChosen> {
        let none = NotChosen { fault: Fault::NoRoute, route: None };
        let refused = |route| NotChosen { fault: Fault::BadRequest, route };
        let Exchange { head, request: Some(request), path, .. } = exchange else { return Err(none) };
        let (Some(adopted), Some(entered)) = (station.adopted(), &self.entered) else {
            return Err(none);
        };
        let Some(at) = adopted.position_of(&entered.listener, self.listener) else {
            self.leaves = true;
            let Some((route, pool)) = &self.last else {
                // Nobody can say any more whether there was a route.
                return Err(NotChosen { fault: Fault::NoEndpoint, route: None });
            };
            path.read(head, request, self.manners.merge_slashes).map_err(|_| refused(None))?;
            let settled = path.settle(head, request, &route.http.paths, |_| true);
            settled.map_err(|_| refused(Some(route.clone())))?;
            let again = choose_again(station, route, pool, &[]);
            return again.ok_or_else(|| NotChosen { fault: Fault::NoEndpoint, route: Some(route.clone()) });
        };
        self.listener = at;
        if let Some(manners) = adopted.manners(at).filter(|manners| !Rc::ptr_eq(manners, &self.manners)) {
            self.manners = manners.clone();
        }
        path.read(head, request, self.manners.merge_slashes).map_err(|_| refused(None))?;
        let taken = take(&adopted, at, || Some(asked(head, request, path.canonical(head, request))))?;
        let is_taken = |path: &[u8]| takes(&adopted, at, &taken, asked(head, request, path));
        let settled = path.settle(head, request, &taken.route.http.paths, is_taken);
        settled.map_err(|_| refused(Some(taken.route.clone())))?;
        let choice = serve(station, &adopted, &taken)?;
        self.last = Some((choice.route.clone(), choice.pool.clone()));
        Ok(choice)
    }
}

/// What a request asks for, for the rules that look at it.
fn asked<'a>(head: &'a Head, request: &Request, path: &'a [u8]) -> Asked<'a> {
    let host = request.host.and_then(|host| Host::parse(head.part(host)).ok());
    Asked { host: host.map(|host| host.name).unwrap_or_default(), path }
}
