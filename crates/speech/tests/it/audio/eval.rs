//! The evaluation recordings decode, or fail, as their manifest says.

use super::{eval_folder, eval_items, ffmpeg_is_there, with_ffmpeg};

#[test]
fn every_odd_recording_behaves_as_expected() {
    let Some(eval) = eval_folder() else { return };
    if !ffmpeg_is_there() {
        return;
    }
    let mut n_checked = 0;
    for item in eval_items(&eval)
        .into_iter()
        .filter(|item| item.path.starts_with("noise/"))
    {
        let result = with_ffmpeg(&eval.join(&item.path));
        match &result {
            Ok(samples) => println!(
                "{}: {:.3} s (manifest {:.3} s)",
                item.id,
                samples.duration().0,
                item.duration_s
            ),
            Err(error) => println!("{}: {error}", item.id),
        }
        // "empty" is said of the transcript: the file itself decodes.
        let must_decode = matches!(
            item.expect.as_str(),
            "ok" | "empty" | "empty_or_little" | "any"
        );
        match (item.expect.as_str(), result) {
            ("error" | "error_or_empty", result) => assert!(result.is_err(), "{}", item.id),
            (_, Ok(samples)) => {
                let off_s = (samples.duration().0 - item.duration_s).abs();
                assert!(off_s < 0.1, "{}: {off_s:.3} s off", item.id);
            }
            (_, Err(error)) => assert!(!must_decode, "{}: {error}", item.id),
        }
        n_checked += 1;
    }
    assert!(n_checked > 30, "only {n_checked} recordings were found");
}
