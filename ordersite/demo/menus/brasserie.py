"""A brasserie of Brussels: classics with a side and a cooking, the catch of the day, of which one is left."""

from typing import Any


def dish(name: str, price: int, description: str, *groups: str, **fields: Any) -> dict[str, Any]:
    """A dish; price in minor units."""
    return {
        "name": name,
        "price": price,
        "description": description,
        "tax_rate": 1200,
        "picture": "demo/plate.png",
        "groups": [*groups],
        **fields,
    }


def drink(name: str, price: int, tax_rate: int = 600) -> dict[str, Any]:
    return {"name": name, "price": price, "tax_rate": tax_rate, "picture": "demo/drink.png"}


MENU: dict[str, Any] = {
    "categories": [
        {
            "name": "Entrées",
            "products": [
                dish("Croquettes aux crevettes grises", 1650, "Two of them, fried parsley, lemon."),
                dish("Fondus au parmesan", 1190, "Two of them, made here."),
                dish("Soupe à l'oignon", 950, "Gratinée."),
            ],
        },
        {
            "name": "Plats",
            "products": [
                dish("Carbonnades à la Gueuze", 1990, "Beef, stewed for four hours in Gueuze.", "Accompagnement"),
                dish("Vol-au-vent", 1890, "Free-range chicken, mushrooms, puff pastry.", "Accompagnement"),
                dish("Moules marinière", 2450, "A kilogram from Zeeland.", "Accompagnement"),
                dish("Steak-frites", 2390, "Belgian Blue, 250 g.", "Cuisson", "Accompagnement"),
                dish("Stoemp saucisse", 1690, "Leek and carrots, sausage of the butcher next door."),
                dish("Chicons au gratin", 1590, "With or without ham.", ingredients=["Ham"]),
                dish("Homard du jour", 3800, "Half a lobster, as long as there is one.", stock=1),
            ],
        },
        {
            "name": "Desserts",
            "products": [
                {**dish("Dame blanche", 850, "Vanilla, hot chocolate."), "picture": "demo/ice.png"},
                {**dish("Mousse au chocolat", 790, "Belgian, 70 %."), "picture": "demo/cake.png"},
                {**dish("Gaufre de Bruxelles", 750, "Sugar, or cream for a little more."), "picture": "demo/cake.png"},
            ],
        },
        {
            "name": "Boissons",
            "products": [
                drink("Gueuze 37,5 cl", 750, 2100),
                drink("Kriek 37,5 cl", 750, 2100),
                drink("Eau pétillante 50 cl", 420),
                drink("Café", 290),
            ],
        },
    ],
    "groups": [
        {
            "name": "Accompagnement",
            "minimum": 1,
            "maximum": 1,
            "options": [
                {"name": "Frites", "preselected": True},
                {"name": "Croquettes"},
                {"name": "Salade", "price": 100},
            ],
        },
        {
            "name": "Cuisson",
            "minimum": 1,
            "maximum": 1,
            "options": [{"name": "Saignant"}, {"name": "À point", "preselected": True}, {"name": "Bien cuit"}],
        },
    ],
    "zones": [{"name": "Pentagone et environs", "radius": 5000, "fee": 390, "minimum": 1500, "free_from": 6000}],
}
