"""The pages of a model: templates of one's own, what is put into them, files that they need, Django's hooks."""

from pathlib import Path
from typing import Any

import pytest

from spruce import App, admin, forms
from spruce.auth import get_user_model
from spruce.auth.models import Permission
from spruce.web.client import Client

from .conftest import Line, Maker, Product, Tag, edited

MAKERS = "/admin/adminshop/maker"
PAGES = {
    "change_list_template": (f"{MAKERS}/", {}),
    "add_form_template": (f"{MAKERS}/add/", {}),
    "change_form_template": (f"{MAKERS}/1/change/", {}),
    "delete_confirmation_template": (f"{MAKERS}/2/delete/", {}),
    "object_history_template": (f"{MAKERS}/1/history/", {}),
    "delete_selected_confirmation_template": (f"{MAKERS}/", {"action": "delete_selected", "_selected_action": ["2"]}),
    "popup_response_template": (f"{MAKERS}/add/?_popup=1", {"name": "Lego"}),
}


@pytest.fixture
def templates(app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The program's own folder of templates."""
    folder = tmp_path / "own"
    folder.mkdir()
    app.jinja_env.loader  # noqa: B018 - it is made here
    monkeypatch.setattr(app, "template_folder", str(folder))
    return folder


@pytest.mark.parametrize("option", PAGES)
def test_each_page_may_have_a_template_of_its_own(
    root: Client, site: admin.AdminSite, templates: Path, option: str
) -> None:
    """A name, or several of which the first that exists is taken."""
    (templates / "own.html").write_text(f"own {option} of {{{{ site.name }}}}")
    site.unregister(Maker)
    site.register(Maker, **{option: "own.html" if option == "popup_response_template" else ["none.html", "own.html"]})
    path, data = PAGES[option]
    answer = root.post(path, data=data) if data else root.get(path)
    assert answer.text == f"own {option} of admin"


def test_a_template_may_be_for_a_model_or_for_a_part_of_the_program(root: Client, templates: Path) -> None:
    """As folders of that name have it; others' pages stay."""
    for folder in ("admin/adminshop/maker", "admin/adminshop"):
        (templates / folder).mkdir(parents=True, exist_ok=True)
    (templates / "admin/adminshop/maker/history.html").write_text("{{ admin.model.__name__ }}'s history")
    (templates / "admin/adminshop/delete.html").write_text("goes: {{ obj }}")
    (templates / "admin/adminshop/app_index.html").write_text("{{ title }}: {{ apps[0].models|length }}")
    assert root.get(f"{MAKERS}/1/history/").text == "Maker's history"
    assert root.get(f"{MAKERS}/2/delete/").text == root.get("/admin/adminshop/maker/2/delete/").text == "goes: 熊猫"
    assert "History of" in root.get("/admin/adminshop/product/1/history/").text
    assert root.get("/admin/adminshop/").text == "Adminshop: 4"


def test_views_take_what_templates_are_to_show(root: Client, site: admin.AdminSite, templates: Path) -> None:
    """`extra_context` of each page, as Django's views have it, and `form_url`."""
    (templates / "own.html").write_text(
        '{% extends "admin/change.html" %}{% block tools %}<i>{{ map }}</i>{% endblock %}'
    )
    (templates / "list.html").write_text(
        '{% extends "admin/changelist.html" %}{% block tools %}{{ total }}{% endblock %}'
    )
    (templates / "going.html").write_text("{{ reason }}")

    class Mapped(admin.ModelAdmin):
        change_form_template = "own.html"
        change_list_template = "list.html"
        delete_confirmation_template = object_history_template = "going.html"

        def changeform_view(
            self, request: Any, object_id: Any = None, form_url: str = "", extra_context: Any = None
        ) -> Any:
            return super().changeform_view(request, object_id, "/elsewhere/", {**(extra_context or {}), "map": "<map>"})

        def changelist_view(self, request: Any, extra_context: Any = None) -> Any:
            return super().changelist_view(request, {"total": "so many"})

        def delete_view(self, request: Any, object_id: Any, extra_context: Any = None) -> Any:
            return super().delete_view(request, object_id, {"reason": f"why {object_id}"})

        def history_view(self, request: Any, object_id: Any, extra_context: Any = None) -> Any:
            return super().history_view(request, object_id, {"reason": f"when {object_id}"})

    site.unregister(Maker)
    site.register(Maker, Mapped)
    for path in (f"{MAKERS}/add/", f"{MAKERS}/1/change/"):
        page = root.get(path).text
        assert "<i>&lt;map&gt;</i>" in page
        assert 'id="edit" action="/elsewhere/"' in page
    assert "so many" in root.get(f"{MAKERS}/").text
    assert (root.get(f"{MAKERS}/1/delete/").text, root.get(f"{MAKERS}/1/history/").text) == ("why 1", "when 1")


def test_files_that_pages_need(root: Client, site: admin.AdminSite) -> None:
    """Those of the class, of an inline, and of the widgets of fields, each once."""

    class Coloured(forms.TextInput):
        class Media:
            js = ("/colours.js",)

    class Lines(admin.TabularInline):
        model = Line

        class Media:
            js = ("/lines.js",)

    class Styled(admin.ModelAdmin):
        list_display = ("name", "slug")
        list_editable = ("slug",)
        formfield_overrides = {type(Product._meta.paths["slug"]): {"widget": Coloured}}  # noqa: RUF012 - as users write it
        inlines = (Lines,)

        class Media:
            css = {"all": ["/own.css"]}  # noqa: RUF012 - as users write it
            js = ("/own.js",)

    site.unregister(Product)
    site.register(Product, Styled)
    css, own = '<link href="/own.css" media="all" rel="stylesheet">', '<script src="/own.js"></script>'
    page = root.get("/admin/adminshop/product/1/change/").text
    assert [page.count(tag) for tag in (css, own)] == [1, 1]
    assert [page.count(f'<script src="/{name}.js"></script>') for name in ("colours", "lines")] == [1, 1]
    page = root.get("/admin/adminshop/product/").text
    assert [page.count(tag) for tag in (css, own)] == [1, 1]
    assert [page.count(f'<script src="/{name}.js"></script>') for name in ("colours", "lines")] == [1, 0]
    assert "own.css" not in root.get(f"{MAKERS}/1/change/").text


def test_hooks_may_take_their_options_as_keywords(root: Client, site: admin.AdminSite) -> None:
    """As Django's documentation writes them; what a hook says of a form holds when it is sent too."""
    seen = []

    class NameForm(forms.ModelForm):
        def clean_name(self) -> str:
            return str(self.cleaned_data["name"]).upper()

    class Lines(admin.TabularInline):
        model = Line

        def get_formset(self, request: Any, obj: Any = None, **kwargs: Any) -> Any:
            return super().get_formset(request, obj, **{**kwargs, "extra": 4})

        def get_max_num(self, request: Any, obj: Any = None, **kwargs: Any) -> Any:
            return 9

    class Hooked(admin.ModelAdmin):
        inlines = (Lines,)

        def get_form(self, request: Any, obj: Any = None, **kwargs: Any) -> Any:
            seen.append((str(obj), kwargs["change"]))
            return super().get_form(request, obj, **{**kwargs, "form": NameForm, "labels": {"name": "Called"}})

        def get_formsets_with_inlines(self, request: Any, obj: Any = None) -> Any:
            for formset, inline in super().get_formsets_with_inlines(request, obj):
                if obj is not None:
                    yield formset, inline

        def get_formset_kwargs(self, request: Any, obj: Any, inline: Any, prefix: str) -> Any:
            return {**super().get_formset_kwargs(request, obj, inline, prefix), "form_kwargs": {"label_suffix": "?"}}

    site.unregister(Product)
    site.register(Product, Hooked)
    path = "/admin/adminshop/product/1/change/"
    page = root.get(path).text
    assert 'name="lines-4-text"' in page
    assert 'name="lines-5-text"' not in page
    assert "Called" in page
    assert 'name="lines-0-text"' not in root.get("/admin/adminshop/product/add/").text
    assert root.post(path, data=edited(root, path, name="quiet")).status_code == 303
    assert Product.__name__ == "Product"
    assert "QUIET" in root.get(path).text
    assert seen[0] == ("Bear <b>", True)
    assert ("None", False) in seen


def test_a_formset_of_ones_own(root: Client, site: admin.AdminSite) -> None:
    """Checks the rows of an inline together."""

    class Different(forms.BaseInlineFormSet):
        def clean(self) -> None:
            super().clean()
            texts = [form.cleaned_data.get("text") for form in self.forms if form.cleaned_data]
            if len(set(texts)) < len(texts):
                raise forms.ValidationError("Twice the same.")

    class Lines(admin.TabularInline):
        model = Line
        formset = Different

    class Lined(admin.ModelAdmin):
        inlines = (Lines,)

    site.unregister(Product)
    site.register(Product, Lined)
    path = "/admin/adminshop/product/1/change/"
    rows = {"lines-TOTAL_FORMS": "2", "lines-1-text": "soft"}
    answer = root.post(path, data=edited(root, path, **rows))
    assert (answer.status_code, "Twice the same." in answer.text) == (422, True)
    assert root.post(path, data=edited(root, path, **{**rows, "lines-1-text": "hard"})).status_code == 303


def test_rights_stay_whatever_a_hook_says_of_rows(root: Client, site: admin.AdminSite) -> None:
    """More rows are not offered to who may not add any."""

    class Lines(admin.TabularInline):
        model = Line

        def has_add_permission(self, request: Any, obj: Any = None) -> bool:
            return False

        def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
            return False

        def get_formset(self, request: Any, obj: Any = None, **kwargs: Any) -> Any:
            return super().get_formset(request, obj, extra=4, max_num=9, can_delete=True)

    class Lined(admin.ModelAdmin):
        inlines = (Lines,)

    site.unregister(Product)
    site.register(Product, Lined)
    page = root.get("/admin/adminshop/product/1/change/").text
    assert 'name="lines-0-text"' in page
    assert 'name="lines-1-text"' not in page
    assert "DELETE" not in page


def test_what_a_site_says_of_all_its_pages(root: Client, site: admin.AdminSite, templates: Path) -> None:
    """Heads, templates of its first pages, and what each template gets."""
    page = root.get("/admin/").text
    assert "<title>Start | Administration</title>" in page
    site.index_title, site.site_header, site.site_title = "All of it", "Our office", "Office"
    page = root.get("/admin/").text
    assert "<title>All of it | Office</title>" in page
    assert "<h1>Our office</h1>" in page
    (templates / "first.html").write_text("{{ title }}, {{ shop }}, {{ apps[0].models[0].object_name }}")
    (templates / "part.html").write_text("{{ title }} of {{ shop }}")
    before = site.each_context
    site.index_template, site.app_index_template = "first.html", "part.html"
    site.each_context = lambda request: {**before(request), "shop": f"{request.user}'s"}  # type: ignore[method-assign] # as a subclass would
    assert root.get("/admin/").text == "All of it, root&#39;s, Product"
    assert root.get("/admin/adminshop/").text == "Adminshop of root&#39;s"


def test_the_list_of_models_is_djangos(root: Client, site: admin.AdminSite, app: App) -> None:
    """With what may be done and where."""
    seen: list[Any] = []
    site.register_panel(lambda request: seen.append(site.get_app_list(request, "adminshop")))
    root.get("/admin/")
    (part,) = seen[0]
    models = part.pop("models")
    url = "/admin/adminshop/"
    assert part == {"name": "Adminshop", "app_label": "adminshop", "app_url": url, "has_module_perms": True}
    assert models[1] == {
        "model": Maker,
        "name": "Makers",
        "object_name": "Maker",
        "perms": {"add": True, "change": True, "delete": True, "view": True},
        "admin_url": f"{MAKERS}/",
        "add_url": f"{MAKERS}/add/",
        "view_only": False,
    }
    assert site.get_model_admin(Tag) is site.admin_of(Tag)


def test_the_counter_of_selected_rows_may_go(root: Client, site: admin.AdminSite) -> None:
    """With `actions_selection_counter = False`."""
    assert 'class="chosen"' in root.get(f"{MAKERS}/").text
    site.unregister(Maker)
    site.register(Maker, actions_selection_counter=False)
    assert 'class="chosen"' not in root.get(f"{MAKERS}/").text


def test_the_history_of_rows_is_for_who_may_see_them(log_in: Any, root: Client, app: App) -> None:
    """Else what stood in a row could be read there."""
    path = "/admin/adminshop/product/1/"
    assert (
        root.post(f"{path}change/", data=edited(root, f"{path}change/", **{"lines-0-text": "a secret"})).status_code
        == 303
    )
    seer = log_in("seer")
    assert "a secret" in seer.get(f"{path}history/").text
    with app.app_context():
        user = get_user_model().objects.get(username="seer")
        user.user_permissions.remove(Permission.objects.by_name("adminshop.view_line"))
    assert "a secret" not in seer.get(f"{path}history/").text
