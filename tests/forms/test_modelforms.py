"""Forms of models."""

from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest

from spruce import db, forms
from spruce.errors import FormError, ValidationError
from spruce.forms.modelforms import fields_for_model
from spruce.http import FileStorage
from spruce.storage import InMemoryStorage

from .conftest import Author, Book, Tag


class BookForm(forms.ModelForm):
    class Meta:
        model = Book
        fields = ("title", "slug", "pages", "price", "kind", "sold", "author", "tags")
        labels = {"title": "Name"}  # noqa: RUF012 - as users write it
        help_texts = {"slug": "short"}  # noqa: RUF012 - as users write it
        widgets = {"title": forms.Textarea}  # noqa: RUF012 - as users write it
        error_messages = {"slug": {"unique": "Taken."}}  # noqa: RUF012 - as users write it
        field_classes = {"slug": forms.CharField}  # noqa: RUF012 - as users write it


def good(author: Author, **more: Any) -> dict[str, Any]:
    return {"title": "A", "slug": "a", "pages": "3", "kind": "p", "author": str(author.pk), "tags": ["1"], **more}


def test_fields_are_made_as_meta_says() -> None:
    """In its order, with its texts, widgets and classes."""
    form = BookForm()
    assert list(form.fields) == ["title", "slug", "pages", "price", "kind", "sold", "author", "tags"]
    assert (form.fields["title"].label, form.fields["slug"].help_text) == ("Name", "short")
    assert isinstance(form.fields["title"].widget, forms.Textarea)
    assert type(form.fields["slug"]) is forms.CharField


def test_a_valid_form_saves(ann: Author) -> None:
    """A new object with what it is tied to; and only declared fields."""
    form = BookForm(good(ann, secret="x", made="2000-01-01", id="77"))
    assert form.is_valid(), form.errors
    book = form.save()
    found = Book.objects.get()
    assert found == book
    assert (found.title, found.pages, found.price, found.kind, found.sold) == ("A", 3, None, "p", False)
    assert (found.secret, found.pk, found.author) == ("kept", 1, ann)
    assert [tag.name for tag in found.tags.all()] == ["red"]


def test_an_object_is_changed(ann: Author) -> None:
    """What it has is shown first."""
    book = BookForm(good(ann)).save()
    form = BookForm(instance=book)
    assert form.initial["title"] == "A"
    assert form.initial["tags"] == [Tag.objects.get(pk=1)]
    assert '<option value="1" selected>red</option>' in str(form)
    form = BookForm(good(ann, title="B", price="1.50", tags=[]), instance=book)
    assert set(form.changed_data) == {"title", "price", "tags"}
    form.save()
    found = Book.objects.get()
    assert (found.title, found.price, list(found.tags.all())) == ("B", Decimal("1.50"), [])


def test_what_must_be_unique_is_told(ann: Author) -> None:
    """By field, or of the form; an object is not compared with itself."""
    book = BookForm(good(ann)).save()
    assert BookForm(good(ann)).errors == {
        "slug": ["Taken."], "__all__": ["Book with this The title and Author already exists."],
    }  # fmt: skip
    assert BookForm(good(ann)).errors.as_data()["slug"][0].code == "unique"
    assert BookForm(good(ann), instance=book).is_valid()
    with pytest.raises(ValueError, match="The Book could not be created because the data didn't validate"):
        BookForm(good(ann)).save()
    with pytest.raises(ValueError, match="The Book could not be changed because"):
        BookForm({}, instance=book).save()


def test_saving_later(ann: Author) -> None:
    """First the object, then what it is tied to."""
    form = BookForm(good(ann))
    book = form.save(commit=False)
    assert book.pk is None
    book.title = "Z"
    book.save()
    form.save_m2m()
    assert [tag.name for tag in Book.objects.get(title="Z").tags.all()] == ["red"]


def test_a_form_that_does_not_say_what_it_writes_is_refused() -> None:
    """So no field is open by accident."""
    with pytest.raises(FormError) as refused:
        type("Open", (forms.ModelForm,), {"Meta": type("Meta", (), {"model": Book})})
    assert str(refused.value) == (
        "Open says neither which fields of Book it may write nor which not. Name them in its Meta: "
        "fields = ['name', …]; or exclude = […]; or fields = '__all__'."
    )
    with pytest.raises(FormError, match="Calling modelform_factory without defining 'fields' or 'exclude'"):
        forms.modelform_factory(Book)
    with pytest.raises(
        FormError, match=r"BookForm.Meta.fields cannot be a string. Did you mean to type: \('title',\)?"
    ):
        forms.modelform_factory(Book, fields="title")
    with pytest.raises(FormError, match=r"Unknown field\(s\) \(titel\) specified for Book"):
        forms.modelform_factory(Book, fields=["titel"])
    for name in ("secret", "made"):
        with pytest.raises(
            FormError, match=f"'{name}' cannot be specified for Book model form as it is a non-editable"
        ):
            forms.modelform_factory(Book, fields=[name])
    assert list(forms.modelform_factory(Book, fields=["id", "slug"]).base_fields) == ["slug"]
    with pytest.raises(TypeError, match="got an unexpected keyword argument 'field'"):
        forms.modelform_factory(Book, field=["title"])
    with pytest.raises(FormError, match="ModelForm has no model"):
        forms.ModelForm()


def test_a_factory_makes_forms(ann: Author) -> None:
    """With options of Meta, on top of a form's."""
    every = forms.modelform_factory(Book, fields="__all__")
    assert list(every.base_fields) == ["title", "slug", "pages", "price", "kind", "sold", "author", "tags"]
    short = forms.modelform_factory(Book, form=BookForm, fields=["slug"], exclude=None)
    assert list(short.base_fields) == ["slug"]
    assert short.__name__ == "BookForm"
    assert "tags" not in forms.modelform_factory(Book, exclude=["tags"]).base_fields
    marked = forms.modelform_factory(
        Book, fields=["title"], formfield_callback=lambda field, **options: forms.CharField(label=field.name)
    )
    assert marked.base_fields["title"].label == "title"
    with pytest.raises(FormError, match="formfield_callback must be a function or callable"):
        fields_for_model(Book, formfield_callback=3)  # type: ignore[arg-type] # that is what is refused
    assert forms.modelform_factory(Book, fields=["pages"], localized_fields="__all__").base_fields["pages"].localize


def test_fields_of_the_class_take_the_place_of_the_models(ann: Author) -> None:
    """And others may be added, which are not of the model."""

    class Own(BookForm):
        slug = forms.CharField(max_length=3)
        agree = forms.BooleanField()
        tags = None

        def clean_title(self) -> str:
            return str(self.cleaned_data["title"]) * 2

    assert "tags" not in Own.base_fields
    assert Own(good(ann, slug="abcd")).errors.keys() == {"slug", "agree"}
    assert Own(good(ann, agree="on")).save().title == "AA"


def test_defaults_of_the_model_stay_where_nothing_came(ann: Author) -> None:
    """But an empty field is empty."""
    lenient = forms.modelform_factory(Book, form=BookForm)
    lenient.base_fields["pages"].required = False
    data = good(ann)
    del data["pages"]
    assert lenient(data).save().pages == 1


def test_the_models_own_checks_are_made(ann: Author) -> None:
    """Also its clean(), and what isn't in the form isn't looked at."""

    class Checked(db.Model):
        name = db.CharField(max_length=5)
        other = db.CharField(max_length=5)

        class Meta:
            db_table = "t_forms_checked"

        def clean(self) -> None:
            if self.name == "x":
                raise ValidationError({"name": "no x", "other": "hidden"})

    form = forms.modelform_factory(Checked, fields=["name"])
    assert form({"name": "a"}).is_valid()
    assert form({"name": "x"}).errors == {"name": ["no x"], "__all__": ["hidden"]}


def test_files_are_kept_replaced_and_taken_away(ann: Author) -> None:
    """As the box says."""

    class Paper(db.Model):
        file = db.FileField(storage=InMemoryStorage(), blank=True)

        class Meta:
            db_table = "t_forms_paper"

    db.create_all()
    form = forms.modelform_factory(Paper, fields=["file"])
    paper = form({}, {"file": FileStorage(BytesIO(b"one"), "a.txt")}).save()
    assert paper.file.read() == b"one"
    assert form({}, {}, instance=paper).save().file.name == paper.file.name
    assert not form({"file-clear": "on"}, {}, instance=paper).save().file
    assert Paper.objects.get().file.name == ""


def test_choices_are_limited_when_the_form_is_made(ann: Author) -> None:
    """By what the field says then, whichever kind of form it is."""

    class Limited(BookForm):
        author = forms.ModelChoiceField(Author.objects, limit_choices_to={"name": "Bob"})

    assert "author" in Limited(good(ann)).errors
    assert BookForm(good(ann)).is_valid()

    class Plain(forms.Form):
        author = forms.ModelChoiceField(Author.objects, limit_choices_to=lambda: {"name": "Bob"})

    assert "author" in Plain({"author": ann.pk}).errors
    bob = Author.objects.create(name="Bob")
    assert Plain({"author": bob.pk}).is_valid()
    assert [label for _, label in Plain().fields["author"].choices] == ["---------", "Bob"]


def test_values_of_an_object_as_initial(ann: Author) -> None:
    """All, or some."""
    book = BookForm(good(ann)).save()
    assert forms.model_to_dict(book, fields=["title", "author"]) == {"title": "A", "author": ann.pk}
    assert "title" not in forms.model_to_dict(book, exclude=["title"])
    assert forms.model_to_dict(Book())["tags"] == []


class Shelf(db.Model):
    name = db.CharField(max_length=20, unique=True, unique_for_date="day", error_messages={"unique": "We have it."})
    day = db.DateField()
    author = db.ForeignKey(Author, on_delete=db.CASCADE, limit_choices_to={"name__startswith": "A"})
    tags = db.ManyToManyField(Tag, blank=True, limit_choices_to=lambda: db.Q(name="red"))

    class Meta:
        db_table = "t_forms_shelf"


class ShelfForm(forms.ModelForm):
    class Meta:
        model = Shelf
        fields = "__all__"


def test_relations_offer_what_they_are_limited_to(ann: Author) -> None:
    """In the list, and in what is taken."""
    ben = Author.objects.create(name="Ben")
    form = ShelfForm({"name": "a", "day": "2026-01-01", "author": str(ben.pk), "tags": ["2"]})
    assert [label for _, label in form.fields["author"].choices] == ["---------", "Ann"]
    assert form.errors == {
        "author": ["Select a valid choice. That choice is not one of the available choices."],
        "tags": ["Select a valid choice. 2 is not one of the available choices."],
    }
    assert ShelfForm({"name": "a", "day": "2026-01-01", "author": str(ann.pk), "tags": ["1"]}).is_valid()


def test_the_models_words_are_told(ann: Author) -> None:
    """Those of Meta go before them."""
    Shelf.objects.create(name="a", day="2026-01-01", author=ann)
    data = {"name": "a", "day": "2026-01-01", "author": str(ann.pk)}
    assert ShelfForm(data).errors == {"name": ["We have it.", "Name must be unique for Day date."]}
    named = forms.modelform_factory(Shelf, fields=["name"], error_messages={"name": {"unique": "No."}})
    assert named(data).errors == {"name": ["No."]}
