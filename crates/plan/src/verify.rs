//! Refuses a plan that the core could not run.

use std::collections::HashSet;
use std::hash::Hash;

use crate::cost::stack_need;
use crate::decode::Problem;
use crate::tables::Tables;
use crate::{
    AccessLog, Address, Answer, HeadLimits, LogPart, LogSample, LogSink, Picker, Plan, Pool, Protocol, Rule, STATUSES,
};

/// The most endpoints that `least` draws for one choice.
const MOST_CHOICES: u32 = 32;
/// The most workers a plan may ask for.
const MOST_WORKERS: u32 = 1024;

/// The most bytes of a first line, bytes of field lines and number of fields that a head may be allowed.
const MOST_LINE: u32 = 32 * 1024;
const MOST_FIELDS: u32 = 64 * 1024;
const MOST_COUNT: u32 = 128;

/// The most parts of a line of the access log, and bytes of those that are the same in every line.
const MOST_LOG_PARTS: u32 = 200;
const MOST_LOG_TEXT: u32 = 4 * 1024;
/// The most bytes that the body of an answer of ours may have.
const MOST_ANSWER: usize = 64 * 1024;

/// Everything that is wrong with `plan`, given the tables it names.
pub fn verify(plan: &Plan, tables: &Tables) -> Vec<Problem> {
    let mut found = Findings::default();
    if plan.engine.workers.is_some_and(|workers| workers == 0 || workers > MOST_WORKERS) {
        found.add("engine.workers", format!("is not from 1 to {MOST_WORKERS}"));
    }
    if let Some(log) = &plan.access_log {
        found.log("accessLog", log, plan.listeners.len());
    }
    found.unique("listeners", "key", plan.listeners.iter().map(|listener| &listener.key));
    found.unique("listeners", "address", plan.listeners.iter().map(|l| &l.address).filter(|a| !is_any_port(a)));
    found.unique("routes", "key", plan.routes.iter().map(|route| &route.key));
    found.unique("pools", "key", plan.pools.iter().map(|pool| &pool.key));
    found.unique("endpoints", "key", plan.endpoints.iter().map(|endpoint| &endpoint.key));
    for (at, route) in plan.routes.iter().enumerate() {
        found.position(&format!("routes[{at}].pool"), route.pool, plan.pools.len());
        if route.http.tries == 0 {
            found.add(&format!("routes[{at}].http.tries"), "is 0".into());
        }
        if route.http.forward.host.as_ref().is_some_and(|host| !is_authority(host)) {
            found.add(&format!("routes[{at}].http.forward.host"), "is no host".into());
        }
        found.answers(&format!("routes[{at}].http"), &route.http.answers);
    }
    for (at, rule) in plan.rules.iter().enumerate() {
        found.rule(&format!("rules[{at}]"), rule, plan);
    }
    for (at, listener) in plan.listeners.iter().enumerate() {
        if let Protocol::Http(http) = &listener.protocol {
            found.heads(&format!("listeners[{at}].protocol.heads"), http.heads);
            found.answers(&format!("listeners[{at}].protocol"), &http.answers);
        }
    }
    for (at, pool) in plan.pools.iter().enumerate() {
        let place = format!("pools[{at}]");
        for (n, endpoint) in pool.endpoints.iter().enumerate() {
            found.position(&format!("{place}.endpoints[{n}]"), *endpoint, plan.endpoints.len());
        }
        found.unique(&place, "endpoints", pool.endpoints.iter());
        found.picker(&format!("{place}.picker"), pool, tables);
    }
    for (at, endpoint) in plan.endpoints.iter().enumerate() {
        if endpoint.addresses.is_empty() {
            found.add(&format!("endpoints[{at}].addresses"), "is empty".into());
        }
    }
    found.problems
}

/// As far as it could break a head; TypeScript says more.
fn is_authority(host: &str) -> bool {
    let may = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%[]:".contains(&byte);
    !host.is_empty() && host.len() <= 255 && host.bytes().all(may)
}

/// Port 0 is a different port each time it is asked for.
fn is_any_port(address: &Address) -> bool {
    matches!(address, Address::Tcp { port: 0, .. })
}

#[derive(Default)]
struct Findings {
    problems: Vec<Problem>,
}

impl Findings {
    fn add(&mut self, place: &str, message: String) {
        self.problems.push(Problem { place: place.into(), message });
    }

    fn position(&mut self, place: &str, position: u32, length: usize) {
        if position as usize >= length {
            self.add(place, format!("{position} is not among the {length} there are"));
        }
    }

    fn unique<T: Eq + Hash + std::fmt::Debug>(&mut self, list: &str, field: &str, values: impl Iterator<Item = T>) {
        let mut seen = HashSet::new();
        for value in values {
            let said = format!("{value:?} stands there twice");
            if !seen.insert(value) {
                self.add(&format!("{list}.{field}"), said);
            }
        }
    }

    fn rule(&mut self, place: &str, rule: &Rule, plan: &Plan) {
        self.position(&format!("{place}.route"), rule.route, plan.routes.len());
        for (n, at) in rule.listeners.iter().flatten().enumerate() {
            let place = format!("{place}.listeners[{n}]");
            self.position(&place, *at, plan.listeners.len());
            let listener = plan.listeners.get(*at as usize);
            let is_tcp = listener.is_some_and(|listener| matches!(listener.protocol, Protocol::Tcp {}));
            if is_tcp && (rule.host.is_some() || rule.path.is_some()) {
                self.add(&place, format!("{at} does not speak HTTP, and the rule looks at a request"));
            }
        }
        if rule.host.as_ref().is_some_and(|host| host.is_empty() || host.bytes().any(|byte| byte.is_ascii_uppercase()))
        {
            self.add(&format!("{place}.host"), "is empty or not in lower case".into());
        }
        if rule
            .path
            .as_ref()
            .is_some_and(|path| !path.starts_with('/') || path.ends_with('/') || path.contains(['?', '#']))
        {
            self.add(&format!("{place}.path"), "is no list of segments".into());
        }
    }

    fn log(&mut self, place: &str, log: &AccessLog, listeners: usize) {
        if matches!(&log.to, LogSink::File { path } if path.is_empty()) {
            self.add(&format!("{place}.to.path"), "is empty".into());
        }
        if log.parts.len() > MOST_LOG_PARTS as usize {
            self.add(&format!("{place}.parts"), format!("are more than {MOST_LOG_PARTS}"));
        }
        let texts =
            log.parts.iter().filter_map(|part| if let LogPart::Text { text } = part { Some(text) } else { None });
        if texts.clone().map(String::len).sum::<usize>() > MOST_LOG_TEXT as usize {
            self.add(&format!("{place}.parts"), format!("have more than {MOST_LOG_TEXT} bytes of text"));
        }
        if texts.clone().any(|text| text.chars().any(char::is_control)) {
            self.add(&format!("{place}.parts"), "have control characters".into());
        }
        let rates = [&log.sample.statuses[..], &[log.sample.other, log.sample.fault]].concat();
        if rates.iter().any(|rate| *rate > LogSample::WHOLE) {
            self.add(&format!("{place}.sample"), format!("is more than {}", LogSample::WHOLE));
        }
        for (n, at) in log.listeners.iter().enumerate() {
            self.position(&format!("{place}.listeners[{n}]"), *at, listeners);
        }
    }

    fn heads(&mut self, place: &str, heads: HeadLimits) {
        for (name, value, most) in
            [("line", heads.line, MOST_LINE), ("fields", heads.fields, MOST_FIELDS), ("count", heads.count, MOST_COUNT)]
        {
            if value == 0 || value > most {
                self.add(&format!("{place}.{name}"), format!("is not from 1 to {most}"));
            }
        }
    }

    /// What goes out must not be read as anything but one answer.
    fn answers(&mut self, place: &str, answers: &[Answer]) {
        self.unique(place, "answers", answers.iter().map(|answer| answer.status));
        for (n, Answer { status, content_type, body }) in answers.iter().enumerate() {
            let place = format!("{place}.answers[{n}]");
            if !STATUSES.contains(status) {
                self.add(&format!("{place}.status"), format!("{status} is none of ours"));
            }
            if content_type.trim().is_empty() || content_type.bytes().any(|byte| !matches!(byte, b' '..=b'~')) {
                self.add(&format!("{place}.contentType"), "is no media type".into());
            }
            if body.len() > MOST_ANSWER {
                self.add(&format!("{place}.body"), format!("has more than {MOST_ANSWER} bytes"));
            }
        }
    }

    fn picker(&mut self, place: &str, pool: &Pool, tables: &Tables) {
        match &pool.picker {
            Picker::Cycle { table } => match tables.get(table) {
                None => self.add(&format!("{place}.table"), format!("{} was never sent", table.0)),
                Some(table) if table.is_empty() && !pool.endpoints.is_empty() => {
                    self.add(&format!("{place}.table"), "is empty".into());
                }
                Some(table) => {
                    let place = format!("{place}.table");
                    let outside = table.iter().find(|entry| **entry as usize >= pool.endpoints.len());
                    if let Some(entry) = outside {
                        self.position(&place, *entry, pool.endpoints.len());
                    }
                }
            },
            Picker::Least { cost, choices } => {
                if let Err(message) = stack_need(cost) {
                    self.add(&format!("{place}.cost"), message);
                }
                if choices.is_some_and(|choices| choices == 0 || choices > MOST_CHOICES) {
                    self.add(&format!("{place}.choices"), format!("is not from 1 to {MOST_CHOICES}"));
                }
            }
        }
    }
}
