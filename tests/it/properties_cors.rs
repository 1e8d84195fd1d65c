//! Properties of the `cors` layer's header lists, whatever the bytes.
//!
//! Must not: repeat the cases of the oracle.

use proptest::prelude::{ProptestConfig, prop_assert, prop_assert_eq, proptest};

use corscope::cors::check::{cors_check, wrong_for_every_origin};
use corscope::cors::decision::Decision;
use corscope::cors::engine::Engine;
use corscope::cors::header_list::{TokenList, from_wire, get, is_token};
use corscope::cors::response::Response;
use corscope::model::{Credentials, Phase};

const ORIGIN: &str = "https://app.example.com";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_list_of_tokens_gives_back_its_tokens(
        tokens in proptest::collection::vec("[!#$%&'*+.^_`|~0-9A-Za-z-]{1,12}", 0..8),
        blank in "[ \t]{0,3}",
    ) {
        let text = tokens.join(&format!("{blank},{blank}"));
        let list = TokenList::parse(&text);
        prop_assert_eq!(list.map(|list| list.iter().map(str::to_owned).collect()), Ok(tokens));
    }

    #[test]
    fn parsing_is_total_and_only_tokens_come_out(text in ".{0,60}") {
        match TokenList::parse(&text) {
            Ok(list) => prop_assert!(list.iter().all(is_token)),
            Err(bad) => prop_assert!(!is_token(bad) && text.contains(bad)),
        }
    }

    #[test]
    fn lines_of_one_name_combine_in_order(values in proptest::collection::vec("[a-z]{0,5}", 1..5)) {
        let name = "X-A".to_owned();
        let fields: Vec<_> = values.iter().map(|value| (name.clone(), value.clone())).collect();
        let combined = get(&fields, "x-a");
        prop_assert_eq!(combined.map(std::borrow::Cow::into_owned), Some(values.join(", ")));
    }

    #[test]
    fn only_the_origin_or_a_wildcard_is_allowed(value in ".{0,40}") {
        let lines = [("Access-Control-Allow-Origin".to_owned(), value.clone())];
        for engine in Engine::ALL {
            let fields = from_wire(&lines, engine);
            let response = Response::from_fields(200, &fields);
            let decision =
                cors_check(engine, &response, ORIGIN, Credentials::Omit, Phase::Actual);
            let trimmed = value.trim_matches([' ', '\t']);
            let fits = trimmed == "*" || trimmed == ORIGIN;
            prop_assert_eq!(decision == Decision::Allowed, fits);
        }
    }

    #[test]
    fn what_is_wrong_for_every_origin_is_no_origin(host in "[a-z]{1,8}(\\.[a-z]{1,8}){0,3}") {
        prop_assert_eq!(wrong_for_every_origin(&format!("https://{host}")), None);
    }
}
