//! Joins a plan to the lives of what it names.

use std::collections::HashSet;
use std::sync::Arc;

use plan::{
    AccessLog, Address, CostOp, Decoded, EngineSettings, HttpPolicy, Protocol, RetryBudget, Reuse, TableHash, Timeouts,
};

use crate::intern::{Counted, Lives};
use crate::live::{EndpointLive, ListenerLive, PoolLive, RouteLive};
use crate::rules::Rules;

macro_rules! positions {
    ($($name:ident of $what:literal;)*) => { $(
        #[doc = concat!("The position of ", $what, " in its world.")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub struct $name(pub u32);

        impl $name {
            /// As an index.
            pub fn index(self) -> usize { self.0 as usize }
        }
    )* };
}

positions! {
    ListenerIx of "a listener";
    RouteIx of "a route";
    PoolIx of "a pool";
    EndpointIx of "an endpoint";
}

/// A plan joined to the lives of what it names. It is never changed, only replaced.
#[derive(Debug)]
pub struct World {
    /// The version of the plan.
    pub version: u32,
    /// How the engine runs it.
    pub engine: EngineSettings,
    /// What is written of requests and connections.
    pub log: Option<Arc<AccessLog>>,
    /// Where connections come in.
    pub listeners: Vec<Listener>,
    /// What to do with them.
    pub routes: Vec<Route>,
    /// Sets of endpoints that can serve the same traffic.
    pub pools: Vec<Pool>,
    /// What stands behind the pools.
    pub endpoints: Vec<Endpoint>,
    _counted: Counted,
}

/// A listener and its life.
#[derive(Debug)]
pub struct Listener {
    /// Which route takes what comes there.
    pub rules: Rules,
    /// What is spoken there.
    pub protocol: Protocol,
    /// Whether its traffic is logged.
    pub logs: bool,
    /// What outlives the plan.
    pub live: Arc<ListenerLive>,
}

/// What to do with a match.
#[derive(Debug)]
pub struct Route {
    /// The pool that serves a match.
    pub pool: PoolIx,
    /// How long each step may take.
    pub timeouts: Timeouts,
    /// What holds for HTTP alone. Every worker reads the same one.
    pub http: Arc<HttpPolicy>,
    /// What outlives the plan.
    pub live: Arc<RouteLive>,
}

/// Endpoints that can serve the same traffic.
#[derive(Debug)]
pub struct Pool {
    /// Its endpoints.
    pub endpoints: Vec<EndpointIx>,
    /// How one of them is chosen.
    pub picker: Picker,
    /// How long HTTP connections are used again.
    pub reuse: Reuse,
    /// How many requests may be sent again.
    pub budget: RetryBudget,
    /// What outlives the plan.
    pub live: Arc<PoolLive>,
}

/// The data executed to choose an endpoint.
#[derive(Debug)]
pub enum Picker {
    /// Walk a table of positions in the pool.
    Cycle {
        /// The name of the table: a cursor lives while it is unchanged.
        hash: TableHash,
        /// The table.
        table: Arc<[u32]>,
    },
    /// The lowest cost among `choices` drawn at random, or among all.
    Least {
        /// A verified postfix program.
        cost: Vec<CostOp>,
        /// How many to draw.
        choices: Option<u32>,
    },
}

/// An endpoint and its life.
#[derive(Debug)]
pub struct Endpoint {
    /// Where it is reached.
    pub addresses: Arc<[Address]>,
    /// What outlives the plan.
    pub live: Arc<EndpointLive>,
}

impl World {
    /// Joins a verified plan to the lives of what it names, and makes those that are new.
    ///
    /// The lives of its endpoints become active; those that it no longer names are left as they are.
    pub fn join(decoded: &Decoded, lives: &mut Lives) -> World {
        let Decoded { plan, tables } = decoded;
        lives.sweep();
        let mut rules = Rules::by_listener(plan).into_iter();
        let logged = plan.access_log.iter().flat_map(|log| &log.listeners).copied().collect::<HashSet<u32>>();
        World {
            version: plan.version,
            engine: plan.engine.clone(),
            log: plan.access_log.clone().map(Arc::new),
            listeners: (0..)
                .zip(&plan.listeners)
                .map(|(at, listener)| Listener {
                    rules: rules.next().unwrap_or_default(),
                    protocol: listener.protocol.clone(),
                    logs: logged.contains(&at),
                    live: lives.listener(&listener.key),
                })
                .collect(),
            routes: plan
                .routes
                .iter()
                .map(|route| Route {
                    pool: PoolIx(route.pool),
                    timeouts: route.timeouts,
                    http: Arc::new(route.http.clone()),
                    live: lives.route(&route.key),
                })
                .collect(),
            pools: plan
                .pools
                .iter()
                .map(|pool| Pool {
                    reuse: pool.reuse,
                    budget: pool.budget,
                    live: lives.pool(&pool.key),
                    endpoints: pool.endpoints.iter().map(|at| EndpointIx(*at)).collect(),
                    picker: match &pool.picker {
                        plan::Picker::Cycle { table } => Picker::Cycle {
                            hash: table.clone(),
                            // `decode` keeps every table that the plan names.
                            table: tables.get(table).cloned().unwrap_or_default(),
                        },
                        plan::Picker::Least { cost, choices } => {
                            Picker::Least { cost: cost.clone(), choices: *choices }
                        }
                    },
                })
                .collect(),
            endpoints: plan
                .endpoints
                .iter()
                .map(|endpoint| Endpoint {
                    addresses: endpoint.addresses.clone().into(),
                    live: lives.endpoint(&endpoint.key),
                })
                .collect(),
            _counted: Counted::new(lives),
        }
    }

    /// The listener at a position.
    pub fn listener(&self, at: ListenerIx) -> Option<&Listener> {
        self.listeners.get(at.index())
    }

    /// The route at a position.
    pub fn route(&self, at: RouteIx) -> Option<&Route> {
        self.routes.get(at.index())
    }

    /// The pool at a position.
    pub fn pool(&self, at: PoolIx) -> Option<&Pool> {
        self.pools.get(at.index())
    }

    /// The endpoint at a position.
    pub fn endpoint(&self, at: EndpointIx) -> Option<&Endpoint> {
        self.endpoints.get(at.index())
    }
}
