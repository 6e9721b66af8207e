//! How much memory a search may take beside its model, and how much it may need.

use domain::options::AsrOptions;

use super::error::AsrError;
use super::network::Network;

/// What the caches of a batch may take if every row gets as long as it can, in bytes, where the network was given no
/// limit; the usual batch is allowed there in any case.
const BATCH_BYTES: u64 = 2 << 30;

/// The memory of a search.
pub(super) struct SearchMemory<F> {
    /// What a window takes while it is decoded in so many rows.
    window_bytes: F,
    /// What the network was given; `None` if nobody set a limit.
    max_bytes: Option<u64>,
}

/// That of a search by `network`.
pub(super) fn of<N: Network>(network: &N) -> SearchMemory<impl Fn(usize) -> u64> {
    SearchMemory {
        window_bytes: |n_rows| network.window_bytes(n_rows),
        max_bytes: network.max_search_bytes(),
    }
}

impl<F: Fn(usize) -> u64> SearchMemory<F> {
    /// How many chunks are decoded together: as many as are asked for, unless their caches could take more memory than
    /// a batch may. Whoever asks for a hundred beams gets them, a few chunks at a time.
    ///
    /// # Errors
    /// Not even one window can be decoded as wide as is asked for.
    pub(super) fn batch_size(&self, options: &AsrOptions) -> Result<usize, AsrError> {
        self.check(options)?;
        let most = self.allowed_bytes().checked_div(self.needed_bytes(options));
        let most = most
            .and_then(|most| usize::try_from(most).ok())
            .unwrap_or(usize::MAX);
        Ok(options.batch_size.min(most).max(1))
    }

    /// That there is enough for one window.
    ///
    /// # Errors
    /// There is not: such a search might end the process.
    pub(super) fn check(&self, options: &AsrOptions) -> Result<(), AsrError> {
        let (needed_bytes, allowed_bytes) = (self.needed_bytes(options), self.allowed_bytes());
        if self.max_bytes.is_none() || needed_bytes <= allowed_bytes {
            return Ok(());
        }
        Err(AsrError::NotEnoughMemory {
            width: width(options),
            needed_bytes,
            allowed_bytes,
        })
    }

    /// As much as one window of the usual search is always allowed: without it the model is of no use.
    fn allowed_bytes(&self) -> u64 {
        let usual = AsrOptions::default();
        let window = (self.window_bytes)(usual.beam_size);
        let batch = BATCH_BYTES.max(window * usual.batch_size as u64);
        self.max_bytes
            .map_or(batch, |max_bytes| max_bytes.clamp(window, batch))
    }

    fn needed_bytes(&self, options: &AsrOptions) -> u64 {
        (self.window_bytes)(width(options))
    }
}

/// Rows that a window may be decoded in.
fn width(options: &AsrOptions) -> usize {
    options.beam_size.max(options.best_of)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(batch_size: usize, beam_size: usize) -> AsrOptions {
        AsrOptions {
            batch_size,
            beam_size,
            ..AsrOptions::default()
        }
    }

    #[test]
    fn a_batch_takes_no_more_memory_than_it_may_but_for_the_usual_one() {
        // A megabyte a window, and a hundred a row.
        let large = SearchMemory {
            window_bytes: |n_rows: usize| ((1 + 100 * n_rows) << 20) as u64,
            max_bytes: None,
        };
        let check = |options: &AsrOptions, n| assert_eq!(large.batch_size(options), Ok(n));
        check(&asked(8, 5), 8);
        check(&asked(9, 5), 8);
        check(&asked(256, 5), 8);
        check(&asked(4, 5), 4);
        check(&asked(8, 10), 4);
        check(&asked(8, 100), 1);
        let best_of = AsrOptions {
            best_of: 100,
            ..asked(8, 5)
        };
        check(&best_of, 1);
        let small = SearchMemory {
            window_bytes: |n_rows: usize| (n_rows << 20) as u64,
            max_bytes: None,
        };
        assert_eq!(small.batch_size(&asked(256, 5)), Ok(256));
        assert_eq!(small.batch_size(&asked(256, 100)), Ok(20));
        let nothing = SearchMemory {
            window_bytes: |_| 0,
            max_bytes: Some(0),
        };
        assert_eq!(nothing.batch_size(&asked(256, 100)), Ok(256));
        assert_eq!(nothing.batch_size(&asked(0, 5)), Ok(1));
    }

    #[test]
    fn a_search_that_needs_more_than_the_network_was_given_fails_and_the_usual_one_never() {
        let limited = |megabytes: u64| SearchMemory {
            window_bytes: |n_rows: usize| (n_rows << 20) as u64,
            max_bytes: Some(megabytes << 20),
        };
        assert_eq!(limited(100).batch_size(&asked(8, 5)), Ok(8));
        assert_eq!(limited(20).batch_size(&asked(8, 5)), Ok(4));
        assert_eq!(limited(1).batch_size(&asked(8, 5)), Ok(1));
        assert_eq!(limited(100).batch_size(&asked(8, 100)), Ok(1));
        let error = limited(99).batch_size(&asked(8, 100)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "not enough memory: a search with 100 beams or samples side by side takes up to 100 MB beside the model, \
             and 99 MB are allowed; ask for a smaller beam_size and best_of"
        );
        limited(1).check(&asked(1, 6)).unwrap_err();
    }
}
