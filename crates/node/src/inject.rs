//! Panics on demand, for tests. Never in a packed addon.

use std::sync::PoisonError;

use napi_derive::napi;

use crate::Engine;

/// Makes the worker at this place panic.
#[napi(catch_unwind)]
pub fn inject_worker_panic(engine: &Engine, place: u32) {
    if let Some(core) = &*engine.core.lock().unwrap_or_else(PoisonError::into_inner) {
        core.panic_worker(place as usize);
    }
}

/// Makes the task of the next connection that moves a byte panic.
#[napi(catch_unwind)]
pub fn inject_connection_panic(engine: &Engine) {
    if let Some(core) = &*engine.core.lock().unwrap_or_else(PoisonError::into_inner) {
        core.panic_connection();
    }
}
