//! The track that is decoded, and how it is chosen.

use std::num::NonZeroU16;

use symphonia::core::formats::Track;

use domain::units::Seconds;

use super::decoder::TrackDecoder;
use super::reader::Reader;
use super::times::{TrackTimes, seconds};
use super::{Failure, Otherwise};
use crate::audio::RATES;
use crate::audio::tracks::{Candidate, Choice, Kind, choose};

/// The track that is decoded.
pub(super) struct ChosenTrack {
    pub(super) id: u32,
    pub(super) choice: Choice,
    pub(super) decoder: TrackDecoder,
    pub(super) times: TrackTimes,
    /// By the header; zero where it says nothing.
    pub(super) duration: Seconds,
}

impl ChosenTrack {
    /// Chooses among the audio tracks of `reader`; with its reason, why there is none.
    pub(super) fn choose(
        reader: &Reader<'_>,
        wanted: Option<NonZeroU16>,
        otherwise: Otherwise,
    ) -> Result<Self, Failure> {
        let is_sound = |track: &&Track| reader.kind(track) == Some(Kind::Sound);
        let sounds: Vec<&Track> = reader.tracks().iter().filter(is_sound).collect();
        let all_are_known = reader
            .tracks()
            .iter()
            .all(|track| reader.kind(track).is_some());
        if sounds.is_empty() && (!all_are_known || reader.tracks().is_empty()) {
            return Err(Failure::Foreign("a codec that is not known here".into()));
        }
        let decoders = sounds
            .iter()
            .map(|track| TrackDecoder::new(track, otherwise));
        let mut decoders: Vec<_> = decoders.collect();
        let candidates = sounds
            .iter()
            .zip(&decoders)
            .map(|(track, decoder)| Candidate {
                is_default: reader.is_default(track),
                // `ffmpeg` reads them all.
                is_readable: otherwise == Otherwise::Ffmpeg || decoder.is_ok(),
            });
        let choice = choose(&candidates.collect::<Vec<_>>(), wanted)?;
        let (track, decoder) = (sounds[choice.index], decoders.swap_remove(choice.index)?);
        Ok(Self {
            id: track.id,
            choice,
            times: TrackTimes::new(reader, track)?,
            duration: duration(track, &decoder)
                .or(reader.expected())
                .unwrap_or_default(),
            decoder,
        })
    }
}

/// How long a track is by its header.
fn duration(track: &Track, decoder: &TrackDecoder) -> Option<Seconds> {
    let rate = decoder.params().sample_rate;
    let rate = rate.filter(|rate| RATES.contains(rate));
    let by_frames = (track.num_frames.zip(rate))
        .map(|(n_frames, rate)| Seconds(n_frames as f64 / f64::from(rate)));
    let by_time = (track.duration.zip(track.time_base))
        .and_then(|(duration, base)| Some((i64::try_from(duration.get()).ok()?, base)))
        .map(|(duration, base)| seconds(duration.into(), base));
    by_frames.or(by_time)
}
