//! That a test which cannot run is counted: one of this very program, run where there is no model.

use std::env;
use std::process::Command;

use crate::command::Desk;

#[test]
fn a_test_without_its_model_stands_in_the_list_of_those_that_did_not_run() {
    let desk = Desk::new();
    let list = desk.path().join("list");
    let test = "field::all_that_is_said_comes_out_where_it_is_said";
    let mut command = Command::new(env::current_exe().unwrap());
    for variable in ["MODEL_DIR", "HF_HOME", "HF_HUB_CACHE", "XDG_CACHE_HOME"] {
        command.env_remove(variable);
    }
    let output = command
        .args(["--exact", test])
        .env("HOME", desk.path())
        .env(skipped::LIST, &list)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let skipped = skipped::read(&list).unwrap();
    assert_eq!(skipped.len(), 1, "{output:?}");
    assert_eq!(skipped[0].reason, "no model 'tiny.en'");
    assert_eq!(skipped[0].test, test);
    assert!(skipped[0].can_be_had);
    let told = String::from_utf8_lossy(&output.stderr);
    let expected = format!("{test}: no model 'tiny.en'; run scripts/fetch-models tiny.en");
    assert!(told.contains(&expected), "{told}");
}
