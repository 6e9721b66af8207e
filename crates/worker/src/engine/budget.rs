//! How much memory tasks may take.

use std::time::Duration;

/// How much memory loaded models may take, together with the recordings that are computed, and how long they are kept
/// unused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ModelBudget {
    /// Bytes of all loaded models together, as far as can be told from their files, and of the samples of recordings.
    pub max_bytes: u64,
    /// Loaded models; those in use count, but are never given back.
    pub max_models: usize,
    /// Bytes that the search of one task may take beside its model; `None` sets no limit but that of the recogniser.
    pub max_search_bytes: Option<u64>,
    /// A model that was not used for so long is given back; `None` keeps it.
    pub idle: Option<Duration>,
}

impl Default for ModelBudget {
    /// 4 GiB, eight models, kept for ever.
    fn default() -> Self {
        Self {
            max_bytes: 4 << 30,
            max_models: 8,
            max_search_bytes: None,
            idle: None,
        }
    }
}
