//! Bytes in, a plan that is already right out.

use std::fmt;

use crate::tables::Tables;
use crate::verify::verify;
use crate::{FORMAT, Picker, Plan};

/// A plan that was decoded and verified, with exactly the tables it names.
#[derive(Debug, Clone)]
pub struct Decoded {
    /// The plan.
    pub plan: Plan,
    /// Its tables.
    pub tables: Tables,
}

/// Something that is wrong with a plan. TypeScript compiles plans, so this is a bug of ours and not
/// a mistake of the user's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where: a path into the plan, such as `pools[0].picker.table`.
    pub place: String,
    /// What is wrong there.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

/// Decodes the JSON skeleton of a plan and the tables sent with it, and verifies both.
///
/// `held` are the tables of the plan before; only what is not among them need be sent.
///
/// # Errors
///
/// All problems at once, or the first one of the shape.
///
/// ```
/// let json = br#"{
///   "format": 1, "version": 1,
///   "engine": { "workers": 1, "portable": false, "drain": 30000, "leave": 1000, "retryAfter": 5 },
///   "accessLog": null, "listeners": [], "rules": [], "routes": [], "pools": [], "endpoints": []
/// }"#;
/// let decoded = plan::decode(json, &[], &plan::Tables::default()).unwrap();
/// assert_eq!(decoded.plan.version, 1);
/// ```
pub fn decode(json: &[u8], sent: &[Vec<u8>], held: &Tables) -> Result<Decoded, Vec<Problem>> {
    let plan = shape(json).map_err(|problem| vec![problem])?;
    let mut arrived = Tables::default();
    let mut problems = Vec::new();
    for (at, bytes) in sent.iter().enumerate() {
        if let Err(message) = arrived.insert(bytes) {
            problems.push(Problem { place: format!("tables[{at}]"), message });
        }
    }
    let tables = held.with(&arrived).keep(plan.pools.iter().filter_map(|pool| match &pool.picker {
        Picker::Cycle { table } => Some(table),
        Picker::Least { .. } => None,
    }));
    problems.extend(verify(&plan, &tables));
    if problems.is_empty() { Ok(Decoded { plan, tables }) } else { Err(problems) }
}

fn shape(json: &[u8]) -> Result<Plan, Problem> {
    let root = |message| Problem { place: "plan".into(), message };
    let plan: Plan = serde_json::from_slice(json).map_err(|error| root(error.to_string()))?;
    if plan.format != FORMAT {
        return Err(root(format!("format {} is not {FORMAT}", plan.format)));
    }
    Ok(plan)
}
