"""All that Django documents of its admin's classes is here under its name, or told as a difference in the docs."""

import inspect
import re
from pathlib import Path
from typing import Any

import pytest

from spruce import admin
from spruce.admin.models import LogEntry

PAGE = (Path(__file__).parents[1] / "docs" / "reference" / "admin.md").read_text("utf-8")

OPTIONS: dict[str, str] = {
    "ModelAdmin": """
        actions actions_on_top actions_on_bottom actions_selection_counter date_hierarchy empty_value_display exclude
        fields fieldsets filter_horizontal filter_vertical form formfield_overrides inlines list_display
        list_display_links list_editable list_filter list_max_show_all list_per_page list_select_related ordering
        paginator prepopulated_fields preserve_filters show_facets radio_fields autocomplete_fields raw_id_fields
        readonly_fields save_as save_as_continue save_on_top search_fields search_help_text show_full_result_count
        sortable_by view_on_site add_form_template change_form_template change_list_template
        delete_confirmation_template delete_selected_confirmation_template object_history_template
        popup_response_template media
    """,
    "InlineModelAdmin": """
        form fieldsets fields formfield_overrides exclude filter_horizontal filter_vertical ordering
        prepopulated_fields radio_fields readonly_fields raw_id_fields model fk_name formset classes extra max_num
        min_num template verbose_name verbose_name_plural can_delete show_change_link media
    """,
    "AdminSite": """
        site_header site_title site_url index_title index_template app_index_template empty_value_display
        enable_nav_sidebar final_catch_all_view login_template login_form logout_template password_change_template
        password_change_done_template
    """,
    "LogEntry": """
        action_time user content_type object_id object_repr action_flag change_message get_edited_object
        get_change_message
    """,
}
"""What Django documents as attributes."""

METHODS: dict[str, dict[str, str]] = {
    "ModelAdmin": {
        "save_model": "request obj form change",
        "delete_model": "request obj",
        "delete_queryset": "request queryset",
        "save_formset": "request form formset change",
        "get_actions": "request",
        "get_ordering": "request",
        "get_search_results": "request queryset search_term",
        "save_related": "request form formsets change",
        "get_autocomplete_fields": "request",
        "get_readonly_fields": "request obj",
        "get_prepopulated_fields": "request obj",
        "get_list_display": "request",
        "get_list_display_links": "request list_display",
        "get_exclude": "request obj",
        "get_fields": "request obj",
        "get_fieldsets": "request obj",
        "get_list_filter": "request",
        "get_list_select_related": "request",
        "get_search_fields": "request",
        "get_sortable_by": "request",
        "get_inline_instances": "request obj",
        "get_inlines": "request obj",
        "get_urls": "",
        "get_form": "request obj **",
        "get_formsets_with_inlines": "request obj",
        "formfield_for_foreignkey": "db_field request **",
        "formfield_for_manytomany": "db_field request **",
        "formfield_for_choice_field": "db_field request **",
        "get_changelist": "request **",
        "get_changelist_form": "request **",
        "get_changelist_formset": "request **",
        "lookup_allowed": "lookup value request",
        "has_view_permission": "request obj",
        "has_add_permission": "request",
        "has_change_permission": "request obj",
        "has_delete_permission": "request obj",
        "has_module_permission": "request",
        "get_queryset": "request",
        "message_user": "request message level extra_tags",
        "get_paginator": "request queryset per_page orphans allow_empty_first_page",
        "response_add": "request obj post_url_continue",
        "response_change": "request obj",
        "response_delete": "request obj_display obj_id",
        "get_formset_kwargs": "request obj inline prefix",
        "get_changeform_initial_data": "request",
        "get_deleted_objects": "objs request",
        "add_view": "request form_url extra_context",
        "change_view": "request object_id form_url extra_context",
        "changelist_view": "request extra_context",
        "delete_view": "request object_id extra_context",
        "history_view": "request object_id extra_context",
    },
    "InlineModelAdmin": {
        "get_fieldsets": "request obj",
        "get_queryset": "request",
        "formfield_for_choice_field": "db_field request **",
        "formfield_for_foreignkey": "db_field request **",
        "formfield_for_manytomany": "db_field request **",
        "get_formset": "request obj **",
        "get_extra": "request obj",
        "get_max_num": "request obj",
        "get_min_num": "request obj",
        "has_add_permission": "request obj",
        "has_change_permission": "request obj",
        "has_delete_permission": "request obj",
    },
    "AdminSite": {
        "each_context": "request",
        "get_app_list": "request app_label",
        "has_permission": "request",
        "register": "model_or_iterable admin_class **",
        "unregister": "model_or_iterable",
        "get_model_admin": "model",
        "get_log_entries": "request",
        "add_action": "action name",
        "disable_action": "name",
    },
}
"""What Django documents as methods, with the names of their parameters; `**` are options."""

CLASSES: dict[str, Any] = {
    "ModelAdmin": admin.ModelAdmin,
    "InlineModelAdmin": admin.InlineModelAdmin,
    "AdminSite": admin.AdminSite,
    "LogEntry": LogEntry,
}


def told() -> set[str]:
    """What the docs say has no counterpart."""
    part = PAGE.partition("## What has no counterpart")[2].partition("\n## ")[0]
    cells = [line.split("|")[1] for line in part.splitlines() if line.startswith("| `")]
    return {name for cell in cells for name in re.findall(r"`(\w+\.\w+)`", cell)}


@pytest.mark.parametrize("kind", OPTIONS)
def test_options_are_here_or_told(kind: str) -> None:
    """And what is told to be missing is missing."""
    missing = {f"{kind}.{name}" for name in OPTIONS[kind].split() if not hasattr(CLASSES[kind], name)}
    documented = {f"{kind}.{name}" for name in OPTIONS[kind].split()}
    assert missing == told() & documented


@pytest.mark.parametrize("kind", METHODS)
def test_methods_are_here_with_their_parameters_or_told(kind: str) -> None:
    """In their order."""
    missing, wrong = set(), {}
    for name, wanted in METHODS[kind].items():
        method = getattr(CLASSES[kind], name, None)
        if method is None:
            missing.add(f"{kind}.{name}")
            continue
        parameters = list(inspect.signature(method).parameters.values())[1:]
        takes = [each.name for each in parameters if each.kind is each.POSITIONAL_OR_KEYWORD]
        names = [each for each in wanted.split() if each != "**"]
        options = "**" not in wanted or any(each.kind is each.VAR_KEYWORD for each in parameters)
        if takes[: len(names)] != names or not options:
            wrong[name] = str(inspect.signature(method))
    assert wrong == {}
    assert missing == told() & {f"{kind}.{name}" for name in METHODS[kind]}
