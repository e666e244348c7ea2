"""Whether a process that holds a lease still lives, where all processes share one file system.

Each keeps a lock on a file of its own, which the operating system takes back when the process dies, however it dies.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from pathlib import Path


class Presence:
    """The files of a folder, one for each holder. Where the file system has no locks, nobody is known to be gone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._mine: dict[str, int] = {}

    @property
    def has_known_anybody(self) -> bool:
        """Whether anybody ever announced itself here."""
        return self._folder.is_dir()

    def announce(self, holder: str) -> None:
        """Let others know that this holder lives, until `close` or the end of the process."""
        if holder in self._mine:
            return
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            file = os.open(self._file(holder), os.O_RDWR | os.O_CREAT, 0o600)
        except OSError:
            return
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(file)
        else:
            self._mine[holder] = file

    def is_gone(self, holder: str) -> bool:
        """Whether this holder announced itself and its process has ended since."""
        if holder in self._mine:
            return False
        try:
            file = os.open(self._file(holder), os.O_RDWR)
        except OSError:
            return False
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        else:
            self._file(holder).unlink(missing_ok=True)
            return True
        finally:
            os.close(file)

    def close(self) -> None:
        """Take back what was announced: its leases run out by themselves."""
        for holder, file in self._mine.items():
            self._file(holder).unlink(missing_ok=True)
            os.close(file)
        self._mine.clear()

    def _file(self, holder: str) -> Path:
        return self._folder / hashlib.sha256(holder.encode()).hexdigest()[:32]
