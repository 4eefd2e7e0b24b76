//! The page of `plimsoll serve`: what is served of it, and what its files may not have in them. Which of its views work, only a browser can say.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use plimsoll::event;

use crate::served::Served;
use crate::world::World;

/// What a browser may do for the page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
     base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/report/page")
}

/// Returns the files of the page by name.
fn files() -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = std::fs::read_dir(folder())
        .expect("the folder of the page")
        .map(|entry| {
            let path = entry.expect("a file").path();
            let name = path.file_name().expect("a name").to_string_lossy();
            let text = std::fs::read_to_string(&path).expect("text");
            (name.into_owned(), text)
        })
        .collect();
    files.sort();
    files
}

/// Returns what stands between each `before` and the next `after` of a text.
fn between<'t>(text: &'t str, before: &str, after: char) -> Vec<&'t str> {
    text.split(before)
        .skip(1)
        .filter_map(|rest| rest.split(after).next())
        .collect()
}

#[test]
fn the_page_and_all_that_it_loads_are_served_under_a_strict_policy() {
    let world = World::empty();
    // Also where tokens are asked for: the page is what asks for one, and has nothing of the store in it.
    world.write(
        "plimsoll.toml",
        "[[serve.token]]\nname = \"reader\"\ntoken_env = \"T\"\nrights = [\"read\"]\n",
    );
    let served = Served::start_with(&world, &[], &[("T", "0123456789abcdef")]);
    served.get("/v1/incidents").is(401);
    let mut wanted = vec!["/".to_owned()];
    let mut seen = BTreeSet::new();
    while let Some(path) = wanted.pop() {
        if !seen.insert(path.clone()) {
            continue;
        }
        let answer = served.get(&path).is(200);
        let kind = match path.rsplit_once('.') {
            None => "text/html; charset=utf-8",
            Some((_, "css")) => "text/css; charset=utf-8",
            Some((_, "js")) => "text/javascript; charset=utf-8",
            Some((_, "svg")) => "image/svg+xml",
            Some(_) => panic!("what is {path}?"),
        };
        assert_eq!(answer.header("content-type"), Some(kind), "{path}");
        assert_eq!(
            answer.header("content-security-policy"),
            Some(POLICY),
            "{path}"
        );
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
        // Whatever is loaded is loaded by one of these.
        for name in between(&answer.body, " from \"./", '"') {
            wanted.push(format!("/assets/{name}"));
        }
        for name in [" src=\"/", "href=\"/"]
            .iter()
            .flat_map(|before| between(&answer.body, before, '"'))
        {
            wanted.push(format!("/{name}"));
        }
    }
    let served_files: BTreeSet<String> = files()
        .into_iter()
        .map(|(name, _)| match &*name {
            "index.html" => "/".to_owned(),
            _ => format!("/assets/{name}"),
        })
        .collect();
    assert_eq!(seen, served_files, "nothing lies there that nothing loads");
    served.get("/assets/mod.rs").is(404);
    served.get("/assets/..%2Fpage.rs").is(404);
    served.end();
}

#[test]
fn no_file_of_the_page_has_markup_out_of_text_or_anything_from_elsewhere() {
    for (name, text) in files() {
        let lower = text.to_lowercase();
        // The name of a kind of markup, from where nothing is loaded.
        let own = lower.replace("http://www.w3.org/2000/svg", "");
        for foreign in ["http:", "https:", "\"//", "url(", "@import", "import("] {
            assert!(!own.contains(foreign), "{name} has {foreign}");
        }
        for markup in [
            "innerhtml",
            "outerhtml",
            "insertadjacenthtml",
            "document.write",
            "createcontextualfragment",
            "domparser",
            "srcdoc",
            "eval(",
            "new function",
            "\"style\"",
        ] {
            assert!(!lower.contains(markup), "{name} has {markup}");
        }
        if !name.ends_with(".html") && !name.ends_with(".svg") {
            continue;
        }
        assert!(!lower.contains("<style"), "{name}");
        assert!(
            between(&lower, "<script", '<')
                .iter()
                .all(|script| script.contains("src=\"/assets/") && script.ends_with('>')),
            "{name} has a script in it"
        );
        for tag in between(&lower, "<", '>') {
            let names = tag.split(' ').skip(1);
            for attribute in names.filter_map(|word| word.split('=').next()) {
                let is_handler = attribute.len() > 3 && attribute.starts_with("on");
                assert!(!is_handler && attribute != "style", "{name}: <{tag}>");
            }
        }
    }
}

#[test]
fn the_page_writes_out_the_same_characters_as_the_program() {
    let files = files();
    let (_, script) = files
        .iter()
        .find(|(name, _)| name == "dom.js")
        .expect("dom.js");
    let list = between(script, "const STEERING = [", ';').remove(0);
    let codes: Vec<u32> = between(list, "0x", 'z')
        .iter()
        .map(|rest| {
            let digits: String = rest.chars().take_while(char::is_ascii_hexdigit).collect();
            u32::from_str_radix(&digits, 16).expect("a number")
        })
        .collect();
    let ranges: Vec<(u32, u32)> = codes.chunks(2).map(|pair| (pair[0], pair[1])).collect();
    assert!(ranges.len() > 10, "{ranges:?}");
    for c in '\0'..=char::MAX {
        let mut written = String::new();
        event::escape(&c.to_string(), &mut written).expect("a text");
        let is_written_out = written != c.to_string();
        let code = u32::from(c);
        let is_in_script = ranges
            .iter()
            .any(|(from, to)| (*from..=*to).contains(&code));
        assert_eq!(is_in_script, is_written_out, "U+{code:04X}");
    }
}
