"""Export to Elastic APM: what has ended goes to `SERVER_URL/intake/v2/events`, as lines of JSON behind the metadata."""

from collections.abc import Sequence
from contextlib import suppress
from logging import getLogger
from typing import Any

import msgspec

from spruce.apm.events import METRICSET, Events, line_of
from spruce.apm.lines import Lines
from spruce.apm.metadata import metadata_of
from spruce.apm.recorder import Recorder
from spruce.apm.sender import Sender
from spruce.apm.settings import ApmSettings
from spruce.apm.sinks import Record, hand_over, subscribe_late
from spruce.apm.spans import Transaction

__all__ = ["Intake", "authorization", "export"]

_PATH = "/intake/v2/events"
_log = getLogger("spruce.apm")


def authorization(settings: ApmSettings) -> dict[str, str]:
    """The header field that lets this service in; none where it has no key and no token."""
    if settings.api_key:
        return {"Authorization": f"ApiKey {settings.api_key}"}
    return {"Authorization": f"Bearer {settings.secret_token}"} if settings.secret_token else {}


class Intake:
    """A late sink that sends records to Elastic's APM server."""

    def __init__(self, client: Recorder) -> None:
        self.client = client
        settings = client.settings
        headers = {"Content-Type": "application/x-ndjson", **authorization(settings)}
        self.events = Events(settings, client)
        self.lines = Lines(self.events)
        self.sender = Sender(settings, f"{settings.server_url}{_PATH}", headers, head=self._head, rest=hand_over)

    def _head(self) -> bytes:
        return msgspec.json.encode({"metadata": metadata_of(self.events.settings)}) + b"\n"

    def __call__(self, records: Sequence[Record]) -> None:
        """Have records sent, or drop them when too many wait."""
        sender, plain = self.sender, not self.events.processors
        lines: list[str] = []
        count = 0
        for record in records:
            if isinstance(record, Transaction):
                if not record.sampled:
                    continue
                count += len(record.entries)
            count += 1
            if not sender.full:
                lines.append(self._written(record, plain=plain))
        text = "".join(lines)
        if text:
            sender.add(text.encode(), count)
        elif count and not lines:
            sender.drop(count)

    def _written(self, record: Record, *, plain: bool) -> str:
        """The lines of a record; "" for what can't be told, which mustn't cost what others have noted."""
        try:
            if plain and isinstance(record, Transaction):
                with suppress(UnicodeEncodeError, TypeError):  # what visitors and programs give may be anything
                    return self.lines.write(record)
            return self._encoded(record)
        except Exception as error:
            _log.warning("%a is not sent: %a", record, error)
            self.sender.drop(1)
            return ""

    def _encoded(self, record: Record) -> str:
        return b"\n".join([*self.events.encoded(record), b""]).decode()

    def measured(self, metricset: dict[str, Any]) -> None:
        """Have a set of metrics sent, unless nothing is recorded for now."""
        if self.client.recording:
            self.sender.add(line_of(METRICSET, metricset) + b"\n", 1)


def export(client: Recorder) -> Intake:
    """Send what `client` records, until it is closed; return the sink."""
    intake = Intake(client)
    leave = subscribe_late(intake)

    def end() -> None:
        leave()
        intake.sender.close()

    client.closing.append(end)
    return intake
