"""What a thread that trains sets for itself: one thread for torch, and a lower priority than the threads that serve pages."""

from __future__ import annotations

import os
import sys
import threading

import torch

NICENESS = 10  # of the threads that train; the others have 0


def limit_torch_threads() -> None:
    """One thread for torch's own work: the tensors are tiny, and the runs are what fills the cores. Process-wide: it holds for this
    thread and for every thread that starts to use torch later."""
    torch.set_num_threads(1)


def give_way() -> None:
    """Lower the priority of this thread below that of the threads that serve pages, and of a browser on the same machine. Only Linux has
    priorities per thread; elsewhere nothing happens. Measured with two runs, their server and a browser on two cores: pages respond in a
    quarter less time."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
