//! How well subtitles can be read, measured on the file as it is written.
//!
//! The limits are those that published guides agree on: Netflix' Timed Text Style Guide (general requirements and the
//! pages of languages), BBC Subtitle Guidelines, TED's guidelines.

mod phrases;
pub(crate) mod srt;

use serde::Serialize;
use unicode_normalization::char::is_combining_mark;

use self::srt::Cue;
use super::edits::{Edit, edits};
use super::text::Unit;
use super::words::TimedWord;

/// Lines of a cue.
const MAX_LINES: usize = 2;
/// The longest cue.
const MAX_DURATION_MS: u64 = 7000;
/// The shortest cue, 5/6 s, cut to milliseconds as they stand in a file.
const MIN_DURATION_MS: u64 = 833;
/// Two frames, less than which is seen as a flicker between two cues.
const MIN_GAP_MS: u64 = 80;

/// What a line and a reader can take in a language.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// Characters of a line.
    width: usize,
    /// Characters a second.
    speed: f64,
}

impl Limits {
    fn of(language: &str) -> Self {
        let (width, speed) = match language {
            "zh" | "yue" => (16, 11.0),
            "ja" => (16, 7.0),
            "ko" => (16, 14.0),
            _ => (42, 20.0),
        };
        Self { width, speed }
    }
}

/// Measures of the cues of one recording, or of several.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(crate) struct Subtitles {
    pub(crate) n_cues: usize,
    /// Cues with a line of more than 42 characters, in Chinese, Japanese and Korean of more than 16.
    pub(crate) n_wide: usize,
    /// Cues of more than two lines.
    pub(crate) n_tall: usize,
    /// Cues that last longer than 7 s.
    pub(crate) n_long: usize,
    /// Cues that last less than 5/6 s.
    pub(crate) n_short: usize,
    /// Cues that have to be read faster than 20 characters a second; Chinese 11, Japanese 7, Korean 14.
    pub(crate) n_fast: usize,
    /// Those of them whose words were spoken more slowly than that, from the start of the first to the end of the last.
    pub(crate) n_needlessly_fast: usize,
    /// Cues that begin before the one before them has ended.
    pub(crate) n_overlaps: usize,
    /// Cues that begin less than 80 ms after the end of the one before them, but not with it.
    pub(crate) n_small_gaps: usize,
    /// Ends of lines within cues.
    pub(crate) n_line_ends: usize,
    /// Those of them that [cut a phrase](phrases::is_cut).
    pub(crate) n_cut_lines: usize,
    /// Cues that end inside a phrase.
    pub(crate) n_cut_cues: usize,
    /// Of each cue: characters a second, spaces included, ends of lines not.
    pub(crate) speeds: Vec<f64>,
    /// Of all lines, in characters.
    pub(crate) longest_line: usize,
    /// Of all cues, in lines.
    pub(crate) most_lines: usize,
    /// Of all cues, in characters.
    pub(crate) longest_text: usize,
    /// Of all cues, in seconds.
    pub(crate) longest_duration: f64,
}

impl Subtitles {
    /// Measures cues of a recording in `language` (ISO 639-1), whose `words` were spoken at known times.
    pub(crate) fn of(language: Option<&str>, cues: &[Cue], words: &[TimedWord]) -> Self {
        let unit = Unit::of(language);
        let language = language.unwrap_or_default();
        let spoken = spoken_seconds(unit, cues, words);
        let mut measures = Self::default();
        for (cue, spoken) in cues.iter().zip(spoken) {
            measures.add(cue, Limits::of(language), spoken);
        }
        for pair in cues.windows(2) {
            measures.add_pair(language, &pair[0], &pair[1]);
        }
        for lines in cues.iter().flat_map(|cue| cue.lines.windows(2)) {
            measures.n_line_ends += 1;
            measures.n_cut_lines += usize::from(phrases::is_cut(language, &lines[0], &lines[1]));
        }
        measures
    }

    fn add(&mut self, cue: &Cue, limits: Limits, spoken: Option<f64>) {
        let widths: Vec<usize> = cue.lines.iter().map(|line| n_characters(line)).collect();
        let widest = widths.iter().copied().max().unwrap_or(0);
        let n_characters: usize = widths.iter().sum();
        let milliseconds = cue.end - cue.start;
        let seconds = milliseconds as f64 / 1000.0;
        let speed = n_characters as f64 / seconds.max(0.001);
        let was_slower = spoken.is_some_and(|spoken| n_characters as f64 <= limits.speed * spoken);
        let is_fast = speed > limits.speed;
        self.n_cues += 1;
        self.n_wide += usize::from(widest > limits.width);
        self.n_tall += usize::from(cue.lines.len() > MAX_LINES);
        self.n_long += usize::from(milliseconds > MAX_DURATION_MS);
        self.n_short += usize::from(milliseconds < MIN_DURATION_MS);
        self.n_fast += usize::from(is_fast);
        self.n_needlessly_fast += usize::from(is_fast && was_slower);
        self.speeds.push(speed);
        self.longest_line = self.longest_line.max(widest);
        self.most_lines = self.most_lines.max(cue.lines.len());
        self.longest_text = self.longest_text.max(n_characters);
        self.longest_duration = self.longest_duration.max(seconds);
    }

    fn add_pair(&mut self, language: &str, cue: &Cue, next: &Cue) {
        let gap = next.start.checked_sub(cue.end);
        self.n_overlaps += usize::from(gap.is_none());
        self.n_small_gaps += usize::from(gap.is_some_and(|gap| gap > 0 && gap < MIN_GAP_MS));
        let (line, following) = (cue.lines.last(), next.lines.first());
        let is_cut = line.zip(following).is_some_and(|(line, following)| {
            phrases::is_cut(language, line, following.trim_start_matches(['-', ' ']))
        });
        self.n_cut_cues += usize::from(is_cut);
    }
}

impl std::iter::Sum for Subtitles {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |mut sum, one| {
            sum.n_cues += one.n_cues;
            sum.n_wide += one.n_wide;
            sum.n_tall += one.n_tall;
            sum.n_long += one.n_long;
            sum.n_short += one.n_short;
            sum.n_fast += one.n_fast;
            sum.n_needlessly_fast += one.n_needlessly_fast;
            sum.n_overlaps += one.n_overlaps;
            sum.n_small_gaps += one.n_small_gaps;
            sum.n_line_ends += one.n_line_ends;
            sum.n_cut_lines += one.n_cut_lines;
            sum.n_cut_cues += one.n_cut_cues;
            sum.speeds.extend(one.speeds);
            sum.longest_line = sum.longest_line.max(one.longest_line);
            sum.most_lines = sum.most_lines.max(one.most_lines);
            sum.longest_text = sum.longest_text.max(one.longest_text);
            sum.longest_duration = sum.longest_duration.max(one.longest_duration);
            sum
        })
    }
}

/// How many characters are seen: an accent that is a code point of its own belongs to its letter.
fn n_characters(line: &str) -> usize {
    line.chars().filter(|c| !is_combining_mark(*c)).count()
}

/// For each cue how long its words were spoken, from the start of the first to the end of the last. `None` where none of
/// them is found among `words`.
fn spoken_seconds(unit: Unit, cues: &[Cue], words: &[TimedWord]) -> Vec<Option<f64>> {
    let shown: Vec<(String, usize)> = (cues.iter().enumerate())
        .flat_map(|(number, cue)| {
            parts(unit, &cue.lines.join(" "))
                .into_iter()
                .map(move |part| (part, number))
        })
        .collect();
    let said: Vec<(String, &TimedWord)> = (words.iter())
        .flat_map(|word| {
            parts(unit, &word.word)
                .into_iter()
                .map(move |part| (part, word))
        })
        .collect();
    let [shown_texts, said_texts] = [
        shown
            .iter()
            .map(|(part, _)| part.as_str())
            .collect::<Vec<_>>(),
        said.iter()
            .map(|(part, _)| part.as_str())
            .collect::<Vec<_>>(),
    ];
    let mut spans = vec![(f64::INFINITY, f64::NEG_INFINITY); cues.len()];
    for edit in edits(&shown_texts, &said_texts) {
        if let Edit::Pair(i, j) = edit
            && shown_texts[i] == said_texts[j]
            && let (Some(start), Some(end)) = (said[j].1.start, said[j].1.end)
        {
            let span = &mut spans[shown[i].1];
            *span = (span.0.min(start), span.1.max(end));
        }
    }
    let seconds = |(start, end): (f64, f64)| (start <= end).then_some(end - start);
    spans.into_iter().map(seconds).collect()
}

/// The words of a text as they are written, or its characters.
fn parts(unit: Unit, text: &str) -> Vec<String> {
    match unit {
        Unit::Words => text.split_whitespace().map(str::to_owned).collect(),
        Unit::Characters => text
            .chars()
            .filter(|c| !c.is_whitespace())
            .map(String::from)
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cue(start: u64, end: u64, text: &str) -> Cue {
        let lines = text.lines().map(str::to_owned).collect();
        Cue { start, end, lines }
    }

    fn word(word: &str, start: f64, end: f64) -> TimedWord {
        TimedWord {
            word: word.to_owned(),
            start: Some(start),
            end: Some(end),
            speaker: None,
        }
    }

    fn measured(language: &str, cues: &[Cue]) -> Subtitles {
        Subtitles::of(Some(language), cues, &[])
    }

    #[test]
    fn a_cue_at_every_limit_is_fine_and_one_beyond_is_not() {
        let line = "x".repeat(42);
        let fine = measured("en", &[cue(0, 7000, &format!("{line}\n{line}"))]);
        assert_eq!(
            (fine.n_wide, fine.n_tall, fine.n_long, fine.n_fast),
            (0, 0, 0, 0)
        );
        let beyond = measured("en", &[cue(0, 7001, &format!("{line}x\n{line}\nx"))]);
        assert_eq!((beyond.n_wide, beyond.n_tall, beyond.n_long), (1, 1, 1));
        assert_eq!((beyond.longest_line, beyond.most_lines), (43, 3));
        assert_eq!(beyond.longest_text, 86);
        assert!((beyond.longest_duration - 7.001).abs() < 1e-9);
        let short = |milliseconds| measured("en", &[cue(0, milliseconds, "x")]).n_short;
        assert_eq!((short(832), short(833)), (1, 0));
        let fast = |text: &str| measured("en", &[cue(0, 1000, text)]).n_fast;
        assert_eq!((fast(&"x".repeat(20)), fast(&"x".repeat(21))), (0, 1));
    }

    #[test]
    fn languages_have_limits_of_their_own() {
        let wide = |language, n| measured(language, &[cue(0, 7000, &"字".repeat(n))]).n_wide;
        assert_eq!((wide("zh", 16), wide("zh", 17), wide("ja", 17)), (0, 1, 1));
        let fast = |language, n| measured(language, &[cue(0, 1000, &"字".repeat(n))]).n_fast;
        assert_eq!((fast("zh", 11), fast("zh", 12), fast("ja", 8)), (0, 1, 1));
        // An accent of its own takes no room.
        assert_eq!(measured("cs", &[cue(0, 7000, "e\u{301}")]).longest_line, 1);
    }

    #[test]
    fn gaps_and_overlaps_are_those_of_neighbours() {
        let gap = |start| {
            let found = measured("en", &[cue(0, 1000, "a"), cue(start, 4000, "b")]);
            (found.n_overlaps, found.n_small_gaps)
        };
        assert_eq!(gap(999), (1, 0));
        assert_eq!(gap(1000), (0, 0));
        assert_eq!(gap(1001), (0, 1));
        assert_eq!(gap(1079), (0, 1));
        assert_eq!(gap(1080), (0, 0));
    }

    #[test]
    fn a_speaker_who_is_as_fast_as_the_cue_excuses_it() {
        let cues = [cue(0, 1000, "[A]: twenty-two letters ok")];
        let needless = |end| {
            let words = [
                word(" twenty-two", 0.0, 0.5),
                word(" letters", 0.5, 0.8),
                word(" ok", 0.8, end),
            ];
            let found = Subtitles::of(Some("en"), &cues, &words);
            (found.n_fast, found.n_needlessly_fast)
        };
        assert_eq!(needless(1.0), (1, 0));
        assert_eq!(needless(1.5), (1, 1));
        let japanese = [cue(0, 500, "東京は晴れ")];
        let words = [word("東京", 0.0, 0.5), word("は晴れ", 0.5, 2.0)];
        let found = Subtitles::of(Some("ja"), &japanese, &words);
        assert_eq!((found.n_fast, found.n_needlessly_fast), (1, 1));
    }

    #[test]
    fn cuts_inside_phrases_are_counted_within_and_between_cues() {
        let cues = [
            cue(0, 2000, "We went into the\ngarden of"),
            cue(2000, 4000, "- my aunt.\n- And?"),
        ];
        let found = measured("en", &cues);
        assert_eq!(
            (found.n_line_ends, found.n_cut_lines, found.n_cut_cues),
            (2, 1, 1)
        );
    }

    #[test]
    fn measures_of_recordings_are_pooled() {
        let one = measured("en", &[cue(0, 1000, "four")]);
        let other = measured("en", &[cue(0, 2000, "four\nfour")]);
        let both: Subtitles = [one, other].into_iter().sum();
        assert_eq!(both.n_cues, 2);
        assert_eq!(both.speeds, [4.0, 4.0]);
        assert_eq!(both.most_lines, 2);
    }
}
