//! What holds for any network, on random ones.

use proptest::prelude::*;

use super::*;
use crate::asr::search::toy::{EOT, TS};

fn any_method() -> impl Strategy<Value = Method> {
    prop_oneof![
        (1usize..7, 0.3f32..3.0).prop_map(|(size, patience)| Method::Beam { size, patience }),
        (0.1f32..2.0, 1usize..5, any::<u64>()).prop_map(|(temperature, best_of, seed)| {
            Method::Sample {
                temperature,
                best_of,
                seed,
            }
        }),
    ]
}

fn any_options() -> impl Strategy<Value = SearchOptions> {
    (
        any_method(),
        0f32..2.0,
        prop_oneof![Just(1.0f32), 0.7f32..2.0],
        0usize..4,
        proptest::collection::vec(0..EOT, 0..3),
        0u32..12,
    )
        .prop_map(
            |(
                method,
                length_penalty,
                repetition_penalty,
                no_repeat_ngram_size,
                suppress,
                max_initial_timestamp,
            )| {
                SearchOptions {
                    length_penalty,
                    repetition_penalty,
                    no_repeat_ngram_size,
                    suppress,
                    suppress_at_begin: vec![0, EOT],
                    max_initial_timestamp,
                    ..options(method)
                }
            },
        )
}

/// Timestamps never decrease, and between two of different pairs there is text.
fn assert_paired(tokens: &[u32]) {
    let mut last = 0;
    for (i, token) in tokens.iter().copied().enumerate() {
        if token < TS {
            continue;
        }
        assert!(token >= last, "time goes back in {tokens:?}");
        last = token;
        let is_timestamp = |i: usize| tokens.get(i).is_some_and(|token| *token >= TS);
        // No three in a row, and the first stands alone.
        assert!(
            !(is_timestamp(i + 1) && is_timestamp(i + 2)),
            "three timestamps in {tokens:?}"
        );
        assert!(
            !(i == 0 && is_timestamp(1)),
            "a pair at the start of {tokens:?}"
        );
    }
    assert!(
        tokens.first().is_none_or(|token| *token >= TS),
        "{tokens:?} begins without a timestamp"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_rules_hold(window: u64, options in any_options()) {
        for hypothesis in one(&toy::random(), window, &TIMED, &options).hypotheses {
            let tokens = &hypothesis.tokens;
            assert_paired(tokens);
            prop_assert!(tokens.len() <= 224);
            prop_assert!(!tokens.contains(&EOT) && !tokens.contains(&NO_TIMESTAMPS));
            prop_assert!(tokens.iter().all(|token| !options.suppress.contains(token)));
            prop_assert!(tokens.first().is_none_or(|first| *first <= TS + options.max_initial_timestamp));
            prop_assert!(hypothesis.sum_logprob <= 0.0);
            let n = options.no_repeat_ngram_size;
            if n > 0 {
                let ngrams: Vec<_> = tokens.windows(n).collect();
                let distinct: std::collections::HashSet<_> = ngrams.iter().collect();
                prop_assert_eq!(distinct.len(), ngrams.len(), "repeated in {:?}", tokens);
            }
        }
    }

    #[test]
    fn a_batch_gives_what_each_item_gives_alone(
        windows in proptest::collection::vec(any::<u64>(), 1..6),
        options in any_options(),
        timed: bool,
    ) {
        let prompt: &[u32] = if timed { &TIMED } else { &PLAIN };
        let together = batch(&toy::random(), &windows, prompt, &options);
        for (window, found) in windows.iter().zip(together) {
            prop_assert_eq!(one(&toy::random(), *window, prompt, &options), found);
        }
    }

    #[test]
    fn forced_tokens_of_different_length_go_together(window: u64, options in any_options(), n in 0usize..4) {
        let short = [TIMED.as_slice(), &[TS, 1]].concat();
        let long = [short.as_slice(), &vec![2; n]].concat();
        let found = generate(
            &toy::random(), &toy::special(), &[&window, &window], &[short.clone(), long.clone()], &options, &Silent,
        ).unwrap();
        prop_assert_eq!(&found[0], &one(&toy::random(), window, &short, &options));
        prop_assert_eq!(&found[1], &one(&toy::random(), window, &long, &options));
        for hypothesis in &found[1].hypotheses {
            prop_assert!(hypothesis.tokens.starts_with(&long[TIMED.len()..]));
        }
    }

    #[test]
    fn the_beams_are_those_of_a_plain_search(
        window: u64, size in 2usize..7, patience in 0.5f32..2.0, options in any_options(), timed: bool,
    ) {
        let prompt: &[u32] = if timed { &TIMED } else { &PLAIN };
        let options = SearchOptions {
            method: Method::Beam { size, patience },
            length_penalty: options.length_penalty.max(0.1),
            ..options
        };
        let mut expected = reference::beam_search(&toy::random(), window, prompt, size, f64::from(patience), &options);
        let score = |(tokens, sum): &(Vec<u32>, f64)| sum / (tokens.len() as f64).powf(f64::from(options.length_penalty));
        expected.sort_by(|a, b| score(b).total_cmp(&score(a)));
        let found = one(&toy::random(), window, prompt, &options).hypotheses;
        let tokens: Vec<_> = found.iter().map(|h| &h.tokens).collect();
        prop_assert_eq!(tokens, expected.iter().map(|(tokens, _)| tokens).collect::<Vec<_>>());
        for (hypothesis, (_, sum)) in found.iter().zip(&expected) {
            prop_assert!((f64::from(hypothesis.sum_logprob) - sum).abs() < 1e-3 * (1.0 - sum));
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_tokens(window: u64, seed: u64) {
        let options = options(Method::Sample { temperature: 1.0, best_of: 3, seed });
        prop_assert_eq!(one(&toy::random(), window, &TIMED, &options), one(&toy::random(), window, &TIMED, &options));
    }
}
