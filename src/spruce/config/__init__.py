"""Settings: every known key declared once, read from keywords, objects, TOML files and `SPRUCE_*` variables."""

from spruce.config.current import current, install, leave, use
from spruce.config.dotenv import load_dotenv
from spruce.config.known import KNOWN
from spruce.config.setting import Setting
from spruce.config.settings import Settings

__all__ = ["KNOWN", "Setting", "Settings", "current", "install", "leave", "load_dotenv", "use"]
