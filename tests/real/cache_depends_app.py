"""An app whose page depends on the database, for several workers: see test_cache_depends.py."""

import os

from spruce import App, cache_page, db, green

app = App(
    __name__,
    DATABASES={"default": os.environ["DATABASE"]},
    CACHES={"default": {"LOCATION": os.environ["CACHE"], "KEY_PREFIX": "depends"}},
    CACHE_DEPENDS=["default"],
)


class Item(db.Model):
    """What the page shows."""

    name = db.CharField(max_length=20)
    count = db.IntegerField(default=0)


class Visit(db.Model):
    """One for each time that the page was made."""

    page = db.CharField(max_length=20)


def shown() -> dict[str, object]:
    return {"items": [[item.pk, item.name, item.count] for item in Item.objects.order_by("id")]}


@app.get("/kept")
@cache_page(600, depends="auto")
def kept() -> dict[str, object]:
    return shown()


@app.get("/fresh")
def fresh() -> dict[str, object]:
    return {**shown(), "worker": os.getpid()}


@app.get("/slow")
@cache_page(600, depends="auto")
def slow() -> dict[str, object]:
    green.sleep(0.3)
    Visit.objects.create(page="slow")
    return {"made": True}


@app.get("/visits")
def visits() -> dict[str, int]:
    return {"visits": Visit.objects.count()}


@app.post("/change/<int:number>")
def change(number: int) -> dict[str, object]:
    match number % 4:
        case 0:
            Item.objects.create(name=f"item {number}")
        case 1:
            Item.objects.filter(pk=number % 7 + 1).update(count=db.F("count") + 1)
        case 2:
            with db.atomic():
                Item.objects.all().update(name=f"named {number}")
                Item.objects.filter(count__gt=3).delete()
        case _:
            db.execute("UPDATE item SET count = count + 1")
    return {"worker": os.getpid()}
