//! Answers that come in pages.
//!
//! Must not: go round in circles.

use std::future::Future;

use crate::sources::cloudwatch::error::CallError;

/// Items of one answer, and what to ask for the next with.
pub(super) type Page<T> = (Vec<T>, Option<String>);

/// The items of all answers.
pub(super) async fn all<T, F>(mut ask: impl FnMut(Option<String>) -> F) -> Result<Vec<T>, CallError>
where
    F: Future<Output = Result<Page<T>, CallError>>,
{
    let mut items = Vec::new();
    let mut token: Option<String> = None;
    loop {
        let (more, next) = ask(token.clone()).await?;
        items.extend(more);
        let next = next.filter(|next| !next.is_empty());
        if next.is_none() || next == token {
            return Ok(items);
        }
        token = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn empty_pages_go_on_and_the_same_token_ends() {
        let pages = |token: Option<String>| async move {
            Ok(match token.as_deref() {
                None => (vec![1], Some("a".to_owned())),
                Some("a") => (vec![], Some("b".to_owned())),
                Some(_) => (vec![2], Some("b".to_owned())),
            })
        };
        assert_eq!(all(pages).await, Ok(vec![1, 2]));
    }
}
