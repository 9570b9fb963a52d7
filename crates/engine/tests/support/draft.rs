//! A plan as a test writes it: by names.

use plan::{
    Accept, AccessLog, Address, Admission, CostOp, EncodedSlash, EngineSettings, FORMAT, Forward, HeadLimits,
    HttpListener, HttpPolicy, Listener, PathForm, PathPolicy, Picker, Plan, Pool, Protocol, RetryBudget, Reuse, Route,
    Rule, Semicolon, TableHash, Timeouts, Trust, Underscores,
};

use super::{Endpoint, portable};

/// A plan by names; positions and tables are made when it is encoded.
#[derive(Debug, Clone)]
pub struct Draft {
    pub settings: EngineSettings,
    /// The positions of its listeners are made when it is encoded: those of all.
    pub log: Option<AccessLog>,
    pub timeouts: Timeouts,
    pub http: HttpPolicy,
    pub reuse: Reuse,
    pub budget: RetryBudget,
    pub listeners: Vec<Listener>,
    /// Which listener's connections go to which pool.
    pub routes: Vec<(String, String)>,
    /// Hosts and paths of which listener go to which pool, before all others.
    pub rules: Vec<(String, Option<String>, Option<String>, String)>,
    /// What holds for paths on the routes to a pool, where it is not what `http` says.
    pub paths: Vec<(String, PathPolicy)>,
    pub pools: Vec<(String, Algorithm, Vec<String>)>,
    pub endpoints: Vec<plan::Endpoint>,
    /// Tables are not sent along: the engine is to hold them already.
    pub without_tables: bool,
}

/// How a pool chooses.
#[derive(Debug, Clone, PartialEq)]
pub enum Algorithm {
    /// Walks this table of positions.
    Cycle(Vec<u32>),
    /// The least in flight, of so many drawn, or of all.
    Least(Option<u32>),
}

/// Walks the endpoints in order.
pub fn cycle(count: usize) -> Algorithm {
    Algorithm::Cycle((0..count as u32).collect())
}

/// The least loaded of all.
pub fn least() -> Algorithm {
    Algorithm::Least(None)
}

impl Draft {
    /// Nothing at all: two workers, and short times.
    pub fn empty() -> Self {
        Self {
            settings: EngineSettings {
                workers: Some(2),
                portable: portable(),
                drain: 30_000,
                leave: 50,
                retry_after: 1,
            },
            log: None,
            timeouts: Timeouts { connect: 10_000, idle: Some(120_000), half_close: Some(60_000) },
            http: HttpPolicy {
                body: 60_000,
                body_rate: 0,
                first_byte: 60_000,
                response: 60_000,
                attempt: None,
                total: None,
                tunnel: Some(60_000),
                most_body: None,
                tries: 3,
                forward: Forward { via: true, forwarded: false, real_ip: false, request_id: false, host: None },
                answers: Vec::new(),
                proxy_status: false,
                trace: false,
                paths: PATHS,
            },
            reuse: Reuse { idle: 60_000, age: None, requests: None, most: 256 },
            budget: RetryBudget { percent: 20, reserve: 10 },
            listeners: Vec::new(),
            routes: Vec::new(),
            rules: Vec::new(),
            paths: Vec::new(),
            pools: Vec::new(),
            endpoints: Vec::new(),
            without_tables: false,
        }
    }

    /// One listener, named `in`, before one pool of these endpoints, which take turns.
    pub fn of(listen: &Address, accept: Accept, endpoints: &[&Endpoint]) -> Self {
        Self::empty().pool("pool", cycle(endpoints.len()), endpoints).listen("in", listen, accept, "pool")
    }

    /// One more listener, whose connections go to a pool.
    pub fn listen(self, key: &str, address: &Address, accept: Accept, pool: &str) -> Self {
        self.listen_as(Protocol::Tcp {}, key, address, accept, pool)
    }

    /// One more listener that speaks `protocol`.
    pub fn listen_as(mut self, protocol: Protocol, key: &str, address: &Address, accept: Accept, pool: &str) -> Self {
        self.listeners.push(Listener { key: key.into(), address: address.clone(), protocol, accept, backlog: 1024 });
        self.routes.push((key.into(), pool.into()));
        self
    }

    /// One more pool, and its endpoints if they are not there yet.
    pub fn pool(mut self, key: &str, algorithm: Algorithm, endpoints: &[&Endpoint]) -> Self {
        for endpoint in endpoints {
            self = self.endpoint(endpoint);
        }
        let members = endpoints.iter().map(|endpoint| endpoint.name.clone()).collect();
        self.pools.push((key.into(), algorithm, members));
        self
    }

    /// One more endpoint, in no pool.
    pub fn endpoint(mut self, endpoint: &Endpoint) -> Self {
        if !self.endpoints.iter().any(|known| known.key == endpoint.name) {
            let addresses = vec![endpoint.address.clone()];
            self.endpoints.push(plan::Endpoint { key: endpoint.name.clone(), addresses });
        }
        self
    }

    pub fn workers(mut self, workers: u32) -> Self {
        self.settings.workers = Some(workers);
        self
    }

    pub fn drain(mut self, millis: u32) -> Self {
        self.settings.drain = millis;
        self
    }

    pub fn leave(mut self, millis: u32) -> Self {
        self.settings.leave = millis;
        self
    }

    /// The skeleton and the tables.
    pub fn encode(&self, version: u32) -> (Vec<u8>, Vec<Vec<u8>>) {
        let at = |found: Option<usize>| found.unwrap() as u32;
        let listener = |key: &String| at(self.listeners.iter().position(|listener| listener.key == *key));
        let pool = |key: &String| at(self.pools.iter().position(|(name, ..)| name == key));
        let endpoint = |key: &String| at(self.endpoints.iter().position(|endpoint| endpoint.key == *key));
        let mut tables = Vec::new();
        let (reuse, budget) = (self.reuse, self.budget);
        let pools = self.pools.iter().map(|(key, algorithm, members)| Pool {
            key: key.clone(),
            reuse,
            budget,
            endpoints: members.iter().map(endpoint).collect(),
            picker: picker(algorithm, &mut tables),
        });
        let pools = pools.collect();
        let plan = Plan {
            format: FORMAT,
            version,
            engine: self.settings.clone(),
            access_log: self.log.clone().map(|log| AccessLog { listeners: self.logged(), ..log }),
            listeners: self.listeners.clone(),
            rules: self.rules(listener),
            routes: self.routes_of_all(pool),
            pools,
            endpoints: self.endpoints.clone(),
        };
        if self.without_tables {
            tables.clear();
        }
        (serde_json::to_vec(&plan).unwrap(), tables)
    }
}

impl Draft {
    fn logged(&self) -> Vec<u32> {
        (0..self.listeners.len() as u32).collect()
    }

    /// What comes by a listener for a host, or a path, goes to a pool, before what was said otherwise.
    pub fn rule(mut self, listener: &str, host: &str, path: &str, pool: &str) -> Self {
        let part = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        self.rules.push((listener.into(), part(host), part(path), pool.into()));
        self
    }

    /// What holds for paths on the routes to a pool.
    pub fn paths(mut self, pool: &str, policy: PathPolicy) -> Self {
        self.paths.push((pool.into(), policy));
        self
    }

    fn http_for(&self, pool: &str) -> HttpPolicy {
        let own = self.paths.iter().find(|(name, _)| name == pool).map(|(_, policy)| *policy);
        HttpPolicy { paths: own.unwrap_or(self.http.paths), ..self.http.clone() }
    }

    // The routes of the rules stand behind those of the listeners, each named by its pool and its place.
    fn routes_of_all(&self, pool: impl Fn(&String) -> u32) -> Vec<Route> {
        let ruled = self.rules.iter().enumerate().map(|(at, (.., to))| (format!("{to}-{at}"), to.clone()));
        let all = self.routes.iter().cloned().chain(ruled);
        let route = |(key, to): (String, String)| Route {
            key,
            pool: pool(&to),
            timeouts: self.timeouts,
            http: self.http_for(&to),
        };
        all.map(route).collect()
    }

    fn rules(&self, listener: impl Fn(&String) -> u32) -> Vec<Rule> {
        let ruled = self.rules.iter().zip(self.routes.len() as u32..).map(|((from, host, path, _), route)| Rule {
            listeners: Some(vec![listener(from)]),
            host: host.clone(),
            path: path.clone(),
            route,
        });
        let all = (0..).zip(&self.routes).map(|(route, (from, _))| Rule {
            listeners: Some(vec![listener(from)]),
            host: None,
            path: None,
            route,
        });
        ruled.chain(all).collect()
    }
}

/// HTTP with the limits that hold by default, and times that no test comes to.
pub const HTTP: Protocol = Protocol::Http(HTTP_LISTENER);
/// What holds there.
pub const HTTP_LISTENER: HttpListener = HttpListener {
    head: 30_000,
    keep_alive: 75_000,
    heads: HeadLimits { line: 16 * 1024, fields: 64 * 1024, count: 100 },
    trust: Trust { networks: Vec::new(), unix: false },
    underscores: Underscores::Keep,
    hops: 20,
    answers: Vec::new(),
    proxy_status: false,
    merge_slashes: false,
};

/// What holds for paths by default.
pub const PATHS: PathPolicy = PathPolicy {
    encoded_slash: EncodedSlash::Reject,
    encoded_backslash: Admission::Reject,
    encoded_percent: Admission::Keep,
    backslash: Admission::Reject,
    semicolon: Semicolon::Parameters,
    form: PathForm::Canonical,
};

fn picker(algorithm: &Algorithm, tables: &mut Vec<Vec<u8>>) -> Picker {
    match algorithm {
        Algorithm::Cycle(table) => {
            let bytes: Vec<u8> = table.iter().flat_map(|at| at.to_le_bytes()).collect();
            let table = TableHash::of(&bytes);
            tables.push(bytes);
            Picker::Cycle { table }
        }
        Algorithm::Least(choices) => Picker::Least { cost: vec![CostOp::Inflight {}], choices: *choices },
    }
}
