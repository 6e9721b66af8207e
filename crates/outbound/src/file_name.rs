//! Names of files that others chose.

/// The extension of `file_name`, in lower case with its dot: what follows the last dot of the last path component; `None`
/// if there is none, or the only dot is the first character.
pub fn extension(_file_name: &str) -> Option<String> {
    unimplemented!()
}

/// The name made safe by contract 7.4.1, its extension, which is one of `extensions`, kept as written; `None` if it has none.
pub fn sanitised(_file_name: &str, _extensions: &[String]) -> Option<String> {
    unimplemented!()
}
