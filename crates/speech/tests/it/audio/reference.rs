//! What we decode ourselves against what `ffmpeg` makes of the same file.

use std::path::Path;
use std::process::Command;

use super::{alone, eval_folder, eval_items, ffmpeg_is_there, make, with_ffmpeg};

/// The first audio stream as `ffmpeg` decodes, mixes and resamples it, in floating point.
fn by_ffmpeg(path: &Path) -> Vec<f32> {
    let output = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-i"])
        .arg(path)
        .args([
            "-map",
            "0:a:0",
            "-af",
            "aresample=16000:rematrix_maxval=1",
            "-ac",
            "1",
            "-ar",
            "16000",
            "-f",
            "f32le",
            "-",
        ])
        .output()
        .unwrap();
    let values = output.stdout.as_chunks::<4>().0;
    values
        .iter()
        .map(|bytes| f32::from_le_bytes(*bytes).clamp(-1.0, 1.0))
        .collect()
}

/// Sum of products with `theirs` moved by `lag`.
fn correlation(ours: &[f32], theirs: &[f32], lag: i64) -> f64 {
    let (ours, theirs) = if lag >= 0 {
        (&ours[(lag as usize).min(ours.len())..], theirs)
    } else {
        (
            ours,
            &theirs[(lag.unsigned_abs() as usize).min(theirs.len())..],
        )
    };
    ours.iter()
        .zip(theirs)
        .map(|(x, y)| f64::from(*x) * f64::from(*y))
        .sum()
}

/// Signal to difference in dB, over the lower three quarters of the band that a recording of this rate can have.
/// Above, the resampler of `ffmpeg` fades out slowly, and ours stays flat for longer.
fn snr_db(ours: &[f32], theirs: &[f32], rate: u32) -> f64 {
    let top_hz = 0.375 * f64::from(rate.min(16_000));
    let n = ours.len().min(theirs.len());
    let plan = realfft::RealFftPlanner::<f64>::new().plan_fft_forward(n);
    let power = |signal: &mut dyn Iterator<Item = f64>| {
        let mut signal: Vec<f64> = signal.collect();
        let mut spectrum = plan.make_output_vec();
        plan.process(&mut signal, &mut spectrum).unwrap();
        spectrum[..(n as f64 * top_hz / 16_000.0) as usize]
            .iter()
            .map(realfft::num_complex::Complex::norm_sqr)
            .sum::<f64>()
    };
    let signal = power(&mut theirs[..n].iter().map(|x| f64::from(*x)));
    let noise = power(
        &mut ours
            .iter()
            .zip(theirs)
            .map(|(x, y)| f64::from(*x) - f64::from(*y)),
    );
    10.0 * (signal / noise.max(1e-12)).log10()
}

#[test]
fn our_decoders_agree_with_ffmpeg() {
    let Some(eval) = eval_folder() else { return };
    if !ffmpeg_is_there() {
        return;
    }
    let mut strange = Vec::new();
    let mut worst: std::collections::BTreeMap<String, (usize, f64, i64)> =
        std::collections::BTreeMap::new();
    for item in eval_items(&eval) {
        let Some(form) = item.audio else { continue };
        if !["flac", "mp3", "aac", "vorbis"].contains(&form.codec.as_str())
            && !form.codec.starts_with("pcm")
        {
            continue;
        }
        let path = eval.join(&item.path);
        let theirs = by_ffmpeg(&path);
        let Ok(ours) = alone(path) else { continue };
        let (ours, theirs) = (ours.to_vec(), &theirs[..]);
        if theirs.iter().all(|x| *x == 0.0) {
            continue;
        }
        let off = ours.len() as i64 - theirs.len() as i64;
        let n_window = ours.len().min(480_000);
        let (window_ours, window_theirs) =
            (&ours[..n_window], &theirs[..n_window.min(theirs.len())]);
        let lag = (-40..=40_i64)
            .max_by(|a, b| {
                correlation(window_ours, window_theirs, *a).total_cmp(&correlation(
                    window_ours,
                    window_theirs,
                    *b,
                ))
            })
            .unwrap();
        let snr_db = snr_db(&ours, theirs, form.sample_rate);
        println!(
            "{}: {} {} Hz: {off:+} samples, lag {lag}, SNR {snr_db:.1} dB",
            item.id, form.codec, form.sample_rate
        );
        let entry = worst
            .entry(format!("{} {} Hz", form.codec, form.sample_rate))
            .or_insert((0, f64::INFINITY, 0));
        *entry = (
            entry.0 + 1,
            entry.1.min(snr_db),
            if off.abs() > entry.2.abs() {
                off
            } else {
                entry.2
            },
        );
        // Where both clip, they clip differently, for the transition band still holds different parts.
        let clips = ours.iter().any(|x| x.abs() >= 0.9999);
        // Ours are rounded to 16 bits: of a quiet recording less is left.
        let power = ours.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>() / ours.len() as f64;
        let above_a_step_db = 10.0 * (power * 32_768.0_f64.powi(2)).log10();
        let least_snr_db = if clips {
            40.0
        } else {
            65.0_f64.min(above_a_step_db)
        };
        if lag != 0 || snr_db < least_snr_db || off.abs() > 1 {
            strange.push(format!(
                "{}: {off:+} samples, lag {lag}, SNR {snr_db:.1} dB",
                item.id
            ));
        }
    }
    println!("codec and rate: files, lowest SNR, largest difference in length");
    for (form, (n_files, snr_db, off)) in &worst {
        println!("  {form}: {n_files}, {snr_db:.1} dB, {off:+}");
    }
    assert!(!worst.is_empty());
    assert!(strange.is_empty(), "{strange:#?}");
}

/// One channel at 16 kHz in 16 bits, by `ffmpeg` alone.
fn shorts_by_ffmpeg(path: &Path) -> Vec<f32> {
    let output = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-i"])
        .arg(path)
        .args(["-ac", "1", "-ar", "16000", "-f", "s16le", "-"])
        .output()
        .unwrap();
    let values = output.stdout.as_chunks::<2>().0;
    values
        .iter()
        .map(|bytes| f32::from(i16::from_le_bytes(*bytes)) / 32_768.0)
        .collect()
}

#[test]
fn what_ffmpeg_decodes_to_one_channel_is_taken_sample_by_sample() {
    let folder = tempfile::tempdir().unwrap();
    let noise = ["-f", "lavfi", "-i", "anoisesrc=r=48000:d=3:a=0.3:seed=7"];
    // the sound of a WMA file begins after 0, which `ffmpeg` passes over here and our clock does not
    for (name, codec) in [("noise.opus", "libopus"), ("noise.ac3", "ac3")] {
        let arguments = [&noise[..], &["-c:a", codec]].concat();
        let Some(path) = make(folder.path(), name, &arguments) else {
            continue;
        };
        let (ours, theirs) = (with_ffmpeg(&path).unwrap(), shorts_by_ffmpeg(&path));
        assert!(theirs.len() > 40_000, "{name}");
        let n_same = theirs.len().min(ours.len()) - 100;
        assert!(ours.to_vec()[..n_same] == theirs[..n_same], "{name}");
    }
}
