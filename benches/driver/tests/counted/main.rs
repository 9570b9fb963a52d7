//! What can only be counted from outside: descriptors, memory, processor time, system calls.
//!
//! Linux only. What needs a tool or a right that is missing is skipped by name.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a panic is the report")]
#![cfg(target_os = "linux")]

#[allow(dead_code, unused_imports, reason = "another suite needs the rest")]
#[path = "../support/mod.rs"]
mod support;

mod bulk;
mod greedy;
mod http;
mod idle;
mod limit;
mod log;
mod quota;
mod requests;
