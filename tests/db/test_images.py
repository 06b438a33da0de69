"""Fields of images."""

import io
import zlib
from collections.abc import Iterator

import pytest
from PIL import Image

from spruce import config, db
from spruce.errors import DataError
from spruce.storage import ContentFile, InMemoryStorage


class Photo(db.Model):
    wide = db.IntegerField(null=True)
    picture = db.ImageField(upload_to="photos", width_field="wide", height_field="high", blank=True)
    high = db.IntegerField(null=True)

    class Meta:
        db_table = "t_photo"


@pytest.fixture(autouse=True)
def files() -> Iterator[None]:
    """A storage in memory."""
    db.create_all()
    config.current()["STORAGES"] = {"default": InMemoryStorage()}
    yield
    config.current().resources.pop("spruce.storage", None)


def png(width: int, height: int) -> bytes:
    kept = io.BytesIO()
    Image.new("RGB", (width, height)).save(kept, "PNG")
    return kept.getvalue()


def test_an_image_knows_its_width_and_height() -> None:
    """Before and after it is stored; fields that are named for them have them."""
    photo = Photo(picture=ContentFile(png(30, 20), "a.png"))
    assert (photo.picture.width, photo.picture.height, photo.wide) == (30, 20, None)
    photo.save()
    found = Photo.objects.get()
    assert (found.wide, found.high, found.picture.width, found.picture.height) == (30, 20, 30, 20)
    assert found.picture.read() == png(30, 20)
    found.picture.delete()
    assert (found.wide, found.high) == (None, None)
    assert Photo.objects.get(wide=None) == found


@pytest.mark.parametrize("content", [b"", b"<svg/>", b"GIF89a", png(9, 9)[:40], png(9, 9).replace(b"IDAT", b"IDAX")])
def test_what_is_no_image(content: bytes) -> None:
    """Is refused before it is stored."""
    with pytest.raises(DataError) as refused:
        Photo.objects.create(picture=ContentFile(content, "a.png"))
    assert str(refused.value) == (
        "Photo.picture: the file is no image, or a damaged one. Choose a file that a browser can show."
    )
    assert Photo.objects.count() == 0


def test_an_image_that_would_fill_the_memory() -> None:
    """A small file can say that it is large."""
    content = bytearray(png(9, 9))
    content[16:24] = (50_000).to_bytes(4, "big") * 2
    content[29:33] = zlib.crc32(bytes(content[12:29])).to_bytes(4, "big")
    with pytest.raises(DataError) as refused:
        Photo.objects.create(picture=ContentFile(bytes(content), "a.png"))
    assert "Photo.picture: " in str(refused.value)
