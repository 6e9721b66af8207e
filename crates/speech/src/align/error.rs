//! Why alignment gave no times.

/// Why alignment gave no times.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AlignError {
    /// The caller no longer wants the result.
    #[error("alignment was cancelled")]
    Cancelled,
}
