"""Fields of text: of limited or any length, mail addresses, URLs, slugs, IP addresses."""

import ipaddress
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar, Unpack, overload

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

from spruce.db.fields import Field, FieldOptions, Unfit
from spruce.db.validators import Validator, validate_email, validate_slug, validate_url
from spruce.errors import ModelError

__all__ = ["CharField", "EmailField", "GenericIPAddressField", "SlugField", "TextField", "URLField"]

V = TypeVar("V")


class _TextField(Field[V]):
    what = "text"
    python = str
    exact_types = frozenset({str})
    family = "text"
    max_length: int | None = None

    def convert(self, value: Any) -> str:
        if isinstance(value, bytes | bytearray | dict | list | tuple | set):
            raise Unfit(f"{type(value).__name__} is no text")
        text = str(value)
        if "\0" in text:
            raise Unfit("it has the character NUL, which databases cannot search or store")
        return text

    def fit(self, value: str) -> str:
        if self.max_length is not None and len(value) > self.max_length:
            raise Unfit(f"it has {len(value)} characters, and max_length is {self.max_length}")
        return value


class TextOptions(FieldOptions, total=False):
    """What a field of text takes: how many characters it may have at most."""

    max_length: int | None


class CharField(_TextField[V]):
    """Text of at most `max_length` characters; None leaves it unlimited."""

    standard_length: ClassVar[int | None] = None

    @overload
    def __init__(
        self: "CharField[str]",
        verbose_name: object = "",
        *,
        null: Literal[False] = False,
        **options: Unpack[TextOptions],
    ) -> None: ...
    @overload
    def __init__(
        self: "CharField[str | None]", verbose_name: object = "", *, null: Literal[True], **options: Unpack[TextOptions]
    ) -> None: ...
    def __init__(self, verbose_name: object = "", *, null: bool = False, **options: Unpack[TextOptions]) -> None:
        rest: Any = dict(options)
        max_length = rest.pop("max_length", None)
        super().__init__(verbose_name, null=null, **rest)
        if max_length is not None and (not isinstance(max_length, int) or max_length < 1):
            raise ModelError(f"CharField(max_length={max_length!r}): max_length is a number of characters, 1 or more")
        self.max_length = max_length or self.standard_length

    def column_type(self) -> TypeEngine[Any]:
        """VARCHAR."""
        return sa.String(self.max_length)


class TextField(_TextField[V]):
    """Text of any length."""

    @overload
    def __init__(
        self: "TextField[str]",
        verbose_name: object = "",
        *,
        null: Literal[False] = False,
        **options: Unpack[FieldOptions],
    ) -> None: ...
    @overload
    def __init__(
        self: "TextField[str | None]",
        verbose_name: object = "",
        *,
        null: Literal[True],
        **options: Unpack[FieldOptions],
    ) -> None: ...
    def __init__(self, verbose_name: object = "", *, null: bool = False, **options: Unpack[FieldOptions]) -> None:
        super().__init__(verbose_name, null=null, **options)

    def column_type(self) -> TypeEngine[Any]:
        """TEXT."""
        return sa.Text()


class EmailField(CharField[V]):
    """A mail address, which `full_clean()` checks; of at most 254 characters."""

    standard_length = 254
    standard_validators: ClassVar[tuple[Validator, ...]] = (validate_email,)

    if TYPE_CHECKING:  # that it may be null

        @overload
        def __init__(
            self: "EmailField[str]",
            verbose_name: object = "",
            *,
            null: Literal[False] = False,
            **options: Unpack[TextOptions],
        ) -> None: ...
        @overload
        def __init__(
            self: "EmailField[str | None]",
            verbose_name: object = "",
            *,
            null: Literal[True],
            **options: Unpack[TextOptions],
        ) -> None: ...
        def __init__(
            self, verbose_name: object = "", *, null: bool = False, **options: Unpack[TextOptions]
        ) -> None: ...


class URLField(CharField[V]):
    """An absolute URL, which `full_clean()` checks; of at most 200 characters."""

    standard_length = 200
    standard_validators: ClassVar[tuple[Validator, ...]] = (validate_url,)

    if TYPE_CHECKING:  # that it may be null

        @overload
        def __init__(
            self: "URLField[str]",
            verbose_name: object = "",
            *,
            null: Literal[False] = False,
            **options: Unpack[TextOptions],
        ) -> None: ...
        @overload
        def __init__(
            self: "URLField[str | None]",
            verbose_name: object = "",
            *,
            null: Literal[True],
            **options: Unpack[TextOptions],
        ) -> None: ...
        def __init__(
            self, verbose_name: object = "", *, null: bool = False, **options: Unpack[TextOptions]
        ) -> None: ...


class IPOptions(FieldOptions, total=False):
    """What a field of IP addresses takes: which versions, and whether `::ffff:192.0.2.1` is kept as `192.0.2.1`."""

    protocol: Literal["both", "IPv4", "IPv6"]
    unpack_ipv4: bool


class GenericIPAddressField(_TextField[V]):
    """An IP address as text, in its shortest form; of either version, or of one by `protocol="IPv4"` or `"IPv6"`."""

    what = "IP address"
    exact_types = frozenset()

    @overload
    def __init__(
        self: "GenericIPAddressField[str]",
        verbose_name: object = "",
        *,
        null: Literal[False] = False,
        **options: Unpack[IPOptions],
    ) -> None: ...
    @overload
    def __init__(
        self: "GenericIPAddressField[str | None]",
        verbose_name: object = "",
        *,
        null: Literal[True],
        **options: Unpack[IPOptions],
    ) -> None: ...
    def __init__(self, verbose_name: object = "", *, null: bool = False, **options: Unpack[IPOptions]) -> None:
        rest: Any = dict(options)
        self.protocol = str(rest.pop("protocol", "both"))
        self.unpack_ipv4 = bool(rest.pop("unpack_ipv4", False))
        super().__init__(verbose_name, null=null, **rest)
        if self.protocol not in ("both", "IPv4", "IPv6"):
            raise ModelError(f"GenericIPAddressField(protocol={self.protocol!r}): it is 'both', 'IPv4' or 'IPv6'")

    def column_type(self) -> TypeEngine[Any]:
        """VARCHAR(39)."""
        return sa.String(39)

    def fit(self, value: str) -> str:
        """Refuse what is no address, or none of the version."""
        found = ipaddress.ip_address(value.strip())
        mapped = getattr(found, "ipv4_mapped", None)
        if self.unpack_ipv4 and mapped is not None:
            found = mapped
        if self.protocol not in ("both", f"IPv{found.version}"):
            raise Unfit(f"it is no {self.protocol} address")
        return str(found)


class SlugField(CharField[V]):
    """Letters, digits, hyphens and underscores, as `full_clean()` checks; of at most 50 characters, with an index."""

    standard_length = 50
    standard_validators: ClassVar[tuple[Validator, ...]] = (validate_slug,)
    standard_index = True

    if TYPE_CHECKING:  # that it may be null

        @overload
        def __init__(
            self: "SlugField[str]",
            verbose_name: object = "",
            *,
            null: Literal[False] = False,
            **options: Unpack[TextOptions],
        ) -> None: ...
        @overload
        def __init__(
            self: "SlugField[str | None]",
            verbose_name: object = "",
            *,
            null: Literal[True],
            **options: Unpack[TextOptions],
        ) -> None: ...
        def __init__(
            self, verbose_name: object = "", *, null: bool = False, **options: Unpack[TextOptions]
        ) -> None: ...
