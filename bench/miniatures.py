"""How long the miniatures of the Learn pages train, as a page starts them: `python -m bench.miniatures`. The aim is five seconds on two
cores; processor time, so that what else the machine does counts less."""

from __future__ import annotations

import os
import sys
import tempfile
import time

from streamlit.testing.v1 import AppTest

from pages.shared.common import process
from pages.shared.common.contents import existing, file
from tests.browser.conftest import ROOT

CORES = 2


def seconds(page: str) -> float:
    """Processor time of the whole miniature, start and drawing included, ÷ CORES."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120).run().switch_page(file(page)).run()
    began = time.process_time()
    app.button(key=f"{page}:train").click().run()
    if not process.manager().wait(app.session_state[f"{page}:miniature"], 120):
        raise RuntimeError(f"the miniature of {page} was not over after two minutes")
    return (time.process_time() - began) / CORES


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DAPO_LAB_DATA"] = folder
        print("| page | seconds |\n| --- | --: |")
        for page in existing():
            print(f"| {page} | {seconds(page):.1f} |", flush=True)
        process.manager().shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
