"""Media: the style sheets and scripts that a form and its widgets need, each once, in an order that fits all."""

from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter
from itertools import chain
from typing import Any

from markupsafe import Markup, escape

from spruce.errors import RoutingError
from spruce.web.assets import static
from spruce.web.context import slot

__all__ = ["Media", "MediaDefiningClass"]

_KINDS = ("css", "js")


class Media:
    """`Media(css={"all": ["a.css"]}, js=["a.js"])`; paths are those of static files, or URLs. `+` puts two together."""

    def __init__(
        self, media: Any = None, css: Mapping[str, Iterable[Any]] | None = None, js: Iterable[Any] | None = None
    ) -> None:
        if media is not None:
            css, js = getattr(media, "css", {}), getattr(media, "js", [])
        self._css_lists: list[Mapping[str, Iterable[Any]]] = [css] if css else []
        self._js_lists: list[Iterable[Any]] = [js] if js else []

    def __repr__(self) -> str:
        return f"Media(css={self._css!r}, js={self._js!r})"

    def __str__(self) -> str:
        return self.render()

    def __html__(self) -> str:
        return self.render()

    @property
    def _css(self) -> dict[str, list[Any]]:
        media = sorted(set(chain.from_iterable(self._css_lists)))
        return {kind: _merged(*(lists.get(kind, ()) for lists in self._css_lists)) for kind in media}

    @property
    def _js(self) -> list[Any]:
        return _merged(*self._js_lists)

    def render(self) -> Markup:
        """The tags, a line for each."""
        return Markup("\n").join([*self.render_css(), *self.render_js()])

    def render_js(self) -> list[Markup]:
        """A `<script>` for each script."""
        return [_tag(path, '<script src="{}"></script>') for path in self._js]

    def render_css(self) -> list[Markup]:
        """A `<link>` for each style sheet."""
        found = self._css
        return [
            _tag(path, f'<link href="{{}}" media="{escape(kind)}" rel="stylesheet">')
            for kind in sorted(found)
            for path in found[kind]
        ]

    def absolute_path(self, path: str) -> str:
        """The URL of a path."""
        return _url(path)

    def __getitem__(self, name: str) -> "Media":
        if name not in _KINDS:
            raise KeyError(f"media is of the types css and js, not {name!r}")
        made = Media()
        setattr(made, f"_{name}_lists", getattr(self, f"_{name}_lists"))
        return made

    def __add__(self, other: "Media") -> "Media":
        made = Media()
        for kind in ("_css_lists", "_js_lists"):
            lists = list(getattr(self, kind))
            lists += [each for each in getattr(other, kind) if each and each not in lists]
            setattr(made, kind, lists)
        return made


def _tag(path: Any, pattern: str) -> Markup:
    """What a path is as a tag; an object that is HTML itself stays what it is."""
    if hasattr(path, "__html__"):
        return Markup(path.__html__())  # noqa: S704 - it says of itself that it is HTML
    return Markup(pattern).format(_url(str(path)))  # noqa: S704 - the pattern is ours, and format escapes


def _url(path: str) -> str:
    if path.startswith(("http://", "https://", "/")):
        return path
    if slot.get() is None:
        return f"/static/{path}"
    try:
        return static(path)
    except RoutingError:
        return f"/static/{path}"


def _merged(*lists: Iterable[Any]) -> list[Any]:
    """All of several lists, each once; what stands before something in one of them stays before it, where it can."""
    sorter: TopologicalSorter[Any] = TopologicalSorter()
    every: dict[Any, None] = {}
    for one in (list(each) for each in lists):
        for place, item in enumerate(one):
            every.setdefault(item)
            sorter.add(item, *(one[place - 1 : place] if place and one[place - 1] != item else ()))
    try:
        return list(sorter.static_order()) if len(lists) > 1 else list(every)
    except CycleError:
        return list(every)


class MediaDefiningClass(type):
    """The class of widgets and forms: an inner class `Media` becomes the property `media`, with what is inherited."""

    def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **keywords: Any) -> Any:
        """Make the class."""
        made: Any = super().__new__(mcs, name, bases, namespace, **keywords)
        if "media" not in namespace:
            made.media = _property(made)
        return made


def _property(cls: Any) -> property:
    def media(self: Any) -> Media:
        """The style sheets and scripts that it needs."""
        above: Any = super(cls, self)
        inherited: Media = above.media if hasattr(above, "media") else Media()
        definition = vars(cls).get("Media")
        if definition is None:
            return inherited
        extend = getattr(definition, "extend", True)
        kept = Media()
        if extend is True:
            kept = inherited
        elif extend:
            for kind in extend:
                kept = kept + inherited[kind]
        return kept + Media(definition)

    return property(media)
