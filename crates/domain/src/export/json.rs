//! The whole transcript as one JSON document on one line.

use std::fmt::{self, Write};

use crate::transcript::{Segment, Transcript};

/// Numbers that are not finite are left out: JSON has no word for them.
pub(super) fn write(transcript: &Transcript, out: &mut impl Write) -> fmt::Result {
    let mut transcript = transcript.clone();
    drop_non_finite(&mut transcript.language_probability);
    transcript.segments.iter_mut().for_each(clean);
    let text = serde_json::to_string(&transcript).map_err(|_| fmt::Error)?;
    writeln!(out, "{text}")
}

fn clean(segment: &mut Segment) {
    for number in [
        &mut segment.avg_logprob,
        &mut segment.no_speech_prob,
        &mut segment.compression_ratio,
        &mut segment.temperature,
    ] {
        drop_non_finite(number);
    }
    for word in segment.words.iter_mut().flatten() {
        drop_non_finite(&mut word.score);
    }
    for character in segment.chars.iter_mut().flatten() {
        drop_non_finite(&mut character.score);
    }
}

fn drop_non_finite(number: &mut Option<f64>) {
    *number = number.filter(|number| number.is_finite());
}
