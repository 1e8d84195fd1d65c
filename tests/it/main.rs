//! All integration tests, in one binary.

mod architecture;
mod assemble;
// Wired with `decode` and `parse`:
// mod fuzz_corpus;
