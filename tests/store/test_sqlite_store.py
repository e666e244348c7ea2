"""The store in a file: nothing half written, leases that exclude, and a way on when the file is no good."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from reconciler.store import Append, Put, Remove, Retention, StoreError
from reconciler.store.sqlite import SqliteStore


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "store.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore(path, busy=0.05)
    yield opened
    opened.close()


@pytest.fixture
def other(path: Path) -> Iterator[SqliteStore]:
    """Another process's view of the same file."""
    opened = SqliteStore(path, busy=0.05)
    yield opened
    opened.close()


def test_what_one_writes_another_reads(store: SqliteStore, other: SqliteStore) -> None:
    store.write(Put("status", "shop/Task/web", {"Ready": "True"}), Put("status", "shop/Task/api", {}))
    assert other.get("status", "shop/Task/web") == {"Ready": "True"}
    assert list(other.items("status", "shop/")) == ["shop/Task/api", "shop/Task/web"]
    other.write(Put("status", "shop/Task/web", {"Ready": "False"}), Remove("status", "shop/Task/api"))
    assert store.items("status") == {"shop/Task/web": {"Ready": "False"}}


def test_a_prefix_is_taken_word_for_word(store: SqliteStore) -> None:
    store.write(Put("k", "a%c", {}), Put("k", "abc", {}), Put("k", "a_c", {}))
    assert list(store.items("k", "a%")) == ["a%c"]


def test_a_write_is_all_or_nothing(store: SqliteStore) -> None:
    with pytest.raises(TypeError):
        store.write(Put("k", "one", {}), Put("k", "two", {"x": object()}))
    assert store.items("k") == {}
    store.write(Put("k", "three", {}))
    assert list(store.items("k")) == ["three"]


def test_entries_come_newest_or_from_where_one_left_off(store: SqliteStore) -> None:
    for number in range(5):
        store.write(Append("events", float(number), "shop" if number % 2 else "other", {"n": number}))
    store.write(Append("passes", 9.0, "shop", {}))
    assert [e.value["n"] for e in store.entries("events", limit=2)] == [3, 4]
    first = store.entries("events", limit=100)[0]
    assert [e.value["n"] for e in store.entries("events", after=first.id, limit=2)] == [1, 2]
    assert [e.value["n"] for e in store.entries("events", stack="shop")] == [1, 3]


def test_who_left_off_in_a_file_that_was_removed_goes_on_with_the_first_entry_of_the_next(
    store: SqliteStore, path: Path
) -> None:
    store.write(*(Append("events", 1.0, "shop", {"n": number}) for number in range(5)))
    last = store.entries("events")[-1]
    path.unlink()
    daemon = SqliteStore(path)
    daemon.write(*(Append("events", 2.0, "shop", {"n": number}) for number in (5, 6)))
    daemon.close()
    assert [e.value["n"] for e in store.entries("events", after=last.id)] == [5, 6]


def test_a_lease_has_one_holder_until_it_expires(store: SqliteStore, other: SqliteStore) -> None:
    mine = store.acquire("shop", "a", now=100, term=30)
    assert (mine.holder, mine.expires) == ("a", 130)
    assert other.acquire("shop", "b", now=129, term=30) == mine
    theirs = other.acquire("shop", "b", now=130, term=30)
    assert theirs.holder == "b"
    assert theirs.fence > mine.fence
    assert store.renew(mine, now=131, term=30) is None
    store.release(mine)
    assert store.leases() == [theirs]


def test_an_expired_lease_is_not_renewed_though_nobody_took_it(store: SqliteStore) -> None:
    mine = store.acquire("shop", "a", now=100, term=30)
    assert store.renew(mine, now=130, term=30) is None


def test_a_lease_given_back_and_taken_by_another_is_not_mine_again(store: SqliteStore, other: SqliteStore) -> None:
    mine = store.acquire("shop", "a", now=100, term=30)
    store.release(mine)
    theirs = other.acquire("shop", "b", now=101, term=30)
    other.release(theirs)
    assert store.renew(mine, now=102, term=30) is None
    assert store.acquire("shop", "a", now=103, term=30).fence == theirs.fence + 1


def test_of_many_who_want_a_lease_one_gets_it(path: Path) -> None:
    stores = [SqliteStore(path) for _ in range(8)]
    stores[0].leases()

    def want(number: int) -> str:
        return stores[number].acquire("shop", f"holder-{number}", now=100, term=30).holder

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(want, range(8)))) == 1
    for one in stores:
        one.close()


def test_old_entries_go_by_age_and_by_size_and_items_stay(store: SqliteStore, path: Path) -> None:
    store.write(Put("status", "shop/Task/web", {}))
    for number in range(40):
        store.write(*(Append("events", float(number), "shop", {"text": "x" * 1000}) for _ in range(100)))
    assert store.prune(Retention(seconds=20, size=1 << 30), now=40.0) == 2000
    store.prune(Retention(seconds=1000, size=1_000_000), now=40.0)
    assert 0 < len(store.entries("events", limit=10_000)) < 1000
    assert path.stat().st_size < 1_500_000
    assert store.entries("events", limit=1)[0].time == 39.0
    assert list(store.items("status")) == ["shop/Task/web"]


def test_a_damaged_file_is_put_aside_and_the_next_use_works(store: SqliteStore, other: SqliteStore, path: Path) -> None:
    other.acquire("shop", "a", now=100, term=30)
    other.close()
    path.write_bytes(b"this was never a database, whatever its name says" * 100)
    with pytest.raises(StoreError, match=r"moved to .*damaged.*only history is lost"):
        store.get("status", "x")
    store.write(Put("status", "x", {}))
    (aside,) = path.parent.glob("*.damaged-*")
    assert aside.read_bytes().startswith(b"this was never")


def test_a_file_that_never_was_a_store_is_left_as_it_is(store: SqliteStore, path: Path) -> None:
    path.parent.mkdir()
    path.write_text("root:x:0:0:root:/root:/bin/bash\n" * 100)
    before = path.read_bytes()
    for _ in range(2):
        with pytest.raises(StoreError, match=r"another program's .* --store"):
            store.items("status")
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_the_database_of_another_program_is_left_as_it_is(store: SqliteStore, path: Path) -> None:
    path.parent.mkdir()
    with sqlite3.connect(path) as raw:
        raw.execute("CREATE TABLE bookmarks (url TEXT)")
    raw.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"another program's .* --store"):
        store.write(Put("status", "x", {}))
    store.close()
    assert path.read_bytes() == before


def test_damage_under_an_open_file_is_survived(store: SqliteStore, path: Path) -> None:
    for number in range(50):
        store.write(Append("events", 0.0, "shop", {"text": str(number) * 500}))
    with sqlite3.connect(path) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    raw.close()
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (path.stat().st_size - 4096))
    store.close()
    with pytest.raises(StoreError, match="only history is lost"):
        store.entries("events", limit=1000)
    store.write(Put("status", "x", {}))


def test_a_locked_file_is_an_error_that_says_what_to_do_and_then_works(store: SqliteStore, path: Path) -> None:
    store.write(Put("k", "one", {}))
    blocker = sqlite3.connect(path, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match=r"another process has locked it .* --store"):
        store.write(Put("k", "two", {}))
    blocker.execute("ROLLBACK")
    blocker.close()
    store.write(Put("k", "two", {}))
    assert list(store.items("k")) == ["one", "two"]


def test_a_full_disk_is_an_error_that_says_what_to_do(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.write(Put("k", "one", {}))
    assert store._connection is not None
    pages = store._connection.execute("PRAGMA page_count").fetchone()[0]
    store._connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreError, match=r"full; free some space"):
        store.write(Put("k", "two", {"text": "x" * 1_000_000}))
    assert list(store.items("k")) == ["one"]


def test_a_removed_file_is_noticed_and_its_leases_are_lost(store: SqliteStore, path: Path) -> None:
    mine = store.acquire("shop", "a", now=100, term=30)
    path.unlink()
    assert store.renew(mine, now=101, term=30) is None
    assert path.exists()


def test_a_file_of_a_newer_version_is_left_alone(store: SqliteStore, path: Path) -> None:
    store.write(Put("k", "one", {}))
    store.close()
    with sqlite3.connect(path) as raw:
        raw.execute("PRAGMA user_version = 99")
    raw.close()
    with pytest.raises(StoreError, match="newer version"):
        store.items("k")


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="make it writable"):
        SqliteStore(tmp_path / "file" / "store.db").items("k")


def test_the_lease_of_a_killed_process_is_free_at_once_and_that_of_a_living_one_is_not(
    store: SqliteStore, path: Path
) -> None:
    program = (
        "import sys, pathlib\nfrom reconciler.store.sqlite import SqliteStore\n"
        "print(SqliteStore(pathlib.Path(sys.argv[1])).acquire('shop', 'theirs', 100.0, 90.0).fence, flush=True)\n"
        "sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        fence = int(other.stdout.readline())
        assert store.acquire("shop", "ours", 101.0, 90.0).holder == "theirs"
        other.kill()
        other.wait()
        taken = store.acquire("shop", "ours", 102.0, 90.0)
    assert (taken.holder, taken.fence) == ("ours", fence + 1)
