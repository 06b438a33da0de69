"""How many forms there are, as the client tells it."""

from spruce.forms.managementform import INITIAL, LEAST, MOST, TOTAL, ManagementForm


def test_counts_are_read() -> None:
    """Those that only bound what is shown need not come."""
    form = ManagementForm({TOTAL: "3", INITIAL: "1", MOST: "9"})
    assert form.is_valid()
    assert form.cleaned_data == {TOTAL: 3, INITIAL: 1, LEAST: None, MOST: 9}


def test_missing_and_negative_counts_are_0() -> None:
    """What is missing is told besides."""
    assert ManagementForm({}).errors.keys() == {TOTAL, INITIAL}
    form = ManagementForm({TOTAL: "-2", INITIAL: "x"})
    assert form.errors.keys() == {INITIAL}
    assert (form.cleaned_data[TOTAL], form.cleaned_data[INITIAL]) == (0, 0)


def test_it_is_hidden_and_has_no_summary() -> None:
    """Four inputs that nobody sees."""
    page = str(ManagementForm({}))
    assert page.count('type="hidden"') == 4
    assert "error-summary" not in page
