"""An ice-cream parlour: scoops to choose, up to three."""

from typing import Any


def scoops(name: str, price: int) -> dict[str, Any]:
    """A cup or a tub of one to three flavours; price in minor units."""
    return {
        "name": name,
        "price": price,
        "tax_rate": 600,
        "description": "One to three flavours.",
        "picture": "demo/ice.png",
        "allergens": "milk",
        "allergen_note": "May contain traces of nuts.",
        "groups": ["Flavours"],
        "extras": [{"name": "Whipped cream", "price": 120}, {"name": "Hot chocolate", "price": 150}],
    }


MENU: dict[str, Any] = {
    "categories": [
        {"name": "Ice cream", "products": [scoops("Cup", 480), scoops("Tub of a litre", 1890)]},
    ],
    "groups": [
        {
            "name": "Flavours",
            "minimum": 1,
            "maximum": 3,
            "options": [
                {"name": "Vanilla"},
                {"name": "Speculoos", "allergens": "gluten soybeans"},
                {"name": "Chocolate"},
                {"name": "Pistachio", "price": 50, "allergens": "nuts"},
                {"name": "Raspberry"},
            ],
        }
    ],
}
