//! Networks so small that the right answer can be worked out on paper.

use super::*;
use crate::asr::search::toy::{EOT, TS, Table, VOCABULARY, table};
use insta::assert_snapshot;

/// The greedy choice (0) leads nowhere good; the best sequence is `1 2`.
const DETOUR: &Table = &[
    (&[], &[(0, 0.5), (1, 0.4), (2, 0.1)]),
    (&[0], &[(0, 0.3), (1, 0.3), (2, 0.2), (EOT, 0.2)]),
    (&[1], &[(2, 0.9), (EOT, 0.1)]),
];

#[test]
fn beams_find_what_greed_misses() {
    let network = table(DETOUR);
    assert_snapshot!(show(&one(&network, 0, &PLAIN, &beam(1))), @"[0, 0] -0.949");
    // 1 2: ln(0.4 × 0.9) / 2; 2: ln 0.1 / 1.
    assert_snapshot!(show(&one(&network, 0, &PLAIN, &beam(2))), @r"
    [1, 2] -0.511
    [0, 0] -0.949
    ");
}

#[test]
fn the_end_counts_for_the_sum_and_not_for_the_length() {
    let network = table(&[
        (&[], &[(0, 1.0)]),
        (&[0], &[(1, 1.0)]),
        (&[0, 1], &[(EOT, 0.5), (2, 0.25), (3, 0.25)]),
    ]);
    let best = one(&network, 0, &PLAIN, &beam(1)).hypotheses.remove(0);
    assert_eq!(best.tokens, [0, 1]);
    assert!((best.sum_logprob - 0.5f32.ln()).abs() < 1e-5);
    assert!((best.score - 0.5f32.ln() / 2.0).abs() < 1e-5);
    assert!((best.avg_logprob() - 0.5f32.ln() / 3.0).abs() < 1e-5);
}

/// The best sequence goes on while others end.
const SHEDDING: &Table = &[
    (&[], &[(0, 0.6), (1, 0.4)]),
    (&[0], &[(EOT, 0.5), (0, 0.3), (1, 0.2)]),
    (&[1], &[(EOT, 0.1), (0, 0.9)]),
    (&[0, 0], &[(EOT, 0.9), (1, 0.1)]),
    (&[1, 0], &[(EOT, 0.48), (1, 0.52)]),
    (&[1, 0, 1], &[(EOT, 0.1), (1, 0.9)]),
];

#[test]
fn patience_says_how_many_finished_sequences_end_the_search() {
    let network = table(SHEDDING);
    let with = |patience| {
        show(&one(
            &network,
            0,
            &PLAIN,
            &options(Method::Beam { size: 2, patience }),
        ))
    };
    assert_snapshot!(with(0.5), @"[0] -1.204");
    // 1 0: ln(0.4 × 0.9 × 0.48) / 2.
    assert_snapshot!(with(1.0), @r"
    [1, 0] -0.878
    [0] -1.204
    ");
    assert_snapshot!(with(1.5), @r"
    [1, 0] -0.878
    [0] -1.204
    [1, 0, 1] -1.326
    ");
}

#[test]
fn without_length_penalty_the_search_goes_on_until_the_best_ends() {
    let network = table(&[
        (&[], &[(0, 0.6), (1, 0.4)]),
        (&[0], &[(0, 0.9), (EOT, 0.1)]),
        (&[1], &[(EOT, 0.9), (0, 0.1)]),
        (&[0, 0], &[(EOT, 0.8), (0, 0.2)]),
    ]);
    let with = |length_penalty, patience| {
        let method = Method::Beam { size: 2, patience };
        let options = SearchOptions {
            length_penalty,
            ..options(method)
        };
        show(&one(&network, 0, &PLAIN, &options))
    };
    assert_snapshot!(with(1.0, 0.5), @"[1] -1.022");
    // ln(0.6 × 0.9 × 0.8), not divided.
    assert_snapshot!(with(0.0, 0.5), @r"
    [0, 0] -0.839
    [1] -1.022
    ");
    assert_eq!(with(0.0, 0.5), with(0.0, 9.0));
}

#[test]
fn a_finished_beam_is_replaced_by_the_next_best_that_goes_on() {
    // Of the four candidates after 0 and 1 both ends are best; 1 2 and 0 2 take their places.
    let network = table(&[
        (&[], &[(0, 0.5), (1, 0.5)]),
        (&[0], &[(EOT, 0.7), (2, 0.3)]),
        (&[1], &[(EOT, 0.6), (2, 0.4)]),
        (&[0, 2], &[(EOT, 0.7), (3, 0.3)]),
        (&[1, 2], &[(EOT, 0.9), (3, 0.1)]),
    ]);
    let options = options(Method::Beam {
        size: 2,
        patience: 2.0,
    });
    assert_snapshot!(show(&one(&network, 0, &PLAIN, &options)), @r"
    [1, 2] -0.857
    [0] -1.050
    [0, 2] -1.127
    [1] -1.204
    ");
}

#[test]
fn generation_stops_after_half_the_context_or_where_it_is_full() {
    let endless = toy::Toy::new(|_, _| {
        let mut logits = vec![-9.0; VOCABULARY];
        logits[3] = 0.0;
        logits[4] = -1.0;
        logits
    });
    for options in [beam(1), beam(3), sample(2)] {
        let found = one(&endless, 0, &PLAIN, &options);
        assert!(found.hypotheses.iter().all(|h| h.tokens.len() == 224));
        let mut long = vec![13];
        long.extend([1; 300]);
        long.extend(PLAIN);
        // Position 304 is that of the last control token, the first input of the search.
        assert_eq!(
            one(&endless, 0, &long, &options).hypotheses[0].tokens.len(),
            448 - 304
        );
    }
    assert_eq!(one(&endless, 0, &PLAIN, &beam(3)).hypotheses.len(), 3);
}

#[test]
fn a_prompt_that_fills_the_context_is_an_error() {
    let mut prompt = vec![1; 446];
    prompt.extend(PLAIN);
    let found = generate(
        &toy::random(),
        &toy::special(),
        &[&0],
        &[prompt],
        &beam(2),
        &Silent,
    );
    assert_eq!(
        found,
        Err(AsrError::PromptTooLong {
            n_tokens: 450,
            context: 448
        })
    );
}

#[test]
fn a_forced_prefix_begins_the_result_and_costs_nothing() {
    let network = table(&[
        (&[2, 2], &[(EOT, 0.2), (0, 0.5), (1, 0.3)]),
        (&[2, 2, 0], &[(1, 0.7), (EOT, 0.3)]),
    ]);
    let prompt = [PLAIN.as_slice(), &[2, 2]].concat();
    // ln(0.5 × 0.7) / 4.
    assert_snapshot!(show(&one(&network, 0, &prompt, &beam(1))), @"[2, 2, 0, 1] -0.262");
    // The end right after the prefix is no candidate, since it is not the best.
    assert_snapshot!(show(&one(&network, 0, &prompt, &beam(3))), @r"
    [2, 2, 0, 1] -0.262
    [2, 2, 1] -0.401
    [2, 2, 0] -0.632
    ");
}

#[test]
fn an_end_right_after_a_prefix_is_taken_where_it_is_best() {
    let network = table(&[(&[2], &[(EOT, 0.8), (0, 0.2)])]);
    let prompt = [PLAIN.as_slice(), &[2]].concat();
    assert_eq!(
        one(&network, 0, &prompt, &beam(3)).hypotheses[0].tokens,
        [2]
    );
}

#[test]
fn silence_is_read_at_the_start_token_and_before_any_rule() {
    // Only there do the other tokens together weigh as much as this one.
    let network = toy::Toy::new(|_, tokens| {
        let mut logits = vec![0.0; VOCABULARY];
        if tokens.last() == Some(&SOT) {
            logits[toy::NO_SPEECH as usize] = (VOCABULARY as f32 - 1.0).ln();
        }
        logits
    });
    let suppress = vec![toy::NO_SPEECH, 1, 2];
    for options in [
        SearchOptions {
            suppress,
            ..beam(2)
        },
        sample(2),
    ] {
        for prompt in [&[SOT][..], &TIMED, &PLAIN, &[13, 1, 1, SOT, 8, TRANSCRIBE]] {
            let found = one(&network, 0, prompt, &options);
            assert!((found.no_speech_prob - 0.5).abs() < 1e-5);
        }
    }
}

#[test]
fn suppressed_tokens_give_way_to_the_next_best() {
    let network = table(&[
        (&[], &[(0, 0.6), (1, 0.3), (2, 0.1)]),
        (&[1], &[(0, 0.6), (EOT, 0.4)]),
    ]);
    let first = |change: &dyn Fn(&mut SearchOptions)| {
        let mut options = beam(1);
        change(&mut options);
        one(&network, 0, &PLAIN, &options)
            .hypotheses
            .remove(0)
            .tokens
    };
    assert_eq!(first(&|_| ()), [0]);
    assert_eq!(first(&|options| options.suppress = vec![0]), [1]);
    assert_eq!(
        first(&|options| options.suppress_at_begin = vec![0]),
        [1, 0]
    );
}

#[test]
fn repetition_is_penalised_and_ngrams_are_not_repeated() {
    // The network says 0 forever, and 1 is its second choice.
    let stuck = toy::Toy::new(|_, tokens| {
        let mut logits = vec![-9.0; VOCABULARY];
        logits[0] = 3.0;
        logits[1] = 2.0;
        logits[2] = 1.0;
        logits[EOT as usize] = if tokens.len() > PLAIN.len() + 3 {
            9.0
        } else {
            -9.0
        };
        logits
    });
    let tokens =
        |options: &SearchOptions| one(&stuck, 0, &PLAIN, options).hypotheses.remove(0).tokens;
    assert_eq!(tokens(&beam(1)), [0, 0, 0, 0]);
    // 3 / 1.6 < 2, then 2 / 1.6 < 3 / 1.6.
    assert_eq!(
        tokens(&SearchOptions {
            repetition_penalty: 1.6,
            ..beam(1)
        }),
        [0, 1, 0, 0]
    );
    assert_eq!(
        tokens(&SearchOptions {
            no_repeat_ngram_size: 1,
            ..beam(1)
        })[..3],
        [0, 1, 2]
    );
    assert_eq!(
        tokens(&SearchOptions {
            no_repeat_ngram_size: 2,
            ..beam(1)
        }),
        [0, 0, 1, 0]
    );
}

/// What may follow with timestamps, as `text / timestamps` of the toy vocabulary.
fn may_follow(generated: &[u32]) -> Vec<u32> {
    let network = toy::Toy::new(|_, _| vec![0.0; VOCABULARY]);
    let special = toy::special();
    let prompt = Prompt::split(&TIMED, &special);
    let mut options = beam(1);
    options.max_initial_timestamp = 2;
    let rules = Rules::new(&prompt, &special, &options);
    let mut logits = vec![0.0; network.vocabulary_size()];
    // Text is likely enough that rule 4 does not hide what the others say.
    logits[..TS as usize].fill(5.0);
    let mut scan = row::RowScan::default();
    rules.scan(&mut logits, generated, &mut scan);
    let tokens = scan.blocks().flat_map(|block| block.tokens);
    tokens
        .filter(|token| logits[*token] > f32::NEG_INFINITY)
        .map(|token| u32::try_from(token).unwrap())
        .collect()
}

#[test]
fn timestamps_begin_come_in_pairs_and_never_go_back() {
    let text: Vec<u32> = (0..NO_TIMESTAMPS).collect();
    let all_but_text =
        |first: u32| -> Vec<u32> { (EOT..NO_TIMESTAMPS).chain(first..TS + 10).collect() };
    let text_or = |first: u32| -> Vec<u32> { (0..NO_TIMESTAMPS).chain(first..TS + 10).collect() };
    // Rule 2: a timestamp up to the largest first one.
    assert_eq!(may_follow(&[]), [TS, TS + 1, TS + 2]);
    // Rule 3: text after the first timestamp, and after a pair.
    assert_eq!(may_follow(&[TS + 1]), text);
    assert_eq!(may_follow(&[TS, 0, TS + 3, TS + 3]), text);
    // The same or a later one, or the end, after a text's end.
    assert_eq!(may_follow(&[TS, 0, TS + 3]), all_but_text(TS + 3));
    // Only later ones within a text.
    assert_eq!(may_follow(&[TS + 2, 0, 1]), text_or(TS + 3));
    assert_eq!(may_follow(&[TS, 0, TS + 3, TS + 5, 0]), text_or(TS + 6));
    assert_eq!(may_follow(&[TS + 9, 0]), text_or(TS + 10));
}

#[test]
fn timestamps_win_where_they_are_likely_as_a_whole() {
    let mut logits = vec![-20.0; VOCABULARY];
    logits[0] = 1.0;
    logits[TS as usize..].fill(0.0);
    let special = toy::special();
    let prompt = Prompt::split(&TIMED, &special);
    let options = beam(1);
    let rules = Rules::new(&prompt, &special, &options);
    let mut scan = row::RowScan::default();
    // Nine timestamps of weight 1 against a token of weight e.
    rules.scan(&mut logits, &[TS, 1], &mut scan);
    assert_eq!(scan.blocks().next().unwrap().tokens.start, TS as usize + 1);
    assert!((scan.log_prob(0.0) - (1f32 / 9.0).ln()).abs() < 1e-5);
    // Two of them are too few.
    rules.scan(&mut logits, &[TS + 7, 1], &mut scan);
    assert_eq!(scan.blocks().next().unwrap().tokens.start, 0);
    assert!((scan.log_prob(1.0) - (1.0 - (1f32.exp() + 2.0).ln())).abs() < 1e-5);
    // After a first timestamp text must follow, however likely they are.
    logits[0] = -5.0;
    rules.scan(&mut logits, &[TS], &mut scan);
    assert_eq!(scan.blocks().last().unwrap().tokens.end, TS as usize);
}

#[test]
fn numbers_that_are_none_end_an_item_without_text() {
    let broken = toy::Toy::new(|_, _| vec![f32::NAN; VOCABULARY]);
    for options in [beam(1), beam(3), sample(2)] {
        let found = one(&broken, 0, &TIMED, &options);
        assert!(
            found.hypotheses.iter().all(|h| h.tokens.is_empty()),
            "{found:?}"
        );
    }
}

#[test]
fn the_best_of_several_samples_comes_first() {
    let found = one(&toy::random(), 3, &TIMED, &sample(5));
    assert_eq!(found.hypotheses.len(), 5);
    assert!(found.hypotheses.is_sorted_by(|a, b| a.score >= b.score));
    let distinct: std::collections::HashSet<_> =
        found.hypotheses.iter().map(|h| &h.tokens).collect();
    assert!(distinct.len() > 1, "samples differ");
}

#[test]
fn samples_follow_the_tempered_weights_and_keep_untempered_scores() {
    // At temperature 0.5 the weights are squared: 0.8 and 0.2 become 16/17 and 1/17.
    let network = table(&[(&[], &[(0, 0.8), (1, 0.2)])]);
    let options = options(Method::Sample {
        temperature: 0.5,
        best_of: 4000,
        seed: 7,
    });
    let found = one(&network, 0, &PLAIN, &options);
    let of_1: Vec<_> = found
        .hypotheses
        .iter()
        .filter(|h| h.tokens == [1])
        .collect();
    assert!(
        (of_1.len() as f32 / 4000.0 - 1.0 / 17.0).abs() < 0.015,
        "{} of 4000",
        of_1.len()
    );
    assert!(
        of_1.iter()
            .all(|h| (h.sum_logprob - 0.2f32.ln()).abs() < 1e-4)
    );
}

#[test]
fn cancelling_stops_before_the_next_step() {
    use domain::{
        progress::{Monitor, Stage},
        units::Seconds,
    };
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    /// Cancels once it was asked often enough.
    struct After(AtomicUsize);
    impl Monitor for After {
        fn progress(&self, _: Stage, _: Seconds, _: Seconds) {}
        fn is_cancelled(&self) -> bool {
            self.0.fetch_sub(1, Relaxed) == 1
        }
    }
    for n in 1..10 {
        let feeds = AtomicUsize::new(0);
        let endless = toy::Toy::new(|_, _| {
            feeds.fetch_add(1, Relaxed);
            let mut logits = vec![-9.0; VOCABULARY];
            logits[3] = 0.0;
            logits
        });
        let monitor = After(AtomicUsize::new(n));
        let found = generate(
            &endless,
            &toy::special(),
            &[&0],
            &[PLAIN.to_vec()],
            &beam(1),
            &monitor,
        );
        assert_eq!(found, Err(AsrError::Cancelled));
        assert_eq!(feeds.load(Relaxed), n - 1);
    }
}
