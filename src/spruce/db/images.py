"""ImageField: a file that has to be an image, whose width and height may be kept beside it."""

from typing import TYPE_CHECKING, Any, Unpack

from spruce.db.files import FieldFile, FileField, FileOptions
from spruce.errors import DataError, ModelError

if TYPE_CHECKING:
    from typing import overload

    import sqlalchemy as sa

__all__ = ["ImageField", "ImageFieldFile", "ImageOptions"]

_MOST_PIXELS = 178_956_970
"""Where Pillow itself refuses an image whose pixels could fill the memory."""


class ImageFieldFile(FieldFile):
    """An image of an object, with its `width` and `height` in pixels."""

    @property
    def width(self) -> int:
        """In pixels."""
        return self._dimensions()[0]

    @property
    def height(self) -> int:
        """In pixels."""
        return self._dimensions()[1]

    def _dimensions(self) -> tuple[int, int]:
        if self.content is not None:
            return _looked_at(self.open(), self.field.label)
        with self.open() as file:
            return _looked_at(file, self.field.label)


class ImageOptions(FileOptions, total=False):
    """What a field of images takes besides: the fields of the model that get its width and height."""

    width_field: str
    height_field: str


class ImageField(FileField):
    """A file that is an image, which Pillow looks at before it is stored; `pip install spruce[images]` brings it."""

    what = "image"
    attr_class = ImageFieldFile

    if TYPE_CHECKING:

        @overload
        def __get__(self, instance: None, owner: type) -> sa.Column[str]: ...
        @overload
        def __get__(self, instance: object, owner: type) -> ImageFieldFile: ...
        def __get__(self, instance: object | None, owner: type) -> Any: ...

    def __init__(self, verbose_name: object = "", *, null: bool = False, **options: Unpack[ImageOptions]) -> None:
        rest: Any = dict(options)
        self.width_field: str = rest.pop("width_field", "")
        self.height_field: str = rest.pop("height_field", "")
        super().__init__(verbose_name, null=null, **rest)
        _pillow()

    def check(self, content: Any) -> None:
        """Raise DataError for what is no image."""
        content.seek(0)
        _looked_at(content, self.label, whole=True)
        content.seek(0)

    def taken(self, instance: Any) -> str | None:
        """The name; width and height go to their fields when there is a new image."""
        file = getattr(instance, self.attname)
        if not file or file.content is not None:
            for field, value in ((self.width_field, "width"), (self.height_field, "height")):
                if field:
                    setattr(instance, field, getattr(file, value) if file else None)
        return super().taken(instance)


def _pillow() -> Any:
    """The module that knows images. Raises ModelError when it is not installed."""
    try:
        from PIL import Image  # an extra that only models with images need
    except ImportError:
        raise ModelError("an ImageField needs Pillow", hint="pip install 'spruce[images]'") from None
    return Image


def _looked_at(content: Any, label: str, *, whole: bool = False) -> tuple[int, int]:
    """Width and height; with `whole`, all of the image is checked."""
    try:
        with _pillow().open(getattr(content, "stream", None) or getattr(content, "file", None) or content) as image:
            size: tuple[int, int] = image.size
            if size[0] * size[1] > _MOST_PIXELS:
                raise DataError(f"{label}: an image of {size[0]} × {size[1]} pixels is too large")
            if whole:
                image.verify()
    except DataError:
        raise
    except Exception as error:
        raise DataError(
            f"{label}: the file is no image, or a damaged one", hint="Choose a file that a browser can show."
        ) from error
    return size
