//! What endpoints are told of a request and its client, and what of it came from whom.

use std::collections::HashSet;

use plan::{Address, Forward, HttpListener, HttpPolicy, Protocol, Trust, Underscores};

use crate::support::web::{Asked, Web, Wire, in_turn, run};
use crate::support::{Draft, HTTP_LISTENER, Running, refusing};

/// Says only what every route says.
const PLAIN: Forward = Forward { via: true, forwarded: false, real_ip: false, request_id: false, host: None };

/// An endpoint behind a listener that trusts these networks, and a route that says this much.
struct Told {
    web: Web,
    _running: Running,
    at: Address,
}

impl Told {
    fn new(trusted: &[&str], forward: Forward) -> Self {
        let networks = trusted.iter().map(|network| network.parse().unwrap()).collect();
        let settings = HttpListener { trust: Trust { networks, unix: false }, ..HTTP_LISTENER };
        Self::with(settings, forward)
    }

    fn with(settings: HttpListener, forward: Forward) -> Self {
        let web = Web::plain("a");
        let mut draft = in_turn(&[&web.endpoint]);
        draft.listeners[0].protocol = Protocol::Http(settings);
        let draft = Draft { http: HttpPolicy { forward, ..draft.http.clone() }, ..draft };
        let (running, at) = run(&draft);
        Self { web, _running: running, at }
    }

    /// What the endpoint is asked when a client says these fields.
    fn asked(&self, fields: &str) -> Asked {
        let before = self.web.requests().len();
        Wire::to(&self.at).say(format!("GET / HTTP/1.1\r\nHost: me:81\r\n{fields}\r\n")).hear("GET / HTTP/1.1|");
        self.web.requests().remove(before)
    }
}

/// All values of the fields of a name.
fn all<'a>(asked: &'a Asked, name: &str) -> Vec<&'a str> {
    let fields = asked.head.lines().filter_map(|line| line.split_once(": "));
    fields.filter(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value).collect()
}

/// What a client says of others, in every spelling.
const CLAIMS: &str = "X-Forwarded-For: 6.6.6.6\r\nx-forwarded-proto: https\r\nX-Forwarded-Host: evil\r\n\
    X-Forwarded-Port: 1\r\nX-Forwarded-Some-Very-Long-Name-That-Nobody-Knows: 1\r\nForwarded: for=6.6.6.6\r\n\
    X-Real-IP: 6.6.6.6\r\nX_Forwarded_For: 6.6.6.6\r\nX.Forwarded-Host: evil\r\nx_real-ip: 6.6.6.6\r\n";

/// Conformance: 36.
#[test]
fn what_a_stranger_says_of_a_client_is_replaced() {
    let told = Told::new(&["10.0.0.0/8"], PLAIN);
    let asked = told.asked(CLAIMS);
    assert_eq!(all(&asked, "X-Forwarded-For"), ["127.0.0.1"]);
    assert_eq!(all(&asked, "X-Forwarded-Proto"), ["http"]);
    assert_eq!(all(&asked, "X-Forwarded-Host"), ["me:81"]);
    for word in ["6.6.6.6", "evil", "Port", "Long", "Forwarded:", "Real"] {
        assert!(!asked.head.contains(word), "{word} in {}", asked.head);
    }
}

/// Conformance: 36.
#[test]
fn what_somebody_trusted_says_is_kept_and_appended_to() {
    let told = Told::new(&["10.0.0.0/8", "127.0.0.0/8"], PLAIN);
    let asked = told.asked(&format!("{CLAIMS}X-Forwarded-For: 7.7.7.7, 10.1.1.1\r\n"));
    assert_eq!(all(&asked, "X-Forwarded-For"), ["6.6.6.6, 7.7.7.7, 10.1.1.1, 127.0.0.1"]);
    assert_eq!(all(&asked, "X-Forwarded-Proto"), ["https"]);
    assert_eq!(all(&asked, "X-Forwarded-Host"), ["evil"]);
    assert_eq!(all(&asked, "X-Forwarded-Port"), ["1"]);
    assert_eq!(all(&asked, "Forwarded"), ["for=6.6.6.6"]);
    assert_eq!(all(&asked, "X-Real-IP"), ["6.6.6.6"]);
    // Spelt so that only a careless reader takes it for that: not even from those who are trusted.
    for word in ["X_Forwarded_For", "X.Forwarded-Host", "x_real-ip"] {
        assert!(!asked.head.contains(word), "{word} in {}", asked.head);
    }
    let asked = told.asked("");
    assert_eq!(all(&asked, "X-Forwarded-For"), ["127.0.0.1"]);
    assert_eq!((all(&asked, "X-Forwarded-Proto"), all(&asked, "X-Forwarded-Host")), (vec!["http"], vec!["me:81"]));
}

/// Conformance: 36.
#[test]
fn forwarded_is_one_list_with_an_element_of_ours() {
    let forward = Forward { forwarded: true, ..PLAIN };
    let ours = "for=127.0.0.1;host=\"me:81\";proto=http";
    let asked = Told::new(&[], forward.clone()).asked("Forwarded: for=6.6.6.6\r\n");
    assert_eq!(all(&asked, "Forwarded"), [ours]);
    let asked = Told::new(&["127.0.0.1/32"], forward).asked("Forwarded: for=6.6.6.6\r\nForwarded: for=\"[::2]\"\r\n");
    assert_eq!(all(&asked, "Forwarded"), [format!("for=6.6.6.6, for=\"[::2]\", {ours}")]);
}

/// Conformance: 36.
#[test]
fn an_ipv6_client_is_bracketed_and_quoted_in_forwarded_alone() {
    let web = Web::plain("a");
    let mut draft = in_turn(&[&web.endpoint]);
    draft.listeners[0].address = Address::Tcp { host: "::1".parse().unwrap(), port: 0 };
    let forward = Forward { forwarded: true, ..PLAIN };
    let (_running, at) = run(&Draft { http: HttpPolicy { forward, ..draft.http.clone() }, ..draft });
    Wire::to(&at).say("GET / HTTP/1.1\r\nHost: me\r\n\r\n").hear("GET / HTTP/1.1|");
    let asked = web.requests().remove(0);
    assert_eq!(all(&asked, "Forwarded"), ["for=\"[::1]\";host=me;proto=http"]);
    assert_eq!(all(&asked, "X-Forwarded-For"), ["::1"]);
}

#[test]
fn the_real_address_is_that_of_the_last_who_is_not_trusted() {
    let forward = Forward { real_ip: true, ..PLAIN };
    let asked = Told::new(&[], forward.clone()).asked("X-Forwarded-For: 7.7.7.7\r\nX-Real-IP: 6.6.6.6\r\n");
    assert_eq!(all(&asked, "X-Real-IP"), ["127.0.0.1"]);
    let told = Told::new(&["127.0.0.1/32", "10.0.0.0/8"], forward);
    assert_eq!(all(&told.asked("X-Forwarded-For: 6.6.6.6, 7.7.7.7, 10.0.0.1\r\n"), "X-Real-IP"), ["7.7.7.7"]);
    assert_eq!(all(&told.asked("X-Real-IP: 8.8.8.8\r\n"), "X-Real-IP"), ["8.8.8.8"], "it was said before");
}

#[test]
fn a_request_is_named_and_keeps_a_name_that_somebody_trusted_gave_it() {
    let forward = Forward { request_id: true, ..PLAIN };
    let stranger = Told::new(&[], forward.clone());
    let trusted = Told::new(&["127.0.0.1/32"], forward);
    let mut seen = HashSet::new();
    let long = "a".repeat(129);
    let new = [
        (&stranger, "X-Request-Id: theirs\r\n".to_owned()),
        (&stranger, "X_Request_Id: theirs\r\n".to_owned()),
        (&trusted, String::new()),
        (&trusted, "X-Request-Id: a b\r\n".to_owned()),
        (&trusted, "X-Request-Id: a\r\nX-Request-Id: b\r\n".to_owned()),
        (&trusted, format!("X-Request-Id: {long}\r\n")),
    ];
    for (told, fields) in new {
        let asked = told.asked(&fields);
        let [id] = all(&asked, "X-Request-Id")[..] else { panic!("{}", asked.head) };
        assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
        assert!(seen.insert(id.to_owned()) && !asked.head.contains("theirs"), "{}", asked.head);
    }
    assert_eq!(all(&trusted.asked("x-request-id: theirs-1.2\r\n"), "X-Request-Id"), ["theirs-1.2"]);
    // Who names no requests leaves names as they are.
    assert_eq!(all(&Told::new(&[], PLAIN).asked("X-Request-Id: theirs\r\n"), "X-Request-Id"), ["theirs"]);
}

#[test]
fn a_request_keeps_its_name_when_it_is_tried_again() {
    let (dead, web) = (refusing("dead"), Web::plain("a"));
    let mut draft = in_turn(&[&dead, &web.endpoint]);
    let forward = Forward { request_id: true, host: Some("inside".into()), ..PLAIN };
    draft.http.forward = forward;
    let (_running, at) = run(&draft);
    for _ in 0..2 {
        Wire::to(&at).say("GET / HTTP/1.1\r\nHost: me\r\n\r\n").hear("GET / HTTP/1.1|");
    }
    for asked in web.requests() {
        assert_eq!((all(&asked, "X-Request-Id").len(), all(&asked, "Host")), (1, vec!["inside"]));
    }
}

#[test]
fn an_endpoint_may_be_asked_for_another_host() {
    let told = Told::new(&[], Forward { host: Some("inside.example:8080".into()), ..PLAIN });
    let asked = told.asked("");
    assert_eq!((all(&asked, "Host"), all(&asked, "X-Forwarded-Host")), (vec!["inside.example:8080"], vec!["me:81"]));
    Wire::to(&told.at).say("GET http://other/ HTTP/1.1\r\nHost: me\r\n\r\n").hear("GET / HTTP/1.1|");
    let asked = told.web.requests().remove(1);
    assert_eq!((all(&asked, "Host"), all(&asked, "X-Forwarded-Host")), (vec!["inside.example:8080"], vec!["other"]));
}

/// Conformance: 37.
#[test]
fn via_names_the_version_that_came_and_may_be_left_out() {
    let told = Told::new(&[], PLAIN);
    let asked = told.asked("Via: 1.0 before\r\n");
    let [before, ours] = all(&asked, "Via")[..] else { panic!("{}", asked.head) };
    assert!(before == "1.0 before" && ours.starts_with("1.1 fourseven-"), "{}", asked.head);
    Wire::to(&told.at).say("GET / HTTP/1.0\r\n\r\n").hear("GET / HTTP/1.1|");
    assert!(all(&told.web.requests()[1], "Via")[0].starts_with("1.0 fourseven-"));
    let asked = Told::new(&[], Forward { via: false, ..PLAIN }).asked("Via: 1.0 before\r\n");
    assert_eq!(all(&asked, "Via"), ["1.0 before"]);
    assert_eq!(all(&asked, "X-Forwarded-For"), ["127.0.0.1"]);
}

/// Conformance: 41.
#[test]
fn the_field_proxy_never_goes_on() {
    for trusted in [&[][..], &["127.0.0.1/32"]] {
        let asked = Told::new(trusted, PLAIN).asked("Proxy: http://evil/\r\nproxy: evil\r\n");
        assert!(!asked.head.contains("evil"), "{}", asked.head);
    }
}

/// Conformance: 40.
#[test]
fn names_with_an_underscore_go_on_or_are_left_out_or_refused() {
    let told = |underscores| Told::with(HttpListener { underscores, ..HTTP_LISTENER }, PLAIN);
    let fields = "A_b: 1\r\nA-b: 2\r\n";
    assert_eq!(all(&told(Underscores::Keep).asked(fields), "A_b"), ["1"]);
    let asked = told(Underscores::Drop).asked(fields);
    assert_eq!((all(&asked, "A_b"), all(&asked, "A-b")), (vec![], vec!["2"]));
    let told = told(Underscores::Reject);
    let mut client = Wire::to(&told.at);
    client.say(format!("GET / HTTP/1.1\r\nHost: me\r\n{fields}\r\n")).hear("HTTP/1.1 400 ");
    client.rest();
    assert!(told.web.bytes().is_empty());
    assert_eq!(all(&told.asked("A-b: 2\r\n"), "A-b"), ["2"]);
}

/// Conformance: 35, 36.
#[test]
fn nobody_can_have_left_out_what_is_said_of_a_client() {
    let forward = Forward { forwarded: true, real_ip: true, request_id: true, ..PLAIN };
    let names = "X-Forwarded-For, x-forwarded-proto, X-Forwarded-Host, X-Forwarded-Port, Forwarded, X-Real-IP, X-Request-Id, Via";
    for trusted in [&[][..], &["127.0.0.1/32"]] {
        let asked =
            Told::new(trusted, forward.clone()).asked(&format!("Connection: {names}\r\nX-Forwarded-Port: 1\r\n"));
        for name in names.split(", ").filter(|name| *name != "X-Forwarded-Port") {
            assert_eq!(all(&asked, name).len(), 1, "{name} in {}", asked.head);
        }
        assert_eq!(all(&asked, "X-Forwarded-Port").len(), trusted.len());
    }
}

#[test]
fn trust_that_is_withdrawn_is_withdrawn_from_connections_that_are_open() {
    let web = Web::plain("a");
    let mut draft = in_turn(&[&web.endpoint]);
    draft.listeners[0].address = crate::support::free_address();
    let with = |draft: &Draft, networks: &[&str], underscores| {
        let networks = networks.iter().map(|network| network.parse().unwrap()).collect();
        let mut draft = draft.clone();
        let trust = Trust { networks, unix: false };
        draft.listeners[0].protocol = Protocol::Http(HttpListener { trust, underscores, ..HTTP_LISTENER });
        draft
    };
    let (running, at) = run(&with(&draft, &["127.0.0.0/8"], Underscores::Keep));
    let mut client = Wire::to(&at);
    let asks = "GET / HTTP/1.1\r\nHost: me\r\nX-Forwarded-For: 6.6.6.6\r\nA_b: 1\r\n\r\n";
    client.say(asks).hear("GET / HTTP/1.1|");
    running.apply(&with(&draft, &[], Underscores::Drop));
    client.say(asks).hear("GET / HTTP/1.1|");
    running.apply(&with(&draft, &["127.0.0.0/8"], Underscores::Keep));
    client.say(asks).hear("GET / HTTP/1.1|");
    let asked = web.requests();
    let said: Vec<_> = asked.iter().map(|asked| (all(asked, "X-Forwarded-For")[0], all(asked, "A_b").len())).collect();
    assert_eq!(said, [("6.6.6.6, 127.0.0.1", 1), ("127.0.0.1", 0), ("6.6.6.6, 127.0.0.1", 1)]);
}

/// Conformance: 12, 40.
#[test]
fn trailers_with_an_underscore_go_on_only_where_fields_do() {
    let asks =
        "POST / HTTP/1.1\r\nHost: me\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nA_b: 1\r\nA-b: 2\r\n\r\n";
    for (underscores, kept) in
        [(Underscores::Keep, "A_b: 1\nA-b: 2"), (Underscores::Drop, "A-b: 2"), (Underscores::Reject, "A-b: 2")]
    {
        let told = Told::with(HttpListener { underscores, ..HTTP_LISTENER }, PLAIN);
        Wire::to(&told.at).say(asks).hear("POST / HTTP/1.1|a");
        assert_eq!(told.web.requests()[0].trailers.trim_end(), kept, "{underscores:?}");
    }
}
