"""The client: what records this service and sends it to where its settings say."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from spruce.apm import intake, prometheus
from spruce.apm.breakdown import Breakdown
from spruce.apm.recorder import Recorder, begun, subscribe
from spruce.apm.reporter import Reporter
from spruce.apm.settings import read_settings
from spruce.errors import ConfigError

__all__ = ["Client"]


class Client(Recorder):
    """Records what this service does and sends it. Settings are Elastic's: a dict as `ELASTIC_APM`, or keywords.

    The last one that was made is that of the process. `close` ends it, when what waits has been sent. Raises
    ConfigError for a setting that there is not, or that can't be read, and when OTLP_ENDPOINT needs `spruce[otlp]`.
    """

    def __init__(self, config: Mapping[str, Any] | None = None, **inline: Any) -> None:
        super().__init__(read_settings(config, inline))
        settings = self.settings
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
            self._report(Reporter(settings, sink.measured, breakdown))
        if settings.otlp_endpoint:
            self._export_by_otlp()

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
        otlp.export(self)
