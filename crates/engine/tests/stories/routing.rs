//! Which pool gets a request: by its host, by its path, and by the order of the rules.

use account::Fault;
use plan::Address;

use crate::support::web::{Reply, Web, Wire, get, in_turn, response, run};
use crate::support::{Draft, Endpoint, HTTP, WAYS, any_port, cycle};

/// Answers its name to everything.
fn named(name: &'static str) -> Web {
    Web::new(name, move |_| Reply::Send(response("", name.as_bytes())))
}

/// Pools `a` and `b`, and the listener's own `pool`, of one endpoint each.
fn draft(pool: &Web, a: &Web, b: &Web) -> Draft {
    let one = |endpoint: &Endpoint| (endpoint.name.clone(), cycle(1));
    let (first, second) = (one(&a.endpoint), one(&b.endpoint));
    let draft = in_turn(&[&pool.endpoint]).pool(&first.0, first.1, &[&a.endpoint]);
    draft.pool(&second.0, second.1, &[&b.endpoint])
}

/// What a request for this target and host is answered: its body.
fn answered(at: &Address, target: &str, host: &str) -> String {
    let request = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    body(&Wire::to(at).say(request).rest().0)
}

fn body(response: &str) -> String {
    response.split_once("\r\n\r\n").expect("a head").1.into()
}

/// Conformance: 26.
#[test]
fn a_host_is_known_whatever_its_case_its_port_and_the_dot_at_its_end() {
    let (other, a, b) = (named("other"), named("a"), named("b"));
    let draft = draft(&other, &a, &b).rule("in", "a.example", "", "a").rule("in", "[fe80::1]", "", "b").rule(
        "in",
        "127.0.0.9",
        "",
        "b",
    );
    let (_running, at) = run(&draft);
    for (host, name) in [
        ("a.example", "a"),
        ("A.eXample", "a"),
        ("a.example:8080", "a"),
        ("a.example:", "a"),
        ("a.example.", "a"),
        ("A.EXAMPLE.:1", "a"),
        ("[fe80::1]", "b"),
        ("[FE80::1]:80", "b"),
        ("127.0.0.9:80", "b"),
        ("xa.example", "other"),
        ("b.a.example", "other"),
        ("a.example.b", "other"),
        ("example", "other"),
        ("fe80--1", "other"),
        ("[fe80::2]", "other"),
    ] {
        assert_eq!(answered(&at, "/", host), name, "{host}");
    }
    assert_eq!(answered(&at, "/", &format!("{}.example", "a".repeat(300))), "other", "longer than any name");
}

/// Conformance: 30, 31.
#[test]
fn a_path_is_known_by_its_first_segments_and_the_first_rule_that_matches_wins() {
    let (other, a, b) = (named("other"), named("a"), named("b"));
    let draft = draft(&other, &a, &b)
        .rule("in", "", "/api/v2", "b")
        .rule("in", "", "/api", "a")
        .rule("in", "", "/api", "b")
        .rule("in", "host", "/late", "a")
        .rule("in", "", "/late/first", "b")
        .rule("in", "host", "/late/first", "pool");
    let (_running, at) = run(&draft);
    for (path, name) in [
        ("/api", "a"),
        ("/api/", "a"),
        ("/api?/api/v2", "a"),
        ("/api/v2", "b"),
        ("/api/v2?x", "b"),
        ("/api/v2/x/y?z", "b"),
        ("/api/v2x", "a"),
        ("/api/x/v2", "a"),
        ("/apis", "other"),
        ("/API", "other"),
        ("/", "other"),
        ("/?x=/api", "other"),
        ("//api", "other"),
    ] {
        assert_eq!(answered(&at, path, "any"), name, "{path}");
    }
    // Their order decides, not what they look at.
    assert_eq!(answered(&at, "/late/first", "host"), "a");
    assert_eq!(answered(&at, "/late/first", "any"), "b");
}

/// Conformance: 24.
#[test]
fn the_target_says_for_whom_it_is_before_host_does() {
    let (other, a, b) = (named("other"), named("a"), named("b"));
    let draft = draft(&other, &a, &b).rule("in", "a.example", "/x", "a").rule("in", "a.example", "", "b");
    let (_running, at) = run(&draft);
    for (target, host, name) in [
        ("http://a.example/x", "any", "a"),
        ("HTTP://A.example.:80/x/y", "any", "a"),
        ("https://a.example?/x", "any", "b"),
        ("http://a.example", "any", "b"),
        ("http://any/x", "a.example", "other"),
        ("/x", "a.example", "a"),
        ("/http://a.example/x", "any", "other"),
    ] {
        assert_eq!(answered(&at, target, host), name, "{target} {host}");
    }
    Wire::to(&at).say("OPTIONS * HTTP/1.1\r\nHost: a.example\r\n\r\n").hear("\r\n\r\nb");
}

/// Conformance: 24, 27.
#[test]
fn options_of_a_whole_host_reaches_its_endpoint_as_an_asterisk() {
    let web = Web::plain("a");
    let (_running, at) = run(&in_turn(&[&web.endpoint]));
    Wire::to(&at).say("OPTIONS http://x HTTP/1.1\r\nHost: y\r\n\r\n").hear("OPTIONS * HTTP/1.1|");
    Wire::to(&at).say("OPTIONS http://x/ HTTP/1.1\r\nHost: y\r\n\r\n").hear("OPTIONS / HTTP/1.1|");
    Wire::to(&at).say("OPTIONS http://x?y HTTP/1.1\r\nHost: y\r\n\r\n").hear("OPTIONS /?y HTTP/1.1|");
    Wire::to(&at).say("GET http://x HTTP/1.1\r\nHost: y\r\n\r\n").hear("GET / HTTP/1.1|");
    assert!(web.requests().iter().all(|asked| asked.field("Host") == Some("x")));
}

#[test]
fn what_no_rule_takes_is_404_and_ends_its_connection_and_no_other() {
    let (other, a, b) = (named("other"), named("a"), named("b"));
    let mut draft = draft(&other, &a, &b).rule("in", "a.example", "", "a").rule("in", "", "/b", "b");
    // Nothing takes the rest.
    draft.routes.clear();
    let (running, at) = run(&draft);
    let mut kept = Wire::to(&at);
    kept.say("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n").hear("\r\n\r\na");
    let mut client = Wire::to(&at);
    client.say("GET /b HTTP/1.1\r\nHost: x\r\n\r\n").hear("\r\n\r\nb");
    let (heard, plain) = client.say(format!("{}{}", get("/none"), get("/b"))).rest();
    assert!(heard.starts_with("HTTP/1.1 404 Not Found\r\n") && plain, "{heard}");
    assert!(heard.contains("\r\nConnection: close\r\n") && heard.ends_with("\r\n\r\n404 Not Found\n"), "{heard}");
    kept.say("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n").hear("\r\n\r\na");
    assert_eq!(running.fault(Fault::NoRoute), 1);
    assert_eq!((other.endpoint.accepted(), a.requests().len(), b.requests().len()), (0, 2, 1));
}

/// Conformance: 23.
#[test]
fn a_request_of_http_1_0_without_a_host_goes_where_no_host_is_asked_for() {
    let (other, a, b) = (named("other"), named("a"), named("b"));
    let draft = draft(&other, &a, &b).rule("in", "a.example", "", "a").rule("in", "", "/b", "b");
    let (_running, at) = run(&draft);
    let old = |rest: &str| body(&Wire::to(&at).say(format!("GET {rest}\r\n\r\n")).rest().0);
    assert_eq!(old("/ HTTP/1.0"), "other");
    assert_eq!(old("/b/x HTTP/1.0"), "b");
    assert_eq!(old("/b HTTP/1.0\r\nHost: a.example"), "a");
    assert_eq!(old("http://a.example/ HTTP/1.0"), "a");
}

#[test]
fn a_rule_takes_only_what_comes_by_its_listener() {
    let (other, a, b) = (named("other"), named("a"), named("b"));
    let draft = draft(&other, &a, &b).listen_as(HTTP, "second", &any_port("127.0.0.1"), WAYS[0], "b");
    let draft = draft.rule("in", "a.example", "", "a");
    let running = crate::support::Running::idle();
    let applied = running.apply(&draft);
    let at = |key| crate::support::address(&applied, key);
    assert_eq!(answered(&at("in"), "/", "a.example"), "a");
    assert_eq!(answered(&at("second"), "/", "a.example"), "b");
}

#[test]
fn new_rules_hold_for_the_next_request_of_a_connection() {
    let (other, a, b) = (named("other"), named("a"), named("b"));
    let draft = |to: &str| draft(&other, &a, &b).rule("in", "a", "/x", to);
    let (running, at) = run(&draft("a"));
    let mut client = Wire::to(&at);
    for _ in 0..3 {
        client.say(get("/x")).hear("\r\n\r\na");
        running.apply(&draft("b"));
        client.say(get("/x")).hear("\r\n\r\nb");
        running.apply(&draft("a"));
    }
    client.say(get("/y")).hear("\r\n\r\nother");
    let mut without = draft("a");
    without.rules.clear();
    running.apply(&without);
    client.say(get("/x")).hear("\r\n\r\nother");
    without.routes.clear();
    running.apply(&without);
    assert!(client.say(get("/x")).rest().0.starts_with("HTTP/1.1 404 "));
    assert_eq!(running.counts().listener("in").accepted, 1);
}

#[test]
fn ten_thousand_rules_are_applied_and_each_takes_its_own() {
    let (other, a, b) = (named("other"), named("a"), named("b"));
    let mut many = draft(&other, &a, &b);
    for at in 0..10_000 {
        let to = if at % 2 == 0 { "a" } else { "b" };
        many = many.rule("in", &format!("host-{at}.example"), &format!("/path/{}", at % 7), to);
    }
    let (_running, at) = run(&many);
    let mut client = Wire::to(&at);
    for (rule, name) in [(0, "a"), (1, "b"), (4_998, "a"), (9_999, "b")] {
        let path = rule % 7;
        let ask = |host, path| format!("GET /path/{path}/x HTTP/1.1\r\nHost: host-{host}.example\r\n\r\n");
        client.say(ask(rule, path)).hear(&format!("\r\n\r\n{name}"));
        client.say(ask(rule, path + 1)).hear("\r\n\r\nother");
        client.say(ask(rule + 10_000, path)).hear("\r\n\r\nother");
    }
}
