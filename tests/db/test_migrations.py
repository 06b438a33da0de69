"""Migrations on each database: written from the models, run, undone; rows survive."""

import datetime as dt
import uuid
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.db.evolving import KINDS, declare, evolving, url_of_empty

from spruce import db
from spruce.config import Settings
from spruce.db import postgres
from spruce.db.autodetect import Answers
from spruce.db.databases import current
from spruce.db.migrations import Migrations
from spruce.errors import IntegrityError, MigrationError, ModelError, OperationalError

UNDONE = {
    **dict.fromkeys(("sqlite", "postgresql"), "Nothing was changed: all steps are one transaction."),
    "mariadb": "MariaDB and MySQL commit each step by itself: what stands before it in the migration was done.",
}


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return url_of_empty(request, tmp_path)


@pytest.fixture(autouse=True)
def settings(database_url: str) -> Iterator[Settings]:
    with evolving(database_url) as made:
        yield made


def product(**changes: Any) -> dict[str, Any]:
    fields = {"name": db.CharField(max_length=80), "price": db.DecimalField(max_digits=10, decimal_places=2)}
    return {name: field for name, field in {**fields, **changes}.items() if field is not None}


@pytest.fixture
def migrations(tmp_path: Path) -> Migrations:
    return Migrations(tmp_path / "migrations")


def migrate(migrations: Migrations, message: str, answers: Answers | None = None) -> str:
    """Write a migration and run it; its text."""
    made = migrations.make(message, answers=answers)
    assert made is not None
    assert [step.message for step in migrations.upgrade()] == [message]
    assert migrations.check() == []
    return made.path.read_text()


class Says(Answers):
    """Answers from the test."""

    def __init__(self, renamed: Callable[[str, str], bool] = lambda old, new: True, value: Any = None) -> None:
        self.asked: list[str] = []
        self._renamed = renamed
        self._value = value

    def renamed(self, what: str, old: str, new: str) -> bool:
        self.asked.append(f"{what} {old} {new}")
        return self._renamed(old, new)

    def value(self, table: str, column: str) -> Any:
        self.asked.append(f"value {table} {column}")
        return self._value


def test_the_first_migration_makes_all_tables(migrations: Migrations) -> None:
    models = declare(
        Category={"name": db.CharField(max_length=50, unique=True)},
        Product=product(
            category=db.ForeignKey("Category", on_delete=db.CASCADE, null=True),
            tags=db.ManyToManyField("Category", related_name="tagged"),
            created=db.DateTimeField(auto_now_add=True),
            data=db.JSONField(default=dict),
            length=db.DurationField(null=True),
            token=db.UUIDField(null=True),
            body=db.BinaryField(null=True),
            score=db.FloatField(default=0.5, db_index=True),
            ok=db.BooleanField(default=False),
            stock=db.PositiveIntegerField(default=0),
            day=db.DateField(null=True),
            clock=db.TimeField(null=True),
            text=db.TextField(default=""),
        ),
    )
    text = migrate(migrations, "first")
    assert "types.ExactDecimal(10, 2)" in text
    assert "###" not in text
    assert migrations.make("nothing") is None
    toys = models["Category"].objects.create(name="toys")
    made = models["Product"].objects.create(name="Panda", price="19.90", category=toys)
    made.tags.add(toys)
    assert models["Product"].objects.get(tags__name="toys").price == Decimal("19.90")
    assert [(step.message, step.applied) for step in migrations.history()] == [("first", True)]
    assert [step.applied for step in migrations.downgrade("base")] == [False]
    assert [(step.message, step.applied) for step in migrations.history()] == [("first", False)]
    with pytest.raises(OperationalError):
        models["Product"].objects.count()


def test_columns_come_and_go_and_rows_stay(migrations: Migrations) -> None:
    models = declare(Product=product(old=db.TextField(default="x")))
    migrate(migrations, "first")
    models["Product"].objects.create(name="Panda", price="19.90")
    models = declare(
        Product=product(
            weight=db.DecimalField(max_digits=6, decimal_places=3, default="1.5"),
            note=db.TextField(null=True),
            code=db.CharField(max_length=10, default="?", db_index=True),
            day=db.DateField(default=dt.date(2026, 1, 2)),
            token=db.UUIDField(default=uuid.UUID(int=3)),
        )
    )
    text = migrate(migrations, "second")
    assert ".update().values({'weight': Decimal('1.500')})" in text
    found = models["Product"].objects.get(code="?")
    assert (found.name, found.price, found.weight, found.note) == ("Panda", Decimal("19.90"), Decimal("1.500"), None)
    assert (found.day, found.token) == (dt.date(2026, 1, 2), uuid.UUID(int=3))
    migrations.downgrade("-1")
    assert migrations.check() == [f"the database lacks the migration {migrations.history()[1].revision}"]
    migrations.upgrade()
    assert models["Product"].objects.get().price == Decimal("19.90")


def test_a_column_may_have_been_renamed(migrations: Migrations) -> None:
    models = declare(Product=product())
    migrate(migrations, "first")
    models["Product"].objects.create(name="Panda", price="19.90")
    models = declare(Product=product(name=None, title=db.CharField(max_length=80)))
    answers = Says()
    migrate(migrations, "title", answers)
    assert answers.asked == ["column product.name title"]
    assert models["Product"].objects.get().title == "Panda"
    migrations.downgrade("-1")
    migrations.upgrade()
    assert models["Product"].objects.get().title == "Panda"


def test_a_column_that_was_not_renamed_needs_a_value(migrations: Migrations) -> None:
    models = declare(Product=product())
    migrate(migrations, "first")
    models["Product"].objects.create(name="Panda", price="19.90")
    models = declare(Product=product(name=None, title=db.CharField(max_length=80)))
    with pytest.raises(MigrationError) as caught:
        migrations.make("title")
    assert str(caught.value) == (
        "product.title is new, must not be null and has no default, so rows that exist have no value. Give the field a "
        "default, or null=True, or answer the question at a terminal."
    )
    answers = Says(lambda old, new: False, value="untitled")
    migrate(migrations, "title", answers)
    assert answers.asked == ["column product.name title", "value product title"]
    assert models["Product"].objects.get().title == "untitled"


def test_a_table_may_have_been_renamed(migrations: Migrations) -> None:
    models = declare(Product=product(name=db.CharField(max_length=80, db_index=True)))
    migrate(migrations, "first")
    models["Product"].objects.create(name="Panda", price="19.90")
    models = declare(Article=product(name=db.CharField(max_length=80, db_index=True)))
    answers = Says()
    migrate(migrations, "articles", answers)
    assert answers.asked == ["table product article"]
    assert models["Article"].objects.get().name == "Panda"


def test_constraints_are_called_after_a_renamed_table(migrations: Migrations) -> None:
    """Nothing is left to do for the next migration, also on the way back."""

    def fields() -> dict[str, Any]:
        return product(
            name=db.CharField(max_length=80, unique=True), maker=db.ForeignKey("Maker", on_delete=db.CASCADE)
        )

    maker = {"name": db.CharField(max_length=20)}
    models = declare(Maker=maker, Product=fields())
    migrate(migrations, "first")
    owner = models["Maker"].objects.create(name="Steiff")
    models["Product"].objects.create(name="Panda", price="19.90", maker=owner)
    models = declare(Maker={"name": db.CharField(max_length=20)}, Article=fields())
    text = migrate(migrations, "articles", Says())
    assert "product_name_key" in text
    assert "article_maker_id_fkey" in text
    assert migrations.check() == []
    assert models["Article"].objects.get().maker.name == "Steiff"
    migrations.downgrade("-1")
    migrations.upgrade()
    assert migrations.check() == []
    assert models["Article"].objects.get().name == "Panda"


def test_a_type_may_change(migrations: Migrations) -> None:
    models = declare(Product=product(name=db.CharField(max_length=10)))
    migrate(migrations, "first")
    models["Product"].objects.create(name="Panda", price="19.90")
    models = declare(Product=product(name=db.TextField()))
    assert "VARCHAR(length=10)" in migrate(migrations, "longer")
    assert models["Product"].objects.get().name == "Panda"


def test_unique_and_foreign_keys_come_and_go(migrations: Migrations) -> None:
    declare(Maker={"name": db.CharField(max_length=20)}, Product=product())
    migrate(migrations, "first")
    models = declare(
        Maker={"name": db.CharField(max_length=20, unique=True)},
        Product=product(maker=db.ForeignKey("Maker", on_delete=db.PROTECT, null=True)),
    )
    migrate(migrations, "keys")
    models["Product"].objects.create(name="Panda", price=1, maker=models["Maker"].objects.create(name="Steiff"))
    declare(Maker={"name": db.CharField(max_length=20)}, Product=product())
    migrate(migrations, "no keys")


def test_tables_of_others_are_left_alone(migrations: Migrations) -> None:
    declare(Product=product())
    current()["default"].driver.change("CREATE TABLE theirs (id INTEGER)", ())
    assert "theirs" not in migrate(migrations, "first")
    declare(Other=product())
    text = migrate(migrations, "product goes", Says(lambda old, new: False))
    assert "drop_table('product')" in text
    assert "theirs" not in text


def test_a_failing_migration_leaves_everything_as_it_was(migrations: Migrations) -> None:
    models = declare(Product=product())
    migrate(migrations, "first")
    models["Product"].objects.create(name="Panda", price="19.90")
    made = migrations.make("by hand", empty=True)
    assert made is not None
    made.path.write_text(
        made.path.read_text().replace(
            "def upgrade():\n    pass",
            "def upgrade():\n"
            "    op.execute('DELETE FROM product')\n"
            "    op.execute('SELECT no_such_column FROM product')",
        )
    )
    with pytest.raises(MigrationError, match=r"the database refuses: .*no_such_column") as caught:
        migrations.upgrade()
    assert str(caught.value.hint).startswith(UNDONE[current()["default"].dialect.name])
    assert models["Product"].objects.count() == 1
    assert [step.applied for step in migrations.history()] == [True, False]


def test_data_migrations_see_tables_as_they_were(migrations: Migrations) -> None:
    models = declare(Product=product())
    migrate(migrations, "first")
    models["Product"].objects.create(name="Panda", price="19.90")
    made = migrations.make("upper", empty=True)
    assert made is not None
    made.path.write_text(
        made.path.read_text().replace(
            "def upgrade():\n    pass",
            "def upgrade():\n"
            "    from spruce.db import migrations\n"
            "    product = migrations.table('product')\n"
            "    op.execute(product.update().values(name=sa.func.upper(product.c.name)))",
        )
    )
    migrations.upgrade()
    assert models["Product"].objects.get().name == "PANDA"


def test_the_sql_of_migrations_is_for_others_to_run(migrations: Migrations) -> None:
    declare(Product=product())
    made = migrations.make("first")
    assert made is not None
    sql = migrations.sql()
    assert "CREATE TABLE product" in sql
    assert "INSERT INTO spruce_migrations" in sql
    assert migrations.check() == [f"the database lacks the migration {migrations.history()[0].revision}"]


def test_sqlites_way_to_change_tables_cannot_be_printed(migrations: Migrations, database_url: str) -> None:
    declare(Product=product())
    migrate(migrations, "first")
    declare(Product=product(name=db.TextField()))
    migrate(migrations, "longer")
    if not database_url.startswith("sqlite"):
        change = "ALTER COLUMN name TYPE TEXT" if database_url.startswith("postgresql") else "MODIFY name LONGTEXT NOT"
        assert f"ALTER TABLE product {change}" in migrations.sql()
        return
    with pytest.raises(MigrationError) as caught:
        migrations.sql()
    assert caught.value.hint == "Run `spruce db upgrade` on a copy of the database."


def test_tables_that_create_all_has_made_can_be_taken_over(migrations: Migrations) -> None:
    declare(Product=product())
    made = migrations.make("first")
    assert made is not None
    db.create_all()
    with pytest.raises(MigrationError) as caught:
        migrations.upgrade()
    assert caught.value.hint == (
        f"{UNDONE[current()['default'].dialect.name]} If db.create_all() has made the tables, `spruce db stamp` "
        "says that they are there."
    )
    migrations.stamp()
    assert migrations.check() == []


def test_what_is_missing_is_said(migrations: Migrations) -> None:
    declare(Product=product())
    assert migrations.check() == ["there are no migrations yet: run `spruce db migrate -m first`"]
    assert migrations.history() == []
    with pytest.raises(MigrationError, match="there are no migrations in "):
        migrations.upgrade()
    migrations.make("first")
    with pytest.raises(MigrationError) as caught:
        migrations.make("second")
    assert caught.value.message.startswith("the database is at no migration, and the newest is ")
    with pytest.raises(MigrationError, match="Can't locate revision identified by 'nowhere'"):
        migrations.upgrade("nowhere")


def test_what_a_new_migration_would_do_is_told(migrations: Migrations) -> None:
    declare(Product=product())
    migrate(migrations, "first")
    declare(Product=product(note=db.TextField(null=True)))
    assert migrations.check() == ["add column: product, note"]


def test_types_of_postgresql(migrations: Migrations, database_url: str) -> None:
    """Arrays, ranges, vectors of words, indexes of other kinds and exclusion constraints come and stay."""
    if not database_url.startswith("postgresql"):
        return
    declare(
        Visit={
            "tags": postgres.ArrayField(db.DecimalField(max_digits=5, decimal_places=2), default=list),
            "days": postgres.DateRangeField(null=True),
            "words": postgres.SearchVectorField(null=True),
            "Meta": type(
                "Meta",
                (),
                {
                    "db_table": "visit",
                    "indexes": (postgres.GinIndex(fields=["words"], name="visit_words"),),
                    "constraints": (postgres.ExclusionConstraint(name="apart", expressions=[("days", "&&")]),),
                },
            ),
        }
    )
    text = migrate(migrations, "first")
    assert "arrays.ArrayType(types.ExactDecimal(5, 2))" in text
    assert "ranges.RangeType('daterange')" in text
    assert "searches.VectorType()" in text
    assert "postgresql_using='gin'" in text
    assert "apart" in text
    assert migrations.check() == []
    migrations.downgrade("base")


def test_constraints_of_some_rows_stay(migrations: Migrations) -> None:
    """Each database has its way to hold them, and none is told to do so twice."""
    constraint = db.UniqueConstraint(fields=["name"], condition=db.Q(price__gt=0), name="one_name")
    meta = type("Meta", (), {"constraints": (constraint,)})
    models = declare(Product=product(Meta=meta))
    migrate(migrations, "first")
    assert migrations.check() == []
    models["Product"].objects.create(name="a", price=0)
    models["Product"].objects.create(name="a", price=0)
    models["Product"].objects.create(name="a", price=1)
    with pytest.raises(IntegrityError):
        models["Product"].objects.create(name="a", price=1)


def limited(kind: str, name: str) -> Any:
    """A Meta with a constraint of a kind."""
    made = {
        "condition": lambda: db.UniqueConstraint(fields=["name"], condition=db.Q(price__gt=0), name=name),
        "expression": lambda: db.UniqueConstraint(db.Lower("name"), name=name),
        "fields": lambda: db.UniqueConstraint(fields=["name", "price"], name=name),
    }[kind]()
    return type("Meta", (), {"constraints": (made,)})


@pytest.mark.parametrize("kind", ["condition", "expression", "fields"])
def test_constraints_come_and_go_and_survive_renames(migrations: Migrations, kind: str) -> None:
    """In each direction, also of a table that is copied or called otherwise."""

    def twice(model: Any) -> None:
        model.objects.all().delete()
        model.objects.create(name="a", price=1)
        with pytest.raises(IntegrityError):
            model.objects.create(name="a", price=1)
        model.objects.all().delete()

    if kind == "expression" and current()["default"].dialect.name == "mariadb":
        declare(Product=product(Meta=limited(kind, "one")))
        with pytest.raises(ModelError) as caught:
            migrations.make("first")
        assert str(caught.value) == (
            "the constraint 'one' cannot be held by MariaDB, which has no unique indexes of expressions. "
            "Make it of a GeneratedField."
        )
        return
    twice(declare_and_migrate(migrations, "first", Product=product(Meta=limited(kind, "one"))))
    twice(declare_and_migrate(migrations, "second", Product=product(Meta=limited(kind, "two"))))
    twice(declare_and_migrate(migrations, "third", Product=product(price=db.FloatField(), Meta=limited(kind, "two"))))
    declare_and_migrate(migrations, "fourth", Product=product(price=db.FloatField()))
    migrations.downgrade("-3")
    migrations.upgrade()
    twice(declare_and_migrate(migrations, "fifth", Article=product(price=db.FloatField(), Meta=limited(kind, "two"))))
    twice(declare_and_migrate(migrations, "sixth", Item=product(price=db.FloatField(), Meta=limited(kind, "two"))))
    migrations.downgrade("-2")
    assert len(migrations.upgrade()) == 2
    assert migrations.check() == []


def declare_and_migrate(migrations: Migrations, message: str, **models: dict[str, Any]) -> Any:
    """Declare a model, write and run its migration; the model."""
    (made,) = declare(**models).values()
    migrate(migrations, message, Says())
    return made
