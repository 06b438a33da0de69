"""Central configuration: what is said in Kibana about the agents of a service, asked for while the program runs.

The APM server is asked at `/config/v1/agents`, in an OS thread of its own, as often as its `Cache-Control` says. That
goes before all other settings, and what it no longer says is as it was. It is asked with the `ETag` of its last answer,
so that it knows who has taken that.

Rules:

* Nothing waits for it: not the start, not a request, not the end.
* An answer that can't be had, read or understood changes nothing; of one that is half right, that half is taken.
* A transaction keeps to the settings that it began under.
"""

import os
import re
import socket
import threading
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from logging import getLogger
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec

from spruce.apm.intake import authorization
from spruce.apm.recorder import Recorder
from spruce.apm.sender import tls_context
from spruce.apm.settings import changed

__all__ = ["Central"]

_log = getLogger("spruce.apm")
_PATH = "/config/v1/agents"
_MAX_AGE = re.compile(r"max-age=(\d{1,9})(?!\d)")
_USUALLY, _LEAST, _MOST = 300.0, 5.0, 86_400.0  # seconds until it is asked again
_LONGEST = 64 * 1024  # bytes of an answer
_UNCHANGED, _FORBIDDEN, _UNKNOWN, _AWAY = 304, 403, 404, 503
_decode = msgspec.json.Decoder(dict[str, Any]).decode


class Central:
    """Keeps a client to what central configuration says, from `start` to `close`; in a forked child `start` again."""

    def __init__(self, client: Recorder) -> None:
        self.client = client
        self.local = client.settings
        self.version: str | None = None
        """The ETag of the answer that holds; None as long as there is none."""
        self.url = urlsplit(self.local.server_url)
        service = {"service.name": self.local.service_name, "service.environment": self.local.environment}
        self._target = f"{self.url.path}{_PATH}?{urlencode({name: one for name, one in service.items() if one})}"
        self._owner = 0
        self._ended = threading.Event()
        self._connection: HTTPConnection | None = None
        self._reachable = True

    def start(self) -> None:
        """Begin to ask, unless this process has. Returns at once."""
        if self._owner == os.getpid():
            return
        self._owner = os.getpid()
        self._ended = threading.Event()
        threading.Thread(target=self._run, args=(self._ended,), name="spruce-apm-config", daemon=True).start()

    def close(self) -> None:
        """Ask no more; an answer that is waited for is given up. Doesn't block."""
        self._ended.set()
        connection = self._connection
        sock = None if connection is None or self._owner != os.getpid() else connection.sock
        if sock is not None:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it has gone by itself

    def _run(self, ended: threading.Event) -> None:
        while not ended.is_set():
            ended.wait(self.ask(ended))

    def ask(self, ended: threading.Event | None = None) -> float:
        """Ask once, and do what is said; return in how many seconds to ask again. Blocks, up to SERVER_TIMEOUT."""
        try:
            status, headers, body = self._get()
        except (OSError, HTTPException, ValueError) as error:
            if ended is None or not ended.is_set():
                self._failed(f"cannot be reached: {error!r}")
            return _USUALLY
        if ended is not None and ended.is_set():
            return _USUALLY
        if status == 200:
            self._take(headers.get("etag"), body)
        elif status in (_FORBIDDEN, _UNKNOWN, _AWAY):
            _log.debug("the APM server has no central configuration: it answered %s", status)
        elif status != _UNCHANGED:
            self._failed(f"answered {status}")
        return _seconds(headers.get("cache-control", ""))

    def _get(self) -> tuple[int, dict[str, str], bytes]:
        settings = self.local
        host, port = self.url.hostname or "", self.url.port
        connection: HTTPConnection
        if self.url.scheme == "https":
            connection = HTTPSConnection(host, port, timeout=settings.server_timeout, context=tls_context(settings))
        else:
            connection = HTTPConnection(host, port, timeout=settings.server_timeout)
        headers = {"User-Agent": f"spruce ({settings.service_name})", **authorization(settings)}
        if self.version is not None:
            headers["If-None-Match"] = self.version
        self._connection = connection
        try:
            connection.request("GET", self._target, headers=headers)
            response = connection.getresponse()
            body = response.read(_LONGEST + 1)
        finally:
            self._connection = None
            connection.close()
        return response.status, {name.lower(): value for name, value in response.getheaders()}, body

    def _take(self, version: str | None, body: bytes) -> None:
        """Keep to an answer; an empty one gives back the settings of the program."""
        try:
            if len(body) > _LONGEST:
                raise ValueError(f"more than {_LONGEST} bytes")
            told = _decode(body or b"{}")
        except ValueError as error:  # msgspec's are such
            self._failed(f"answered what can't be read: {error}")
            return
        self._reachable = True
        if version is not None and version == self.version:
            return
        settings, refused = changed(self.local, told)
        for why in refused:
            _log.warning("central configuration: %s", why)
        self.version = version
        if settings != self.client.settings:
            self.client.change(settings)
            _log.info("central configuration is kept to: %s", told or "the program's own settings")

    def _failed(self, why: str) -> None:
        log = _log.warning if self._reachable else _log.debug
        log("central configuration at %s%s %s; settings stay as they are", self.local.server_url, _PATH, why)
        self._reachable = False


def _seconds(cache_control: str) -> float:
    """How long an answer holds."""
    found = _MAX_AGE.search(cache_control)
    seconds = float(found[1]) if found else 0.0
    return min(max(seconds, _LEAST), _MOST) if seconds else _USUALLY
