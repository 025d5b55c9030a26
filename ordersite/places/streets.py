"""The streets that the local geocoder knows: where the demo's vendors and customers are, and around them."""

from ordersite.places.local import Street

BRUSSELS = "Brussels"
# Of Brussels, in its languages.
ALSO = "Bruxelles Brussel Belgium Belgique Belgie BE"
SAINT_GILLES, IXELLES = "Saint-Gilles Sint-Gillis", "Ixelles Elsene"


def brussels(postal_code: str, *numbers: tuple[int, float, float], names: str, also_in: str = "") -> Street:
    """A street of Brussels; its names with a stroke between."""
    return Street(
        names=tuple(names.split(" | ")),
        postal_code=postal_code,
        city=BRUSSELS,
        numbers=numbers,
        also_in=f"{ALSO} {also_in}",
    )


STREETS = (
    brussels(
        "1000",
        (1, 50.8427, 4.3522),
        (118, 50.8396, 4.3496),
        (126, 50.8391, 4.3492),
        (300, 50.8349, 4.3466),
        names="Rue Haute | Hoogstraat",
    ),
    brussels(
        "1000", (1, 50.8401, 4.3481), (152, 50.8359, 4.3466), (250, 50.8338, 4.3449), names="Rue Blaes | Blaesstraat"
    ),
    brussels(
        "1000",
        (1, 50.8399, 4.3551),
        (12, 50.8405, 4.3554),
        (50, 50.8409, 4.3560),
        names="Place du Grand Sablon | Grote Zavel",
    ),
    brussels(
        "1000",
        (1, 50.8468, 4.3529),
        (61, 50.8472, 4.3547),
        (117, 50.8467, 4.3554),
        names="Rue du Marché aux Herbes | Grasmarkt",
    ),
    brussels("1000", (1, 50.8467, 4.3524), (39, 50.8468, 4.3529), names="Grand-Place | Grote Markt"),
    brussels("1000", (1, 50.8470, 4.3518), (60, 50.8475, 4.3500), names="Rue du Marché au Charbon | Kolenmarkt"),
    brussels("1000", (1, 50.8505, 4.3482), (10, 50.8507, 4.3487), names="Place Sainte-Catherine | Sint-Katelijneplein"),
    brussels(
        "1000",
        (1, 50.8480, 4.3490),
        (64, 50.8491, 4.3479),
        (200, 50.8515, 4.3455),
        names="Rue Antoine Dansaert | Dansaertstraat",
    ),
    brussels("1000", (1, 50.8509, 4.3473), (88, 50.8537, 4.3457), names="Rue de Flandre | Vlaamsesteenweg"),
    brussels("1000", (1, 50.8503, 4.3518), (110, 50.8474, 4.3491), names="Boulevard Anspach | Anspachlaan"),
    brussels("1000", (1, 50.8480, 4.3509), (25, 50.8463, 4.3505), names="Rue du Midi | Zuidstraat"),
    brussels("1000", (1, 50.8502, 4.3536), (60, 50.8518, 4.3565), names="Rue Neuve | Nieuwstraat"),
    brussels("1000", (1, 50.8535, 4.3487), (33, 50.8549, 4.3490), names="Quai au Foin | Hooikaai"),
    brussels("1000", (1, 50.8508, 4.3520), (31, 50.8515, 4.3529), names="Place de Brouckère | De Brouckèreplein"),
    brussels("1000", (1, 50.8514, 4.3530), (180, 50.8556, 4.3573), names="Boulevard Adolphe Max | Adolphe Maxlaan"),
    brussels("1000", (1, 50.8530, 4.3490), (60, 50.8572, 4.3497), names="Boulevard Baudouin | Boudewijnlaan"),
    brussels(
        "1000",
        (1, 50.8537, 4.3492),
        (7, 50.8551, 4.3487),
        (48, 50.8560, 4.3497),
        names="Quai du Commerce | Handelskaai",
    ),
    brussels("1000", (1, 50.8519, 4.3480), (90, 50.8533, 4.3478), names="Quai aux Briques | Baksteenkaai"),
    brussels("1000", (1, 50.8437, 4.3576), (20, 50.8417, 4.3595), names="Rue Royale | Koningsstraat"),
    brussels("1000", (1, 50.8415, 4.3590), (30, 50.8422, 4.3603), names="Place Royale | Koningsplein"),
    brussels("1000", (1, 50.8415, 4.3622), (300, 50.8439, 4.3850), names="Rue de la Loi | Wetstraat"),
    brussels("1000", (1, 50.8370, 4.3494), (100, 50.8345, 4.3524), names="Rue des Minimes | Minimenstraat"),
    brussels("1000", (1, 50.8462, 4.3495), (120, 50.8379, 4.3447), names="Boulevard Maurice Lemonnier | Lemonnierlaan"),
    brussels("1000", (1, 50.8368, 4.3536), (70, 50.8352, 4.3548), names="Place Poelaert | Poelaertplein"),
    brussels("1020", (1, 50.8674, 4.3470), (500, 50.8846, 4.3418), names="Rue Marie-Christine", also_in="Laeken Laken"),
    brussels(
        "1050",
        (1, 50.8381, 4.3617),
        (201, 50.8312, 4.3686),
        (340, 50.8281, 4.3717),
        names="Chaussée d'Ixelles | Elsensesteenweg",
        also_in=IXELLES,
    ),
    brussels(
        "1050",
        (1, 50.8274, 4.3716),
        (18, 50.8276, 4.3727),
        (33, 50.8270, 4.3731),
        names="Place Flagey | Flageyplein | Place Eugène Flagey",
        also_in=IXELLES,
    ),
    brussels("1050", (1, 50.8360, 4.3561), (600, 50.8139, 4.3740), names="Avenue Louise | Louizalaan", also_in=IXELLES),
    brussels(
        "1050", (1, 50.8330, 4.3660), (60, 50.8344, 4.3627), names="Rue de la Paix | Vredestraat", also_in=IXELLES
    ),
    brussels(
        "1050", (1, 50.8262, 4.3722), (400, 50.8210, 4.3950), names="Avenue de la Couronne | Kroonlaan", also_in=IXELLES
    ),
    brussels(
        "1060",
        (1, 50.8290, 4.3460),
        (30, 50.8279, 4.3453),
        (60, 50.8270, 4.3446),
        names="Parvis de Saint-Gilles | Sint-Gillisvoorplein",
        also_in=SAINT_GILLES,
    ),
    brussels(
        "1060",
        (1, 50.8320, 4.3470),
        (300, 50.8262, 4.3478),
        names="Chaussée de Waterloo | Waterloosesteenweg",
        also_in=SAINT_GILLES,
    ),
    # Two of one name: who asks must choose.
    brussels(
        "1060", (1, 50.8274, 4.3452), (140, 50.8254, 4.3420), names="Rue de l'Église | Kerkstraat", also_in=SAINT_GILLES
    ),
    brussels(
        "1082",
        (1, 50.8650, 4.2912),
        (150, 50.8633, 4.2961),
        names="Rue de l'Église | Kerkstraat",
        also_in="Berchem-Sainte-Agathe Sint-Agatha-Berchem",
    ),
    Street(
        names=("Lamb's Conduit Street",),
        postal_code="WC1N 3LN",
        city="London",
        number_first=True,
        numbers=((1, 51.5209, -0.1181), (12, 51.5222, -0.1187), (94, 51.5230, -0.1191)),
        also_in="WC1N UK GB",
    ),
    Street(
        names=("Great Russell Street",),
        postal_code="WC1B 3DG",
        city="London",
        number_first=True,
        numbers=((1, 51.5172, -0.1299), (100, 51.5186, -0.1246)),
        also_in="WC1B UK GB",
    ),
    Street(
        names=("Kitazawa",),
        postal_code="155-0031",
        city="Tokyo",
        numbers=((1, 35.6608, 139.6665), (2, 35.6614, 139.6681), (5, 35.6650, 139.6700)),
        also_in="Setagaya Setagaya-ku Japan JP",
    ),
)
