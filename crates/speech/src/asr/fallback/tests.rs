//! Attempts that are taken, and those that are made again.

use super::*;

/// An attempt by mean log-probability, compression ratio and no-speech probability.
fn attempt((avg_logprob, compression_ratio, no_speech_prob): (f32, f32, f32)) -> Attempt {
    Attempt {
        hypothesis: Hypothesis {
            tokens: vec![1],
            sum_logprob: avg_logprob * 2.0,
            score: 0.0,
        },
        no_speech_prob,
        compression_ratio,
        n_words: 1.0,
        is_loop: true,
        temperature: -1.0,
    }
}

/// Index of the attempt taken, number of attempts made, and the temperature reported.
fn taken(script: &[(f32, f32, f32)], options: &AsrOptions) -> (usize, usize, f32) {
    let mut n_tried = 0;
    let taken = first_acceptable(options, |again| {
        let attempt = Attempt {
            temperature: again.temperature,
            ..attempt(script[n_tried])
        };
        n_tried += 1;
        Ok::<_, ()>(attempt)
    });
    let taken = taken.unwrap();
    let index = script
        .iter()
        .position(|s| attempt(*s).hypothesis == taken.hypothesis);
    (index.unwrap(), n_tried, taken.temperature)
}

fn check(script: &[(f32, f32, f32)], expected: (usize, usize, f32)) {
    let options = AsrOptions {
        temperatures: vec![0.0, 0.4, 0.8],
        ..AsrOptions::default()
    };
    let (index, n_tried, temperature) = taken(script, &options);
    assert_eq!((index, n_tried), (expected.0, expected.1), "{script:?}");
    assert!(
        (temperature - expected.2).abs() < 1e-6,
        "{script:?}: {temperature}"
    );
}

#[test]
fn the_first_acceptable_attempt_is_taken() {
    check(&[(-0.5, 1.5, 0.1)], (0, 1, 0.0));
    // Too unlikely, then too repetitive, then good.
    check(
        &[(-1.5, 1.5, 0.1), (-0.2, 3.0, 0.1), (-0.9, 2.4, 0.1)],
        (2, 3, 0.8),
    );
    // Unlikely and silent is silence, and repetition does not matter then.
    check(&[(-1.5, 1.5, 0.7)], (0, 1, 0.0));
    check(&[(-1.5, 9.0, 0.7)], (0, 1, 0.0));
    // Silent but likely and repetitive is tried again.
    check(&[(-0.5, 9.0, 0.7), (-0.4, 1.0, 0.7)], (1, 2, 0.4));
}

#[test]
fn where_all_fail_the_likeliest_that_does_not_loop_is_taken_under_the_last_temperature() {
    check(
        &[(-1.2, 2.0, 0.1), (-1.1, 2.0, 0.1), (-0.1, 5.0, 0.1)],
        (1, 3, 0.8),
    );
    // Where all loop, one more is made without repetitions.
    let looping = [(-0.3, 4.0, 0.1), (-0.2, 5.0, 0.1), (-0.4, 3.0, 0.1)];
    check(&[&looping[..], &[(-0.9, 4.5, 0.1)]].concat(), (1, 4, 0.0));
    check(&[&looping[..], &[(-0.9, 2.0, 0.1)]].concat(), (3, 4, 0.0));
    check(
        &[(-0.3, 4.0, 0.1), (-2.0, 2.0, 0.1), (-0.4, 3.0, 0.1)],
        (1, 3, 0.8),
    );
}

#[test]
fn a_loop_goes_on_to_the_end_of_the_text() {
    let twice = |a: &[u32], n: usize| a.repeat(n);
    assert!(repeats_to_the_end(&twice(&[5], 4)));
    assert!(repeats_to_the_end(&twice(&[5, 6, 7], 4)));
    // cut off within a repetition, or ended by a mark
    assert!(repeats_to_the_end(
        &[twice(&[5, 6, 7], 4), vec![5]].concat()
    ));
    assert!(repeats_to_the_end(
        &[twice(&[5, 6, 7], 4), vec![8, 9]].concat()
    ));
    assert!(repeats_to_the_end(
        &[vec![1, 2, 3], twice(&[5, 6], 5)].concat()
    ));
    assert!(!repeats_to_the_end(
        &[twice(&[5, 6, 7], 9), vec![1, 2, 3]].concat()
    ));
    assert!(!repeats_to_the_end(&twice(&[5, 6, 7], 3)));
    assert!(!repeats_to_the_end(&[]));
}

#[test]
fn ten_repetitions_are_a_loop_wherever_they_stand() {
    let long = [vec![1, 2], [5, 6].repeat(10), vec![7, 8, 9]].concat();
    assert!(is_loop(&long) && !repeats_to_the_end(&long));
    let short = [vec![1, 2], [5, 6].repeat(9), vec![7, 8, 9]].concat();
    assert!(!is_loop(&short));
    let beside_more = [(10..40).collect(), [5].repeat(10), (40..60).collect()].concat();
    assert!(!is_loop(&beside_more));
}

#[test]
fn what_is_repeated_on_purpose_is_kept() {
    let options = AsrOptions::default();
    let meant = |avg_logprob| Attempt {
        is_loop: false,
        ..attempt((avg_logprob, 4.2, 0.1))
    };
    assert!(meant(-0.12).is_acceptable(&options));
    assert!(!meant(-0.6).is_acceptable(&options));
    assert!(!attempt((-0.12, 4.2, 0.1)).is_acceptable(&options));
}

#[test]
fn thresholds_can_be_off() {
    let off = AsrOptions {
        compression_ratio_threshold: None,
        log_prob_threshold: None,
        ..AsrOptions::default()
    };
    assert_eq!(taken(&[(-9.0, 99.0, 0.1)], &off).1, 1);
    assert!(attempt((-0.1, 1.0, 0.7)).is_silence(&off));
    let never = AsrOptions {
        no_speech_threshold: None,
        ..AsrOptions::default()
    };
    assert!(!attempt((-9.0, 1.0, 1.0)).is_silence(&never));
}

#[test]
fn the_likelier_silence_is_the_surer_the_text_must_be() {
    let usual = AsrOptions::default();
    // beeps, white noise, a hum, music, what Whisper itself calls silence
    for (avg_logprob, no_speech_prob) in [
        (-0.79, 0.605),
        (-0.68, 0.81),
        (-1.18, 0.51),
        (-1.41, 0.39),
        (-1.1, 0.7),
        (-1.07, 0.141),
    ] {
        let noise = attempt((avg_logprob, 1.0, no_speech_prob));
        assert!(noise.is_silence(&usual), "{avg_logprob} {no_speech_prob}");
    }
    // speech that sounds doubtful by one of the two alone
    for (avg_logprob, no_speech_prob) in [
        (-0.53, 0.63),
        (-0.45, 0.95),
        (-1.15, 0.05),
        (-0.83, 0.21),
        (-0.51, 0.39),
        (-0.72, 0.61),
        (-0.33, 0.42),
    ] {
        let speech = attempt((avg_logprob, 1.0, no_speech_prob));
        assert!(!speech.is_silence(&usual), "{avg_logprob} {no_speech_prob}");
    }
}
