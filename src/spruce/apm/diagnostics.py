"""What performance monitoring says of itself, in the logger `spruce.apm`: how much (`LOG_LEVEL`), and to which file."""

import logging
from collections.abc import Callable
from logging.handlers import RotatingFileHandler

from spruce.apm.settings import ApmSettings

__all__ = ["own_log", "set_level"]

_log = logging.getLogger("spruce.apm")
_LEVELS = {
    "trace": logging.DEBUG,
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "warn": logging.WARNING,
    "error": logging.ERROR,
    "critical": logging.CRITICAL,
    "off": logging.CRITICAL + 1,
}
_FORM = "%(asctime)s %(levelname)s %(message)s"


def own_log(settings: ApmSettings) -> Callable[[], None]:
    """Log as LOG_LEVEL, LOG_FILE and LOG_FILE_SIZE say; return what ends that. A file is followed by `FILE.1`.

    Raises OSError for a file that can't be written.
    """
    before = _log.level
    set_level(settings)
    handler = None
    if settings.log_file:
        handler = RotatingFileHandler(settings.log_file, maxBytes=settings.log_file_size, backupCount=1)
        handler.setFormatter(logging.Formatter(_FORM))
        _log.addHandler(handler)

    def end() -> None:
        _log.setLevel(before)
        if handler is not None:
            _log.removeHandler(handler)
            handler.close()

    return end


def set_level(settings: ApmSettings) -> None:
    """Log as much as LOG_LEVEL says; where that is not set, nothing changes."""
    if settings.log_level is not None:
        _log.setLevel(_LEVELS[settings.log_level])
