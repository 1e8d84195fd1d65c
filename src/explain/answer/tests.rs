//! Causes in their order, recipes by place, and which pages a host leaves out.

use super::*;
use crate::rules::file::RuleFile;

/// A page in the form of the catalogue.
fn page(id: &str, frequency: &str, more: &str) -> RuleFile {
    let text = format!(
        "id = \"{id}\"\ntitle = \"About {id}\"\nphase = \"both\"\nfrequency = \"{frequency}\"\n\
         basis = \"documented\"\nwhy = \"Because.\"\nfix = \"Change it.\"\nlogs = \"Nothing.\"\n\
         confirm_with = \"Look.\"\nreferences = []\nsince = \"0.1.0\"\n\
         reasons = [\"MissingAllowOriginHeader\"]\nrecipes = [\"how\"]\n{more}\n"
    );
    RuleFile { name: format!("pages/{id}.toml"), text }
}

fn catalogue() -> Catalogue {
    let pages = [
        page("b-common", "common", "layer = \"browser\""),
        page("a-common", "common", "layer = \"cloudfront\""),
        page("c-frequent", "very-common", "layer = \"alb\"\nsurfaces = [\"alb\"]"),
        page("d-rare", "rare", "layer = \"function-url\"\nsurfaces = [\"function-url\"]"),
        page("e-rest", "rare", "layer = \"apigw-rest\"\nsurfaces = [\"rest\"]"),
    ];
    let recipe = "id = \"how\"\ntitle = \"How\"\nwhy = \"So.\"\n\
                  [[steps]]\nplace = \"python\"\ntext = \"py\"\n\
                  [[steps]]\nplace = \"node\"\ntext = \"js\"\n";
    let recipe = RuleFile { name: "recipes/how.toml".to_owned(), text: recipe.to_owned() };
    let (catalogue, errors) = Catalogue::from_files(&pages, &[recipe]);
    assert!(errors.is_empty(), "{errors:?}");
    catalogue
}

fn ask(query: &str, place: Option<Place>) -> Answer {
    answer(query, &RuleSet::from_files([]).0, &catalogue(), place)
}

#[track_caller]
fn check(query: &str, want: &[&str]) {
    let answer = serde_json::to_value(ask(query, None)).expect("JSON");
    let causes = answer["causes"].as_array().expect("causes");
    let ids: Vec<&str> = causes.iter().filter_map(|cause| cause["id"].as_str()).collect();
    assert_eq!(ids, want, "{query}");
}

fn missing(host: &str) -> String {
    format!(
        "Access to fetch at 'https://{host}/x/y' from origin 'https://a.example' has been blocked \
         by CORS policy: No 'Access-Control-Allow-Origin' header is present"
    )
}

#[test]
fn causes_come_by_frequency_then_by_id() {
    let all = ["c-frequent", "a-common", "b-common", "d-rare", "e-rest"];
    check("MissingAllowOriginHeader", &all);
    check("PreflightInvalidStatus", &[]);
    check(&missing("api.a.example"), &all);
}

#[test]
fn a_host_leaves_out_what_cannot_be() {
    let api = "a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com";
    check(&missing(api), &["b-common", "e-rest"]);
    check(&missing("abc.lambda-url.eu-west-1.on.aws"), &["b-common", "d-rare"]);
    check(&missing("x.eu-west-1.elb.amazonaws.com"), &["c-frequent", "b-common"]);
}

#[test]
fn steps_are_those_of_the_place() {
    let entry = |place| {
        let Answer::Entry(entry) = ask("a-common", place) else { panic!("no entry") };
        entry
    };
    let places = |entry: &Entry| -> Vec<&str> {
        entry.recipes.iter().flat_map(|recipe| &recipe.steps).map(|step| step.place).collect()
    };
    assert_eq!(places(&entry(None)), ["python", "node"]);
    assert_eq!(places(&entry(Some(Place::Node))), ["node"]);
    let java = entry(Some(Place::Java));
    assert!(places(&java).is_empty());
    assert_eq!(
        (java.missing_place, java.places.as_slice()),
        (Some("java"), &["node", "python"][..])
    );
    let text = crate::explain::human::write(
        &java.document(),
        crate::explain::human::Terminal { width: 100, color: false },
    );
    let want = "No recipe for this has steps for `java`; there are: node, python.";
    assert!(text.contains(want), "{text}");
}
