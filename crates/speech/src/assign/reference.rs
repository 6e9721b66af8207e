//! The rule of whisperX (`assign_word_speakers`), ties as our contract settles them.

use domain::diarization::Diarization;
use domain::transcript::Segment;

use super::timeline::Timeline;

/// Gives segments and words the speaker whose turns overlap them longest, each for itself; without an overlap there is
/// none, or with `fill_nearest` that of the turn with the nearest middle. Words without a start are passed over.
/// Without turns nothing changes.
pub fn assign_as_reference(
    segments: &mut [Segment],
    diarization: &Diarization,
    fill_nearest: bool,
) {
    if diarization.turns.is_empty() {
        return;
    }
    let timeline = Timeline::new(&diarization.turns);
    let speaker = |start: f64, end: f64| {
        let winner = timeline.winner(start, end).map(|winner| winner.speaker);
        let nearest = || timeline.nearest_middle(f64::midpoint(start, end));
        let speaker = winner.or_else(|| if fill_nearest { nearest() } else { None });
        speaker.map(|speaker| timeline.name(speaker).to_owned())
    };
    for segment in segments {
        if let Some(speaker) = speaker(segment.start.0, segment.end.0) {
            segment.speaker = Some(speaker);
        }
        for word in segment.words.iter_mut().flatten() {
            let Some(start) = word.start else { continue };
            if let Some(speaker) = speaker(start.0, word.end.unwrap_or(start).0) {
                word.speaker = Some(speaker);
            }
        }
    }
}
