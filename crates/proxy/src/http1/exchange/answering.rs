//! The response's head.

use std::task::{Context, Poll, ready};

use account::Fault;
use net::Half;
use wire::{Asked, Framing, Method, Request, Response, Version};

use super::{End, Exchange, Stage, Why};
use crate::http1::body::Reader;
use crate::http1::buffer::Buffer;
use crate::http1::client::Client;
use crate::http1::heads::{Told, to_client};
use crate::http1::pump::Broken;
use crate::station::Station;

/// The most interim responses before a final one.
const MOST_INTERIM: u8 = 32;

/// What came of a step: nothing yet, or how the exchange ends.
type Step = Option<Result<End, Fault>>;

impl Exchange {
    /// Reads a response's head and passes it on; it may be an interim one.
    pub(super) fn answer(&mut self, cx: &mut Context<'_>, client: &mut Client, station: &Station) -> Poll<Step> {
        let (Some(request), Some(limits), true) = (self.request, self.limits, self.conn.is_some()) else {
            return Poll::Ready(Some(Err(Fault::EndpointEnded)));
        };
        let asked = Asked { head: request.method == Method::Head, upgrade: request.upgrade.is_some() };
        let step = station.http.buffers.lend(|buffer| {
            // An interim response may have brought the next one along.
            let mut parsed = match self.early.is_empty() {
                true => Ok(None),
                false => Response::parse(&mut self.answer, &self.early, &limits, asked),
            };
            let place = if parsed == Ok(None) {
                let Some(conn) = &mut self.conn else { return unanswered(Fault::EndpointEnded) };
                let count = match ready!(Half::poll_read(&mut conn.stream, cx, buffer.room_behind(self.early.len()))) {
                    Ok(0) | Err(_) => return unanswered(Fault::EndpointEnded),
                    Ok(count) => count,
                };
                let place = self.join_early(buffer, count);
                let Some(place) = place else { return unanswered(Fault::BadResponse) };
                parsed = Response::parse(&mut self.answer, buffer.at(place.clone()), &limits, asked);
                place
            } else {
                match buffer.put(&self.early) {
                    Some(()) => Buffer::place(self.early.len()),
                    None => return unanswered(Fault::BadResponse),
                }
            };
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
                true => self.pass_interim(cx, client, buffer, &request, &response, body),
                false => self.pass_final(cx, client, buffer, &request, &response, body, station),
            })
        });
        step.unwrap_or(Poll::Pending)
    }

    /// Puts what came before in front of the `count` bytes that were read.
    fn join_early(&mut self, buffer: &mut Buffer, count: usize) -> Option<std::ops::Range<usize>> {
        let place = Buffer::place(count);
        if self.early.is_empty() {
            return Some(place);
        }
        self.early.extend_from_slice(buffer.at(place));
        buffer.put(&self.early)?;
        Some(Buffer::place(self.early.len()))
    }

    fn pass_interim(
        &mut self,
        cx: &mut Context<'_>,
        client: &mut Client,
        buffer: &mut Buffer,
        request: &Request,
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
        if response.status == 100 && self.awaits_continue {
            self.awaits_continue = false;
            self.up.let_go();
        }
        if request.version == Version::Http10 {
            return None;
        }
        let head = to_client(&mut buffer.head, &self.answer, response, Told::Nothing, true, false);
        let Some(head) = head.and_then(|head| buffer.head.get(..head)) else { return unanswered };
        match self.down.write(cx, head, &mut client.stream) {
            Ok(()) => None,
            Err(_) => Some(Err(Fault::ClientAborted)),
        }
    }

    #[expect(clippy::too_many_arguments, reason = "what was read, and all that it concerns")]
    fn pass_final(
        &mut self,
        cx: &mut Context<'_>,
        client: &mut Client,
        buffer: &mut Buffer,
        request: &Request,
        response: &Response,
        body: std::ops::Range<usize>,
        station: &Station,
    ) -> Step {
        station.add_filters(&mut self.down.filters);
        let changes = self.down.filters.change();
        let knows_chunks = request.version == Version::Http11;
        // What is left of the request's body nobody waits for.
        let unread = !self.up.is_done();
        self.tunnels = response.status == 101;
        self.closes |= !request.keeps_alive() || (client.ended && client.over.is_empty()) || unread;
        self.closes |= !knows_chunks && response.framing.is_open() | (changes && response.framing != Framing::None);
        self.keeps = response.keeps_alive() && !unread && !self.up_stopped;
        let told = match (self.closes, request.version) {
            (true, _) => Told::Close,
            (false, Version::Http10) => Told::KeepAlive,
            (false, Version::Http11) => Told::Nothing,
        };
        let Some(head) = to_client(&mut buffer.head, &self.answer, response, told, knows_chunks, changes) else {
            return Some(Ok(End::Unanswered(Why::Fault(Fault::BadResponse))));
        };
        self.down.begin(response.framing, Reader { chunks: knows_chunks, trailers: request.takes_trailers });
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

    fn note_answer(&mut self, status: u16) {
        self.status = Some(status);
        if let Some(choice) = &self.choice {
            choice.endpoint.counts.statuses.add(status);
            choice.endpoint.counts.first_bytes.add(self.elapsed());
        }
    }
}

fn unanswered(fault: Fault) -> Poll<Step> {
    Poll::Ready(Some(Ok(End::Unanswered(Why::Fault(fault)))))
}
