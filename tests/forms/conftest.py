"""A library to make forms of, in a database in memory that lives for one test."""

from collections.abc import Iterator

import pytest

from spruce import config, db
from spruce.config import Settings


class Author(db.Model):
    name = db.CharField(max_length=30, unique=True)
    mail = db.EmailField(blank=True)

    class Meta:
        db_table = "t_forms_author"
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Tag(db.Model):
    name = db.CharField(max_length=20)

    class Meta:
        db_table = "t_forms_tag"
        ordering = ("id",)

    def __str__(self) -> str:
        return self.name


class Book(db.Model):
    title = db.CharField("the title", max_length=40, help_text="As on the cover")
    slug = db.SlugField(unique=True)
    pages = db.PositiveIntegerField(default=1)
    price = db.DecimalField(max_digits=6, decimal_places=2, null=True, blank=True)
    kind = db.CharField(max_length=1, choices=[("n", "novel"), ("p", "poems")], default="n")
    sold = db.BooleanField(default=False)
    author = db.ForeignKey(Author, on_delete=db.CASCADE, related_name="books")
    tags = db.ManyToManyField(Tag, blank=True)
    made = db.DateTimeField(auto_now_add=True)
    secret = db.CharField(max_length=10, editable=False, default="kept")

    class Meta:
        db_table = "t_forms_book"
        ordering = ("id",)
        unique_together = ("title", "author")

    def __str__(self) -> str:
        return self.title


@pytest.fixture(autouse=True)
def _database() -> Iterator[None]:
    before = config.current()
    settings = Settings(DATABASES={"default": "sqlite://"}, SECRET_KEY="k" * 40)
    config.install(settings)
    yield
    config.install(settings)  # an app of the test may have installed its own
    db.configure(DATABASES={})
    config.install(before)


@pytest.fixture
def ann() -> Author:
    """The first author, and all tables."""
    db.create_all()
    Tag.objects.create(name="red")
    Tag.objects.create(name="blue")
    return Author.objects.create(name="Ann")
