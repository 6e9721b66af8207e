//! Checkpoints that PyTorch wrote (fixtures/torch), and ones that nobody honest would.

use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::*;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fixtures/torch")
        .join(name)
}

fn open(name: &str) -> Result<Checkpoint, WeightsError> {
    Checkpoint::open(&fixture(name), "test")
}

#[test]
fn every_kind_of_number_and_view_is_read_in_order() {
    let checkpoint = open("wrapped.pt").unwrap();
    let names = checkpoint.names();
    assert!(!names.contains(&"complex".to_owned()), "{names:?}");
    assert_eq!(names.len(), 18);
    for name in names {
        let shape = checkpoint.shape(&name).unwrap();
        let values = checkpoint.read(&name, &shape).unwrap();
        let n = values.len();
        let expected = |i: usize| if name == "bool" { i % 2 } else { i } as f32;
        let expected: Vec<_> = (0..n).map(expected).collect();
        assert_eq!(values, expected, "{name} {shape:?}");
    }
    assert_eq!(checkpoint.shape("scalar"), Some(vec![]));
    assert_eq!(checkpoint.shape("empty"), Some(vec![0, 4]));
}

#[test]
fn rows_can_be_read_in_parts() {
    let checkpoint = open("wrapped.pt").unwrap();
    for name in ["float32", "float16", "transposed", "cut_out", "permuted"] {
        let shape = checkpoint.shape(name).unwrap();
        let whole = checkpoint.read(name, &shape).unwrap();
        let width: usize = shape[1..].iter().product();
        let mut row = vec![0.0; width];
        for (i, expected) in whole.chunks(width).enumerate() {
            checkpoint.read_rows(name, i, &mut row).unwrap();
            assert_eq!(row, expected, "{name} row {i}");
        }
        assert!(checkpoint.read_rows(name, shape[0], &mut row).is_err());
        assert!(checkpoint.read_rows(name, 0, &mut row[1..]).is_err());
    }
}

#[test]
fn a_plain_dictionary_of_another_protocol_is_read() {
    let checkpoint = open("plain_protocol4.pt").unwrap();
    assert_eq!(checkpoint.names(), ["bias", "weight"]);
    let weight = checkpoint.read("weight", &[2, 3]).unwrap();
    assert_eq!(weight, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
    let error = checkpoint.read("weight", &[3, 2]).unwrap_err();
    assert!(error.to_string().contains("is not a test model"), "{error}");
}

#[test]
fn a_file_of_old_torch_is_told_how_to_become_new() {
    let error = open("before_1.6.pt").unwrap_err().to_string();
    assert!(
        error.contains("before version 1.6; rewrite it once"),
        "{error}"
    );
    assert!(error.contains("torch.save(torch.load(p"), "{error}");
}

#[test]
fn a_program_is_refused() {
    let error = open("program.pt").unwrap_err().to_string();
    assert!(error.contains("TorchScript"), "{error}");
}

/// A checkpoint of one storage `data/0` of 16 bytes and any pickle.
fn checkpoint(pickle: &[u8]) -> Vec<u8> {
    archive(
        &[("a/data.pkl", pickle), ("a/data/0", &[0; 16])],
        CompressionMethod::Stored,
    )
}

fn archive(entries: &[(&str, &[u8])], method: CompressionMethod) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        let options = SimpleFileOptions::default().compression_method(method);
        zip.start_file(*name, options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn parse(bytes: &[u8]) -> io::Result<BTreeMap<String, Place>> {
    parse_index(&mut Cursor::new(bytes), bytes.len() as u64)
}

/// Checks that a file is refused with a reason that holds `expected`.
fn refused(bytes: &[u8], expected: &str) {
    match parse(bytes) {
        Ok(places) => panic!("{expected}: accepted {places:?}"),
        Err(error) => assert!(error.to_string().contains(expected), "{expected}: {error}"),
    }
}

/// `{'w': tensor}` with the arguments of the tensor as opcodes.
fn dictionary(key: &str, len: i32, offset: &str, shape: &str, strides: &str) -> Vec<u8> {
    let mut pickle = b"\x80\x02}X\x01\x00\x00\x00wctorch._utils\n_rebuild_tensor_v2\n(((X\x07\x00\x00\x00storagectorch\nFloatStorage\n".to_vec();
    let text = |pickle: &mut Vec<u8>, text: &str| {
        pickle.push(b'X');
        pickle.extend(u32::try_from(text.len()).unwrap().to_le_bytes());
        pickle.extend(text.as_bytes());
    };
    text(&mut pickle, key);
    text(&mut pickle, "cpu");
    pickle.push(b'J');
    pickle.extend(len.to_le_bytes());
    pickle.extend(b"tQ");
    for numbers in [offset, shape, strides] {
        let tuple = numbers != offset || numbers.contains(' ');
        if tuple {
            pickle.push(b'(');
        }
        for number in numbers.split_whitespace() {
            let number: i64 = number.parse().unwrap();
            pickle.extend([0x8a, 8]);
            pickle.extend(number.to_le_bytes());
        }
        if tuple {
            pickle.push(b't');
        }
    }
    pickle.extend(b"\x89}tRs.");
    // one mark too many was set, for a tuple of all arguments
    let at = pickle.windows(3).position(|w| w == b"(((").unwrap();
    pickle.remove(at);
    pickle
}

#[test]
fn a_tensor_by_hand_is_accepted_so_that_refusals_mean_something() {
    let places = parse(&checkpoint(&dictionary("0", 4, "0", "2 2", "2 1"))).unwrap();
    let bytes = places["w"].bytes();
    assert_eq!(
        (places["w"].shape(), bytes.end - bytes.start),
        (&[2, 2][..], 16)
    );
}

#[test]
fn tensors_that_reach_outside_are_refused() {
    let refused = |len, offset, shape, strides, expected| {
        refused(
            &checkpoint(&dictionary("0", len, offset, shape, strides)),
            expected,
        );
    };
    refused(5, "0", "5", "1", "needs 5 numbers, and 16 bytes");
    refused(i32::MAX, "0", "1", "1", "needs 2147483647 numbers");
    refused(4, "1", "2 2", "2 1", "does not fit into its storage");
    refused(4, "0", "3", "2", "does not fit into its storage");
    refused(4, "0", "4611686018427387904 4", "0 0", "does not fit");
    refused(
        4,
        "0",
        "9223372036854775807",
        "9223372036854775807",
        "does not fit",
    );
    refused(4, "0", "-1", "1", "not whole numbers from 0");
    refused(4, "-1", "2", "1", "not whole numbers from 0");
    refused(4, "0", "2", "-1", "not whole numbers from 0");
    refused(4, "0", "2 2", "1", "2 dimensions and 1 strides");
    refused(-4, "0", "2", "1", "something else than a storage");
}

#[test]
fn a_storage_that_is_not_there_is_refused() {
    let file = checkpoint(&dictionary("../0", 4, "0", "4", "1"));
    refused(&file, "needs 4 numbers, and 0 bytes");
}

#[test]
fn a_program_in_a_pickle_never_runs() {
    let file = checkpoint(b"\x80\x02cos\nsystem\nX\x02\x00\x00\x00ls\x85R.");
    refused(&file, "no tensors");
    for opcode in [
        b'i', b'o', 0x82, b'P', b'V', b'S', b'I', b'F', b'g', b'p', 0xff,
    ] {
        let pickle = [0x80, 2, b'}', opcode, b'.'];
        refused(&checkpoint(&pickle), "which no tensor needs");
    }
}

#[test]
fn broken_pickles_are_refused() {
    for (pickle, expected) in [
        (&b""[..], "cut short"),
        (b"\x80\x02", "cut short"),
        (b"\x80\x02.", "empty stack"),
        (b"\x80\x09}.", "protocol is 9"),
        (b"\x80\x02}X\xff\xff\xff\xffw.", "cut short"),
        (
            b"\x80\x02}\x8d\xff\xff\xff\xff\xff\xff\xff\xffw.",
            "cut short",
        ),
        (b"\x80\x02X\x01\x00\x00\x00\xff.", "not UTF-8"),
        (b"\x80\x02h\x05.", "recalls value 5"),
        (b"\x80\x02t.", "mark that was never set"),
        (b"\x80\x02}(a.", "empty stack"),
        (b"\x80\x02K\x01\x87.", "empty stack"),
        (b"\x80\x02NNNs.", "not a dictionary"),
        (b"\x80\x02}(Nu.", "not a dictionary"),
        (b"\x80\x02)Na.", "not a list"),
        (b"\x80\x02K\x01)R.", "neither a class nor a function"),
        (b"\x80\x02}Q.", "something else than a storage"),
        (b"\x80\x02cos", "cut short"),
        (b"\x80\x02}.", "no tensors"),
    ] {
        refused(&checkpoint(pickle), expected);
    }
}

#[test]
fn nesting_without_end_is_harmless() {
    let mut deep = b"\x80\x02)".to_vec();
    deep.extend(vec![0x85; 1_000_000]);
    deep.push(b'.');
    refused(&checkpoint(&deep), "no tensors");
    // a dictionary that holds itself under the name that is searched
    let mut cycle = b"\x80\x02}q\x00X\x0a\x00\x00\x00state_dicth\x00s.".to_vec();
    refused(&checkpoint(&cycle), "no tensors");
    cycle.splice(2..2, vec![b'('; 1_000_000]);
    refused(&checkpoint(&cycle), "no tensors");
    let mut many = b"\x80\x02".to_vec();
    many.extend(vec![b'N'; 5_000_000]);
    refused(&checkpoint(&many), "more than 4000000 values");
}

#[test]
fn archives_that_are_not_what_they_say_are_refused() {
    refused(b"PK\x03\x04 and nothing that follows", "");
    refused(b"RIFF is another kind of file", "does not begin like");
    refused(b"short", "too short");
    let pickle = dictionary("0", 4, "0", "4", "1");
    let stored = CompressionMethod::Stored;
    refused(&archive(&[("a/x", b"")], stored), "not one of PyTorch");
    let big = archive(&[("a/data.pkl", &pickle), ("a/byteorder", b"big")], stored);
    refused(&big, "big-endian");
    let good = checkpoint(&pickle);
    for cut in [good.len() - 1, good.len() - 30, good.len() / 2, 40, 10] {
        assert!(parse(&good[..cut]).is_err(), "cut at {cut}");
    }
}

/// The central directory's record of an entry, by the name that ends it.
fn record_of(file: &[u8], name: &str) -> usize {
    let records = file
        .windows(4)
        .enumerate()
        .filter(|(_, w)| w == b"PK\x01\x02");
    let mut records = records.map(|(at, _)| at);
    records
        .find(|at| file[at + 46..].starts_with(name.as_bytes()))
        .unwrap()
}

#[test]
fn entries_that_lie_about_their_place_are_refused() {
    let good = checkpoint(&dictionary("0", 4, "0", "4", "1"));
    let change = |at: usize, bytes: &[u8]| {
        let mut file = good.clone();
        let record = record_of(&file, "a/data/0");
        file[record + at..][..bytes.len()].copy_from_slice(bytes);
        file
    };
    // the second entry's header is that of the first
    refused(&change(42, &[0; 4]), "overlap");
    // longer than the file
    let huge = 0x7fff_ffff_u32.to_le_bytes();
    assert!(parse(&change(20, &[huge, huge].concat())).is_err());
    // a bomb: 2 GB out of 16 bytes
    refused(&change(24, &huge), "wrong size");
    // compressed, as it says
    refused(&change(10, &[8, 0]), "compressed or encrypted");
    refused(&change(8, &[1, 0]), "compressed or encrypted");
}

#[test]
fn a_directory_of_millions_is_refused_before_it_is_kept() {
    let names: Vec<_> = (0..400_000).map(|i| format!("a/data/{i:040}")).collect();
    let entries: Vec<_> = names.iter().map(|name| (&**name, &b""[..])).collect();
    refused(
        &archive(&entries, CompressionMethod::Stored),
        "too many or too long headers",
    );
}

#[test]
fn bytes_changed_anywhere_never_panic() {
    let good = std::fs::read(fixture("plain_protocol4.pt")).unwrap();
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..3_000 {
        let mut file = good.clone();
        for _ in 0..random.usize(1..8) {
            let at = random.usize(..file.len());
            file[at] = random.u8(..);
        }
        if let Ok(places) = parse(&file) {
            for place in places.values() {
                assert!(place.bytes().end <= file.len() as u64);
            }
        }
    }
}
