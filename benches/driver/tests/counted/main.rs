//! What can only be counted from outside: descriptors, memory, processor time, system calls.
//!
//! Linux only. What needs a tool or a right that is missing is skipped by name.
#![cfg(target_os = "linux")]

#[path = "../support/mod.rs"]
mod support;

mod bulk;
mod idle;
mod limit;
mod quota;
mod requests;
