//! The response's head.

use std::task::{Context, Poll, ready};

use account::Fault;
use net::Half;
use wire::{Framing, Limits, MOST_FIELDS, Response, members};

use super::{Asks, End, Exchange, Stage, Why};
use crate::http1::body::{Reader, Trailers};
use crate::http1::buffer::Buffer;
use crate::http1::client::Client;
use crate::http1::heads::{Stays, to_client};
use crate::http1::pump::Broken;
use crate::station::Station;

/// How large the head of a response may be. Who allows clients less means clients.
const LIMITS: Limits = Limits { line: 16 * 1024, fields: 64 * 1024, count: MOST_FIELDS };
/// The most interim responses before a final one.
const MOST_INTERIM: u8 = 32;

/// What came of a step: nothing yet, or how the exchange ends.
type Step = Option<Result<End, Fault>>;

impl Exchange {
    /// Reads a response's head and passes it on; it may be an interim one.
    pub(super) fn answer(&mut self, cx: &mut Context<'_>, client: &mut Client, station: &Station) -> Poll<Step> {
        let asked = self.asks.asked;
        let step = station.http.buffers.lend(|buffer| {
            // An interim response may have brought the next one along.
            let mut parsed = match self.is_unseen {
                false => Ok(None),
                true => Response::parse(&mut self.answer, &self.early, &LIMITS, asked),
            };
            let mut place = Buffer::place(self.early.len());
            if parsed == Ok(None) {
                self.is_unseen = false;
                let Some(conn) = &mut self.conn else { return unanswered(Fault::EndpointEnded) };
                let room = buffer.room_beside(self.early.len());
                match ready!(Half::poll_read(&mut conn.stream, cx, room)) {
                    Ok(0) | Err(_) => return unanswered(Fault::EndpointEnded),
                    Ok(count) => place = Buffer::place(count),
                }
                if !self.early.is_empty() {
                    let read = buffer.at(place);
                    // A head ends with a line, so before that nobody need look.
                    let ends = read.contains(&b'\n');
                    self.early.extend_from_slice(read);
                    if !ends && self.early.len() <= LIMITS.head() {
                        return Poll::Ready(None);
                    }
                    place = Buffer::place(self.early.len());
                }
            }
            if !self.early.is_empty() && buffer.put(&self.early).is_none() {
                return unanswered(Fault::BadResponse);
            }
            if parsed == Ok(None) {
                parsed = Response::parse(&mut self.answer, buffer.at(place.clone()), &LIMITS, asked);
            }
            let (response, length) = match parsed {
                Ok(Some(parsed)) => parsed,
                Ok(None) => {
                    self.early.clear();
                    self.early.extend_from_slice(buffer.at(place));
                    return Poll::Ready(None);
                }
                Err(_) => return unanswered(Fault::BadResponse),
            };
            let body = place.start + length..place.end;
            Poll::Ready(match response.is_interim() {
                true => self.pass_interim(cx, client, buffer, &response, body),
                false => self.pass_final(cx, client, buffer, &response, body, station),
            })
        });
        step.unwrap_or(Poll::Pending)
    }

    fn pass_interim(
        &mut self,
        cx: &mut Context<'_>,
        client: &mut Client,
        buffer: &mut Buffer,
        response: &Response,
        rest: std::ops::Range<usize>,
    ) -> Step {
        self.interim += 1;
        let unanswered = Some(Ok(End::Unanswered(Why::Fault(Fault::BadResponse))));
        if self.interim > MOST_INTERIM {
            return unanswered;
        }
        self.early.clear();
        self.early.extend_from_slice(buffer.at(rest));
        self.is_unseen = !self.early.is_empty();
        if response.status == 100 && self.awaits_continue {
            self.awaits_continue = false;
            self.up.let_go();
        }
        if !self.asks.is_new {
            return None;
        }
        let head = to_client(&mut buffer.head, &self.answer, response, Stays::Nothing, true, false);
        let Some(head) = head.and_then(|head| buffer.head.get(..head)) else { return unanswered };
        self.heads += head.len() as u64;
        match self.down.write(cx, head, &mut client.stream) {
            Ok(()) => None,
            Err(_) => Some(Err(Fault::ClientAborted)),
        }
    }

    fn pass_final(
        &mut self,
        cx: &mut Context<'_>,
        client: &mut Client,
        buffer: &mut Buffer,
        response: &Response,
        body: std::ops::Range<usize>,
        station: &Station,
    ) -> Step {
        station.add_filters(&mut self.down.filters);
        let changes = self.down.filters.change();
        let Asks { is_new: knows_chunks, takes_trailers, closes, .. } = self.asks;
        // What is left of the request's body nobody waits for.
        let unread = !self.up.is_done();
        self.tunnels = response.status == 101;
        if self.tunnels && !self.was_offered(response) {
            return Some(Ok(End::Unanswered(Why::Fault(Fault::BadResponse))));
        }
        self.closes |= closes || (client.ended && client.over.is_empty()) || unread;
        self.closes |= !knows_chunks && response.framing.is_open() | (changes && response.framing != Framing::None);
        self.keeps = response.keeps_alive() && !unread && !self.up_stopped;
        let stays = match (self.closes, knows_chunks) {
            (true, _) => Stays::Close,
            (false, false) => Stays::KeepAlive,
            (false, true) => Stays::Nothing,
        };
        let Some(head) = to_client(&mut buffer.head, &self.answer, response, stays, knows_chunks, changes) else {
            return Some(Ok(End::Unanswered(Why::Fault(Fault::BadResponse))));
        };
        self.heads += head as u64;
        let trailers = if takes_trailers { Trailers::All } else { Trailers::None };
        self.down.begin(response.framing, Reader { chunks: knows_chunks, trailers });
        self.early.clear();
        let end = body.end;
        let (start, read) = match self.down.begin_with(cx, buffer, head, body.clone(), &mut client.stream) {
            Ok((read, Ok(()))) => (body.start, read),
            Ok((_, Err(_))) => return Some(Err(Fault::ClientAborted)),
            Err(Broken::Refused(_)) => return Some(Ok(End::Unanswered(Why::Fault(Fault::BadResponse)))),
            Err(_) => return Some(Err(Fault::EndpointEnded)),
        };
        self.note_answer(response.status);
        // Nothing goes up any more that waited for a word of the endpoint.
        self.up_stopped |= self.awaits_continue;
        self.awaits_continue = false;
        self.stage = Stage::Answer;
        // The framed message is delivered, and the connection is not used again.
        self.keeps &= start + read == end;
        if self.tunnels {
            self.down.hold(buffer.at(start + read..end));
        }
        None
    }

    /// Whether an endpoint switches to nothing but what the client has offered.
    fn was_offered(&self, response: &Response) -> bool {
        let offered = self.request.and_then(|request| request.upgrade).map(|value| self.head.part(value));
        let switched = response.upgrade.map(|value| self.answer.part(value)).unwrap_or_default();
        let is_offered = |name: &[u8]| members(offered.unwrap_or_default()).any(|one| one.eq_ignore_ascii_case(name));
        members(switched).all(is_offered)
    }

    fn note_answer(&mut self, status: u16) {
        let took = self.elapsed();
        self.status = Some((status, took));
        if let Some(choice) = &self.choice {
            choice.endpoint.counts.statuses.add(status);
            choice.endpoint.counts.first_bytes.add(took);
        }
    }
}

fn unanswered(fault: Fault) -> Poll<Step> {
    Poll::Ready(Some(Ok(End::Unanswered(Why::Fault(fault)))))
}
