"""The page of sessions: which browsers are logged in, whose they are, and ending them. For sessions in the database.

A page is a part of an index, by when sessions expire or by whose they are, so it costs the same among millions.
"""

from datetime import UTC, datetime
from typing import Any

from spruce.admin.systempage import Deed, SystemPage, Target
from spruce.auth.auditing import record
from spruce.auth.logins import SESSION_INFO
from spruce.auth.models import key_of
from spruce.auth.sessions import UserSession, end_other_sessions
from spruce.auth.usermodel import get_user_model
from spruce.errors import Forbidden
from spruce.http import Response
from spruce.i18n import gettext, gettext_lazy
from spruce.middleware.databasestore import StoredSession
from spruce.middleware.packing import unpack
from spruce.middleware.sessions import hash_of
from spruce.web import current_app

__all__ = ["SessionsPage"]

_PER_PAGE = 50
_COUNTED = 10_000


class SessionsPage(SystemPage):
    """Live sessions, those that end last first; `q` finds those of a user by name, `before` is the next page."""

    name = "sessions"
    title = gettext_lazy("Sessions")

    def __init__(self, site: Any) -> None:
        super().__init__(site)
        self.deeds = {
            "end": Deed(gettext_lazy("End the session"), self._found, self._end),
            "end all": Deed(gettext_lazy("End all sessions of the user"), self._found_user, self._end_all),
        }

    def show(self, request: Any) -> Response:
        """The list."""
        wanted = (request.args.get("q") or "").strip()[:200]
        live = StoredSession.objects.filter(expires__gt=datetime.now(UTC))
        user = _user_named(wanted) if wanted else None
        if wanted:
            live = live.filter(owner=key_of(user)) if user is not None else live.none()
        count = live.order_by().values("expires")[: _COUNTED + 1].count()  # all that the index of these has
        before = _moment(request.args.get("before") or "")
        rows = list((live.filter(expires__lt=before) if before else live).order_by("-expires")[: _PER_PAGE + 1])
        names = _names_of({row.owner for row in rows if row.owner})
        return self.render(
            request,
            "sessions",
            rows=[(_shown(row, request), names.get(row.owner, ""), row.owner) for row in rows[:_PER_PAGE]],
            more=rows[_PER_PAGE - 1].expires.isoformat() if len(rows) > _PER_PAGE else "",
            count=count if count <= _COUNTED else gettext("more than %(number)s", number=f"{_COUNTED:,}"),
            q=wanted,
            user_found=user,
        )

    # ---- what can be done -------------------------------------------------------------------------------------------

    def _found(self, request: Any, key: str) -> Target | None:
        row = StoredSession.objects.filter(key=key).first()
        if row is None:
            return None
        name = _names_of({row.owner}).get(row.owner) if row.owner else None
        one = _shown(row, request)
        return Target(key, ", ".join(filter(None, (name or gettext("nobody"), one.browser, one.address))))

    def _end(self, request: Any, key: str) -> bool:
        row = StoredSession.objects.filter(key=key).first()
        if row is None:
            return False
        user = _user_of(row.owner)
        _check(request, user)
        store: Any = current_app.session_interface.store  # type: ignore[union-attr]  # there are sessions where this is
        store.delete_hashed(row.key)
        record("session_ended", request, user, by=str(request.user))
        return True

    def _found_user(self, request: Any, key: str) -> Target | None:
        user = _user_of(key)
        return None if user is None else Target(key, str(user))

    def _end_all(self, request: Any, key: str) -> bool:
        user = _user_of(key)
        if user is None:
            return False
        _check(request, user)
        if user == request.user:
            end_other_sessions(request)  # who does it stays
            return True
        user.end_sessions()
        store: Any = current_app.session_interface.store  # type: ignore[union-attr]  # the same
        for hashed in StoredSession.objects.filter(owner=key).values_list("key", flat=True):
            store.delete_hashed(hashed)
        record("sessions_ended", request, user, by=str(request.user))
        return True


def _check(request: Any, user: Any) -> None:
    """Raise Forbidden where somebody who is none would end the sessions of a superuser."""
    if user is not None and getattr(user, "is_superuser", False) and not request.user.is_superuser:
        raise Forbidden(gettext("Only superusers end the sessions of superusers."))


def _user_named(name: str) -> Any:
    model = get_user_model()
    if "\0" in name:
        return None
    return model._default.filter(**{model.USERNAME_FIELD: model.normalize_username(name)}).first()


def _user_of(owner: str) -> Any:
    """The user whose key is written so."""
    model = get_user_model()
    try:
        return model._default.filter(pk=model._meta.pk.clean(owner)).first() if owner else None
    except (LookupError, ValueError, TypeError):
        return None


def _names_of(owners: set[str]) -> dict[str, str]:
    model = get_user_model()
    keys = []
    for owner in owners:
        try:
            keys.append(model._meta.pk.clean(owner))
        except (LookupError, ValueError, TypeError):
            continue
    return {key_of(user): str(user) for user in model._default.filter(pk__in=keys)} if keys else {}


def _shown(row: StoredSession, request: Any) -> UserSession:
    info: Any = unpack(row.values).get(SESSION_INFO) or {}
    key = request.session.session_key
    return UserSession(
        row.key,
        info.get("at") or row.began,
        row.expires,
        str(info.get("address", "")),
        str(info.get("agent", "")),
        bool(key) and row.key == hash_of(key),
    )


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None
