//! The sum of a file as the hub publishes it.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use domain::progress::Monitor;
use sha1::{Digest, Sha1};

use crate::models::ModelError;
use crate::models::verify::sha256_of;

/// What is known of the bytes of a file before it is fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sum {
    /// The SHA-256 of the bytes, in lower-case hexadecimal: large files have it.
    Sha256(String),
    /// The name that git gives the bytes, in lower-case hexadecimal: small files have it.
    GitBlob(String),
    /// Nothing.
    Unknown,
}

/// Two sums that should be one, in hexadecimal.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Difference {
    pub(super) expected: String,
    pub(super) actual: String,
}

impl Sum {
    /// How the file at `path` differs from what it should be, if it does.
    pub(super) fn difference(
        &self,
        path: &Path,
        monitor: &dyn Monitor,
    ) -> Result<Option<Difference>, ModelError> {
        let (expected, actual) = match self {
            Self::Sha256(sum) => (sum, sha256_of(path, monitor)?),
            Self::GitBlob(sum) => (sum, git_blob_of(path)?),
            Self::Unknown => return Ok(None),
        };
        Ok((*expected != actual).then(|| Difference {
            expected: expected.clone(),
            actual,
        }))
    }
}

/// The name that git gives the bytes of a file: SHA-1 of `blob <length>`, a zero byte, and the bytes.
fn git_blob_of(path: &Path) -> Result<String, ModelError> {
    let bytes = fs::read(path).map_err(|source| ModelError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    let mut hasher = Sha1::new();
    hasher.update(format!("blob {}\0", bytes.len()));
    hasher.update(&bytes);
    let sum = hasher.finalize();
    Ok(sum.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

#[cfg(test)]
mod tests {
    use domain::progress::Silent;

    use super::*;

    #[test]
    fn a_small_file_is_compared_with_the_name_that_git_gives_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "hello\n").unwrap();
        // As `git hash-object` says.
        let sum = Sum::GitBlob("ce013625030ba8dba906f756967f9e9ca394464a".to_owned());
        assert_eq!(sum.difference(&path, &Silent).unwrap(), None);
        fs::write(&path, "Hello\n").unwrap();
        let difference = sum.difference(&path, &Silent).unwrap().unwrap();
        assert_eq!(
            difference.actual,
            "e965047ad7c57865823c7d992b1d046ea66edf78"
        );
    }
}
