"""Sessions on the connections and in the transactions of spruce.db."""

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session
from tests.alchemy.conftest import Author, Book

from spruce import db, green


def names(session: Session) -> list[str]:
    return list(session.scalars(sa.select(Author.name).order_by(Author.id)))


def test_objects_are_saved_and_loaded(engine: sa.Engine) -> None:
    """Lazily, too; what is not committed is gone."""
    with Session(engine) as session:
        session.add(Author(name="Ann", data={"x": [1, None]}, books=[Book(title="a"), Book(title="b")]))
        session.commit()
        session.add(Author(name="gone"))
        session.flush()
        assert names(session) == ["Ann", "gone"]
    with Session(engine) as session:
        book = session.scalars(sa.select(Book).order_by(Book.id)).first()
        assert book is not None
        assert ([each.title for each in book.author.books], book.author.data) == (["a", "b"], {"x": [1, None]})
        assert names(session) == ["Ann"]


def test_errors_are_sqlalchemys(engine: sa.Engine) -> None:
    """With ours inside; the session goes on after a rollback."""
    with Session(engine) as session:
        session.add(Author(name="Ann"))
        session.commit()
        session.add(Author(name="Ann"))
        with pytest.raises(sa.exc.IntegrityError) as refused:
            session.commit()
        assert "t_alchemy_author.name must be unique, and another row has the same value" in str(refused.value.orig)
        session.rollback()
        assert names(session) == ["Ann"]


def test_a_session_takes_part_in_atomic(engine: sa.Engine) -> None:
    """Its commit is a savepoint's; what the block undoes is undone, also what both did."""
    with pytest.raises(KeyError), db.atomic():  # noqa: PT012 - the block is what is tested
        with Session(engine) as session:
            session.add(Author(name="undone"))
            session.commit()
        assert db.execute(sa.select(Author.name)).scalars().all() == ["undone"]
        raise KeyError
    with db.atomic(), Session(engine) as session:
        session.add(Author(name="kept"))
        session.commit()
        db.execute(sa.insert(Author).values(name="by hand"))
        assert names(session) == ["kept", "by hand"]
        session.add(Author(name="rolled back"))
        session.flush()
        session.rollback()
        with session.begin_nested():
            session.add(Author(name="nested"))
        session.commit()
    with Session(engine) as session:
        assert names(session) == ["kept", "by hand", "nested"]


def test_blocks_inside_of_blocks(engine: sa.Engine) -> None:
    """A session that outlives the block in which it began leaves nothing behind."""
    session = Session(engine)
    with db.atomic():
        with pytest.raises(KeyError), db.atomic():  # noqa: PT012 - the block is what is tested
            session.add(Author(name="inner"))
            session.flush()
            raise KeyError
        session.close()
        db.execute(sa.insert(Author).values(name="outer"))
    session.add(Author(name="after"))
    session.commit()
    assert names(session) == ["outer", "after"]
    session.close()


def test_green_threads_have_transactions_of_their_own(engine: sa.Engine) -> None:
    """Each session sees what is committed."""
    with Session(engine) as session:
        session.add(Author(name="0"))
        session.commit()

    def count_up() -> None:
        with Session(engine) as session:
            session.execute(sa.update(Author).values(name=sa.cast(sa.cast(Author.name, sa.Integer) + 1, sa.String)))
            green.sleep(0)
            session.commit()

    def main() -> None:
        for thread in [green.spawn(count_up) for _ in range(10)]:
            thread.wait()

    green.run(main)
    with Session(engine) as session:
        assert names(session) == ["10"]


def test_many_rows_at_once(engine: sa.Engine) -> None:
    """By SQLAlchemy's own ways of bulk."""
    with Session(engine) as session:
        session.execute(sa.insert(Author), [{"name": f"{number:03}"} for number in range(500)])
        session.add_all([Author(name=f"more {number}") for number in range(100)])
        session.commit()
        assert session.scalar(sa.select(sa.func.count()).select_from(Author)) == 600
        assert session.execute(sa.update(Author).where(Author.id <= 500).values(data=None)).rowcount == 500


def test_statements_are_events(engine: sa.Engine) -> None:
    """With the line of the program, beyond SQLAlchemy."""
    with db.watch_queries() as log, Session(engine) as session:
        names(session)
    assert [(query.file, query.sql[:6]) for query in log] == [(__file__, "SELECT")]


def test_a_cursor_gives_rows_as_they_are_wanted(engine: sa.Engine) -> None:
    """One, some, or all that are left."""
    raw: Any = engine.raw_connection()
    cursor = raw.cursor()
    cursor.execute("SELECT 1 AS n UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4")
    assert (cursor.description[0][0], cursor.fetchone(), cursor.fetchmany(2), cursor.fetchall()) == (
        "n",
        (1,),
        [(2,), (3,)],
        [(4,)],
    )
    assert cursor.fetchone() is None
    cursor.close()
    raw.close()
