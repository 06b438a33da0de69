"""CaptchaField: letters in a picture, or spoken, which programs read worse than people do.

Nothing is kept for a challenge that is shown. Its token is a random number, signed with the time; the letters are
computed from that number with SECRET_KEY, so the token doesn't tell them. The first answer uses a challenge up, right
or wrong: that it was answered is kept in the cache for as long as the token would count. Picture and sound come from
the blueprint `captcha_pages`: `app.register_blueprint(forms.captcha_pages)`. The package `captcha` draws and speaks
them: `pip install spruce[captcha]`.
"""

import hashlib
import hmac
import secrets
from typing import Any, ClassVar

from spruce.cache import cache
from spruce.errors import BadSignature, FormError, NotFound, RoutingError, ValidationError
from spruce.forms.fields import Field
from spruce.forms.multiwidgets import MultiWidget
from spruce.forms.widgets import Attributes, TextInput, Widget
from spruce.i18n import gettext_lazy
from spruce.middleware.signing import dumps, loads, secret_keys
from spruce.web import Blueprint, Response, url_for

__all__ = ["CaptchaField", "CaptchaWidget", "captcha_pages", "new_challenge", "picture", "sound"]

DIGITS = "23456789"
LENGTH = 6
LIFETIME = 600
_SALT = "spruce.captcha"


def new_challenge() -> str:
    """Return the token of a new challenge. Raises ConfigError when SECRET_KEY is not set."""
    return dumps(secrets.token_urlsafe(12), salt=_SALT)


def _number(token: str) -> str:
    """The number in a token. Raises BadSignature for one that is not ours, or older than ten minutes."""
    return str(loads(token, salt=_SALT, max_age=LIFETIME))


def _answer(number: str) -> str:
    """The digits of a challenge: digits only, as those are what can be spoken."""
    key = secret_keys()[0]
    digest = hmac.new(key.encode() if isinstance(key, str) else key, f"{_SALT}:{number}".encode(), hashlib.sha256)
    return "".join(DIGITS[byte % len(DIGITS)] for byte in digest.digest()[:LENGTH])


def _is_used(number: str) -> bool:
    return cache.get(f"{_SALT}:{number}") is not None


def _use_up(number: str) -> bool:
    """Whether a challenge was not answered before; it is from here on."""
    return bool(cache.add(f"{_SALT}:{number}", 1, LIFETIME))


def picture(token: str) -> bytes:
    """Return the picture of a challenge, as PNG. Raises NotFound for one that doesn't count, or no more."""
    from captcha.image import ImageCaptcha  # an extra that only forms with captchas need

    return bytes(ImageCaptcha(width=240, height=80).generate(_shown(token)).getvalue())


def sound(token: str) -> bytes:
    """Return the sound of a challenge, as WAV. Raises NotFound for one that doesn't count, or no more."""
    from captcha.audio import AudioCaptcha  # an extra that only forms with captchas need

    return bytes(AudioCaptcha().generate(_shown(token)))


def _shown(token: str) -> str:
    try:
        number = _number(token)
    except BadSignature:
        raise NotFound("There is no such captcha.") from None
    if _is_used(number):
        raise NotFound("This captcha has been answered.")
    return _answer(number)


captcha_pages = Blueprint("captcha", __name__, url_prefix="/captcha")
"""The pages with the pictures and sounds, to be registered with the app."""


@captcha_pages.get("/<token>.png", thread=True)
def captcha_picture(token: str) -> Response:
    """The picture."""
    return _kept_by_nobody(Response(picture(token), mimetype="image/png"))


@captcha_pages.get("/<token>.wav", thread=True)
def captcha_sound(token: str) -> Response:
    """The sound."""
    return _kept_by_nobody(Response(sound(token), mimetype="audio/wav"))


def _kept_by_nobody(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response


class _TokenInput(TextInput):
    """The hidden token, a new one each time that it is shown."""

    input_type = "hidden"

    def get_context(self, name: str, value: Any, attrs: Attributes | None) -> dict[str, Any]:
        """What the template is given."""
        return super().get_context(name, value or new_challenge(), {**(attrs or {}), "required": False})


class CaptchaWidget(MultiWidget):
    """Picture, sound, and an input for what is in them."""

    template_name = "forms/widgets/captcha.html"
    use_fieldset = False

    def __init__(self, attrs: Any = None) -> None:
        answer = TextInput({"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"})
        parts: list[Widget] = [_TokenInput(), answer]
        super().__init__(parts, attrs)

    def decompress(self, value: Any) -> list[Any]:
        """Nothing: each time there is another one."""
        return [None, None]

    def get_context(self, name: str, value: Any, attrs: Attributes | None) -> dict[str, Any]:
        """What the template is given: a new challenge, whatever came."""
        token = new_challenge()
        context = super().get_context(name, [token, None], attrs)
        try:
            context["widget"]["picture"] = url_for("captcha.captcha_picture", token=token)
            context["widget"]["sound"] = url_for("captcha.captcha_sound", token=token)
        except RoutingError as error:
            raise FormError(
                "a CaptchaField needs the pages with its pictures", hint="app.register_blueprint(forms.captcha_pages)"
            ) from error
        context["widget"]["picture_label"] = gettext_lazy("Picture with the digits to enter")
        context["widget"]["sound_label"] = gettext_lazy("Listen to the digits")
        return context

    def id_for_label(self, id_: str) -> str:
        """The id of the input for the answer."""
        return f"{id_}_1" if id_ else ""


class CaptchaField(Field):
    """Digits in a picture that are to be entered; the value is True."""

    widget = CaptchaWidget
    once = True
    default_error_messages: ClassVar[dict[str, Any]] = {
        "wrong": gettext_lazy("These were not the digits. Please try again with the new ones."),
        "expired": gettext_lazy("That took too long, or was sent twice. Please try again with the new digits."),
    }

    def __init__(self, **options: Any) -> None:
        options.setdefault("label", gettext_lazy("Digits in the picture"))
        super().__init__(**options)

    def clean(self, value: Any) -> bool:
        """True for the right answer. Raises ValidationError; the challenge is used up in any case."""
        token, answer = value if isinstance(value, list | tuple) and len(value) == 2 else (None, None)
        text = "".join(str(answer or "").split())
        if not text:
            raise self.fault("required")
        try:
            number = _number(str(token or ""))
        except (BadSignature, ValueError):
            raise self.fault("expired") from None
        if not _use_up(number):
            raise self.fault("expired")
        if not hmac.compare_digest(text.encode(), _answer(number).encode()):
            raise ValidationError(self.error_messages["wrong"], "wrong")
        return True

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether an answer came."""
        return bool(data and data[-1])
