"""The client: what records this service and sends it to where its settings say."""

import atexit
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from spruce.apm import intake, prometheus
from spruce.apm.breakdown import Breakdown
from spruce.apm.recorder import Recorder, begun, subscribe
from spruce.apm.reporter import Reporter
from spruce.apm.sender import Sender
from spruce.apm.settings import read_settings
from spruce.errors import ConfigError
from spruce.events import server_stopped

__all__ = ["Client"]


class Client(Recorder):
    """Records what this service does and sends it. Settings are Elastic's: a dict as `ELASTIC_APM`, or keywords.

    The last one that was made is that of the process. `close` ends it, when what waits has been sent. Raises
    ConfigError for a setting that there is not, or that can't be read, and when OTLP_ENDPOINT needs `spruce[otlp]`.
    """

    def __init__(self, config: Mapping[str, Any] | None = None, **inline: Any) -> None:
        super().__init__(read_settings(config, inline))
        settings = self.settings
        self._senders: list[Sender] = []
        if not self.recording:
            return
        breakdown = Breakdown()
        self.closing.append(subscribe(breakdown))
        prometheus.tells(breakdown)
        self.closing.append(lambda: prometheus.tells(None))
        if settings.disable_send:
            return
        if settings.server_url:
            sink = intake.export(self)
            self._senders.append(sink.sender)
            self._report(Reporter(settings, sink.measured, breakdown))
        if settings.otlp_endpoint:
            self._export_by_otlp()
        self.closing.append(server_stopped.subscribe(lambda event: self.flush()))
        atexit.register(self.close)
        self.closing.append(lambda: atexit.unregister(self.close))

    def flush(self, seconds: float = 5.0) -> bool:
        """Send now what waits; return whether that was done within `seconds` for each collector. Blocks.

        A server does so when it stops, and a program at its end.
        """
        done = [sender.flush(seconds) for sender in self._senders]
        return all(done)

    def _report(self, reporter: Reporter) -> None:
        """Tell metrics from the first transaction on: then this is the process that does the work."""
        self.closing += [reporter.close, begun(lambda transaction: reporter.start())]

    def _export_by_otlp(self) -> None:
        try:
            otlp = import_module("spruce.apm.otlp")  # its package is an extra
        except ImportError as error:
            self.close()
            raise ConfigError(
                f"OTLP_ENDPOINT needs a package that is not installed: {error.name}",
                hint="Install it with: pip install 'spruce[otlp]'.",
            ) from error
        self._senders.append(otlp.export(self).sender)
