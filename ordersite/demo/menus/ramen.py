"""A ramen counter in Tokyo: a currency without minor units, a time zone far away, tables."""

from typing import Any


def ramen(name: str, price: int, description: str) -> dict[str, Any]:
    """A bowl with its noodles and toppings; price in yen."""
    return {
        "name": name,
        "price": price,
        "description": description,
        "tax_rate": 1000,
        "picture": "demo/bowl.png",
        "allergens": "gluten eggs soybeans sesame",
        "ingredients": ["Spring onion", "Bamboo shoots", "Nori"],
        "groups": ["Noodles", "Toppings"],
    }


MENU: dict[str, Any] = {
    "categories": [
        {
            "name": "Ramen",
            "products": [
                ramen("Shoyu", 950, "Clear chicken broth with soy sauce."),
                ramen("Tonkotsu", 1100, "Pork bones, boiled for eighteen hours."),
                ramen("Miso with butter", 1150, "As in Sapporo, with sweetcorn."),
            ],
        },
        {
            "name": "Beside it",
            "products": [
                {"name": "Gyoza, 5", "price": 450, "tax_rate": 1000, "picture": "demo/bowl.png"},
                {"name": "Barley tea", "price": 200, "tax_rate": 1000, "picture": "demo/drink.png"},
            ],
        },
    ],
    "groups": [
        {
            "name": "Noodles",
            "minimum": 1,
            "maximum": 1,
            "options": [{"name": "Normal", "preselected": True}, {"name": "Firm"}, {"name": "Soft"}],
        },
        {
            "name": "Toppings",
            "minimum": 0,
            "maximum": 5,
            "allows_quantity": True,
            "options": [
                {"name": "Marinated egg", "price": 150, "max_quantity": 2},
                {"name": "Chashu pork", "price": 300, "max_quantity": 2},
                {"name": "Extra noodles", "price": 180},
            ],
        },
    ],
    "zones": [{"name": "Shimokitazawa", "radius": 2500, "fee": 300, "minimum": 1500}],
}
