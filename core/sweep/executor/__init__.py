"""Where shards are trained: one protocol, and two implementations. The numbers are the same to the last bit whichever trained them, on the
same kind of processor.

An executor takes shards and gives back outcomes; it keeps no results, decides nothing about order, and retries nothing: `core.sweep.run` does.
"""

from core.sweep.executor.protocol import Executor, ExecutorLost, ShardOutcome

__all__ = ["Executor", "ExecutorLost", "ShardOutcome"]
