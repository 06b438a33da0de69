"""The client: what records this service and sends it to where its settings say."""

from collections.abc import Mapping
from typing import Any

from spruce.apm.intake import export
from spruce.apm.recorder import Recorder
from spruce.apm.settings import read_settings

__all__ = ["Client"]


class Client(Recorder):
    """Records what this service does and sends it. Settings are Elastic's: a dict as `ELASTIC_APM`, or keywords.

    The last one that was made is that of the process. `close` ends it, when what waits has been sent. Raises
    ConfigError for a setting that there is not, or that can't be read.
    """

    def __init__(self, config: Mapping[str, Any] | None = None, **inline: Any) -> None:
        super().__init__(read_settings(config, inline))
        settings = self.settings
        if self.recording and settings.server_url and not settings.disable_send:
            export(self)
