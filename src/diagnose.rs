//! Symptom ← cause, per exchange.
//!
//! Must not: find anything new.
