//! The number of workers follows the processor quota.

use std::path::Path;

use crate::support::{Driver, echo, skip};

/// How many workers the driver starts by itself, when started so.
fn workers(program: &[&str], to: &str) -> Result<usize, String> {
    let mut driver = Driver::try_by(program, &[to, "workers=auto"])?;
    let count = driver.workers();
    assert_eq!(driver.read().workers, count as u64);
    driver.quit();
    Ok(count)
}

fn processors() -> usize {
    std::thread::available_parallelism().unwrap().get()
}

#[test]
fn without_a_quota_there_is_a_worker_for_each_processor() {
    let to = echo().to_string();
    assert_eq!(workers(&[], &to).unwrap(), processors());
    // The affinity counts as well.
    match workers(&["taskset", "-c", "0"], &to) {
        Ok(count) => assert_eq!(count, 1),
        Err(error) => skip("the number of workers follows the affinity", &error),
    }
}

#[test]
fn the_number_of_workers_follows_the_quota_of_a_cgroup_v1() {
    let name = "the_number_of_workers_follows_the_quota_of_a_cgroup_v1";
    if processors() < 2 {
        return skip(name, "there is only one processor");
    }
    let to = echo().to_string();
    let group = format!("/sys/fs/cgroup/cpu/fourseven-{}", std::process::id());
    if !Path::new("/sys/fs/cgroup/cpu/cpu.cfs_quota_us").exists() {
        return skip(name, "no cgroup v1 with the controller `cpu` is mounted");
    }
    if let Err(error) = std::fs::create_dir(&group) {
        return skip(name, &format!("no cgroup can be made: {error}"));
    }
    let started = std::fs::write(format!("{group}/cpu.cfs_period_us"), "100000").map_err(|error| error.to_string());
    let counts = started.and_then(|()| {
        ["100000", "200000", "-1"]
            .map(|quota| {
                std::fs::write(format!("{group}/cpu.cfs_quota_us"), quota).map_err(|error| error.to_string())?;
                let enter = format!("echo $$ > {group}/cgroup.procs && exec \"$0\" \"$@\"");
                workers(&["sh", "-c", &enter], &to)
            })
            .into_iter()
            .collect::<Result<Vec<_>, _>>()
    });
    let _ = std::fs::remove_dir(&group);
    match counts {
        Ok(counts) => assert_eq!(counts, [1, 2, processors()]),
        Err(error) => skip(name, &error),
    }
}

#[test]
fn the_number_of_workers_follows_the_quota_of_a_cgroup_v2() {
    let name = "the_number_of_workers_follows_the_quota_of_a_cgroup_v2";
    if processors() < 2 {
        return skip(name, "there is only one processor");
    }
    let to = echo().to_string();
    let folder = std::env::temp_dir().join(format!("fourseven-cgroup-{}", std::process::id()));
    let tree = folder.join("tree");
    std::fs::create_dir_all(tree.join("a/b")).unwrap();
    let put = |path: &str, text: &str| std::fs::write(folder.join(path), text).unwrap();
    put("cgroup", "0::/a/b\n");
    for group in ["tree", "tree/a", "tree/a/b"] {
        put(&format!("{group}/cgroup.controllers"), "cpu\n");
    }
    // A mount namespace of its own, in which the process sees this tree and is in a group of it.
    let at = folder.to_str().unwrap();
    let enter = format!(
        "mount --bind {at}/cgroup /proc/$$/cgroup && mount --bind {at}/tree /sys/fs/cgroup && exec \"$0\" \"$@\""
    );
    let run = |outer: &str, inner: &str| {
        put("tree/a/cpu.max", outer);
        put("tree/a/b/cpu.max", inner);
        let by = |flags: &str| workers(&["unshare", flags, "sh", "-c", &enter], &to);
        by("-m").or_else(|_| by("-Urm"))
    };
    // The smallest of those from its own group up to the root counts.
    let counts: Result<Vec<_>, _> = [
        run("max 100000", "max 100000"),
        run("max 100000", "100000 100000"),
        run("100000 100000", "max 100000"),
        run("max 100000", "200000 100000"),
    ]
    .into_iter()
    .collect();
    std::fs::remove_dir_all(&folder).unwrap();
    match counts {
        Ok(counts) => assert_eq!(counts, [processors(), 1, 1, 2.min(processors())]),
        Err(error) => skip(name, &format!("no mount namespace to show one in: {error}")),
    }
}
