//! Kinds of numbers in files, and how they become single precision.

/// How numbers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Number {
    /// 32-bit float.
    F32,
    /// 8-bit integer, to be scaled.
    I8,
    /// 16-bit integer, to be scaled.
    I16,
    /// 32-bit integer.
    I32,
    /// 16-bit float.
    F16,
    /// The upper half of a 32-bit float.
    Bf16,
    /// 64-bit float.
    F64,
    /// 64-bit integer.
    I64,
    /// 8-bit integer without sign.
    U8,
}

impl Number {
    /// Bytes that one number takes.
    pub fn size(self) -> usize {
        match self {
            Self::F64 | Self::I64 => 8,
            Self::F32 | Self::I32 => 4,
            Self::I16 | Self::F16 | Self::Bf16 => 2,
            Self::I8 | Self::U8 => 1,
        }
    }

    /// Turns little-endian bytes into single precision, unscaled.
    pub(crate) fn convert(self, bytes: &[u8], values: &mut [f32]) {
        use half::slice::{HalfBitsSliceExt, HalfFloatSliceExt};
        match self {
            Self::F32 => each(bytes, values, f32::from_le_bytes),
            Self::I32 => each(bytes, values, |b| i32::from_le_bytes(b) as f32),
            #[expect(
                clippy::cast_possible_truncation,
                reason = "single precision is what the network works in"
            )]
            Self::F64 => each(bytes, values, |b| f64::from_le_bytes(b) as f32),
            Self::I64 => each(bytes, values, |b| i64::from_le_bytes(b) as f32),
            Self::U8 => each(bytes, values, |b: [u8; 1]| f32::from(b[0])),
            Self::I16 => each(bytes, values, |b| f32::from(i16::from_le_bytes(b))),
            Self::Bf16 => each(bytes, values, |b| half::bf16::from_le_bytes(b).to_f32()),
            Self::I8 => each(bytes, values, |b: [u8; 1]| f32::from(i8::from_le_bytes(b))),
            Self::F16 => {
                // a whole slice at once uses the processor's own conversion
                let halves: Vec<u16> = bytes
                    .as_chunks::<2>()
                    .0
                    .iter()
                    .map(|b| u16::from_le_bytes(*b))
                    .collect();
                halves
                    .reinterpret_cast::<half::f16>()
                    .convert_to_f32_slice(values);
            }
        }
    }
}

fn each<const N: usize>(bytes: &[u8], values: &mut [f32], convert: impl Fn([u8; N]) -> f32) {
    for (value, bytes) in values.iter_mut().zip(bytes.as_chunks::<N>().0) {
        *value = convert(*bytes);
    }
}
