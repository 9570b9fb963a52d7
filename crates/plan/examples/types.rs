//! Writes the TypeScript declarations of the plan to the file named by the first argument.

fn main() -> std::io::Result<()> {
    match std::env::args().nth(1) {
        Some(path) => std::fs::write(path, plan::types::typescript()),
        None => Err(std::io::Error::other("usage: types FILE")),
    }
}
