//! A limit on memory. What is allocated counts, whether it is touched or not: a header of a few bytes must not make us
//! reserve gigabytes.

use std::alloc::{GlobalAlloc, Layout, System};
use std::backtrace::Backtrace;
use std::process::abort;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread::panicking;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Bytes that are allocated now.
static ALLOCATED: AtomicUsize = AtomicUsize::new(0);
/// Bytes that may be allocated.
static LIMIT: AtomicUsize = AtomicUsize::new(usize::MAX);

/// Runs `work`, which may allocate `n_bytes` beyond what is allocated before; more is a finding.
pub fn within<T>(n_bytes: usize, work: impl FnOnce() -> T) -> T {
    LIMIT.store(ALLOCATED.load(Relaxed).saturating_add(n_bytes), Relaxed);
    let result = work();
    LIMIT.store(usize::MAX, Relaxed);
    result
}

struct Counting;

/// Counts `n_bytes` more; ends the process where that is too much.
fn take(n_bytes: usize) {
    let n_allocated = ALLOCATED
        .fetch_add(n_bytes, Relaxed)
        .saturating_add(n_bytes);
    let limit = LIMIT.load(Relaxed);
    // A panic is a finding already, and says so at length.
    if n_allocated > limit && !panicking() {
        LIMIT.store(usize::MAX, Relaxed);
        eprintln!("allocated {n_allocated} bytes, {n_bytes} of them at once; the limit is {limit}");
        eprintln!("{}", Backtrace::force_capture());
        abort();
    }
}

// SAFETY: all requests go on to the allocator of the system.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        take(layout.size());
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        ALLOCATED.fetch_sub(layout.size(), Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(place, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        take(layout.size());
        // SAFETY: as the caller promises.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, n_bytes: usize) -> *mut u8 {
        take(n_bytes);
        ALLOCATED.fetch_sub(layout.size(), Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.realloc(place, layout, n_bytes) }
    }
}
