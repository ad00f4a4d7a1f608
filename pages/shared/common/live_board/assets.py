"""The files for the browser, the board's, Compare's and the Learn pages', put into the folder that Streamlit serves.

A component's inline script is sent again with every change of its data, so the script itself, the style sheet and Plotly are static files
and the component is a loader of a few lines. Plotly comes from the installed package: one version for Python and the browser.
"""

from __future__ import annotations

import filecmp
import hashlib
import os
import shutil
import tempfile
from pathlib import Path

import plotly

HERE = Path(__file__).parent
STATIC = HERE.parents[3] / "static"  # beside app.py
COMPARE = HERE.parents[1] / "compare"
FILES = {
    "plotly.min.js": Path(plotly.__file__).parent / "package_data" / "plotly.min.js",
    "live_board.js": HERE / "board.js",
    "live_board.css": HERE / "board.css",
    "settings_panel.js": COMPARE / "panel" / "panel.js",
    "settings_panel.css": COMPARE / "panel" / "panel.css",
    "presets.js": COMPARE / "presets.js",
    "tour.js": COMPARE / "tour.js",
}
FIGURES = HERE.parents[1] / "learn" / "figures"


def learn_files() -> dict[str, Path]:
    """The figures of the Learn pages, looked up on each call, so that a new one is served without a restart."""
    return {f"learn/{path.name}": path for path in sorted(FIGURES.iterdir()) if path.is_file()}


def install(folder: Path = STATIC) -> None:
    """Copy what is missing or differs. RuntimeError if that is needed and the folder cannot be written."""
    for name, source in (FILES | learn_files()).items():
        target = folder / name
        if target.exists() and filecmp.cmp(source, target, shallow=False):
            continue
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            # Another process may be serving or writing the same file: replacing it atomically never exposes a partial file.
            descriptor, partial = tempfile.mkstemp(dir=folder, prefix=".partial-")
            os.close(descriptor)
            shutil.copyfile(source, partial)
            os.chmod(partial, 0o644)
            os.replace(partial, target)
        except OSError as error:
            raise RuntimeError(
                f"{target} could not be written ({error.strerror}); run `python -m pages.shared.common.live_board.assets`"
            ) from error


def version(*sources: Path) -> str:
    """Changes with these files (the board's, if none are given) and Plotly's version: browsers fetch again when, and only when, one of
    them changed."""
    content = b"".join(path.read_bytes() for path in sources or (FILES["live_board.js"], FILES["live_board.css"]))
    return hashlib.sha256(content + plotly.__version__.encode()).hexdigest()[:12]


if __name__ == "__main__":
    install()
