//! A plan as a test writes it: by names.

use plan::{
    Accept, Address, CostOp, EngineSettings, FORMAT, Listener, Picker, Plan, Pool, Protocol, Route, TableHash, Timeouts,
};

use super::{Endpoint, portable};

/// A plan by names; positions and tables are made when it is encoded.
#[derive(Debug, Clone)]
pub struct Draft {
    pub settings: EngineSettings,
    pub timeouts: Timeouts,
    pub listeners: Vec<Listener>,
    /// Which listener's connections go to which pool.
    pub routes: Vec<(String, String)>,
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
            settings: EngineSettings { workers: Some(2), portable: portable(), drain: 30_000, leave: 50 },
            timeouts: Timeouts { connect: 10_000, idle: Some(120_000), half_close: Some(60_000) },
            listeners: Vec::new(),
            routes: Vec::new(),
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
        self.listen_as(Protocol::Tcp, key, address, accept, pool)
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
        let pools = self.pools.iter().map(|(key, algorithm, members)| Pool {
            key: key.clone(),
            endpoints: members.iter().map(endpoint).collect(),
            picker: picker(algorithm, &mut tables),
        });
        let pools = pools.collect();
        let plan = Plan {
            format: FORMAT,
            version,
            engine: self.settings.clone(),
            listeners: self.listeners.clone(),
            routes: self
                .routes
                .iter()
                .map(|(from, to)| Route {
                    key: from.clone(),
                    listeners: Some(vec![listener(from)]),
                    pool: pool(to),
                    timeouts: self.timeouts,
                })
                .collect(),
            pools,
            endpoints: self.endpoints.clone(),
        };
        if self.without_tables {
            tables.clear();
        }
        (serde_json::to_vec(&plan).unwrap(), tables)
    }
}

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
