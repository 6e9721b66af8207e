//! Subtitles of any transcript.

mod case;
mod cues;

use domain::export::{ExportOptions, Format, SpeakerLabels, SubtitleStyle, write};
use domain::transcript::Transcript;

pub use self::case::Case;
use self::cues::{Cue, srt, vtt};

/// Writes the transcript in every format, reads subtitles back, and compares them with what is promised.
pub fn check(case: &Case) {
    let (transcript, options) = (case.transcript(), case.options());
    if !options.problems().is_empty() {
        return;
    }
    let are_times = |times: [f64; 2]| times.iter().all(|time| time.is_finite() && *time >= 0.0);
    let is_written =
        (transcript.segments.iter()).all(|segment| are_times([segment.start.0, segment.end.0]));
    for format in Format::ALL {
        assert_eq!(write(format, &transcript, &options).is_ok(), is_written);
    }
    if is_written {
        check_cues(&transcript, &options);
    }
}

fn check_cues(transcript: &Transcript, options: &ExportOptions) {
    let written = |format| write(format, transcript, options).expect("its times were checked");
    let (srt, vtt) = (srt(&written(Format::Srt)), vtt(&written(Format::Vtt)));
    for cues in [&srt, &vtt] {
        assert!(cues.iter().all(|cue| cue.start <= cue.end));
    }
    let times = |cues: &[Cue]| -> Vec<_> { cues.iter().map(|cue| (cue.start, cue.end)).collect() };
    if options.subtitle_style == SubtitleStyle::Broadcast {
        assert_eq!(times(&srt), times(&vtt));
        check_broadcast(&srt, options);
        check_nothing_is_lost(transcript, options);
    }
}

/// No two cues are on the screen together, and the limits hold.
fn check_broadcast(cues: &[Cue], options: &ExportOptions) {
    let gap = if options.highlight_words {
        0.0
    } else {
        options.gap.map_or(0.08, |gap| gap.0)
    };
    let longest = options.max_duration.map_or(7.0, |longest| longest.0);
    let most_lines = options.max_line_count.map_or(2, usize::from);
    for pair in cues.windows(2) {
        let between = pair[1].start as f64 - pair[0].end as f64;
        assert!(between >= (1000.0 * gap).floor(), "{pair:?}");
    }
    for cue in cues {
        let duration = (cue.end - cue.start) as f64;
        assert!(
            cue.start < cue.end && duration <= (1000.0 * longest).ceil(),
            "{cue:?}"
        );
        assert!((1..=most_lines).contains(&cue.lines.len()), "{cue:?}");
        for line in cue.lines.iter().filter(|_| !options.highlight_words) {
            let width = options.max_line_width.map_or(42, usize::from);
            assert!(cues::width(line) <= width, "{cue:?}");
            assert_eq!(line.trim(), line);
        }
    }
}

/// Subtitles say what the plain text says, in lines of any width.
fn check_nothing_is_lost(transcript: &Transcript, options: &ExportOptions) {
    let plain = ExportOptions {
        highlight_words: false,
        speaker_labels: Some(SpeakerLabels::None),
        ..*options
    };
    let shown = srt(&write(Format::Srt, transcript, &plain).expect("its times were checked"));
    let shown: String = shown
        .iter()
        .flat_map(|cue| &cue.lines)
        .map(|line| cues::letters(line))
        .collect();
    assert_eq!(shown, cues::said(transcript));
}
