//! What the rooms of the service tell each other about how it is.

/// Whether tasks can be computed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum EngineStatus {
    /// Models that are wanted from the start are being loaded.
    #[default]
    Loading,
    /// Tasks are computed.
    Ready,
    /// A model that is wanted from the start cannot be had: the text says which and why. Tasks are tried all the same.
    Failed(String),
}
