"""Executes the notebooks of this folder from top to bottom.

execute.py writes what they show into them. execute.py --check writes nothing, and fails where they show something else; of pictures only
whether there is one is compared, since the same curve may be drawn a dot aside elsewhere.
"""

import difflib
import os
import pathlib
import re
import sys
import tempfile

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from traitlets.config import Config

HERE = pathlib.Path(__file__).resolve().parent


def execute(path, scratch):
    """Returns a notebook with what its cells show now. Sockets lie in the folder `scratch`."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        cell.metadata = {}
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    # By files of this user alone, and not by ports that everybody on this machine can reach.
    config = Config({"KernelManager": {"transport": "ipc", "ip": f"{scratch}/kernel"}})
    client = NotebookClient(
        notebook, timeout=600, kernel_name="python3", record_timing=False, coalesce_streams=True,
        resources={"metadata": {"path": str(HERE)}}, config=config,
    )
    client.execute()
    # The interpreter's version is that of whoever executes.
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return notebook


def lines(notebook):
    """Returns what a reader sees of a notebook, but for pictures."""
    for number, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", []):
            yield f"cell {number}: {output.output_type} {sorted(output.get('data', {}))}"
            yield from output.get("text", "").splitlines()
            yield from output.get("data", {}).get("text/plain", "").splitlines()


def main():
    is_check = sys.argv[1:] == ["--check"]
    differ = False
    if named := os.environ.get("PLIMSOLL"):
        # Notebooks run in this folder, and not in that of who names it.
        os.environ["PLIMSOLL"] = os.path.abspath(named)
    with tempfile.TemporaryDirectory() as scratch:
        os.environ.update(IPYTHONDIR=scratch, JUPYTER_RUNTIME_DIR=scratch, JUPYTER_PLATFORM_DIRS="1", PYDEVD_DISABLE_FILE_VALIDATION="1")
        for path in sorted(HERE.glob("*.ipynb")):
            print(path.name, file=sys.stderr)
            try:
                notebook = execute(path, scratch)
            except CellExecutionError as error:
                plain = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
                sys.exit(f"{path.name} fails:\n{plain}")
            if not is_check:
                nbformat.write(notebook, path)
                continue
            before, after = (list(lines(it)) for it in (nbformat.read(path, as_version=4), notebook))
            for line in difflib.unified_diff(before, after, f"{path.name} as committed", f"{path.name} now", lineterm="", n=1):
                differ = True
                print(line)
    if differ:
        sys.exit("notebooks show something else than what was committed: look at it, and run notebooks/run, which writes it")


main()
