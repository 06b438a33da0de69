"""What can go wrong with files: names of ours, and of the standard library's for those who catch these."""

import pytest

from spruce.errors import FileMissing, SpruceError, StorageError, UnsafeName


@pytest.mark.parametrize(
    ("error", "also"), [(StorageError, OSError), (FileMissing, FileNotFoundError), (UnsafeName, ValueError)]
)
def test_errors_of_files_are_what_open_raises_too(error: type[SpruceError], also: type[Exception]) -> None:
    """So that code which opens files catches them as it is."""
    raised = error("what", hint="Do this.")
    assert (str(raised), isinstance(raised, StorageError), isinstance(raised, also)) == ("what. Do this.", True, True)
