//! Refuses a plan that the core could not run.

use std::collections::HashSet;
use std::hash::Hash;

use crate::cost::stack_need;
use crate::decode::Problem;
use crate::tables::Tables;
use crate::{Address, Picker, Plan, Pool};

/// The most endpoints that `least` draws for one choice.
const MOST_CHOICES: u32 = 32;
/// The most workers a plan may ask for.
const MOST_WORKERS: u32 = 1024;

/// Everything that is wrong with `plan`, given the tables it names.
pub fn verify(plan: &Plan, tables: &Tables) -> Vec<Problem> {
    let mut found = Findings::default();
    if plan.engine.workers.is_some_and(|workers| workers == 0 || workers > MOST_WORKERS) {
        found.add("engine.workers", format!("is not from 1 to {MOST_WORKERS}"));
    }
    found.unique("listeners", "key", plan.listeners.iter().map(|listener| &listener.key));
    found.unique("listeners", "address", plan.listeners.iter().map(|l| &l.address).filter(|a| !is_any_port(a)));
    found.unique("routes", "key", plan.routes.iter().map(|route| &route.key));
    found.unique("pools", "key", plan.pools.iter().map(|pool| &pool.key));
    found.unique("endpoints", "key", plan.endpoints.iter().map(|endpoint| &endpoint.key));
    for (at, route) in plan.routes.iter().enumerate() {
        found.position(&format!("routes[{at}].pool"), route.pool, plan.pools.len());
        for (n, listener) in route.listeners.iter().flatten().enumerate() {
            found.position(&format!("routes[{at}].listeners[{n}]"), *listener, plan.listeners.len());
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
