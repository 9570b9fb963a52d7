//! What it costs to give an endpoint one more connection, as a short postfix program.

use serde::{Deserialize, Serialize};
#[cfg(feature = "types")]
use ts_rs::TS;

/// The deepest stack that a cost program may need.
pub const COST_STACK: usize = 8;

/// One step of a cost program. Operands are pushed, operators take two and push one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(TS))]
#[serde(tag = "op", rename_all = "camelCase", deny_unknown_fields)]
pub enum CostOp {
    /// Push a number.
    #[serde(rename_all = "camelCase")]
    Number {
        /// Finite.
        value: f64,
    },
    /// Push the endpoint's relays and exchanges under way.
    Inflight {},
    /// Push the endpoint's connections, idle ones too.
    Open {},
    /// Add.
    Plus {},
    /// Multiply.
    Times {},
    /// Divide; by zero is infinite, so such an endpoint comes last.
    Over {},
}

/// The deepest stack that `program` needs, or what is wrong with it.
///
/// # Errors
///
/// A sentence that says which step takes more than there is, or that the program does not leave
/// exactly one number, or is too deep.
pub fn stack_need(program: &[CostOp]) -> Result<usize, String> {
    let mut depth: usize = 0;
    let mut deepest: usize = 0;
    for (at, op) in program.iter().enumerate() {
        match op {
            CostOp::Number { value } if !value.is_finite() => {
                return Err(format!("step {at} pushes a number that is not finite"));
            }
            CostOp::Number { .. } | CostOp::Inflight {} | CostOp::Open {} => depth += 1,
            CostOp::Plus {} | CostOp::Times {} | CostOp::Over {} => {
                if depth < 2 {
                    return Err(format!("step {at} takes two numbers, {depth} are there"));
                }
                depth -= 1;
            }
        }
        deepest = deepest.max(depth);
    }
    if depth != 1 {
        return Err(format!("the program leaves {depth} numbers, not one"));
    }
    if deepest > COST_STACK {
        return Err(format!("the program needs a stack of {deepest}, {COST_STACK} is the most"));
    }
    Ok(deepest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_accepted_when_it_leaves_one_number() {
        let number = |value| CostOp::Number { value };
        for (program, want) in [
            (vec![CostOp::Inflight {}], Ok(1)),
            (vec![CostOp::Inflight {}, number(1.0), CostOp::Plus {}], Ok(2)),
            (vec![], Err("the program leaves 0 numbers, not one")),
            (vec![CostOp::Plus {}], Err("step 0 takes two numbers, 0 are there")),
            (vec![CostOp::Open {}, CostOp::Open {}], Err("the program leaves 2 numbers, not one")),
            (vec![number(f64::NAN)], Err("step 0 pushes a number that is not finite")),
        ] {
            assert_eq!(stack_need(&program), want.map_err(String::from), "{program:?}");
        }
        let mut deep = vec![CostOp::Open {}; COST_STACK + 1];
        deep.extend(vec![CostOp::Plus {}; COST_STACK]);
        assert!(stack_need(&deep).is_err());
    }
}
