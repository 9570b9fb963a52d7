//! Reloads under load.

use std::time::{Duration, Instant};

use plan::Accept;

use crate::support::{
    Draft, Endpoint, Load, Running, Talk, WAYS, cycle, eventually, free_address, least, long, portable,
};

/// Every 100 ms another plan; it returns what it applied.
fn reload_for(time: Duration, running: &Running, mut draft: impl FnMut(u32) -> Draft) -> u32 {
    let began = Instant::now();
    let mut count = 0;
    while began.elapsed() < time {
        count += 1;
        // The pace.
        std::thread::sleep((began + Duration::from_millis(100) * count).saturating_duration_since(Instant::now()));
        running.apply(&draft(count));
    }
    count
}

#[test]
fn a_reload_every_100_ms_loses_nobody() {
    let [stays, goes, comes] = ["stays", "goes", "comes"].map(Endpoint::echo);
    let (long_lived, short) = (free_address(), free_address());
    let extra = [free_address(), free_address(), free_address()];
    for accept in WAYS {
        if portable() && accept == Accept::PerWorker {
            continue;
        }
        let time = Duration::from_secs(if long() { 30 } else { 3 });
        // The pool of the short connections, its algorithm, its listener's name, and other listeners
        // change; the long-lived ones' endpoint stays, and so does their listener's socket.
        let draft = |count: u32| {
            let members: &[&Endpoint] = match count % 4 {
                0 => &[&stays, &goes],
                1 => &[&comes, &stays],
                2 => &[&goes, &stays, &comes],
                _ => &[&stays],
            };
            let algorithm = if count.is_multiple_of(3) { least() } else { cycle(members.len()) };
            let mut draft = Draft::empty()
                .workers(2 + count / 5 % 3)
                .leave(30)
                .pool("long", cycle(1), &[&stays])
                .pool("short", algorithm, members)
                .listen("long", &long_lived, accept, "long")
                .listen(&format!("short {}", count % 2), &short, accept, "short");
            for address in extra.iter().take(count as usize % 4) {
                draft = draft.listen(&format!("extra {address}"), address, accept, "short");
            }
            draft
        };
        let running = Running::start(&draft(0));
        let talk = Talk::start(&long_lived, 50);
        let load = Load::start(&short, 500, 8);
        let began = Instant::now();
        let applied = reload_for(time, &running, draft);
        let (took, mut clients) = (began.elapsed(), talk.finish());
        let tally = load.finish();
        tally.all_served(took.as_secs() as usize * 250);
        println!("{accept:?}: {applied} plans and {} visits in {took:?}, {:?}", tally.count(), tally.served);
        assert!(applied >= took.as_secs() as u32 * 3, "only {applied} plans in {took:?}");
        for client in &mut clients {
            client.echo(b"still there").unwrap();
        }
        drop(clients);
        eventually("all ended", || running.counts().is_quiet());
        assert_eq!(running.counts().all_faults(), []);
        assert_eq!(running.counts().worlds, 1);
    }
}
