"""What the pages about the running system share: who may see them and act there, asking first, and the history.

Each page has two permissions, `admin.view_jobs` and `admin.change_jobs` for example; who may change may also look.
What is done comes by POST, is shown and asked about before it is done, and is written into the log of the admin.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from spruce.admin.models import LogEntry
from spruce.errors import Forbidden
from spruce.http import Response
from spruce.i18n import gettext
from spruce.web import flash, redirect

__all__ = ["Deed", "SystemPage", "Target"]

_MOST = 100


class Target(NamedTuple):
    """One thing that something is done to: its key in the form, and what people call it."""

    key: str
    text: str


class Deed(NamedTuple):
    """Something that can be done on a page: what its button says, and `run(request, key)`, whether it was done.

    `find(request, key)` gives the Target of a key, None for one that isn't there.
    """

    label: Any
    find: Callable[[Any, str], Target | None]
    run: Callable[[Any, str], bool]


class SystemPage:
    """One page; a subclass has `deeds` by name, and `show(request)`."""

    name = ""
    title: Any = ""

    def __init__(self, site: Any) -> None:
        self.site = site
        self.deeds: dict[str, Deed] = {}

    def may_act(self, request: Any) -> bool:
        """Whether who asks may do something here."""
        return bool(request.user.has_perm(f"admin.change_{self.name}"))

    def show(self, request: Any) -> Response:
        """The page itself."""
        raise NotImplementedError(f"{type(self).__name__} needs show(request)")

    def answer(self, request: Any) -> Response:
        """What is answered to a request that may see the page."""
        return self._act(request) if request.method == "POST" else self.show(request)

    def render(self, request: Any, template: str, **values: Any) -> Response:
        """A page with the title of this one."""
        page = {"title": self.title, "may_act": self.may_act(request), "deeds": self.deeds, "path": request.path}
        response: Response = self.site.show(template, **{**page, **values})
        return response

    def _act(self, request: Any) -> Response:
        if not self.may_act(request):
            raise Forbidden(gettext("You may not do this."))
        back = request.full_path.rstrip("?")
        name = request.form.get("action") or ""
        deed = self.deeds.get(name)
        keys = list(dict.fromkeys(request.form.getlist("key")))[:_MOST]
        targets = [found for found in (deed.find(request, key) for key in keys) if found] if deed else []
        if deed is None or not targets:
            flash(gettext("No action selected.") if deed is None else gettext("Select the objects first."), "error")
            return redirect(back, 303)
        if request.form.get("confirmed") != "yes":
            return self.render(
                request, "system_confirm", title=deed.label, parent=self.title, action=name, targets=targets, back=back
            )
        done = [target for target in targets if deed.run(request, target.key)]
        self._note(request, name, done)
        self._tell(len(done), len(targets) - len(done))
        return redirect(back, 303)

    def _note(self, request: Any, action: str, targets: Sequence[Target]) -> None:
        for target in targets:
            LogEntry.objects.create(
                user_key=str(request.user.pk)[:64],
                user_name=str(request.user)[:150],
                label="admin",
                model=self.name,
                object_key=target.key[:200],
                object_name=target.text[:200],
                action=action,
                changes=[],
            )

    def _tell(self, done: int, undone: int) -> None:
        if done:
            flash(gettext("Done for %(number)s.", number=done), "success")
        if undone:
            flash(gettext("Not done for %(number)s: changed meanwhile, or not possible.", number=undone), "error")
