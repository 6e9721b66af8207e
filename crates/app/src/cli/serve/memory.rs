//! How much memory this machine has, or the container or unit in which the service runs, or the process may take.

use std::fs;
use std::path::{Path, PathBuf};

use rustix::process::{Resource, getrlimit};

/// Where nothing says how much there is.
const GUESS: u64 = 4 << 30;

/// Three quarters of the memory, for models and recordings: the rest is for searches, other programs and the cache of
/// files.
pub(super) fn for_tasks() -> u64 {
    all() / 4 * 3
}

/// What the searches of all tasks may take together, beside models and recordings.
pub(super) fn for_searches() -> u64 {
    all() / 4
}

/// The least of what the machine has, the groups of this process allow, and its own limits do.
fn all() -> u64 {
    let machine = fs::read_to_string("/proc/meminfo").ok();
    let group = fs::read_to_string("/proc/self/cgroup").ok();
    let group = group.as_deref().and_then(own_group).unwrap_or("/");
    let limits = groups(group).filter_map(|path| fs::read_to_string(path).ok());
    let limits = limits.filter_map(|text| text.trim().parse().ok());
    let known = machine.and_then(|text| total(&text)).into_iter();
    known
        .chain(limits)
        .chain(own_limits())
        .min()
        .unwrap_or(GUESS)
}

/// What this process may allocate (`ulimit -d`) and map (`ulimit -v`). Beyond them an allocation fails, and the process
/// ends.
fn own_limits() -> impl Iterator<Item = u64> {
    let limits = [Resource::Data, Resource::As].map(getrlimit);
    limits.into_iter().filter_map(|limit| limit.current)
}

/// The group of this process, of what `/proc/self/cgroup` says (control groups, version 2).
fn own_group(text: &str) -> Option<&str> {
    text.lines().find_map(|line| line.strip_prefix("0::"))
}

/// Where the limits of `group` stand, and of those that it is part of: in a container, only the last is there.
fn groups(group: &str) -> impl Iterator<Item = PathBuf> {
    let parts = Path::new(group.trim_start_matches('/')).ancestors();
    parts.map(|part| Path::new("/sys/fs/cgroup").join(part).join("memory.max"))
}

/// The bytes that `/proc/meminfo` calls the total.
fn total(text: &str) -> Option<u64> {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kilobytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    kilobytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_is_read_in_bytes() {
        assert_eq!(
            total("MemTotal:       2048 kB\nMemFree: 1 kB\n"),
            Some(2 << 20)
        );
        assert_eq!(total("MemFree: 1 kB\n"), None);
        assert!(for_tasks() > 0);
    }

    #[test]
    fn a_unit_is_limited_by_itself_and_by_what_it_is_part_of() {
        let group = own_group("1:name=x:/y\n0::/system.slice/scriven.service\n").unwrap();
        let found: Vec<_> = groups(group)
            .map(|path| path.display().to_string())
            .collect();
        assert_eq!(
            found,
            [
                "/sys/fs/cgroup/system.slice/scriven.service/memory.max",
                "/sys/fs/cgroup/system.slice/memory.max",
                "/sys/fs/cgroup/memory.max"
            ]
        );
    }
}
