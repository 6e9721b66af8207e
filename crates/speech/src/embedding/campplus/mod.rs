//! CAM++ (Wang et al. 2023), as 3D-Speaker publishes it: 80 mel bands over time become one vector of 192 numbers.
//!
//! Convolutions over time and frequency, then three blocks of densely connected layers over time, whose output is
//! masked by what the stretch sounds like as a whole, then mean and deviation over time. Stretches of one length go
//! through the network side by side, so that the weights are read once for several.

mod head;
mod load;
#[cfg(test)]
mod tests;

use nn::Pool;
use nn::batch_norm::BatchNorm;
use nn::dense::{self, DenseLayer};
use nn::linear::{Linear, Rows, Then};

use super::fbank::BANDS;
use super::{EMBEDDING, Embedding};
use head::{CHANNELS, Head};

/// Stretches that one worker hears side by side: so many that the weights are worth reading, so few that what is between
/// the layers stays in the second-level cache.
const GROUP: usize = 4;
/// Frames that are added to each end before the first convolution over time.
const PADDING: usize = 2;
/// Frames from one output of that convolution to the next.
const STRIDE: usize = 2;

/// The loaded network.
#[derive(Debug)]
pub struct CamPlusPlus {
    pool: Pool,
    head: Head,
    tdnn: Linear,
    blocks: Vec<Block>,
    dense: Linear,
}

/// Layers that add to their channels, and one that sums all of them up in fewer.
#[derive(Debug)]
struct Block {
    layers: Vec<DenseLayer>,
    norm: BatchNorm,
    transit: Linear,
    then: Then,
}

impl CamPlusPlus {
    /// The threads of this network, for filter banks in between.
    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    /// The voices of some stretches, each `(frames, 80)` with the mean over its frames taken away
    /// ([`super::Features::centred`]). Fastest where many have the same length.
    ///
    /// # Panics
    /// When a stretch is empty, or no whole number of frames.
    pub fn embed<F: AsRef<[f32]> + Sync>(&self, features: &[F]) -> Vec<Embedding> {
        let stretch = |index: usize| features[index].as_ref();
        let mut order: Vec<usize> = (0..features.len()).collect();
        order.sort_by_key(|index| stretch(*index).len());
        let most = features.len().div_ceil(self.pool.n_threads()).min(GROUP);
        let groups: Vec<&[usize]> = order
            .chunk_by(|a, b| stretch(*a).len() == stretch(*b).len())
            .flat_map(|same| same.chunks(most))
            .collect();
        let mut found = vec![Vec::new(); groups.len()];
        let work = |scratch: &mut Scratch, group: usize, found: &mut [Vec<Embedding>]| {
            let features: Vec<&[f32]> = groups[group].iter().map(|index| stretch(*index)).collect();
            found[0] = self.hear(scratch, &features);
        };
        self.pool.each_part(&mut found, 1, Scratch::default, work);
        let mut embeddings = vec![[0.0; EMBEDDING]; features.len()];
        for (index, embedding) in order.iter().zip(found.iter().flatten()) {
            embeddings[*index] = *embedding;
        }
        embeddings
    }

    /// The voices of stretches of one length, on the calling thread.
    fn hear(&self, scratch: &mut Scratch, features: &[&[f32]]) -> Vec<Embedding> {
        let n_frames = (features[0].len() / BANDS).div_ceil(STRIDE);
        let first = self.blocks[0].width();
        let mut rows = vec![0.0; features.len() * n_frames * first];
        for (features, rows) in (features.iter()).zip(rows.chunks_exact_mut(n_frames * first)) {
            self.begin(scratch, features, rows, first);
        }
        let mut channels = Vec::new();
        for (index, block) in self.blocks.iter().enumerate() {
            let width = self
                .blocks
                .get(index + 1)
                .map_or(block.transit.n_out(), Block::width);
            channels.resize(features.len() * n_frames * width, 0.0);
            block.forward(scratch, &mut rows, n_frames, &mut channels, width);
            std::mem::swap(&mut rows, &mut channels);
        }
        let width = self.dense.n_in() / 2;
        let sequences = rows.chunks_exact(n_frames * width);
        let statistics: Vec<f32> = sequences
            .flat_map(|rows| mean_and_deviation(rows, width))
            .collect();
        let mut embeddings = vec![[0.0; EMBEDDING]; features.len()];
        self.dense
            .forward(&statistics, embeddings.as_flattened_mut(), Then::Store);
        embeddings
    }

    /// The convolutions of one stretch, into rows `width` apart.
    fn begin(&self, scratch: &mut Scratch, features: &[f32], rows: &mut [f32], width: usize) {
        let n_frames = features.len() / BANDS;
        assert!(
            n_frames > 0 && features.len() == n_frames * BANDS,
            "whole frames"
        );
        let frames = &mut scratch.frames;
        frames.clear();
        frames.resize((n_frames + 2 * PADDING) * CHANNELS, 0.0);
        let inner = PADDING * CHANNELS..(PADDING + n_frames) * CHANNELS;
        self.head
            .forward(&mut scratch.head, features, &mut frames[inner]);
        scratch.rows.set_strided(
            self.tdnn.precision(),
            frames,
            self.tdnn.n_in(),
            STRIDE * CHANNELS,
            n_frames.div_ceil(STRIDE),
        );
        self.tdnn
            .forward_apart(&scratch.rows, rows, width, Then::Relu);
    }
}

impl Block {
    /// Channels when all layers have added theirs.
    fn width(&self) -> usize {
        self.norm.width()
    }

    /// Fills up the channels of `rows (sequences·n_frames, width)`, and sums them up in the first channels of
    /// `output (sequences·n_frames, output_width)`.
    fn forward(
        &self,
        scratch: &mut Scratch,
        rows: &mut [f32],
        n_frames: usize,
        output: &mut [f32],
        output_width: usize,
    ) {
        /// Rows that are summed up at once.
        const ROWS: usize = 96;
        let width = self.width();
        for layer in &self.layers {
            layer.forward(&mut scratch.dense, rows, width, n_frames);
        }
        let blocks = rows.chunks(ROWS * width);
        for (rows, output) in blocks.zip(output.chunks_mut(ROWS * output_width)) {
            let n = rows.len() / width;
            (scratch.rows).fill(self.transit.precision(), width, n, |row, out| {
                self.norm.rectify(&rows[row * width..], width, out);
            });
            (self.transit).forward_apart(&scratch.rows, output, output_width, self.then);
        }
    }
}

/// What one worker keeps.
#[derive(Debug, Default)]
struct Scratch {
    head: head::Scratch,
    dense: dense::Scratch,
    frames: Vec<f32>,
    rows: Rows,
}

/// Means of the channels of `rows (frames, width)`, then their standard deviations (unbiased; 0 for a single frame).
fn mean_and_deviation(rows: &[f32], width: usize) -> Vec<f32> {
    let n = (rows.len() / width) as f32;
    let mut statistics = vec![0.0; 2 * width];
    let (means, deviations) = statistics.split_at_mut(width);
    for row in rows.chunks_exact(width) {
        means.iter_mut().zip(row).for_each(|(mean, x)| *mean += x);
    }
    for mean in means.iter_mut() {
        *mean /= n;
    }
    for row in rows.chunks_exact(width) {
        for ((deviation, x), mean) in deviations.iter_mut().zip(row).zip(&*means) {
            *deviation += (x - mean) * (x - mean);
        }
    }
    for deviation in deviations {
        *deviation = (*deviation / (n - 1.0).max(1.0)).sqrt();
    }
    statistics
}
