//! The `scriven` command.

fn main() {}
