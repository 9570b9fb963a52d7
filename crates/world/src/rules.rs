//! Which route takes what comes in by a listener.

use std::collections::HashMap;

use plan::{Plan, Protocol};

use crate::join::RouteIx;

/// The longest host that a rule may name: longer than any name of the DNS.
const LONGEST_HOST: usize = 255;

/// The rules of one listener.
///
/// What is looked up costs the same for ten rules as for ten thousand: one map of hosts, and for each a
/// tree of the segments of paths. Of all that match, the one that was written first in the plan wins.
///
/// ```text
///   hosts ─┬─ a.example ─▶ tree ─┬─ api ─┬─ v2 ─▶ rule 0
///          │                     │       └─ (itself) ─▶ rule 3
///          └─ (any) ─▶ tree ─────┴─ (itself) ─▶ rule 7
/// ```
#[derive(Debug, Default)]
pub struct Rules {
    hosts: HashMap<Box<[u8]>, Tree>,
    any_host: Tree,
    asks_head: bool,
}

/// Rules by the path that they match.
#[derive(Debug)]
struct Tree(Vec<Node>);

#[derive(Debug, Default)]
struct Node {
    taken: Option<Taken>,
    below: HashMap<Box<[u8]>, usize>,
}

/// A rule's place in their order, and its route.
#[derive(Debug, Clone, Copy)]
struct Taken {
    place: usize,
    route: RouteIx,
}

impl Rules {
    /// For each listener of a plan, its rules.
    pub(crate) fn by_listener(plan: &Plan) -> Vec<Self> {
        let mut all: Vec<Self> = plan.listeners.iter().map(|_| Self::default()).collect();
        for (place, rule) in plan.rules.iter().enumerate() {
            let named = |at: usize| rule.listeners.as_ref().is_none_or(|list| list.contains(&(at as u32)));
            for (at, rules) in all.iter_mut().enumerate().filter(|(at, _)| named(*at)) {
                let speaks_http = plan.listeners.get(at).is_some_and(|l| matches!(l.protocol, Protocol::Http(_)));
                if speaks_http || (rule.host.is_none() && rule.path.is_none()) {
                    rules.add(place, rule);
                }
            }
        }
        all
    }

    fn add(&mut self, place: usize, rule: &plan::Rule) {
        self.asks_head |= rule.host.is_some() || rule.path.is_some();
        let tree = match &rule.host {
            Some(host) => self.hosts.entry(host.as_bytes().into()).or_default(),
            None => &mut self.any_host,
        };
        tree.add(rule.path.as_deref().unwrap_or_default(), Taken { place, route: RouteIx(rule.route) });
    }

    /// Whether the head of a request has to be known.
    pub fn ask_head(&self) -> bool {
        self.asks_head
    }

    /// The route of what comes there, whatever it is.
    pub fn any(&self) -> Option<RouteIx> {
        self.any_host.find(b"").map(|taken| taken.route)
    }

    /// The route of a request for `host`, without its port, and `path`, which may have a query.
    pub fn find(&self, host: &[u8], path: &[u8]) -> Option<RouteIx> {
        let named = if self.hosts.is_empty() { None } else { self.of_host(host) };
        let taken = [named, Some(&self.any_host)].into_iter().flatten().filter_map(|tree| tree.find(path));
        taken.min_by_key(|taken| taken.place).map(|taken| taken.route)
    }

    fn of_host(&self, host: &[u8]) -> Option<&Tree> {
        let mut lower = [0; LONGEST_HOST];
        let lower = lower.get_mut(..host.len())?;
        lower.copy_from_slice(host);
        lower.make_ascii_lowercase();
        self.hosts.get(&*lower)
    }
}

impl Default for Tree {
    fn default() -> Self {
        Self(vec![Node::default()])
    }
}

impl Tree {
    fn add(&mut self, path: &str, taken: Taken) {
        let mut at = 0;
        for segment in path.split('/').skip(1) {
            let fresh = self.0.len();
            let Some(node) = self.0.get_mut(at) else { return };
            at = *node.below.entry(segment.as_bytes().into()).or_insert(fresh);
            if at == fresh {
                self.0.push(Node::default());
            }
        }
        if let Some(node) = self.0.get_mut(at) {
            // Of two that match the same, the first wins.
            node.taken.get_or_insert(taken);
        }
    }

    /// The first rule, in their order, of those that match the path.
    fn find(&self, path: &[u8]) -> Option<Taken> {
        let mut node = self.0.first()?;
        let mut best = node.taken;
        if node.below.is_empty() {
            return best;
        }
        let path = path.split(|byte| matches!(byte, b'?' | b'#')).next().unwrap_or_default();
        for segment in path.split(|byte| *byte == b'/').skip(1) {
            let Some(next) = node.below.get(segment).and_then(|at| self.0.get(*at)) else { break };
            node = next;
            best = [best, node.taken].into_iter().flatten().min_by_key(|taken| taken.place);
            if node.below.is_empty() {
                break;
            }
        }
        best
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rules for a host and a path each, in order; each has a route of its own place.
    fn rules(list: &[(&str, &str)]) -> Rules {
        let mut rules = Rules::default();
        for (place, (host, path)) in list.iter().enumerate() {
            let part = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
            let rule = plan::Rule { listeners: None, host: part(host), path: part(path), route: place as u32 };
            rules.add(place, &rule);
        }
        rules
    }

    fn found(rules: &Rules, host: &str, path: &str) -> Option<u32> {
        rules.find(host.as_bytes(), path.as_bytes()).map(|route| route.0)
    }

    #[test]
    fn a_prefix_matches_whole_segments() {
        let rules = rules(&[("", "/v2")]);
        for path in ["/v2", "/v2/", "/v2/x", "/v2?x", "/v2/x?/v3"] {
            assert_eq!(found(&rules, "a", path), Some(0), "{path}");
        }
        for path in ["/v2example", "/", "", "/V2", "/v", "//v2", "/x?/v2", "*"] {
            assert_eq!(found(&rules, "a", path), None, "{path}");
        }
    }

    #[test]
    fn a_host_matches_whatever_its_case_and_the_first_rule_wins() {
        let rules =
            rules(&[("a.example", "/api/v2"), ("a.example", "/api"), ("", "/api/v2/x"), ("a.example", ""), ("", "")]);
        assert_eq!(found(&rules, "A.Example", "/api/v2/x"), Some(0));
        assert_eq!(found(&rules, "a.example", "/api/v3"), Some(1));
        assert_eq!(found(&rules, "a.example", "/"), Some(3));
        assert_eq!(found(&rules, "b.example", "/api/v2/x/y"), Some(2));
        assert_eq!(found(&rules, "b.example", "/api/v2"), Some(4));
        assert_eq!(found(&rules, "", "/"), Some(4), "a request of HTTP/1.0 may name no host");
        assert_eq!(found(&rules, &"a".repeat(1000), "/"), Some(4));
        assert_eq!(rules.any().map(|route| route.0), Some(4));
    }

    #[test]
    fn nothing_matches_where_nobody_asked_for_it() {
        let rules = rules(&[("a", "")]);
        assert_eq!((found(&rules, "b", "/"), rules.any().is_none()), (None, true));
        assert!(rules.ask_head() && !Rules::default().ask_head());
    }
}
