"""`INSTALLED_APPS=["spruce.auth", "spruce.admin"]`: the admin below ADMIN_URL_PREFIX, with apps' `admin` modules."""

from collections.abc import Iterator

from spruce import config
from spruce.admin.accounts import register_accounts
from spruce.admin.checks import check_site
from spruce.admin.site import site
from spruce.admin.system import register_system_pages
from spruce.errors import ConfigError
from spruce.web import AppConfig
from spruce.web.checks import Finding

__all__ = ["AdminConfig"]


class AdminConfig(AppConfig):
    """The usual site: accounts, and what the installed apps' `admin` modules register."""

    verbose_name = "Administration"

    def ready(self) -> None:
        """Import the modules named `admin`, and put the pages into the app. Raises ConfigError without accounts."""
        if "auth" not in self.app.installed:
            raise ConfigError(
                "spruce.admin needs accounts, and INSTALLED_APPS has no spruce.auth", hint="Put it before spruce.admin."
            )
        token = config.use(self.app.config)
        try:
            for part in self.app.installed.values():
                if part is not self:
                    part.submodule("admin")
            register_accounts(site)
            register_system_pages(site)
        finally:
            config.leave(token)
        prefix = self.app.config["ADMIN_URL_PREFIX"]
        if prefix:
            site.init_app(self.app, prefix)

    def check(self, deploy: bool) -> Iterator[Finding]:
        """Return what is wrong with the classes of the usual site."""
        return (Finding("error", text) for text in check_site(site))
