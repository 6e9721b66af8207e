//! Which audio track of several is decoded: the same rule for our demuxers and for `ffmpeg`.

use std::num::NonZeroU16;

use super::AudioError;

/// What a track holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Sound,
    Picture,
    /// Subtitles, chapters, time codes.
    Other,
}

/// An audio track that may be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Candidate {
    /// The file flags it as the one to be played.
    pub(super) is_default: bool,
    /// There is a decoder for it.
    pub(super) is_readable: bool,
}

/// The audio track that was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Choice {
    /// Its number among the audio tracks, counted from 0.
    pub(super) index: usize,
    /// How many audio tracks there are.
    pub(super) n_tracks: usize,
    reason: Reason,
}

/// Why a track was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reason {
    Wanted,
    Default,
    First,
    FirstReadable,
}

/// The track that is wanted, else the one that alone is flagged as the default, else the first that can be decoded, else the
/// first.
///
/// # Errors
/// There is no audio track, or none with the wanted number.
pub(super) fn choose(
    candidates: &[Candidate],
    wanted: Option<NonZeroU16>,
) -> Result<Choice, AudioError> {
    let n_tracks = candidates.len();
    let choice = |index, reason| {
        Ok(Choice {
            index,
            n_tracks,
            reason,
        })
    };
    match wanted {
        Some(track) if usize::from(track.get()) <= n_tracks => {
            return choice(usize::from(track.get()) - 1, Reason::Wanted);
        }
        Some(track) if n_tracks > 0 => return Err(AudioError::NoSuchTrack { track, n_tracks }),
        _ if n_tracks == 0 => return Err(AudioError::NoAudioTrack),
        _ => {}
    }
    let defaults = || (0..n_tracks).filter(|index| candidates[*index].is_default);
    if let (Some(index), 1) = (defaults().next(), defaults().count())
        && candidates[index].is_readable
        && n_tracks > 1
    {
        return choice(index, Reason::Default);
    }
    match candidates
        .iter()
        .position(|candidate| candidate.is_readable)
    {
        Some(index) if index > 0 => choice(index, Reason::FirstReadable),
        _ => choice(0, Reason::First),
    }
}

impl Choice {
    /// What the person should know: that there are others.
    pub(super) fn note(&self) -> Option<String> {
        let Self {
            index, n_tracks, ..
        } = *self;
        let why = match self.reason {
            Reason::Wanted => return None,
            Reason::Default => "which is flagged as the default",
            Reason::First => "the first",
            Reason::FirstReadable => "the first that can be decoded here",
        };
        (n_tracks > 1).then(|| {
            format!(
                "the file has {n_tracks} audio tracks; number {} was taken, {why} (audio_track chooses another)",
                index + 1
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tracks as letters: `d` is a default, `u` is unreadable, `D` is both unreadable and default.
    fn check(tracks: &str, wanted: u16, expected: Option<usize>) -> Option<String> {
        let candidates: Vec<_> = tracks
            .chars()
            .map(|letter| Candidate {
                is_default: matches!(letter, 'd' | 'D'),
                is_readable: !matches!(letter, 'u' | 'D'),
            })
            .collect();
        let choice = choose(&candidates, NonZeroU16::new(wanted));
        assert_eq!(
            choice.as_ref().ok().map(|choice| choice.index),
            expected,
            "{tracks} {wanted}"
        );
        choice.ok()?.note()
    }

    #[test]
    fn the_one_default_counts_and_else_the_first_that_can_be_decoded() {
        check("d", 0, Some(0));
        check(".", 0, Some(0));
        check(".d", 0, Some(1));
        check("dd", 0, Some(0));
        check("..", 0, Some(0));
        check("u.", 0, Some(1));
        check("uu", 0, Some(0));
        check(".D", 0, Some(0));
        check("uD.", 0, Some(2));
        check("DD", 0, Some(0));
        check("", 0, None);
    }

    #[test]
    fn a_wanted_track_is_taken_whatever_its_flags_are() {
        check(".d", 1, Some(0));
        check("du", 2, Some(1));
        check("d.", 3, None);
        check("", 1, None);
    }

    #[test]
    fn others_are_noted_unless_somebody_chose() {
        assert_eq!(check("d", 0, Some(0)), None);
        assert_eq!(check("..", 2, Some(1)), None);
        let note = check(".d", 0, Some(1)).unwrap();
        assert!(note.contains("2 audio tracks; number 2"), "{note}");
        assert!(note.contains("default"), "{note}");
    }
}
