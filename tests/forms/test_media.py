"""Style sheets and scripts."""

from pathlib import Path

import pytest
from markupsafe import Markup

from spruce import App, forms
from spruce.forms import Media


def test_tags_of_paths_and_urls() -> None:
    """In the order of media, then scripts."""
    media = Media(
        css={"print": ["p.css"], "all": ["/a.css"]}, js=["https://x.y/b.js?a&b", Markup("<script>1</script>")]
    )
    assert str(media).split("\n") == [
        '<link href="/a.css" media="all" rel="stylesheet">',
        '<link href="/static/p.css" media="print" rel="stylesheet">',
        '<script src="https://x.y/b.js?a&amp;b"></script>',
        "<script>1</script>",
    ]
    assert str(media["css"]).count("<link") == 2
    with pytest.raises(KeyError, match="media is of the types css and js, not 'png'"):
        media["png"]
    assert repr(Media(js=["a"])) == "Media(css={}, js=['a'])"


def test_two_media_become_one_in_an_order_that_fits() -> None:
    """What stands before something in one of them stays before it."""
    both = Media(js=["a", "c"]) + Media(js=["b", "c"]) + Media(js=["a", "b"])
    assert both._js == ["a", "b", "c"]
    assert sorted((Media(js=["a", "b"]) + Media(js=["b", "a"]))._js) == ["a", "b"]


def test_classes_inherit_media() -> None:
    """All of it, none, or one kind."""

    class Picker(forms.TextInput):
        class Media:
            css = {"all": ["p.css"]}  # noqa: RUF012 - as users write it
            js = ["p.js"]  # noqa: RUF012 - as users write it

    class Extended(Picker):
        class Media:
            js = ["e.js"]  # noqa: RUF012 - as users write it

    class Alone(Picker):
        class Media:
            extend = False
            js = ["e.js"]  # noqa: RUF012 - as users write it

    class Styled(Picker):
        class Media:
            extend = ("css",)

    assert Extended().media._js == ["p.js", "e.js"]
    assert (Alone().media._js, Alone().media._css) == (["e.js"], {})
    assert (Styled().media._js, Styled().media._css) == ([], {"all": ["p.css"]})

    class Form(forms.Form):
        a = forms.CharField(widget=Picker)
        b = forms.MultiValueField([], widget=forms.MultiWidget([Extended]))

    assert Form().media._js == ["p.js", "e.js"]
    assert forms.formset_factory(Form)().media._js == ["p.js", "e.js"]


def test_files_of_the_app_have_their_hash(tmp_path: Path) -> None:
    """And those that aren't there stay as they are written."""
    (tmp_path / "static").mkdir()
    (tmp_path / "static/a.js").write_text("1")
    app = App(__name__, root_path=str(tmp_path))
    with app.app_context(), app.test_request_context("/"):
        assert str(Media(js=["a.js"])) == '<script src="/static/a.6b86b273ff34.js"></script>'
        assert Media().absolute_path("b.js") == "/static/b.js"
