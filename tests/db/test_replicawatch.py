"""How old is what a copy shows? What watches copies on real servers is in tests/real/test_replicas.py."""

from spruce.db.replicawatch import Progress


def test_a_copy_is_as_old_as_the_last_mark_that_it_has_passed() -> None:
    """At the newest mark, or ahead of it, it is not behind at all, however long ago that was."""
    progress = Progress(10.0)
    for now, position in ((1.0, 100), (2.0, 200), (3.0, 300)):
        progress.mark(position, now)
    assert [progress.behind(position, 4.0) for position in (350, 300, 250, 200, 100)] == [0.0, 0.0, 2.0, 2.0, 3.0]


def test_what_is_older_than_all_marks_is_of_unknown_age() -> None:
    """So are all before the primary has said anything, unless it cannot be reached."""
    progress = Progress(10.0)
    assert progress.behind(5, 0.0) == float("inf")
    progress.unreachable = True
    assert progress.behind(5, 0.0) == 0.0
    progress.mark(10, 1.0)
    assert progress.behind(5, 1.0) == float("inf")


def test_old_marks_are_forgotten_but_for_one() -> None:
    """One from before the time that matters stays, so that what is older can be told from what is unknown."""
    progress = Progress(10.0)
    for second in range(100):
        progress.mark(second, float(second))
    assert progress.behind(90, 99.0) == 9.0
    assert progress.behind(80, 99.0) == float("inf")
