//! Movie fragments (ISO 14496-12, 8.8): the time at which each begins.
//!
//! Our demuxer lets every fragment follow directly upon the one before. Where a stream was interrupted, the fragments
//! themselves know better.

use std::io::{self, Read, Seek, SeekFrom};

use super::boxes::{Part, head, parts, read};

/// Where the fragments of a track lie in time: the number of the first packet of each, and its time in units of the
/// track.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::audio) struct Fragments(Vec<(u64, u64)>);

impl Fragments {
    /// The same behind `n_packets` that are listed in the movie itself.
    pub(super) fn behind(mut self, n_packets: u64) -> Self {
        for (first, _) in &mut self.0 {
            *first += n_packets;
        }
        self
    }

    /// The time of packet `number` in units of the track, if a fragment begins with it that says so.
    pub(in crate::audio) fn begin_at(&self, number: u64) -> Option<u64> {
        let found = self.0.binary_search_by_key(&number, |(first, _)| *first);
        found.ok().map(|index| self.0[index].1)
    }
}

/// Packets that are listed in the movie itself, before all fragments.
pub(super) fn n_in_movie(file: &mut (impl Read + Seek), media: Part) -> Option<u64> {
    let tables = media.find(file, *b"minf")?.find(file, *b"stbl")?;
    tables.find(file, *b"stsz")?.enter(file).ok()?;
    file.seek(SeekFrom::Current(4)).ok()?;
    Some(u64::from(u32::from_be_bytes(read(file).ok()?)))
}

/// Looks whether each run of packets in the fragments of a movie, from `start` in a file of `n_bytes`, can be there. Our demuxer counts the packets
/// of a run one by one, be there four thousand million of them.
///
/// # Errors
/// [`io::ErrorKind::InvalidData`]: a run has more packets than the file has bytes.
pub(super) fn check_runs(
    file: &mut (impl Read + Seek),
    start: u64,
    n_bytes: u64,
) -> io::Result<()> {
    let path = [*b"moof", *b"traf", *b"trun"];
    let checked = check_within(file, &path, (start, n_bytes), n_bytes);
    // What is cut off ends the boxes here as it does for the demuxer.
    checked.or_else(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => Ok(()),
        _ => Err(error),
    })
}

/// The same for the boxes that lie at the end of `path`, below the place from `start` to `end`.
fn check_within(
    file: &mut (impl Read + Seek),
    path: &[[u8; 4]],
    (start, end): (u64, u64),
    n_bytes: u64,
) -> io::Result<()> {
    let Some((name, below)) = path.split_first() else {
        file.seek(SeekFrom::Start(start + 4))?;
        let n_packets = u64::from(u32::from_be_bytes(read(file)?));
        if n_packets > n_bytes {
            let reason =
                format!("a fragment of {n_packets} packets, and the file has {n_bytes} bytes");
            return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
        }
        return Ok(());
    };
    let mut at = start;
    while end.saturating_sub(at) >= 8 {
        let Some(head) = head(file, at, end)? else {
            break;
        };
        let next = at.saturating_add(head.size).min(end);
        if head.name == *name {
            check_within(file, below, (at + head.n_bytes, next), n_bytes)?;
        }
        at = next;
    }
    Ok(())
}

/// The fragments of each of the tracks `ids`, in their order.
pub(super) fn read_all(
    file: &mut (impl Read + Seek),
    n_bytes: u64,
    ids: &[u32],
) -> io::Result<Vec<Fragments>> {
    let mut all = vec![Fragments::default(); ids.len()];
    let mut n_packets = vec![0; ids.len()];
    let mut at = 0;
    while n_bytes.saturating_sub(at) >= 8 {
        let Some(head) = head(file, at, n_bytes)? else {
            break;
        };
        let end = at.saturating_add(head.size);
        if head.name == *b"moof" && end <= n_bytes {
            for part in parts(file, at + head.n_bytes, end)? {
                let run = (part.name == *b"traf").then(|| fragment(file, part));
                let Some((id, run)) = run.transpose()?.flatten() else {
                    continue;
                };
                let Some(index) = ids.iter().position(|known| *known == id) else {
                    continue;
                };
                if let Some(begin) = run.begin {
                    all[index].0.push((n_packets[index], begin));
                }
                n_packets[index] += run.n_packets;
            }
        }
        at = end;
    }
    Ok(all)
}

/// The packets of one track in a fragment.
struct Run {
    begin: Option<u64>,
    n_packets: u64,
}

fn fragment(file: &mut (impl Read + Seek), part: Part) -> io::Result<Option<(u32, Run)>> {
    let mut id = None;
    let mut run = Run {
        begin: None,
        n_packets: 0,
    };
    for part in part.parts(file)? {
        match &part.name {
            b"tfhd" => {
                part.enter(file)?;
                id = Some(u32::from_be_bytes(read(file)?));
            }
            b"tfdt" => {
                let (version, _) = part.enter(file)?;
                run.begin = Some(if version == 1 {
                    u64::from_be_bytes(read(file)?)
                } else {
                    u64::from(u32::from_be_bytes(read(file)?))
                });
            }
            b"trun" => {
                part.enter(file)?;
                run.n_packets += u64::from(u32::from_be_bytes(read(file)?));
            }
            _ => {}
        }
    }
    Ok(id.map(|id| (id, run)))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::super::testing::{film, part, track};
    use super::super::{check, tracks};

    fn fragment(id: u32, begin: Option<u32>, n_packets: u32) -> Vec<u8> {
        let number = |n: u32| [[0; 4], n.to_be_bytes()].concat();
        let begin = begin.map_or(Vec::new(), |begin| part(*b"tfdt", &[&number(begin)]));
        let traf = part(
            *b"traf",
            &[
                &part(*b"tfhd", &[&number(id)]),
                &begin,
                &part(*b"trun", &[&number(n_packets)]),
            ],
        );
        [
            part(*b"moof", &[&part(*b"mfhd", &[&[0; 8]]), &traf]),
            part(*b"mdat", &[&[0; 99]]),
        ]
        .concat()
    }

    #[test]
    fn a_run_of_more_packets_than_the_file_has_bytes_is_found() {
        let checked = |n_packets, n_missing: usize| {
            let mut film = [
                film(&[]),
                fragment(7, Some(0), 1),
                fragment(7, None, n_packets),
            ]
            .concat();
            film.truncate(film.len() - n_missing);
            let junk = vec![1; 33];
            let film = [junk, part(*b"ftyp", &[b"isom"]), film].concat();
            check(&mut Cursor::new(film), 1024).map_err(|error| error.to_string())
        };
        assert_eq!(checked(10, 0), Ok(()));
        for n_missing in [0, 50, 107] {
            let reason = checked(u32::MAX, n_missing).unwrap_err();
            assert!(
                reason.starts_with("a fragment of 4294967295 packets"),
                "{reason}"
            );
        }
        assert_eq!(checked(u32::MAX, 108), Ok(()));
    }

    #[test]
    fn fragments_say_with_which_packet_and_when_they_begin() {
        let film = [
            film(&[&track(7, 3, *b"soun", &[]), &part(*b"mvex", &[])]),
            fragment(7, Some(0), 10),
            fragment(8, Some(123), 4),
            fragment(7, None, 5),
            fragment(7, Some(96_000), 10),
        ]
        .concat();
        let fragments = tracks(&mut Cursor::new(film)).remove(0).fragments;
        let begins: Vec<_> = (0..30)
            .filter_map(|number| Some((number, fragments.begin_at(number)?)))
            .collect();
        assert_eq!(begins, [(0, 0), (15, 96_000)]);
        let behind: Vec<_> = (0..30)
            .filter_map(|number| fragments.clone().behind(3).begin_at(number))
            .collect();
        assert_eq!(behind, [0, 96_000]);
    }
}
