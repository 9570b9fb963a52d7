//! A full plan: it decodes, each of its objects refuses an unknown field, and its types are fresh.

use plan::{Tables, decode};
use serde_json::{Value, json};

fn table(entries: &[u32]) -> Vec<u8> {
    entries.iter().flat_map(|entry| entry.to_le_bytes()).collect()
}

/// A plan in which every kind of object stands at least once, and its tables.
fn full() -> (Value, Vec<Vec<u8>>) {
    let cycle = table(&[0, 1]);
    let hash = plan::TableHash::of(&cycle).0;
    let timeouts = json!({ "connect": 5000, "idle": 600_000, "halfClose": null });
    let answers = json!([{ "status": 503, "contentType": "text/html", "body": "<p>Be right back." }]);
    let paths = json!({
        "encodedSlash": "decode", "encodedBackslash": "reject", "encodedPercent": "keep", "backslash": "reject",
        "semicolon": "parameters", "form": "canonical"
    });
    let forward = json!({ "via": true, "forwarded": false, "realIp": false, "requestId": true, "host": "a:80" });
    let http = json!({
        "body": 60_000, "bodyRate": 240, "firstByte": 60_000, "response": 30_000,
        "attempt": 1000, "total": null, "tunnel": 3_600_000, "mostBody": 5_000_000_000_u64, "tries": 3,
        "forward": forward, "answers": answers, "proxyStatus": true, "trace": false, "paths": paths
    });
    let heads = json!({ "line": 16_384, "fields": 65_536, "count": 100 });
    let trust = json!({ "networks": ["10.0.0.0/8", "::1/128"], "unix": true });
    let protocol = json!({
        "kind": "http", "head": 30_000, "keepAlive": 75_000, "heads": heads, "trust": trust, "underscores": "keep",
        "hops": 20, "answers": answers, "proxyStatus": false, "mergeSlashes": false
    });
    let reuse = json!({ "idle": 60_000, "age": null, "requests": 1000, "most": 256 });
    let budget = json!({ "percent": 20, "reserve": 10 });
    let ops = ["inflight", "open", "plus", "times", "over"].map(|op| json!({ "op": op }));
    let [inflight, open, plus, times, over] = ops;
    let number = json!({ "op": "number", "value": 1.5 });
    let part = |kind: &str, name: &str, said: &str| json!({ "kind": kind, name: said });
    let log = json!({
        "to": { "kind": "file", "path": "/var/log/x" },
        "encoding": "json",
        "parts": [
            part("text", "text", "{"), part("value", "value", "firstByte"), part("request", "name", "user-agent"),
            part("response", "name", "etag")
        ],
        "sample": { "statuses": [0, 1, 2, 3, 1_000_000], "other": 1, "fault": 5 },
        "listeners": [0]
    });
    let plan = json!({
        "format": 1,
        "version": 7,
        "engine": { "workers": null, "portable": false, "drain": 30_000, "leave": 1000, "retryAfter": 5 },
        "accessLog": log,
        "listeners": [
            { "key": "web", "address": { "kind": "tcp", "host": "::", "port": 80 }, "protocol": protocol, "accept": "per-worker", "backlog": 4096 },
            { "key": "local", "address": { "kind": "unix", "path": "/run/x" }, "protocol": { "kind": "tcp" }, "accept": "hand-off", "backlog": 16 }
        ],
        "rules": [
            { "listeners": [0], "host": "a.example", "path": "/v2", "route": 0 },
            { "listeners": null, "host": null, "path": null, "route": 1 }
        ],
        "routes": [
            { "key": "a", "pool": 1, "timeouts": timeouts, "http": http },
            { "key": "b", "pool": 0, "timeouts": timeouts, "http": http }
        ],
        "pools": [
            { "key": "x", "endpoints": [0, 1], "picker": { "kind": "cycle", "table": hash },
              "reuse": reuse, "budget": budget },
            { "key": "y", "endpoints": [1], "picker": { "kind": "least", "choices": 2,
              "cost": [inflight, number, plus, open, times, number, over] }, "reuse": reuse, "budget": budget }
        ],
        "endpoints": [
            { "key": "one", "addresses": [{ "kind": "tcp", "host": "127.0.0.1", "port": 1 }] },
            { "key": "two", "addresses": [{ "kind": "unix", "path": "/run/y" }] }
        ]
    });
    (plan, vec![cycle])
}

fn run(plan: &Value, tables: &[Vec<u8>]) -> Result<plan::Decoded, String> {
    decode(plan.to_string().as_bytes(), tables, &Tables::default())
        .map_err(|problems| problems.iter().map(|p| p.to_string()).collect::<Vec<_>>().join("; "))
}

#[test]
fn a_full_plan_decodes_and_encodes_to_itself() {
    let (plan, tables) = full();
    let decoded = run(&plan, &tables).unwrap();
    assert_eq!(serde_json::to_value(&decoded.plan).unwrap(), plan);
}

/// Calls `visit` with the path of every object in `value`.
fn objects(value: &Value, path: &str, visit: &mut dyn FnMut(&str)) {
    match value {
        Value::Object(fields) => {
            visit(path);
            for (name, field) in fields {
                objects(field, &format!("{path}/{name}"), visit);
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                objects(item, &format!("{path}/{at}"), visit);
            }
        }
        _ => {}
    }
}

#[test]
fn every_object_of_a_full_plan_refuses_an_unknown_field() {
    let (plan, tables) = full();
    let mut seen = 0;
    objects(&plan, "", &mut |path| {
        let mut odd = plan.clone();
        odd.pointer_mut(path).unwrap()["surprise"] = json!(1);
        let refusal = run(&odd, &tables).map(|_| ()).unwrap_err();
        assert!(refusal.contains("surprise"), "at {path}: {refusal}");
        seen += 1;
    });
    assert_eq!(seen, 51, "the full plan lost or won an object");
}

#[test]
fn what_cannot_run_is_refused_with_its_place() {
    let (plan, tables) = full();
    let text = |text: &str| json!({ "kind": "text", "text": text });
    let answer = plan["listeners"][0]["protocol"]["answers"][0].clone();
    let twice = json!([answer, answer]);
    for (path, value, want) in [
        ("/format", json!(2), "format 2 is not 1"),
        ("/engine/workers", json!(0), "engine.workers: is not from 1 to 1024"),
        ("/accessLog/to/path", json!(""), "accessLog.to.path: is empty"),
        ("/accessLog/parts", json!(vec![text("x"); 201]), "accessLog.parts: are more than 200"),
        ("/accessLog/parts/0/text", json!("x".repeat(4097)), "accessLog.parts: have more than 4096 bytes of text"),
        ("/accessLog/parts/0/text", json!("a\nb"), "accessLog.parts: have control characters"),
        ("/accessLog/sample/fault", json!(1_000_001), "accessLog.sample: is more than 1000000"),
        ("/accessLog/sample/statuses/4", json!(1_000_001), "accessLog.sample: is more than 1000000"),
        ("/accessLog/listeners/0", json!(2), "accessLog.listeners[0]: 2 is not among the 2 there are"),
        ("/listeners/1/key", json!("web"), "listeners.key: \"web\" stands there twice"),
        ("/routes/0/pool", json!(9), "routes[0].pool: 9 is not among the 2 there are"),
        ("/routes/0/http/tries", json!(0), "routes[0].http.tries: is 0"),
        ("/rules/0/route", json!(2), "rules[0].route: 2 is not among the 2 there are"),
        ("/rules/0/listeners/0", json!(2), "rules[0].listeners[0]: 2 is not among the 2 there are"),
        ("/rules/0/listeners", json!([0, 1]), "rules[0].listeners[1]: 1 does not speak HTTP"),
        ("/rules/0/host", json!(""), "rules[0].host: is empty or not in lower case"),
        ("/rules/0/host", json!("A.example"), "rules[0].host: is empty or not in lower case"),
        ("/rules/0/path", json!(""), "rules[0].path: is no list of segments"),
        ("/rules/0/path", json!("v2"), "rules[0].path: is no list of segments"),
        ("/rules/0/path", json!("/v2/"), "rules[0].path: is no list of segments"),
        ("/rules/0/path", json!("/v2?x"), "rules[0].path: is no list of segments"),
        ("/rules/0/path", json!("/v2#x"), "rules[0].path: is no list of segments"),
        ("/listeners/0/protocol/heads/line", json!(32_769), "listeners[0].protocol.heads.line: is not from 1 to 32768"),
        ("/listeners/0/protocol/heads/fields", json!(0), "listeners[0].protocol.heads.fields: is not from 1 to 65536"),
        ("/listeners/0/protocol/heads/count", json!(129), "listeners[0].protocol.heads.count: is not from 1 to 128"),
        ("/routes/1/http/answers/0/status", json!(418), "routes[1].http.answers[0].status: 418 is none of ours"),
        ("/routes/1/http/answers/0/contentType", json!(" "), "routes[1].http.answers[0].contentType: is no media type"),
        (
            "/routes/1/http/answers/0/contentType",
            json!("a/b\r\nX: y"),
            "routes[1].http.answers[0].contentType: is no media type",
        ),
        (
            "/routes/1/http/answers/0/body",
            json!("x".repeat(65_537)),
            "routes[1].http.answers[0].body: has more than 65536 bytes",
        ),
        (
            "/listeners/0/protocol/answers/0/status",
            json!(200),
            "listeners[0].protocol.answers[0].status: 200 is none of ours",
        ),
        ("/listeners/0/protocol/answers", twice, "listeners[0].protocol.answers: 503 stands there twice"),
        ("/pools/0/endpoints", json!([0, 0]), "pools[0].endpoints: 0 stands there twice"),
        ("/pools/0/endpoints", json!([0]), "pools[0].picker.table: 1 is not among the 1 there are"),
        ("/pools/0/picker/table", json!("ff"), "pools[0].picker.table: ff was never sent"),
        ("/pools/1/picker/choices", json!(33), "pools[1].picker.choices: is not from 1 to 32"),
        ("/pools/1/picker/cost", json!([]), "pools[1].picker.cost: the program leaves 0 numbers"),
        ("/endpoints/0/addresses", json!([]), "endpoints[0].addresses: is empty"),
    ] {
        let mut odd = plan.clone();
        *odd.pointer_mut(path).unwrap() = value;
        let refusal = run(&odd, &tables).map(|_| ()).unwrap_err();
        assert!(refusal.contains(want), "{path}: {refusal}");
    }
}

#[test]
fn what_only_just_can_run_is_accepted() {
    let (plan, tables) = full();
    for (path, value) in [
        ("/accessLog", json!(null)),
        ("/accessLog/to", json!({ "kind": "stdout" })),
        ("/accessLog/parts/0/text", json!("x".repeat(4096))),
        ("/accessLog/listeners", json!([])),
        ("/rules/0/listeners", json!(null)),
        ("/rules/0/path", json!("/a//b")),
        ("/rules/1/listeners", json!([1])),
        ("/listeners/0/protocol/heads", json!({ "line": 32_768, "fields": 65_536, "count": 128 })),
        ("/listeners/0/protocol/heads", json!({ "line": 1, "fields": 1, "count": 1 })),
        ("/routes/0/http/tries", json!(1)),
        ("/routes/0/http/answers", json!([])),
        ("/routes/1/http/answers/0/status", json!(508)),
        ("/routes/1/http/answers/0/body", json!("x".repeat(65_536))),
        ("/routes/0/http/mostBody", json!(null)),
    ] {
        let mut odd = plan.clone();
        *odd.pointer_mut(path).unwrap() = value;
        run(&odd, &tables).map_err(|refusal| format!("{path}: {refusal}")).unwrap();
    }
}

#[test]
fn a_table_that_is_held_need_not_be_sent_again() {
    let (plan, tables) = full();
    let first = run(&plan, &tables).unwrap();
    assert!(run(&plan, &[]).is_err());
    assert!(decode(plan.to_string().as_bytes(), &[], &first.tables).is_ok());
}

#[test]
fn what_typescript_compiles_decodes_and_encodes_to_itself() {
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/../../__test__/corpus/plans.json");
    let cases: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(corpus).unwrap()).unwrap();
    assert!(!cases.is_empty());
    for case in cases {
        let tables: Vec<Vec<u32>> = serde_json::from_value(case["tables"].clone()).unwrap();
        let tables: Vec<Vec<u8>> = tables.iter().map(|entries| table(entries)).collect();
        let decoded = run(&case["plan"], &tables).map_err(|refusal| format!("{}: {refusal}", case["name"])).unwrap();
        assert_eq!(serde_json::to_value(&decoded.plan).unwrap(), case["plan"]);
    }
}

#[test]
fn the_typescript_types_are_fresh() {
    let committed = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../ts/plan/types.ts")).unwrap();
    assert_eq!(committed, plan::types::typescript(), "run `npm run generate`");
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes: Vec<u8>, table: Vec<u8>) {
        let _ = decode(&bytes, &[table], &Tables::default());
    }

    #[test]
    fn no_change_of_one_byte_makes_it_panic(at in 0usize..2800, byte: u8) {
        let (plan, tables) = full();
        let mut bytes = plan.to_string().into_bytes();
        let at = at % bytes.len();
        bytes[at] = byte;
        let _ = decode(&bytes, &tables, &Tables::default());
    }
}
