//! How much memory a Vorbis stream asks for before its first packet (Vorbis I specification, 3.2.1 and 4.2.4).

use symphonia::core::errors::{Error, Result};
use symphonia::core::io::{BitReaderRtl, ReadBitsRtl};

/// Values in all codebooks of a stream together. Encoders come to a few hundred thousand; a header of ten kilobytes can
/// ask for a thousand million.
const MAX_VALUES: u64 = 1 << 23;

/// Bytes of the header that comes first, and of the words with which the header of the codebooks begins.
const N_IDENTIFICATION_BYTES: usize = 30;
const N_SIGNATURE_BYTES: usize = 7;

/// Looks whether the codebooks in the `headers` of a stream, those of identification and set-up, are as small as real
/// ones. Our decoder unpacks all of them. Of headers that are broken it complains itself.
///
/// # Errors
/// [`Error::LimitError`]: they are larger.
pub(super) fn check_codebooks(headers: &[u8]) -> Result<()> {
    let Some(setup) = headers.get(N_IDENTIFICATION_BYTES + N_SIGNATURE_BYTES..) else {
        return Ok(());
    };
    let mut bits = BitReaderRtl::new(setup);
    let n_books = bits.read_bits_leq32(8).map_or(0, |last| last + 1);
    let mut n_values = 0;
    for _ in 0..n_books {
        let Ok(n) = pass_codebook(&mut bits) else {
            break;
        };
        n_values += n;
        if n_values > MAX_VALUES {
            return Err(Error::LimitError("its codebooks are larger than can be"));
        }
    }
    Ok(())
}

/// Goes behind a codebook, and says how many values it has.
fn pass_codebook(bits: &mut BitReaderRtl<'_>) -> Result<u64> {
    bits.ignore_bits(24)?;
    let n_dimensions = bits.read_bits_leq32(16)?;
    let n_entries = bits.read_bits_leq32(24)?;
    let is_ordered = bits.read_bool()?;
    let is_sparse = !is_ordered && bits.read_bool()?;
    if is_ordered {
        pass_ordered_lengths(bits, n_entries)?;
    } else if is_sparse {
        for _ in 0..n_entries {
            let is_used = bits.read_bool()?;
            bits.ignore_bits(if is_used { 5 } else { 0 })?;
        }
    } else {
        bits.ignore_bits(5 * n_entries)?;
    }
    let n_listed = match bits.read_bits_leq32(4)? {
        0 => return Ok(u64::from(n_entries)),
        1 => root(n_entries, n_dimensions),
        _ => n_entries.saturating_mul(n_dimensions),
    };
    bits.ignore_bits(32 + 32)?;
    let n_bits = bits.read_bits_leq32(4)? + 1;
    bits.ignore_bits(1)?;
    bits.ignore_bits(n_bits.saturating_mul(n_listed))?;
    Ok(u64::from(n_entries) * u64::from(n_dimensions))
}

/// Goes behind the lengths of code words where they only grow: how many there are of each.
fn pass_ordered_lengths(bits: &mut BitReaderRtl<'_>, n_entries: u32) -> Result<()> {
    bits.ignore_bits(5)?;
    let mut n_left = n_entries;
    while n_left > 0 {
        let n = bits.read_bits_leq32(u32::BITS - n_left.leading_zeros())?;
        n_left = n_left.saturating_sub(n);
    }
    Ok(())
}

/// The largest number whose power of `exponent` is `n` at most.
fn root(n: u32, exponent: u32) -> u32 {
    let is_enough = |root: &u32| root.checked_pow(exponent).is_none_or(|power| power > n);
    (1..=n).find(is_enough).map_or(n, |root| root - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bits in the order in which Vorbis reads them.
    #[derive(Default)]
    struct Bits(Vec<bool>);

    impl Bits {
        fn push(&mut self, value: u32, n_bits: u32) {
            self.0.extend((0..n_bits).map(|i| value >> i & 1 == 1));
        }

        fn bytes(&self) -> Vec<u8> {
            let byte = |bits: &[bool]| (0..).zip(bits).map(|(i, bit)| u8::from(*bit) << i).sum();
            self.0.chunks(8).map(byte).collect()
        }
    }

    /// Headers with a codebook for each `(dimensions, entries, kind)`, whose lengths are ordered.
    fn headers(books: &[(u32, u32, u32)]) -> Vec<u8> {
        let mut bits = Bits::default();
        bits.push(u32::try_from(books.len()).unwrap() - 1, 8);
        for &(n_dimensions, n_entries, kind) in books {
            bits.push(0x56_4342, 24);
            bits.push(n_dimensions, 16);
            bits.push(n_entries, 24);
            bits.push(1, 1);
            bits.push(16, 5);
            bits.push(n_entries, n_entries.ilog2() + 1);
            bits.push(kind, 4);
            if kind > 0 {
                bits.push(0, 32);
                bits.push(0, 32);
                bits.push(0, 4 + 1);
                let n_listed = match kind {
                    1 => root(n_entries, n_dimensions),
                    _ => n_entries * n_dimensions,
                };
                (0..n_listed).for_each(|_| bits.push(1, 1));
            }
        }
        let mut headers = vec![0; N_IDENTIFICATION_BYTES + N_SIGNATURE_BYTES];
        headers.extend(bits.bytes());
        headers
    }

    #[test]
    fn codebooks_that_no_encoder_makes_are_refused() {
        let real = [(8, 6561, 1), (2, 81, 2), (1, 512, 0)].repeat(40);
        assert!(check_codebooks(&headers(&real)).is_ok());
        let large = (32, 128 * 1024, 1);
        for books in [vec![large; 3], [&real[..], &[large; 2]].concat()] {
            let headers = headers(&books);
            assert!(matches!(
                check_codebooks(&headers),
                Err(Error::LimitError(_))
            ));
            assert!(headers.len() < 60_000);
        }
    }

    #[test]
    fn broken_headers_are_left_to_the_decoder() {
        let whole = headers(&[(8, 6561, 1), (32, 128 * 1024, 1), (2, 81, 2)]);
        for n in 0..whole.len() {
            assert!(check_codebooks(&whole[..n]).is_ok());
        }
        assert!(check_codebooks(&[0xff; 4096]).is_ok());
    }

    #[test]
    fn roots_are_whole_and_not_too_large() {
        let roots = [
            (6561, 8, 3),
            (6560, 8, 2),
            (81, 2, 9),
            (7, 1, 7),
            (1, 9, 1),
            (0, 3, 0),
        ];
        for (n, exponent, expected) in roots {
            assert_eq!(root(n, exponent), expected, "{n} {exponent}");
        }
        assert_eq!((root(1 << 23, 33), root(5, 0)), (1, 5));
    }
}
