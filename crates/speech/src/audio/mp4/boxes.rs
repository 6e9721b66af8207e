//! Boxes, of which MP4 and MOV files are made.

use std::io::{self, Read, Seek, SeekFrom};

/// More boxes than this in one place is no file of an encoder.
const MAX_BOXES: usize = 4096;

/// What a box says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::audio) struct Head {
    pub(in crate::audio) name: [u8; 4],
    /// Bytes before its content.
    pub(in crate::audio) n_bytes: u64,
    /// Bytes in all; the head is part of them.
    pub(in crate::audio) size: u64,
    /// Whether it reaches to the end of the file because it does not say its size.
    pub(in crate::audio) is_open: bool,
}

/// The head of the box at `at`, which may reach to `end`; `None` where its size cannot be.
pub(in crate::audio) fn head(
    file: &mut (impl Read + Seek),
    at: u64,
    end: u64,
) -> io::Result<Option<Head>> {
    file.seek(SeekFrom::Start(at))?;
    let short_size = u32::from_be_bytes(read(file)?);
    let name = read(file)?;
    let (n_bytes, size) = match u64::from(short_size) {
        0 => (8, end.saturating_sub(at)),
        1 => (16, u64::from_be_bytes(read(file)?)),
        size => (8, size),
    };
    let head = Head {
        name,
        n_bytes,
        size,
        is_open: short_size == 0,
    };
    Ok((size >= n_bytes).then_some(head))
}

/// The next `N` bytes.
pub(in crate::audio) fn read<const N: usize>(file: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// A box: its name and where its content lies.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    pub(super) name: [u8; 4],
    pub(super) start: u64,
    pub(super) end: u64,
}

impl Part {
    /// The boxes in it.
    pub(super) fn parts(self, file: &mut (impl Read + Seek)) -> io::Result<Vec<Self>> {
        parts(file, self.start, self.end)
    }

    /// The first box in it that has this name.
    pub(super) fn find(self, file: &mut (impl Read + Seek), name: [u8; 4]) -> Option<Self> {
        find(&self.parts(file).ok()?, name)
    }

    /// Goes behind its version and flags, and says which they are.
    pub(super) fn enter(self, file: &mut (impl Read + Seek)) -> io::Result<(u8, u32)> {
        file.seek(SeekFrom::Start(self.start))?;
        let [version, flags @ ..] = read::<4>(file)?;
        let [a, b, c] = flags;
        Ok((version, u32::from_be_bytes([0, a, b, c])))
    }
}

pub(super) fn find(parts: &[Part], name: [u8; 4]) -> Option<Part> {
    parts.iter().find(|part| part.name == name).copied()
}

/// The boxes that lie side by side between two places.
pub(super) fn parts(file: &mut (impl Read + Seek), start: u64, end: u64) -> io::Result<Vec<Part>> {
    let mut parts = Vec::new();
    let mut at = start;
    while parts.len() < MAX_BOXES && end.saturating_sub(at) >= 8 {
        let Some(head) = head(file, at, end)? else {
            break;
        };
        let Some(next) = at.checked_add(head.size).filter(|next| *next <= end) else {
            break;
        };
        parts.push(Part {
            name: head.name,
            start: at + head.n_bytes,
            end: next,
        });
        at = next;
    }
    Ok(parts)
}
