"""Gift cards and tickets, which are codes: nobody makes or carries them."""

from typing import Any

MENU: dict[str, Any] = {
    "categories": [
        {
            "name": "Codes by mail",
            "products": [
                {
                    "name": name,
                    "price": price,
                    "tax_rate": 0,
                    "description": description,
                    "picture": "demo/gift.png",
                    "is_digital": True,
                }
                for name, price, description in (
                    ("Gift card 10 €", 1000, "For any table of the house, valid for a year."),
                    ("Gift card 25 €", 2500, "For any table of the house, valid for a year."),
                    ("Cinema ticket", 950, "One seat, any film, any day."),
                    ("Museum ticket", 950, "One visit to any museum of the city."),
                )
            ],
        }
    ],
}
