//! Headers that are wrong, or were never written.

use anyhow::Context;

/// What is wrong with a file.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fault {
    /// Written to a pipe, so that nothing that is known only at the end stands at the beginning.
    Streamed,
    /// The recording's two halves, each with a header of its own, one behind the other.
    Joined,
    /// A number of a header.
    Number(Number),
    /// Bytes that do not belong to it in front.
    InFront(&'static str, Foreign),
    /// The same behind it.
    Behind(&'static str, Foreign),
}

/// A number of a header, found by the bytes in front of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Number {
    pub(super) name: &'static str,
    pub(super) marker: &'static [u8],
    /// From the marker's first byte.
    pub(super) offset: isize,
    /// 4 or 8 bytes.
    pub(super) width: usize,
    pub(super) order: Order,
    pub(super) value: Value,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Order {
    Big,
    Little,
}

/// What stands there instead.
#[derive(Debug, Clone, Copy)]
pub(super) enum Value {
    Is(u64),
    /// All bits set.
    Ones,
    Third,
    Threefold,
}

/// What has got into a file.
#[derive(Debug, Clone, Copy)]
pub(super) enum Foreign {
    /// An `ID3v2` tag with a picture of 20 kB.
    Tag,
    /// An `ID3v1` tag.
    OldTag,
    /// Zeros.
    Zeros,
}

impl Fault {
    pub(super) fn name(&self) -> String {
        match self {
            Self::Streamed => "written to a pipe".to_owned(),
            Self::Joined => "two halves joined".to_owned(),
            Self::Number(number) => format!("{} {}", number.name, number.value.name()),
            Self::InFront(name, _) => format!("{name} in front"),
            Self::Behind(name, _) => format!("{name} behind"),
        }
    }

    /// Files in the file.
    pub(super) fn n_parts(&self) -> usize {
        if matches!(self, Self::Joined) { 2 } else { 1 }
    }
}

impl Number {
    /// Puts the wrong number into every place of a file that the marker names.
    ///
    /// # Errors
    /// The file has no such place.
    pub(super) fn spoil(&self, bytes: &mut [u8]) -> anyhow::Result<()> {
        // Within the header, not in what sounds.
        let header = bytes.len().min(4_096);
        let place = |bytes: &[u8]| {
            let marker = self.marker;
            bytes
                .windows(marker.len())
                .position(|window| window == marker)
        };
        let found = place(&bytes[..header]).or_else(|| place(bytes));
        let begin = found.and_then(|place| place.checked_add_signed(self.offset));
        let begin = begin.with_context(|| format!("no {} in this file", self.name))?;
        let place = bytes
            .get_mut(begin..begin + self.width)
            .with_context(|| format!("the file ends before its {}", self.name))?;
        let old = place.iter().enumerate().map(|(i, byte)| match self.order {
            Order::Big => u64::from(*byte) << (8 * (self.width - 1 - i)),
            Order::Little => u64::from(*byte) << (8 * i),
        });
        let new = self.value.instead_of(old.sum());
        for (i, byte) in place.iter_mut().enumerate() {
            *byte = match self.order {
                Order::Big => new.to_be_bytes()[8 - self.width + i],
                Order::Little => new.to_le_bytes()[i],
            };
        }
        Ok(())
    }
}

impl Value {
    fn name(self) -> String {
        match self {
            Self::Is(value) => value.to_string(),
            Self::Ones => "all ones".to_owned(),
            Self::Third => "a third".to_owned(),
            Self::Threefold => "threefold".to_owned(),
        }
    }

    fn instead_of(self, old: u64) -> u64 {
        match self {
            Self::Is(value) => value,
            Self::Ones => u64::MAX,
            Self::Third => old / 3,
            Self::Threefold => old.saturating_mul(3),
        }
    }
}

impl Foreign {
    pub(super) fn bytes(self) -> Vec<u8> {
        match self {
            Self::Tag => {
                // Sizes have seven bits a byte: 20 010 and 20 000.
                let mut tag = b"ID3\x04\0\0\0\x01\x1c\x2aAPIC\0\x01\x1c\x20\0\0".to_vec();
                tag.resize(tag.len() + 20_000, 0xff);
                tag
            }
            Self::OldTag => {
                let mut tag = b"TAGa title".to_vec();
                tag.resize(128, 0);
                tag
            }
            Self::Zeros => vec![0; 5_000],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_replaced_in_its_place_and_order() {
        let spoil = |order, value| {
            let mut bytes = b"...data\x00\x00\x00\x06...".to_vec();
            let number = Number {
                name: "size of data",
                marker: b"data",
                offset: 4,
                width: 4,
                order,
                value,
            };
            number.spoil(&mut bytes).unwrap();
            bytes[7..11].to_vec()
        };
        assert_eq!(spoil(Order::Big, Value::Third), [0, 0, 0, 2]);
        assert_eq!(spoil(Order::Little, Value::Third), [0, 0, 0, 2]);
        assert_eq!(spoil(Order::Big, Value::Is(300)), [0, 0, 1, 44]);
        assert_eq!(spoil(Order::Little, Value::Is(300)), [44, 1, 0, 0]);
        assert_eq!(spoil(Order::Little, Value::Ones), [0xff; 4]);
        assert_eq!(spoil(Order::Big, Value::Threefold), [0, 0, 0, 18]);
    }

    #[test]
    fn a_tag_says_its_own_length() {
        let tag = Foreign::Tag.bytes();
        let size = tag[6..10]
            .iter()
            .fold(0, |size, byte| size << 7 | usize::from(*byte));
        assert_eq!(tag.len(), 10 + size);
    }
}
