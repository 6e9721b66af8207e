//! Where models lie on disk, how they are checked, and how they are fetched.
//!
//! [`locate`] is the one way to a model: it searches the folders of [`Places`] in order, asks the hub if none has it,
//! and checks every file whose SHA-256 is known before anybody opens it. A model folder is either one as CTranslate2
//! converts it (`model.bin`) or one as Hugging Face publishes it (`model.safetensors`). Alignment models come as Hugging
//! Face or torchaudio publish them.

mod align;
mod companion;
mod diarize;
mod error;
mod fetch;
mod folder;
mod locate;
mod manifest;
mod request;
mod revision;
mod verify;

pub use align::{AlignChoice, UnknownAlignModel};
pub use companion::Companion;
pub use diarize::{DiarizeChoice, DiarizeFolders, SpeakerModel, VoiceFolder};
pub use error::ModelError;
pub use fetch::{check_obtainable, pull};
pub use folder::{ModelFolder, ModelKind};
pub use locate::{find, installed_others, locate, smallest_recogniser};
pub use manifest::source_of;
pub use request::{Hub, ModelChoice, ModelRequest, Places};
pub use revision::{ModelAt, Revision, Revisions, UnusableChoice};
pub use verify::{CheckedFile, verify};
