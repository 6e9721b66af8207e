//! Licences of what we depend on, compared with the list in `deny.toml`.

use std::fs;

use crate::tree::{metadata, root};

#[test]
fn every_dependency_has_a_licence_that_is_allowed() {
    let text = fs::read_to_string(root().join("deny.toml")).unwrap();
    let rules: toml::Table = text.parse().unwrap();
    let allowed: Vec<spdx::Licensee> = rules["licenses"]["allow"]
        .as_array()
        .unwrap()
        .iter()
        .map(|licence| spdx::Licensee::parse(licence.as_str().unwrap()).unwrap())
        .collect();
    // Packages of other platforms are perhaps not on this machine.
    let platform = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let metadata = metadata(&["--filter-platform", &platform]);
    let mut refused = Vec::new();
    for package in metadata["packages"].as_array().unwrap() {
        let licence = package["license"].as_str().unwrap_or("none");
        // Older crates write `MIT/Apache-2.0`.
        let is_allowed =
            spdx::Expression::parse_mode(licence, spdx::ParseMode::LAX).is_ok_and(|expression| {
                expression
                    .evaluate(|wanted| allowed.iter().any(|licence| licence.satisfies(wanted)))
            });
        if !is_allowed {
            refused.push(format!("{}: {licence}", package["name"]));
        }
    }
    assert!(refused.is_empty(), "not allowed by deny.toml: {refused:#?}");
}
