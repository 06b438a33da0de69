"""The registry of models: proxies, which have the table of another, and what points to them."""

from typing import Any

import pytest

from spruce import db
from spruce.errors import ModelError


class Person(db.Model):
    name = db.CharField(max_length=20)
    staff = db.BooleanField(default=False)

    class Meta:
        db_table = "t_proxy_person"
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class StaffManager(db.Manager[Person]):
    def get_queryset(self) -> Any:
        return super().get_queryset().filter(staff=True)


class Staff(Person):
    chosen = StaffManager()

    class Meta:
        proxy = True
        ordering = ("-name",)

    def greeting(self) -> str:
        return f"I am {self.name}"


class Task(db.Model):
    owner = db.ForeignKey("Staff", on_delete=db.CASCADE, related_name="tasks")
    helper = db.ForeignKey(Person, on_delete=db.SET_NULL, null=True, related_name="helps")

    class Meta:
        db_table = "t_proxy_task"


@pytest.fixture(autouse=True)
def people() -> None:
    db.create_all()
    Person.objects.create(name="Ann", staff=True)
    Person.objects.create(name="Bob")
    Person.objects.create(name="Cid", staff=True)


def test_a_proxy_has_the_table_of_another_model() -> None:
    """With methods, order and managers of its own."""
    assert Staff.__table__ is Person.__table__
    assert [person.name for person in Staff.objects.all()] == ["Cid", "Bob", "Ann"]
    assert [person.greeting() for person in Staff.chosen.all()] == ["I am Cid", "I am Ann"]
    assert type(Staff.objects.first()) is Staff
    assert (Staff._default.count(), Person._default.count()) == (2, 3)


def test_objects_of_a_row_are_equal_whatever_their_class() -> None:
    """As they are one row; a proxy's DoesNotExist is the model's too."""
    assert Staff.objects.get(name="Ann") == Person.objects.get(name="Ann")
    with pytest.raises(Person.DoesNotExist):
        Staff.objects.get(name="Nobody")


def test_writing_through_a_proxy() -> None:
    """Writes the one table."""
    made = Staff.objects.create(name="Dan", staff=True)
    made.name = "Don"
    made.save()
    assert Person.objects.filter(pk=made.pk, name="Don").exists()
    assert made.delete() == (1, {"Staff": 1})
    assert Person.objects.count() == 3


def test_relations_of_a_model_are_its_proxies_too() -> None:
    """Whichever of them a ForeignKey names, from both sides, in queries and when rows are deleted."""
    ann, bob = Person.objects.get(name="Ann"), Staff.objects.get(name="Bob")
    task = Task.objects.create(owner=ann, helper=bob)
    found = Task.objects.get()
    assert (type(found.owner), type(found.helper), found.owner.greeting()) == (Staff, Person, "I am Ann")
    assert list(ann.tasks.all()) == [task]  # type: ignore[attr-defined] # the other side
    assert list(Staff.objects.get(name="Ann").tasks.all()) == [task]  # type: ignore[attr-defined] # the same
    assert list(Staff.objects.filter(helps=task)) == [bob]
    assert list(Person.objects.filter(tasks__helper=bob)) == [ann]
    assert [one.owner.name for one in Task.objects.select_related("owner")] == ["Ann"]
    assert Person.objects.filter(name="Ann").delete() == (2, {"Task": 1, "Person": 1})


def declare(name: str, bases: tuple[type, ...], body: dict[str, Any], **meta: Any) -> Any:
    return type(db.Model)(name, bases, {"__module__": __name__, "Meta": type("Meta", (), meta), **body})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: declare("Odd", (Person,), {"age": db.IntegerField()}, proxy=True),
         "Odd is a proxy, which has no fields of its own"),
        (lambda: declare("Odd", (db.Model,), {}, proxy=True),
         "Odd is a proxy, and inherits from 0 models with tables, not one"),
        (lambda: declare("Odd", (Person, Task), {}, proxy=True),
         "Odd is a proxy, and inherits from 2 models with tables, not one"),
    ],
)  # fmt: skip
def test_what_cannot_be_a_proxy(make: Any, message: str) -> None:
    """Says why."""
    with pytest.raises(ModelError) as refused:
        make()
    assert str(refused.value) == message


def test_a_proxy_of_a_proxy() -> None:
    """Still has the one table."""
    chief = declare("Chief", (Staff,), {}, proxy=True)
    assert chief._meta.concrete is Person
    assert [one.name for one in chief.objects.filter(staff=True)] == ["Cid", "Ann"]
