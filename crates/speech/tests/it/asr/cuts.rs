//! Chunks lose nothing of what is said where the recording is cut.

use std::ops::Range;

use domain::options::{AsrOptions, ComputeType, VadOptions};
use domain::progress::Silent;
use domain::transcript::Transcript;
use serde_json::Value;
use similar::{Algorithm, DiffOp, capture_diff_slices};
use speech::asr;
use speech::audio;
use speech::pyannet::PyanNet;
use speech::vad;

use super::{THREADS, model_folder, root, whisper_as};

const SAMPLE_RATE: usize = 16_000;
/// How far from a cut a word may be and still be lost at it, in seconds.
const REACH: f64 = 0.5;

/// Here the model leaves out a chapter's title that another voice reads at the end of a chunk.
#[test]
fn no_word_is_lost_at_a_cut() {
    check(380..460);
}

#[test]
#[ignore = "takes minutes: half an hour of speech, twice"]
fn no_word_is_lost_at_any_cut_of_half_an_hour() {
    check(0..1_800);
}

/// Compares chunks with the sequential algorithm, which cuts nothing.
fn check(span: Range<usize>) {
    let path = root().join("../shared/eval/long/longd_30min.opus");
    let (Some(whisper), Some(segmentation)) = (
        whisper_as("base", ComputeType::Int8),
        model_folder("segmentation-3.0", "pytorch_model.bin"),
    ) else {
        return;
    };
    if !path.exists() {
        skipped::on_this_machine("no recordings beside the repository");
        return;
    }
    let samples = audio::decode(path.as_path(), &audio::Settings::default(), &Silent)
        .unwrap()
        .samples;
    let samples = &samples.to_vec()[span.start * SAMPLE_RATE..span.end * SAMPLE_RATE];
    let options = AsrOptions {
        language: Some("en".parse().unwrap()),
        ..AsrOptions::default()
    };
    let vad = PyanNet::load(&segmentation, THREADS).unwrap();
    let chunks = vad::detect(&vad, samples, &VadOptions::default(), &Silent).unwrap();
    assert!(chunks.len() > 2, "{chunks:?}");
    let whole = asr::transcribe(&whisper, samples, &options, &Silent).unwrap();
    let cut = asr::transcribe_chunks(&whisper, samples, &chunks, &options, &Silent).unwrap();

    let said = reference("longd_30min");
    let (whole, cut) = (words(&whole), words(&cut));
    let [whole_texts, cut_texts] = [&whole, &cut].map(|words| {
        let texts = words.iter().map(|(text, _)| text.as_str());
        texts.collect::<Vec<_>>()
    });
    let time = |sample: usize| sample as f64 / SAMPLE_RATE as f64;
    for ops in capture_diff_slices(Algorithm::Myers, &whole_texts, &cut_texts) {
        let DiffOp::Delete {
            old_index, old_len, ..
        } = ops
        else {
            continue;
        };
        let lost = &whole[old_index..old_index + old_len];
        let phrase = whole_texts[old_index..old_index + old_len].join(" ");
        let is_at_a_cut = chunks.windows(2).any(|pair| {
            let (before, after) = (pair[0].speech.last().unwrap(), &pair[1].speech[0]);
            let reach = time(before.end) - REACH..time(after.start) + REACH;
            let near = |times: &Range<f64>| times.start < reach.end && reach.start < times.end;
            lost.iter().any(|(_, times)| near(times))
        });
        let is_said = said.contains(&format!(" {phrase} "));
        assert!(!(is_at_a_cut && is_said), "'{phrase}' is lost: {lost:?}");
    }
}

/// Words in small letters without marks, and their times.
fn words(transcript: &Transcript) -> Vec<(String, Range<f64>)> {
    let words = (transcript.segments.iter()).flat_map(|segment| segment.words.iter().flatten());
    words
        .map(|word| {
            let times = word.start.unwrap().0..word.end.unwrap().0;
            (plain(&word.word), times)
        })
        .collect()
}

fn plain(text: &str) -> String {
    let lower = text.chars().flat_map(char::to_lowercase);
    lower.filter(|c| c.is_alphanumeric()).collect()
}

/// What is said in a recording, its words as [`plain`] and one space around each.
fn reference(id: &str) -> String {
    let manifest = std::fs::read(root().join("../shared/eval/manifest.json")).unwrap();
    let manifest: Vec<Value> = serde_json::from_slice(&manifest).unwrap();
    let item = manifest.iter().find(|item| item["id"] == id).unwrap();
    let text = item["ref_text"].as_str().unwrap();
    let words: Vec<_> = text.split_whitespace().map(plain).collect();
    format!(" {} ", words.join(" "))
}
