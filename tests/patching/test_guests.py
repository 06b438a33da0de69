"""Libraries that look for a running loop."""

import asyncio
from types import SimpleNamespace

import pytest

from spruce import green
from spruce.patching.guests import asgiref_looks, django_looks, get_running_loop


def test_plain_code_in_a_green_thread_sees_no_loop() -> None:
    """Before it has awaited something and after; a coroutine in it sees the loop, as does one in a task."""

    async def look() -> asyncio.AbstractEventLoop:
        await asyncio.sleep(0)
        return get_running_loop()

    def main() -> None:
        loop = green.get_hub().loop
        for _ in range(2):
            with pytest.raises(RuntimeError, match=r"^no running event loop for plain code in a green thread$"):
                get_running_loop()
            assert green.await_(look()) is loop
        assert green.await_(loop.create_task(look())) is loop

    green.run(main)
    with pytest.raises(RuntimeError, match="no running event loop"):
        get_running_loop()


def test_django_and_asgiref_are_given_that() -> None:
    """The rest of asyncio is as it was, and asyncio itself too."""
    django, asgiref = SimpleNamespace(get_running_loop=None), SimpleNamespace(asyncio=asyncio)
    django_looks(django)
    asgiref_looks(asgiref)
    assert django.get_running_loop is asgiref.asyncio.get_running_loop is get_running_loop
    assert asgiref.asyncio.run is asyncio.run
    assert asyncio.get_running_loop is not get_running_loop
