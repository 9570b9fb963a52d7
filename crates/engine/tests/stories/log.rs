//! What a line of the access log says.

use plan::{Accept, AccessLog, Answer, HttpListener, LogSample, Protocol, Trust};
use serde_json::{Value, json};

use crate::support::log::{ALWAYS, Folder, at, combined, json as as_json, lines, so_many};
use crate::support::web::{Reply, Web, Wire, get, in_turn, post, response, run};
use crate::support::{
    Client, Draft, Endpoint, HTTP_LISTENER, Running, any_port, comes_true_soon, cycle, eventually, refusing,
};

/// A draft that logs to a file in a folder of its own.
fn logging(draft: Draft, request: &[&str], response: &[&str]) -> (Draft, Folder) {
    let folder = Folder::new();
    let log = as_json(at(&folder.file("log")), request, response);
    (Draft { log: Some(log), ..draft }, folder)
}

fn is_length(value: &Value) -> bool {
    value.as_f64().is_some_and(|millis| (0.0..60_000.0).contains(&millis))
}

#[test]
fn a_request_has_a_line_with_all_that_is_known() {
    let web = Web::new("a", |_| Reply::Send(response("X-Kind: one\r\nX-Kind: two\r\n", b"four")));
    let (draft, folder) = logging(in_turn(&[&web.endpoint]), &["user-agent", "cookie"], &["x-kind", "x-none"]);
    let (running, to) = run(&draft);
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let request = format!(
        "GET /a?b=c HTTP/1.1\r\nHost: shop.example:80\r\nUser-Agent: me \"too\"\r\ntraceparent: {trace}\r\n\
        Authorization: Basic c2VjcmV0\r\nCookie: id=7\r\n\r\n"
    );
    let mut client = Wire::to(&to);
    client.say(&request).hear("four");
    client.say(post("/second", "body")).hear("four");
    let found = so_many(&folder.file("log"), 2);
    let counts = running.counts();
    let listener = counts.listener("in");
    let head = web.requests()[0].head.len() + 4;
    let first = &found[0];
    let endpoint = web.endpoint.name.as_str();
    for (name, value) in [
        ("client", json!("127.0.0.1")),
        ("listener", json!("in")),
        ("protocol", json!("HTTP/1.1")),
        ("route", json!("in")),
        ("pool", json!("pool")),
        ("endpoint", json!(endpoint)),
        ("method", json!("GET")),
        ("host", json!("shop.example:80")),
        ("target", json!("/a?b=c")),
        ("status", json!(200)),
        ("bytesIn", json!(head)),
        ("bodyOut", json!(4)),
        ("queue", json!(0.0)),
        ("tries", json!(1)),
        ("reused", json!(false)),
        ("fault", json!(null)),
        ("traceId", json!("0af7651916cd43dd8448eb211c80319c")),
        ("requestId", json!(null)),
        ("user-agent", json!("me \"too\"")),
        ("cookie", json!("id=7")),
        ("x-kind", json!("one, two")),
        ("x-none", json!(null)),
    ] {
        assert_eq!(first[name], value, "{name} of {first}");
    }
    assert!(["head", "connect", "firstByte", "total"].iter().all(|step| is_length(&first[step])), "{first}");
    assert!(first["total"].as_f64() >= first["firstByte"].as_f64(), "{first}");
    let time = first["time"].as_str().unwrap();
    assert!(time.len() == 24 && time.ends_with('Z') && time.starts_with("20"), "{time}");
    let second = &found[1];
    assert_eq!(
        (&second["reused"], &second["connect"], &second["method"]),
        (&json!(true), &json!(null), &json!("POST"))
    );
    let sum = |name: &str| found.iter().map(|line| line[name].as_u64().unwrap()).sum::<u64>();
    assert_eq!((sum("bytesIn"), sum("bytesOut")), (listener.bytes_in, listener.bytes_out));
    assert_eq!(counts.lines, (2, 0));
    assert!(!std::fs::read_to_string(folder.file("log")).unwrap().contains("c2VjcmV0"), "a secret was logged");
}

#[test]
fn a_request_that_comes_to_nothing_has_a_line_too() {
    let web = Web::new("a", |asked| match asked.head.contains("/half") {
        true => Reply::Close(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf".to_vec()),
        false => Reply::Close(Vec::new()),
    });
    let gone = refusing("gone");
    let draft = in_turn(&[&web.endpoint]).pool("gone", cycle(1), &[&gone]).pool("none", cycle(0), &[]);
    let draft = draft.rule("in", "gone", "", "gone").rule("in", "none", "", "none");
    let (draft, folder) = logging(draft, &[], &[]);
    let (running, to) = run(&draft);
    let ask = |request: String| drop(Wire::to(&to).say(request).rest());
    let host = |host: &str| format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
    let file = folder.file("log");
    let cases = [
        ("GET / HTTP/1.1\r\n\r\n".to_string(), json!(400), "bad-request", json!(null), json!(null)),
        (post("/", "x"), json!(502), "endpoint-ended", json!("in"), json!("a")),
        (get("/half"), json!(200), "endpoint-ended", json!("in"), json!("a")),
        (host("gone"), json!(502), "connect-refused", json!("gone-0"), json!("gone")),
        (host("none"), json!(503), "no-endpoint", json!("none-1"), json!(null)),
    ];
    for (at, (request, status, fault, route, endpoint)) in cases.iter().enumerate() {
        ask(request.clone());
        let found = so_many(&file, at + 1);
        let line = &found[at];
        let said = (&line["status"], &line["fault"], &line["route"], &line["endpoint"]);
        assert_eq!(said, (status, &json!(fault), route, endpoint), "{line}");
    }
    let found = lines(&file);
    assert_eq!(
        (&found[0]["method"], &found[0]["protocol"], &found[0]["tries"]),
        (&json!(null), &json!("HTTP"), &json!(0))
    );
    let counts = running.counts();
    let listener = counts.listener("in");
    let sum = |name: &str| found.iter().map(|line| line[name].as_u64().unwrap()).sum::<u64>();
    assert_eq!((sum("bytesIn"), sum("bytesOut")), (listener.bytes_in, listener.bytes_out));
    let class = |class: u64| found.iter().filter(|line| line["status"].as_u64().unwrap() / 100 == class).count() as u64;
    assert_eq!(listener.statuses, [class(1), class(2), class(3), class(4), class(5)]);
    assert_eq!(listener.requests, found.iter().filter(|line| !line["method"].is_null()).count() as u64);
}

#[test]
fn a_client_that_goes_away_and_one_that_is_cut_have_their_line() {
    let web = Web::new("a", |asked| match asked.head.contains("/begun") {
        true => Reply::Send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf".to_vec()),
        false => Reply::Send(Vec::new()),
    });
    let (draft, folder) = logging(in_turn(&[&web.endpoint]), &[], &[]);
    let (running, to) = run(&draft);
    let file = folder.file("log");
    let mut gone = Wire::to(&to);
    gone.say(get("/silent"));
    eventually("it has come", || web.requests().len() == 1);
    gone.socket.set_linger(Some(std::time::Duration::ZERO)).unwrap();
    drop(gone);
    let line = &so_many(&file, 1)[0];
    assert_eq!((&line["status"], &line["fault"]), (&json!(null), &json!("client-aborted")), "{line}");
    let mut cut = Wire::to(&to);
    cut.say(get("/begun")).hear("half");
    let other = Web::plain("b");
    let mut without = Draft { log: draft.log.clone(), ..in_turn(&[&other.endpoint]) }.drain(0);
    without.listeners = draft.listeners.clone();
    running.apply(&without);
    let found = so_many(&file, 2);
    let line = &found[1];
    assert_eq!((&line["status"], &line["fault"]), (&json!(200), &json!("drain-deadline")), "{line}");
    let listener = running.counts().listener("in");
    assert_eq!((listener.requests, listener.statuses), (2, [0, 1, 0, 0, 0]));
    let sum = |name: &str| found.iter().map(|line| line[name].as_u64().unwrap()).sum::<u64>();
    assert_eq!((sum("bytesIn"), sum("bytesOut")), (listener.bytes_in, listener.bytes_out));
}

#[test]
fn a_line_says_who_asks_and_how_the_request_is_called_as_far_as_somebody_trusted_says_so() {
    let web = Web::plain("a");
    let (mut draft, folder) = logging(in_turn(&[&web.endpoint]), &[], &[]);
    draft.http.forward.request_id = true;
    let trusting = |draft: &Draft, network: &str| {
        let trust = Trust { networks: vec![network.parse().unwrap()], unix: false };
        let mut draft = draft.clone();
        draft.listeners[0].protocol = Protocol::Http(HttpListener { trust, ..HTTP_LISTENER });
        draft
    };
    let (running, to) = run(&trusting(&draft, "127.0.0.0/8"));
    let asks = "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.7\r\nX-Request-Id: theirs-7\r\n\r\n";
    Wire::to(&to).say(asks).hear("GET / HTTP/1.1|");
    let line = so_many(&folder.file("log"), 1).remove(0);
    assert_eq!((&line["client"], &line["requestId"]), (&json!("192.0.2.7"), &json!("theirs-7")), "{line}");
    running.apply(&trusting(&draft, "10.0.0.0/8"));
    Wire::to(&to).say(asks).hear("GET / HTTP/1.1|");
    let line = so_many(&folder.file("log"), 2).remove(1);
    let told = web.requests()[1].field("X-Request-Id").unwrap().to_string();
    assert_eq!((&line["client"], &line["requestId"]), (&json!("127.0.0.1"), &json!(told)), "{line}");
    assert_eq!(told.len(), 32);
}

#[test]
fn a_request_that_goes_nowhere_has_a_client_and_a_name_too_and_no_tries() {
    let web = Web::plain("a");
    let (mut draft, folder) = logging(in_turn(&[&web.endpoint]), &[], &[]);
    let trust = Trust { networks: vec!["127.0.0.0/8".parse().unwrap()], unix: false };
    draft.listeners[0].protocol = Protocol::Http(HttpListener { trust, ..HTTP_LISTENER });
    let (_running, to) = run(&draft);
    let says = "Host: a\r\nX-Forwarded-For: 192.0.2.7\r\nX-Request-Id: theirs-7\r\n";
    let ways = [("TRACE /", "", 405), ("GET /%2f", "", 400), ("OPTIONS *", "Max-Forwards: 0\r\n", 200)];
    for (at, (asks, more, status)) in ways.into_iter().enumerate() {
        Wire::to(&to).say(format!("{asks} HTTP/1.1\r\n{says}{more}\r\n")).rest();
        let line = so_many(&folder.file("log"), at + 1).remove(at);
        let said = ["status", "client", "requestId", "tries", "endpoint", "reused"].map(|name| line[name].clone());
        let want = [json!(status), json!("192.0.2.7"), json!("theirs-7"), json!(0), json!(null), json!(null)];
        assert_eq!(said, want, "{line}");
    }
}

#[test]
fn a_request_that_goes_no_further_has_its_line_once_its_answer_is_told() {
    let web = Web::plain("a");
    let (draft, folder) = logging(in_turn(&[&web.endpoint]), &[], &[]);
    let (running, to) = run(&draft);
    let (answer, _) = Wire::to(&to).say("OPTIONS * HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n").rest();
    let line = so_many(&folder.file("log"), 1).remove(0);
    let said = ["status", "fault", "method", "target", "bytesIn", "bytesOut"].map(|name| &line[name]);
    let want = [json!(200), json!(null), json!("OPTIONS"), json!("*"), json!(0), json!(answer.len())];
    assert_eq!(said.map(Clone::clone), want, "{line}");
    assert_eq!(running.counts().listener("in").bytes_out, answer.len() as u64);
}

#[test]
fn a_head_in_parts_takes_the_time_from_its_first_byte() {
    let web = Web::plain("a");
    let (draft, folder) = logging(in_turn(&[&web.endpoint]), &[], &[]);
    let (running, to) = run(&draft);
    let mut client = Wire::to(&to);
    let begun = std::time::Instant::now();
    client.say("GET /in-parts HT");
    // What is there is read, and the rest comes a while later.
    eventually("a moment is over", || begun.elapsed().as_millis() >= 30);
    client.say("TP/1.1\r\nHost: a\r\n\r\n").hear("in-parts");
    let line = &so_many(&folder.file("log"), 1)[0];
    let (head, total) = (line["head"].as_f64().unwrap(), line["total"].as_f64().unwrap());
    assert!(head > 0.0 && total >= head, "{line}");
    drop(running);
}

#[test]
fn a_connection_at_layer_4_has_a_line_at_its_end() {
    let echo = Endpoint::echo("a");
    let gone = refusing("gone");
    let draft = Draft::of(&any_port("127.0.0.1"), Accept::PerWorker, &[&echo]);
    let draft =
        draft.pool("gone", cycle(1), &[&gone]).listen("other", &any_port("127.0.0.1"), Accept::PerWorker, "gone");
    let (draft, folder) = logging(draft.workers(1), &[], &[]);
    let running = Running::idle();
    let applied = running.apply(&draft);
    let at = |key: &str| crate::support::address(&applied, key);
    Client::visit(&at("in")).unwrap();
    let line = &so_many(&folder.file("log"), 1)[0];
    for (name, value) in [
        ("protocol", json!("tcp")),
        ("listener", json!("in")),
        ("endpoint", json!("a")),
        ("method", json!(null)),
        ("status", json!(null)),
        ("bytesIn", json!(7)),
        ("bytesOut", json!(9)),
        ("tries", json!(1)),
        ("fault", json!(null)),
    ] {
        assert_eq!(line[name], value, "{name} of {line}");
    }
    assert!(is_length(&line["connect"]) && is_length(&line["total"]), "{line}");
    Client::fate(&at("other"));
    let line = &so_many(&folder.file("log"), 2)[1];
    assert_eq!((&line["fault"], &line["endpoint"]), (&json!("connect-refused"), &json!("gone")), "{line}");
}

#[test]
fn a_tunnel_has_one_line_at_its_end() {
    let switching = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    let endpoint = Endpoint::serving("a", &any_port("127.0.0.1"), move |mut socket| {
        use std::io::{Read, Write};
        crate::support::web::read_head(&mut socket)?;
        socket.write_all(switching.as_bytes())?;
        let mut buffer = [0; 5];
        socket.read_exact(&mut buffer)?;
        socket.write_all(&buffer)
    });
    let (draft, folder) = logging(in_turn(&[&endpoint]), &[], &["upgrade"]);
    let (running, to) = run(&draft);
    let mut client = Wire::to(&to);
    let asks = "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    client.say(asks).hear("\r\n\r\n");
    client.say("hello").hear("hello");
    assert_eq!(lines(&folder.file("log")), [] as [Value; 0]);
    client.finish().rest();
    let found = so_many(&folder.file("log"), 1);
    let line = &found[0];
    let said = ["status", "target", "endpoint", "tries", "upgrade", "protocol"].map(|name| &line[name]);
    assert_eq!(said, [&json!(101), &json!("/chat"), &json!("a"), &json!(1), &json!("websocket"), &json!("HTTP/1.1")]);
    let listener = running.counts().listener("in");
    assert_eq!(
        (line["bytesIn"].as_u64(), line["bytesOut"].as_u64()),
        (Some(listener.bytes_in), Some(listener.bytes_out))
    );
}

#[test]
fn the_combined_format_is_what_tools_read() {
    let web = Web::new("a", |_| Reply::Send(response("", b"four")));
    let folder = Folder::new();
    let log = Some(combined(at(&folder.file("log"))));
    let (_running, to) = run(&Draft { log, ..in_turn(&[&web.endpoint]) });
    Wire::to(&to)
        .say("GET /a\"b HTTP/1.1\r\nHost: a\r\nUser-Agent: x\\\"\t\u{e4}\r\nReferer: http://b/\r\nConnection: close\r\n\r\n")
        .rest();
    eventually("a line", || std::fs::read_to_string(folder.file("log")).is_ok_and(|text| text.ends_with('\n')));
    let text = std::fs::read_to_string(folder.file("log")).unwrap();
    let (begin, rest) = text.split_once('[').unwrap();
    let (time, rest) = rest.split_once(']').unwrap();
    assert_eq!(begin, "127.0.0.1 - - ");
    assert!(time.len() == 26 && time.ends_with(" +0000"), "{time}");
    assert_eq!(rest, " \"GET /a\\x22b HTTP/1.1\" 200 4 \"http://b/\" \"x\\x5C\\x22\\x09\\xC3\\xA4\"\n");
}

#[test]
fn a_line_is_bounded_and_stays_json() {
    let web = Web::new("a", |_| Reply::Send(response("", b"four")));
    let names: Vec<String> = (0..45).map(|at| format!("x-{at}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let (draft, folder) = logging(in_turn(&[&web.endpoint]), &names, &[]);
    let (_running, to) = run(&draft);
    let long = "\u{e4}\"".repeat(400);
    let fields: String = names.iter().map(|name| format!("{name}: {long}\r\n")).collect();
    let target = format!("/{}", "t".repeat(8000));
    Wire::to(&to).say(format!("GET {target} HTTP/1.1\r\nHost: a\r\n{fields}\r\n")).hear("four");
    let line = &so_many(&folder.file("log"), 1)[0];
    let text = std::fs::read_to_string(folder.file("log")).unwrap();
    assert!((15 * 1024..=16 * 1024).contains(&text.len()), "{} bytes", text.len());
    let (target, field) = (line["target"].as_str().unwrap(), line["x-0"].as_str().unwrap());
    assert!(target.ends_with("t…") && target.len() > 4000 && field.ends_with('…') && field.len() > 600, "{line}");
}

/// A log of those with these rates alone, out of a million.
fn sampled(log: &AccessLog, sample: LogSample) -> Option<AccessLog> {
    Some(AccessLog { sample, ..log.clone() })
}

#[test]
fn lines_are_left_out_by_the_class_of_their_status_and_by_rate() {
    let web = Web::new("a", |asked| {
        let status = asked.head.split([' ', '/']).nth(2).unwrap();
        Reply::Send(format!("HTTP/1.1 {status} Said\r\nContent-Length: 0\r\n\r\n").into_bytes())
    });
    let (draft, folder) = logging(in_turn(&[&web.endpoint]), &[], &[]);
    let log = draft.log.clone().unwrap();
    let none = LogSample { statuses: [0; 5], other: 0, fault: LogSample::WHOLE };
    let only_5xx = LogSample { statuses: [0, 0, 0, 0, LogSample::WHOLE], ..none };
    let (running, to) = run(&Draft { log: sampled(&log, only_5xx), ..draft.clone() });
    let mut client = Wire::to(&to);
    for status in [200, 301, 404, 500] {
        client.say(get(&format!("/{status}"))).hear("\r\n\r\n");
    }
    Wire::to(&to).say("nonsense\r\n\r\n").rest();
    let found = so_many(&folder.file("log"), 2);
    assert_eq!([&found[0]["status"], &found[1]["status"]], [&json!(500), &json!(400)]);
    let half = LogSample { statuses: [LogSample::WHOLE / 2; 5], ..ALWAYS };
    running.apply(&Draft { log: sampled(&log, half), ..draft });
    for _ in 0..1000 {
        client.say(get("/200")).hear("\r\n\r\n");
    }
    drop(running);
    let more = lines(&folder.file("log")).len() - 2;
    assert!((350..=650).contains(&more), "{more} of 1000");
}

#[test]
fn a_reload_turns_the_log_on_and_off() {
    let web = Web::plain("a");
    let (draft, folder) = logging(in_turn(&[&web.endpoint]), &[], &[]);
    let off = Draft { log: None, ..draft.clone() };
    let (running, to) = run(&off);
    let mut client = Wire::to(&to);
    client.say(get("/before")).hear("before");
    running.apply(&draft);
    client.say(get("/while")).hear("while");
    running.apply(&off);
    client.say(get("/after")).hear("after");
    drop(running);
    let found = lines(&folder.file("log"));
    assert_eq!(found.iter().map(|line| &line["target"]).collect::<Vec<_>>(), [&json!("/while")]);
}

#[test]
fn an_endpoint_is_done_with_a_request_whose_answer_of_ours_waits_for_its_client() {
    let web = Web::new("a", |asked| match asked.head.starts_with("POST") {
        true => Reply::Close(Vec::new()),
        false => Reply::Send(response("", &[b'x'; 16 * 1024])),
    });
    let (mut draft, folder) = logging(in_turn(&[&web.endpoint]), &[], &[]);
    let words = Answer { status: 502, content_type: "text/plain".into(), body: "y".repeat(64 * 1024) };
    if let Protocol::Http(http) = &mut draft.listeners[0].protocol {
        http.answers = vec![words];
    }
    let (running, to) = run(&draft);
    let mut answered = 0;
    // With each round more of what the system holds for a client that does not read is full, until in one of
    // the last ours finds room in part.
    for count in (1..300).step_by(3) {
        let mut client = Wire::narrow(&to);
        client.say(get("/").repeat(count) + &post("/", "four"));
        if !comes_true_soon(|| running.counts().listener("in").statuses[4] == answered + 1) {
            break;
        }
        answered += 1;
        eventually("it has nothing to do", || running.counts().endpoint("a").inflight == 0);
    }
    assert!(answered > 1, "{answered}");
    // Those that were not told have their line once their client has gone, with whom they were for.
    let ours = || -> Vec<Value> {
        lines(&folder.file("log")).into_iter().filter(|line| line["status"] == json!(502)).collect()
    };
    eventually("all are there", || ours().len() as u64 >= answered);
    for line in ours() {
        assert_eq!((&line["pool"], &line["endpoint"], &line["tries"]), (&json!("pool"), &json!("a"), &json!(1)));
    }
}
