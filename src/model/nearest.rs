//! The nearest name that there is, for messages about one that there is not.
//!
//! Must not: know what the names stand for.

/// The candidate with the least edit distance, if it is near enough to be meant.
pub(crate) fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<String> {
    let (distance, candidate) = closest(name, candidates)?;
    (distance <= limit(name)).then(|| candidate.to_owned())
}

/// The candidates that are near enough to be meant, the nearest first; at most so many.
#[cfg(feature = "aws")]
pub(crate) fn nearest_few(name: &str, candidates: &[&str], most: usize) -> Vec<String> {
    let mut near: Vec<(usize, &str)> = candidates
        .iter()
        .map(|candidate| (distance(name, candidate), *candidate))
        .filter(|(distance, _)| *distance <= limit(name))
        .collect();
    near.sort_unstable();
    near.dedup();
    near.into_iter().take(most).map(|(_, candidate)| candidate.to_owned()).collect()
}

/// How many edits a name that was meant can be away.
fn limit(name: &str) -> usize {
    name.chars().count().div_ceil(2).max(2)
}

/// The candidate with the least edit distance, and that distance, however far it is.
pub(crate) fn closest<'a>(
    name: &str,
    candidates: impl Iterator<Item = &'a str>,
) -> Option<(usize, &'a str)> {
    let distances = candidates.map(|candidate| (distance(name, candidate), candidate));
    distances.min_by_key(|(distance, _)| *distance)
}

/// Levenshtein distance.
pub(crate) fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (line, left) in a.chars().enumerate() {
        let mut diagonal = line;
        let mut last = line + 1;
        let mut next = vec![last];
        for (right, above) in b.iter().zip(row.iter().skip(1)) {
            let changed = diagonal + usize::from(left != *right);
            last = changed.min(last + 1).min(above + 1);
            diagonal = *above;
            next.push(last);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(a: &str, b: &str, want: usize) {
        assert_eq!(distance(a, b), want);
        assert_eq!(distance(b, a), want);
    }

    #[test]
    fn edits_are_counted() {
        check("", "", 0);
        check("abc", "", 3);
        check("kitten", "sitting", 3);
        check("verdict.raeson", "verdict.reason", 2);
    }

    #[test]
    fn what_is_far_away_is_not_meant() {
        assert_eq!(nearest("zzzz", ["verdict.reason"].into_iter()), None);
    }
}
