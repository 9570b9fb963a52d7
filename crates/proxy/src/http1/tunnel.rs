//! Two sides that speak another protocol from here on.

use std::task::Poll;

use net::{Held, Primed, Relay, Stream};
use plan::Timeouts;

use super::client::Client;
use crate::connection::Entered;

/// Relays what a client and an endpoint have to say to each other, beginning with what the client has
/// said too early.
pub async fn tunnel(entered: Entered, client: Client, endpoint: Stream, timeouts: Timeouts, held: Held) {
    let timer = entered.station().wheel.timer();
    let mut relay = Relay::new(Primed::new(client.stream, client.over), endpoint, timeouts, timer);
    let ended = std::future::poll_fn(|cx| match entered.poll_cut(cx) {
        Poll::Ready(fault) => Poll::Ready(relay.cut(fault)),
        Poll::Pending => relay.poll(cx, &entered.station().tools),
    })
    .await;
    let counts = &entered.listener.counts;
    counts.bytes_in.add(relay.up());
    counts.bytes_out.add(relay.down());
    if let Some(fault) = ended.fault {
        entered.station().faults.add(fault);
    }
    drop(held);
}
