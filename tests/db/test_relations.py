"""Foreign keys: their declarations, and the other side."""

from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from spruce import db
from spruce.db.databases import current
from spruce.db.schema import tables_of
from spruce.errors import DataError, IntegrityError, ModelError, ValidationError


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: db.ForeignKey("self", "CASCADE"),  # type: ignore[call-overload] # the point of the test
         "ForeignKey: on_delete is one of CASCADE, PROTECT, SET_NULL …, not 'CASCADE'"),
        (lambda: db.ForeignKey("self", db.SET_NULL), "ForeignKey: on_delete=SET_NULL needs null=True"),
        (lambda: db.ForeignKey(int, db.CASCADE),
         "ForeignKey takes a model with a table, or the name of one, not <class 'int'>"),
    ],
)  # fmt: skip
def test_declarations_that_cannot_work(make: Any, message: str) -> None:
    """Are refused where they stand."""
    with pytest.raises(ModelError) as refused:
        make()
    assert str(refused.value) == message


def test_the_other_side_needs_names_that_differ(shop: SimpleNamespace) -> None:
    """From fields there, and from each other."""
    for name, message in (
        ("name", "Clash.maker would be 'name' on Maker, which has a field of that name. "
                 "Give the ForeignKey another related_name."),
        ("category_set", "Clash.maker and Category.maker would both be 'category_set' on Maker. "
                         "Give one of them another related_name."),
    ):  # fmt: skip
        with pytest.raises(ModelError) as refused:
            type(db.Model)(
                "Clash",
                (db.Model,),
                {
                    "__module__": __name__,
                    "Meta": type("Meta", (), {"db_table": f"t_clash_{name}"}),
                    "maker": db.ForeignKey(shop.Maker, on_delete=db.CASCADE, related_name=name),
                },
            )
        assert str(refused.value) == message


class Sheet(db.Model):
    number = db.IntegerField(primary_key=True, db_column="Sheet Number")
    made = db.DateField()

    class Meta:
        db_table = "t_sheet"
        get_latest_by = "made"


class Remark(db.Model):
    sheet = db.ForeignKey(Sheet, on_delete=db.CASCADE, related_name="%(class)s_list", related_query_name="%(class)s")
    other = db.ForeignKey(Sheet, on_delete=db.CASCADE, null=True, db_constraint=False, related_name="+")

    class Meta:
        abstract = True


class Praise(Remark):
    class Meta:
        db_table = "t_praise"


class Blame(Remark):
    third = db.ForeignKey(Sheet, on_delete=db.CASCADE, null=True)

    class Meta:
        db_table = "t_blame"
        default_related_name = "blamed"


class PraiseSeen(db.Model):
    """The same table, which is made by the other model."""

    sheet = db.IntegerField(db_column="sheet_id")

    class Meta:
        db_table = "t_praise"
        managed = False


def test_a_key_whose_column_is_called_otherwise_can_be_pointed_to(shop: SimpleNamespace) -> None:
    """Also by spaces."""
    sheet = Sheet.objects.create(number=7, made=date(2024, 1, 1))
    made = Praise.objects.create(sheet=sheet)
    assert Praise.objects.select_related("sheet").get(sheet__made__year=2024).sheet == sheet
    with pytest.raises(IntegrityError), db.atomic():
        Praise.objects.create(sheet_id=8)
    assert Sheet.objects.get(praise=made) == sheet


def test_names_of_relations_of_abstract_models_hold_the_models_name(shop: SimpleNamespace) -> None:
    """For objects and queries; others are given by Meta."""
    sheet = Sheet.objects.create(number=7, made=date(2024, 1, 1))
    praise, blame = sheet.praise_list.create(), sheet.blame_list.create(third=sheet)
    assert (list(sheet.praise_list.all()), list(sheet.blame_list.all())) == ([praise], [blame])
    assert list(sheet.blamed.all()) == [blame]
    assert Sheet.objects.filter(praise=praise, blamed=blame).get() == sheet


def test_a_key_without_a_constraint(shop: SimpleNamespace) -> None:
    """May point to a row that is not there."""
    sheet = Sheet.objects.create(number=7, made=date(2024, 1, 1))
    assert Praise.objects.create(sheet=sheet, other_id=8).pk is not None
    assert [each.column.name for each in Praise.__table__.foreign_keys] == ["Sheet Number"]


def test_latest_by_what_meta_says(shop: SimpleNamespace) -> None:
    for number, day in ((1, 3), (2, 9), (3, 5)):
        Sheet.objects.create(number=number, made=date(2024, 1, day))
    assert (Sheet.objects.latest().pk, Sheet.objects.earliest().pk) == (2, 1)


def test_a_table_that_is_not_managed_is_not_made(shop: SimpleNamespace) -> None:
    """And may be that of another model."""
    Praise.objects.create(sheet=Sheet.objects.create(number=7, made=date(2024, 1, 1)))
    assert PraiseSeen.objects.get().sheet == 7
    assert PraiseSeen.__table__ not in tables_of(current()["default"])
    assert Praise.__table__ in tables_of(current()["default"])


class Country(db.Model):
    name = db.CharField(max_length=20)
    code = db.CharField(max_length=2, unique=True)
    calling = db.IntegerField(null=True)

    class Meta:
        db_table = "t_country"
        constraints = (db.UniqueConstraint(fields=["calling"], name="t_country_calling"),)

    def __str__(self) -> str:
        return self.code


class Town(db.Model):
    name = db.CharField(max_length=20)
    country = db.ForeignKey(Country, on_delete=db.CASCADE, to_field="code", null=True, related_name="towns")
    reached_by = db.ForeignKey(
        Country, on_delete=db.SET_NULL, to_field="calling", null=True, related_name="+", limit_choices_to={"code": "DE"}
    )
    twins = db.ManyToManyField(Country, through="Twin", related_name="twin_towns")

    class Meta:
        db_table = "t_town"
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Twin(db.Model):
    town = db.ForeignKey(Town, on_delete=db.CASCADE)
    country = db.ForeignKey(Country, on_delete=db.CASCADE, to_field="code")

    class Meta:
        db_table = "t_twin"


class Anthem(db.Model):
    country = db.OneToOneField(Country, on_delete=db.CASCADE, to_field="code")

    class Meta:
        db_table = "t_anthem"


class Hymn(db.Model):
    anthem = db.OneToOneField(Anthem, on_delete=db.CASCADE, primary_key=True)

    class Meta:
        db_table = "t_hymn"


@pytest.fixture
def world(shop: SimpleNamespace) -> SimpleNamespace:
    """Two countries with towns."""
    shop.de = Country.objects.create(pk=10, name="Germany", code="de", calling=49)
    shop.cn = Country.objects.create(pk=20, name="China", code="cn", calling=86)
    shop.towns = [Town.objects.create(name=n, country=c) for n, c in (("Giengen", shop.de), ("Wuhan", shop.cn))]
    return shop


def test_a_foreign_key_to_another_unique_field_holds_its_values(world: SimpleNamespace) -> None:
    """The attribute, the column, and what it can be compared with."""
    giengen = Town.objects.get(name="Giengen")
    assert (giengen.country_id, giengen.country) == ("de", world.de)
    for condition in ({"country": world.de}, {"country": "de"}, {"country_id": "de"}, {"country__in": [world.de]},
                      {"country__pk": 10}, {"country__code__startswith": "d"}, {"country__name": "Germany"},
                      {"country__in": Country.objects.filter(pk=10)}, {"country": Country.objects.filter(pk=10)[:1]},
                      {"country__in": Country.objects.filter(pk=10).values("code")}):  # fmt: skip
        assert list(Town.objects.filter(**condition)) == [giengen], condition
    assert list(Town.objects.filter(db.Q(country=world.de) | db.Q(country__in={world.cn}))) == world.towns
    assert list(Town.objects.exclude(country=world.de)) == world.towns[1:]
    assert Country.objects.get(towns=giengen) == world.de
    assert list(Town.objects.order_by("country").values_list("country", "country__pk")) == [("cn", 20), ("de", 10)]


def test_a_query_stands_for_its_keys(world: SimpleNamespace) -> None:
    """Where it is compared with a relation that is a key itself, too."""
    anthem = Anthem.objects.create(country=world.de)
    assert Anthem.objects.filter(pk__in=Anthem.objects.filter(country="de")).get() == anthem
    hymn = Hymn.objects.create(anthem=anthem)
    assert Hymn.objects.filter(anthem__in=Hymn.objects.filter(anthem=anthem)).get() == hymn


def test_its_own_column_is_asked_where_it_can_be(world: SimpleNamespace, queries: list[str]) -> None:
    list(Town.objects.filter(country__code="de"))
    list(Town.objects.values_list("country__code"))
    assert [sql for sql in queries if "JOIN" in sql] == []


@pytest.mark.parametrize("load", [None, "select", "prefetch"])
def test_what_it_points_to_is_loaded_at_once(world: SimpleNamespace, queries: list[str], load: str | None) -> None:
    """In one query, for all rows of a result, however it is asked for; from the other side too."""
    Anthem.objects.create(country=world.de)
    towns = Town.objects.all()
    loaded = {None: towns, "select": towns.select_related("country"), "prefetch": towns.prefetch_related("country")}
    countries = Country.objects.order_by("code")
    others = {None: countries, "select": countries.select_related("anthem"),
              "prefetch": countries.prefetch_related("anthem")}  # fmt: skip
    queries.clear()
    assert [each.country for each in loaded[load]] == [world.de, world.cn]
    assert [hasattr(each, "anthem") for each in others[load]] == [False, True]
    assert len(queries) == (2 if load == "select" else 4)


def test_the_other_side_is_a_manager_of_those_with_its_value(world: SimpleNamespace) -> None:
    """Which makes, moves and frees them."""
    made = world.de.towns.create(name="Ulm")
    assert (made.country_id, [each.name for each in world.de.towns.all()]) == ("de", ["Giengen", "Ulm"])
    world.cn.towns.add(made)
    assert Town.objects.get(name="Ulm").country_id == "cn"
    with pytest.raises(Country.DoesNotExist):
        world.de.towns.remove(made)
    world.cn.towns.remove(made)
    assert Town.objects.get(name="Ulm").country_id is None
    world.de.towns.set(Town.objects.all())
    known = Country.objects.prefetch_related("towns").order_by("code")
    assert [[town.name for town in each.towns.all()] for each in known] == [[], ["Giengen", "Ulm", "Wuhan"]]
    assert list(Country.objects.create(name="new", code="").towns.all()) == []


def test_rows_that_point_by_another_field_go_with_what_they_point_to(world: SimpleNamespace) -> None:
    """Or lose it, as on_delete says; updates take objects."""
    assert Town.objects.update(reached_by=world.cn) == 2
    assert Town.objects.filter(reached_by=86).count() == 2
    assert world.cn.delete() == (2, {"Town": 1, "Country": 1})
    assert list(Town.objects.values_list("name", "reached_by")) == [("Giengen", None)]


def test_an_object_that_is_not_saved_yet_is_no_goal(world: SimpleNamespace) -> None:
    """Even if it has the value already; once saved, it is."""
    new = Country(name="France", code="fr")
    town = Town(name="Lyon", country=new)
    with pytest.raises(DataError) as refused:
        town.save()
    assert str(refused.value) == "Town.country is a Country that is not saved yet. Call its save() first."
    new.save()
    town.save()
    assert Town.objects.get(name="Lyon").country == new


def test_a_row_between_may_know_its_ends_by_other_fields(world: SimpleNamespace) -> None:
    """All that the manager of a ManyToManyField does goes by these."""
    giengen = world.towns[0]
    giengen.twins.add(world.cn)
    assert Twin.objects.get().country_id == "cn"
    assert list(giengen.twins.all()) == [world.cn]
    assert list(world.cn.twin_towns.all()) == [giengen]
    assert [list(each.twins.all()) for each in Town.objects.prefetch_related("twins")] == [[world.cn], []]
    giengen.twins.set([world.de])
    world.de.twin_towns.add(world.towns[1])
    assert list(Town.objects.filter(twins=world.de)) == world.towns
    giengen.twins.remove("de")
    assert list(world.de.twin_towns.all()) == world.towns[1:]


def test_rows_are_dumped_checked_and_refreshed_by_it(world: SimpleNamespace) -> None:
    """Its values stand for the objects."""
    assert [item["fields"]["country"] for item in db.dump_data([Town])] == ["de", "cn"]
    town = Town.objects.get(name="Wuhan")
    town.reached_by = world.cn
    with pytest.raises(ValidationError) as refused:
        town.clean_fields()
    assert refused.value.messages == ["country instance with calling 86 is not a valid choice."]
    town.refresh_from_db()
    assert town.reached_by is None


@pytest.mark.parametrize(
    ("to_field", "message"),
    [
        ("cod", "Bad.country: to_field='cod' is no field of Country; did you mean 'code'? "
                "It names a unique field in the table of the model that the relation points to."),
        ("name", "Bad.country: to_field='name' is not unique, so a value of it may be of several rows of Country. "
                 "Declare Country.name with unique=True, or leave out to_field to point to the primary key."),
    ],
)  # fmt: skip
def test_a_to_field_that_cannot_be(to_field: str, message: str) -> None:
    """Is refused where the model is declared."""
    body = {"__module__": __name__, "country": db.ForeignKey(Country, db.CASCADE, to_field=to_field)}
    with pytest.raises(ModelError) as refused:
        type(db.Model)("Bad", (db.Model,), body)
    assert str(refused.value) == message
