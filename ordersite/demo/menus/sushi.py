"""A sushi bar: a box of a fixed number of choices with quantities."""

from typing import Any

MENU: dict[str, Any] = {
    "categories": [
        {
            "name": "Boxes",
            "products": [
                {
                    "name": "Box of eight",
                    "price": 1580,
                    "tax_rate": 600,
                    "description": "Exactly eight pieces, as you like them.",
                    "picture": "demo/sushi.png",
                    "groups": ["Eight pieces", "Beside it"],
                },
                {
                    "name": "Chef's choice, 16 pieces",
                    "price": 2790,
                    "tax_rate": 600,
                    "picture": "demo/sushi.png",
                    "groups": ["Beside it"],
                    "stock": 25,
                },
            ],
        },
        {
            "name": "Maki and bowls",
            "products": [
                {"name": "Cucumber maki, 6", "price": 520, "tax_rate": 600, "picture": "demo/sushi.png"},
                {"name": "Salmon maki, 6", "price": 640, "tax_rate": 600, "picture": "demo/sushi.png"},
                {
                    "name": "Poke bowl",
                    "price": 1450,
                    "tax_rate": 600,
                    "picture": "demo/bowl.png",
                    "ingredients": ["Avocado", "Edamame", "Mango", "Sesame"],
                },
            ],
        },
        {
            "name": "Drinks",
            "products": [
                {"name": "Sencha", "price": 320, "tax_rate": 600, "picture": "demo/drink.png"},
                {"name": "Yuzu soda", "price": 390, "tax_rate": 600, "picture": "demo/drink.png"},
            ],
        },
    ],
    "groups": [
        {
            "name": "Eight pieces",
            "minimum": 8,
            "maximum": 8,
            "allows_quantity": True,
            "options": [
                {"name": "Salmon nigiri", "max_quantity": 8},
                {"name": "Tuna nigiri", "price": 40, "max_quantity": 8},
                {"name": "Avocado nigiri", "max_quantity": 8},
                {"name": "Eel nigiri", "price": 60, "max_quantity": 4},
            ],
        },
        {
            "name": "Beside it",
            "minimum": 0,
            "maximum": 3,
            "options": [{"name": "Soy sauce"}, {"name": "Wasabi"}, {"name": "Ginger"}],
        },
    ],
    "zones": [{"name": "Ixelles and around", "radius": 5000, "fee": 390, "minimum": 1500}],
}
