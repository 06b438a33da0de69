"""The viewer's file itself: how it is opened, and which one is at its path."""

import os
import sqlite3
import stat
from pathlib import Path

import pytest

from spruce.apm.historyfile import HistoryFile, ReplacedError, bytes_used, leave


@pytest.fixture
def file(tmp_path: Path) -> HistoryFile:
    return HistoryFile(tmp_path / "folder" / "viewer.db")


def test_it_is_made_when_it_is_opened_for_its_owner_alone(file: HistoryFile) -> None:
    assert file.mark() is None
    connection = file.open()
    assert [row[0] for row in connection.execute("SELECT count(*) FROM request")] == [0]
    for path in file.path.parent.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    connection.close()


def test_another_file_at_its_path_has_another_mark(file: HistoryFile) -> None:
    file.open().close()
    mark = file.mark()
    file.check(mark)
    other = file.path.with_name("other.db")
    other.write_bytes(b"")
    os.replace(other, file.path)
    with pytest.raises(ReplacedError) as caught:
        file.check(mark)
    assert str(caught.value) == f"{file.path} was replaced, or removed"


def test_only_the_file_that_was_seen_is_put_aside(file: HistoryFile) -> None:
    """Two workers find the damage, and the second must not put away what the first has begun."""
    file.open().close()
    mark = file.mark()
    assert not file.put_aside(None)
    assert file.put_aside(mark)
    assert not file.path.exists()
    file.open().close()
    assert file.mark() != mark
    assert not file.put_aside(mark)
    assert {path.name for path in file.path.parent.iterdir()} >= {"viewer.db", "viewer.db.damaged"}


def test_a_file_with_other_tables_is_refused(file: HistoryFile) -> None:
    file.path.parent.mkdir()
    connection = sqlite3.connect(file.path)
    connection.execute("CREATE TABLE customer (name TEXT)")
    connection.close()
    with pytest.raises(OSError, match=r"^it has tables of something else \(customer\); name another file as VIEWER_"):
        file.open()


def test_the_oldest_rows_leave_in_steps(file: HistoryFile) -> None:
    connection = file.open()
    assert leave(connection, "request", 10.0, 100) == 0
    rows = [(str(n), float(n)) for n in range(20)]
    connection.executemany("INSERT INTO request (uid, at) VALUES (?, ?)", rows)
    assert leave(connection, "request", 5.0, 100) == 5
    assert leave(connection, "request", 0.0, 3) == 12
    assert [row[0] for row in connection.execute("SELECT uid FROM request")] == ["17", "18", "19"]
    assert 0 < bytes_used(connection) <= file.path.stat().st_size + 200_000
    connection.close()
