"""The office: the shop's admin, with sales on its first page, and what may become of an order."""

from decimal import Decimal
from typing import Any

from markupsafe import Markup

from models import CANCELLED, PAID, SHIPPED, Category, Customer, Order, OrderLine, Product
from orders import move
from spruce import Request, db, flash
from spruce.admin import AdminSite, ModelAdmin, SimpleListFilter, TabularInline, action, display, register
from spruce.admin.accounts import GroupAdmin, UserAdmin
from spruce.admin.charts import Chart, per_day, per_week
from spruce.admin.system import register_system_pages
from spruce.auth import Group
from spruce.i18n import gettext as _
from spruce.i18n import gettext_lazy, ngettext

__all__ = ["office"]

office = AdminSite()
office.site_header = gettext_lazy("Spruce Shop: office")
office.site_title = gettext_lazy("Spruce Shop: office")
register_system_pages(office)

FEW = 5
SUM = db.Sum(db.F("lines__price") * db.F("lines__quantity"))


def yuan(amount: Any) -> str:
    """An amount in yuan, without its decimals where there are none."""
    return f"¥{amount:,.2f}".removesuffix(".00")


@office.register_panel
def sales(request: Request) -> Chart | None:
    """The sales of each day or week, for those who may see orders."""
    if not request.user.has_perm("shop.view_order"):
        return None
    orders = Order.objects.exclude(status=CANCELLED)
    by_week = request.args.get("sales") == "week"
    found = per_week(orders, "created", SUM, weeks=12) if by_week else per_day(orders, "created", SUM, days=30)
    return Chart(
        _("Sales of twelve weeks") if by_week else _("Sales of thirty days"),
        found,
        form=yuan,
        columns=(_("Week from") if by_week else _("Day"), _("Sales")),
        links=[("?sales=day", _("By day")), ("?sales=week", _("By week"))],
        here="?sales=week" if by_week else "?sales=day",
    )


class StockFilter(SimpleListFilter):
    """By whether there is enough of something."""

    title = gettext_lazy("Stock")
    parameter_name = "left"

    def lookups(self, request: Request, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        """What can be chosen."""
        return [("none", _("Sold out")), ("few", _("Few left"))]

    def queryset(self, request: Request, queryset: Any) -> Any:
        """The products of the choice."""
        chosen = {"none": {"stock": 0}, "few": {"stock__gt": 0, "stock__lte": FEW}}.get(self.value() or "")
        return queryset.filter(**chosen) if chosen else queryset


@register(Product, site=office)
class ProductAdmin(ModelAdmin):
    """Products, with their image; price and stock are changed in the list."""

    list_display = ["thumbnail", "name_en", "name_zh", "category", "price", "stock"]
    list_display_links = ["name_en"]
    list_editable = ["price", "stock"]
    list_filter = [StockFilter, "category"]
    list_per_page = 50
    search_fields = ["name_en", "name_zh"]
    readonly_fields = ["preview"]
    fieldsets = [
        (None, {"fields": [("name_en", "name_zh"), "category", ("price", "stock")]}),
        (gettext_lazy("Description"), {"fields": ["description_en", "description_zh"]}),
        (gettext_lazy("Image"), {"fields": ["preview", "image", ("art", "tone")]}),
    ]

    @display(description=gettext_lazy("Image"))
    def thumbnail(self, product: Product) -> Any:
        """The image, as small as a line."""
        return (
            Markup('<img class="thumb" src="{}" alt="" loading="lazy">').format(product.image.url)
            if product.image
            else ""
        )

    @display(description=gettext_lazy("Present image"))
    def preview(self, product: Product) -> Any:
        """The image, as it is now."""
        return (
            Markup('<img class="preview" src="{}" alt="{}">').format(product.image.url, product)
            if product.image
            else ""
        )


class LineInline(TabularInline):
    """What was ordered, to be read only."""

    model = OrderLine
    extra = 0
    fields = ["product", "quantity", "price", "sum"]
    readonly_fields = ["product", "quantity", "price", "sum"]

    @display(description=gettext_lazy("Sum"))
    def sum(self, line: OrderLine) -> str:
        """What the line costs."""
        return yuan(line.total)

    def has_add_permission(self, request: Request, obj: Any = None) -> bool:
        """Nobody: what is ordered is what the customer has ordered."""
        return False

    def has_delete_permission(self, request: Request, obj: Any = None) -> bool:
        """Nobody, for the same reason."""
        return False


def step(status: str, codename: str, description: Any, *, confirm: bool = False) -> Any:
    """Make the action that takes orders on to a status, for who has the permission."""

    @action(description=description, permissions=[codename], confirm=confirm)
    def run(model_admin: ModelAdmin, request: Request, queryset: Any) -> None:
        orders = list(queryset)
        moved = []
        for order in orders:
            before = order.get_status_display()
            if move(order, status):
                moved.append(order)
                change = {"field": _("Status"), "before": before, "after": str(Order.STATUSES[status])}
                model_admin.log_change(request, order, [change])
        flash(
            ngettext(
                "%(num)s order: %(status)s.", "%(num)s orders: %(status)s.", len(moved), status=Order.STATUSES[status]
            ),
            "success",
        )
        if len(moved) < len(orders):
            numbers = ", ".join(order.number for order in orders if order not in moved)
            flash(_("That can't become of these: %(numbers)s.", numbers=numbers), "error")

    run.__name__ = codename
    return run


@register(Order, site=office)
class OrderAdmin(ModelAdmin):
    """Orders, which come from the shop only; what may become of one are actions, each with its permission."""

    list_display = ["number", "created", "name", "status", "total"]
    list_filter = ["status", "created"]
    date_hierarchy = "created"
    search_fields = ["=number", "name", "contact"]
    fields = ["number", "status", "created", "customer", "name", "contact", "total"]
    readonly_fields = ["number", "status", "created", "customer", "total"]
    inlines = [LineInline]
    actions = [
        step(PAID, "pay", gettext_lazy("Note as paid")),
        step(SHIPPED, "ship", gettext_lazy("Ship")),
        step(CANCELLED, "cancel", gettext_lazy("Cancel, and put back into the stock"), confirm=True),
    ]

    def get_queryset(self, request: Request) -> Any:
        """All orders, with their sums."""
        return super().get_queryset(request).annotate(sum=SUM)

    @display(description=gettext_lazy("Sum"))
    def total(self, order: Order) -> str:
        """What the order costs."""
        return yuan(order.sum or Decimal(0))

    def has_add_permission(self, request: Request) -> bool:
        """Nobody: orders come from the shop."""
        return False

    def has_delete_permission(self, request: Request, obj: Any = None) -> bool:
        """Nobody: what isn't wanted any more is cancelled."""
        return False

    def has_pay_permission(self, request: Request) -> bool:
        """Whether who asks may note that orders were paid."""
        return request.user.has_perm(self.permission("pay"))

    def has_ship_permission(self, request: Request) -> bool:
        """Whether who asks may ship."""
        return request.user.has_perm(self.permission("ship"))

    def has_cancel_permission(self, request: Request) -> bool:
        """Whether who asks may cancel."""
        return request.user.has_perm(self.permission("cancel"))


@register(Category, site=office)
class CategoryAdmin(ModelAdmin):
    """The shelves."""

    list_display = ["name_en", "name_zh", "slug", "count"]
    search_fields = ["name_en", "name_zh"]

    def get_queryset(self, request: Request) -> Any:
        """All shelves, with how much is on each."""
        return super().get_queryset(request).annotate(number=db.Count("products"))

    @display(description=gettext_lazy("Products"))
    def count(self, category: Category) -> int:
        """How many products are on it."""
        return int(category.number)


office.register(Customer, UserAdmin)
office.register(Group, GroupAdmin)
