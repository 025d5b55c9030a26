"""A bakery with a till: PLU codes, units by weight and person, a plaque with a text, extras."""

from typing import Any

MENU: dict[str, Any] = {
    "categories": [
        {
            "name": "Pains",
            "products": [
                {
                    "name": "Pain multigrain 400 gr",
                    "price": 285,
                    "tax_rate": 600,
                    "plu_code": "101",
                    "picture": "demo/bread.png",
                    "groups": ["Tranchage"],
                },
                {
                    "name": "Pain multigrain 800 gr",
                    "price": 400,
                    "tax_rate": 600,
                    "plu_code": "102",
                    "picture": "demo/bread.png",
                    "groups": ["Tranchage"],
                },
                {
                    "name": "Pain de campagne au levain",
                    "price": 460,
                    "tax_rate": 600,
                    "plu_code": "110",
                    "picture": "demo/bread.png",
                    "groups": ["Tranchage"],
                },
                {
                    "name": "Baguette tradition",
                    "price": 160,
                    "tax_rate": 600,
                    "plu_code": "120",
                    "picture": "demo/bread.png",
                    "stock": 200,
                },
            ],
        },
        {
            "name": "Viennoiseries",
            "products": [
                {
                    "name": "Croissant au beurre",
                    "price": 145,
                    "tax_rate": 600,
                    "plu_code": "201",
                    "picture": "demo/croissant.png",
                },
                {
                    "name": "Pain au chocolat",
                    "price": 165,
                    "tax_rate": 600,
                    "plu_code": "202",
                    "picture": "demo/croissant.png",
                },
                {
                    "name": "Gaufre de Liège",
                    "price": 220,
                    "tax_rate": 600,
                    "plu_code": "203",
                    "picture": "demo/croissant.png",
                    "extras": [
                        {"name": "Chantilly", "price": 80, "plu_code": "901"},
                        {"name": "Chocolat fondu", "price": 90, "plu_code": "902"},
                    ],
                },
            ],
        },
        {
            "name": "Tartes et gâteaux",
            "products": [
                {
                    "name": "Tarte aux fruits",
                    "price": 480,
                    "tax_rate": 600,
                    "plu_code": "301",
                    "unit": "pers",
                    "description": "Prix par personne, à partir de quatre.",
                    "picture": "demo/cake.png",
                    "groups": ["Fruits", "Plaque"],
                    "extras": [
                        {"name": "Bougies", "price": 50, "plu_code": "911", "max_quantity": 20},
                        {"name": "Boîte cadeau", "price": 250, "plu_code": "912"},
                    ],
                },
                {
                    "name": "Merveilleux",
                    "price": 320,
                    "tax_rate": 600,
                    "plu_code": "302",
                    "picture": "demo/cake.png",
                    "stock": 40,
                },
                {
                    "name": "Pralines maison, 250 gr",
                    "price": 1250,
                    "tax_rate": 600,
                    "plu_code": "310",
                    "picture": "demo/cake.png",
                },
            ],
        },
    ],
    "groups": [
        {
            "name": "Tranchage",
            "minimum": 0,
            "maximum": 1,
            "options": [{"name": "Tranché", "plu_code": "951"}, {"name": "Entier", "plu_code": "952"}],
        },
        {
            "name": "Fruits",
            "minimum": 1,
            "maximum": 2,
            "options": [
                {"name": "Fraises", "plu_code": "961"},
                {"name": "Framboises", "price": 60, "plu_code": "962"},
                {"name": "Pommes", "plu_code": "963"},
            ],
        },
        {
            "name": "Plaque",
            "minimum": 0,
            "maximum": 1,
            "options": [{"name": "Plaque avec texte", "price": 250, "kind": "text", "plu_code": "971"}],
        },
    ],
    "zones": [{"name": "À vélo", "radius": 4000, "fee": 350, "minimum": 800, "free_from": 3000}],
}
