"""A store in one SQLite file, for the processes of one host."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from reconciler.store import MOST_CHANGES, Append, Entry, Lease, Put, Remove, Retention, StoreError, Value
from reconciler.store.presence import Presence

BUSY_SECONDS: Final = 5.0
"""How long a statement waits for another process's transaction."""

_MIGRATIONS: Final = (
    """
    CREATE TABLE items (
        kind TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (kind, key)
    ) WITHOUT ROWID;
    CREATE TABLE entries (
        id INTEGER PRIMARY KEY AUTOINCREMENT, log TEXT NOT NULL, time REAL NOT NULL, stack TEXT NOT NULL,
        value TEXT NOT NULL
    );
    CREATE INDEX entries_by_log ON entries (log, id);
    CREATE INDEX entries_by_stack ON entries (log, stack, id);
    CREATE INDEX entries_by_time ON entries (time);
    CREATE TABLE leases (
        name TEXT PRIMARY KEY, holder TEXT NOT NULL, fence INTEGER NOT NULL, expires REAL NOT NULL
    ) WITHOUT ROWID;
    """,
)
"""Statements that lead from one version of the tables to the next; the file knows its version (`user_version`)."""

_CORRUPT: Final = ("malformed", "not a database", "corrupt")
_FOREIGN: Final = "this file is another program's and is left as it is; give another place with --store"
_PRUNED_AT_ONCE: Final = 100


class SqliteStore:
    """One file with a write-ahead log. A damaged file is put aside and a new one begun; one that is not known to be a
    store is left as it is.

    A file that was removed or replaced is noticed before each use, so that no two processes go on with two files.
    """

    def __init__(self, path: Path, *, busy: float = BUSY_SECONDS) -> None:
        self._path = path
        self._busy = busy
        self._presence = Presence(path.with_name(f"{path.name}.holders"))
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None
        self._was_opened = False

    @property
    def where(self) -> str:
        """The path of the file."""
        return str(self._path)

    def get(self, kind: str, key: str) -> Value | None:
        """One item."""
        with self._reading() as db:
            row = db.execute("SELECT value FROM items WHERE kind = ? AND key = ?", (kind, key)).fetchone()
        return _value(row[0]) if row else None

    def items(self, kind: str, prefix: str = "") -> Mapping[str, Value]:
        """The items of a kind whose key begins with `prefix`, in order of key."""
        with self._reading() as db:
            rows = db.execute(
                "SELECT key, value FROM items WHERE kind = ? AND substr(key, 1, ?) = ? ORDER BY key",
                (kind, len(prefix), prefix),
            ).fetchall()
        return {key: _value(value) for key, value in rows}

    def write(self, *changes: Put | Remove | Append) -> None:
        """All of these changes or none of them."""
        if len(changes) > MOST_CHANGES:
            raise ValueError(f"{len(changes)} changes at once; a store takes {MOST_CHANGES}")
        with self._writing() as db:
            for change in changes:
                match change:
                    case Put(kind, key, value):
                        db.execute(
                            "INSERT INTO items VALUES (?, ?, ?) "
                            "ON CONFLICT (kind, key) DO UPDATE SET value = excluded.value",
                            (kind, key, _text(value)),
                        )
                    case Remove(kind, key):
                        db.execute("DELETE FROM items WHERE kind = ? AND key = ?", (kind, key))
                    case Append(log, at, stack, value):
                        db.execute(
                            "INSERT INTO entries (log, time, stack, value) VALUES (?, ?, ?, ?)",
                            (log, at, stack, _text(value)),
                        )

    def entries(self, log: str, *, stack: str | None = None, after: int | None = None, limit: int = 100) -> list[Entry]:
        """Entries of a log in order: the first ones `after` an id, or without that the newest ones."""
        where, values = ["log = ?"], [log]
        if stack is not None:
            where.append("stack = ?")
            values.append(stack)
        newest = after is None
        query = (
            f"SELECT id, time, stack, value FROM entries WHERE {' AND '.join(where)} AND id > ? "  # noqa: S608 - fixed text
            f"ORDER BY id {'DESC' if newest else 'ASC'} LIMIT ?"
        )
        with self._reading() as db:
            rows = db.execute(query, (*values, after or 0, limit)).fetchall()
        found = [Entry(number, at, of_stack, _value(text)) for number, at, of_stack, text in rows]
        return found[::-1] if newest else found

    def acquire(self, name: str, holder: str, now: float, term: float) -> Lease:
        """The lease as it is afterwards. One whose holder's process has died is free at once."""
        with self._writing() as db:
            current = _lease(db, name)
            runs = current is not None and current.holder not in ("", holder) and current.expires > now
            if current is not None and runs and not self._presence.is_gone(current.holder):
                return current
            self._presence.announce(holder)
            fence = (current.fence if current else 0) + 1
            db.execute(
                "INSERT INTO leases VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE "
                "SET holder = excluded.holder, fence = excluded.fence, expires = excluded.expires",
                (name, holder, fence, now + term),
            )
        return Lease(name, holder, fence, now + term)

    def renew(self, lease: Lease, now: float, term: float) -> Lease | None:
        """The same lease for longer, or None when it has expired or is another's."""
        with self._writing() as db:
            changed = db.execute(
                "UPDATE leases SET expires = ? WHERE name = ? AND holder = ? AND fence = ? AND expires > ?",
                (now + term, lease.name, lease.holder, lease.fence, now),
            ).rowcount
        return Lease(lease.name, lease.holder, lease.fence, now + term) if changed else None

    def release(self, lease: Lease) -> None:
        """Give a lease back; the fence stays, so that the next holder has a higher one."""
        with self._writing() as db:
            db.execute(
                "UPDATE leases SET holder = '', expires = 0 WHERE name = ? AND holder = ? AND fence = ?",
                (lease.name, lease.holder, lease.fence),
            )

    def leases(self) -> list[Lease]:
        """All leases that somebody took and did not give back."""
        with self._reading() as db:
            rows = db.execute("SELECT name, holder, fence, expires FROM leases WHERE holder != '' ORDER BY name")
            return [Lease(*row) for row in rows]

    def prune(self, retention: Retention, now: float) -> int:
        """Drop the oldest entries of the logs, and give the space back to the disk."""
        gone = 0
        with self._writing() as db:
            gone += db.execute("DELETE FROM entries WHERE time < ?", (now - retention.seconds,)).rowcount
            while _size(db) > retention.size:
                oldest = "SELECT id FROM entries ORDER BY id LIMIT ?"
                dropped = db.execute(
                    f"DELETE FROM entries WHERE id IN ({oldest})",  # noqa: S608 - fixed text
                    (_PRUNED_AT_ONCE,),
                ).rowcount
                if not dropped:
                    break
                gone += dropped
        if gone:
            with self._reading() as db:
                db.executescript("PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE)")
        return gone

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._presence.close()
            self._drop()

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._explained():
            yield self._open()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._explained():
            db = self._open()
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            file = self._file
            self._drop()
            raise StoreError(f"store {self._path}: {self._advice(error, file)}") from error

    def _advice(self, error: Exception, file: tuple[int, int] | None) -> str:
        text = str(error)
        elsewhere = "or give another place with --store"
        if any(sign in text for sign in _CORRUPT):
            return f"{text}; {self._put_aside(file) if self._is_ours() else _FOREIGN}"
        if "locked" in text or "busy" in text:
            return f"another process has locked it for more than {self._busy:g} s; end that process, {elsewhere}"
        if "full" in text:
            return f"{text}; free some space, {elsewhere}"
        if "readonly" in text or "unable to open" in text or isinstance(error, OSError):
            return f"{text}; make it writable, {elsewhere}"
        return f"{text}; move it away to begin a new one (only history is lost), {elsewhere}"

    def _is_ours(self) -> bool:
        """Whether a file that cannot be read was a store, and is not just any file that somebody named."""
        return self._was_opened or self._presence.has_known_anybody

    def _put_aside(self, file: tuple[int, int] | None) -> str:
        """Make room for a new file, unless another process has done so since this one was opened."""
        if file is not None and file == self._on_disk():
            aside = self._path.with_name(f"{self._path.name}.damaged-{int(time.time())}")
            try:
                self._path.rename(aside)
            except OSError as error:
                return f"move it away to begin a new one (only history is lost): {error.strerror}"
            for suffix in ("-wal", "-shm"):
                with contextlib.suppress(OSError):
                    self._path.with_name(self._path.name + suffix).unlink()
            return f"it was moved to {aside} and a new one is begun: only history is lost"
        return "a new one is begun: only history is lost"

    def _open(self) -> sqlite3.Connection:
        if self._connection is not None and self._file == self._on_disk():
            return self._connection
        self._drop()
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path.touch(mode=0o600)
        db = sqlite3.connect(self._path, timeout=self._busy, isolation_level=None, check_same_thread=False)
        self._connection, self._file = db, self._on_disk()
        tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if tables and "leases" not in tables:
            raise StoreError(f"store {self._path}: {_FOREIGN}")
        db.execute("PRAGMA auto_vacuum = INCREMENTAL")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        self._migrate(db)
        self._was_opened = True
        return db

    def _migrate(self, db: sqlite3.Connection) -> None:
        if db.execute("PRAGMA user_version").fetchone()[0] == len(_MIGRATIONS):
            return
        db.execute("BEGIN IMMEDIATE")
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if version > len(_MIGRATIONS):
            db.execute("ROLLBACK")
            raise StoreError(
                f"store {self._path} was written by a newer version of this program; use that version, "
                "or give another place with --store"
            )
        for statements in _MIGRATIONS[version:]:
            for statement in statements.split(";"):
                db.execute(statement)
        if version == 0:
            # Entries of a file that was removed have lower ids, as none comes each microsecond: who left off there
            # goes on with the first one here.
            begun = time.time_ns() // 1000
            db.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('entries', ?)", (begun,))
        db.execute(f"PRAGMA user_version = {len(_MIGRATIONS)}")
        db.execute("COMMIT")

    def _on_disk(self) -> tuple[int, int] | None:
        try:
            found = os.stat(self._path)  # noqa: PTH116 - asked before every use
        except FileNotFoundError:
            return None
        return found.st_dev, found.st_ino

    def _drop(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
        self._connection = None
        self._file = None


def _lease(db: sqlite3.Connection, name: str) -> Lease | None:
    row = db.execute("SELECT name, holder, fence, expires FROM leases WHERE name = ?", (name,)).fetchone()
    return Lease(*row) if row else None


def _size(db: sqlite3.Connection) -> int:
    """Bytes of the file that hold something."""
    pages, free, size = (
        db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)


def _text(value: Value) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _value(text: str) -> Value:
    found = json.loads(text)
    assert isinstance(found, dict)
    return found
