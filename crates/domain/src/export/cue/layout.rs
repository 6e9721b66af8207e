//! Fills lines and cues with words (the reference: whisperX `SubtitlesWriter.iterate_result`).

use std::mem;
use std::num::NonZeroUsize;

use super::highlight::N_TAG_CHARACTERS;
use super::words::{Source, TimedWord};
use crate::export::ExportOptions;
use crate::transcript::Segment;

/// Lines are this wide when nobody says how wide they may be.
const DEFAULT_WIDTH: usize = 1000;

/// A silence from word start to word start that ends a cue, where cues are cut anew.
const LONG_PAUSE_SECONDS: f64 = 3.0;

/// The cues so far and the one being filled.
#[derive(Debug)]
pub(super) struct Layout<'a> {
    source: &'a Source<'a>,
    /// In code points, as lines stand in the file.
    width: usize,
    max_lines: Option<usize>,
    /// Break lines inside a text that came without words.
    breaks_lines: bool,
    /// Cut cues across segments of one speaker; otherwise each segment begins a cue.
    cuts_anew: bool,
    done: Vec<Vec<TimedWord<'a>>>,
    cue: Vec<TimedWord<'a>>,
    /// In code points.
    line_length: usize,
    n_lines: usize,
    /// Start of the latest timed word, in seconds.
    last_start: f64,
}

impl<'a> Layout<'a> {
    pub(super) fn new(source: &'a Source<'a>, options: &ExportOptions) -> Self {
        let width = options
            .max_line_width
            .map_or(DEFAULT_WIDTH, NonZeroUsize::get);
        let for_tags = if options.highlight_words {
            N_TAG_CHARACTERS
        } else {
            0
        };
        Self {
            source,
            width: width.saturating_sub(for_tags),
            max_lines: options.max_line_count.map(NonZeroUsize::get),
            breaks_lines: options.max_line_width.is_some(),
            cuts_anew: options.cuts_anew(),
            done: Vec::new(),
            cue: Vec::new(),
            line_length: 0,
            n_lines: 1,
            last_start: 0.0,
        }
    }

    /// The words of each cue, in order; no cue is empty.
    pub(super) fn lay_out(mut self) -> Vec<Vec<TimedWord<'a>>> {
        let segments: &'a [Segment] = &self.source.transcript.segments;
        self.last_start = segments.first().map_or(0.0, |segment| segment.start.0);
        for segment in segments {
            let words = self
                .source
                .words(segment, self.breaks_lines, self.cuts_anew);
            for (idx, word) in words.into_iter().enumerate() {
                self.place(word, idx == 0);
            }
        }
        self.flush();
        self.done
    }

    fn place(&mut self, mut word: TimedWord<'a>, begins_segment: bool) {
        let length = word.length();
        let long_pause = self.cuts_anew
            && word
                .start
                .is_some_and(|start| start - self.last_start > LONG_PAUSE_SECONDS);
        let segment_ends = self.cue.last().is_some_and(|last| {
            begins_segment && (!self.cuts_anew || !last.is_of_speaker_of(&word))
        });
        let with_word = self.line_length + word.before.chars().count() + length;
        let has_room = !self.cue.is_empty() && with_word <= self.width;

        if has_room && !long_pause && !segment_ends {
            self.line_length = with_word;
        } else {
            let is_full = self
                .max_lines
                .is_some_and(|max_lines| long_pause || self.n_lines >= max_lines);
            if segment_ends || is_full {
                self.flush();
            }
            if self.cue.is_empty() {
                let prefix = self.source.prefix(word.segment);
                self.line_length = prefix.chars().count() + length;
            } else {
                self.n_lines += 1;
                word.before = "\n";
                self.line_length = length;
            }
        }
        self.last_start = word.start.unwrap_or(self.last_start);
        self.cue.push(word);
    }

    fn flush(&mut self) {
        if !self.cue.is_empty() {
            self.done.push(mem::take(&mut self.cue));
        }
        self.n_lines = 1;
    }
}
