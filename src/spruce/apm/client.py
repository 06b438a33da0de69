"""The client: what records this service and sends it to where its settings say."""

import atexit
import os
from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from typing import Any

from spruce.apm import intake, prometheus
from spruce.apm.breakdown import Breakdown
from spruce.apm.central import Central
from spruce.apm.cloud import look_up
from spruce.apm.diagnostics import own_log, set_level
from spruce.apm.recorder import Recorder, begun_first
from spruce.apm.reporter import Reporter
from spruce.apm.sender import Sender
from spruce.apm.settings import read_settings
from spruce.apm.sinks import subscribe_late
from spruce.apm.uncaught import uncaught_recorded
from spruce.errors import ConfigError
from spruce.events import app_started, server_started, server_stopped

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
        self._working: list[Callable[[], object]] = []
        self._worker = 0
        if not settings.may_record:
            return
        self.closing.append(own_log(settings))
        self.changing.append(set_level)
        if settings.use_elastic_excepthook:
            self.closing.append(uncaught_recorded(self))
        breakdown = Breakdown()
        self.closing.append(subscribe_late(breakdown))
        prometheus.tells(breakdown)
        self.closing.append(lambda: prometheus.tells(None))
        if settings.disable_send:
            return
        if settings.server_url:
            sink = intake.export(self)
            self._senders.append(sink.sender)
            self._report(Reporter(settings, sink.measured, breakdown))
            if settings.central_config:
                self._keep_to_central()
        if settings.otlp_endpoint:
            self._export_by_otlp(breakdown)
        self._working += [partial(look_up, settings), *[sender.start for sender in self._senders]]
        self.closing += [
            server_stopped.subscribe(lambda event: self.flush()),
            *[hook.subscribe(self._at_work) for hook in (app_started, server_started)],
            begun_first(self._at_work),
        ]
        atexit.register(self.close)
        self.closing.append(lambda: atexit.unregister(self.close))

    def flush(self, seconds: float = 5.0) -> bool:
        """Send now what waits; return whether that was done within `seconds` for each collector. Blocks.

        A server does so when it stops, and a program at its end.
        """
        done = [sender.flush(seconds) for sender in self._senders]
        return all(done)

    def _at_work(self, _: object) -> None:
        """Begin what runs in the background of each process that does the work, as this does."""
        if self._worker != os.getpid():
            self._worker = os.getpid()
            for start in self._working:
                start()

    def _report(self, reporter: Reporter) -> None:
        """Tell metrics while this works."""
        self.closing.append(reporter.close)
        self._working.append(reporter.start)

    def _keep_to_central(self) -> None:
        central = Central(self)
        self.closing.append(central.close)
        self._working.append(central.start)

    def _export_by_otlp(self, breakdown: Breakdown) -> None:
        try:
            otlp = import_module("spruce.apm.otlp")  # its package is an extra
            metrics = import_module("spruce.apm.otlpmetrics")
        except ImportError as error:
            self.close()
            raise ConfigError(
                f"OTLP_ENDPOINT needs a package that is not installed: {error.name}",
                hint="Install it with: pip install 'spruce[otlp]'.",
            ) from error
        sink = otlp.export(self)
        self._senders.append(sink.sender)
        if self.settings.otlp_metrics:
            reporter = metrics.OtlpMetrics(sink, breakdown)
            self._senders.append(reporter.sender)
            self._report(reporter)
