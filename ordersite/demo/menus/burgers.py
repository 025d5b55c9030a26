"""A burger bar: groups with a minimum and maximum, quantities, a condition, ingredients to leave out, extras."""

from typing import Any

EXTRAS = [
    {"name": "Bacon", "price": 180, "max_quantity": 2},
    {"name": "Cheddar", "price": 120, "max_quantity": 3, "allergens": "milk"},
    {"name": "Fried egg", "price": 150, "allergens": "eggs"},
    {"name": "Jalapeños", "price": 90, "max_quantity": 2},
]


def burger(name: str, price: int, description: str, ingredients: list[str]) -> dict[str, Any]:
    """A burger with everything that all of them have in common; price in minor units."""
    return {
        "name": name,
        "price": price,
        "description": description,
        "tax_rate": 600,
        "picture": "demo/burger.png",
        "allergens": "gluten eggs milk sesame",
        "allergen_note": "Fried in the same oil as shrimps.",
        "ingredients": ingredients,
        "extras": EXTRAS,
        "groups": ["Cooking", "Make it a menu", "Side", "Sauces"],
    }


MENU: dict[str, Any] = {
    "categories": [
        {
            "name": "Burgers",
            "products": [
                burger("Classic", 1090, "Beef, tomato, house sauce.", ["Onion", "Tomato", "Lettuce", "Ketchup"]),
                burger("Cheese & bacon", 1290, "Beef, double cheddar, smoked bacon.", ["Onion", "Pickles", "Bacon"]),
                burger("Blue", 1350, "Beef, blue cheese, caramelised onions, rocket.", ["Onion", "Rocket"]),
                burger("Garden", 1190, "Chickpea and beetroot, avocado, lime yoghurt.", ["Avocado", "Onion", "Tomato"]),
                burger("Crispy chicken", 1240, "Buttermilk chicken, coleslaw, honey mustard.", ["Coleslaw", "Pickles"]),
            ],
        },
        {
            "name": "Sides",
            "products": [
                {
                    "name": "Fries",
                    "price": 390,
                    "tax_rate": 600,
                    "description": "Fried twice, as it should be.",
                    "picture": "demo/fries.png",
                    "groups": ["Sauces"],
                },
                {
                    "name": "Sweet potato fries",
                    "price": 470,
                    "tax_rate": 600,
                    "picture": "demo/fries.png",
                    "groups": ["Sauces"],
                },
                {"name": "Onion rings", "price": 430, "tax_rate": 600, "picture": "demo/fries.png"},
            ],
        },
        {
            "name": "Drinks",
            "products": [
                {"name": "Cola 33 cl", "price": 280, "tax_rate": 600, "picture": "demo/drink.png"},
                {"name": "Homemade lemonade", "price": 390, "tax_rate": 600, "picture": "demo/drink.png"},
                {
                    "name": "Trappist of the week",
                    "price": 520,
                    "tax_rate": 2100,
                    "description": "What the abbey sent. Two a person.",
                    "picture": "demo/drink.png",
                    "stock": 48,
                    "max_per_order": 2,
                },
            ],
        },
    ],
    "groups": [
        {
            "name": "Cooking",
            "minimum": 1,
            "maximum": 1,
            "options": [
                {"name": "Medium", "preselected": True},
                {"name": "Pink"},
                {"name": "Well done"},
            ],
        },
        {
            "name": "Make it a menu",
            "minimum": 0,
            "maximum": 1,
            "options": [{"name": "With a side and a cola", "price": 490}],
        },
        {
            "name": "Side",
            "minimum": 1,
            "maximum": 1,
            "condition": ("Make it a menu", "With a side and a cola"),
            "options": [
                {"name": "Fries", "preselected": True},
                {"name": "Sweet potato fries", "price": 80},
                {"name": "Green salad"},
            ],
        },
        {
            "name": "Sauces",
            "minimum": 0,
            "maximum": 4,
            "allows_quantity": True,
            "options": [
                {"name": "Mayonnaise", "price": 70, "max_quantity": 4, "allergens": "eggs mustard"},
                {"name": "Andalouse", "price": 70, "max_quantity": 4},
                {"name": "Samurai", "price": 70, "max_quantity": 4},
                {"name": "Ketchup", "price": 70, "max_quantity": 4},
            ],
        },
    ],
    "zones": [
        {"name": "Centre", "radius": 2000, "fee": 250, "minimum": 1000, "free_from": 4000},
        {"name": "Further out", "radius": 6000, "fee": 450, "minimum": 2000},
    ],
}
