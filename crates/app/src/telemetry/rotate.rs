//! A file that is put aside when it is full.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A file that gets a number when it is full, as in `app.log.1`; older ones get higher numbers, and the oldest goes.
#[derive(Debug)]
pub(super) struct Rotating {
    path: PathBuf,
    file: File,
    size_bytes: u64,
    max_bytes: u64,
    n_older: u32,
}

impl Rotating {
    /// Goes on with the file at `path`.
    pub(super) fn open(path: PathBuf, max_bytes: u64, n_older: u32) -> io::Result<Self> {
        let file = append(&path)?;
        let size_bytes = file.metadata()?.len();
        Ok(Self {
            path,
            file,
            size_bytes,
            max_bytes,
            n_older,
        })
    }

    /// Writes lines that stay together. If the file cannot be put aside, which is an error, they go into it all the same.
    pub(super) fn write(&mut self, lines: &[u8]) -> io::Result<()> {
        let added = lines.len() as u64;
        let is_full = self.size_bytes > 0 && self.size_bytes + added > self.max_bytes;
        let rotated = if is_full { self.rotate() } else { Ok(()) };
        self.file.write_all(lines)?;
        self.size_bytes += added;
        rotated
    }

    fn rotate(&mut self) -> io::Result<()> {
        for number in (1..self.n_older).rev() {
            let moved = fs::rename(self.older(number), self.older(number + 1));
            moved.or_else(|error| match error.kind() {
                io::ErrorKind::NotFound => Ok(()),
                _ => Err(error),
            })?;
        }
        fs::rename(&self.path, self.older(1))?;
        self.file = append(&self.path)?;
        self.size_bytes = 0;
        Ok(())
    }

    fn older(&self, number: u32) -> PathBuf {
        let mut path = self.path.clone().into_os_string();
        path.push(format!(".{number}"));
        path.into()
    }
}

fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(folder: &Path) -> Vec<String> {
        let mut files: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| {
                let path = entry.unwrap().path();
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                format!("{name}={}", fs::read_to_string(path).unwrap().trim())
            })
            .collect();
        files.sort();
        files
    }

    #[test]
    fn a_full_file_is_put_aside_and_the_oldest_goes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("app.log");
        let mut log = Rotating::open(path.clone(), 8, 2).unwrap();
        for line in ["one\n", "two\n", "three\n", "four\n"] {
            log.write(line.as_bytes()).unwrap();
        }
        assert_eq!(
            files(folder.path()),
            ["app.log.1=three", "app.log.2=one\ntwo", "app.log=four"]
        );
        // After a restart the file goes on where it was.
        let mut log = Rotating::open(path, 8, 2).unwrap();
        log.write(b"5\n").unwrap();
        log.write(b"a line that is longer than a file may be\n")
            .unwrap();
        assert_eq!(
            files(folder.path()),
            [
                "app.log.1=four\n5",
                "app.log.2=three",
                "app.log=a line that is longer than a file may be"
            ]
        );
    }

    #[test]
    fn a_file_that_cannot_be_put_aside_is_told() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("app.log.1/x")).unwrap();
        let mut log = Rotating::open(folder.path().join("app.log"), 4, 1).unwrap();
        log.write(b"one\n").unwrap();
        assert!(log.write(b"two\n").is_err());
        assert!(fs::read_to_string(&log.path).unwrap().contains("two"));
    }
}
