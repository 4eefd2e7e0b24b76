//! `plimsoll export`

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};

use crate::cli::out_file::OutFile;
use crate::cli::setup::load;
use crate::cli::{Common, Console, Ending};
use crate::error::{Error, Result};
use crate::export::{self, Format, RowSink, Selection, Table};
use crate::incident::Playbook;
use crate::inquiry::{AnalyticPattern, Inquiry, Instant};
use crate::report::noun;

/// Write a table for notebooks: baselines, windows, surprises, traits, alerts or incidents
///
/// Writes the rows of TABLE to standard output or a file, typed and as they are read, so that a table may be larger than memory.
/// docs/EXPORT.md describes the columns of each table, and so does `--columns`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Which table.
    #[arg(value_name = "TABLE", value_parser = tables())]
    table: Table,
    /// Format of the table; without it, that which the name of the file ends with.
    #[arg(long)]
    format: Option<FileFormat>,
    /// Write to this file instead of standard output. It is replaced when the table is complete.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Only what was going on at this time or later: a day, as in 2026-03-16, or an instant.
    #[arg(long, value_name = "TIME")]
    since: Option<Instant<false>>,
    /// Only what was going on at this time or earlier: a day, with all of it, or an instant.
    #[arg(long, value_name = "TIME")]
    until: Option<Instant<true>>,
    /// Only entities with this id, alias or name, or a part of one; `surprises` has no entities.
    #[arg(long, value_name = "ENTITY")]
    entity: Option<String>,
    /// Only this analytic, of `surprises`, `alerts` and `incidents`; `*` and `?` are wildcards.
    #[arg(long, value_name = "ID")]
    analytic: Option<AnalyticPattern>,
    /// Print the columns of the table with their types and meanings, and nothing else.
    #[arg(long, conflicts_with_all = ["format", "out", "since", "until", "entity", "analytic"])]
    columns: bool,
}

/// Format of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FileFormat {
    /// Apache Parquet, packed with zstd.
    Parquet,
    /// Comma-separated values; a text that a spreadsheet would take for a formula has a `'` before it.
    Csv,
    /// A JSON object on each line.
    Jsonl,
}

impl FileFormat {
    const fn format(self) -> Format {
        match self {
            Self::Parquet => Format::Parquet,
            Self::Csv => Format::Csv,
            Self::Jsonl => Format::Jsonl,
        }
    }
}

/// Reads the name of a table.
fn tables() -> impl TypedValueParser<Value = Table> {
    let names = Table::ALL.map(|table| PossibleValue::new(table.as_str()).help(table.title()));
    PossibleValuesParser::new(names)
        .try_map(|name| Table::parse(&name).ok_or_else(|| format!("there is no table `{name}`")))
}

/// Runs the command.
///
/// # Errors
///
/// A usage error if the table has no such filter, or if Parquet would be written to a terminal. Fails if nothing was trained, the store cannot be
/// read, or the file cannot be written; the file is then as it was.
pub fn run(arguments: &Arguments, common: &Common, console: &Console) -> Result<Ending> {
    let table = arguments.table;
    if arguments.columns {
        console.show(&columns(table))?;
        return Ok(Ending::Complete);
    }
    let format = format_of(arguments)?.format();
    let selection = Selection {
        since: arguments.since.map(Instant::time),
        until: arguments.until.map(Instant::time),
        entity: arguments.entity.clone(),
        analytic: arguments.analytic.clone(),
    };
    table.check(&selection)?;
    match &arguments.out {
        Some(path) => {
            let mut file = OutFile::create(path)?;
            let n_rows = write((table, format), &selection, common, console, file.writer())?;
            file.keep()?;
            let rows = noun(n_rows, "row", "rows");
            let (table, path) = (table.as_str(), path.display());
            console.say(&format!("wrote {rows} of `{table}` to `{path}`\n"));
        }
        None if format == Format::Parquet && io::stdout().is_terminal() => {
            return Err(
                Error::usage("Parquet is not for terminals").hint("name a file with `--out FILE`")
            );
        }
        None => {
            write((table, format), &selection, common, console, Out(console))?;
        }
    }
    Ok(Ending::Complete)
}

/// Returns the format that is asked for, or that of the file.
fn format_of(arguments: &Arguments) -> Result<FileFormat> {
    let of_file = || {
        let extension = arguments.out.as_ref()?.extension()?.to_str()?;
        FileFormat::from_str(extension, true).ok()
    };
    arguments.format.or_else(of_file).ok_or_else(|| {
        Error::usage("it is not said in which format the table is to be written").hint(
            "say `--format parquet`, `csv` or `jsonl`, or name a file that ends with one of them: `--out FILE.parquet`",
        )
    })
}

/// Writes the table, and returns how many rows it has.
fn write(
    (table, format): (Table, Format),
    selection: &Selection,
    common: &Common,
    console: &Console,
    out: impl Write + Send,
) -> Result<u64> {
    let inquiry = Inquiry::of_store(common.store());
    let writer = export::writer(format, (table.as_str(), table.columns()), out);
    let writer = writer.map_err(|e| Error::failed("cannot write the table").cause(e))?;
    let mut sink = RowSink::new(writer, console);
    let playbook = || Ok(Playbook::of(&load(common.config.as_deref())?.analytics));
    export::export(table, selection, &inquiry, playbook, &mut sink)?;
    sink.finish()
}

/// Standard output as a stream of bytes.
struct Out<'c>(&'c Console);

impl Write for Out<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.print_bytes(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn columns(table: Table) -> String {
    let columns = table.columns();
    let width = |of: fn(&export::Column) -> &str| {
        let lengths = columns.iter().map(|column| of(column).len());
        lengths.max().unwrap_or(0)
    };
    let (names, kinds) = (width(|column| column.name), width(|c| c.kind.as_str()));
    let lines = columns.iter().map(|column| {
        let unit = match column.unit {
            "" => String::new(),
            unit => format!(" Unit or range: {unit}."),
        };
        let (name, kind) = (column.name, column.kind.as_str());
        format!("{name:<names$}  {kind:<kinds$}  {}{unit}\n", column.meaning)
    });
    lines.collect()
}
