"""What the notebooks share: the program, the bundled estate, tables of a store, and the look of plots."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile

import matplotlib as mpl
import matplotlib.pyplot as plt
import polars as pl

ROOT = pathlib.Path(__file__).resolve().parent.parent
DATA = ROOT / "data"
LOGS = DATA / "logs"
CONFIG = DATA / "plimsoll.toml"

# Okabe and Ito's colours, which colour-blind readers can tell apart.
BLUE, ORANGE, GREEN, PURPLE, SKY, YELLOW = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00"
INK, GREY, PALE = "#222222", "#8A8A8A", "#D9D9D9"


def find_program():
    """Returns the program: what the variable PLIMSOLL names, that of the PATH, or what this folder was built to."""
    named = os.environ.get("PLIMSOLL")
    built = [ROOT / "target" / profile / "plimsoll" for profile in ("release", "debug")]
    for path in [named] if named else [shutil.which("plimsoll"), *built]:
        if path and pathlib.Path(path).is_file():
            return str(pathlib.Path(path).resolve())
    raise SystemExit(
        f"there is no program at `{named}`, which PLIMSOLL names" if named else
        "plimsoll is not on the PATH and was not built here: run `cargo build --release --locked`, or set PLIMSOLL to the program"
    )


class Workspace:
    """A folder for a notebook, with a store of its own, which goes when the notebook ends."""

    def __init__(self):
        self.program = find_program()
        self._folder = tempfile.TemporaryDirectory(prefix="plimsoll-notebook-")
        self.path = pathlib.Path(self._folder.name)

    def run(self, command, *args, store=True, config=True):
        """Runs a command of plimsoll and returns what it prints; what it says of a failure is raised."""
        line = [self.program, command, *map(str, args), "--color", "never"]
        line += ["--config", str(CONFIG)] if config else []
        line += ["--store", "store"] if store else []
        said = subprocess.run(line, cwd=self.path, capture_output=True, text=True)
        if said.returncode != 0:
            raise RuntimeError(f"plimsoll {command} ended with {said.returncode}\n{said.stderr}")
        return said.stdout

    def json(self, command, *args, **where):
        """Runs a command and reads the document that it prints."""
        return json.loads(self.run(command, *args, "--format", "json", **where))

    def table(self, name, *filters):
        """Exports a table of the store as Parquet and reads it. docs/EXPORT.md describes the columns."""
        self.run("export", name, "--format", "parquet", "--out", "table.parquet", *filters)
        return pl.read_parquet(self.path / "table.parquet")

    def events(self, *args):
        """Returns the events of the bundled logs: what plimsoll made of each record, and in which file that stands."""
        (self.path / "events.jsonl").write_text(self.run("inspect", LOGS, "--events", *args, store=False))
        columns = dict.fromkeys(
            ["event_id", "identity", "identity_kind", "provider", "account", "region", "service", "op", "action", "outcome",
             "container", "object", "copied_from", "src_ip", "client", "dst.account", "format", "file"], pl.String)
        frame = pl.read_ndjson(self.path / "events.jsonl", schema={"event_time": pl.String, **columns})
        time = pl.col("event_time").str.to_datetime("%+", time_unit="us", time_zone="UTC")
        file = pl.col("file").str.strip_prefix(f"{LOGS}/")
        return frame.with_columns(time.alias("event_time"), file.alias("file"))


def short(column="entity_id"):
    """Returns the last part of an id, which is what people call it by."""
    return pl.col(column).str.split("/").list.last()


def style():
    """Sets how tables and plots look."""
    pl.Config.set_tbl_hide_dataframe_shape(True)
    pl.Config.set_tbl_hide_column_data_types(True)
    pl.Config.set_tbl_rows(30)
    pl.Config.set_tbl_cols(12)
    pl.Config.set_fmt_str_lengths(90)
    pl.Config.set_fmt_table_cell_list_len(6)
    pl.Config.set_float_precision(3)
    pl.Config.set_tbl_width_chars(160)
    mpl.rcParams.update({
        "figure.dpi": 90, "figure.facecolor": "white", "figure.constrained_layout.use": True, "savefig.bbox": None,
        "font.size": 10, "axes.titlesize": 11.5, "axes.titleweight": "bold", "axes.titlelocation": "left",
        "axes.titlepad": 10, "axes.spines.top": False, "axes.spines.right": False, "axes.edgecolor": GREY, "text.color": INK,
        "axes.labelcolor": INK, "xtick.color": INK, "ytick.color": INK, "axes.grid": True, "grid.color": "#ECECEC",
        "axes.axisbelow": True, "legend.frameon": False, "lines.linewidth": 1.8,
        "axes.prop_cycle": mpl.cycler(color=[BLUE, ORANGE, GREEN, PURPLE, SKY, YELLOW]),
    })


def show(figure):
    """Shows a figure as a picture of the same bytes each time."""
    from IPython.display import Image, display
    path = tempfile.TemporaryFile()
    figure.savefig(path, format="png", metadata={"Software": None})
    plt.close(figure)
    path.seek(0)
    display(Image(path.read(), format="png", alt=figure.axes[0].get_title(loc="left")))


style()
