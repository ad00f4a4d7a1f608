"""Where real logs of other people lie. They are not part of the project: tests that need them say so and are skipped without them."""

import os
from pathlib import Path

import pytest

FOLDER = Path(os.environ.get("DAPO_LAB_LOG_CASES") or Path(__file__).parents[3].parent / "shared" / "cases")
needs_cases = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="the logs of other people are not here: set DAPO_LAB_LOG_CASES to their folder"
)


def case(beginning: str) -> Path:
    """The one file or folder whose name begins with the number."""
    (found,) = FOLDER.glob(f"{beginning}*")
    return found
