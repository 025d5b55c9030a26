"""A grocery: weights, stock, a limit for each order."""

from typing import Any

MENU: dict[str, Any] = {
    "categories": [
        {
            "name": "Fruit and vegetables",
            "products": [
                {"name": "Bananas", "price": 219, "unit": "kg", "plu_code": "4011", "tax_rate": 600},
                {"name": "Jonagold apples", "price": 249, "unit": "kg", "plu_code": "4167", "tax_rate": 600},
                {"name": "Vine tomatoes", "price": 329, "unit": "kg", "plu_code": "4664", "tax_rate": 600},
                {"name": "Chicory", "price": 279, "unit": "kg", "plu_code": "4543", "tax_rate": 600},
            ],
        },
        {
            "name": "Dairy",
            "products": [
                {"name": "Whole milk 1 l", "price": 139, "tax_rate": 600, "stock": 120},
                {"name": "Butter 250 g", "price": 329, "tax_rate": 600, "stock": 60},
                {"name": "Eggs, ten", "price": 359, "tax_rate": 600, "stock": 40, "max_per_order": 3},
                {
                    "name": "Passendale",
                    "description": "By the gram, 18.90 a kilogram; sliced once, however much it is.",
                    "price": 1890,
                    "price_per": 1000,
                    "unit": "gr",
                    "tax_rate": 600,
                    "stock": 8000,
                    "groups": ["Slicing"],
                },
            ],
        },
        {
            "name": "Pantry",
            "products": [
                {"name": "Spaghetti 500 g", "price": 159, "tax_rate": 600},
                {"name": "Peeled tomatoes 400 g", "price": 125, "tax_rate": 600},
                {"name": "Ground coffee 250 g", "price": 549, "tax_rate": 600},
                {"name": "Speculoos 400 g", "price": 289, "tax_rate": 600},
            ],
        },
    ],
    "groups": [
        {
            "name": "Slicing",
            "maximum": 1,
            "options": [{"name": "In one piece", "preselected": True}, {"name": "Sliced", "price": 20}],
        }
    ],
    "zones": [
        {"name": "Saint-Gilles", "radius": 3000, "fee": 290, "minimum": 1500, "free_from": 5000},
        {"name": "Brussels", "radius": 8000, "fee": 590, "minimum": 2500},
    ],
}
for category in MENU["categories"]:
    for product in category["products"]:
        product["picture"] = "demo/basket.png"
