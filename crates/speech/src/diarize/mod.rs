//! Who speaks when.
//!
//! The segmentation network has said, window by window, how many speak and who of them is the same ([`crate::pyannet`]);
//! [`diarize`] goes on from there. Windows become tracks through the whole recording (`stitch`), tracks fall into
//! pieces in which one person speaks (`pieces`), each piece is heard (`voices`), voices become speakers (`cluster`,
//! `assign`, and `newcomers` where more are asked for than found), doubtful pieces are heard again in parts
//! (`second_look`), and pieces with speakers become turns (`turns`), short or loud pauses included (`pauses`).
//!
//! Memory beyond the recording and its segmentation: 62 bytes a frame (27 MB for two hours), 1 kB a piece, 120 s of filter banks,
//! and a matrix of at most 16 MB.

mod assign;
pub mod cluster;
mod cost;
mod diarizer;
mod error;
mod newcomers;
mod pauses;
mod pieces;
mod powerset;
pub mod pyannote;
#[cfg(test)]
mod scripted;
mod second_look;
mod stitch;
#[cfg(test)]
mod tests;
mod turns;
mod voices;

use domain::diarization::Diarization;
use domain::options::DiarizeOptions;
use domain::progress::{Monitor, Stage};
use domain::units::Seconds;

use crate::audio::{SAMPLE_RATE, Sound};
use crate::embedding::CamPlusPlus;
use crate::pyannet::{Head, Segmentation};
use crate::vad;

pub use cost::Cost;
pub use diarizer::Diarizer;
pub use error::DiarizeError;

use cost::timed;
use newcomers::add_newcomers;
use pauses::Pauses;
use pieces::Piece;
use second_look::look_again;
use voices::Ear;

/// Samples from one window of the segmentation to the next: 5 s, as voice activity detection takes them, so that one pass
/// of the network serves both. Smaller steps cost more and find no more.
pub const STEP: usize = vad::STEP;

/// Finds out who speaks when in a recording, from what the segmentation network said about it.
///
/// How many people speak is found, within what the options allow. Nobody who speaks gives no turns. If more
/// speakers are asked for than can be told apart without parting one person, there are fewer. The same input gives the
/// same result, whatever the number of threads.
///
/// # Errors
/// When the monitor cancels, or the segmentation is of a network that does not tell speakers apart.
///
/// # Panics
/// When the segmentation is that of a recording of another length.
pub fn diarize<'a>(
    segmentation: &Segmentation,
    sound: impl Into<Sound<'a>>,
    network: &CamPlusPlus,
    options: &DiarizeOptions,
    monitor: &dyn Monitor,
) -> Result<Diarization, DiarizeError> {
    diarize_measured(segmentation, sound, network, options, monitor)
        .map(|(diarization, _)| diarization)
}

/// As [`diarize`], and says what each part took.
///
/// # Errors
/// As [`diarize`].
///
/// # Panics
/// As [`diarize`].
pub fn diarize_measured<'a>(
    segmentation: &Segmentation,
    sound: impl Into<Sound<'a>>,
    network: &CamPlusPlus,
    options: &DiarizeOptions,
    monitor: &dyn Monitor,
) -> Result<(Diarization, Cost), DiarizeError> {
    let sound = sound.into();
    check(segmentation, sound)?;
    let mut cost = Cost::default();
    let (tracks, pieces) = timed(&mut cost.stitching, || {
        let tracks = stitch::stitch(segmentation);
        let pieces = pieces::pieces(&tracks);
        (tracks, pieces)
    });
    cost.n_pieces = pieces.len();
    let ear = Ear {
        network,
        sound,
        tracks: &tracks,
        monitor,
    };
    let total = Seconds::from_samples(sound.len(), SAMPLE_RATE);
    let progress = |done| monitor.progress(Stage::Diarize, done, total);
    let voices = ear.hear(&pieces, &mut cost, progress)?;
    let speakers = timed(&mut cost.clustering, || {
        assign::assign(&pieces, &voices, options.speakers())
    });
    let mut hear_parts = |parts: &[Piece]| ear.hear(parts, &mut cost, |_| ());
    let (pieces, voices, speakers) = add_newcomers(
        &tracks,
        pieces,
        voices,
        speakers,
        options.speakers().min,
        &mut hear_parts,
    )?;
    let (pieces, speakers) = look_again(&tracks, pieces, voices, speakers, &mut hear_parts)?;
    progress(total);
    let diarization = timed(&mut cost.reconstruction, || {
        let pauses = Pauses::new(&tracks, sound);
        turns::turns(&tracks, &pieces, &speakers, &pauses, sound.len())
    });
    Ok((diarization, cost))
}

/// Checks that a segmentation tells speakers apart, and is of this recording.
fn check(segmentation: &Segmentation, sound: Sound<'_>) -> Result<(), DiarizeError> {
    if segmentation.head() != Head::Powerset {
        return Err(DiarizeError::WrongSegmentation);
    }
    assert_eq!(
        segmentation.windows().n_samples,
        sound.len(),
        "the segmentation of this recording"
    );
    Ok(())
}
