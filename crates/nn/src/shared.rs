//! A slice that several workers write to, each its own part.
#![expect(
    unsafe_code,
    reason = "workers write disjoint parts of one buffer; each use says which"
)]

use std::marker::PhantomData;
use std::ops::Range;

/// A mutable slice handed to all workers of a pool.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shared<'a, T> {
    data: *mut T,
    len: usize,
    lifetime: PhantomData<&'a mut [T]>,
}

// SAFETY: access goes through unsafe methods whose callers promise disjoint ranges.
unsafe impl<T: Send> Send for Shared<'_, T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for Shared<'_, T> {}

impl<'a, T> Shared<'a, T> {
    pub(crate) fn new(slice: &'a mut [T]) -> Self {
        Self {
            data: slice.as_mut_ptr(),
            len: slice.len(),
            lifetime: PhantomData,
        }
    }

    /// The part `range`, to write.
    ///
    /// # Safety
    /// Until the next barrier no other worker reads or writes any element of `range`.
    pub(crate) unsafe fn slice_mut(&self, range: Range<usize>) -> &'a mut [T] {
        assert!(
            range.start <= range.end && range.end <= self.len,
            "{range:?} is outside 0..{}",
            self.len
        );
        // SAFETY: in bounds by the check, exclusive by the caller's promise.
        unsafe { std::slice::from_raw_parts_mut(self.data.add(range.start), range.len()) }
    }

    /// The address of `range`, whose elements others may be using: for kernels that touch only their own columns of it.
    pub(crate) fn address(&self, range: Range<usize>) -> *mut T {
        assert!(
            range.start <= range.end && range.end <= self.len,
            "{range:?} is outside 0..{}",
            self.len
        );
        self.data.wrapping_add(range.start)
    }

    /// The part `range`, to read.
    ///
    /// # Safety
    /// Until the next barrier no worker writes any element of `range`.
    pub(crate) unsafe fn slice(&self, range: Range<usize>) -> &'a [T] {
        assert!(
            range.start <= range.end && range.end <= self.len,
            "{range:?} is outside 0..{}",
            self.len
        );
        // SAFETY: in bounds by the check, unwritten by the caller's promise.
        unsafe { std::slice::from_raw_parts(self.data.add(range.start), range.len()) }
    }
}
