"""What the framework says of a fault, in plain words with the remedy: the one place for all APIs."""

import re

OBJECT = 'Send an object with its fields: {"name": "value"}.'
MOMENT = "Send a date and time such as 2026-11-29T10:30:00Z."
DATE = "Send a date such as 2026-11-29."
LIST = "Send a list."
EMPTY_LIST = "The list is empty: send at least one."
FILE = "Send a file, as a part of a form (multipart/form-data)."
# The framework's sentences, as patterns of all of one that have one group at most, and ours, where \1 is that group.
SENTENCES = [
    (r"This field is required\.", "This field is missing: send it."),
    (r"This field may not be null\.", "This field is null: send a value."),
    (r"This field may not be blank\.", "The text is empty: send one."),
    (r"Must be a valid boolean\.", "Send true or false."),
    (r"Not a valid string\.", "Send a text."),
    (
        r"(?:Ensure this (?:field|value) has no more than|Ensure this value has at most) (\S+) character.*",
        r"The text is too long: send at most \1 characters.",
    ),
    (
        r"Ensure this (?:field|value) has at least (\S+) character.*",
        r"The text is too short: send at least \1 characters.",
    ),
    (r"Enter a valid email address\.", "This is no e-mail address: send one such as name@example.org."),
    (
        r"This value does not match the required pattern\.",
        "The text is not written as this field needs it: see its description.",
    ),
    (r"Enter a valid URL\.", "This is no web address: send one such as https://example.org."),
    (r"Must be a valid UUID\.", "This is no UUID: send one such as 988a7773-8234-4b44-9a2d-8ea2e2eb1ae7."),
    (r"A valid (?:big)?integer is required\.", "Send a whole number."),
    (r"A valid number is required\.", "Send a number."),
    (r"Ensure this value is less than or equal to (\S+)\.", r"The number is too large: send \1 or less."),
    (r"Ensure this value is greater than or equal to (\S+)\.", r"The number is too small: send \1 or more."),
    (
        r"String value too large\.|Integer value too large to convert to float",
        "The number is too long: send fewer digits.",
    ),
    (r"Ensure that there are no more than (\S+) digits in total\.", r"Send at most \1 digits."),
    (r"Ensure that there are no more than (\S+) decimal places\.", r"Send at most \1 digits after the point."),
    (
        r"Ensure that there are no more than (\S+) digits before the decimal point\.",
        r"Send at most \1 digits before the point.",
    ),
    (r"Datetime has wrong format\..*|Expected a datetime but got a date\.", MOMENT),
    (r'Invalid datetime for the timezone "(.*)"\.', r"In \1 there is no such time on that day: send another."),
    (r"Datetime value out of range\.", "The time is too far away: send a nearer one."),
    (r"Date has wrong format\..*|Expected a date but got a datetime\.", DATE),
    (r"Time has wrong format\..*", "Send a time such as 10:30."),
    (r'"(.*)" is not a valid choice\.', r"\1 is none of the words of this field: see its description."),
    (r"Expected a list of items but got type .*", LIST),
    (r"This (?:selection|list) may not be empty\.", EMPTY_LIST),
    (r"Ensure this field has at least (\S+) elements\.", r"The list is too short: send at least \1."),
    (r"Ensure this field has no more than (\S+) elements\.", r"The list is too long: send at most \1."),
    (r"(?:Invalid data\. )?Expected a dictionary.*", OBJECT),
    (r"This dictionary may not be empty\.", "The object is empty: send at least one field."),
    (r"Value must be valid JSON\.", "Send JSON."),
    (r"No file was submitted\.|The submitted data was not a file\..*|No filename could be determined\.", FILE),
    (r"The submitted file is empty\.", "The file is empty: send another."),
    (
        r"Ensure this filename has at most (\S+) characters.*",
        r"The file's name is too long: send at most \1 characters.",
    ),
    (r"Null characters are not allowed\.", "The text contains a NUL character: leave it out."),
    (
        r"Authentication credentials were not provided\.",
        "Sign in first: send your token in the header Authorization, as Bearer and the token.",
    ),
    (r"Incorrect authentication credentials\.", "The token is not known: sign in again."),
    (r"You do not have permission to perform this action\.", "You may not do this."),
    (r'Method "(.*)" not allowed\.', r"This address does not take \1: see the documentation."),
    (r"Could not satisfy the request Accept header\.", "The answer is JSON: accept application/json."),
    (
        r'Unsupported media type "" in request\.',
        "The header Content-Type is missing: send it, with JSON as application/json.",
    ),
    (
        r'Unsupported media type "(.+)" in request\.',
        r"A body of the type \1 is not read here: send JSON, as application/json.",
    ),
]
# All of them as one pattern, in which each is a group with a name; ours by these names.
FRAMEWORK = re.compile("|".join(f"(?P<told{at}>{pattern})" for at, (pattern, _) in enumerate(SENTENCES)), re.DOTALL)
OURS = {f"told{at}": sentence for at, (_, sentence) in enumerate(SENTENCES)}


def plain_sentence(sentence: str) -> str:
    """Our own sentence for one of the framework's; any other as it is."""
    found = FRAMEWORK.fullmatch(sentence)
    if found is None or found.lastgroup is None or found.lastindex is None:
        return sentence
    ours = OURS[found.lastgroup]
    return ours.replace(r"\1", found[found.lastindex + 1]) if r"\1" in ours else ours
