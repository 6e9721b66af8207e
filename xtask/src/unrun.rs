//! Tests that did not run, told in one line at the end.

use std::collections::BTreeMap;

use anyhow::bail;
use skipped::Skipped;

/// Tells which tests did not run, and why. In continuous integration those are failures that need nothing but what
/// `scripts/setup` and `scripts/fetch-models` bring.
///
/// # Errors
/// There are some, and this is continuous integration.
#[expect(clippy::print_stderr, reason = "a command says what it found")]
pub(crate) fn report(skipped: &[Skipped], is_ci: bool) -> anyhow::Result<()> {
    let (wanted, others): (Vec<_>, Vec<_>) = skipped.iter().partition(|skipped| skipped.can_be_had);
    if !others.is_empty() {
        eprintln!(
            "== {} cannot run on this machine: {}",
            tests(&others),
            named(&others)
        );
    }
    if wanted.is_empty() {
        return Ok(());
    }
    let line = format!(
        "{} DID NOT RUN for want of what scripts/setup and scripts/fetch-models bring: {}",
        tests(&wanted),
        named(&wanted)
    );
    if is_ci {
        bail!(line);
    }
    eprintln!("== {line}");
    Ok(())
}

/// Whether `CI` is set, as forges and `.ci/run` do.
pub(crate) fn is_ci() -> bool {
    let variable = std::env::var("CI").unwrap_or_default();
    !["", "0", "false"].contains(&variable.as_str())
}

fn tests(skipped: &[&Skipped]) -> String {
    match skipped.len() {
        1 => "1 test".to_owned(),
        n => format!("{n} tests"),
    }
}

/// The names of tests, by what they need: `no ffmpeg (2: a, b); no model 'base' (1: c)`.
fn named(skipped: &[&Skipped]) -> String {
    let mut by_reason = BTreeMap::<&str, Vec<&str>>::new();
    for one in skipped {
        by_reason.entry(&one.reason).or_default().push(&one.test);
    }
    let told = by_reason.iter().map(|(reason, tests)| {
        let names = tests.join(", ");
        format!("{reason} ({}: {names})", tests.len())
    });
    told.collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skipped(can_be_had: bool, reason: &str, test: &str) -> Skipped {
        Skipped {
            can_be_had,
            reason: reason.to_owned(),
            test: test.to_owned(),
        }
    }

    #[test]
    fn tests_without_their_models_are_told_in_one_line_and_fail_in_ci() {
        let all = [
            skipped(true, "no model 'base'", "asr::first"),
            skipped(true, "no ffmpeg", "audio::second"),
            skipped(true, "no model 'base'", "asr::third"),
            skipped(false, "only root can mount a small disk", "disk"),
        ];
        report(&all, false).unwrap();
        let error = report(&all, true).unwrap_err().to_string();
        assert_eq!(
            error,
            "3 tests DID NOT RUN for want of what scripts/setup and scripts/fetch-models bring: \
             no ffmpeg (1: audio::second); no model 'base' (2: asr::first, asr::third)"
        );
    }

    #[test]
    fn what_a_machine_cannot_do_fails_nowhere() {
        let disk = [skipped(false, "only root can mount a small disk", "disk")];
        report(&disk, true).unwrap();
        report(&[], true).unwrap();
    }
}
