"""A florist: sizes by price, a card with a text."""

from typing import Any

MENU: dict[str, Any] = {
    "categories": [
        {
            "name": "Bouquets",
            "products": [
                {
                    "name": "Seasonal bouquet",
                    "price": 2900,
                    "tax_rate": 600,
                    "description": "What the market had this morning.",
                    "picture": "demo/bouquet.png",
                    "groups": ["Bouquet size", "Card"],
                    "extras": [{"name": "Glass vase", "price": 1500}],
                },
                {
                    "name": "Twelve roses",
                    "price": 4200,
                    "tax_rate": 600,
                    "picture": "demo/bouquet.png",
                    "groups": ["Colour", "Card"],
                    "extras": [{"name": "Glass vase", "price": 1500}],
                    "stock": 15,
                },
            ],
        },
        {
            "name": "Plants",
            "products": [
                {"name": "Monstera", "price": 3400, "tax_rate": 600, "picture": "demo/plant.png", "stock": 8},
                {"name": "Olive tree, 60 cm", "price": 4900, "tax_rate": 600, "picture": "demo/plant.png", "stock": 4},
                {"name": "Herbs for the kitchen", "price": 990, "tax_rate": 600, "picture": "demo/plant.png"},
            ],
        },
    ],
    "groups": [
        {
            "name": "Bouquet size",
            "minimum": 1,
            "maximum": 1,
            "options": [
                {"name": "As shown", "preselected": True},
                {"name": "Generous", "price": 1500},
                {"name": "Lavish", "price": 3000},
            ],
        },
        {
            "name": "Colour",
            "minimum": 1,
            "maximum": 1,
            "options": [{"name": "Red", "preselected": True}, {"name": "White"}, {"name": "Mixed"}],
        },
        {
            "name": "Card",
            "minimum": 0,
            "maximum": 1,
            "options": [{"name": "Card with your words", "price": 200, "kind": "text"}],
        },
    ],
    "zones": [{"name": "Brussels", "radius": 9000, "fee": 690}],
}
