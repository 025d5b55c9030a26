"""A bookshop in London: pounds, another time zone, gift wrapping."""

from typing import Any


def book(name: str, price: int, description: str, stock: int) -> dict[str, Any]:
    """A book, free of tax as books are there; price in minor units."""
    return {
        "name": name,
        "price": price,
        "description": description,
        "stock": stock,
        "picture": "demo/book.png",
        "groups": ["Wrapping"],
    }


MENU: dict[str, Any] = {
    "categories": [
        {
            "name": "Novels",
            "products": [
                book("Middlemarch", 999, "George Eliot. Paperback, 880 pages.", 6),
                book("Bleak House", 899, "Charles Dickens. Paperback, 1,088 pages.", 4),
                book("Mrs Dalloway", 799, "Virginia Woolf. Paperback, 224 pages.", 9),
                book("Persuasion", 699, "Jane Austen. Paperback, 272 pages.", 12),
            ],
        },
        {
            "name": "Cooking",
            "products": [
                book("A Year of Soups", 2200, "Fifty-two of them. Hardback.", 3),
                book("Bread, Slowly", 2650, "Flour, water, salt and time. Hardback.", 5),
            ],
        },
        {
            "name": "Stationery",
            "products": [
                {"name": "Notebook, dotted", "price": 1150, "tax_rate": 2000, "picture": "demo/book.png"},
                {"name": "Fountain pen", "price": 2400, "tax_rate": 2000, "picture": "demo/book.png", "stock": 7},
            ],
        },
    ],
    "groups": [
        {
            "name": "Wrapping",
            "minimum": 0,
            "maximum": 2,
            "options": [{"name": "Gift wrap", "price": 250}, {"name": "A few words", "price": 50, "kind": "text"}],
        }
    ],
    "zones": [{"name": "Inner London", "radius": 6000, "fee": 350, "free_from": 2500}],
}
