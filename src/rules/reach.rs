//! For which other exchanges an answer of the rules holds.
//!
//! Must not: hold anything.

/// For which other exchanges an answer holds, the narrowest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// Only this one: it was read from something that differs from request to request.
    Itself,
    /// All with the same verdict and the same [`Inputs`](crate::rules::set::Inputs) on the same route
    /// of the same API stage.
    Route,
    /// All with the same verdict, the same inputs and the same status, on any route.
    AnyRoute,
    /// All with the same verdict and the same inputs, on any route, whatever their status of the same
    /// class.
    AnyStatus,
}
