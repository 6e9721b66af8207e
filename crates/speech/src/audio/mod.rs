//! Files of any kind become mono samples at 16 kHz.

/// Samples a second of all audio below the decoder.
pub const SAMPLE_RATE: u32 = 16_000;
