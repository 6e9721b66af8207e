//! Boxes, of which MP4 and MOV files are made.

use std::io::{self, Read, Seek, SeekFrom};

/// What a box says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) name: [u8; 4],
    /// Bytes before its content.
    pub(super) n_bytes: u64,
    /// Bytes in all; the head is part of them.
    pub(super) size: u64,
}

/// The head of the box at `at`, which may reach to `end`; `None` where its size cannot be.
pub(super) fn head(file: &mut (impl Read + Seek), at: u64, end: u64) -> io::Result<Option<Head>> {
    file.seek(SeekFrom::Start(at))?;
    let size = u64::from(u32::from_be_bytes(read(file)?));
    let name = read(file)?;
    let (n_bytes, size) = match size {
        0 => (8, end.saturating_sub(at)),
        1 => (16, u64::from_be_bytes(read(file)?)),
        size => (8, size),
    };
    let head = Head {
        name,
        n_bytes,
        size,
    };
    Ok((size >= n_bytes).then_some(head))
}

/// The next `N` bytes.
pub(super) fn read<const N: usize>(file: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}
