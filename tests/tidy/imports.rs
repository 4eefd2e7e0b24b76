//! Which file of the library names which other: `use` trees and paths, followed through re-exports to where a name is defined.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemUse, UseTree, Visibility};

/// Re-exports of re-exports that are followed.
const REEXPORTS_MAX: usize = 8;

/// A path from the root of the crate, as in `["score", "judge", "Judge"]`.
type Names = Vec<String>;

/// One file, seen as a module.
#[derive(Default)]
struct Module {
    /// What it defines, child modules not among it.
    defines: BTreeSet<String>,
    children: BTreeSet<String>,
    /// Names that it imports or hands on, and what they stand for.
    reexports: BTreeMap<String, Names>,
    /// Paths that its code names, tests not among it.
    names: Vec<Names>,
}

/// The files of the library.
pub struct Imports {
    modules: BTreeMap<Names, Module>,
}

impl Imports {
    /// Reads all files below `src`.
    pub fn of(src: &Path, files: &[std::path::PathBuf]) -> Self {
        let mut modules = BTreeMap::new();
        for file in files {
            let mut name: Names = file
                .strip_prefix(src)
                .unwrap()
                .with_extension("")
                .iter()
                .map(|part| part.to_str().unwrap().to_owned())
                .collect();
            name.pop_if(|last| last == "mod");
            if name == ["main"] || name == ["lib"] {
                continue;
            }
            let text = fs::read_to_string(file).unwrap();
            let parsed = syn::parse_file(&text).unwrap();
            let mut reader = Reader {
                at: &name,
                module: Module::default(),
            };
            // Child modules first: a path may begin with one.
            for item in &parsed.items {
                reader.define(item);
            }
            // Then imports: paths may begin with what they name.
            for item in &parsed.items {
                if let Item::Use(item) = item {
                    reader.visit_item_use(item);
                }
            }
            reader.visit_file(&parsed);
            let module = reader.module;
            modules.insert(name, module);
        }
        Self { modules }
    }

    /// Returns each top-level module with the others that it names.
    pub fn between_top_modules(&self) -> BTreeMap<String, BTreeSet<String>> {
        let mut known: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (name, module) in &self.modules {
            let knows = known.entry(name[0].clone()).or_default();
            let tops = module.names.iter().map(|path| &path[0]);
            knows.extend(tops.filter(|top| **top != name[0]).cloned());
        }
        known
    }

    /// Returns groups of files that name each other in a circle.
    pub fn circles(&self) -> Vec<Vec<String>> {
        let mut edges: BTreeMap<&Names, BTreeSet<&Names>> = BTreeMap::new();
        for (name, module) in &self.modules {
            let targets = module
                .names
                .iter()
                .filter_map(|path| self.defining(path, 0));
            edges.insert(name, targets.filter(|target| *target != name).collect());
        }
        let reach = |from: &Names| {
            let mut reached: BTreeSet<&Names> = BTreeSet::new();
            let mut ahead: Vec<&Names> = edges[from].iter().copied().collect();
            while let Some(next) = ahead.pop() {
                if reached.insert(next) {
                    ahead.extend(&edges[next]);
                }
            }
            reached
        };
        let reached: BTreeMap<&Names, BTreeSet<&Names>> =
            edges.keys().map(|name| (*name, reach(name))).collect();
        let mut circles: BTreeSet<Vec<String>> = BTreeSet::new();
        for (name, beyond) in &reached {
            if beyond.contains(name) {
                let circle = beyond
                    .iter()
                    .filter(|other| reached[**other].contains(name));
                circles.insert(circle.map(|name| name.join("::")).collect());
            }
        }
        circles.into_iter().collect()
    }

    /// Returns the file in which what a path names is defined.
    fn defining(&self, path: &[String], depth: usize) -> Option<&Names> {
        let (at, (name, module)) = (1..=path.len())
            .rev()
            .find_map(|n| Some((n, self.modules.get_key_value(&path[..n])?)))?;
        match path.get(at) {
            Some(word) if !module.defines.contains(word) && depth < REEXPORTS_MAX => {
                match module.reexports.get(word) {
                    Some(meant) => self.defining(meant, depth + 1).or(Some(name)),
                    None => Some(name),
                }
            }
            _ => Some(name),
        }
    }
}

/// Reads one file.
struct Reader<'a> {
    at: &'a [String],
    module: Module,
}

impl Reader<'_> {
    fn define(&mut self, item: &Item) {
        let name = match item {
            Item::Mod(item) => {
                self.module.children.insert(item.ident.to_string());
                return;
            }
            Item::Const(item) => &item.ident,
            Item::Enum(item) => &item.ident,
            Item::Fn(item) => &item.sig.ident,
            Item::Static(item) => &item.ident,
            Item::Struct(item) => &item.ident,
            Item::Trait(item) => &item.ident,
            Item::Type(item) => &item.ident,
            _ => return,
        };
        self.module.defines.insert(name.to_string());
    }

    /// Returns a path from the root of the crate; `None` if it leaves the crate or names something local.
    fn absolute(&self, path: &[String]) -> Option<Names> {
        let (first, rest) = path.split_first()?;
        let from = |base: &[String], rest: &[String]| Some([base, rest].concat());
        match first.as_str() {
            "crate" => from(&[], rest).filter(|path| !path.is_empty()),
            "self" => from(self.at, rest),
            "super" => {
                let ups = path.iter().take_while(|word| *word == "super").count();
                from(&self.at[..self.at.len().checked_sub(ups)?], &path[ups..])
                    .filter(|path| !path.is_empty())
            }
            child if self.module.children.contains(child) => from(self.at, path),
            // What an import named.
            imported if !rest.is_empty() => from(self.module.reexports.get(imported)?, rest),
            _ => None,
        }
    }

    fn leaves(tree: &UseTree, before: &mut Names, leaves: &mut Vec<(String, Names)>) {
        match tree {
            UseTree::Path(path) => {
                before.push(path.ident.to_string());
                Self::leaves(&path.tree, before, leaves);
                before.pop();
            }
            UseTree::Name(name) if name.ident == "self" => {
                let last = before.last().cloned().unwrap_or_default();
                leaves.push((last, before.clone()));
            }
            UseTree::Name(name) => {
                let word = name.ident.to_string();
                leaves.push((word.clone(), [&before[..], &[word]].concat()));
            }
            UseTree::Rename(rename) => {
                let path = [&before[..], &[rename.ident.to_string()]].concat();
                leaves.push((rename.rename.to_string(), path));
            }
            UseTree::Glob(_) => leaves.push((String::new(), before.clone())),
            UseTree::Group(group) => {
                for tree in &group.items {
                    Self::leaves(tree, before, leaves);
                }
            }
        }
    }
}

/// Returns whether an item is compiled for tests alone, as with `cfg(test)` and `cfg(all(test, unix))`.
fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let tokens = attribute
            .meta
            .require_list()
            .map(|list| list.tokens.to_string());
        attribute.path().is_ident("cfg")
            && tokens.is_ok_and(|tokens| {
                let mut words = tokens.split(|c: char| !c.is_alphanumeric());
                words.any(|word| word == "test") && !tokens.contains("not")
            })
    })
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !is_for_tests(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        if !is_for_tests(&item.attrs) {
            visit::visit_impl_item_fn(self, item);
        }
    }

    /// Where something may be seen is no use of it.
    fn visit_visibility(&mut self, _: &'ast Visibility) {}

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        if is_for_tests(&item.attrs) {
            return;
        }
        let mut leaves = Vec::new();
        Self::leaves(&item.tree, &mut Vec::new(), &mut leaves);
        let is_private = matches!(item.vis, Visibility::Inherited);
        for (name, path) in leaves {
            let Some(path) = self.absolute(&path) else {
                continue;
            };
            // Handing on what a child defines is no use of it.
            let is_of_child = path.len() > self.at.len() && path.starts_with(self.at);
            if is_private || !is_of_child {
                self.module.names.push(path.clone());
            }
            self.module.reexports.insert(name, path);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let words: Names = path.segments.iter().map(|s| s.ident.to_string()).collect();
        if words.len() > 1 {
            self.module.names.extend(self.absolute(&words));
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, item: &'ast syn::Macro) {
        // Arguments of macros are tokens; paths in them begin with `crate`, as everywhere.
        let tokens = item.tokens.to_string();
        for after in tokens.split("crate ::").skip(1) {
            let words = after.split("::").map(|word| {
                let end = |c: char| !(c.is_alphanumeric() || c == '_');
                word.trim_start().split(end).next().unwrap_or_default()
            });
            let path: Names = words
                .take_while(|word| !word.is_empty())
                .map(str::to_owned)
                .collect();
            if !path.is_empty() {
                self.module.names.push(path);
            }
        }
        visit::visit_macro(self, item);
    }
}
