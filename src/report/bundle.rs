//! The modules of the page as one script, because a page that lies in a folder can load none.
//!
//! Each module becomes a function that returns what it exports, those first that others import. Only the forms of `import` and `export`
//! that the page has are known; a test asserts that it has no other.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::LazyLock;

use crate::report::page::{ENTRY, asset};

static SCRIPT: LazyLock<String> = LazyLock::new(|| {
    let mut bundle = Bundle::default();
    bundle.add(ENTRY);
    format!("(() => {{\n\"use strict\";\n{}}})();\n", bundle.script)
});

/// Returns the script of the whole page.
pub(super) fn script() -> &'static str {
    &SCRIPT
}

#[derive(Default)]
struct Bundle {
    script: String,
    added: BTreeSet<&'static str>,
}

impl Bundle {
    /// Adds a module after those that it imports.
    fn add(&mut self, name: &str) {
        let Some(module) = asset(name) else { return };
        if !self.added.insert(module.name) {
            return;
        }
        let module = Module::of(module.text);
        for imported in &module.imports {
            self.add(imported);
        }
        // Writing to a string cannot fail.
        let _ = write!(
            self.script,
            "const {} = (() => {{\n{}return {{ {} }};\n}})();\n",
            variable(name),
            module.body,
            module.exports.join(", ")
        );
    }
}

/// A module, taken apart.
#[derive(Default)]
struct Module<'t> {
    imports: Vec<&'t str>,
    exports: Vec<&'t str>,
    body: String,
}

impl<'t> Module<'t> {
    fn of(text: &'t str) -> Self {
        let mut module = Self::default();
        let mut rest = text;
        while let Some((line, after)) = split_line(rest) {
            rest = if let Some(end) = module.take_import(rest) {
                &rest[end..]
            } else {
                module.take_line(line);
                after
            };
        }
        module
    }

    /// Takes an `import { a, b } from "./name.js";` from the beginning of a text; returns where it ends, with its line.
    fn take_import(&mut self, text: &'t str) -> Option<usize> {
        let names = text.strip_prefix("import {")?;
        let (names, from) = names.split_once("} from \"./")?;
        let (name, after) = from.split_once("\";\n")?;
        let is_list = |c: char| c.is_alphanumeric() || c == '_' || c == ',' || c.is_whitespace();
        if !names.chars().all(is_list) || names.contains(" as ") {
            return None;
        }
        self.imports.push(name);
        let names: Vec<&str> = names.split(',').map(str::trim).collect();
        let names = names.join(", ");
        let _ = writeln!(
            self.body,
            "const {{ {} }} = {};",
            names.trim_end_matches([',', ' ']),
            variable(name)
        );
        Some(text.len() - after.len())
    }

    fn take_line(&mut self, line: &'t str) {
        let declared = line.strip_prefix("export ").and_then(|declared| {
            let kinds = ["const ", "function ", "async function ", "class "];
            let name = kinds.iter().find_map(|kind| declared.strip_prefix(kind))?;
            let end = name.find(|c: char| !c.is_alphanumeric() && c != '_')?;
            (end > 0).then(|| (declared, &name[..end]))
        });
        match declared {
            Some((declared, name)) => {
                self.exports.push(name);
                self.body.push_str(declared);
            }
            None => self.body.push_str(line),
        }
    }
}

/// Splits off the first line, with its end.
fn split_line(text: &str) -> Option<(&str, &str)> {
    let end = text.find('\n').map_or(text.len(), |at| at + 1);
    (!text.is_empty()).then(|| text.split_at(end))
}

/// Returns the name of what a module exports.
fn variable(name: &str) -> String {
    format!("${}", name.trim_end_matches(".js"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::page::modules;

    #[test]
    fn every_module_is_in_the_script_after_those_that_it_imports_and_all_is_taken_apart() {
        let script = script();
        let begins = |name: &str| script.find(&format!("\nconst {} = (() => {{\n", variable(name)));
        let mut n = 0;
        for asset in modules() {
            n += 1;
            let own = begins(asset.name).unwrap_or_else(|| panic!("{} is missing", asset.name));
            let module = Module::of(asset.text);
            for imported in &module.imports {
                let other = begins(imported).unwrap_or_else(|| panic!("{imported} is missing"));
                assert!(other < own, "{} imports {imported} in a circle", asset.name);
            }
            let n_of = |word: &str| asset.text.matches(&format!("\n{word} ")).count();
            let begins_so = |word: &str| usize::from(asset.text.starts_with(&format!("{word} ")));
            for (word, known) in [
                ("import", module.imports.len()),
                ("export", module.exports.len()),
            ] {
                assert_eq!(
                    n_of(word) + begins_so(word),
                    known,
                    "{word} in {}",
                    asset.name
                );
            }
            for form in [
                "import(",
                "import.meta",
                "export default",
                "export let",
                "export {",
                "export *",
                "\nawait ",
            ] {
                assert!(!asset.text.contains(form), "{form} in {}", asset.name);
            }
        }
        assert_eq!(script.matches("\nconst $").count(), n);
    }

    #[test]
    fn nothing_in_the_script_or_the_style_ends_its_element() {
        for text in [script(), crate::report::page::STYLE] {
            let lower = text.to_lowercase();
            assert!(!lower.contains("</s") && !lower.contains("<!--"), "{text}");
        }
    }

    #[test]
    fn a_module_becomes_a_function_of_what_it_imports() {
        let module = Module::of(
            "// What it is.\n\nimport {\n  a,\n  b,\n} from \"./x.js\";\n\nexport const c = a;\nexport async function d() {}\n",
        );
        assert_eq!(module.imports, ["x.js"]);
        assert_eq!(module.exports, ["c", "d"]);
        assert_eq!(
            module.body,
            "// What it is.\n\nconst { a, b } = $x;\n\nconst c = a;\nasync function d() {}\n"
        );
    }
}
