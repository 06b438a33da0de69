"""Orders: what a good one is, how stock is taken so that nothing is sold twice, and what becomes of an order."""

import re
import secrets
from dataclasses import dataclass

from models import CANCELLED, NEW, PAID, SHIPPED, Customer, Order, OrderLine, Product
from spruce import db

__all__ = ["MOST", "STEPS", "BadOrder", "NewOrder", "OutOfStock", "move", "new_number", "place"]

MOST = 20
CONTACT = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+|\+?[0-9](?:[ -]?[0-9]){5,14}")
# Digits and letters that cannot be taken for one another; 16 of 32 are 80 bits.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

# The status that an order may come from, for each that it may go to.
STEPS = {PAID: [NEW], SHIPPED: [PAID], CANCELLED: [NEW, PAID]}


@dataclass(frozen=True)
class NewOrder:
    """What a buyer sends."""

    product: int
    name: str
    contact: str
    quantity: int = 1


class BadOrder(Exception):
    """The order cannot be taken as it is; `fields` are the names of what is wrong."""

    def __init__(self, fields: list[str]) -> None:
        super().__init__(f"not valid: {', '.join(fields)}")
        self.fields = fields


class OutOfStock(Exception):
    """There is less in stock than was ordered: `left`."""

    def __init__(self, left: int) -> None:
        super().__init__(f"only {left} left")
        self.left = left


def place(order: NewOrder, customer: Customer | None = None) -> Order:
    """Take the stock and write the order, both or neither.

    The UPDATE takes stock only where there is enough of it, in one statement, so two buyers of the last piece cannot
    both have it, whichever process serves them. Raises: BadOrder, OutOfStock, Product.DoesNotExist.
    """
    if wrong := faults(order):
        raise BadOrder(wrong)
    with db.atomic():
        enough = Product.objects.filter(pk=order.product, stock__gte=order.quantity)
        taken = enough.update(stock=db.F("stock") - order.quantity)
        product = Product.objects.get(pk=order.product)
        if not taken:
            raise OutOfStock(product.stock)
        placed = Order.objects.create(
            number=new_number(), name=order.name.strip(), contact=order.contact.strip(), customer=customer
        )
        OrderLine.objects.create(order=placed, product=product, quantity=order.quantity, price=product.price)
        return placed


def move(order: Order, status: str) -> bool:
    """Take an order on to a status; whether it could go there. What is cancelled goes back into the stock.

    The UPDATE moves it only from where it may come, in one statement: of two people who ship and cancel it, one does.
    """
    with db.atomic():
        if not Order.objects.filter(pk=order.pk, status__in=STEPS[status]).update(status=status):
            return False
        if status == CANCELLED:
            for line in order.lines.all():
                Product.objects.filter(pk=line.product_id).update(stock=db.F("stock") + line.quantity)
        return True


def faults(order: NewOrder) -> list[str]:
    """The names of the fields that are not as they should be."""
    good = {
        "name": 1 <= len(order.name.strip()) <= 60 and order.name.isprintable(),
        "contact": len(order.contact) <= 120
        and order.contact.isprintable()
        and CONTACT.fullmatch(order.contact.strip()) is not None,
        "quantity": 1 <= order.quantity <= MOST,
    }
    return [field for field, fits in good.items() if not fits]


def new_number() -> str:
    """A number such as K7QF-3M2X-9TRB-W4ZD that nobody can guess."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(4))
