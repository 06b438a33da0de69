"""Django's generic class-based views: pages, lists, objects and forms in a few lines each."""

from spruce.views.editing import CreateView, DeleteView, FormMixin, FormView, ModelFormMixin, UpdateView
from spruce.views.lists import ListView, MultipleObjectMixin, MultipleObjectTemplateMixin
from spruce.views.objects import DetailView, SingleObjectMixin, SingleObjectTemplateMixin
from spruce.views.pages import ContextMixin, GenericView, RedirectView, TemplateResponseMixin, TemplateView

__all__ = [
    "ContextMixin",
    "CreateView",
    "DeleteView",
    "DetailView",
    "FormMixin",
    "FormView",
    "GenericView",
    "ListView",
    "ModelFormMixin",
    "MultipleObjectMixin",
    "MultipleObjectTemplateMixin",
    "RedirectView",
    "SingleObjectMixin",
    "SingleObjectTemplateMixin",
    "TemplateResponseMixin",
    "TemplateView",
    "UpdateView",
]
