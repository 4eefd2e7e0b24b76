//! The page that describes every table.

use std::fmt::Write;

use crate::export::schema::Column;
use crate::export::table::Table;

/// What holds for all tables.
const INTRODUCTION: &str = "`plimsoll export TABLE --format parquet|csv|jsonl` writes what a store knows as a table, for notebooks, DuckDB, Polars and \
    whatever else reads one. It writes to standard output, or with `--out FILE` to a file, which is replaced when the table is complete; a name that \
    ends with a format says which. Rows are written as they are read, so that a table may be larger than memory. `plimsoll export TABLE --columns` \
    prints the columns of a table.

```sh
plimsoll export windows --out windows.parquet --since 2026-03-01
plimsoll export baselines --out baselines.parquet
duckdb -c \"SELECT w.entity_id, w.metric, w.\\\"start\\\", w.value, b.p99 FROM 'windows.parquet' w
           JOIN 'baselines.parquet' b USING (entity_kind, entity_id, metric, \\\"window\\\")
           WHERE w.value > b.p99 ORDER BY w.value / b.p99 DESC LIMIT 20\"
```

```python
import polars as pl
alerts = pl.read_parquet(\"alerts.parquet\")
alerts.group_by(\"analytic\").agg(pl.len(), pl.col(\"verdict\").mean())
```

[The notebooks](../notebooks/README.md) use every table, on the bundled estate.
";

/// How each format has each type.
const FORMATS: &str = "## Formats

| | Parquet | CSV | JSON lines |
|---|---|---|---|
| text | `STRING`, as it is | characters that steer a terminal as `\\u{…}`; before what could begin a formula stands a `'` | text |
| texts | `LIST` of `STRING` | a JSON array | array |
| document | `STRING` with JSON | JSON | the document itself |
| integer | `INT64` | digits | number |
| number | `DOUBLE` | decimal | number |
| flag | `BOOLEAN` | `true` or `false` | `true` or `false` |
| date | `DATE` | `2026-03-16` | `\"2026-03-16\"` |
| instant | `TIMESTAMP` in microseconds, UTC | `2026-03-16T04:11:09Z` | `\"2026-03-16T04:11:09Z\"` |
| absent | null | empty; an empty text is `\"\"` | `null` |

Texts come from logs, and so from anybody. A spreadsheet computes what begins with `=`, `+`, `-` or `@`: in CSV such a text has a `'` before it, which is no part of the text. Parquet and JSON lines keep every text as
it is. Parquet is packed with zstd, has at most 65,536 rows in a group, and says in its metadata (`plimsoll.column.NAME`) what each column means. Whole numbers and
their sums fit 64 bits with a sign.
";

/// Returns the page without its heading.
pub fn page() -> String {
    let mut page = format!("{INTRODUCTION}\n{FORMATS}");
    for table in Table::ALL {
        // Writing to a string cannot fail.
        let _ = write_table(&mut page, table);
    }
    page
}

fn write_table(page: &mut String, table: Table) -> std::fmt::Result {
    writeln!(
        page,
        "\n## `{}`\n\n{}. {}\n\n{}\n",
        table.as_str(),
        table.title(),
        table.notes(),
        filters(table)
    )?;
    writeln!(
        page,
        "| column | type | unit or range | meaning |\n|---|---|---|---|"
    )?;
    for column in table.columns() {
        let Column {
            name,
            unit,
            meaning,
            may_be_absent,
            ..
        } = column;
        let kind = column.kind.as_str();
        let absent = if may_be_absent { ", may be absent" } else { "" };
        writeln!(page, "| `{name}` | {kind}{absent} | {unit} | {meaning} |")?;
    }
    Ok(())
}

/// Returns by what the rows of a table can be chosen, in sentences.
fn filters(table: Table) -> String {
    let filters = table.filters();
    let mut options = Vec::new();
    let (first, last) = filters.period;
    let between = match first == last {
        true => format!("`{first}`"),
        false => format!("`{first}` to `{last}`"),
    };
    options.push(format!("`--since` and `--until` (by {between})"));
    if filters.entity {
        options.push("`--entity`".to_owned());
    }
    if filters.analytic {
        options.push("`--analytic`".to_owned());
    }
    format!("Filters: {}.", options.join(", "))
}
