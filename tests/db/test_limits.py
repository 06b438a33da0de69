"""limit_choices_to: which rows a relation may point to."""

from typing import Any

import pytest

from spruce import db
from spruce.db.limits import limited
from spruce.errors import ValidationError


class Tool(db.Model):
    name = db.CharField(max_length=20)
    works = db.BooleanField(default=True)

    class Meta:
        db_table = "t_limits_tool"


class Use(db.Model):
    tool = db.ForeignKey(Tool, on_delete=db.CASCADE, related_name="uses", limit_choices_to={"works": True})
    hours = db.IntegerField(default=1)

    class Meta:
        db_table = "t_limits_use"


@pytest.fixture(autouse=True)
def tools() -> list[Tool]:
    db.create_all()
    made = [Tool.objects.create(name="saw"), Tool.objects.create(name="axe", works=False)]
    for _ in range(2):
        Use.objects.create(tool=made[0])
    return made


@pytest.mark.parametrize(
    "limit",
    [{"works": True}, db.Q(works=True), lambda: {"works": True}, lambda: db.Q(works=True), {"uses__hours": 1}],
)
def test_a_limit_is_a_dict_a_q_or_a_function(limit: Any) -> None:
    """And finds each row once, although two of its uses fit."""
    assert [tool.name for tool in limited(Tool.objects.all(), limit)] == ["saw"]


@pytest.mark.parametrize("limit", [None, {}, dict])
def test_no_limit_is_all(limit: Any) -> None:
    """None, nothing, or a function that gives nothing."""
    assert limited(Tool.objects.all(), limit).count() == 2


def test_full_clean_refuses_what_is_not_offered(tools: list[Tool]) -> None:
    """By one query; what is offered is fine."""
    Use(tool=tools[0]).full_clean()
    with pytest.raises(ValidationError) as refused:
        Use(tool=tools[1]).full_clean()
    assert refused.value.by_field() == {"tool": [f"tool instance with id {tools[1].pk} is not a valid choice."]}
    Use(tool=tools[1]).full_clean(exclude=["tool"])
