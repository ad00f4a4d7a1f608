"""The files for the browser, those of the board, of Compare, of Your run and of the Learn pages, put into the folder that Streamlit serves.

A component's inline script is sent again with every change of its data, so the script itself and the style sheet are static files and the
component is a loader of a few lines. The board's modules and uPlot, which draws its charts (vendor/), are one file of each kind: a visit
fetches two files, and none waits for another.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
STATIC = HERE.parents[3] / "static"  # beside app.py
VENDOR, BROWSER = HERE / "vendor", HERE / "browser"
# In this order: a module's constants are there before the next one begins.
MODULES = ("store", "fetch", "numbers", "look", "plot", "lines", "strips", "reader", "frame", "save", "board")
COMPARE = HERE.parents[1] / "compare"
# Copied as they are.
FILES = {
    "settings_panel.js": COMPARE / "panel" / "panel.js",
    "settings_panel.css": COMPARE / "panel" / "panel.css",
    "presets.js": COMPARE / "presets.js",
    "tour.js": COMPARE / "tour.js",
    "long_paste.js": HERE.parents[1] / "your_run" / "long_paste.js",
    "keep_focus.js": HERE.parent / "keep_focus.js",
}
FIGURES = HERE.parents[1] / "learn" / "figures"
IMPORT = re.compile(r'^import \{[^}]*\} from "\./\w+\.js";\n', re.M)


def board_files() -> dict[str, str]:
    """Name -> content."""
    return {
        "live_board.js": f"{_read(VENDOR / 'uPlot.iife.min.js')}\n{joined(_read(BROWSER / f'{name}.js') for name in MODULES)}",
        "live_board.css": f"{_read(VENDOR / 'uPlot.min.css')}\n{_read(HERE / 'board.css')}",
        "uPlot.LICENSE": _read(VENDOR / "uPlot.LICENSE"),
    }


def joined(modules) -> str:
    """Modules that import from each other as one, whose only export is what the loader calls."""
    text = "\n".join(IMPORT.sub("", module) for module in modules)
    text = re.sub(r"^export (?=(async )?function|const|let)", "", text, flags=re.M)
    return f"{text}\nexport {{ render }};\n"


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def learn_files() -> dict[str, Path]:
    """The figures of the Learn pages, looked up on each call, so that a new one is served without a restart."""
    return {f"learn/{path.name}": path for path in sorted(FIGURES.iterdir()) if path.is_file()}


def install(folder: Path = STATIC) -> None:
    """Write what is missing or differs. RuntimeError if that is needed and the folder cannot be written."""
    wanted = {name: text.encode() for name, text in board_files().items()}
    wanted |= {name: path.read_bytes() for name, path in (FILES | learn_files()).items()}
    for name, content in wanted.items():
        target = folder / name
        if target.exists() and target.read_bytes() == content:
            continue
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            # Another process may be serving or writing the same file: replacing it atomically never exposes a partial file.
            descriptor, partial = tempfile.mkstemp(dir=folder, prefix=".partial-")
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
            os.chmod(partial, 0o644)
            os.replace(partial, target)
        except OSError as error:
            raise RuntimeError(
                f"{target} could not be written ({error.strerror}); run `python -m pages.shared.common.live_board.assets`"
            ) from error


def version(*sources: Path) -> str:
    """Changes with these files: browsers fetch again when, and only when, one of them changed."""
    return _stamp(b"".join(path.read_bytes() for path in sources))


@cache
def board_version() -> str:
    """The same of the board's own files, which are read once."""
    return _stamp("".join(board_files().values()).encode())


def _stamp(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]


if __name__ == "__main__":
    install()
