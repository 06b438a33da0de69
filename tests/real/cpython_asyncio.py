"""Runs CPython's own asyncio tests, on stock asyncio or on our loop, with whatever interpreter runs this file.

    python cpython_asyncio.py asyncio|lean SOURCE_FOLDER TESTS...

TESTS are names below `test.test_asyncio`: modules, or as deep as one test. The last line of standard output is a JSON
object: the loop that a test gets, how many tests ran, and the names of those that failed. Our loop is put where asyncio
looks for its default one, so that every test that makes a loop makes ours. Only our loop and what it imports is loaded:
the interpreter needs no package of anybody.
"""

import asyncio
import importlib
import json
import sys
import types
import unittest
from asyncio import unix_events
from pathlib import Path

TESTS = "test.test_asyncio."


def import_lean_loop(source: str) -> type[asyncio.SelectorEventLoop]:
    """Import the class, with stand-ins for the packages around it, whose own modules would need greenlet."""
    for name in ("spruce", "spruce.green"):
        package = types.ModuleType(name)
        package.__path__ = [str(Path(source, *name.split(".")))]
        sys.modules[name] = package
    return importlib.import_module("spruce.green.lean").LeanLoop


def put_in_place(lean: type[asyncio.SelectorEventLoop]) -> None:
    """Make `lean` what every way to a loop leads to. Tests that bring a selector get a loop that does without."""

    class LoopUnderTest(lean):
        def __init__(self, selector: object = None) -> None:
            if selector is not None:
                selector.close()
            super().__init__()

    asyncio.SelectorEventLoop = unix_events.SelectorEventLoop = LoopUnderTest
    if hasattr(asyncio, "EventLoop"):  # the name since 3.13
        asyncio.EventLoop = LoopUnderTest
    for policy in ("_UnixDefaultEventLoopPolicy", "_DefaultEventLoopPolicy"):  # until 3.13, and since
        if hasattr(unix_events, policy):
            getattr(unix_events, policy)._loop_factory = LoopUnderTest


def load(names: list[str]) -> unittest.TestSuite:
    """Load what this Python has of the tests; a module that is newer than it has none."""
    suite = unittest.TestSuite()
    for name in names:
        try:
            importlib.import_module(TESTS + name.partition(".")[0])
        except (ModuleNotFoundError, unittest.SkipTest):
            continue
        suite.addTests(unittest.defaultTestLoader.loadTestsFromName(TESTS + name))
    return suite


def main() -> None:
    """Run the tests and print what came of it."""
    kind, source, *names = sys.argv[1:]
    if kind == "lean":
        put_in_place(import_lean_loop(source))
    result = unittest.TextTestRunner(stream=sys.stderr, verbosity=2).run(load(names))
    failed = sorted({test.id().removeprefix(TESTS) for test, _ in [*result.failures, *result.errors]})
    loop = asyncio.new_event_loop()
    loop.close()
    json.dump({"loop": type(loop).__mro__[1].__name__, "ran": result.testsRun, "failed": failed}, sys.stdout)


if __name__ == "__main__":
    main()
