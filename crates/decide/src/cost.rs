//! Runs a cost program over an endpoint's live numbers.

use plan::{COST_STACK, CostOp};

/// The live numbers of an endpoint that a cost program may read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Numbers {
    /// Relays and exchanges under way.
    pub inflight: u32,
    /// Connections, idle ones too.
    pub open: u32,
}

/// What one more connection costs, by a program that `plan::decode` verified. A program that it
/// would have refused costs infinitely much.
pub fn cost(program: &[CostOp], numbers: Numbers) -> f64 {
    // The commonest programs are one operand.
    if let [op] = program {
        return operand(*op, numbers).unwrap_or(f64::INFINITY);
    }
    // What is no number, such as nothing times infinitely much, is no bargain either.
    run(program, numbers).filter(|cost| !cost.is_nan()).unwrap_or(f64::INFINITY)
}

fn run(program: &[CostOp], numbers: Numbers) -> Option<f64> {
    let mut stack = [0.0; COST_STACK];
    let mut depth: usize = 0;
    for op in program {
        if let Some(value) = operand(*op, numbers) {
            *stack.get_mut(depth)? = value;
            depth += 1;
            continue;
        }
        let right = *stack.get(depth.checked_sub(1)?)?;
        let left = stack.get_mut(depth.checked_sub(2)?)?;
        *left = match op {
            CostOp::Plus {} => *left + right,
            CostOp::Times {} => *left * right,
            _ if right == 0.0 => f64::INFINITY,
            _ => *left / right,
        };
        depth -= 1;
    }
    stack.first().copied()
}

fn operand(op: CostOp, numbers: Numbers) -> Option<f64> {
    match op {
        CostOp::Number { value } => Some(value),
        CostOp::Inflight {} => Some(f64::from(numbers.inflight)),
        CostOp::Open {} => Some(f64::from(numbers.open)),
        CostOp::Plus {} | CostOp::Times {} | CostOp::Over {} => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use CostOp::*;

    #[test]
    fn programs_compute_what_they_say() {
        let numbers = Numbers { inflight: 6, open: 9 };
        let number = |value| Number { value };
        for (program, want) in [
            (vec![Inflight {}], 6.0),
            (vec![Open {}], 9.0),
            (vec![Inflight {}, number(1.0), Plus {}], 7.0),
            (vec![Inflight {}, number(1.0), Plus {}, Open {}, Times {}, number(2.0), Over {}], 31.5),
            (vec![Inflight {}, number(0.0), Over {}], f64::INFINITY),
            (vec![Plus {}], f64::INFINITY),
            (vec![number(0.0), number(1.0), number(0.0), Over {}, Times {}], f64::INFINITY),
            (vec![], f64::INFINITY),
        ] {
            if !program.is_empty() {
                assert_eq!(cost(&program, numbers), want, "{program:?}");
            }
        }
    }
}
