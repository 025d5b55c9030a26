"""A pizzeria: sizes, and toppings that may cover one half."""

from typing import Any


def pizza(name: str, price: int, description: str, ingredients: list[str]) -> dict[str, Any]:
    """A pizza in three sizes with toppings for the whole or a half; price in minor units."""
    return {
        "name": name,
        "price": price,
        "description": description,
        "tax_rate": 600,
        "picture": "demo/pizza.png",
        "allergens": "gluten milk",
        "ingredients": ingredients,
        "groups": ["Size", "Toppings"],
    }


MENU: dict[str, Any] = {
    "categories": [
        {
            "name": "Pizze",
            "products": [
                pizza("Margherita", 950, "Tomato, fior di latte, basil.", ["Basil"]),
                pizza("Diavola", 1250, "Tomato, mozzarella, spicy salami.", ["Salami", "Olives"]),
                pizza("Quattro formaggi", 1320, "Four cheeses, no tomato.", ["Gorgonzola"]),
                pizza("Capricciosa", 1380, "Ham, artichokes, mushrooms, olives.", ["Ham", "Mushrooms", "Olives"]),
                pizza("Ortolana", 1220, "Grilled vegetables of the season.", ["Aubergine", "Courgette", "Peppers"]),
            ],
        },
        {
            "name": "Dolci",
            "products": [
                {
                    "name": "Tiramisù",
                    "price": 590,
                    "tax_rate": 600,
                    "description": "Made every morning; when it is gone, it is gone.",
                    "picture": "demo/cake.png",
                    "stock": 30,
                },
                {"name": "Panna cotta", "price": 540, "tax_rate": 600, "picture": "demo/cake.png"},
            ],
        },
        {
            "name": "Bevande",
            "products": [
                {"name": "Acqua frizzante 50 cl", "price": 300, "tax_rate": 600, "picture": "demo/drink.png"},
                {"name": "Chinotto", "price": 350, "tax_rate": 600, "picture": "demo/drink.png"},
                {"name": "Montepulciano 75 cl", "price": 1650, "tax_rate": 2100, "picture": "demo/drink.png"},
            ],
        },
    ],
    "groups": [
        {
            "name": "Size",
            "minimum": 1,
            "maximum": 1,
            "options": [
                {"name": "30 cm", "preselected": True},
                {"name": "40 cm", "price": 400},
                {"name": "Family, 60 × 40 cm", "price": 1200},
            ],
        },
        {
            "name": "Toppings",
            "minimum": 0,
            "maximum": 6,
            "allows_quantity": True,
            "allows_halves": True,
            "options": [
                {"name": "Mushrooms", "price": 150, "half_price": 90, "max_quantity": 2},
                {"name": "Ham", "price": 200, "half_price": 120, "max_quantity": 2},
                {"name": "Artichokes", "price": 200, "max_quantity": 2},
                {"name": "Anchovies", "price": 220, "half_price": 130, "max_quantity": 2},
                {"name": "Buffalo mozzarella", "price": 300, "half_price": 180, "max_quantity": 2},
            ],
        },
    ],
    "zones": [
        {
            "name": "Inside the ring",
            "polygon": [[50.8566, 4.3433], [50.8552, 4.3655], [50.8424, 4.3697], [50.8338, 4.3451], [50.8462, 4.3372]],
            "fee": 300,
            "minimum": 1200,
            "free_from": 3500,
        },
        {"name": "Brussels", "radius": 7000, "fee": 550, "minimum": 2500},
    ],
}
