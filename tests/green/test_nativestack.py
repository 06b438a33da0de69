"""What keeps loops written in C safe from greenlet."""

from greenlet import getcurrent, greenlet

from spruce.green.nativestack import deepen, guarded_park


def test_the_call_is_made_below_many_frames_of_c():
    """Once, and what it raises comes through."""
    made = []
    deepen(lambda: made.append("made"))
    assert made == ["made"]


def test_a_park_switches_to_the_root_and_back():
    """As the plain one, when nothing of the root's stack was moved."""
    log = []
    park = guarded_park(getcurrent())

    def job():
        log.append("parks")
        park()
        log.append("goes on")

    child = greenlet(job)
    deepen(child.switch)  # born below what the root needs later
    log.append("root")
    child.switch()
    assert log == ["parks", "root", "goes on"]
