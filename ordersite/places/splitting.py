"""Splits the text of an address into street, house number, box, postal code, town and country.

For Belgian, Dutch, French, German and Luxembourg addresses, in one line or several. Pure: no place is looked up. What
cannot be told apart stays in the street, and no word is lost but those that a part stands for: "bus", "boîte", "n°",
"à" before the town, the country. The squares of Mannheim with a space ("Q 3, 12") read as a street with a number.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressParts:
    """What is not known is empty. `box` is the box, the flat, the floor and what else tells the door."""

    street: str = ""
    number: str = ""
    box: str = ""
    postal_code: str = ""
    city: str = ""
    country: str = ""


COUNTRY_NAMES = {
    "BE": "be b bel belgique belgië belgie belgien belgium",
    "NL": "nl nld nederland pays-bas niederlande netherlands holland hollande",
    "FR": "fr f fra france frankrijk frankreich",
    "DE": "de d deu allemagne duitsland deutschland germany",
    "LU": "lu l lux luxembourg luxemburg lëtzebuerg",
}
COUNTRY_OF = {name: code for code, names in COUNTRY_NAMES.items() for name in names.split()} | {
    "the netherlands": "NL",
    "les pays-bas": "NL",
    "de nederlanden": "NL",
    "grand-duché de luxembourg": "LU",
    "groothertogdom luxemburg": "LU",
    "großherzogtum luxemburg": "LU",
    "royaume de belgique": "BE",
    "koninkrijk belgië": "BE",
    "königreich belgien": "BE",
    "koninkrijk der nederlanden": "NL",
    "république française": "FR",
    "bundesrepublik deutschland": "DE",
}
# Of a name longer than this a text says its country even where no comma parts it from the town.
SHORT_NAME = 3
# What has more parts is no address; it stays whole.
MOST_SEGMENTS = 16
DIGITS_OF = {"BE": 4, "NL": 4, "LU": 4, "FR": 5, "DE": 5}
# "9840 DE PINTE" is Belgian: written apart, these are articles before they are the letters of a Dutch code.
ARTICLES = {"DE", "LE", "LA", "DU", "EN", "OP", "ST"}

MONTHS = (
    "janvier|février|fevrier|mars|avril|mai|juin|juillet|août|aout|septembre|octobre|novembre|décembre|decembre|"
    "januari|februari|maart|april|mei|juni|juli|augustus|september|oktober|november|december|"
    "januar|februar|märz|august|dezember"
)
FLOORS = "étage|etage|ét|verdieping|verdiep|verd|hoog|floor|stockwerk|stock|obergeschoss|etg|og|ug"
SIDES = "links|rechts|mitte|gauche|droite|voor|achter"
# Digits that belong to a name: days, years and their spans, ordinals, numbers of roads.
IN_NAMES = re.compile(
    rf"(?<!\d)\d{{1,2}}(?:er|e|\.)?[\s-]{{0,2}}(?:{MONTHS})(?:straat|plein|laan|straße|strasse|platz)?(?!\w)"
    r"(?:[\s-]?(?:1[5-9]|20)\d\d(?!\d))?"
    r"|(?<!\d)(?:1[5-9]|20)\d\d\s?[-–/]\s?(?:1[5-9]|20)\d\d(?!\d)|(?<!\d)19\d\d-\d\d(?!\d)"
    rf"|(?<!\w)\d{{1,2}}(?:er|ère|ème|eme|e|de|ste|nd|rd|th)(?=[\s-]+[^\W\d])(?![\s-]+(?:{FLOORS})\b)"
    r"|(?<!\w)(?:plein|place)\s(?:19|20)\d\d(?!\d)"
    r"|(?<!\w)(?:nationale|départementale|departementale|rn|rd)\s\d{1,4}(?!\d)",
    re.IGNORECASE,
)
# Private characters that stand for the masked ones meanwhile.
MASK = 0xE000
# A dash between words parts them where a house number stands before it or a postal code behind it.
SEPARATORS = re.compile(
    r"[,;|·•()\n]+|(?<=\d)\s[-–—]\s(?!\d{1,3}[A-Za-z]?(?:[\s,;]|$))|\s[-–—]\s(?=(?:[A-Z]{1,3}-)?\d{4,5}(?!\d))"
)
# A bracket behind the first words of a segment that holds one name, with an article or without: "Berchem (Antwerpen)".
BRACKETED = re.compile(
    r"(?<![^,;|·•()\n])(?P<before>[^,;|·•()\n]+)\((?P<name>(?:(?:De|Den|Het|La|Le|Les)\s)?[^\W\d_][^\W\d_.’'-]*"
    r"(?:[.’'-]+[^\W\d_]+)*\.?)\)"
)
# Towns that stand before the street without a postal code too, where a name may be that of a company: those that are
# written as no other name is, and the largest.
TOWN = re.compile(
    r"[’']s-[^\W\d_]+|den\s(?:haag|helder|bosch)|amsterdam|rotterdam|utrecht|eindhoven|groningen|maastricht|"
    r"bruxelles|brussels?|antwerpen|anvers|gent|gand|liège|luik|namur|namen|leuven|louvain|brugge|bruges|charleroi|mons|"
    r"luxembourg|luxemburg|paris|lyon|marseille|lille|strasbourg|bordeaux|toulouse|nantes|nice|"
    r"berlin|hamburg|münchen|köln|frankfurt|düsseldorf|stuttgart|aachen",
    re.IGNORECASE,
)
# What may part the country from the town.
SPACED_DASH = re.compile(r"\s[-–—/]\s")
DASHES = " -–—"

STREET_FIRST = re.compile(
    r"(?:rue|r\.|avenue|aven\.|ave?\b|boulevard|bo?u?l?v?d\b|chaussée|chaussee|ch[ée]e|chemin|che?\.|place|pl\b|allées?|"
    r"allees?|impasse|imp\b|quai|route|rte\b|cours|cour|square|sq\b|passage|ruelle|sentier|venelle|clos|cité|faubourg|"
    r"fbg\b|esplanade|promenade|rond-point|villa|voie|montée|côte|galerie|parvis|drève|traverse|hameau|lieu-dit|"
    r"lotissement|val|mail|pont|porte|op\s+d|um\b|am\b|an\s+d|beim\b|bei\s+d|zum\b|zur\b)(?!\w)",
    re.IGNORECASE,
)
STREET_LAST = re.compile(
    r"(?:straat|str\.|laan|weg|plein|kade|gracht|singel|dreef|lei|markt|dijk|hof|pad|baan|vest|straße|strasse|platz|"
    r"allee|gasse|ring|damm|ufer|steig|graben)(?!\w)",
    re.IGNORECASE,
)
GERMAN = re.compile(r"(?:straße|strasse|str\.|platz|gasse|allee|damm|ufer|weg)(?!\w)", re.IGNORECASE)
POST_OFFICE_BOX = re.compile(
    r"^(?:postbus|postfach|packstation|boîte postale|boite postale|p\.?\s?o\.?\s?box|b\.?p\.?|cs|tsa)\s*(?:n°)?\s*\d",
    re.IGNORECASE,
)

PREFIXES = "BE|B|LUX|LU|L|DE|D|FR|F|NL"
SPACED_PREFIX = re.compile(rf"(?<!\w)({PREFIXES})\s?[-–]\s?(?=\d{{4,5}}(?!\d))", re.IGNORECASE)
CODE = re.compile(
    rf"(?<![\w/.-])(?:(?P<prefix>{PREFIXES})(?:-|\.?\s?))?(?P<code>\d{{5}}|[1-9]\d{{3}}(?:(?P<letters>\s?[A-Za-z]{{2}})(?!\w))?)(?![\w/-])"
)

# "Rue Haute 20 à 1000 Bruxelles"
IN_TOWN = re.compile(r"\s(?:à|te|in)$", re.IGNORECASE)
MARKER = r"(?:#|n[°º]|nr\.?|no\.|num[ée]ro|nummer|huisnummer)\s?"
NUMBER = re.compile(
    rf"(?<![\w/-])(?:{MARKER})?(?P<number>[1-9]\d{{0,3}}(?!\d)(?![eè]?(?:r|re|me|de|ste)\b)"
    r"(?:\s?(?:bis|ter|quater|quinquies)(?!\w))?"
    r"(?:(?!\s?[bB]\.?\s?\d)\s?[A-Za-z](?!\w)(?![’'.]\w)(?:\s?[-–]\s?[A-Za-z](?!\w))?)?)",
    re.IGNORECASE,
)
RANGE = re.compile(r"\s?(?P<sign>[-–+&/])\s?(?P<until>\d{1,4})(?P<letter>\s?[A-Za-z])?(?!\w)")
BOX = re.compile(
    r"(?:bo[iî]te(?!s?\s+postale)|bte|bt|bus|box|brievenbus|b(?=\.?\s?\d))(?![^\W\d])\.?\s?:?\s?(?:n[°º]|nr\.?|no\.)?\s?"
    r"(?P<box>\d[\w./-]*|[A-Za-z]{1,2}[\d./-]*)(?!\w)",
    re.IGNORECASE,
)
UNIT = re.compile(
    # A floor by its number, with a side.
    rf"\d{{1,2}}\s?(?:er|ère|re|e|è|ème|eme|de|ste|te|nd|rd|th|st|\.)?[\s-]?(?:{FLOORS})(?!\w)\.?(?:\s(?:{SIDES})(?!\w))?"
    # What has a number or a letter of its own.
    r"|(?:appartement|appartment|apartment|appart|appt|apt|app|flat|studio|kamer|room|chambre|unit|suite|wohnung|whg|"
    r"étage|etage|verdieping|floor|bâtiment|batiment|bât|bat|gebouw|blok|block|bloc|building|haus|escalier|esc|"
    r"entrée|entree|ingang|eingang|aufgang|porte|deur|tür|hall|zimmer|stiege|niveau|code|digicode|interphone|sonnette|"
    rf"bel|klingel)(?![^\W\d])\.?\s?:?\s?(?:n[°º]\s?)?(?:\d[\w./-]*|[A-Za-z][\d./-]*|{SIDES})(?!\w)"
    # What is a word for itself.
    r"|(?:rdc|rez[\s-]de[\s-]chauss[ée]e|gelijkvloers|glv|parterre|erdgeschoss|eg|dachgeschoss|dg|souterrain|sous-sol|"
    r"begane grond|bg|beneden|boven|huis|hs|hinterhaus|vorderhaus|seitenflügel|bel-étage|hoog|rood|zwart|"
    r"links|rechts|gauche|droite)(?!\w)\.?"
    # What has a name.
    r"|(?:résidence|residence|residentie|immeuble|bâtiment|gebouw|building|c/o|chez|p/a|t\.a\.v\.)(?!\w).*",
    re.IGNORECASE,
)
# Behind a Dutch house number; anywhere else it may be part of a name.
ADDITION = re.compile(r"\s?(?P<box>\d{1,4}|I{1,3}|IV|V)(?!\w)")
SUFFIX = re.compile(r"\s?(?P<sign>[-–/])\s?(?P<box>\w[\w./-]*)")
# From how many places of a segment its end is read: no box has more words.
MOST_TRIES = 8
# No box follows them: "rue de la Porte 3".
BEFORE_NAMES = {"de", "du", "des", "la", "le", "les", "l", "van", "der", "den", "het", "ter", "ten", "à", "au", "aux"}


def split_address(text: str, country: str) -> AddressParts:
    """The parts of an address; `country` (two letters) is the one that counts where the text names none."""
    segments = segments_of(text)
    # A point ("50.8466, 4.3528") is no address, and has no house number.
    if len(segments) > MOST_SEGMENTS or (any(map(str.isdigit, text)) and not any(map(str.isalpha, text))):
        return AddressParts(street=" ".join(text.split()), country=country)
    segments, told = take_country(segments)
    town, segments = take_town(segments, told or country)
    country = told or town.country or guess_country(town.postal_code, segments, country)
    parts = take_street(segments, has_town=bool(town.city), country=country)
    found = replace(parts, postal_code=town.postal_code, city=town.city or parts.city, country=country)
    return AddressParts(
        street=unmasked(found.street),
        number=unmasked(found.number),
        box=unmasked(found.box),
        postal_code=found.postal_code,
        city=unmasked(found.city),
        country=found.country,
    )


def segments_of(text: str) -> list[str]:
    """What commas, lines, brackets and dashes part, digits of names masked."""
    spaced = "\n".join(" ".join(line.split()) for line in text.splitlines())
    spaced = SPACED_PREFIX.sub(lambda found: f"{found[1].upper()}-", spaced)
    masked = IN_NAMES.sub(lambda found: "".join(masked_character(one) for one in found[0]), spaced)
    masked = BRACKETED.sub(keep_bracket, masked)
    segments = [one for one in (part.strip(DASHES) for part in SEPARATORS.split(masked)) if one]
    return [*segments[:-1], *part_country(segments[-1])] if segments else []


def keep_bracket(found: re.Match[str]) -> str:
    """A town with the name in brackets behind it, the brackets masked; anything else as it is."""
    name = found["name"]
    if not name[0].isupper() or country_named(name) or tells_door(name) or not is_town_of(found["before"].strip()):
        return found[0]
    return f"{found['before']}{masked_character('(')}{name}{masked_character(')')}"


def part_country(segment: str) -> list[str]:
    """A segment, and the country that a dash or slash parts from it: "1040 Etterbeek - Belgique"."""
    for found in list(SPACED_DASH.finditer(segment))[-MOST_TRIES:]:
        before, name = segment[: found.start()], segment[found.end() :]
        # "Rue Haute 12 - B" has a letter, not a country.
        is_told = country_named(name) and (len(name) > SHORT_NAME or is_town_of(before))
        if is_told and not country_named(before):
            return [before, name]
    return [segment]


def masked_character(one: str) -> str:
    return chr(MASK + ord(one)) if ord(one) < MASK // 8 else one


def unmasked(text: str) -> str:
    """The text as it was, its digits unmasked."""
    return "".join(chr(ord(one) - MASK) if MASK <= ord(one) < MASK + MASK // 8 else one for one in text)


def country_named(text: str) -> str:
    """The country whose name a text is, in one language or several ("België / Belgique"); empty for none."""
    codes = {COUNTRY_OF.get(name.strip(" .").casefold(), "") for name in text.split("/")}
    return codes.pop() if len(codes) == 1 else ""


def take_country(segments: list[str]) -> tuple[list[str], str]:
    """The segments without the one that names the country, and that country; Luxembourg may be the town itself."""
    if len(segments) > 1 and (code := country_named(segments[-1])):
        is_town = code == "LU" and len(segments[-1]) > SHORT_NAME and not any(is_town_of(one) for one in segments[:-1])
        return (segments if is_town else segments[:-1]), code
    if segments:
        words = segments[-1].split(" ")
        code = COUNTRY_OF.get(words[-1].casefold(), "") if len(words[-1]) > SHORT_NAME else ""
        # Behind a town, not within its name: "Roissy en France".
        if code and len(words) > 1 and words[-2].casefold() not in {"en", *BEFORE_NAMES} and is_town_of(segments[-1]):
            without = " ".join(words[:-1])
            if is_town_of(without):
                return [*segments[:-1], without], code
            return segments, code
    return segments, ""


def is_town_of(segment: str) -> bool:
    """Whether a segment holds a postal code with a town behind it."""
    return any(
        is_town_name(segment[found.end() :].strip(DASHES)) for found in list(CODE.finditer(segment))[-MOST_TRIES:]
    )


def is_town_name(text: str) -> bool:
    """Whether what follows a number may be a town: neither a street whose house number that is, nor a box."""
    return bool(re.match(r"[’'\"]?[^\W\d_]", text)) and not STREET_FIRST.match(text) and not tells_door(text)


def tells_door(text: str) -> bool:
    return bool(BOX.match(text) or UNIT.match(text))


def take_town(segments: list[str], country: str) -> tuple[AddressParts, list[str]]:
    """Postal code and town (and the country that they tell), and the segments that are left; the last one counts."""
    for index in range(len(segments) - 1, -1, -1):
        if read_units(segments[index], country) is not None:
            continue
        for before, code, after in reversed(list(codes_in(segments[index], country))):
            rest, following = segments[:index], segments[index + 1 :]
            has_digits = any(any(map(str.isdigit, one)) for one in rest)
            if after:
                return replace(code, city=after), [*rest, *([before] if before else []), *following]
            if not before and (has_digits or code.country or len(segments) == 1):
                has_town = following and read_units(following[0], country) is None
                # "2511 CR, Plein 4, Den Haag"
                is_street = has_town and not has_digits and read_house(following[0], country) is not None
                city = following.pop(0) if has_town and not is_street else ""
                return replace(code, city=city), [*rest, *following]
            # "Paris 75002"
            if before and rest and not STREET_FIRST.match(before) and not STREET_LAST.search(before):
                return replace(code, city=before), [*rest, *following]
    return AddressParts(), segments


def codes_in(segment: str, country: str) -> Iterator[tuple[str, AddressParts, str]]:
    """What stands before, the postal code with the country that it tells, and the town behind, if any."""
    for found in list(CODE.finditer(segment))[-MOST_TRIES:]:
        before, after = IN_TOWN.sub("", segment[: found.start()].strip(DASHES)), segment[found.end() :].strip(DASHES)
        code, letters, prefix = found["code"], found["letters"] or "", found["prefix"] or ""
        if letters and not are_dutch(letters, prefix, country):
            code, after = code[: -len(letters)], f"{letters.strip()} {after}".strip()
            letters = ""
        told = COUNTRY_OF.get(prefix.casefold(), "") or ("NL" if letters else "")
        if prefix and (
            DIGITS_OF[told] != len(code.removesuffix(letters)) or (before and "-" not in found[0] and len(prefix) == 1)
        ):
            before, told = f"{before} {prefix}".strip(), ""
        if not after or is_town_name(after):
            yield before, AddressParts(postal_code=code, country=told), after


def are_dutch(letters: str, prefix: str, country: str) -> bool:
    """Whether two letters behind four digits are a Dutch code's: "1012 AB", "1012ab"."""
    if prefix == "NL" or (country == "NL" and not prefix):
        return True
    if letters.startswith(" "):
        return not prefix and letters.isupper() and letters.strip() not in ARTICLES
    return not prefix


def guess_country(postal_code: str, segments: Sequence[str], country: str) -> str:
    """Five digits are French or German, as the street is; otherwise the country that was given."""
    if len(postal_code) != DIGITS_OF["FR"] or DIGITS_OF.get(country) != DIGITS_OF["BE"]:
        return country
    if any(GERMAN.search(one) for one in segments):
        return "DE"
    french = any(STREET_FIRST.match(word) for one in segments for word in one.split(" "))
    return "FR" if french else country


def take_street(segments: Sequence[str], *, has_town: bool, country: str) -> AddressParts:
    """Street, house number and box of what is left beside the town, and the town where it had no postal code."""
    joined = join_numbers(segments, country)
    doors = {index: box for index, one in enumerate(joined) if (box := read_units(one, country)) is not None}
    named = [index for index in range(len(joined)) if index not in doors]
    if not named and doors:
        named = [0]
        del doors[0]
    if not named:
        return AddressParts()
    houses = {index: house for index in named if (house := read_house(joined[index], country))}
    chosen = min(named, key=lambda index: (index not in houses, not names_street(joined[index]), index))
    house = houses.get(chosen, AddressParts(street=joined[chosen]))
    before = [joined[index] for index in named if index < chosen]
    after = [joined[index] for index in named if index > chosen]
    towns = [] if has_town else [one for one in after if any(map(str.isalpha, one))]
    if not has_town and not towns:
        towns = [one for one in before if TOWN.fullmatch(one)]
        before = [one for one in before if one not in towns]
    boxes = [house.box, *(box for _, box in sorted(doors.items())), *(one for one in after if one not in towns)]
    street = ", ".join([*before, house.street])
    return AddressParts(street=street, number=house.number, box=", ".join(filter(None, boxes)), city=", ".join(towns))


def names_street(segment: str) -> bool:
    return bool(STREET_LAST.search(segment)) or any(STREET_FIRST.match(word) for word in segment.split(" "))


def join_numbers(segments: Sequence[str], country: str) -> list[str]:
    """A house number between commas goes with the street before it, one before any street with the one behind it."""
    joined: list[str] = []
    left = list(segments)
    while left:
        one = left.pop(0)
        if is_number(one, country):
            named = (index for index, text in enumerate(left) if read_units(text, country) is None)
            is_first = all(TOWN.fullmatch(text) for text in joined)
            if is_first and (index := next(named, None)) is not None and not is_number(left[index], country):
                one = f"{one} {left.pop(index)}"
            elif joined and read_house(joined[-1], country) is None and read_units(joined[-1], country) is None:
                one = f"{joined.pop()} {one}"
        joined.append(one)
    return joined


def is_number(segment: str, country: str) -> bool:
    """Whether a segment is a house number alone, or one with its box."""
    found = NUMBER.match(segment)
    if found is None or BOX.match(segment):
        return False
    _, rest = read_range(found["number"], segment[found.end() :], country)
    return read_units(rest, country, behind_number=True) is not None and UNIT.match(segment) is None


def read_house(segment: str, country: str) -> AddressParts | None:
    """Street, number and box of "Rue Haute 12 bte 3" or "12 bis, rue Haute"; None where no number can be told."""
    if POST_OFFICE_BOX.match(segment):
        return None
    leading = read_leading(segment, country)
    if leading and STREET_FIRST.match(leading.street):
        return leading
    for found in list(NUMBER.finditer(segment))[-MOST_TRIES:]:
        street = segment[: found.start()].strip(" -–")
        number, rest = read_range(found["number"], segment[found.end() :], country)
        box = read_units(rest, country, behind_number=True) if street else None
        if box is not None:
            return AddressParts(street=street, number=number, box=box)
    return leading


def read_leading(segment: str, country: str) -> AddressParts | None:
    """A house number before the street."""
    found = NUMBER.match(segment)
    if found is None:
        return None
    number, rest = read_range(found["number"], segment[found.end() :], country)
    box = ""
    # "149/24 avenue Louise", "20 boîte 3 rue Haute"
    if own := BOX.match(rest.lstrip()) or SUFFIX.match(rest):
        box, rest = own["box"], own.string[own.end() :]
    street = rest.strip()
    if not rest.startswith(" ") or not is_name(street):
        return None
    for space in list(re.finditer(r"\s", street))[-MOST_TRIES:]:
        words = street[: space.start()].split()
        read = read_units(street[space.end() :], country) if words[-1].casefold() not in BEFORE_NAMES else None
        if read is not None and len(words) > 1:
            street, box = street[: space.start()], ", ".join(filter(None, [box, read]))
            break
    return AddressParts(street=street, number=number, box=box)


def is_name(text: str) -> bool:
    """Whether a text begins as a name does: with a letter, or with masked digits."""
    return bool(text) and (text[0].isalpha() or ord(text[0]) >= MASK) and not tells_door(text)


def read_range(number: str, rest: str, country: str) -> tuple[str, str]:
    """The number with the one that it reaches to ("12-14", in France and Germany "12/14"), and what follows."""
    found = RANGE.match(rest)
    if found is None or (found["sign"] == "/" and country not in ("FR", "DE")):
        return number, rest
    first = re.match(r"\d+", number)
    if first and int(found["until"]) > int(first[0]):
        return number + found[0], rest[found.end() :]
    return number, rest


def read_units(text: str, country: str, *, behind_number: bool = False) -> str | None:
    """The box, flat and floor that a text is made of; None where it holds anything else. Empty for an empty text."""
    boxes: list[str] = []
    rest = text
    while left := rest.strip(" .,;:-–/"):
        found = UNIT.match(left)
        if found:
            boxes.append(found[0].strip())
        elif found := BOX.match(left):
            boxes.append(found["box"])
        elif behind_number and not boxes and (inner := SUFFIX.match(rest)):
            # "149/24", "12-2"
            boxes.append(inner["box"])
            left, found = rest, inner
        elif behind_number and not boxes and country == "NL" and (found := ADDITION.match(rest)):
            boxes.append(found["box"])
            left = rest
        else:
            return None
        rest = left[found.end() :]
    if not boxes and not behind_number:
        return None
    return ", ".join(boxes)
