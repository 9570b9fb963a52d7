//! What the engine says, as the JSON that `ts/native.ts` reads.

use engine::{
    Applied, BOUNDS, Closed, ENDPOINT_FIELDS, HEADER, HISTOGRAM_LENGTH, Index, LISTENER_FIELDS, Outcome, POOL_FIELDS,
    Problem, ROUTE_FIELDS,
};
use serde_json::{Value, json};

/// What became of a plan.
pub fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Applied(applied) => self::applied(applied),
        Outcome::Refused(problems) => {
            json!({ "kind": "refused", "problems": problems.iter().map(problem).collect::<Vec<_>>() })
        }
        Outcome::Closed => json!({ "kind": "closed" }),
    }
    .to_string()
}

fn applied(applied: &Applied) -> Value {
    let listeners = applied.listeners.iter().map(|(key, address)| (key.clone(), json!(address.to_string())));
    json!({
        "kind": "applied",
        "version": applied.version,
        "decodedOn": applied.decoded_on,
        "workers": applied.workers,
        "listeners": listeners.collect::<serde_json::Map<_, _>>(),
    })
}

fn problem(problem: &Problem) -> Value {
    json!({
        "code": problem.code.label(),
        "listener": problem.listener,
        "address": problem.address.as_ref().map(ToString::to_string),
        "message": problem.message,
        "holder": problem.holder,
    })
}

/// Which number stands where in a row of counters; an empty row when there is nothing to read.
pub fn index(index: Option<&Index>) -> String {
    let keys = |of: fn(&Index) -> &[String]| index.map(of).unwrap_or_default();
    json!({
        "version": index.map_or(0, |index| index.version),
        "length": index.map_or(0, |index| index.length),
        "header": HEADER,
        "listeners": { "keys": keys(|index| &index.listeners), "fields": LISTENER_FIELDS },
        "routes": { "keys": keys(|index| &index.routes), "fields": with_histogram(ROUTE_FIELDS) },
        "pools": { "keys": keys(|index| &index.pools), "fields": POOL_FIELDS },
        "endpoints": { "keys": keys(|index| &index.endpoints), "fields": with_histogram(ENDPOINT_FIELDS) },
        "bounds": BOUNDS,
        "faults": { "keys": index.map(|index| &index.faults[..]).unwrap_or_default() },
    })
    .to_string()
}

/// The numbers of a histogram follow the others, by their place in it.
fn with_histogram(fields: &[&str]) -> Vec<String> {
    let histogram = (0..HISTOGRAM_LENGTH).map(|at| format!("histogram{at}"));
    fields.iter().map(ToString::to_string).chain(histogram).collect()
}

/// What the end of an engine came to.
pub fn closed(closed: Closed) -> String {
    json!({ "cut": closed.cut }).to_string()
}
