"""Threads that ask AWS, and what becomes of them when nobody wants the answers any more."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from types import TracebackType


class Asking(ThreadPoolExecutor):
    """A pool for questions alone: it is not waited for after Ctrl-C.

    Leaving one may take as long as AWS is asked again and again, which is minutes where it throttles.
    """

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait for what is under way, unless it is the process that is to end."""
        ending = error is not None and not isinstance(error, Exception)
        self.shutdown(wait=not ending, cancel_futures=ending)
