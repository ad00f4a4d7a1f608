"""The server of a container: `python -m hosting.serve [options of streamlit run]`. What takes seconds to import is imported before the first
visitor can knock, so that nobody who comes to a host that just woke up, and no thirty at once, wait for it in front of an empty page."""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
from pathlib import Path

from streamlit.web import cli

from pages import shared

ROOT = Path(__file__).resolve().parent.parent


def options(environment: dict[str, str], given: list[str]) -> list[str]:
    """The command line of Streamlit. `given` comes last, so it wins."""
    port = environment.get("PORT", "8501")
    ours = [f"--server.port={port}", "--server.address=0.0.0.0", "--server.headless=true", "--server.fileWatcherType=none"]
    return ["run", str(ROOT / "app.py"), *ours, *given]


def main() -> None:
    for module in pkgutil.walk_packages(shared.__path__, "pages.shared."):
        importlib.import_module(module.name)
    cli.main(options(dict(os.environ), sys.argv[1:]), prog_name="streamlit")


if __name__ == "__main__":
    main()
