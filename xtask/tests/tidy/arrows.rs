//! Which crate may name which: the arrows of `docs/ARCHITECTURE.md`.

use std::collections::BTreeSet;
use std::fs;

use crate::tree::metadata;

/// Crate, and the crates of ours that it may name, tests included.
const ARROWS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("nn", &[]),
    ("skipped", &[]),
    ("speech", &["domain", "nn", "skipped"]),
    ("store", &["domain", "skipped"]),
    ("outbound", &[]),
    ("api", &["domain", "store", "outbound"]),
    ("worker", &["domain", "store", "outbound", "speech"]),
    (
        "scriven",
        &[
            "domain", "speech", "store", "outbound", "api", "worker", "skipped",
        ],
    ),
    ("xtask", &["domain", "nn", "speech", "outbound", "skipped"]),
];

#[test]
fn crates_name_only_the_crates_they_may() {
    let metadata = metadata(&["--no-deps"]);
    let packages = metadata["packages"].as_array().unwrap();
    let ours: BTreeSet<_> = packages
        .iter()
        .filter_map(|package| package["name"].as_str())
        .collect();
    assert_eq!(
        ours.len(),
        ARROWS.len(),
        "a crate has no line in ARROWS: {ours:?}"
    );
    for package in packages {
        let name = package["name"].as_str().unwrap();
        let (_, allowed) = ARROWS.iter().find(|(from, _)| *from == name).unwrap();
        for dependency in package["dependencies"].as_array().unwrap() {
            let to = dependency["name"].as_str().unwrap();
            assert!(
                !ours.contains(to) || allowed.contains(&to),
                "{name} must not name {to}"
            );
        }
    }
}

#[test]
fn dependencies_stand_once_in_the_workspace() {
    for package in metadata(&["--no-deps"])["packages"].as_array().unwrap() {
        let path = package["manifest_path"].as_str().unwrap();
        let text = fs::read_to_string(path).unwrap();
        let manifest: toml::Table = text.parse().unwrap();
        for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let dependencies = manifest.get(kind).and_then(toml::Value::as_table);
            for (name, how) in dependencies.into_iter().flatten() {
                let inherits = how.get("workspace").and_then(toml::Value::as_bool);
                assert_eq!(inherits, Some(true), "{path}: {name}");
            }
        }
    }
}
