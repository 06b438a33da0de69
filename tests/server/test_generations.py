"""What the process that stays makes of what happens to its children. With real ones it is tested in tests/real."""

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from spruce.server.generations import Generations, Options, _Generation, inherited
from spruce.server.processes import Post


class Kept(Generations):
    """It begins nothing and kills nobody, but notes what it would have done."""

    def __init__(self, **options: Any) -> None:
        super().__init__(Options(lambda post: 0, lambda post, text: 0, [], 1, **options))
        self.did: list[str] = []

    def _begin(self, serve: Any) -> None:
        self.did.append("serve" if serve is self.options.serve else "explain")


def begun(ago: float = 0.0) -> _Generation:
    """Return a generation that is no process."""
    return _Generation(2**22 + 1, os.open(os.devnull, os.O_RDONLY), time.monotonic() - ago)


@pytest.fixture
def kept(request: pytest.FixtureRequest) -> Iterator[Kept]:
    one = Kept(**getattr(request, "param", {}))
    one.wanted = False
    yield one
    for descriptor in (one.life, one.leash):
        os.close(descriptor)


def test_a_first_generation_that_could_not_serve_gives_its_status(kept: Kept) -> None:
    kept._could_not_begin(begun(), 3)
    assert kept.status == 3
    kept._could_not_begin(begun(), -signal.SIGKILL)
    assert kept.status == 1


def test_a_later_one_leaves_the_old_one_serving(kept: Kept, caplog: pytest.LogCaptureFixture) -> None:
    kept.current, kept.served = begun(), True
    kept._could_not_begin(begun(), 1)
    assert kept.status is None
    assert caplog.messages == [
        "the new code ended with status 1 before it served; what serves goes on with the old code"
    ]


def test_one_that_died_young_is_replaced_ever_more_slowly(kept: Kept, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(3):
        kept._died(begun(), -9)
    assert [message.rpartition(" in ")[2] for message in caplog.messages] == ["0.1 s", "0.2 s", "0.4 s"]
    assert kept.wanted
    kept._died(begun(ago=60), 1)
    assert caplog.messages[-1].endswith(" ended with status 1 after 60.0 s; another one starts in 0.0 s")


@pytest.mark.parametrize("kept", [{"restart": True}], indirect=True)
@pytest.mark.parametrize(
    ("said", "served", "did", "status"),
    [
        (b"ZeroDivisionError", False, ["explain"], None),
        (b"\1Error: there is no app", False, [], 1),
        (b"", False, [], 1),
        (b"", True, ["explain"], None),
        (b"\1Error: there is no app", True, ["explain"], None),
    ],
)
def test_with_reload_what_can_be_mended_is_explained(
    kept: Kept, said: bytes, served: bool, did: list[str], status: int | None
) -> None:
    """A wrong name on the command line cannot, unless it was right before."""
    kept.served = served
    one = begun()
    one.said = said
    kept._could_not_begin(one, 1)
    assert (kept.did, kept.status) == (did, status)


@pytest.mark.parametrize("kept", [{"restart": True}], indirect=True)
def test_a_change_ends_what_serves_at_once(kept: Kept, capsys: pytest.CaptureFixture[str]) -> None:
    """No old answer is given after it."""
    kept.current, kept.coming = serving, coming = begun(), begun()
    kept._want("shop.py changed")
    assert (kept.current, kept.coming, kept.wanted) == (None, None, True)
    assert kept.old == [serving, coming]
    assert capsys.readouterr().out == "Restarting: shop.py changed\n"


def test_a_signal_leaves_what_serves_until_the_new_code_does(kept: Kept) -> None:
    serving = kept.current = begun()
    kept._want("")
    assert (kept.current, kept.wanted, kept.old) == (serving, True, [])


def test_what_serves_now_takes_the_place_of_what_did(kept: Kept) -> None:
    reader, writer = os.pipe()
    before, coming = begun(), _Generation(2**22 + 2, reader, time.monotonic())
    kept.current, kept.coming = before, coming
    os.write(writer, b"words ")
    kept._hear(coming)
    assert (kept.current, coming.said) == (before, b"words ")
    os.write(writer, b"\0")
    kept._hear(coming)
    assert (kept.current, kept.coming, kept.old) == (coming, None, [before])
    os.close(writer)


def test_what_it_says_of_itself(kept: Kept) -> None:
    assert kept.facts() == {"pid": os.getpid(), "state": "starting", "generations": 0, "processes": []}
    kept.current = begun()
    assert kept.facts()["state"] == "serving"
    kept.coming = begun()
    assert kept.facts()["state"] == "reloading"
    kept.status = 0
    assert kept.facts()["state"] == "stopping"


def test_a_program_that_is_run_again_inherits_its_post_once() -> None:
    reader, writer = os.pipe()
    told = {"_SPRUCE_GENERATION": json.dumps([[reader], reader, writer, "/run/spruce/1"])}
    assert inherited(told) == ([reader], Post(reader, writer), Path("/run/spruce/1"))
    assert inherited({}) is None
    for descriptor in (reader, writer):
        os.close(descriptor)


@pytest.mark.parametrize(
    ("terminal", "stays", "wanted", "status"),
    [(False, False, True, None), (True, False, False, 0), (True, True, False, None)],
)
def test_a_terminal_that_was_closed_is_no_wish_for_new_code(
    kept: Kept, monkeypatch: pytest.MonkeyPatch, terminal: bool, stays: bool, wanted: bool, status: int | None
) -> None:
    """It ends what was started there, unless that was to stay (nohup). Later signals mean new code."""
    monkeypatch.setattr("spruce.server.generations._has_terminal", lambda: False)
    kept.terminal, kept.stays = terminal, stays
    kept._hang_up()
    assert (kept.wanted, kept.status) == (wanted, status)


def test_a_source_that_has_ended_is_let_go(kept: Kept) -> None:
    """Or else it would be readable for ever."""
    closed: list[bool] = []

    class Ended:
        descriptor = os.open(os.devnull, os.O_RDONLY)

        def read(self) -> str | None:
            raise EOFError

        def close(self) -> None:
            os.close(self.descriptor)
            closed.append(True)

    kept.sources.append(Ended())
    with kept.signals:
        kept._wait()
    assert (kept.sources, closed) == ([], [True])
