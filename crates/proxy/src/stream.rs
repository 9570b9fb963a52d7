//! The story of a connection at layer 4: accept → route → pick → dial → relay → account.

use std::rc::Rc;
use std::task::Poll;
use std::time::Instant;

use account::{Fault, Side};
use decide::{Retry, retry};
use net::{Half, Held, Relay, Stream, dial};
use plan::Timeouts;
use world::{ListenerIx, Open};

use crate::choice::{Choice, NotChosen, choose, choose_again};
use crate::connection::Entered;
use crate::log::{Entry, Relayed};
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
        choose(station, &adopted, listener)
    });
    let choice = std::panic::catch_unwind(decide).unwrap_or(Err(NotChosen { fault: Fault::Panic, route: None }));
    // Its end is counted; nobody waits for it.
    drop(tokio::task::spawn_local(story(entered, client, choice, held)));
}

/// A reset, so that the client does not take it for a served connection.
fn refuse(mut client: Stream) {
    client.abort();
}

async fn story(entered: Entered, mut client: Stream, choice: Result<Choice, NotChosen>, held: Held) {
    let mut logged = entered.listener.logs.get().then(|| Box::new(Relayed::now(client.peer_ip())));
    let connected = match choice {
        Ok(choice) => reach(&entered, &client, choice, logged.as_deref_mut()).await.map_err(|(fault, tried)| {
            let route = tried.route.clone();
            (NotChosen { fault, route: Some(route) }, Some(tried))
        }),
        Err(not) => Err((not, None)),
    };
    match connected {
        // A task of its own: what it took to come here is large, and an idle connection need not
        // carry it along.
        Ok((endpoint, choice, open)) => {
            let timeouts = choice.route.timeouts;
            let chosen = (choice, open);
            drop(tokio::task::spawn_local(relay(entered, client, endpoint, chosen, timeouts, held, logged)));
        }
        Err((NotChosen { fault, route }, tried)) => {
            client.abort();
            entered.station().faults.add(fault);
            if let Some(logged) = logged {
                let entry = logged.entry(&entered.listener.live.key, tried.as_ref(), (0, 0), Some(fault));
                let route = route.as_ref().map(|route| route.key());
                entered.station().log.write(&Entry { route, ..entry });
            }
        }
    }
}

/// Dials the endpoint that was picked, and others while connecting fails; with the fault comes who was
/// tried last.
async fn reach(
    entered: &Entered,
    client: &Stream,
    first: Choice,
    mut logged: Option<&mut Relayed>,
) -> Result<(Stream, Choice, Open), (Fault, Choice)> {
    let station = entered.station();
    let mut choice = first;
    let mut tried = Vec::new();
    loop {
        entered.set_endpoint(&choice.endpoint);
        let open = Open::new(&choice.endpoint.live);
        let begun = logged.as_ref().map(|_| Instant::now());
        let dialled = tokio::select! {
            biased;
            fault = entered.cut() => Err(fault),
            dialled = dial(&choice.endpoint.addresses, choice.route.timeouts.connect, &station.wheel, &station.descriptors) => dialled,
            () = client.reset() => Err(Fault::ClientGone),
        };
        if let Some(logged) = &mut logged {
            logged.tries += 1;
            logged.connect = begun.filter(|_| dialled.is_ok()).map(|begun| begun.elapsed());
        }
        let fault = match dialled {
            Ok(endpoint) => return Ok((endpoint, choice, open)),
            Err(fault) => fault,
        };
        if fault.side() == Side::Endpoint {
            choice.endpoint.counts.failed.add(1);
        }
        tried.push(choice.endpoint.clone());
        match retry(fault, tried.len()) {
            Retry::GiveUp | Retry::Again => return Err((fault, choice)),
            Retry::Next => {
                let Some(next) = choose_again(station, &choice.route, &choice.pool, &tried) else {
                    return Err((fault, choice));
                };
                choice = next;
                // That of the last attempt is counted as the end of the connection.
                station.faults.add(fault);
            }
        }
    }
}

/// Relays until both sides have finished, and counts the bytes as they pass. What is `held` is let go of
/// then, and a line is written where it is `logged`.
///
/// Not an `async fn`, which would hold everything twice.
pub fn relay<C: Half + Unpin, H>(
    entered: Entered,
    client: C,
    endpoint: Stream,
    chosen: (Choice, Open),
    timeouts: Timeouts,
    held: H,
    logged: Option<Box<Relayed>>,
) -> impl Future<Output = ()> {
    let timer = entered.station().wheel.timer();
    let mut relaying = Relaying(Relay::new(client, endpoint, timeouts, timer));
    let (mut up, mut down, mut logged) = (0, 0, logged);
    std::future::poll_fn(move |cx| {
        // Whole, or the closure would take in only what it reads, and `choice` would count nothing.
        let (station, (choice, _open), _held, logged) = (entered.station(), &chosen, &held, &mut logged);
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
            if let Some(logged) = logged.take() {
                station.log.write(&logged.entry(&entered.listener.live.key, Some(choice), (up, down), ended.fault));
                logged.exchange.into_iter().for_each(|(exchange, _)| station.http.give(exchange));
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
