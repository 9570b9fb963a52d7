//! Waiting for a request, and the begin of its exchange.

use std::rc::Rc;
use std::task::{Context, Poll, ready};

use account::Fault;
use decide::Asked;
use wire::{Head, Host, Refusal, Request};

use super::{Session, Stage, Step};
use crate::adopted::RouteHere;
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
        self.refresh();
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
                        match self.manners.judge_names(&mut request) {
                            Ok(trailers) => exchange.trailers = trailers,
                            Err(refusal) => {
                                station.http.give(exchange);
                                return Poll::Ready(self.refuse(refusal));
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
                exchange.choice = Some(choice);
                exchange.closes = self.leaves;
                exchange.begin(cx, buffer, body, &station, &self.from)
            }
            Err(Unserved { why: Some(why), route }) => return self.unanswered(why, Some(exchange), route),
            Err(Unserved { why: None, route }) => return self.answer_here(exchange, route),
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

    /// What holds for the listener now, before a head is read by it.
    fn refresh(&mut self) {
        let adoptions = self.station.adoptions.get();
        if std::mem::replace(&mut self.adoptions, adoptions) == adoptions {
            return;
        }
        let (Some(adopted), Some(entered)) = (self.station.adopted(), &self.entered) else { return };
        let Some(at) = adopted.position_of(&entered.listener, self.listener) else { return };
        self.listener = at;
        if let Some(manners) = adopted.manners(at).filter(|manners| !Rc::ptr_eq(manners, &self.manners)) {
            self.manners = manners.clone();
            self.from.judge(&manners.trust);
        }
    }

    /// Chooses in the world of now. A listener that has left it since still serves what comes on its
    /// connections, by the route and the pool that served it last.
    fn choose(&mut self, station: &Station, exchange: &mut Exchange) -> Result<Choice, Unserved> {
        let refused = |route: Option<&Rc<RouteHere>>| Unserved::of(Fault::BadRequest, route);
        let Exchange { head, request: Some(request), path, .. } = exchange else {
            return Err(Unserved::of(Fault::NoRoute, None));
        };
        let (Some(adopted), Some(entered)) = (station.adopted(), &self.entered) else {
            return Err(Unserved::of(Fault::NoRoute, None));
        };
        let (merges, hops, name) = (self.manners.merge_slashes, self.manners.hops, &station.http.pseudonym);
        let Some(at) = adopted.position_of(&entered.listener, self.listener) else {
            self.leaves = true;
            let Some((route, pool)) = &self.last else {
                // Nobody can say any more whether there was a route.
                return Err(Unserved::of(Fault::NoEndpoint, None));
            };
            path.read(head, request, merges).map_err(|_| refused(None))?;
            path.settle(head, request, &route.http.paths, |_| true).map_err(|_| refused(Some(route)))?;
            Unserved::unless(admit(head, request, &route.http, hops, name), route)?;
            return choose_again(station, route, pool, &[]).ok_or_else(|| Unserved::of(Fault::NoEndpoint, Some(route)));
        };
        path.read(head, request, merges).map_err(|_| refused(None))?;
        let taken = take(&adopted, at, || Some(asked(head, request, path.canonical(head, request))))?;
        let is_taken = |path: &[u8]| takes(&adopted, at, &taken, asked(head, request, path));
        let settled = path.settle(head, request, &taken.route.http.paths, is_taken);
        settled.map_err(|_| refused(Some(taken.route)))?;
        Unserved::unless(admit(head, request, &taken.route.http, hops, name), taken.route)?;
        let choice = serve(station, &adopted, &taken)?;
        self.last = Some((choice.route.clone(), choice.pool.clone()));
        Ok(choice)
    }
}

/// A request that no endpoint gets.
struct Unserved {
    /// Why; `None` where it came this far and was to go no further.
    why: Option<Why>,
    /// The route that took it.
    route: Option<Rc<RouteHere>>,
}

impl Unserved {
    fn of(fault: Fault, route: Option<&Rc<RouteHere>>) -> Self {
        Self { why: Some(Why::Fault(fault)), route: route.cloned() }
    }

    fn unless(admitted: Admitted, route: &Rc<RouteHere>) -> Result<(), Self> {
        match admitted {
            Admitted::On => Ok(()),
            Admitted::Here => Err(Self { why: None, route: Some(route.clone()) }),
            Admitted::Not(why) => Err(Self { why: Some(why), route: Some(route.clone()) }),
        }
    }
}

impl From<NotChosen> for Unserved {
    fn from(NotChosen { fault, route }: NotChosen) -> Self {
        Self { why: Some(Why::Fault(fault)), route }
    }
}

/// What a request asks for, for the rules that look at it.
fn asked<'a>(head: &'a Head, request: &Request, path: &'a [u8]) -> Asked<'a> {
    let host = request.host.and_then(|host| Host::parse(head.part(host)).ok());
    Asked { host: host.map(|host| host.name).unwrap_or_default(), path }
}
