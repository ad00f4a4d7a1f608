"""The server of a container: `python -m hosting.serve [options of streamlit run]`. Modules that take seconds to import are imported before
the server accepts connections, so that the first visitors of a host that has just started do not wait in front of an empty page."""

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
    """The command line of Streamlit. `given` comes last and so overrides the rest."""
    port = environment.get("PORT", "8501")
    ours = [f"--server.port={port}", "--server.address=0.0.0.0", "--server.headless=true", "--server.fileWatcherType=none"]
    return ["run", str(ROOT / "app.py"), *ours, *given]


def main() -> None:
    for module in pkgutil.walk_packages(shared.__path__, "pages.shared."):
        importlib.import_module(module.name)
    cli.main(options(dict(os.environ), sys.argv[1:]), prog_name="streamlit")


if __name__ == "__main__":
    main()
