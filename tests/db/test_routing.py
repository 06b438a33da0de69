"""Routers: which tables belong where, and which objects may point to each other. The rules are Django's."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from spruce import db
from spruce.db.routing import may_migrate
from spruce.errors import DataError

BACKENDS = ["sqlite"]


class Nib(db.Model):
    label = db.CharField(max_length=20)

    class Meta:
        db_table = "t_nib"


class Pen(db.Model):
    label = db.CharField(max_length=20)
    nibs = db.ManyToManyField(Nib)

    class Meta:
        db_table = "t_pen"


@pytest.fixture
def other(shop: SimpleNamespace, tmp_path: Path) -> SimpleNamespace:
    """The shop on two databases."""
    db.configure(DATABASES={"default": f"sqlite:///{tmp_path}/a.db", "other": f"sqlite:///{tmp_path}/b.db"})
    db.create_all()
    db.create_all("other")
    return shop


def refusal(label: str, here: str, value: Any, there: str) -> str:
    return (
        f"{label} of an object on the database {here!r} cannot be {value!r}, which is on {there!r}. Load both from one "
        "database, or let allow_relation() of a router in DATABASE_ROUTERS return True."
    )


def test_objects_of_two_databases_cannot_point_to_each_other(other: SimpleNamespace) -> None:
    """By assignment, in the constructor, and by the managers of either side."""
    here = other.Maker.objects.create(name="here")
    there = other.Maker.objects.using("other").create(name="there")
    category = other.Category.objects.create(name="a", maker=here)
    with pytest.raises(DataError) as error:
        category.maker = there
    assert str(error.value) == refusal("Category.maker", "default", there, "other")
    assert category.maker is here
    pen, nib = Pen.objects.create(label="red"), Nib.objects.using("other").create(label="fine")
    with pytest.raises(DataError) as error:
        pen.nibs.add(Nib.objects.create(label="broad"), nib)
    assert str(error.value) == refusal("Pen.nibs", "default", nib, "other")
    with pytest.raises(DataError) as error:
        pen.nibs.set(iter([nib]))
    assert str(error.value) == refusal("Pen.nibs", "default", nib, "other")
    assert list(pen.nibs.all()) == []
    with pytest.raises(DataError) as error:
        nib.pen_set.add(pen)
    assert str(error.value) == refusal("Nib.pen_set", "other", pen, "default")
    with pytest.raises(DataError) as error:
        there.category_set.add(category)
    assert str(error.value) == refusal("Category.maker", "default", there, "other")


def test_a_new_object_is_saved_where_what_it_points_to_is(other: SimpleNamespace) -> None:
    """Whether it was assigned or given to the constructor; also when both are new."""
    there = other.Maker.objects.using("other").create(name="there")
    given = other.Category(name="given", maker=there)
    given.save()
    assigned = other.Category(name="assigned")
    assigned.maker = there
    assigned.save()
    assert [each._db for each in (given, assigned)] == ["other", "other"]
    assert other.Category.objects.count() == 0
    later = other.Category(name="later", maker=other.Maker(name="new"))
    later.maker.save(using="other")
    later.save(using="other")
    assert later._db == "other"


def test_a_router_allows_or_forbids_relations(other: SimpleNamespace) -> None:
    """The first that has an opinion; it is asked for objects of one database too."""
    asked = []

    class Open:
        def allow_relation(self, obj1: Any, obj2: Any, **hints: Any) -> bool | None:
            asked.append((obj1, obj2))
            return None if obj1.name == "?" else obj1.name != "never"

    class Closed:
        def allow_relation(self, obj1: Any, obj2: Any, **hints: Any) -> bool | None:
            return False

    db.configure(DATABASE_ROUTERS=[Open(), Closed()])
    there = other.Maker.objects.using("other").create(name="there")
    category = other.Category.objects.create(name="a")
    category.maker = there
    assert asked == [(there, category)]
    for name in ("never", "?"):
        maker = other.Maker.objects.create(name=name)
        with pytest.raises(DataError) as error:
            category.maker = maker
        assert str(error.value) == refusal("Category.maker", "default", maker, "default")
    db.configure(DATABASE_ROUTERS=[])


def test_routers_say_which_tables_belong_where(other: SimpleNamespace) -> None:
    """In Spruce's way or with Django's parameters; the first that has an opinion."""
    asked = []

    class Ours:
        def allow_migrate(self, alias: str, model: Any) -> bool | None:
            return False if model is other.Maker else None

    class Djangos:
        def allow_migrate(self, db: str, app_label: str, model_name: str | None = None, **hints: Any) -> bool | None:
            asked.append((db, app_label, model_name, hints))
            return db == "default"

    class Nothing:
        pass

    db.configure(DATABASE_ROUTERS=[Nothing(), Ours(), Djangos()])
    answers = [may_migrate(alias, model) for alias in ("default", "other") for model in (other.Maker, Pen)]
    assert answers == [False, True, False, False]
    assert asked == [(alias, "test_routing", "pen", {"model": Pen}) for alias in ("default", "other")]
    db.configure(DATABASE_ROUTERS=[])
    assert may_migrate("other", Pen)


@pytest.mark.parametrize(("module", "label"), [("shop.models", "shop"), ("shop.models.pens", "shop"), ("app", "app")])
def test_the_label_is_that_of_the_package(other: SimpleNamespace, module: str, label: str) -> None:
    """Unless Meta.app_label names one."""
    labels = []

    class Router:
        def allow_migrate(self, db: str, app_label: str, **hints: Any) -> None:
            labels.append(app_label)

    db.configure(DATABASE_ROUTERS=[Router()])
    meta = SimpleNamespace(app_label=None)
    may_migrate("default", type("Model", (), {"__module__": module, "_meta": meta}))
    meta.app_label = "own"
    may_migrate("default", type("Model", (), {"__module__": module, "_meta": meta}))
    assert labels == [label, "own"]
    db.configure(DATABASE_ROUTERS=[])


class Split:
    """Allows all, and notes which models it is asked for when something is written."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

    def db_for_write(self, model: Any, instance: Any = None, **hints: Any) -> None:
        self.asked.append((model.__name__, instance and type(instance).__name__))

    def allow_relation(self, obj1: Any, obj2: Any, **hints: Any) -> bool:
        return True


def test_what_routers_are_asked_about_many_to_many(other: SimpleNamespace) -> None:
    """The table in between for connections, the owner for members that are made."""
    pen, nib = Pen.objects.create(label="red"), Nib.objects.create(label="fine")
    router = Split()
    db.configure(DATABASE_ROUTERS=[router])
    for change in (lambda: pen.nibs.add(nib), lambda: pen.nibs.remove(nib), pen.nibs.clear):
        router.asked.clear()
        change()
        assert set(router.asked) == {("Pen_nibs", "Pen")}
    router.asked.clear()
    pen.nibs.create(label="broad")
    assert router.asked[0] == ("Pen", "Pen")
    db.configure(DATABASE_ROUTERS=[])


def test_objects_of_another_database_are_not_connected_by_a_statement(other: SimpleNamespace) -> None:
    """Which would change whatever row has their key there, or none."""
    db.configure(DATABASE_ROUTERS=[Split()])
    there = other.Category.objects.using("other").create(name="there")
    maker = other.Maker.objects.create(name="here")
    with pytest.raises(DataError) as error:
        maker.category_set.add(there)
    assert str(error.value) == (
        f"category_set.add(): {there!r} is not saved on the database 'default'. Save it there first, or use bulk=False."
    )
    db.configure(DATABASE_ROUTERS=[])


def test_an_object_that_was_loaded_in_part_is_saved_whole_elsewhere(other: SimpleNamespace) -> None:
    """What it lacks is loaded first."""
    made = other.Maker.objects.create(name="a", country="DE")
    part = other.Maker.objects.only("name").get(pk=made.pk)
    part.save(using="other")
    assert other.Maker.objects.using("other").get(pk=made.pk).country == "DE"


def test_a_manager_for_a_database(other: SimpleNamespace) -> None:
    """Methods of the program's own use that one too."""
    manager = other.Maker.objects.db_manager("other")
    manager.create(name="there")
    assert (manager.db, manager.count(), other.Maker.objects.count()) == ("other", 1, 0)
    assert manager.db_manager().count() == 0


def test_a_subquery_is_not_taken_to_another_database(other: SimpleNamespace) -> None:
    """Wherever it stands; it would find other rows there, or none."""
    makers, categories = other.Maker.objects, other.Category.objects
    elsewhere = makers.using("other").filter(name="a")
    pair = "the subquery is on the database 'other', and the query around it on 'default'. Let both use one, or take"
    counted = elsewhere.values("name")[:1]
    for query in (
        categories.filter(maker__in=elsewhere),
        categories.exclude(db.Q(name="x") | db.Q(maker__in=elsewhere)),
        categories.filter(db.Exists(elsewhere)),
        categories.annotate(one=db.Subquery(counted)),
        categories.filter(maker__in=makers.filter(pk__in=elsewhere)),
    ):
        with pytest.raises(DataError) as error:
            list(query)
        assert str(error.value).startswith(pair)
        assert list(query.using("other")) == []
    assert list(categories.filter(maker__in=list(elsewhere))) == []
    assert list(categories.filter(maker__in=makers.using("default"))) == []
    with pytest.raises(DataError):
        categories.filter(maker__in=elsewhere).delete()
