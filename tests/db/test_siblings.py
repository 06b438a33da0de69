"""Objects in an order that each owner keeps: places of new ones, neighbours, and the order as a whole."""

from types import SimpleNamespace

import pytest

from spruce import db
from spruce.errors import DataError, ModelError


class Question(db.Model):
    text = db.CharField(max_length=20)

    class Meta:
        db_table = "t_siblings_question"


class Answer(db.Model):
    text = db.CharField(max_length=20)
    question = db.ForeignKey(Question, on_delete=db.CASCADE, related_name="answers")

    class Meta:
        db_table = "t_siblings_answer"
        order_with_respect_to = "question"

    def __repr__(self) -> str:
        return self.text


@pytest.fixture
def asked(shop: SimpleNamespace) -> SimpleNamespace:
    """Two questions, one with three answers."""
    shop.first, shop.second = (Question.objects.create(text=text) for text in ("first", "second"))
    shop.answers = [Answer.objects.create(text=text, question=shop.first) for text in "abc"]
    return shop


def texts(question: Question) -> str:
    """The texts of a question's answers, in their order."""
    return "".join(question.answers.values_list("text", flat=True))


def test_a_new_object_comes_last_among_those_of_its_owner(asked: SimpleNamespace) -> None:
    """Many at once in the order given."""
    other = Answer(text="x", question=asked.second)
    other.full_clean()
    other.save()
    Answer.objects.bulk_create([Answer(text=t, question=q) for t, q in
                                (("d", asked.first), ("y", asked.second), ("e", asked.first))])  # fmt: skip
    assert (texts(asked.first), texts(asked.second)) == ("abcde", "xy")
    assert list(asked.second.answers.values_list("_order", flat=True)) == [0, 1]
    asked.answers[1].text = "B"
    asked.answers[1].save()
    assert texts(asked.first) == "aBcde"


def test_each_object_has_neighbours(asked: SimpleNamespace) -> None:
    """But for the ends."""
    a, b, c = asked.answers
    assert (a.get_next_in_order(), c.get_previous_in_order()) == (b, b)
    with pytest.raises(Answer.DoesNotExist, match=r"^c has no next in the order$"):
        c.get_next_in_order()
    with pytest.raises(DataError) as refused:
        Answer(text="new", question=asked.first).get_next_in_order()
    assert str(refused.value) == "new is not saved, so none is the next of it. Call its save() first."


def test_the_owner_tells_and_sets_the_order(asked: SimpleNamespace) -> None:
    """By keys; those of others are left alone."""
    a, b, c = asked.answers
    stranger = asked.second.answers.create(text="z")
    assert list(asked.first.get_answer_order()) == [a.pk, b.pk, c.pk]
    asked.first.set_answer_order([c.pk, stranger.pk, a.pk, b.pk])
    assert texts(asked.first) == "cab"
    assert Answer.objects.get(text="z")._order == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"order_with_respect_to": "text"},
         "Bad.Meta.order_with_respect_to names 'text', which is no relation of it. "
         "It takes the name of a ForeignKey or a GenericForeignKey."),
        ({"order_with_respect_to": "question", "ordering": ["text"]},
         "Bad.Meta has ordering and order_with_respect_to, which is an order itself. Leave one of them out."),
    ],
)  # fmt: skip
def test_options_that_cannot_be(options: dict[str, object], message: str) -> None:
    """Are refused where the model is declared."""
    body = {
        "__module__": __name__,
        "Meta": type("Meta", (), {"db_table": "t_siblings_bad", **options}),
        "text": db.TextField(),
        "question": db.ForeignKey(Question, db.CASCADE, related_name="+"),
    }
    with pytest.raises(ModelError) as refused:
        type(db.Model)("Bad", (db.Model,), body)
    assert str(refused.value) == message
