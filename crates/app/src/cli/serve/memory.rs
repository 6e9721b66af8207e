//! How much memory this machine has, or the container in which the service runs.

use std::fs;

/// Where nothing says how much there is.
const GUESS: u64 = 4 << 30;

/// Half of the memory: the rest is for recordings, other programs and the cache of files.
pub(super) fn half() -> u64 {
    let machine = fs::read_to_string("/proc/meminfo");
    let container = fs::read_to_string("/sys/fs/cgroup/memory.max");
    let known = [
        machine.ok().and_then(|text| total(&text)),
        container.ok().and_then(|text| text.trim().parse().ok()),
    ];
    known.into_iter().flatten().min().unwrap_or(GUESS) / 2
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
        assert!(half() > 0);
    }
}
