//! Our own commands: `cargo xtask <command>`.

fn main() {}
