"""Carriers: what is left of a job when the next begins, and other libraries' view of them."""

import asyncio
import contextvars

import greenlet
import pytest

from spruce import green
from spruce.green.carrier import Carrier

pytestmark = pytest.mark.usefixtures("everywhere")

variable = contextvars.ContextVar("variable", default="unset")


def same_carrier(*jobs):
    """Run the jobs one after another, and see that one carrier ran them all."""
    carriers = set()

    def run(job):
        carriers.add(greenlet.getcurrent())
        return job()

    results = [green.spawn(run, job).wait() for job in jobs]
    assert len(carriers) == 1
    return results


def test_nothing_of_a_job_reaches_the_next():
    """Context, task, an exception, an argument."""

    def first():
        variable.set("first")
        green.await_(asyncio.sleep(0))
        return green.getcurrent().task is not None

    def second():
        return variable.get(), green.getcurrent().task, greenlet.getcurrent().gate

    assert same_carrier(first, second) == [True, ("unset", None, None)]


def test_a_carrier_outlives_what_its_jobs_raise():
    """Whatever it is."""

    class Odd(BaseException):
        pass

    for error in (
        ValueError(),
        Odd(),
        green.GreenletExit(),
        asyncio.CancelledError(),
        StopIteration(),
        GeneratorExit(),
    ):

        def fail(error=error):
            raise error

        with pytest.raises(type(error)):
            green.spawn(fail).wait()
    assert same_carrier(int, int) == [0, 0]


def test_a_parked_carriers_wake_belongs_to_its_job():
    """A timer of an ended job doesn't resume the next one."""

    def hasty():
        carrier = greenlet.getcurrent()
        carrier.hub.call_later(0.001, carrier.hub.wake, carrier, carrier.seq)

    def slow():
        return green.Event().wait(0.003), green.get_hub().loop.time()

    began = green.get_hub().loop.time()
    _, (value, ended) = same_carrier(hasty, slow)
    assert value is None
    assert ended - began >= 0.003 - 1e-6


def test_to_others_its_parent_is_a_door_to_the_loop():
    """What SQLAlchemy's `await_only` and its like look for."""

    def job():
        me = greenlet.getcurrent()
        assert type(me) is Carrier
        assert me.__sqlalchemy_greenlet_provider__ is True
        return me.parent.switch(asyncio.sleep(0, "awaited"))

    assert green.spawn(job).wait() == "awaited"


def test_keyword_arguments():
    """Are passed, and none is as none given."""
    assert green.spawn(dict, a=1).wait() == {"a": 1}
    assert green.spawn(dict).wait() == {}
