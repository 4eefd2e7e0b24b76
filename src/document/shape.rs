//! What the tables of a file may hold: keys with their types, defaults and meanings.
//!
//! A reader takes its keys from a [`Shape`] through [`Fields`](crate::document::Fields). Builds with debug assertions
//! refuse a key that the shape lacks, and a shape with a key that the reader did not ask for. The reference pages and the
//! JSON Schemas are written from the same shapes, so that they cannot lack a key.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::{Map, Value as Json, json};

/// What a table may hold.
#[derive(Debug)]
pub struct Shape<'a> {
    /// How faults and pages name the table, as in `[network]`.
    pub name: &'a str,
    /// What the table is for.
    pub doc: &'a str,
    /// Its keys, in the order of the page.
    pub keys: &'a [Key<'a>],
    /// What the rest of its keys may be, if the user names them.
    pub others: Option<Others<'a>>,
    /// Which of its keys must be there, beside the required ones.
    pub needs: Needs<'a>,
}

/// A key of a table.
#[derive(Debug)]
pub struct Key<'a> {
    /// The key.
    pub name: &'a str,
    /// What its value is.
    pub kind: Kind<'a>,
    /// Whether it may be absent.
    pub presence: Presence<'a>,
    /// What it means.
    pub doc: &'a str,
    /// An example of a value, as TOML; empty for tables, whose own keys have examples.
    pub example: &'a str,
}

/// Makes a key; the fields in the order in which a table of keys is read.
pub const fn key<'a>(
    name: &'a str,
    kind: Kind<'a>,
    presence: Presence<'a>,
    example: &'a str,
    doc: &'a str,
) -> Key<'a> {
    Key {
        name,
        kind,
        presence,
        doc,
        example,
    }
}

/// Whether a key may be absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence<'a> {
    /// It must be there.
    Required,
    /// It may be absent: then there is nothing of the kind.
    Optional,
    /// It may be absent: then it has this value, as TOML.
    Default(&'a str),
}

/// What is asked of several keys together.
#[derive(Debug)]
pub enum Needs<'a> {
    /// Nothing.
    Nothing,
    /// At least one of them.
    Any(&'a [&'a str]),
    /// Exactly one of them.
    One(&'a [&'a str]),
}

/// Keys that a user names.
#[derive(Debug)]
pub struct Others<'a> {
    /// What the keys are called on a page, as in `LOG`.
    pub name: &'a str,
    /// The keys that there are; `None` if any will do.
    pub valid: Option<fn() -> Vec<&'static str>>,
    /// What their values are.
    pub kind: Kind<'a>,
    /// A line with one of them, or nothing.
    pub example: &'a str,
}

/// Tables of several forms, of which each begins with a key of its own; or one of some words.
#[derive(Debug)]
pub struct Forms<'a> {
    /// What they are called, as in `gate`.
    pub name: &'a str,
    /// The words that do as well as a table.
    pub words: &'a [&'a str],
    /// The forms.
    pub forms: &'a [Shape<'a>],
}

/// What a value is.
#[derive(Debug)]
pub enum Kind<'a> {
    /// Text that is not empty, and what it writes.
    Text(&'a str),
    /// One of some words.
    Word(fn() -> Vec<&'static str>),
    /// One of some words that a page lists once, under a name.
    Vocabulary(&'a str, fn() -> Vec<&'static str>),
    /// True or false.
    Flag,
    /// A number.
    Number,
    /// An integer that is not negative.
    Integer,
    /// An integer from one to another.
    Within(u64, u64),
    /// A date.
    Date,
    /// A list that may be empty.
    List(&'a Kind<'a>),
    /// A list that may not be empty.
    Some(&'a Kind<'a>),
    /// One value, or a list that may be empty.
    OneOrList(&'a Kind<'a>),
    /// One value, or a list that may not be empty.
    OneOrSome(&'a Kind<'a>),
    /// A value, or `"$Name"` of the element that has it.
    OrElement(&'a Kind<'a>),
    /// A table.
    Table(&'a Shape<'a>),
    /// A list of tables, as `[[name]]` writes them; required ones are at least one.
    Tables(&'a Shape<'a>),
    /// A table of one of several forms, or a word.
    Forms(&'a Forms<'a>),
    /// The value of an element, which is checked by the type of the element.
    Element,
}

impl<'a> Shape<'a> {
    /// Returns the key of a name.
    pub fn key(&self, name: &str) -> Option<&Key<'a>> {
        self.keys.iter().find(|key| key.name == name)
    }

    /// Returns the JSON Schema (draft 7) of files whose root table this is.
    pub fn schema(&self, title: &str) -> Json {
        let mut definitions = Map::new();
        let mut schema = self.table_schema(&mut definitions);
        schema["$schema"] = "http://json-schema.org/draft-07/schema#".into();
        schema["title"] = title.into();
        if !definitions.is_empty() {
            schema["definitions"] = definitions.into();
        }
        schema
    }

    /// Returns the schema of the table alone; what it refers to goes to `definitions`.
    pub fn table_schema(&self, definitions: &mut Map<String, Json>) -> Json {
        let mut properties = Map::new();
        for key in self.keys {
            let mut schema = key.kind.schema(definitions);
            if let Kind::Tables(_) = key.kind
                && key.presence == Presence::Required
            {
                schema["minItems"] = 1.into();
            }
            schema["description"] = match key.presence {
                Presence::Default(default) => format!("{} Default: {default}", key.doc),
                _ => key.doc.to_owned(),
            }
            .into();
            properties.insert(key.name.to_owned(), schema);
        }
        let mut schema = json!({"type": "object", "additionalProperties": false});
        if let Some(others) = &self.others {
            let kind = others.kind.schema(definitions);
            match others.valid {
                None => schema["additionalProperties"] = kind,
                Some(valid) => properties.extend(dotted(&valid(), &kind)),
            }
        }
        schema["properties"] = properties.into();
        let required: Vec<&str> = (self.keys.iter())
            .filter(|key| key.presence == Presence::Required)
            .map(|key| key.name)
            .collect();
        if !required.is_empty() {
            schema["required"] = required.into();
        }
        let each = |names: &[&str]| -> Json {
            names
                .iter()
                .map(|name| json!({"required": [name]}))
                .collect()
        };
        match self.needs {
            Needs::Nothing => {}
            Needs::Any(names) => schema["anyOf"] = each(names),
            Needs::One(names) => schema["oneOf"] = each(names),
        }
        schema
    }

    /// Returns the page of its keys and of the tables below it, in Markdown, without a heading of its own; `level` is that of
    /// the headings below.
    pub fn page(&self, level: usize) -> String {
        let mut page = Page::default();
        self.write(&mut page, level);
        page.finish()
    }

    /// Returns [`Self::page`] under a heading.
    pub fn section(&self, level: usize) -> String {
        let heading = "#".repeat(level);
        format!("{heading} `{}`\n\n{}", self.name, self.page(level))
    }

    fn write(&self, page: &mut Page<'a>, level: usize) {
        page.line(self.doc);
        self.write_keys(page);
        let example = self.example();
        if !example.is_empty() {
            page.line(&format!("\n```toml\n{example}```"));
        }
        let below = self.keys.iter().map(|key| &key.kind);
        for kind in below.chain(self.others.iter().map(|others| &others.kind)) {
            kind.write_below(page, level);
        }
    }

    fn write_keys(&self, page: &mut Page<'a>) {
        if !self.keys.is_empty() {
            page.line("\n| key | type | default | meaning |\n|---|---|---|---|");
        }
        for key in self.keys {
            let default = match key.presence {
                Presence::Required => "required".to_owned(),
                Presence::Optional => "none".to_owned(),
                Presence::Default(default) => format!("`{default}`"),
            };
            let kind = key.kind.words(page);
            let doc = key.doc.replace('|', "\\|");
            page.line(&format!("| `{}` | {kind} | {default} | {doc} |", key.name));
        }
        if let Some(others) = &self.others {
            let kind = others.kind.words(page);
            page.line(&format!("\n`{}`: {kind}.", others.name));
        }
        match self.needs {
            Needs::Nothing => {}
            Needs::Any(names) => {
                page.line(&format!("\nAt least one of {} is needed.", code(names)));
            }
            Needs::One(names) => {
                page.line(&format!("\nExactly one of {} is needed.", code(names)));
            }
        }
    }

    /// Returns an example of the table as TOML, without the tables below it; empty if no key has one.
    pub fn example(&self) -> String {
        let mut alternatives = match self.needs {
            Needs::One(names) => &names[1..],
            _ => &[],
        }
        .to_vec();
        let mut example = String::new();
        for key in self.keys.iter().filter(|key| !key.example.is_empty()) {
            let is_alternative = alternatives.iter().position(|name| *name == key.name);
            match is_alternative {
                Some(at) => drop(alternatives.remove(at)),
                None => {
                    let _ = writeln!(example, "{} = {}", key.name, key.example);
                }
            }
        }
        if let Some(others) = &self.others
            && !others.example.is_empty()
        {
            let _ = writeln!(example, "{}", others.example);
        }
        match self.name.starts_with('[') && !example.is_empty() {
            true => format!("{}\n{example}", self.name),
            false => example,
        }
    }
}

impl Kind<'_> {
    fn schema(&self, definitions: &mut Map<String, Json>) -> Json {
        match self {
            Self::Text(_) => json!({"type": "string", "pattern": "\\S"}),
            Self::Word(words) | Self::Vocabulary(_, words) => json!({"enum": words()}),
            Self::Flag => json!({"type": "boolean"}),
            Self::Number => json!({"type": "number"}),
            Self::Integer => json!({"type": "integer", "minimum": 0}),
            Self::Within(least, most) => {
                json!({"type": "integer", "minimum": least, "maximum": most})
            }
            Self::Date => json!({"type": "string", "pattern": "^\\d{4}-\\d{2}-\\d{2}$"}),
            Self::List(kind) => json!({"type": "array", "items": kind.schema(definitions)}),
            Self::Some(kind) => {
                json!({"type": "array", "items": kind.schema(definitions), "minItems": 1})
            }
            Self::OneOrList(kind) => {
                json!({"anyOf": [kind.schema(definitions), Kind::List(kind).schema(definitions)]})
            }
            Self::OneOrSome(kind) => {
                json!({"anyOf": [kind.schema(definitions), Kind::Some(kind).schema(definitions)]})
            }
            Self::OrElement(kind) => json!({"anyOf": [
                kind.schema(definitions),
                {"type": "string", "pattern": "^\\$.", "description": "an element, by its name"},
            ]}),
            Self::Table(shape) => shape.table_schema(definitions),
            Self::Tables(shape) => {
                json!({"type": "array", "items": shape.table_schema(definitions)})
            }
            Self::Forms(forms) => {
                if !definitions.contains_key(forms.name) {
                    // A form may hold others of its kind: they refer to the definition, which is not yet there.
                    definitions.insert(forms.name.to_owned(), Json::Null);
                    let mut all: Vec<Json> = (forms.forms.iter())
                        .map(|form| {
                            let mut schema = form.table_schema(definitions);
                            schema["description"] = form.doc.into();
                            schema
                        })
                        .collect();
                    if !forms.words.is_empty() {
                        all.push(json!({"enum": forms.words}));
                    }
                    definitions.insert(forms.name.to_owned(), json!({"anyOf": all}));
                }
                json!({"$ref": format!("#/definitions/{}", forms.name)})
            }
            Self::Element => json!({}),
        }
    }
}

impl<'a> Kind<'a> {
    /// Returns what it is, in words; the page remembers vocabularies.
    fn words(&self, page: &mut Page<'a>) -> String {
        match self {
            Self::Text(what) => (*what).to_owned(),
            Self::Word(words) => format!("one of {}", code(&words())),
            Self::Vocabulary(name, words) => {
                page.vocabularies.insert(name, words());
                format!("[{name}](#words)")
            }
            Self::Flag => "`true` or `false`".to_owned(),
            Self::Number => "number".to_owned(),
            Self::Integer => "integer, 0 or more".to_owned(),
            Self::Within(least, most) => format!("integer from {least} to {most}"),
            Self::Date => "date".to_owned(),
            Self::List(kind) => format!("list: {}", kind.words(page)),
            Self::Some(kind) => format!("list of at least one: {}", kind.words(page)),
            Self::OneOrList(kind) => format!("{}, or a list of them", kind.words(page)),
            Self::OneOrSome(kind) => format!("{}, or a list of at least one", kind.words(page)),
            Self::OrElement(kind) => {
                format!("{}, or `\"$NAME\"` of an element", kind.words(page))
            }
            Self::Table(shape) => format!("table `{}`", shape.name),
            Self::Tables(shape) => format!("tables `{}`", shape.name),
            Self::Forms(forms) => format!("[{0}](#{0})", forms.name),
            Self::Element => "value of the type of the element".to_owned(),
        }
    }

    fn write_below(&self, page: &mut Page<'a>, level: usize) {
        match self {
            Self::Table(shape) | Self::Tables(shape) => {
                page.line(&format!("\n{} `{}`\n", "#".repeat(level), shape.name));
                shape.write(page, level);
            }
            Self::Some(Kind::Forms(forms)) | Self::List(Kind::Forms(forms)) => {
                forms.write(page, level + 1);
            }
            _ => {}
        }
    }
}

impl<'a> Forms<'a> {
    fn write(&self, page: &mut Page<'a>, level: usize) {
        page.line(&format!("\n{} {}", "#".repeat(level), self.name));
        if !self.words.is_empty() {
            page.line(&format!(
                "\nOne of the words {}, or a table:",
                code(self.words)
            ));
        }
        for form in self.forms {
            let example: Vec<String> = (form.keys.iter())
                .map(|key| format!("{} = {}", key.name, key.example))
                .collect();
            page.line(&format!("\n`{{ {} }}`: {}", example.join(", "), form.doc));
            form.write_keys(page);
        }
    }
}

/// A page as it is written.
#[derive(Default)]
struct Page<'a> {
    text: String,
    vocabularies: BTreeMap<&'a str, Vec<&'static str>>,
}

impl Page<'_> {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// Returns the page with its vocabularies at the end.
    fn finish(mut self) -> String {
        if !self.vocabularies.is_empty() {
            self.text.push_str("\n## Words\n\n");
        }
        for (name, words) in self.vocabularies {
            let _ = writeln!(self.text, "- {name}: {}", code(&words));
        }
        self.text
    }
}

/// Returns the properties of keys that may have a dot, which is a table to TOML unless it is quoted.
fn dotted(names: &[&str], kind: &Json) -> Map<String, Json> {
    let mut properties = Map::new();
    for name in names {
        properties.insert((*name).to_owned(), kind.clone());
        if let Some((before, after)) = name.split_once('.') {
            let table = properties.entry(before.to_owned()).or_insert_with(
                || json!({"type": "object", "properties": {}, "additionalProperties": false}),
            );
            table["properties"][after] = kind.clone();
        }
    }
    properties
}

fn code(words: &[&str]) -> String {
    let words: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
    words.join(", ")
}
