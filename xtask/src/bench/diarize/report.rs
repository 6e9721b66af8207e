//! Both programs side by side.

use serde::Serialize;

use super::measured::{COLLARS, Measured, Scored};
use crate::bench::Options;
use crate::bench::recordings::Recording;
use crate::bench::report::Program;
use crate::driver::Driver;
use crate::score::diarization::DiarizationErrors;
use crate::score::statistics::median;
use crate::table::{Table, number};

/// Everything measured.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    threads: usize,
    scriven: Program,
    peer: Option<Program>,
    recordings: Vec<Row>,
}

/// One recording.
#[derive(Debug, Serialize)]
struct Row {
    id: String,
    audio_seconds: f64,
    scriven: Scored,
    peer: Option<Scored>,
    /// Ours where the number of speakers was told.
    told: Option<Scored>,
}

/// One of the three results of a recording.
type Pick = fn(&Row) -> Option<&Scored>;

/// Ours, the peer's, and ours where the number was told.
const PICKS: [Pick; 3] = [
    |row| Some(&row.scriven),
    |row| row.peer.as_ref(),
    |row| row.told.as_ref(),
];

impl Report {
    pub(super) fn new(options: &Options, ours: &Driver, peer: Option<&Driver>) -> Self {
        Self {
            threads: options.threads,
            scriven: Program::of(ours),
            peer: peer.map(Program::of),
            recordings: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, recording: &Recording, measured: Measured) {
        let scored = |answer| Scored::new(recording, answer);
        self.recordings.push(Row {
            id: recording.id.clone(),
            audio_seconds: recording.duration_seconds,
            scriven: scored(measured.scriven),
            peer: measured.peer.map(scored),
            told: measured.told.map(scored),
        });
    }

    /// Prints the sums, then each recording, in Markdown.
    pub(super) fn print(&self) {
        let audio: f64 = self.recordings.iter().map(|row| row.audio_seconds).sum();
        let name = |program: &Program| format!("{} {}", program.name, program.version);
        let peer = self
            .peer
            .as_ref()
            .map_or_else(|| "no peer".to_owned(), name);
        let title = format!(
            "Diarization, {} threads: {} recordings, {audio:.0} s of audio; {} and {peer}",
            self.threads,
            self.recordings.len(),
            name(&self.scriven),
        );
        let mut table = Table::new(&["", "scriven", "peer", "scriven, number of speakers told"]);
        self.add_speed(&mut table, audio);
        self.add_errors(&mut table);
        table.print(&title);
        self.print_recordings();
    }

    fn add_speed(&self, table: &mut Table, audio: f64) {
        let seconds = PICKS.map(|pick| self.sum(pick, |scored| scored.seconds));
        let mut line = |what: &str, values: [Option<f64>; 3], digits| {
            let cells = values.map(|value| number(value, digits));
            table.row([what.to_owned()].into_iter().chain(cells));
        };
        line("time in all, s", seconds, 2);
        let factors = seconds.map(|seconds| seconds.map(|seconds| seconds / audio));
        line("real-time factor", factors, 4);
        let [ours, theirs, _] = seconds;
        let total = theirs.zip(ours).map(|(theirs, ours)| theirs / ours);
        line("peer's time by ours, in all", [total, None, None], 2);
        let ratio = |row: &Row| Some(row.peer.as_ref()?.seconds / row.scriven.seconds);
        let ratios: Vec<f64> = self.recordings.iter().filter_map(ratio).collect();
        let worst = ratios.iter().copied().min_by(f64::total_cmp);
        line(
            "… of the median recording",
            [median(&ratios), None, None],
            2,
        );
        line("… of the worst recording", [worst, None, None], 2);
        let peaks = PICKS.map(|pick| self.peak_megabytes(pick));
        line("peak memory, MB", [peaks[0], peaks[1], None], 0);
        let load = self.peer.as_ref().map(|peer| peer.load_seconds);
        line(
            "models loaded in, s",
            [Some(self.scriven.load_seconds), load, None],
            2,
        );
    }

    fn add_errors(&self, table: &mut Table) {
        for (which, collar) in COLLARS.iter().enumerate() {
            let totals = PICKS.map(|pick| self.errors(pick, which));
            let mut line = |what: &str, of: fn(DiarizationErrors) -> f64| {
                let cells = totals.map(|total| number(total.map(of), 2));
                let what = format!("{what}, collar {collar} s, %");
                table.row([what].into_iter().chain(cells));
            };
            line("diarization errors", DiarizationErrors::rate);
            line("… missed", |total| total.per_cent(total.missed));
            line("… false alarm", |total| total.per_cent(total.false_alarm));
            line("… confused", |total| total.per_cent(total.confusion));
        }
        let right = PICKS.map(|pick| self.n_right(pick));
        table.row(
            ["number of speakers right".to_owned()]
                .into_iter()
                .chain(right),
        );
    }

    fn print_recordings(&self) {
        let mut table = Table::new(&[
            "recording",
            "speakers",
            "scriven",
            "peer",
            "errors, collar 0.25 s, %: scriven",
            "peer",
            "told",
            "collar 0 s: scriven",
            "peer",
            "told",
            "s: scriven",
            "peer",
            "ratio",
        ]);
        for row in &self.recordings {
            let scores = PICKS.map(|pick| pick(row));
            let count = |scored: Option<&Scored>| Some(scored?.speakers?.n_found.to_string());
            let n_true = row.scriven.speakers.map(|count| count.n_true.to_string());
            let counts = [n_true, count(scores[0]), count(scores[1])];
            let rates = (0..COLLARS.len()).flat_map(|which| {
                scores.map(|scored| number(scored.and_then(|s| Some(s.errors?[which].rate())), 2))
            });
            let theirs = row.peer.as_ref().map(|peer| peer.seconds);
            let times = [
                Some(row.scriven.seconds),
                theirs,
                theirs.map(|t| t / row.scriven.seconds),
            ];
            let mut cells = vec![row.id.clone()];
            cells.extend(counts.map(|count| count.unwrap_or_else(|| "-".to_owned())));
            cells.extend(rates);
            cells.extend(times.map(|time| number(time, 2)));
            table.row(cells);
        }
        table.print("Each recording");
    }

    fn scores(&self, pick: Pick) -> impl Iterator<Item = &Scored> {
        self.recordings.iter().filter_map(pick)
    }

    fn sum(&self, pick: Pick, of: fn(&Scored) -> f64) -> Option<f64> {
        let values: Vec<f64> = self.scores(pick).map(of).collect();
        (!values.is_empty()).then(|| values.iter().sum())
    }

    fn errors(&self, pick: Pick, which: usize) -> Option<DiarizationErrors> {
        let errors = self
            .scores(pick)
            .filter_map(|scored| Some(scored.errors?[which]));
        let errors: Vec<_> = errors.collect();
        (!errors.is_empty()).then(|| errors.into_iter().sum())
    }

    /// Such as `12 of 14`.
    fn n_right(&self, pick: Pick) -> String {
        let counts: Vec<_> = self
            .scores(pick)
            .filter_map(|scored| scored.speakers)
            .collect();
        let n_right = counts.iter().filter(|count| count.is_right()).count();
        match counts.len() {
            0 => "-".to_owned(),
            n => format!("{n_right} of {n}"),
        }
    }

    fn peak_megabytes(&self, pick: Pick) -> Option<f64> {
        let peak = self.scores(pick).map(|scored| scored.peak_rss_bytes).max();
        peak.map(|bytes| bytes as f64 / 1e6)
    }
}
