"""FileField: the name of a file in a column, the file itself in a storage.

An object's attribute is a `FieldFile`. What is assigned to it (an upload, a `storage.File`) is written to the storage
when the object is saved, and only then; the name that the storage gave it is what the column holds.
"""

import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, Unpack

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

from spruce.db.fields import Field, FieldOptions, Unfit
from spruce.errors import DataError
from spruce.storage import File, Storage, storages
from spruce.storage.names import valid

if TYPE_CHECKING:
    from typing import overload

__all__ = ["FieldFile", "FileField", "FileOptions"]

V = TypeVar("V")


class FieldFile:
    """A file of an object: false when there is none; equal to its name.

    `url`, `size`, `path`, `open()` and `read()` are the storage's. Raises DataError where there is no file.
    """

    def __init__(self, field: "FileField", instance: Any, content: Any) -> None:
        self.field = field
        self.instance = instance
        self.storage = field.storage
        kept = content is None or isinstance(content, str)
        self.name: str = (content or "") if kept else _name_of(content)
        self.content = None if kept else content  # what is not in the storage yet

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.name or 'None'}>"

    def __str__(self) -> str:
        return self.name

    def __bool__(self) -> bool:
        return bool(self.name)

    def __eq__(self, other: object) -> bool:
        return self.name == (other.name if isinstance(other, FieldFile) else (other or ""))

    def __hash__(self) -> int:
        return hash(self.name)

    def _need(self) -> None:
        if not self.name:
            raise DataError(f"{self.field.label}: there is no file", hint="Test it first: `if object.file:`.")

    @property
    def url(self) -> str:
        """Where a browser finds it."""
        self._need()
        return self.storage.url(self.name)

    @property
    def size(self) -> int:
        """How many bytes it has."""
        self._need()
        if self.content is None:
            return self.storage.size(self.name)
        end = int(self.content.seek(0, os.SEEK_END))
        self.content.seek(0)
        return end

    @property
    def path(self) -> str:
        """Where it is on the disk, if its storage is a folder."""
        self._need()
        return self.storage.path(self.name)  # type: ignore[attr-defined, no-any-return] # of those that are folders

    def open(self, mode: str = "rb") -> Any:
        """Open it; what is not in the storage yet is given as it is, from its beginning."""
        self._need()
        if self.content is None:
            return self.storage.open(self.name, mode)
        self.content.seek(0)
        return self.content

    def read(self) -> bytes:
        """All of it."""
        self._need()
        if self.content is not None:
            self.content.seek(0)
            return bytes(self.content.read())
        with self.storage.open(self.name) as file:
            return bytes(file.read())

    def save(self, name: str, content: Any, save: bool = True) -> None:
        """Write a file to the storage under a name like this, and with `save` the object to the database."""
        self.field.check(content)
        wanted = self.field.generate_filename(self.instance, name)
        self.name = self.storage.save(wanted, content, max_length=self.field.max_length)
        self.content = None
        setattr(self.instance, self.field.attname, self)
        if save:
            self.instance.save()

    def delete(self, save: bool = True) -> None:
        """Delete the file, and with `save` write to the database that there is none."""
        if not self.name:
            return
        if self.content is None:
            self.storage.delete(self.name)
        self.name, self.content = "", None
        if save:
            self.instance.save()


def _name_of(content: Any) -> str:
    """What an upload or a file is called."""
    name = getattr(content, "filename", None) or getattr(content, "name", None)
    return os.path.basename(name) if isinstance(name, str) else ""


class FileOptions(FieldOptions, total=False):
    """What a field of files takes: where in its storage, which storage (or its alias), how long a name may be."""

    upload_to: str | Callable[[Any, str], str]
    storage: Storage | str
    max_length: int


class _Attribute:
    """What stands in a model's class for a field of files: gives a FieldFile, and takes files and names."""

    __slots__ = ("field",)

    def __init__(self, field: "FileField") -> None:
        self.field = field

    def __get__(self, instance: Any, owner: Any) -> Any:
        name = self.field.attname
        if instance is None:
            return owner.__table__.c[name]
        if name not in instance.__dict__:
            raise AttributeError(name)
        value = instance.__dict__[name]
        if not isinstance(value, FieldFile):
            value = instance.__dict__[name] = self.field.attr_class(self.field, instance, value)
        return value

    def __set__(self, instance: Any, value: Any) -> None:
        if isinstance(value, FieldFile) and value.instance is not instance:
            value = value.content if value.content is not None else value.name
        instance.__dict__[self.field.attname] = value


class FileField(Field[Any]):
    """A file of the object, which is written to a storage when the object is saved.

    `upload_to` is a folder, in which strftime's letters stand for the date of today, or a function that gives the
    path for an object and a file's name. `storage` is a storage, or the alias of one in STORAGES.
    """

    what = "file"
    python = str
    family = "text"
    attr_class: type[FieldFile] = FieldFile

    if TYPE_CHECKING:

        @overload
        def __get__(self, instance: None, owner: type) -> sa.Column[str]: ...
        @overload
        def __get__(self, instance: object, owner: type) -> FieldFile: ...
        def __get__(self, instance: object | None, owner: type) -> Any: ...

    def __init__(self, verbose_name: object = "", *, null: bool = False, **options: Unpack[FileOptions]) -> None:
        rest: Any = dict(options)
        self.upload_to: Any = rest.pop("upload_to", "")
        self._storage: Any = rest.pop("storage", "default")
        self.max_length: int = rest.pop("max_length", 100)
        super().__init__(verbose_name, null=null, **rest)

    @property
    def storage(self) -> Storage:
        """Where its files are."""
        return storages[self._storage] if isinstance(self._storage, str) else self._storage

    def attribute(self) -> Any:
        """What stands in the model's class for it."""
        return _Attribute(self)

    def column_type(self) -> TypeEngine[Any]:
        """VARCHAR."""
        return sa.String(self.max_length)

    def convert(self, value: Any) -> str:
        """The name of a file."""
        if isinstance(value, FieldFile):
            return value.name
        if isinstance(value, File) or hasattr(value, "read"):
            return _name_of(value)
        if not isinstance(value, str):
            raise Unfit("it is neither a file nor the name of one")
        return value

    def fit(self, value: str) -> str:
        """Refuse names that are too long."""
        if len(value) > self.max_length:
            raise Unfit(f"its name has {len(value)} characters, and max_length is {self.max_length}")
        return value

    def generate_filename(self, instance: Any, name: str) -> str:
        """The path in the storage that a file is to have."""
        plain = valid(name)
        if callable(self.upload_to):
            return str(self.upload_to(instance, plain))
        folder = time.strftime(str(self.upload_to)).strip("/")
        return f"{folder}/{plain}" if folder else plain

    def check(self, content: Any) -> None:
        """Look at what is to be stored. Raises DataError if it is not what the field is for."""

    def taken(self, instance: Any) -> str | None:
        """What the column gets when the object is saved; a new file is written to the storage first."""
        file = getattr(instance, self.attname)
        if file.content is not None:
            if not hasattr(file.content, "read"):
                self.clean(file.content)
            if not file.name:
                raise DataError(f"{self.label}: the file has no name", hint="Give it one: File(content, name='…').")
            file.save(file.name, file.content, save=False)
        if not file.name and self.null:
            return None
        return str(self.clean(file.name))
