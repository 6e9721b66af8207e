//! Windows in which there is nothing to hear, and so nothing to decode.
//!
//! Whisper was taught on recordings of speech: given digital silence it says `You` or `Thank you` and is rather sure of
//! it. Such windows are found by their samples, which costs nothing and cannot change what is made of speech.

use crate::asr::mel::FRAMES_PER_SECOND;

/// Half the distance between the lowest and the highest sample of what counts as silence: -80 dB, three steps of 16 bit.
const SILENCE_AMPLITUDE: f32 = 1e-4;

/// Frames that hold no word: what is left of a file after its last window is 0.1 s at least, or nothing.
const SHORTEST: usize = FRAMES_PER_SECOND / 10;

/// Whether there may be words in a window of `size` frames with these samples.
pub(super) fn may_hold_words(samples: &[f32], size: usize) -> bool {
    size >= SHORTEST && amplitude(samples) > SILENCE_AMPLITUDE
}

/// Half the distance between the lowest and the highest sample; a constant offset has none.
fn amplitude(samples: &[f32]) -> f32 {
    let lowest = samples.iter().copied().fold(f32::INFINITY, f32::min);
    let highest = samples.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    if samples.is_empty() {
        0.0
    } else {
        (highest - lowest) / 2.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hum(amplitude: f32, offset: f32) -> Vec<f32> {
        (0..16_000)
            .map(|i| amplitude * (i as f32 * 0.05).sin() + offset)
            .collect()
    }

    #[test]
    fn digital_silence_dither_and_an_offset_hold_no_words() {
        let dither: Vec<f32> = (0..16_000).map(|i| (i % 3 - 1) as f32 / 32_768.0).collect();
        for samples in [vec![0.0; 16_000], vec![0.3; 16_000], dither, hum(5e-5, 0.1)] {
            assert!(!may_hold_words(&samples, 100));
        }
        assert!(!may_hold_words(&[], 100));
    }

    #[test]
    fn very_quiet_sound_is_listened_to_unless_too_short() {
        assert!(may_hold_words(&hum(3e-4, 0.0), 100));
        assert!(may_hold_words(&hum(3e-4, 0.0), 10));
        assert!(!may_hold_words(&hum(0.5, 0.0), 9));
    }
}
