//! An alignment model as a resident program, for timing: `emissions_driver MODEL COMPUTE_TYPE THREADS`.
//!
//! For each line of standard input, a number of samples, it computes the emissions of that much noise and prints the
//! seconds that this took. `fixtures/scripts/time_wav2vec2.py` compares it with PyTorch.

use std::io::{BufRead, Write};
use std::path::Path;
use std::time::Instant;

use domain::language::Language;
use domain::options::ComputeType;
use speech::align::Aligner;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, compute_type, threads] = &arguments[..] else {
        return Err("usage: emissions_driver MODEL COMPUTE_TYPE THREADS".into());
    };
    let compute_type: ComputeType = compute_type.parse()?;
    let began = Instant::now();
    let folder = Path::new(folder);
    let aligner = Aligner::load(
        folder,
        Language::ENGLISH,
        compute_type,
        threads.parse::<usize>()?,
    )?;
    say(began.elapsed().as_secs_f64())?;
    for line in std::io::stdin().lock().lines() {
        let n_samples: usize = line?.trim().parse()?;
        let mut noise = fastrand::Rng::with_seed(1);
        let samples: Vec<f32> = (0..n_samples).map(|_| noise.f32() * 0.2 - 0.1).collect();
        let began = Instant::now();
        let emissions = aligner.emissions(&samples);
        let seconds = began.elapsed().as_secs_f64();
        assert!(emissions.values().iter().all(|value| value.is_finite()));
        say(seconds)?;
    }
    Ok(())
}

fn say(seconds: f64) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{seconds:.4}")?;
    out.flush()
}
