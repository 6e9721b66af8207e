//! Any number of channels becomes one, by what is in them.
//!
//! A fixed matrix is wrong wherever channels are not what their places say: with one channel inverted the mean of two is
//! silence; a channel without a microphone adds its hiss; of four microphones only one may be near. So each block of a
//! quarter of a second is mixed by its own signal:
//!
//! 1. A channel counts while it holds more than its own noise, and for a second longer. Where none does, those count that
//!    counted before.
//! 2. The channels that count have equal weights, but for a centre channel, where people speak in films, which counts
//!    four times, and for the bass channel, which counts only alone.
//! 3. A channel that would cancel the others is inverted first.
//!
//! Two channels that are alike become their mean, exactly. Energies are measured above 300 Hz, so that hum does not
//! decide. Decision 0012 has the figures, and what was tried instead.

use symphonia::core::audio::{Channels, Position};

/// A block is this long.
const BLOCK_SECONDS: f32 = 0.25;
/// The noise floor is the least energy of pieces of this length...
const PIECE_SECONDS: f32 = 0.02;
/// ...within so many blocks, or up to twice as many.
const FLOOR_BLOCKS: usize = 16;
/// A block with more energy than so many times the noise floor holds more than noise: 6 dB.
const FOREGROUND: f32 = 4.0;
/// A channel with less energy than this share of the loudest one holds what is heard there already, if anything: -30 dB.
const AUDIBLE: f32 = 1e-3;
/// Blocks for which a channel counts after the last that held more than noise.
const HOLD_BLOCKS: usize = 4;
/// How much more a centre channel counts.
const CENTRE_WEIGHT: f32 = 4.0;
/// A channel is inverted where its correlation with the others is below this, and no longer where it is above the opposite.
const INVERTED: f32 = -0.3;
/// Correlation is averaged over blocks; one that is surer than this decides alone.
const SURE_CORRELATION: f32 = 0.8;
/// What is left after a block of what was measured before it.
const MEMORY: f32 = 0.8;
/// Gains change over this time, so that no step is heard.
const FADE_SECONDS: f32 = 0.02;
/// Energies are measured above this frequency, in Hz.
const HIGH_PASS: f32 = 300.0;
/// Less energy than that of -90 dB is silence.
const SILENCE: f32 = 1e-9;

/// What is known of the places of channels: the index of the centre channel and of the bass channel (LFE).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Layout {
    pub(super) centre: Option<usize>,
    pub(super) bass: Option<usize>,
}

impl Layout {
    /// What the decoder knows; `None` where it only counts channels.
    pub(super) fn of(channels: &Channels) -> Option<Self> {
        let Channels::Positioned(positions) = channels else {
            return None;
        };
        let find = |wanted: Position| positions.iter().position(|position| position == wanted);
        Some(Self {
            centre: find(Position::FRONT_CENTER),
            bass: find(Position::LFE1),
        })
    }
}

/// Mixes blocks of one rate and number of channels.
pub(super) struct Mixer {
    rate: u32,
    layout: Layout,
    block_frames: usize,
    channels: Vec<Channel>,
    /// Samples that fill no block yet, shape `(channels)(frames)`.
    pending: Vec<Vec<f32>>,
    /// How the block before was mixed.
    gains: Vec<f32>,
    n_blocks: usize,
}

/// What is known of a channel.
#[derive(Debug, Clone)]
struct Channel {
    filter: HighPass,
    /// The block at hand without its hum.
    filtered: Vec<f32>,
    energy: f32,
    /// The least energy of a piece in the present and in the previous window of blocks.
    floors: [f32; 2],
    /// Blocks since one that held more than noise.
    n_quiet: usize,
    is_inverted: bool,
    /// What it has in common with the channels before it, and what both have in all, averaged over blocks.
    common: f32,
    whole: f32,
}

impl Mixer {
    pub(super) fn new(rate: u32, layout: Layout, n_channels: usize) -> Self {
        let channel = Channel {
            filter: HighPass::new(rate),
            filtered: Vec::new(),
            energy: 0.0,
            floors: [f32::INFINITY; 2],
            n_quiet: usize::MAX,
            is_inverted: false,
            common: 0.0,
            whole: 0.0,
        };
        let mut mixer = Self {
            rate,
            layout,
            block_frames: frames(rate, BLOCK_SECONDS),
            channels: vec![channel; n_channels],
            pending: vec![Vec::new(); n_channels],
            gains: Vec::new(),
            n_blocks: 0,
        };
        mixer.gains = mixer.weights(|_| true);
        mixer
    }

    pub(super) fn layout(&self) -> Layout {
        self.layout
    }

    pub(super) fn n_channels(&self) -> usize {
        self.channels.len()
    }

    /// Whether it can mix these planes.
    pub(super) fn fits(&self, rate: u32, layout: Layout, planes: &[Vec<f32>]) -> bool {
        (self.rate, self.layout, self.channels.len()) == (rate, layout, planes.len())
    }

    /// Takes planes of shape `(channels)(frames)` and appends to `mono` what is mixed, which may be nothing yet.
    pub(super) fn push(&mut self, planes: &[Vec<f32>], mono: &mut Vec<f32>) {
        if let [only] = planes {
            mono.extend_from_slice(only);
            return;
        }
        for (pending, plane) in self.pending.iter_mut().zip(planes) {
            pending.extend_from_slice(plane);
        }
        while self.n_pending() >= self.block_frames {
            self.mix_block(self.block_frames, mono);
        }
    }

    /// Appends to `mono` what fills no block.
    pub(super) fn flush(&mut self, mono: &mut Vec<f32>) {
        if self.n_pending() > 0 {
            self.mix_block(self.n_pending(), mono);
        }
    }

    fn n_pending(&self) -> usize {
        self.pending.first().map_or(0, Vec::len)
    }

    fn mix_block(&mut self, n_frames: usize, mono: &mut Vec<f32>) {
        self.measure(n_frames);
        let mut gains = self.next_weights();
        self.invert(&mut gains);
        let begin = mono.len();
        mono.resize(begin + n_frames, 0.0);
        let n_fade = frames(self.rate, FADE_SECONDS) as f32;
        for ((plane, gain), before) in self.pending.iter().zip(&gains).zip(&self.gains) {
            let step = (gain - before) / n_fade;
            for (i, (sum, sample)) in mono[begin..].iter_mut().zip(plane).enumerate() {
                let n_faded = i as f32;
                let gain = if n_faded < n_fade {
                    before + step * n_faded
                } else {
                    *gain
                };
                *sum += gain * sample;
            }
        }
        for plane in &mut self.pending {
            plane.drain(..n_frames);
        }
        self.gains = gains;
        self.n_blocks += 1;
    }

    /// Measures energies and noise floors of the next `n_frames`.
    fn measure(&mut self, n_frames: usize) {
        let is_new_window = self.n_blocks.is_multiple_of(FLOOR_BLOCKS);
        let piece_frames = frames(self.rate, PIECE_SECONDS);
        for (channel, plane) in self.channels.iter_mut().zip(&self.pending) {
            let filter = &mut channel.filter;
            channel.filtered.clear();
            let filtered = plane[..n_frames].iter().map(|sample| filter.next(*sample));
            channel.filtered.extend(filtered);
            channel.energy = energy(&channel.filtered);
            if is_new_window {
                channel.floors = [f32::INFINITY, channel.floors[0]];
            }
            let pieces = channel.filtered.chunks_exact(piece_frames).map(energy);
            channel.floors[0] = pieces.fold(channel.floors[0], f32::min);
        }
        let loudest = self.channels.iter().map(|channel| channel.energy);
        let loudest = loudest.fold(SILENCE, f32::max);
        for channel in &mut self.channels {
            let floor = channel.floors[0].min(channel.floors[1]);
            let is_quiet =
                channel.energy < FOREGROUND * floor || channel.energy < AUDIBLE * loudest;
            channel.n_quiet = if is_quiet {
                channel.n_quiet.saturating_add(1)
            } else {
                0
            };
        }
    }

    /// How the channels count in the block that was measured; their sum is 1.
    fn next_weights(&self) -> Vec<f32> {
        let counts = |channel: &Channel| channel.n_quiet <= HOLD_BLOCKS;
        if self.channels.iter().any(counts) {
            self.weights(counts)
        } else {
            self.gains.iter().map(|gain| gain.abs()).collect()
        }
    }

    fn weights(&self, counts: impl Fn(&Channel) -> bool) -> Vec<f32> {
        let weight = |(index, channel): (usize, &Channel)| {
            if !counts(channel) || self.layout.bass == Some(index) {
                0.0
            } else if self.layout.centre == Some(index) {
                CENTRE_WEIGHT
            } else {
                1.0
            }
        };
        let weights: Vec<f32> = self.channels.iter().enumerate().map(weight).collect();
        let sum: f32 = weights.iter().sum();
        if sum > 0.0 {
            weights.iter().map(|weight| weight / sum).collect()
        } else {
            vec![1.0 / self.channels.len().max(1) as f32; self.channels.len()]
        }
    }

    /// Inverts what would cancel the channels before it.
    fn invert(&mut self, gains: &mut [f32]) {
        let mut sum = vec![
            0.0;
            self.channels
                .first()
                .map_or(0, |channel| channel.filtered.len())
        ];
        for (channel, gain) in self.channels.iter_mut().zip(gains) {
            channel.compare(&sum);
            if channel.is_inverted {
                *gain = -*gain;
            }
            for (sum, sample) in sum.iter_mut().zip(&channel.filtered) {
                *sum += *gain * sample;
            }
        }
    }
}

impl Channel {
    /// Decides whether it is inverted beside `sum`, the channels before it.
    fn compare(&mut self, sum: &[f32]) {
        let common = product(sum, &self.filtered);
        let whole = (product(sum, sum) * product(&self.filtered, &self.filtered)).sqrt();
        self.common = MEMORY * self.common + common;
        self.whole = MEMORY * self.whole + whole;
        let is_audible = whole > SILENCE * sum.len() as f32;
        let correlation = |common: f32, whole: f32| common / whole.max(f32::MIN_POSITIVE);
        let now = correlation(common, whole);
        let lately = correlation(self.common, self.whole);
        if is_audible && (now < -SURE_CORRELATION || lately < INVERTED) {
            self.is_inverted = now <= SURE_CORRELATION;
        } else if is_audible && (now > SURE_CORRELATION || lately > -INVERTED) {
            self.is_inverted = false;
        }
    }
}

/// Whole frames in `seconds` at `rate` Hz, at least one.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "rates are far below the limits of numbers"
)]
fn frames(rate: u32, seconds: f32) -> usize {
    ((rate as f32 * seconds) as usize).max(1)
}

/// The mean of the squares.
fn energy(samples: &[f32]) -> f32 {
    product(samples, samples) / samples.len().max(1) as f32
}

fn product(one: &[f32], other: &[f32]) -> f32 {
    one.iter().zip(other).map(|(x, y)| x * y).sum()
}

/// Two first-order high-pass filters, one behind the other.
#[derive(Debug, Clone, Default)]
struct HighPass {
    decay: f32,
    /// Input and output of each, one sample ago.
    before: [(f32, f32); 2],
}

impl HighPass {
    fn new(rate: u32) -> Self {
        let decay = (-std::f32::consts::TAU * HIGH_PASS / rate as f32).exp();
        Self {
            decay,
            ..Self::default()
        }
    }

    fn next(&mut self, sample: f32) -> f32 {
        let mut value = sample;
        for (input, output) in &mut self.before {
            let filtered = self.decay * (*output + value - *input);
            (*input, *output) = (value, filtered);
            value = filtered;
        }
        value
    }
}
