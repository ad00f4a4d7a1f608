"""Where real logs of other people lie. They are not part of the project: tests that need them say so and are skipped without them."""

import functools
import os
from pathlib import Path

import pytest

from core.logs import Reading, read_paths

FOLDER = Path(os.environ.get("DAPO_LAB_LOG_CASES") or Path(__file__).parents[3].parent / "shared" / "cases")
needs_cases = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="the logs of other people are not here: set DAPO_LAB_LOG_CASES to their folder"
)


def case(beginning: str) -> Path:
    """The one file or folder whose name begins with the number."""
    (found,) = FOLDER.glob(f"{beginning}*")
    return found


@functools.cache
def read_case(*beginnings: str) -> Reading:
    """What is read of these files and folders together, once for all tests that look at it."""
    return read_paths([case(beginning) for beginning in beginnings])
