//! Images: pixels in rows, each with its channels side by side, and one pixel of zeros around all of them.

use crate::math::Aligned;

/// Pixels on each side of an image.
pub(super) const BORDER: usize = 1;
/// Pixels behind the last row that kernels may read, and ignore.
const SLACK: usize = 32;

/// How the numbers of an image are stored.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum Number {
    /// Single precision.
    #[default]
    Single,
    /// Its upper half, bfloat16.
    Half,
}

/// An image `(height, width, channels)` with its border.
#[derive(Debug, Default, Clone)]
pub struct Image {
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) channels: usize,
    pub(super) number: Number,
    data: Aligned,
}

impl Image {
    /// Becomes an image of this size in single precision; what is in it may be left over from before, the border is zero.
    pub fn resize(&mut self, height: usize, width: usize, channels: usize) {
        self.become_of(Number::Single, height, width, channels);
    }

    pub(super) fn become_of(
        &mut self,
        number: Number,
        height: usize,
        width: usize,
        channels: usize,
    ) {
        let shape = |image: &Self| (image.height, image.width, image.channels, image.number);
        if shape(self) == (height, width, channels, number) {
            return;
        }
        (self.height, self.width, self.channels) = (height, width, channels);
        self.number = number;
        let size = match number {
            Number::Single => size_of::<f32>(),
            Number::Half => size_of::<u16>(),
        };
        let n = (height + 2 * BORDER) * self.pitch() + SLACK * channels;
        self.data = Aligned::zeroed(n * size);
    }

    /// Rows of pixels.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Pixels of a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The pixels `(width, channels)` of a row, to write.
    ///
    /// # Panics
    /// When the image is not in single precision.
    pub fn row_mut(&mut self, row: usize) -> &mut [f32] {
        let (start, len) = (self.start(row), self.width * self.channels);
        &mut self.singles_mut()[start..start + len]
    }

    /// The pixels `(width, channels)` of a row, to read.
    ///
    /// # Panics
    /// When the image is not in single precision.
    pub fn row(&self, row: usize) -> &[f32] {
        &self.singles()[self.start(row)..][..self.width * self.channels]
    }

    /// All numbers with the border and what is behind it.
    pub(super) fn singles(&self) -> &[f32] {
        assert_eq!(self.number, Number::Single, "an image of another precision");
        self.data.view()
    }

    pub(super) fn singles_mut(&mut self) -> &mut [f32] {
        assert_eq!(self.number, Number::Single, "an image of another precision");
        self.data.view_mut()
    }

    /// All numbers with the border and what is behind it, as bfloat16.
    pub(super) fn halves(&self) -> &[u16] {
        assert_eq!(self.number, Number::Half, "an image of another precision");
        self.data.view()
    }

    pub(super) fn halves_mut(&mut self) -> &mut [u16] {
        assert_eq!(self.number, Number::Half, "an image of another precision");
        self.data.view_mut()
    }

    /// Where the first pixel of a row stands among all numbers.
    pub(super) fn start(&self, row: usize) -> usize {
        (row + BORDER) * self.pitch() + BORDER * self.channels
    }

    /// Numbers from one row to the next.
    pub(super) fn pitch(&self) -> usize {
        (self.width + 2 * BORDER) * self.channels
    }
}
