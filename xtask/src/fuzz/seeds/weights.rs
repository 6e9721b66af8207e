//! Files of weights with a few numbers.

use super::{Seed, named};

/// A `model.bin` with arrays of each kind of number, a scalar, and an alias.
pub(super) fn model_bin() -> Vec<u8> {
    let mut bytes = 6_u32.to_le_bytes().to_vec();
    string(&mut bytes, "WhisperSpec");
    bytes.extend(3_u32.to_le_bytes());
    bytes.extend(7_u32.to_le_bytes());
    array(&mut bytes, "a", &[2, 2], 0, &[0x3f; 16]);
    array(&mut bytes, "b", &[2, 2], 1, &[127, 0, 0x81, 64]);
    array(&mut bytes, "b_scale", &[2], 0, &[0x3f; 8]);
    array(&mut bytes, "c", &[2], 4, &[0x3c; 4]);
    array(&mut bytes, "d", &[1, 2], 5, &[0x3f; 4]);
    array(&mut bytes, "e", &[], 2, &[1, 0]);
    array(&mut bytes, "f", &[1], 3, &[1, 0, 0, 0]);
    bytes.extend(1_u32.to_le_bytes());
    string(&mut bytes, "z");
    string(&mut bytes, "a");
    bytes
}

fn string(bytes: &mut Vec<u8>, text: &str) {
    let length = u16::try_from(text.len() + 1).unwrap_or(u16::MAX);
    bytes.extend(length.to_le_bytes());
    bytes.extend(text.bytes());
    bytes.push(0);
}

fn array(bytes: &mut Vec<u8>, name: &str, shape: &[u32], kind: u8, numbers: &[u8]) {
    string(bytes, name);
    bytes.push(u8::try_from(shape.len()).unwrap_or(u8::MAX));
    bytes.extend(shape.iter().flat_map(|dim| dim.to_le_bytes()));
    bytes.push(kind);
    let length = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
    bytes.extend(length.to_le_bytes());
    bytes.extend(numbers);
}

/// Two arrays.
pub(super) fn safetensors() -> Vec<u8> {
    let header = br#"{"a":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},"b":{"dtype":"F16","shape":[0,3],"data_offsets":[16,16]},"__metadata__":{"format":"pt"}}"#;
    let length = (header.len() as u64).to_le_bytes();
    [&length[..], header, &[0x3f; 16]].concat()
}

/// Arrays as they stand in an archive.
pub(super) fn npy() -> Vec<Seed> {
    let by_rows = "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 2), }\n";
    let by_columns = "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 2), }\n";
    let npy = |header: &str| {
        let length = u16::try_from(header.len()).unwrap_or(u16::MAX);
        let mut bytes = b"\x93NUMPY\x01\0".to_vec();
        bytes.extend(length.to_le_bytes());
        bytes.extend(header.bytes());
        bytes.extend([0x3f; 32]);
        bytes
    };
    vec![
        named("rows.npy", npy(by_rows)),
        named("columns.npy", npy(by_columns)),
    ]
}

/// Checkpoints, and the pickles in them, which are stored as they are.
pub(super) fn with_pickles(checkpoints: Vec<Seed>) -> Vec<Seed> {
    let pickles: Vec<Seed> = checkpoints
        .iter()
        .filter_map(|(name, bytes)| Some((format!("{name}.pickle"), pickle(bytes)?)))
        .collect();
    [checkpoints, pickles].concat()
}

/// From the first opcode of a pickle to where the next entry of the archive begins.
fn pickle(archive: &[u8]) -> Option<Vec<u8>> {
    let begins = |pair: &[u8]| matches!(pair, [0x80, 2..=5]);
    let start = archive.windows(2).position(begins)?;
    let length = archive[start..].windows(2).position(|pair| pair == b"PK")?;
    Some(archive[start..start + length].to_vec())
}
