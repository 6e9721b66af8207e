//! What the decoder is told before it begins: earlier text, language, task, and the words it has to begin with.

use domain::language::Language;
use domain::options::AsrTask;

use super::tokenizer::Tokenizer;

/// Positions of the decoder.
const N_POSITIONS: usize = 448;
/// Positions that stay free for the result.
const RESERVED: usize = N_POSITIONS / 2;
/// Longest earlier text, hotwords or prefix, in tokens.
const LONGEST_PART: usize = N_POSITIONS / 2 - 1;

/// What the prompt of one window is made of.
#[derive(Debug, Clone, Default)]
pub struct PromptParts<'a> {
    /// Tokens of the text before this window; its end counts.
    pub previous: &'a [u32],
    /// Words to expect; not used together with a prefix.
    pub hotwords: Option<&'a str>,
    /// Text that the result has to begin with.
    pub prefix: Option<&'a str>,
    /// The language spoken; English if absent. English-only models are not told.
    pub language: Option<Language>,
    /// Transcribe or translate; English-only models are not told.
    pub task: AsrTask,
    /// Decode without timestamp tokens.
    pub without_timestamps: bool,
}

impl PromptParts<'_> {
    /// The tokens of the prompt. Earlier text and hotwords take 223 positions at most, as in the reference, so that at
    /// least 220 of 448 remain free. Beside a prefix there are 224 in all: what is too much is taken from the beginning
    /// of the earlier text, then from the end of the prefix.
    pub fn tokens(&self, tokenizer: &Tokenizer) -> Vec<u32> {
        let control = self.control_tokens(tokenizer);
        let prefix = self.prefix_tokens(tokenizer);
        let earlier_room = if prefix.is_empty() {
            LONGEST_PART
        } else {
            (N_POSITIONS - RESERVED).saturating_sub(1 + control.len() + prefix.len())
        };
        let earlier = self.earlier_tokens(tokenizer, earlier_room);

        let mut prompt = Vec::with_capacity(N_POSITIONS - RESERVED);
        if !earlier.is_empty() {
            prompt.push(tokenizer.special().start_of_prev);
            prompt.extend(earlier);
        }
        prompt.extend(control);
        prompt.extend(prefix);
        prompt
    }

    /// From `<|startoftranscript|>` to the last token that steers.
    fn control_tokens(&self, tokenizer: &Tokenizer) -> Vec<u32> {
        let special = tokenizer.special();
        let mut control = vec![special.start_of_transcript];
        if special.is_multilingual() {
            let language = self.language.unwrap_or(Language::ENGLISH);
            control.extend(special.language_token(language));
            control.push(match self.task {
                AsrTask::Transcribe => special.transcribe,
                AsrTask::Translate => special.translate,
            });
        }
        if self.without_timestamps {
            control.push(special.no_timestamps);
        }
        control
    }

    /// The text that the result has to begin with, after its timestamp.
    fn prefix_tokens(&self, tokenizer: &Tokenizer) -> Vec<u32> {
        let mut prefix = encode_spoken(tokenizer, self.prefix);
        if prefix.is_empty() {
            return prefix;
        }
        // A prefix is forced output, so it is the result whose room it takes: all steering tokens fit beside it.
        prefix.truncate(RESERVED - N_CONTROL_AT_MOST);
        if !self.without_timestamps {
            prefix.insert(0, tokenizer.special().timestamp_begin);
        }
        prefix
    }

    /// Hotwords and the text before, in at most `room` tokens.
    fn earlier_tokens(&self, tokenizer: &Tokenizer, room: usize) -> Vec<u32> {
        let hotwords = if self.prefix.is_none() {
            self.hotwords
        } else {
            None
        };
        let mut earlier = encode_spoken(tokenizer, hotwords);
        earlier.truncate(LONGEST_PART.min(room));
        let room = LONGEST_PART.min(room - earlier.len());
        let skipped = self.previous.len().saturating_sub(room);
        earlier.extend(&self.previous[skipped..]);
        earlier
    }
}

/// `<|startoftranscript|>`, language, task, `<|notimestamps|>` or `<|0.00|>`.
const N_CONTROL_AT_MOST: usize = 4;

/// Encodes a text that a person typed in the way the model saw text: with a space before it.
pub fn encode_spoken(tokenizer: &Tokenizer, text: Option<&str>) -> Vec<u32> {
    match text.map(str::trim) {
        None | Some("") => Vec::new(),
        Some(text) => tokenizer.encode(&format!(" {text}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    fn check(parts: &PromptParts<'_>, english: &[u32], multilingual: &[u32]) {
        for (model, size, wanted) in [("tiny.en", 51_864, english), ("base", 51_865, multilingual)]
        {
            if let Some(folder) = testing::model_folder(model) {
                let tokenizer = Tokenizer::load(&folder.join("tokenizer.json"), size).unwrap();
                assert_eq!(parts.tokens(&tokenizer), wanted, "{model}");
            }
        }
    }

    #[test]
    fn language_and_task_are_said_to_multilingual_models_only() {
        let parts = PromptParts::default();
        check(&parts, &[50_257], &[50_258, 50_259, 50_359]);
        let parts = PromptParts {
            language: Some("de".parse().unwrap()),
            task: AsrTask::Translate,
            without_timestamps: true,
            ..PromptParts::default()
        };
        check(&parts, &[50_257, 50_362], &[50_258, 50_261, 50_358, 50_363]);
    }

    #[test]
    fn a_prefix_follows_the_first_timestamp_and_silences_the_hotwords() {
        let parts = PromptParts {
            previous: &[11, 12],
            hotwords: Some("Hello"),
            prefix: Some(" Hello "),
            ..PromptParts::default()
        };
        check(
            &parts,
            &[50_360, 11, 12, 50_257, 50_363, 18_435],
            &[50_361, 11, 12, 50_258, 50_259, 50_359, 50_364, 2_425],
        );
        let parts = PromptParts {
            prefix: None,
            ..parts
        };
        check(
            &parts,
            &[50_360, 18_435, 11, 12, 50_257],
            &[50_361, 2_425, 11, 12, 50_258, 50_259, 50_359],
        );
    }

    #[test]
    fn blank_text_is_no_text() {
        let parts = PromptParts {
            hotwords: Some("  "),
            prefix: Some(""),
            ..PromptParts::default()
        };
        check(&parts, &[50_257], &[50_258, 50_259, 50_359]);
    }

    #[test]
    fn about_half_of_the_positions_stay_free_whatever_is_asked() {
        let Some(folder) = testing::model_folder("base") else {
            return;
        };
        let tokenizer = Tokenizer::load(&folder.join("tokenizer.json"), 51_865).unwrap();
        let previous: Vec<u32> = (1000..2000).collect();
        let long = "word ".repeat(500);
        for hotwords in [None, Some("Hello"), Some(&long[..])] {
            for prefix in [None, Some("Hello"), Some(&long[..])] {
                for without_timestamps in [false, true] {
                    let parts = PromptParts {
                        previous: &previous,
                        hotwords,
                        prefix,
                        without_timestamps,
                        ..PromptParts::default()
                    };
                    let prompt = parts.tokens(&tokenizer);
                    let most = if prefix.is_some() { 224 } else { 1 + 223 + 4 };
                    assert!(prompt.len() <= most, "{}", prompt.len());
                    assert!(prompt.contains(&50_258) && prompt.contains(&50_359));
                    let keeps_latest = prompt.contains(&1999);
                    let crowded = [hotwords, prefix].contains(&Some(&long[..]));
                    assert!(keeps_latest || crowded);
                }
            }
        }
        // With nothing but text before, as much of it as the reference keeps.
        let parts = PromptParts {
            previous: &previous,
            ..PromptParts::default()
        };
        assert_eq!(parts.tokens(&tokenizer)[..2], [50_361, 1_777]);
    }
}
