"""Formsets of models."""

from typing import Any

import pytest

from spruce import db, events, forms
from spruce.errors import FormError
from spruce.forms.modelformsets import foreign_key

from .conftest import Author, Book, Tag

Tags = forms.modelformset_factory(Tag, fields=["name"], can_delete=True)
Books = forms.inlineformset_factory(Author, Book, fields=["title", "slug"], extra=1)


def sent(prefix: str, total: int, initial: int, **more: Any) -> dict[str, Any]:
    rest = {f"{prefix}-{name.replace('_', '-', 1)}": value for name, value in more.items()}
    return {f"{prefix}-TOTAL_FORMS": str(total), f"{prefix}-INITIAL_FORMS": str(initial), **rest}


def test_rows_are_shown_changed_added_and_deleted(ann: Author) -> None:
    """Each by its hidden key."""
    page = str(Tags())
    assert '<input type="hidden" name="form-0-id" value="1" id="id_form-0-id">' in page
    assert 'name="form-1-name" value="blue"' in page
    data = {
        **sent("form", 3, 2), "form-0-id": "1", "form-0-name": "RED", "form-1-id": "2", "form-1-name": "blue",
        "form-1-DELETE": "on", "form-2-name": "green",
    }  # fmt: skip
    tags = Tags(data)
    assert tags.is_valid(), tags.errors
    assert [tag.name for tag in tags.save()] == ["RED", "green"]
    assert [tag.name for tag in Tag.objects.all()] == ["RED", "green"]
    assert [(obj.pk, names) for obj, names in tags.changed_objects] == [(1, ["name"])]
    assert [tag.name for tag in tags.deleted_objects] == ["blue"]


def test_only_rows_of_the_query_count(ann: Author) -> None:
    """Another key, or none, is an error and changes nothing."""
    for key in ("2", "x", "", "99"):
        data = {**sent("form", 1, 1), "form-0-id": key, "form-0-name": "changed"}
        tags = Tags(data, queryset=Tag.objects.filter(pk=1))
        assert not tags.is_valid()
        assert "id" in tags.errors[0]
    assert [tag.name for tag in Tag.objects.all()] == ["red", "blue"]


def test_saving_later_and_only_what_is_there(ann: Author) -> None:
    """Without commit; without new rows."""
    data = {**sent("form", 3, 2), "form-0-id": "1", "form-0-name": "RED", "form-1-id": "2", "form-1-name": "blue",
            "form-2-name": "green"}  # fmt: skip
    tags = Tags(data)
    unsaved = tags.save(commit=False)
    assert Tag.objects.filter(name="RED").count() == 0
    for tag in unsaved:
        tag.save()
    tags.save_m2m()
    assert Tag.objects.count() == 3
    only = forms.modelformset_factory(Tag, fields=["name"], edit_only=True)(data)
    assert [tag.name for tag in only.save()] == []
    assert Tags(queryset=Tag.objects.none(), initial=[{"name": "n"}])[0].initial == {"name": "n"}


def test_two_forms_must_not_be_equal_where_rows_may_not(ann: Author) -> None:
    """Though neither is in the database yet."""
    authors = forms.modelformset_factory(Author, fields=["name"], extra=2)(
        {**sent("form", 2, 0), "form-0-name": "Bob", "form-1-name": "Bob"}, queryset=Author.objects.none()
    )
    assert not authors.is_valid()
    assert authors.non_form_errors() == ["Please correct the duplicate data for name."]
    assert authors.errors[1] == {"__all__": ["Please correct the duplicate values below."]}
    books = Books(sent("books", 2, 0, **{"0_title": "A", "0_slug": "a", "1_title": "A", "1_slug": "b"}), instance=ann)
    assert not books.is_valid()
    assert books.non_form_errors() == ["Please correct the duplicate data for title."]


def test_rows_of_one_object(ann: Author) -> None:
    """Whoever sends another owner, or another owner's row, changes nothing."""
    bob = Author.objects.create(name="Bob")
    other = Book.objects.create(title="B", slug="b", author=bob)
    books = Books(sent("books", 1, 0, **{"0_title": "A", "0_slug": "a", "0_author": str(ann.pk)}), instance=ann)
    assert books.is_valid(), books.errors
    book = books.save()[0]
    assert book.author == ann
    assert 'name="books-0-title" value="A"' in str(Books(instance=ann))
    stolen = Books(sent("books", 1, 1, **{"0_id": str(other.pk), "0_title": "mine", "0_slug": "b"}), instance=ann)
    assert not stolen.is_valid()
    foreign = Books(
        sent("books", 1, 1, **{"0_id": str(book.pk), "0_title": "A", "0_slug": "a", "0_author": str(bob.pk)}),
        instance=ann,
    )
    assert foreign.errors[0] == {"author": ["The inline value did not match the parent instance."]}
    assert Book.objects.get(pk=other.pk).title == "B"


def test_rows_of_a_new_object(ann: Author) -> None:
    """None at first; saved once the object is."""
    new = Author(name="New")
    assert len(Books(instance=new)) == 1
    books = Books(sent("books", 1, 0, **{"0_title": "A", "0_slug": "a"}), instance=new)
    assert books.is_valid(), books.errors
    new.save()
    assert books.save()[0].author == new
    copied = Books(
        sent("books", 1, 1, **{"0_id": "1", "0_title": "A2", "0_slug": "a2"}), instance=new, save_as_new=True
    )
    assert copied.is_valid(), copied.errors
    assert copied.save()[0].pk == 2


def test_many_rows_are_loaded_at_once(ann: Author) -> None:
    """However many forms there are."""
    for number in range(20):
        Book.objects.create(title=f"T{number}", slug=f"s{number}", author=ann)
    seen: list[str] = []
    leave = events.db_query.subscribe(lambda event: seen.append(str(event["sql"])))
    str(Books(instance=ann))
    leave()
    assert len(seen) == 1


def test_which_foreign_key(ann: Author) -> None:
    """The only one, or that which is named."""

    class Letter(db.Model):
        sender = db.ForeignKey(Author, on_delete=db.CASCADE, related_name="+")
        reader = db.OneToOneField(Author, on_delete=db.CASCADE, related_name="letter")

        class Meta:
            db_table = "t_forms_letter"

    assert foreign_key(Author, Book).name == "author"
    assert forms.inlineformset_factory(Author, Letter, fk_name="reader", fields=[]).max_num == 1
    for arguments, message in (
        (
            (Author, Letter),
            "'Letter' has more than one ForeignKey to 'Author'. You must specify a 'fk_name' attribute.",
        ),
        ((Author, Tag), "'Tag' has no ForeignKey to 'Author'."),
        ((Author, Book, "x"), "'Book' has no field named 'x'."),
        ((Author, Book, "title"), "fk_name 'title' is not a ForeignKey to 'Author'."),
    ):
        with pytest.raises(ValueError, match=message.replace(".", r"\.")):
            foreign_key(*arguments)
    with pytest.raises(FormError, match="Calling modelformset_factory without defining 'fields' or 'exclude'"):
        forms.modelformset_factory(Tag)


class Prize(db.Model):
    title = db.CharField(max_length=20)
    winner = db.ForeignKey(Author, on_delete=db.CASCADE, to_field="name", related_name="prizes")

    class Meta:
        db_table = "t_forms_prize"


def test_a_relation_by_another_field_than_the_key_is_chosen_by_that(ann: Author) -> None:
    """In forms of the model and below its owner."""
    db.create_all(models=[Prize])
    form = forms.modelform_factory(Prize, fields=["title", "winner"])
    assert '<option value="Ann">Ann</option>' in str(form())
    made = form({"title": "first", "winner": "Ann"}).save()
    assert (made.winner_id, made.winner) == ("Ann", ann)
    assert '<option value="Ann" selected>Ann</option>' in str(form(instance=made))
    assert form({"title": "first", "winner": str(ann.pk)}).errors.keys() == {"winner"}
    prizes = forms.inlineformset_factory(Author, Prize, fields=["title"], extra=0)(instance=ann)
    assert [each.instance for each in prizes.forms] == [made]
    assert prizes.forms[0]["winner"].value() == "Ann"
