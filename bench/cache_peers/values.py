"""What every cache is asked to keep."""

VALUE = {"id": 17, "name": "Panda", "tags": ["toy", "soft"], "price": "19.90", "stock": 12}
KEYS = [f"product:{number}" for number in range(20)]
