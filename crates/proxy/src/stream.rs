//! The story of a connection at layer 4: accept → route → pick → dial → relay → account.

use std::rc::Rc;
use std::task::Poll;

use account::{Fault, Side};
use decide::{Retry, retry};
use net::{Half, Held, Relay, Stream, dial};
use plan::Timeouts;
use world::{ListenerIx, Open};

use crate::choice::{Choice, choose, choose_again};
use crate::connection::Entered;
use crate::station::Station;

/// Begins the story of a connection that was accepted by `listener` of the world adopted now. It is
/// decided here and now, so a listener that leaves with that world still serves its queue.
///
/// `held` are the two descriptors of the connection.
pub fn begin(station: &Rc<Station>, client: Stream, listener: ListenerIx, held: Held) {
    let Some(adopted) = station.adopted() else {
        return refuse(client);
    };
    let Some(here) = adopted.listener(listener) else {
        return refuse(client);
    };
    let entered = Entered::new(station, here.clone());
    if let Some(manners) = adopted.manners(listener) {
        return crate::http1::begin(entered, client, listener, manners.clone(), held);
    }
    // Whoever accepts must outlive a bug in here.
    let decide = std::panic::AssertUnwindSafe(|| {
        #[cfg(feature = "inject")]
        station.panic_if_ordered(crate::station::PanicAt::Choose);
        choose(station, &adopted, listener).map_err(|not| not.fault)
    });
    let choice = std::panic::catch_unwind(decide).unwrap_or(Err(Fault::Panic));
    // Its end is counted; nobody waits for it.
    drop(tokio::task::spawn_local(story(entered, client, choice, held)));
}

/// A reset, so that the client does not take it for a served connection.
fn refuse(mut client: Stream) {
    client.abort();
}

async fn story(entered: Entered, mut client: Stream, choice: Result<Choice, Fault>, held: Held) {
    let connected = match choice {
        Ok(choice) => reach(&entered, &client, choice).await,
        Err(fault) => Err(fault),
    };
    match connected {
        // A task of its own: what it took to come here is large, and an idle connection need not
        // carry it along.
        Ok((endpoint, choice, open)) => {
            let timeouts = choice.route.timeouts;
            drop(tokio::task::spawn_local(relay(entered, client, endpoint, (choice, open), timeouts, held)));
        }
        Err(fault) => {
            client.abort();
            entered.station().faults.add(fault);
        }
    }
}

/// Dials the endpoint that was picked, and others while connecting fails.
async fn reach(entered: &Entered, client: &Stream, first: Choice) -> Result<(Stream, Choice, Open), Fault> {
    let station = entered.station();
    let mut choice = first;
    let mut tried = Vec::new();
    loop {
        entered.set_endpoint(&choice.endpoint);
        let open = Open::new(&choice.endpoint.live);
        let dialled = tokio::select! {
            biased;
            fault = entered.cut() => Err(fault),
            dialled = dial(&choice.endpoint.addresses, choice.route.timeouts.connect, &station.wheel, &station.descriptors) => dialled,
            () = client.reset() => Err(Fault::ClientGone),
        };
        let fault = match dialled {
            Ok(endpoint) => return Ok((endpoint, choice, open)),
            Err(fault) => fault,
        };
        if fault.side() == Side::Endpoint {
            choice.endpoint.counts.failed.add(1);
        }
        tried.push(choice.endpoint.clone());
        match retry(fault, tried.len()) {
            Retry::GiveUp | Retry::Again => return Err(fault),
            Retry::Next => {
                choice = choose_again(station, &choice.route, &choice.pool, &tried).ok_or(fault)?;
                // That of the last attempt is counted as the end of the connection.
                station.faults.add(fault);
            }
        }
    }
}

/// Relays until both sides have finished, and counts the bytes as they pass. What is `held` is let go of
/// then.
///
/// Not an `async fn`, which would hold everything twice.
pub fn relay<C: Half + Unpin, H>(
    entered: Entered,
    client: C,
    endpoint: Stream,
    chosen: (Choice, Open),
    timeouts: Timeouts,
    held: H,
) -> impl Future<Output = ()> {
    let timer = entered.station().wheel.timer();
    let mut relaying = Relaying(Relay::new(client, endpoint, timeouts, timer));
    let (mut up, mut down) = (0, 0);
    std::future::poll_fn(move |cx| {
        // Whole, or the closure would take in only what it reads, and `choice` would count nothing.
        let (station, (choice, _open), _held) = (entered.station(), &chosen, &held);
        let Relaying(relay) = &mut relaying;
        let ended = match entered.poll_cut(cx) {
            Poll::Ready(fault) => Poll::Ready(relay.cut(fault)),
            Poll::Pending => relay.poll(cx, &station.tools),
        };
        let (listener, counts) = (&entered.listener.counts, &choice.endpoint.counts);
        let (more_up, more_down) = (relay.up() - up, relay.down() - down);
        #[cfg(feature = "inject")]
        if more_up > 0 {
            station.panic_if_ordered(crate::station::PanicAt::Relay);
        }
        if more_up > 0 {
            up += more_up;
            listener.bytes_in.add(more_up);
            counts.bytes_sent.add(more_up);
        }
        if more_down > 0 {
            down += more_down;
            listener.bytes_out.add(more_down);
            counts.bytes_received.add(more_down);
        }
        ended.map(|ended| {
            if let Some(fault) = ended.fault {
                station.faults.add(fault);
            }
        })
    })
}

/// A relay that a panic turns into a reset, so that neither side takes it for a plain end.
struct Relaying<C: Half + Unpin>(Relay<C, Stream>);

impl<C: Half + Unpin> Drop for Relaying<C> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.cut(Fault::Panic);
        }
    }
}
