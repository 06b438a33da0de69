"""The file in which the viewer finds what has happened."""

import os
import random
import re
import sqlite3
import stat
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from tests.apm.conftest import Records

from spruce.apm import Client
from spruce.apm.history import History
from spruce.apm.recorder import Recorder


def ended(client: Recorder, name: str, **more: object) -> object:
    """A transaction that has ended."""
    transaction = client.begin_transaction("request")
    assert transaction is not None
    for key, value in more.items():
        setattr(transaction, key, value)
    return client.end_transaction(name)


def keep(history: History, *records: object) -> None:
    for record in records:
        history.put(record)  # type: ignore[arg-type]  # a record
    history.close()


def names(history: History) -> list[str]:
    return [row["name"] for row in history.rows("SELECT name FROM request ORDER BY id")]


def test_what_has_ended_is_there_and_stays_there(client: Recorder, tmp_path: Path) -> None:
    path = tmp_path / "folder" / "viewer.db"
    keep(History(path), ended(client, "GET /one"), ended(client, "GET /two"))
    keep(History(path), ended(client, "GET /three"))
    assert names(History(path)) == ["GET /one", "GET /two", "GET /three"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_errors_are_kept_with_what_they_come_from(client: Recorder, records: Records, tmp_path: Path) -> None:
    for text in ("first", "second"):
        client.capture_exception(ValueError(text))
    history = History(tmp_path / "viewer.db")
    keep(history, *records.failures)
    rows = history.rows("SELECT kind, message, family FROM error ORDER BY id")
    assert [(row["kind"], row["message"]) for row in rows] == [("ValueError", "first"), ("ValueError", "second")]
    assert rows[0]["family"] == rows[1]["family"]


def test_what_is_too_much_or_too_old_leaves(client: Recorder, tmp_path: Path) -> None:
    path = tmp_path / "viewer.db"
    keep(
        History(path),
        ended(client, "old", timestamp=time.time() - 8 * 86400),
        *(ended(client, str(n)) for n in range(9)),
    )
    keep(History(path, most=5), ended(client, "last"))
    assert names(History(path)) == ["5", "6", "7", "8", "last"]


def test_a_queue_that_is_full_drops_and_counts(
    client: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spruce.apm.history._QUEUE", 2)
    history = History(tmp_path / "viewer.db")
    history._pid = os.getpid()  # nothing is written meanwhile
    one = ended(client, "x")
    for _ in range(5):
        history.put(one)  # type: ignore[arg-type]  # a record
    assert (len(history._queue), history.dropped) == (2, 3)


def test_a_file_that_cannot_be_written_is_told_of_once_in_a_while(
    client: Recorder, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """And nobody else is troubled."""
    (tmp_path / "viewer.db").mkdir()
    history = History(tmp_path / "viewer.db")
    keep(history, ended(client, "x"))
    assert caplog.messages == [
        f"the viewer cannot keep what happens in {tmp_path / 'viewer.db'}: unable to open database file"
    ]


def test_a_file_that_was_removed_is_made_anew(client: Recorder, tmp_path: Path) -> None:
    history = History(tmp_path / "viewer.db")
    keep(history, ended(client, "x"))
    for path in tmp_path.iterdir():
        path.unlink()
    assert names(history) == []


def test_what_was_not_sampled_is_not_kept(make_client: Callable[..., Client], tmp_path: Path) -> None:
    history = History(tmp_path / "viewer.db")
    keep(history, ended(make_client(TRANSACTION_SAMPLE_RATE=0), "x"))
    assert names(history) == []


def test_the_file_is_a_plain_database(client: Recorder, tmp_path: Path) -> None:
    """Anybody may ask it, with any tool."""
    keep(History(tmp_path / "viewer.db"), ended(client, "GET /x"))
    connection = sqlite3.connect(tmp_path / "viewer.db")
    assert connection.execute("SELECT count(*), avg(seconds) < 1 FROM request").fetchall() == [(1, 1)]
    connection.close()


def test_a_file_of_another_version_begins_anew(client: Recorder, tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "viewer.db")
    connection.execute("CREATE TABLE request (id INTEGER PRIMARY KEY, name TEXT)")
    connection.execute("INSERT INTO request (name) VALUES ('old')")
    connection.commit()
    connection.close()
    history = History(tmp_path / "viewer.db")
    keep(history, ended(client, "new"))
    assert names(history) == ["new"]
    assert history.rows("PRAGMA auto_vacuum")[0][0] == 2


def test_a_file_that_is_too_large_loses_its_oldest(client: Recorder, tmp_path: Path) -> None:
    """And its bytes are given back to the disk."""
    noise = random.Random(1)
    history = History(tmp_path / "viewer.db", rate=10_000)
    keep(history, *(ended(client, str(n), custom={"noise": noise.randbytes(500).hex()}) for n in range(2000)))
    before = history.path.stat().st_size
    smaller = History(tmp_path / "viewer.db", size=before // 2)
    keep(smaller, ended(client, "last"))
    kept = names(smaller)
    assert 500 <= len(kept) <= 1100
    assert kept == [*map(str, range(2001 - len(kept), 2000)), "last"]
    connection = sqlite3.connect(history.path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    connection.close()
    assert history.path.stat().st_size <= before * 0.6


def test_of_many_requests_those_that_fail_have_a_share_of_their_own(client: Recorder, tmp_path: Path) -> None:
    history = History(tmp_path / "viewer.db", rate=1)
    usual = [ended(client, "fine") for _ in range(100)]
    keep(history, *usual, ended(client, "bad", outcome="failure"))
    assert names(history) == ["fine"] * 10 + ["bad"]


def test_what_is_only_counted_is_not_looked_at(client: Recorder, tmp_path: Path) -> None:
    """So that it costs little; the next one that may be kept is looked at from its beginning."""
    looks: list[str] = []
    history = History(tmp_path / "viewer.db", rate=1)

    def look() -> object:
        looks.append("begins")
        return lambda: looks.append("ends")

    history.look = look  # type: ignore[assignment]  # what ends it is called
    for _ in range(20):
        history.put(ended(client, "x"))  # type: ignore[arg-type]  # a record
    assert looks == ["begins", "ends"]
    history._usual._at -= 5  # as if five seconds had passed
    history._opens = 0.0
    history.put(ended(client, "x"))  # type: ignore[arg-type]  # a record
    assert looks == ["begins", "ends", "begins"]
    history.put(ended(client, "x"))  # type: ignore[arg-type]  # a record
    history.close()
    assert looks == ["begins", "ends", "begins", "ends"]
    (last,) = history.rows("SELECT weight FROM request ORDER BY id DESC LIMIT 1")
    assert (len(names(history)), last["weight"]) == (11, 12)


# ---- what must not end the writing -----------------------------------------------------------------------------------


def until(history: History, client: Recorder, name: str) -> None:
    """Keep such records until one of them is in the file."""
    deadline = time.monotonic() + 60
    while True:
        history.put(ended(client, name))  # type: ignore[arg-type]  # a record
        with suppress(sqlite3.Error):
            if name in names(history):
                return
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_record_that_cannot_be_written_is_dropped_alone(
    client: Recorder, records: Records, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Texts that visitors choose may have no UTF-8, and what a program notes may be nothing for JSON."""
    deep: list[object] = []
    deep.append(deep)
    history = History(tmp_path / "viewer.db")
    client.capture_exception(ValueError("half of a pair: \ud800"))
    odd = [ended(client, "GET /\udcff"), ended(client, "odd", custom={"deep": deep})]
    keep(history, *records.failures, *odd, ended(client, "odd", custom={("a", 1): 1}), ended(client, "GET /fine"))
    assert names(history) == ["GET /?", "odd", "GET /fine"]
    assert [row["message"] for row in history.rows("SELECT message FROM error")] == ["half of a pair: ?"]
    assert history.dropped == 1
    (told,) = caplog.messages
    assert re.fullmatch(r"<Transaction 'odd' request [\d.]+ ms> is not kept: RecursionError\(.*\)", told)


def test_a_file_that_is_replaced_while_it_is_written_is_left(client: Recorder, tmp_path: Path) -> None:
    """What comes then is in the new one."""
    history = History(tmp_path / "viewer.db")
    until(history, client, "before")
    for path in tmp_path.iterdir():
        path.unlink()
    assert names(history) == []
    until(history, client, "after")
    history.close()


def test_what_waits_while_the_file_is_locked_is_not_lost(client: Recorder, tmp_path: Path) -> None:
    """It is written when the file is free again."""
    history = History(tmp_path / "viewer.db")
    keep(history, ended(client, "before"))
    other = sqlite3.connect(history.path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    connection = sqlite3.connect(history.path, timeout=0, isolation_level=None)
    history._queue.append((1, ended(client, "during")))  # type: ignore[arg-type]  # a record
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        history._turn(connection, sweeps=False)
    other.execute("COMMIT")
    history._turn(connection, sweeps=False)
    assert names(history) == ["before", "during"]
    for one in (other, connection):
        one.close()


def test_a_damaged_file_is_put_aside(client: Recorder, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A new one is begun, which is better than none."""
    path = tmp_path / "viewer.db"
    keep(History(path), *(ended(client, f"GET /{n}") for n in range(200)))
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    connection.close()
    data = path.read_bytes()
    path.write_bytes(data[:4096] + b"\xff" * (len(data) - 4096))
    history = History(path)
    until(history, client, "after")
    history.close()
    assert (tmp_path / "viewer.db.damaged").stat().st_size >= len(data)
    assert f"{path} is damaged: it is put aside as viewer.db.damaged, and a new one is begun" in caplog.text


def test_a_database_of_somebody_elses_is_not_touched(
    client: Recorder, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """VIEWER_FILE may be that of the app by mistake."""
    path = tmp_path / "app.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE customer (name TEXT)")
    connection.execute("CREATE TABLE request (id INTEGER PRIMARY KEY, name TEXT)")
    connection.commit()
    keep(History(path), ended(client, "x"))
    assert [row[0] for row in connection.execute("SELECT name FROM sqlite_master ORDER BY name")] == [
        "customer",
        "request",
    ]
    connection.close()
    assert caplog.messages == [
        f"the viewer cannot keep what happens in {path}: it has tables of something else (customer); "
        "name another file as VIEWER_FILE"
    ]


def test_a_clock_that_is_put_back_wants_nothing_for_hours(client: Recorder, tmp_path: Path) -> None:
    """What was wanted in the time that is to come again counts as old, and leaves."""
    history = History(tmp_path / "viewer.db")
    keep(history, ended(client, "x"))
    future = time.time() + 90_000
    history.change("INSERT INTO watch VALUES ('profile', ?)", (future,))
    history.change("INSERT INTO cancel VALUES ('a', ?)", (future,))
    history.change("INSERT INTO flight VALUES (1, ?, '{}')", (future,))
    keep(history, ended(client, "y"))
    assert not history.is_wanted("profile")
    assert history.rows("SELECT 1 FROM cancel UNION ALL SELECT 1 FROM flight") == []
