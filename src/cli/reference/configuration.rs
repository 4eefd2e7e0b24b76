//! The configuration with the elements of the built-in analytics: its page and its schema.

use std::fmt::Write;

use serde_json::{Map, Value as Json};

use crate::analytic::{self, Analytic, SETTINGS};
use crate::cli::reference::heading::heading;
use crate::config::CONFIG;
use crate::document::{Key, Needs, Shape, Table};
use crate::error::Result;
use crate::event::Source;

const ABOVE: &str = "\
Every key of `plimsoll.toml`, its type, default and an example. The file is read from the current folder, or from \
`--config FILE`. All of it is optional. Unknown keys and wrong values are errors with file and line; `plimsoll check` \
shows them all. For completion in an editor, let the first line of the file be `#:schema PATH` with the path or address \
of `docs/schemas/plimsoll.schema.json`.

";

/// Returns the page.
///
/// # Errors
/// Fails if a built-in analytic has a fault.
pub(super) fn page() -> Result<String> {
    let mut page = heading("Configuration", "configuration") + ABOVE + &CONFIG.page(2);
    let _ = write!(page, "\n{}", SETTINGS.page(3));
    let _ = writeln!(
        page,
        "\nThe elements of the built-in analytics, with their defaults as examples:"
    );
    for analytic in builtin()? {
        let texts = defaults(&analytic);
        let _ = write!(
            page,
            "\n{}",
            with_elements(&analytic, &texts, |shape| shape.section(3))
        );
    }
    page.push_str("\n## Defaults of `[lateness]`\n\n| log | default |\n|---|---|\n");
    for source in Source::ALL {
        let minutes = source.lateness_secs() / 60;
        let lateness = match minutes % 60 {
            0 => format!("{}h", minutes / 60),
            _ => format!("{minutes}m"),
        };
        let _ = writeln!(page, "| `{source}` | `{lateness}` |");
    }
    Ok(page)
}

/// Returns the schema. It knows the elements of the built-in analytics; those of other analytics may have any name.
///
/// # Errors
/// Fails if a built-in analytic has a fault.
pub(super) fn schema() -> Result<Json> {
    let mut schema = CONFIG.schema("The configuration of plimsoll");
    let mut none = Map::new();
    let mut settings = SETTINGS.table_schema(&mut none);
    let mut by_id = Map::new();
    for analytic in builtin()? {
        let texts = defaults(&analytic);
        let mut table = with_elements(&analytic, &texts, |shape| shape.table_schema(&mut none));
        if let (Some(all), Some(more)) = (
            table["properties"].as_object_mut(),
            settings["properties"].as_object(),
        ) {
            all.extend(more.clone());
        }
        by_id.insert(analytic.id.to_string(), table);
    }
    settings["additionalProperties"] = true.into();
    let analytics = &mut schema["properties"]["analytic"];
    analytics["properties"] = by_id.into();
    analytics["additionalProperties"] = settings;
    Ok(schema)
}

fn builtin() -> Result<Vec<Analytic>> {
    analytic::load_from(&analytic::builtin(), &Table::empty("none"), &[])
}

fn defaults(analytic: &Analytic) -> Vec<Option<String>> {
    (analytic.elements.iter())
        .map(|element| element.default.as_ref().map(ToString::to_string))
        .collect()
}

/// Makes something of the table in which a configuration sets the elements of an analytic.
fn with_elements<T>(
    analytic: &Analytic,
    texts: &[Option<String>],
    make: impl FnOnce(&Shape<'_>) -> T,
) -> T {
    let keys: Vec<Key<'_>> = analytic::element_keys(&analytic.elements, texts);
    make(&Shape {
        name: &format!("[analytic.{}]", analytic.id),
        doc: &format!("{}.", analytic.title),
        keys: &keys,
        others: None,
        needs: Needs::Nothing,
    })
}
