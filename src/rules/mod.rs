//! Facts, three-valued conditions and rule files → findings.
//!
//! Must not: compute a verdict.
