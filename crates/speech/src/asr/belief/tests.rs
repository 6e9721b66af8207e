//! Texts that are believed, and texts that are not.

use super::*;
use crate::asr::search::Hypothesis;

/// A text of ten words, sure and without a doubt.
fn sure() -> Attempt {
    Attempt {
        hypothesis: Hypothesis {
            tokens: vec![1],
            sum_logprob: -0.4,
            score: 0.0,
        },
        no_speech_prob: 0.01,
        compression_ratio: 1.2,
        n_words: 10.0,
        is_loop: false,
        temperature: 0.0,
    }
}

fn unsure(avg_logprob: f32, no_speech_prob: f32) -> Attempt {
    let mut attempt = sure();
    attempt.hypothesis.sum_logprob = avg_logprob * 2.0;
    attempt.no_speech_prob = no_speech_prob;
    attempt
}

fn check(attempt: &Attempt, n_seconds: f64, voice: Option<(f64, bool)>, expected: Option<Doubt>) {
    let voice = voice.map(|(n_seconds, is_doubtful)| Voice {
        n_seconds,
        is_doubtful,
    });
    let claim = Claim {
        attempt,
        n_seconds,
        voice,
    };
    let found = doubt(&claim, &AsrOptions::default());
    assert_eq!(found, expected, "{attempt:?}");
}

#[test]
fn a_sure_text_is_believed_unless_nobody_can_say_it_in_that_time() {
    check(&sure(), 3.0, None, None);
    check(&sure(), 1.3, None, None);
    check(&sure(), 1.2, None, Some(Doubt::TooFast));
    let few = Attempt {
        n_words: 3.0,
        ..sure()
    };
    check(&few, 0.1, None, None);
}

#[test]
fn a_loop_is_not_believed_however_sure() {
    let looped = Attempt {
        compression_ratio: 5.0,
        is_loop: true,
        ..sure()
    };
    check(&looped, 30.0, None, Some(Doubt::Loop));
    let meant = Attempt {
        is_loop: false,
        ..looped
    };
    check(&meant, 30.0, None, None);
    // a few repetitions compress little
    let beeps = |avg_logprob, no_speech_prob| Attempt {
        is_loop: true,
        ..unsure(avg_logprob, no_speech_prob)
    };
    check(&beeps(-0.55, 0.2), 30.0, None, Some(Doubt::Loop));
    check(&beeps(-0.55, 0.05), 30.0, None, None);
    check(&beeps(-0.45, 0.2), 30.0, None, None);
}

#[test]
fn a_word_or_two_in_what_seems_silence_must_be_surer() {
    let lone = |avg_logprob, no_speech_prob, n_words| Attempt {
        n_words,
        ..unsure(avg_logprob, no_speech_prob)
    };
    check(&lone(-0.41, 0.94, 1.0), 2.0, None, Some(Doubt::Silence));
    check(&lone(-0.41, 0.94, 3.0), 2.0, None, None);
    check(&lone(-0.41, 0.5, 1.0), 2.0, None, None);
    check(&lone(-0.2, 0.94, 1.0), 2.0, None, None);
}

#[test]
fn where_there_is_hardly_a_voice_the_text_must_be_surer() {
    check(&unsure(-1.2, 0.7), 5.0, None, Some(Doubt::Silence));
    let (certain, doubtful, short) = ((5.0, false), (5.0, true), (0.5, false));
    for (attempt, voice, expected) in [
        (unsure(-0.6, 0.1), certain, None),
        (unsure(-0.6, 0.1), doubtful, Some(Doubt::NoVoice)),
        (unsure(-0.4, 0.25), doubtful, Some(Doubt::NoVoice)),
        (unsure(-0.4, 0.1), doubtful, None),
        (unsure(-0.6, 0.25), short, Some(Doubt::NoVoice)),
        (unsure(-0.6, 0.1), short, None),
    ] {
        check(&attempt, 5.0, Some(voice), expected);
    }
}
