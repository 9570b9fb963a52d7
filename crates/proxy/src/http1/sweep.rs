//! Closes idle connections that have died, or have waited too long.

use std::rc::Rc;

use crate::station::Station;

/// How often it is looked, in milliseconds.
const EVERY: u32 = 1000;

/// Sees to it that idle connections are looked at for as long as there are any. Nothing asks the system:
/// the runtime has heard of those that died.
pub fn see_to_idle(station: &Rc<Station>) {
    if station.http.sweeps.replace(true) {
        return;
    }
    let station = station.clone();
    drop(tokio::task::spawn_local(async move {
        let mut timer = station.wheel.timer();
        loop {
            timer.arm(station.wheel.now().after(EVERY));
            timer.fired().await;
            if sweep(&station) == 0 {
                station.http.sweeps.set(false);
                return;
            }
        }
    }));
}

/// Closes those that are no good any more, and answers how many are left.
fn sweep(station: &Station) -> usize {
    let now = station.wheel.now();
    let Some(adopted) = station.adopted() else { return 0 };
    adopted.endpoints().map(|endpoint| endpoint.idle.sweep(now)).sum()
}
