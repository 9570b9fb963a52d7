//! What is counted of HTTP: by listener, route, pool, endpoint and fault.

use std::time::Duration;

use account::{BOUNDS, Fault};

use crate::support::web::{Asked, Reply, Web, Wire, before, get, in_turn, post, response, run};
use crate::support::{eventually, eventually_is, refusing};

/// Answers with the status that the path names.
fn by_path(asked: &Asked) -> Reply {
    let path = asked.head.split([' ', '/']).nth(2).unwrap();
    Reply::Send(format!("HTTP/1.1 {path} Said\r\nContent-Length: 0\r\n\r\n").into_bytes())
}

/// How many a histogram has counted.
fn count(histogram: &[u64]) -> u64 {
    histogram[..=BOUNDS.len()].iter().sum()
}

#[test]
fn requests_and_responses_are_counted_by_what_they_passed() {
    let (web, other) = (Web::new("a", by_path), Web::new("b", by_path));
    let draft = in_turn(&[&web.endpoint]).pool("other", crate::support::cycle(1), &[&other.endpoint]);
    let (running, at) = run(&draft.rule("in", "other", "", "other"));
    let mut client = Wire::to(&at);
    for status in [200, 204, 301, 304, 404, 404, 404, 500, 503] {
        client.say(get(&format!("/{status}"))).hear("\r\n\r\n");
    }
    for status in [200, 404] {
        client.say(format!("GET /{status} HTTP/1.1\r\nHost: other\r\n\r\n")).hear("\r\n\r\n");
    }
    // A client may have its response before it is counted.
    eventually("all are counted", || running.counts().listener("in").statuses.iter().sum::<u64>() == 11);
    let counts = running.counts();
    let listener = counts.listener("in");
    assert_eq!((listener.accepted, listener.requests, listener.statuses), (1, 11, [0, 3, 2, 4, 2]));
    let (route, ruled) = (counts.route("in"), counts.route("other-0"));
    assert_eq!((route.taken, route.statuses, count(&route.durations)), (9, [0, 2, 2, 3, 2], 9));
    assert_eq!((ruled.taken, ruled.statuses, count(&ruled.durations)), (2, [0, 1, 0, 1, 0], 2));
    assert_eq!((counts.pool("pool").requests, counts.pool("other").requests), (9, 2));
    let (a, b) = (counts.endpoint("a"), counts.endpoint("b"));
    assert_eq!((a.picked, a.reused, a.statuses, count(&a.first_bytes)), (9, 8, [0, 2, 2, 3, 2], 9));
    assert_eq!((b.picked, b.reused, b.statuses, count(&b.first_bytes)), (2, 1, [0, 1, 0, 1, 0], 2));
    assert_eq!((a.open, a.inflight, a.failed), (1, 0, 0));
    assert_eq!(counts.all_faults(), []);
}

#[test]
fn answers_of_our_own_are_counted_where_they_were_given_and_by_their_fault() {
    let web = Web::new("a", |asked| match asked.head.contains("/dies") {
        true => Reply::Close(Vec::new()),
        false => Reply::Send(b"nonsense\r\n\r\n".to_vec()),
    });
    let mut draft = in_turn(&[&web.endpoint]).rule("in", "a", "", "pool");
    draft.routes.clear();
    draft.http.most_body = Some(3);
    let (running, at) = run(&draft);
    let ask = |request: String| Wire::to(&at).say(request).rest().0;
    for (status, request) in [
        (404, "GET / HTTP/1.1\r\nHost: b\r\n\r\n".into()),
        (400, "GET / HTTP/1.1\r\n\r\n".into()),
        (413, post("/", "hello")),
        (502, get("/wrong")),
        (502, get("/dies")),
    ] {
        let heard = ask(request);
        assert!(heard.starts_with(&format!("HTTP/1.1 {status} ")), "{heard}");
    }
    let counts = running.counts();
    let listener = counts.listener("in");
    // What is malformed is no request.
    assert_eq!((listener.requests, listener.statuses), (4, [0, 0, 0, 3, 2]));
    let route = counts.route("pool-0");
    assert_eq!((route.taken, route.statuses, count(&route.durations)), (3, [0, 0, 0, 1, 2], 3));
    assert_eq!(counts.endpoint("a").statuses, [0; 5], "it has given none");
    assert_eq!(count(&counts.endpoint("a").first_bytes), 0);
    for fault in [Fault::NoRoute, Fault::BadRequest, Fault::BodyTooLarge, Fault::BadResponse, Fault::EndpointEnded] {
        assert_eq!(counts.fault(fault), 1, "{fault:?}");
    }
    assert_eq!(counts.all_faults().len(), 5);
}

#[test]
fn how_long_it_took_is_counted_from_the_request_on() {
    let web = Web::new("a", |asked| {
        std::thread::sleep(Duration::from_millis(if asked.head.contains("/slow") { 60 } else { 0 }));
        Reply::Send(response("", b"end"))
    });
    let (running, at) = before(&[&web.endpoint]);
    let mut client = Wire::to(&at);
    client.say(get("/slow")).hear("end");
    client.say(get("/slow")).hear("end");
    // A client may have its response before it is counted.
    eventually("it is counted", || count(&running.counts().route("in").durations) == 2);
    let counts = running.counts();
    for histogram in [counts.route("in").durations, counts.endpoint("a").first_bytes] {
        let above = BOUNDS.iter().position(|bound| *bound == 50_000).unwrap();
        assert_eq!((count(&histogram), histogram[..=above].iter().sum::<u64>()), (2, 0), "{histogram:?}");
        assert!(*histogram.last().unwrap() >= 120_000, "{histogram:?}");
    }
    assert!(counts.route("in").durations.last() >= counts.endpoint("a").first_bytes.last());
}

#[test]
fn each_try_is_counted_and_the_exchange_once() {
    let (dies, refuses) = (Web::new("a", |_| Reply::Close(Vec::new())), refusing("b"));
    let web = Web::new("c", |_| Reply::Send(response("", b"end")));
    let (running, at) = before(&[&dies.endpoint, &refuses, &web.endpoint]);
    Wire::to(&at).say(get("/x")).hear("end");
    eventually("it is counted", || running.counts().route("in").statuses != [0; 5]);
    let counts = running.counts();
    assert_eq!((counts.pool("pool").requests, counts.pool("pool").retries), (1, 2));
    assert_eq!((counts.route("in").taken, counts.route("in").statuses), (1, [0, 1, 0, 0, 0]));
    let each = ["a", "b", "c"].map(|key| counts.endpoint(key));
    assert_eq!(each.map(|counts| (counts.picked, counts.failed)), [(1, 0), (1, 1), (1, 0)]);
    assert_eq!(each.map(|counts| counts.statuses[1]), [0, 0, 1]);
    assert_eq!(
        each.map(|counts| (counts.bytes_sent > 0, counts.bytes_received > 0)),
        [(true, false), (false, false), (true, true)]
    );
    assert_eq!(counts.all_faults(), [("connect-refused", 1), ("endpoint-ended", 1)]);
}

#[test]
fn every_byte_of_a_message_is_counted() {
    let web = Web::new("a", |asked| Reply::Send(response("X-More: x\r\n", &asked.body)));
    let (running, at) = before(&[&web.endpoint]);
    let mut client = Wire::to(&at);
    let mut heard = 0;
    // The first on a fresh connection, the others on one that is used again.
    for body in ["", "hello", "wide world"] {
        let response = client.say(post("/x", body)).hear("\r\n\r\n");
        heard += response.len() + client.take(body.len()).len();
    }
    let large = "x".repeat(500_000);
    let mut writer = client.socket.try_clone().unwrap();
    let request = post("/y", &large);
    let writing = std::thread::spawn(move || std::io::Write::write_all(&mut writer, request.as_bytes()).unwrap());
    heard += client.hear("\r\n\r\n").len() + client.take(large.len()).len();
    writing.join().unwrap();
    let sent: usize = web.bytes().iter().map(Vec::len).sum();
    let counted = || {
        let (listener, endpoint) = (running.counts().listener("in"), running.counts().endpoint("a"));
        [listener.bytes_in, listener.bytes_out, endpoint.bytes_sent, endpoint.bytes_received]
    };
    eventually_is([sent as u64, heard as u64, sent as u64, heard as u64], counted);
    // An answer of ours is written to a client, too, and comes from no endpoint.
    let ours = Wire::to(&at).say("GET / HTTP/1.1\r\n\r\n").rest().0.len();
    eventually_is((heard + ours) as u64, || running.counts().listener("in").bytes_out);
    assert_eq!(running.counts().endpoint("a").bytes_received, heard as u64);
}

#[test]
fn what_several_workers_count_adds_up() {
    let (web, other) = (Web::new("a", by_path), Web::new("b", by_path));
    let draft = in_turn(&[&web.endpoint, &other.endpoint]).workers(3);
    let (running, at) = run(&draft);
    let clients = 24;
    std::thread::scope(|scope| {
        for client in 0..clients {
            let at = &at;
            scope.spawn(move || {
                let mut wire = Wire::to(at);
                for status in [200, 404, 503] {
                    wire.say(get(&format!("/{status}"))).hear("\r\n\r\n");
                }
                if client % 2 == 0 {
                    wire.say("nonsense\r\n\r\n").rest();
                }
            });
        }
    });
    // Counters outlive a plan.
    running.apply(&draft);
    eventually("all ended", || running.counts().listener("in").open == 0);
    let counts = running.counts();
    let (all, listener, route) = (3 * clients, counts.listener("in"), counts.route("in"));
    assert_eq!((listener.accepted, listener.requests), (clients, all));
    assert_eq!(listener.statuses, [0, clients, 0, clients + clients / 2, clients]);
    assert_eq!((route.taken, route.statuses, count(&route.durations)), (all, [0, clients, 0, clients, clients], all));
    let both = [counts.endpoint("a"), counts.endpoint("b")];
    assert_eq!(both.iter().map(|counts| counts.picked).sum::<u64>(), all);
    assert_eq!(both.iter().map(|counts| counts.statuses.iter().sum::<u64>()).sum::<u64>(), all);
    assert_eq!(both.iter().map(|counts| count(&counts.first_bytes)).sum::<u64>(), all);
    assert_eq!((counts.pool("pool").requests, counts.fault(Fault::BadRequest)), (all, clients / 2));
    assert_eq!((web.requests().len() + other.requests().len()) as u64, all);
}
