"""What a database refuses of a user's values, as answers."""

from collections.abc import Iterator

import pytest

from spruce import App, config, db
from spruce.errors import ValidationError
from spruce.web import request, user_values


class Pet(db.Model):
    name = db.CharField(max_length=5, unique=True)
    kind = db.CharField(max_length=9, default="cat")
    age = db.IntegerField(default=1)
    owner = db.ForeignKey("self", on_delete=db.PROTECT, null=True)

    class Meta:
        db_table = "t_v_pet"
        constraints = (
            db.CheckConstraint(condition=db.Q(age__gte=0), name="born"),
            db.UniqueConstraint(fields=["kind", "age"], name="one_of_an_age"),
        )

    def clean(self) -> None:
        if self.kind == "dog":
            raise ValidationError("No dogs.")


@pytest.fixture
def app() -> Iterator[App]:
    """An app that stores what it is sent."""
    before = config.current()
    app = App(__name__, DATABASES={"default": "sqlite://"}, TESTING=True)

    @app.post("/pets")
    def add() -> str:
        with user_values({"owner_id": "owner"}):
            pet = Pet(**request.json)
            if pet.kind == "dog":
                pet.full_clean()
            pet.save()
        return "added"

    @app.post("/pets/<int:number>/delete")
    @user_values()
    def remove(number: int) -> str:
        Pet.objects.get(pk=number).delete()
        return "removed"

    @app.post("/careless")
    def careless() -> str:
        Pet.objects.create(**request.json)
        return "added"

    with app.app_context():
        db.create_all(models=[Pet])
        Pet.objects.create(name="Tom")
        yield app
    config.install(before)


@pytest.mark.parametrize(
    ("sent", "status", "fields"),
    [
        ({"name": "Tom", "age": 3}, 409, {"name": "is taken already"}),
        ({"name": "Kit", "age": 1}, 409, {"kind": "are taken already together", "age": "are taken already together"}),
        ({"name": "Garfield"}, 422, {"name": "it has 8 characters, and max_length is 5"}),
        ({"name": None}, 422, {"name": "is required"}),
        ({"name": "Kit", "age": "old"}, 422, {"age": "it is no whole number"}),
        ({"name": "Kit", "age": -1}, 422, {"born": "is not allowed"}),
        ({"name": "Kit", "age": 7, "owner_id": 99}, 422, {"__all__": "refers to something that does not exist"}),
        ({"name": "Kit", "age": 7, "owner_id": "x"}, 422, {"owner": "it is no object or key"}),
        ({"name": "Rex", "age": 8, "kind": "dog"}, 422, {"__all__": "No dogs."}),
    ],
)
def test_a_users_values_are_answered(app: App, sent: dict[str, object], status: int, fields: dict[str, str]) -> None:
    """With a text for each field; nothing is stored."""
    answer = app.test_client().post("/pets", json=sent)
    assert (answer.status_code, answer.json["fields"]) == (status, fields)
    assert Pet.objects.count() == 1


def test_what_others_refer_to_is_kept(app: App) -> None:
    """409, as a decorator too."""
    tom = Pet.objects.get()
    Pet.objects.create(name="Kit", age=2, owner=tom)
    answer = app.test_client().post(f"/pets/{tom.pk}/delete", json={})
    assert (answer.status_code, answer.json["detail"]) == (409, "Other things still refer to this.")


def test_elsewhere_it_is_a_fault_of_the_program(app: App) -> None:
    """Which is not hidden."""
    app.config["TESTING"] = False
    answer = app.test_client().post("/careless", json={"name": "Tom"})
    assert answer.status_code == 500
