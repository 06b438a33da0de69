"""What monitoring says of itself: as much as it should, where it should."""

import logging
from pathlib import Path

from tests.apm.conftest import Records

from spruce.apm import Client
from spruce.apm.settings import changed

log = logging.getLogger("spruce.apm")


def test_a_file_of_its_own(records: Records, tmp_path: Path) -> None:
    """Until the client is closed."""
    file = tmp_path / "apm.log"
    client = Client({"DISABLE_SEND": True, "LOG_FILE": str(file), "LOG_LEVEL": "info"})
    log.info("heard %d", 1)
    log.debug("not heard")
    client.close()
    log.warning("too late")
    (line,) = file.read_text().splitlines()
    assert line.endswith(" INFO heard 1")


def test_a_file_does_not_grow_for_ever(records: Records, tmp_path: Path) -> None:
    """LOG_FILE_SIZE is the most; what was before is kept once."""
    client = Client(
        {"DISABLE_SEND": True, "LOG_FILE": str(tmp_path / "apm.log"), "LOG_LEVEL": "debug", "LOG_FILE_SIZE": "1kb"}
    )
    for number in range(100):
        log.debug("line %d", number)
    client.close()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["apm.log", "apm.log.1"]
    assert all(file.stat().st_size <= 1024 for file in tmp_path.iterdir())


def test_the_level_may_change(records: Records) -> None:
    """By central configuration; with the client it is as it was."""
    before = log.level
    client = Client({"DISABLE_SEND": True, "LOG_LEVEL": "error"})
    assert log.level == logging.ERROR
    client.change(changed(client.settings, {"log_level": "off"})[0])
    assert not log.isEnabledFor(logging.CRITICAL)
    client.close()
    assert log.level == before
