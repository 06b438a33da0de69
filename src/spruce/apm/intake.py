"""Export to Elastic APM: what has ended goes to `SERVER_URL/intake/v2/events`, as lines of JSON behind the metadata."""

from typing import Any

import msgspec

from spruce.apm.events import Events
from spruce.apm.lines import Lines
from spruce.apm.metadata import metadata_of
from spruce.apm.recorder import Record, Recorder, subscribe
from spruce.apm.sender import Sender
from spruce.apm.settings import ApmSettings
from spruce.apm.spans import Transaction

__all__ = ["Intake", "authorization", "export"]

_PATH = "/intake/v2/events"


def authorization(settings: ApmSettings) -> dict[str, str]:
    """The header field that lets this service in; none where it has no key and no token."""
    if settings.api_key:
        return {"Authorization": f"ApiKey {settings.api_key}"}
    return {"Authorization": f"Bearer {settings.secret_token}"} if settings.secret_token else {}


class Intake:
    """A sink that sends records to Elastic's APM server."""

    def __init__(self, client: Recorder) -> None:
        self.client = client
        settings = client.settings
        headers = {"Content-Type": "application/x-ndjson", **authorization(settings)}
        self.events = Events(settings, client)
        self.lines = Lines(self.events)
        self.sender = Sender(settings, f"{settings.server_url}{_PATH}", headers, head=self._head)

    def _head(self) -> bytes:
        return msgspec.json.encode({"metadata": metadata_of(self.events.settings)}) + b"\n"

    def __call__(self, record: Record) -> None:
        """Have a record sent, or drop it when too many wait."""
        sender = self.sender
        count, writes = 1, False
        if isinstance(record, Transaction):
            if not record.sampled:
                return
            count += len(record.entries)
            writes = not self.events.processors
        if sender.full:
            sender.drop(count)
        elif writes and isinstance(record, Transaction):
            sender.add(self.lines.write(record), count)
        else:
            events = self.events.encoded(record)
            sender.add(b"\n".join([*events, b""]), len(events))

    def measured(self, metricset: dict[str, Any]) -> None:
        """Have a set of metrics sent, unless nothing is recorded for now."""
        if self.client.recording:
            self.sender.add(msgspec.json.encode({"metricset": metricset}) + b"\n", 1)


def export(client: Recorder) -> Intake:
    """Send what `client` records, until it is closed; return the sink."""
    intake = Intake(client)
    leave = subscribe(intake, sees_all=False)

    def end() -> None:
        leave()
        intake.sender.close()

    client.closing.append(end)
    return intake
