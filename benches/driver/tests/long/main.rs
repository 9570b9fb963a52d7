//! What takes minutes, or compares times: `FOURSEVEN_LONG=1` has it told, otherwise little of it is run.
//!
//! Linux only.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a panic is the report")]
#![cfg(target_os = "linux")]

#[allow(dead_code, unused_imports, reason = "another suite needs the rest")]
#[path = "../support/mod.rs"]
mod support;

mod fairness;
mod segments;
mod soak;

/// Held by a test for as long as it lasts: times are of no use beside others.
fn alone() -> std::sync::MutexGuard<'static, ()> {
    static ALONE: std::sync::Mutex<()> = std::sync::Mutex::new(());
    ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// The middle one.
fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}
