//! All integration tests, in one binary.

mod architecture;
// Wired with `decode` and `parse`:
// mod fuzz_corpus;
