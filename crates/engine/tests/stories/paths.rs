//! Paths: what is matched is what the endpoint gets, and what two readers may see two paths in is refused.

use account::Fault;
use plan::{Address, Admission, EncodedSlash, PathForm, PathPolicy, Protocol, Semicolon};
use wire::{Marks, Reading, canonical, split_query};

use crate::support::web::{Asked, Reply, Web, Wire, get, in_turn, response, run};
use crate::support::{Draft, PATHS, Random, Running, address, cycle};

/// What lets everything pass that a policy speaks of.
const KEEPS: PathPolicy = PathPolicy {
    encoded_slash: EncodedSlash::Keep,
    encoded_backslash: Admission::Keep,
    encoded_percent: Admission::Keep,
    backslash: Admission::Keep,
    semicolon: Semicolon::Keep,
    form: PathForm::Canonical,
};

/// Answers its name and the target that it got.
fn told(name: &'static str) -> Web {
    Web::new(name, move |asked| Reply::Send(response("", format!("{name} {}", target(asked)).as_bytes())))
}

fn target(asked: &Asked) -> &str {
    asked.head.split(' ').nth(1).expect("a request")
}

/// The pool of the rest, and one more for each of these beginnings of paths, with a policy of its own.
fn draft(pool: &Web, rules: &[(&str, &'static str, PathPolicy)], webs: &[Web]) -> Draft {
    let mut draft = in_turn(&[&pool.endpoint]);
    for ((path, name, policy), web) in rules.iter().zip(webs) {
        draft = draft.pool(name, cycle(1), &[&web.endpoint]).rule("in", "", path, name).paths(name, *policy);
    }
    draft
}

/// The status of a target, and what the body of its answer says.
fn answered(at: &Address, target: &str) -> (u16, String) {
    let request = format!("GET {target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    let (heard, _) = Wire::to(at).say(request).rest();
    let (head, body) = heard.split_once("\r\n\r\n").expect("a head");
    (head[9..12].parse().expect("a status"), body.into())
}

#[track_caller]
fn serves(at: &Address, target: &str, answer: &str) {
    assert_eq!(answered(at, target), (200, answer.into()), "{target}");
}

#[track_caller]
fn refuses(at: &Address, target: &str) {
    assert_eq!(answered(at, target), (400, "400 Bad Request\n".into()), "{target}");
}

fn merging() -> Protocol {
    Protocol::Http(plan::HttpListener { merge_slashes: true, ..crate::support::HTTP_LISTENER })
}

/// Conformance: 28.
#[test]
fn the_canonical_path_is_matched_and_is_what_the_endpoint_gets() {
    let (rest, webs) = (told("rest"), [told("admin")]);
    let (_running, at) = run(&draft(&rest, &[("/admin", "admin", PATHS)], &webs));
    for (came, answer) in [
        ("/admin", "admin /admin"),
        ("/x/../admin", "admin /admin"),
        ("/%61dmin/%7e%c3%a9", "admin /admin/~%C3%A9"),
        ("/./admin/.", "admin /admin/"),
        ("/x/%2e%2E/admin?a/../%2f%zz", "admin /admin?a/../%2f%zz"),
        ("http://h/x/../admin?q", "admin /admin?q"),
        ("http://h/admin", "admin /admin"),
        ("http://h?/admin", "rest /?/admin"),
        ("/admin/..", "rest /"),
        ("/admin/../../x", "rest /x"),
        ("/admin%3Aa", "rest /admin%3Aa"),
        ("/ADMIN", "rest /ADMIN"),
        ("//admin", "rest //admin"),
        ("/x/..//admin", "rest //admin"),
    ] {
        serves(&at, came, answer);
    }
    // Another version, and a body that comes along.
    Wire::to(&at).say("GET /x/../admin HTTP/1.0\r\n\r\n").hear("\r\n\r\nadmin /admin");
    Wire::to(&at)
        .say("GET /x/../admin?q HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody")
        .hear("\r\n\r\nadmin /admin?q");
    assert_eq!(webs[0].requests().last().expect("it").body, b"body");
}

/// Conformance: 28, 29.
#[test]
fn what_has_no_canonical_form_is_refused_whatever_the_route_says() {
    let (rest, webs) = (told("rest"), [told("keeps")]);
    let (running, at) = run(&draft(&rest, &[("/k", "keeps", KEEPS)], &webs));
    let broken = ["/k/%00", "/k/%", "/k/%4", "/k/%zz", "/k/%c0%ae%c0%ae/x", "/k/%ff", "/k/%e9t%e9", "/%/../k", "/%zz"];
    for target in broken {
        refuses(&at, target);
    }
    let counts = running.counts();
    assert_eq!((counts.fault(Fault::BadRequest), counts.route("keeps-0").taken), (broken.len() as u64, 0));
    assert_eq!((rest.endpoint.accepted(), webs[0].endpoint.accepted()), (0, 0));
    // What a query has is nobody's but the endpoint's.
    serves(&at, "/k?%zz%c0%ae", "keeps /k?%zz%c0%ae");
}

/// Conformance: 29.
#[test]
fn a_route_refuses_or_keeps_what_others_may_read_otherwise() {
    let cases: [(&str, PathPolicy, &[&str], &[&str]); 7] = [
        (
            "/default",
            PATHS,
            &[
                "a%2Fb",
                "a%2fb/../c",
                "..%5cb",
                "a\\b",
                "a\\/../b",
                "..;/b",
                ".;x",
                ";x",
                "%2e%2e;",
                "..%3B",
                "a/;/../b",
            ],
            &["a%25b", "a;b", "a;b=c/d;e", "%3B", "a%3Bb", "..x;y"],
        ),
        ("/keeps", KEEPS, &[], &["a%2Fb", "..%5Cb", "a\\b", "..;/b", ";x", "%25", "..%3B", "a;b"]),
        ("/slash", PathPolicy { encoded_slash: EncodedSlash::Reject, ..KEEPS }, &["%2F", "a%2f/../b"], &["%5C\\;%25"]),
        ("/backslashes", PathPolicy { encoded_backslash: Admission::Reject, ..KEEPS }, &["%5C"], &["%2F\\;%25"]),
        ("/percent", PathPolicy { encoded_percent: Admission::Reject, ..KEEPS }, &["%25", "%2525"], &["%2F%5C\\;"]),
        ("/backslash", PathPolicy { backslash: Admission::Reject, ..KEEPS }, &["\\"], &["%2F%5C;%25"]),
        ("/semicolon", PathPolicy { semicolon: Semicolon::Reject, ..KEEPS }, &["a;b", ";", "..%3B"], &["%2F%5C\\%25"]),
    ];
    let rest = told("rest");
    let webs = cases.each_ref().map(|(path, ..)| told(&path[1..]));
    let rules = cases.each_ref().map(|(path, policy, ..)| (*path, &path[1..], *policy));
    let (running, at) = run(&draft(&rest, &rules, &webs));
    for ((path, policy, refused, kept), web) in cases.iter().zip(&webs) {
        for end in *refused {
            refuses(&at, &format!("{path}/{end}"));
        }
        assert_eq!(web.endpoint.accepted(), 0, "{policy:?}");
        for end in *kept {
            serves(&at, &format!("{path}/{end}"), &format!("{} {path}/{end}", &path[1..]));
        }
    }
    // The route has taken what it refuses, and its pool knows nothing of it.
    let counts = running.counts();
    let (route, pool) = (counts.route("default-0"), counts.pool("default"));
    assert_eq!((route.taken, route.statuses, pool.requests), (17, [0, 6, 0, 11, 0], 6));
}

/// Conformance: 29.
#[test]
fn a_slash_is_decoded_where_the_same_route_takes_the_path_then() {
    let decodes = PathPolicy { encoded_slash: EncodedSlash::Decode, ..PATHS };
    let (rest, webs) = (told("rest"), [told("admin"), told("a")]);
    let rules = [("/a/admin", "admin", decodes), ("/a", "a", decodes)];
    let (_running, at) = run(&draft(&rest, &rules, &webs));
    for (came, answer) in [
        ("/a/b%2Fc?%2f", "a /a/b/c?%2f"),
        ("/a/b%2f..%2Fc", "a /a/c"),
        ("/a/x%2Fy/../z", "a /a/x/z"),
        ("/a/%2F", "a /a//"),
        ("/a/admin/x%2F..", "admin /a/admin/"),
        ("/a/%252F", "a /a/%252F"),
    ] {
        serves(&at, came, answer);
    }
    for came in [
        "/a%2Fadmin",
        "/a/admin%2fx",
        "/a/x%2F../admin",
        "/a/admin/..%2F../b",
        "/a/..%2F..%2Fb",
        "/a/b%2F..;/c",
        "/a/%2F;",
        "/a/%2F\\",
        "/b%2Fc",
    ] {
        refuses(&at, came);
    }
}

/// Conformance: 28.
#[test]
fn slashes_are_one_where_the_listener_says_so() {
    let (rest, webs) = (told("rest"), [told("admin")]);
    let mut draft =
        draft(&rest, &[("/admin", "admin", PathPolicy { encoded_slash: EncodedSlash::Decode, ..PATHS })], &webs);
    let running = Running::idle();
    let at = address(&running.apply(&draft), "in");
    let mut client = Wire::to(&at);
    client.say(get("//admin///x//")).hear("\r\n\r\nrest //admin///x//");
    draft.listeners[0].protocol = merging();
    running.apply(&draft);
    // It holds from the next request on, by the rules that came with it.
    client.say(get("//admin///x//")).hear("\r\n\r\nadmin /admin/x/");
    for (came, answer) in [
        ("//", "rest /"),
        ("/a//../admin", "admin /admin"),
        ("/admin/%2F%2f/x", "admin /admin/x"),
        ("/x?a//b", "rest /x?a//b"),
        ("http://h//admin//?a//b", "admin /admin/?a//b"),
        ("http://h", "rest /"),
    ] {
        serves(&at, came, answer);
    }
    Wire::to(&at).say("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n").hear("200 OK");
}

/// Conformance: 28.
#[test]
fn the_original_form_goes_on_to_the_byte_and_the_canonical_one_is_matched() {
    let original = PathPolicy { form: PathForm::Original, encoded_slash: EncodedSlash::Decode, ..KEEPS };
    let (rest, webs) = (told("rest"), [told("admin")]);
    let (_running, at) = run(&draft(&rest, &[("/admin", "admin", original)], &webs));
    for (came, answer) in [
        ("/x/../%61dmin/%7e/./y//?%2e", "admin /x/../%61dmin/%7e/./y//?%2e"),
        ("/admin/a%2f../b\\;%5c", "admin /admin/a%2f../b\\;%5c"),
        ("http://h/x/../admin/%2E", "admin /x/../admin/%2E"),
        ("/admin/../x", "rest /x"),
    ] {
        serves(&at, came, answer);
    }
    refuses(&at, "/admin/..%2Fx");
}

#[test]
fn each_try_sends_the_same_path() {
    let dies = Web::new("a", |_| Reply::Close(Vec::new()));
    let web = told("b");
    let (_running, at) = run(&in_turn(&[&dies.endpoint, &web.endpoint]));
    let long = "x".repeat(5000);
    for path in ["/y/../%7e", &format!("/y/../%7e{long}")] {
        let expected = path.replace("/y/../%7e", "/~");
        Wire::to(&at).say(get(path)).hear(&format!("\r\n\r\nb {expected}"));
    }
    assert_eq!(dies.requests(), web.requests());
}

#[test]
fn a_route_that_has_gone_still_judges_what_comes_on_its_connections() {
    let (rest, webs) = (told("rest"), [told("admin")]);
    let draft = draft(&rest, &[("/admin", "admin", PATHS)], &webs);
    for (next, ends) in [("/admin/./x", "\r\n\r\nadmin /admin/x"), ("/admin/%2F", "400 Bad Request\n")] {
        let (running, at) = run(&draft);
        let mut client = Wire::to(&at);
        // Half of the next request is there, so the connection does not end with its listener.
        let request = get(next);
        let (half, rest) = request.split_at(10);
        client.say(get("/admin")).hear("\r\n\r\nadmin /admin");
        client.say(half);
        let mut without = draft.clone();
        without.listeners.clear();
        without.rules.clear();
        without.routes.clear();
        running.apply(&without);
        let (heard, _) = client.say(rest).rest();
        assert!(heard.ends_with(ends), "{heard}");
    }
}

/// What is matched, and what the endpoint got, are one canonical path; what is refused reaches nobody.
#[test]
fn match_and_endpoint_agree_about_random_paths() {
    const PIECES: [&str; 34] = [
        "/", "/", "/", "/", "/a", "/a", "/a/b", "/a/b", "/c", "/c", "a", "b", "c", ".", "..", "/..", "/../", "/./",
        "%2e", "%2E%2e", "%2f", "%2F", "%5C", "\\", ";", "%3b", "%25", "%61", "%62", "%c3%a9", "%41%7e", "?x", "%00",
        "%c0",
    ];
    let decodes = PathPolicy { encoded_slash: EncodedSlash::Decode, ..KEEPS };
    let rules = [("/a/b", "decodes", decodes), ("/a", "keeps", KEEPS), ("/c", "default", PATHS)];
    for merges in [false, true] {
        let rest = told("rest");
        let webs = rules.map(|(_, name, _)| told(name));
        let mut draft = draft(&rest, &rules, &webs);
        if merges {
            draft.listeners[0].protocol = merging();
        }
        let (_running, at) = run(&draft);
        let mut random = Random::new(7);
        let (mut served, mut refused) = ([0; 4], 0);
        let mut client = Wire::to(&at);
        for _ in 0..2000 {
            let came: String = (0..1 + random.below(6)).map(|_| PIECES[random.below(PIECES.len())]).collect();
            let came = format!("{}/{came}", ["", "/a", "/a/b", "/c"][random.below(4)]);
            client.say(get(&came));
            let head = client.hear("\r\n\r\n");
            let length = head.split("Content-Length: ").nth(1).and_then(|rest| rest.lines().next()).expect("a length");
            let body = String::from_utf8(client.take(length.parse().expect("a number"))).expect("text");
            if head.starts_with("HTTP/1.1 400 ") {
                refused += 1;
                client = Wire::to(&at);
                continue;
            }
            let (name, target) = body.split_once(' ').expect("a name and a target");
            let path = target.split('?').next().expect("a path");
            // By a reader who compares what the endpoint got, byte by byte.
            let is_below =
                |prefix: &str| path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
            let place = rules.iter().position(|(prefix, ..)| is_below(prefix));
            assert_eq!(name, place.map_or("rest", |place| rules[place].1), "{came} became {path}");
            let reading = Reading { merges, decodes: name == "decodes" };
            let (mut once, mut twice) = (Vec::new(), Vec::new());
            let (came, query) = split_query(came.as_bytes());
            canonical(came, reading, &mut once).expect("it was taken");
            let marks = canonical(&once, reading, &mut twice).expect("it is a path still");
            assert_eq!((target.as_bytes(), &once), (&[&once[..], query].concat()[..], &twice), "{target}");
            assert!(name != "decodes" || !marks.has_any(Marks::ENCODED_SLASH), "{target}");
            served[place.unwrap_or(3)] += 1;
        }
        let arrived = webs.iter().chain([&rest]).map(|web| web.requests().len()).sum::<usize>();
        assert_eq!(arrived + refused, 2000);
        assert!(served.iter().all(|count| *count > 50) && refused > 50, "{served:?} {refused}");
    }
}
