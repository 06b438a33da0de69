"""Where the server writes its log."""

import logging
from io import StringIO

import pytest

from spruce.eventlet.wsgilog import LoggerFileWrapper, LoggerNull, get_logger


def test_a_file_gets_lines() -> None:
    """Those of `debug` only if that is wanted."""
    for debug, lines in ((True, "1\n2\n3\n4\n"), (False, "1\n2\n4\n")):
        file = StringIO()
        log = get_logger(file, debug)
        assert type(log) is LoggerFileWrapper
        log.info("%d", 1)
        log.error("2")
        log.debug("3")
        log.write("4")
        assert file.getvalue() == lines


def test_a_logger_stays_itself() -> None:
    logger = logging.getLogger("site")
    assert get_logger(logger, True) is logger


def test_standard_error_without(capsys: pytest.CaptureFixture[str]) -> None:
    get_logger(None, True).info("line")
    assert capsys.readouterr().err == "line\n"


def test_nowhere(capsys: pytest.CaptureFixture[str]) -> None:
    log = LoggerNull()
    for write in (log.info, log.error, log.debug, log.write):
        write("line %d", 1)
    assert capsys.readouterr() == ("", "")
