//! Tokens that recognition never writes: musical notes, brackets, stage directions, control tokens.

use std::collections::BTreeSet;

use domain::options::AsrOptions;

use super::tokenizer::Tokenizer;

/// Symbols that people write about speech rather than for it. Each is suppressed with and without a space before it,
/// where the vocabulary has one token for it.
const SYMBOLS: &str = "\" # ( ) * + / : ; < = > @ [ \\ ] ^ _ ` { | } ~ 「 」 『 』 << >> <<< >>> -- --- -( -[ (' (\" \
                       (( )) ((( ))) [[ ]] {{ }} ♪♪ ♪♪♪";
/// Notes: their first token goes even where they take several, for no word begins with it.
const NOTES: &str = "♩ ♪ ♫ ♬ ♭ ♮ ♯";
/// A dash and an apostrophe that open a word; within words both are needed.
const OPENERS: [&str; 2] = [" -", " '"];
/// What a written number may hold.
const NUMERALS: &str = "0123456789%$£";

/// Stands for the default set in [`AsrOptions::suppress_tokens`].
const DEFAULT_SET: i64 = -1;

/// The ids never chosen, sorted: those that the options list, with -1 as [`non_speech_tokens`]; the control tokens
/// that no result holds, always; and everything with a digit, if the options ask for numbers in words.
///
/// Ids that the vocabulary does not have are left out, and so are timestamps and the end of text: recognition would
/// not end without them.
pub fn suppressed(tokenizer: &Tokenizer, options: &AsrOptions) -> Vec<u32> {
    let special = tokenizer.special();
    let mut ids = BTreeSet::from([
        special.transcribe,
        special.translate,
        special.start_of_transcript,
        special.start_of_prev,
        special.start_of_lm,
        special.no_speech,
    ]);
    for listed in &options.suppress_tokens {
        if *listed == DEFAULT_SET {
            ids.extend(non_speech_tokens(tokenizer));
        } else if let Ok(id) = u32::try_from(*listed) {
            ids.insert(id);
        }
    }
    if options.suppress_numerals {
        ids.extend(numeral_tokens(tokenizer));
    }
    ids.retain(|id| *id != special.end_of_text && *id < special.timestamp_begin);
    ids.into_iter().collect()
}

/// The ids not chosen as the first token of a result, on top of [`suppressed`]: the lone space and the end of text.
pub fn suppressed_at_begin(tokenizer: &Tokenizer) -> Vec<u32> {
    let mut ids = tokenizer.encode(" ");
    ids.truncate(1);
    ids.push(tokenizer.special().end_of_text);
    ids
}

/// The tokens that describe sound instead of spelling speech, sorted, derived from the vocabulary.
pub fn non_speech_tokens(tokenizer: &Tokenizer) -> Vec<u32> {
    let first = |text: &str| tokenizer.encode(text).first().copied();
    let single = |text: &str| match tokenizer.encode(text)[..] {
        [id] => Some(id),
        _ => None,
    };
    let mut ids = BTreeSet::new();
    ids.extend(OPENERS.into_iter().filter_map(first));
    for symbol in SYMBOLS.split(' ') {
        ids.extend(single(symbol));
        ids.extend(single(&format!(" {symbol}")));
    }
    for note in NOTES.split(' ') {
        ids.extend(first(note));
        ids.extend(first(&format!(" {note}")));
    }
    ids.into_iter().collect()
}

/// The text tokens that hold a digit or one of `%$£`.
fn numeral_tokens(tokenizer: &Tokenizer) -> impl Iterator<Item = u32> {
    (0..tokenizer.special().end_of_text)
        .filter(|id| tokenizer.decode(&[*id]).contains(|c| NUMERALS.contains(c)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    /// The sets that ship with the models, as runs of ids.
    const ENGLISH: &str = "1 2 7-10 14 25-29 31 58-63 90-93 357 366 438 532 685 705 796 930 1058 1220 1267 1279 1303 \
        1343 1377 1391 1635 1782 1875 2162 2361 2488 3467 4008 4211 4600 4808 5299 5855 6329 7203 9609 9959 10563 10786 \
        11420 11709 11907 13163 13697 13700 14808 15306 16410 16791 17992 19203 19510 20724 22305 22935 27007 30109 \
        30420 33409 34949 40283 40493 40549 47282 49146 50257 50357-50361";
    const MULTILINGUAL: &str = "1 2 7-10 14 25-29 31 58-63 90-93 359 503 522 542 873 893 902 918 922 931 1350 1853 1982 \
        2460 2627 3246 3253 3268 3536 3846 3961 4183 4667 6585 6647 7273 9061 9383 10428 10929 11938 12033 12331 12562 \
        13793 14157 14635 15265 15618 16553 16604 18362 18956 20075 21675 22520 26130 26161 26435 28279 29464 31650 \
        32302 32470 36865 42863 47425 49870 50254 50258 50358-50362";

    fn ids(runs: &str) -> Vec<u32> {
        let run = |run: &str| {
            let (first, last) = run.split_once('-').unwrap_or((run, run));
            first.parse().unwrap()..=last.parse::<u32>().unwrap()
        };
        runs.split_whitespace().flat_map(run).collect()
    }

    fn tokenizer(model: &str, vocabulary_size: usize) -> Option<Tokenizer> {
        let path = testing::model_folder(model)?.join("tokenizer.json");
        Some(Tokenizer::load(&path, vocabulary_size).unwrap())
    }

    #[test]
    fn the_derived_sets_are_those_that_ship_with_the_models() {
        for (model, size, wanted) in [("tiny.en", 51_864, ENGLISH), ("base", 51_865, MULTILINGUAL)]
        {
            let Some(tokenizer) = tokenizer(model, size) else {
                return;
            };
            assert_eq!(suppressed(&tokenizer, &AsrOptions::default()), ids(wanted));
            let shipped = testing::model_folder(model).unwrap().join("config.json");
            let config: serde_json::Value =
                serde_json::from_slice(&std::fs::read(shipped).unwrap()).unwrap();
            assert_eq!(config["suppress_ids"], serde_json::json!(ids(wanted)));
            let at_begin = suppressed_at_begin(&tokenizer);
            assert_eq!(config["suppress_ids_begin"], serde_json::json!(at_begin));
        }
    }

    #[test]
    fn listed_ids_replace_the_default_and_control_tokens_stay() {
        let Some(tokenizer) = tokenizer("tiny.en", 51_864) else {
            return;
        };
        let with = |suppress_tokens: &[i64]| {
            let options = AsrOptions {
                suppress_tokens: suppress_tokens.to_vec(),
                ..AsrOptions::default()
            };
            suppressed(&tokenizer, &options)
        };
        let control = ids("50257 50357-50361");
        assert_eq!(with(&[]), control);
        assert_eq!(with(&[13, 11, 13]), [&[11, 13], &control[..]].concat());
        assert_eq!(with(&[-1, 13]).len(), ids(ENGLISH).len() + 1);
        // The end of text, timestamps and what is no token at all cannot be suppressed.
        assert_eq!(with(&[50_256, 50_400, 99_999, -7, i64::MAX]), control);
    }

    #[test]
    fn no_token_with_a_digit_is_left_when_numerals_are_suppressed() {
        let Some(tokenizer) = tokenizer("base", 51_865) else {
            return;
        };
        let options = AsrOptions {
            suppress_numerals: true,
            ..AsrOptions::default()
        };
        let ids = suppressed(&tokenizer, &options);
        for text in ["1984", " 50%", " $3.50", " £9", " 7th"] {
            let written = tokenizer.encode(text);
            assert!(
                written.iter().any(|id| ids.binary_search(id).is_ok()),
                "{text}"
            );
        }
        for id in tokenizer.encode(" nineteen eighty-four percent, please!") {
            assert!(ids.binary_search(&id).is_err(), "{id}");
        }
        assert_eq!(numeral_tokens(&tokenizer).count(), 434);
    }
}
