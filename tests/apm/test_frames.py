"""Frames: source, locals without secrets, and what belongs to libraries."""

import json
import sys
from typing import Any

from spruce.apm.frames import Frame, frames_of_stack, frames_of_traceback, is_library
from spruce.apm.settings import ApmSettings, read_settings


def settings(**more: Any) -> ApmSettings:
    return read_settings(more, environ={})


def fail(password: str, numbers: list[int]) -> None:
    fields = {"api_key": "hunter2", "colour": "blue"}
    raise ValueError(f"{len(password)} {numbers[:1]} {len(fields)}")


def frames(**more: Any) -> list[Frame]:
    try:
        fail("hunter2", list(range(30)))
    except ValueError as error:
        return frames_of_traceback(error.__traceback__, settings(**more))
    raise AssertionError


def test_the_innermost_comes_first() -> None:
    """With its line, and those around it."""
    inner, outer = frames()
    assert (inner.function, outer.function) == ("fail", "frames")
    assert inner.source == '    raise ValueError(f"{len(password)} {numbers[:1]} {len(fields)}")'
    assert inner.before == (
        "def fail(password: str, numbers: list[int]) -> None:",
        '    fields = {"api_key": "hunter2", "colour": "blue"}',
    )
    assert len(inner.after) == 2
    assert inner.path == __file__
    assert inner.path.endswith(inner.file)
    assert not inner.library


def test_locals_without_secrets() -> None:
    """By the names of variables and of keys; long lists are cut."""
    inner = frames()[0]
    assert inner.locals == {
        "password": "(hidden)",
        "numbers": "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]",
        "fields": "{'api_key': (hidden), 'colour': 'blue'}",
    }
    assert frames(LOCAL_VAR_MAX_LENGTH=5, LOCAL_VAR_LIST_MAX_LENGTH=2)[0].locals == {
        "password": "(hidden)",
        "numbers": "[0, 1…",
        "fields": "{'api…",
    }
    assert frames(SANITIZE_FIELD_NAMES="numb*")[0].locals is not None
    assert (frames(SANITIZE_FIELD_NAMES="numb*")[0].locals or {})["numbers"] == "(hidden)"


def test_locals_may_be_left_out() -> None:
    """For errors, for transactions, or altogether."""
    assert [frames(COLLECT_LOCAL_VARIABLES=word)[0].locals is None for word in ("errors", "transactions", "off")] == [
        False,
        True,
        True,
    ]
    assert frames_of_stack(settings(), kind="transactions")[0].locals is None
    assert frames_of_stack(settings(COLLECT_LOCAL_VARIABLES="all"), kind="transactions")[0].locals is not None


def test_so_many_frames_and_lines() -> None:
    """STACK_TRACE_LIMIT, -1 for all; SOURCE_LINES_…, 0 for none."""
    assert len(frames(STACK_TRACE_LIMIT=1)) == 1
    assert len(frames(STACK_TRACE_LIMIT=-1)) == 2
    inner = frames(SOURCE_LINES_ERROR_APP_FRAMES=0)[0]
    assert (inner.source, inner.before, inner.after) == ("", (), ())


def test_what_belongs_to_libraries() -> None:
    """Python, installed packages and Spruce; paths may be counted otherwise."""
    assert is_library(json.__file__)
    assert is_library(sys.modules["spruce.apm.frames"].__file__ or "")
    assert not is_library(__file__)
    assert [is_library(file) for file in ("<call of view>", "<frozen runpy>", "<stdin>")] == [True, True, False]
    try:
        json.loads("{")
    except ValueError as error:
        found = frames_of_traceback(error.__traceback__, settings())
        named = frames_of_traceback(error.__traceback__, settings(INCLUDE_PATHS="json.*", EXCLUDE_PATHS="*frames*"))
    assert [frame.library for frame in found][-1:] == [False]
    assert found[0].library
    assert not named[0].library
    assert named[-1].library


def test_the_stack_begins_with_the_caller() -> None:
    """And goes outwards."""
    assert frames_of_stack(settings())[0].function == "test_the_stack_begins_with_the_caller"
