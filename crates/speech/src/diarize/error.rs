//! Why nobody can say who speaks.

/// Why nobody can say who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DiarizeError {
    /// The caller no longer wants the result.
    #[error("finding out who speaks was cancelled")]
    Cancelled,
    /// The network that found the speech does not say who speaks with whom.
    #[error(
        "this segmentation model finds speech, but does not tell speakers apart: diarization needs segmentation-3.0"
    )]
    WrongSegmentation,
}
