"""Reads exported tables with DuckDB and Polars, and prints what they make of them as JSON.

read_tables.py FOLDER TABLE...: FOLDER has TABLE.parquet, TABLE.csv and TABLE.jsonl of each. Both readers must see the same rows in Parquet,
and those that the JSON lines have. The types are printed, and the number of rows that each reader finds in each file.
"""

import datetime
import json
import pathlib
import sys

import duckdb
import polars as pl


def instant(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def from_json(value, kind):
    """Returns what a reader of Parquet gives for a value of the JSON lines."""
    if value is None:
        return None
    if isinstance(kind, pl.Datetime):
        return instant(value)
    if kind == pl.Date:
        return datetime.date.fromisoformat(value)
    return value


def check(table, path):
    frame = pl.read_parquet(path)
    kinds = frame.schema
    lines = [json.loads(line) for line in path.with_suffix(".jsonl").read_text().splitlines()]

    relation = duckdb.sql(f"FROM '{path}'")
    types = dict(zip(relation.columns, map(str, relation.types)))
    # Instants as microseconds, so that no time zone of this machine has a part in it.
    columns = [
        f'epoch_us("{name}")' if "TIME ZONE" in kind else f'"{name}"' for name, kind in types.items()
    ]
    duck = duckdb.sql(f"SELECT {', '.join(columns)} FROM '{path}'").fetchall()
    assert len(lines) == len(duck) == frame.height, (table, len(lines), len(duck), frame.height)

    epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    micro = datetime.timedelta(microseconds=1)
    for line, by_polars, by_duckdb in zip(lines, frame.iter_rows(named=True), duck):
        assert list(line) == list(by_polars) == list(types), (table, list(line))
        for (name, value), found in zip(line.items(), by_duckdb):
            expected = from_json(value, kinds[name])
            if name == "document":
                assert json.loads(by_polars[name]) == json.loads(found) == value, (table, line)
                continue
            assert by_polars[name] == expected, (table, name, by_polars[name], expected)
            if isinstance(expected, datetime.datetime):
                expected = (expected - epoch) // micro
            assert found == expected, (table, name, found, expected)
    return {
        "duckdb": types,
        "polars": {name: str(kind) for name, kind in kinds.items()},
        "rows": {
            "parquet": len(duck),
            "csv by duckdb": duckdb.sql(f"FROM read_csv('{path.with_suffix('.csv')}')").shape[0],
            "csv by polars": pl.read_csv(path.with_suffix(".csv"), infer_schema_length=None).height,
            "jsonl by polars": pl.read_ndjson(path.with_suffix(".jsonl"), infer_schema_length=None).height,
        },
    }


def main():
    folder = pathlib.Path(sys.argv[1])
    found = {table: check(table, folder / f"{table}.parquet") for table in sys.argv[2:]}
    json.dump(found, sys.stdout)


main()
