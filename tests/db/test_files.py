"""Fields of files: names in a column, files in a storage."""

import io
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest

from spruce import config, db
from spruce.errors import DataError, UnsafeName
from spruce.http import FileStorage
from spruce.storage import ContentFile, InMemoryStorage, storages


def below_owner(report: Any, name: str) -> str:
    return f"{report.owner}/{name}"


class Report(db.Model):
    owner = db.CharField(max_length=20, default="ann")
    paper = db.FileField(upload_to="papers/%Y", blank=True)
    notes = db.FileField(upload_to=below_owner, null=True, blank=True, max_length=20)

    class Meta:
        db_table = "t_report"


@pytest.fixture
def files() -> Iterator[dict[str, bytes]]:
    """The files of a storage in memory."""
    db.create_all()
    config.current()["STORAGES"] = {"default": InMemoryStorage()}
    default: Any = storages["default"]
    yield default.files
    config.current().resources.pop("spruce.storage")


def test_a_file_is_stored_when_the_object_is_saved(files: dict[str, bytes]) -> None:
    """And not before; the column holds the name that it got."""
    report = Report(paper=ContentFile(b"text", "my paper.txt"))
    assert (report.paper.name, report.paper.size, report.paper.read(), files) == ("my paper.txt", 4, b"text", {})
    report.save()
    name = time.strftime("papers/%Y/my_paper.txt")
    assert (report.paper.name, files) == (name, {name: b"text"})
    found = Report.objects.get(paper=name)
    assert (found.paper.url, found.paper.size, found.paper.read()) == (f"/media/{name}", 4, b"text")
    with found.paper.open() as file:
        assert file.read() == b"text"
    assert Report.objects.values_list("paper", flat=True).get() == name
    found.save()
    assert files == {name: b"text"}


def test_uploads_are_files(files: dict[str, bytes]) -> None:
    """Their names lose what leads elsewhere."""
    upload = FileStorage(io.BytesIO(b"up"), "../../etc/pass wd")
    report = Report.objects.create(notes=upload)
    assert (str(report.notes), files) == ("ann/pass_wd", {"ann/pass_wd": b"up"})
    with pytest.raises(UnsafeName):
        Report.objects.create(notes=FileStorage(io.BytesIO(b"up"), "???"))


def test_there_may_be_no_file(files: dict[str, bytes]) -> None:
    """Then the field is false, and using it says so."""
    report = Report.objects.create()
    found = Report.objects.get()
    assert (bool(found.paper), found.paper == "", found.paper == report.paper, repr(found.paper)) == (
        False, True, True, "<FieldFile: None>",
    )  # fmt: skip
    assert list(Report.objects.values_list("paper", "notes")) == [("", None)]
    for use in (lambda: found.paper.url, lambda: found.paper.size, found.paper.open, found.paper.read):
        with pytest.raises(DataError) as refused:
            use()
        assert str(refused.value) == "Report.paper: there is no file. Test it first: `if object.file:`."
    found.full_clean()


def test_names_that_are_taken_or_long_become_others(files: dict[str, bytes]) -> None:
    """As short as the column."""
    names = [Report.objects.create(notes=ContentFile("x", "a-long-name.txt")).notes.name for _ in range(2)]
    assert names[0] == "ann/a-long-name.txt"
    assert re.fullmatch(r"ann/a-lon_\w{5,7}\.txt|ann/[\w-]+_\w{7}\.txt", names[1])
    assert [len(name) <= 20 for name in names] == [True, True]


def test_save_and_delete_of_the_file(files: dict[str, bytes]) -> None:
    """They write the object too, unless told not to."""
    report = Report.objects.create()
    report.notes.save("b.txt", ContentFile("b"))
    assert (Report.objects.get().notes.name, files) == ("ann/b.txt", {"ann/b.txt": b"b"})
    report.notes.save("c.txt", ContentFile("c"), save=False)
    assert (Report.objects.get().notes.name, report.notes.name) == ("ann/b.txt", "ann/c.txt")
    report.notes.delete()
    assert (Report.objects.get().notes.name, files) == ("", {"ann/b.txt": b"b"})
    assert Report.objects.filter(notes=None).exists()
    report.notes.delete()


def test_a_file_moves_between_objects(files: dict[str, bytes]) -> None:
    """By its name, or as the content that is not stored yet."""
    first = Report.objects.create(paper=ContentFile("x", "x.txt"))
    second = Report.objects.create(paper=first.paper)
    assert (second.paper, second.paper.instance) == (first.paper, second)
    third = Report(paper=ContentFile("y", "y.txt"))
    fourth = Report.objects.create(paper=third.paper)
    assert fourth.paper.read() == b"y"
    assert len({first.paper, second.paper, fourth.paper}) == 2


def test_a_field_that_was_left_out_is_loaded(files: dict[str, bytes]) -> None:
    """As others are."""
    Report.objects.create(paper=ContentFile("x", "x.txt"))
    assert Report.objects.defer("paper").get().paper.read() == b"x"
    assert Report.paper.name == "paper"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (3, "Report.paper cannot hold 3: it is neither a file nor the name of one"),
        (ContentFile("x"), "Report.paper: the file has no name. Give it one: File(content, name='…')."),
        ("x" * 101, "Report.paper cannot hold '%s': its name has 101 characters, and max_length is 100"),
    ],
)
def test_what_is_no_file(files: dict[str, bytes], value: Any, message: str) -> None:
    """Is refused when the object is saved."""
    with pytest.raises(DataError) as refused:
        Report(paper=value).save()
    assert str(refused.value).endswith(message.rpartition("%s")[2])
    assert Report.objects.count() == 0
