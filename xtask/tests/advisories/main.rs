//! That a known weakness would be found: a small database of advisories, made on the spot, and a project with the version
//! that it names. No network is needed, for the package is one that this workspace has been built with.

#![expect(
    clippy::unwrap_used,
    reason = "a helper of tests that fails is a failed test"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// A package without dependencies of its own, which the workspace has.
const PACKAGE: &str = "memchr";

/// Where the database seems to be: `cargo deny` takes none from a folder.
const ADDRESS: &str = "https://advisories.invalid/database";

/// A folder with a project, and a database of one advisory about a package of it.
struct Scene {
    folder: TempDir,
}

/// What `cargo xtask advisories` said, and whether it was content.
struct Verdict {
    is_content: bool,
    text: String,
}

impl Scene {
    /// `patched` are the versions of the package that the advisory calls safe.
    fn new(patched: &str) -> Self {
        let scene = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        scene.write_project();
        scene.write_database(patched);
        scene
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// A project whose lock file holds the package in the version that the workspace has.
    fn write_project(&self) {
        let entry = entry_of_the_workspace();
        let version = version_of_the_workspace();
        self.write("project/src/lib.rs", "");
        self.write(
            "project/Cargo.toml",
            &format!(
                "[package]\nname = \"planted\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
                 [dependencies]\n{PACKAGE} = \"={version}\"\n\n[workspace]\n"
            ),
        );
        self.write(
            "project/Cargo.lock",
            &format!(
                "version = 4\n\n{entry}\n\n[[package]]\nname = \"planted\"\nversion = \"0.0.0\"\n\
                 dependencies = [\n \"{PACKAGE}\",\n]\n"
            ),
        );
    }

    /// A git repository as `RustSec` keeps its advisories.
    fn write_database(&self, patched: &str) {
        let advisory = format!(
            "```toml\n[advisory]\nid = \"RUSTSEC-2099-0001\"\npackage = \"{PACKAGE}\"\ndate = \"2099-01-01\"\n\
             url = \"https://example.com/advisory\"\n\n[versions]\npatched = [\"{patched}\"]\n```\n\n\
             # A weakness that was made up\n\nIt is here so that it is found.\n"
        );
        let place = format!("database/crates/{PACKAGE}/RUSTSEC-2099-0001.md");
        self.write(&place, &advisory);
        for arguments in [
            &["init", "--quiet", "--initial-branch=main"][..],
            &["add", "."],
            &["commit", "--quiet", "--message=Advisories"],
        ] {
            let mut git = Command::new("git");
            git.args(["-c", "user.name=test", "-c", "user.email=test@example.com"]);
            let status = git
                .args(arguments)
                .current_dir(self.path("database"))
                .status();
            assert!(status.unwrap().success(), "git {arguments:?}");
        }
    }

    fn check(&self) -> Verdict {
        self.check_with("database")
    }

    /// Compares the project with the database in a folder of the scene, which git takes for that at [`ADDRESS`].
    fn check_with(&self, folder: &str) -> Verdict {
        let place = self.path(folder);
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        let output = command
            .args(["advisories", "--database", ADDRESS, "--manifest"])
            .arg(self.path("project/Cargo.toml"))
            .env("GIT_CONFIG_COUNT", "1")
            .env(
                "GIT_CONFIG_KEY_0",
                format!("url.{}.insteadOf", place.display()),
            )
            .env("GIT_CONFIG_VALUE_0", ADDRESS)
            .output()
            .unwrap();
        Verdict {
            is_content: output.status.success(),
            text: String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned(),
        }
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// The package as the lock file of the workspace has it.
fn entry_of_the_workspace() -> String {
    let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap();
    let mut entries = lock.split("\n\n");
    let beginning = format!("[[package]]\nname = \"{PACKAGE}\"\n");
    let entry = entries.find(|entry| entry.starts_with(&beginning));
    entry.unwrap().to_owned()
}

fn version_of_the_workspace() -> String {
    let entry = entry_of_the_workspace();
    let version = entry
        .lines()
        .find_map(|line| line.strip_prefix("version = "));
    version.unwrap().trim_matches('"').to_owned()
}

#[test]
fn dp3_a_version_with_a_known_weakness_is_found() {
    let verdict = Scene::new(">= 999.0.0").check();
    assert!(!verdict.is_content, "{}", verdict.text);
    for part in ["RUSTSEC-2099-0001", PACKAGE, "A weakness that was made up"] {
        assert!(verdict.text.contains(part), "{part}: {}", verdict.text);
    }
}

#[test]
fn dp3_a_version_in_which_the_weakness_is_mended_is_none() {
    let mended = format!(">= {}", version_of_the_workspace());
    let verdict = Scene::new(&mended).check();
    assert!(verdict.is_content, "{}", verdict.text);
}

#[test]
fn dp3_that_advisories_cannot_be_fetched_is_said_and_no_success() {
    let scene = Scene::new(">= 999.0.0");
    let verdict = scene.check_with("nowhere");
    assert!(!verdict.is_content, "{}", verdict.text);
    let expected =
        format!("NOTHING WAS CHECKED: the advisory database {ADDRESS} cannot be fetched");
    assert!(verdict.text.contains(&expected), "{}", verdict.text);
}
