//! Names of the Whisper models and where they come from.
