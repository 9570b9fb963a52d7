//! The addon: the engine through N-API. No logic: orders go to the engine's own threads, and promises
//! are settled from there.
//!
//! Every export catches panics, so that none can end the process.

mod json;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use engine::{Engine as Core, Outcome, Read};
use napi::bindgen_prelude::{Env, Error, Float64Array, Object, Result, Uint8Array};
use napi_derive::napi;

/// How the addon was built.
#[napi(object)]
pub struct BuildInfo {
    /// The Cargo profile.
    pub profile: String,
    /// The version of the package.
    pub version: String,
    /// The Cargo features.
    pub features: Vec<String>,
}

/// How this addon was built.
#[napi(catch_unwind)]
pub fn build_info() -> BuildInfo {
    let features: &[&str] = if engine::INJECTS { &["inject"] } else { &[] };
    BuildInfo {
        profile: env!("FOURSEVEN_PROFILE").into(),
        version: env!("CARGO_PKG_VERSION").into(),
        features: features.iter().map(ToString::to_string).collect(),
    }
}

/// One balancer's engine.
#[napi]
pub struct Engine {
    /// Shared with the hook that ends it together with its JavaScript environment.
    core: Arc<Mutex<Option<Core>>>,
}

#[napi]
impl Engine {
    /// Starts the control thread.
    #[napi(constructor, catch_unwind)]
    pub fn new(env: Env) -> Result<Self> {
        let core = Core::start().map_err(|error| Error::from_reason(error.to_string()))?;
        let core = Arc::new(Mutex::new(Some(core)));
        // Weak, so that an engine that nobody holds any more is freed before its environment is.
        env.add_env_cleanup_hook(Arc::downgrade(&core), |core| {
            if let Some(core) = core.upgrade() {
                end(&core, Duration::from_secs(1));
            }
        })?;
        Ok(Self { core })
    }

    /// Applies a plan, and settles with what became of it, as JSON.
    #[napi(catch_unwind, ts_return_type = "Promise<string>")]
    pub fn apply<'env>(&self, env: &'env Env, plan: Uint8Array, tables: Vec<Uint8Array>) -> Result<Object<'env>> {
        let (deferred, promise) = env.create_deferred()?;
        let done = move |outcome: Outcome| {
            let text = json::outcome(&outcome);
            deferred.resolve(move |_| Ok(text));
        };
        match &*self.core.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(core) => core.apply(plan.to_vec(), tables.iter().map(|table| table.to_vec()).collect(), done),
            None => done(Outcome::Closed),
        }
        Ok(promise)
    }

    /// Which number stands where in a row of counters, as JSON.
    #[napi(catch_unwind)]
    pub fn index(&self) -> String {
        let core = self.core.lock().unwrap_or_else(PoisonError::into_inner);
        json::index(core.as_ref().and_then(Core::index).as_ref())
    }

    /// Copies the counters; returns the version of the plan they are of, -1 when `into` is too short,
    /// -2 when there is nothing to read.
    #[napi(catch_unwind)]
    pub fn read(&self, mut into: Float64Array) -> i64 {
        // SAFETY: JavaScript waits in this call, so nobody else touches the array meanwhile.
        let row = unsafe { into.as_mut() };
        match self.core.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(|core| core.read(row)) {
            Some(Read::Version(version)) => version.into(),
            Some(Read::TooShort) => -1,
            Some(Read::Nothing) | None => -2,
        }
    }

    /// Stops accepting, lets connections finish for so many milliseconds, and cuts those that are
    /// left; settles with what that came to, as JSON.
    #[napi(catch_unwind, ts_return_type = "Promise<string>")]
    pub fn close<'env>(&self, env: &'env Env, drain: u32) -> Result<Object<'env>> {
        let (deferred, promise) = env.create_deferred()?;
        let done = move |closed: engine::Closed| {
            let text = json::closed(closed);
            deferred.resolve(move |_| Ok(text));
        };
        match &*self.core.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(core) => core.close(Duration::from_millis(drain.into()), done),
            None => done(engine::Closed { cut: 0 }),
        }
        Ok(promise)
    }

    /// Opens the files of the access log anew, and settles with why that failed, or with nothing.
    #[napi(catch_unwind, ts_return_type = "Promise<string | null>")]
    pub fn reopen_log<'env>(&self, env: &'env Env) -> Result<Object<'env>> {
        let (deferred, promise) = env.create_deferred()?;
        let done = move |result: std::result::Result<(), String>| deferred.resolve(move |_| Ok(result.err()));
        match &*self.core.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(core) => core.reopen_log(done),
            None => done(Ok(())),
        }
        Ok(promise)
    }

    /// Ends all threads now, and waits at most so many milliseconds for them.
    #[napi(catch_unwind)]
    pub fn shutdown(&self, deadline: u32) {
        end(&self.core, Duration::from_millis(deadline.into()));
    }
}

fn end(core: &Mutex<Option<Core>>, deadline: Duration) {
    let taken = core.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(mut core) = taken {
        core.shutdown(deadline);
    }
}
