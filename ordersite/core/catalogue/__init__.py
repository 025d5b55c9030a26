"""The catalogue: a sentence for each code, with the remedy (see ordersite.core.faults for what stands in braces)."""

from ordersite.core.catalogue import (
    accounts,
    capacity,
    checkout,
    editing,
    everywhere,
    money,
    moving,
    outgoing,
    paying,
    printing,
    record,
    vendors,
)
from ordersite.core.codes import Code

SENTENCES: dict[Code, str] = {
    code: sentence
    for module in (
        everywhere,
        checkout,
        editing,
        record,
        capacity,
        money,
        moving,
        outgoing,
        paying,
        printing,
        vendors,
        accounts,
    )
    for code, sentence in module.SENTENCES.items()
}
