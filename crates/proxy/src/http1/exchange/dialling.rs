//! Dialling, and trying again.

use std::task::{Context, Poll};
use std::time::Instant;

use account::Fault;
use decide::{Retry, Tried, retry_request};
use net::{Half, dial};
use wire::Refusal;
use world::Open;

use super::{Exchange, Stage, Why};
use crate::choice::choose_again;
use crate::http1::client::{Client, Seen};
use crate::http1::endpoint::Conn;
use crate::http1::heads::{Told, to_endpoint};
use crate::http1::origin::Origin;
use crate::station::Station;

/// Before a request goes to an endpoint once more it waits for a random part of so many milliseconds,
/// doubled for each try after the second.
const BACKOFF: u32 = 25;

impl Exchange {
    /// Dials the endpoint that was chosen, after a pause.
    pub(super) fn dial(&mut self, station: &Station, pause: u32) {
        let Some(choice) = &self.choice else { return };
        let (addresses, timeout) = (choice.endpoint.addresses.clone(), choice.route.timeouts.connect);
        let (wheel, descriptors) = (station.wheel.clone(), station.descriptors.clone());
        let times = station.log.is_on();
        self.is_tried = true;
        let dialled = async move {
            if pause > 0 {
                let mut timer = wheel.timer();
                timer.arm(wheel.now().after(pause));
                timer.fired().await;
            }
            let begun = times.then(Instant::now);
            let dialled = dial(&addresses, timeout, &wheel, &descriptors).await;
            (dialled, begun.map(|begun| begun.elapsed()))
        };
        let held = station.descriptors.take_anyway(1);
        self.stage = Stage::Dial(Box::pin(dialled), Open::new(&choice.endpoint.live), held);
    }

    /// Waits for the endpoint that is dialled, or the next one if it cannot be reached, and sends the
    /// request's head.
    pub(super) fn connect(
        &mut self,
        cx: &mut Context<'_>,
        client: &mut Client,
        station: &Station,
        from: &Origin,
    ) -> Poll<Result<(), Why>> {
        loop {
            let Stage::Dial(dialled, ..) = &mut self.stage else { return Poll::Ready(Ok(())) };
            let (dialled, took) = match dialled.as_mut().poll(cx) {
                Poll::Ready(dialled) => dialled,
                // What comes of a body has its turn later.
                Poll::Pending if self.up.is_received() && client.watch(cx, &station.http.buffers) == Seen::Gone => {
                    return Poll::Ready(Err(Why::Fault(Fault::ClientGone)));
                }
                Poll::Pending => return Poll::Pending,
            };
            let Stage::Dial(_, open, held) = std::mem::take(&mut self.stage) else { return Poll::Ready(Ok(())) };
            match dialled {
                Ok(stream) => {
                    self.connected = took;
                    let mut conn = Conn::new(stream, open, held, station.wheel.now());
                    if !self.awaits_continue {
                        self.up.send_kept();
                    }
                    let sent = self.send_head(cx, &mut conn, station, from);
                    self.conn = Some(conn);
                    return Poll::Ready(sent);
                }
                Err(fault) if self.tries_again(fault, station) => {}
                Err(fault) => return Poll::Ready(Err(Why::Fault(fault))),
            }
        }
    }

    fn send_head(
        &mut self,
        cx: &mut Context<'_>,
        conn: &mut Conn,
        station: &Station,
        from: &Origin,
    ) -> Result<(), Why> {
        let (Some(request), Some(choice)) = (&self.request, &self.choice) else {
            return Err(Why::Fault(Fault::NoEndpoint));
        };
        let told =
            Told { said: &self.said, from, host: choice.route.http.forward.host.as_deref(), path: self.path.instead() };
        let sent = station.http.buffers.lend(|buffer| {
            let length = to_endpoint(&mut buffer.head, &self.head, request, told, self.up.filters.change());
            let head = length.and_then(|length| buffer.head.get(..length)).ok_or(Refusal::FieldsLength)?;
            self.up.send_behind(cx, head, self.awaits_continue, &mut conn.stream);
            Ok(())
        });
        self.note_head(station.wheel.now());
        sent.unwrap_or(Ok(())).map_err(Why::Refused)
    }

    /// Begins another try after one that failed, unless that could do harm or is too much.
    pub fn tries_again(&mut self, fault: Fault, station: &Station) -> bool {
        let (Some(request), Some(choice)) = (&self.request, &self.choice) else { return false };
        let sent = self.conn.is_some();
        let tried = Tried {
            fault,
            tried: self.tried.len() + 1,
            most: choice.route.http.tries as usize,
            reused: self.conn.as_ref().is_some_and(|conn| conn.reused),
            answered: self.interim > 0 || !self.early.is_empty() || self.is_answered(),
            taken: self.up.moved > self.sent_before,
            idempotent: request.method.is_idempotent(),
            replayable: self.up.is_replayable(),
        };
        let retry = retry_request(tried);
        if !sent && retry != Retry::Again {
            choice.endpoint.counts.failed.add(1);
        }
        let begun = match retry {
            Retry::GiveUp => false,
            // That connection had died before: it is no load on anybody.
            Retry::Again => {
                self.begin_try(station, 0);
                true
            }
            Retry::Next => self.tries_next(sent, station),
        };
        if begun {
            station.faults.add(fault);
        }
        begun
    }

    /// Goes to the next endpoint. What was sent once goes again only as often as the pool's budget allows;
    /// an endpoint that was not reached has had no work of it.
    fn tries_next(&mut self, sent: bool, station: &Station) -> bool {
        let Some(choice) = &self.choice else { return false };
        let pool = choice.pool.clone();
        let others = [&self.tried[..], std::slice::from_ref(&choice.endpoint)].concat();
        let Some(next) = choose_again(station, &choice.route, &pool, &others) else { return false };
        if sent && !pool.live.may_retry(pool.budget, station.millis()) {
            pool.counts.retries_denied.add(1);
            return false;
        }
        self.tried = others;
        self.choice = Some(next);
        let doublings = (self.tried.len() as u32).saturating_sub(1).min(6);
        let pause = if sent { station.random(|rng| rng.u32(0..=BACKOFF << doublings)) } else { 0 };
        self.begin_try(station, pause);
        true
    }

    fn begin_try(&mut self, station: &Station, pause: u32) {
        if let Some(choice) = &self.choice {
            choice.pool.counts.retries.add(1);
        }
        if let Some(mut conn) = self.conn.take() {
            // It may still be at work on it.
            conn.stream.abort();
            self.up.forget_sent();
        }
        self.retries += 1;
        (self.reused, self.connected) = Default::default();
        self.early.clear();
        self.is_unseen = false;
        self.up_stopped = false;
        self.sent_before = self.up.moved;
        self.note_try(station.wheel.now());
        self.dial(station, pause);
    }
}
