"""The scripts are tested by what they do, in test_records.py; here, that Redis reads each."""

import pytest

from spruce.tasks.celeryfront import CeleryFront
from spruce.tasks.recordscripts import SCRIPTS


@pytest.mark.parametrize("name", list(SCRIPTS))
def test_redis_reads_it(front: CeleryFront, name: str) -> None:
    assert len(front.records.client.script_load(SCRIPTS[name])) == 40
