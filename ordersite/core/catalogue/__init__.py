"""The catalogue: a sentence for each code, with the remedy (see ordersite.core.faults for what stands in braces)."""

from ordersite.core.catalogue import (
    accounts,
    arranging,
    capacity,
    checkout,
    editing,
    everywhere,
    money,
    moving,
    outgoing,
    paying,
    personal,
    printing,
    record,
    vendors,
)
from ordersite.core.codes import FaultCode

# Whose refusals the calls of our pages can meet: their sentences are translated (`make messages`), those of the others,
# which clients and the back-office alone meet, are English (docs/decisions/faults.md).
ON_PAGES = (everywhere, editing, record, moving, printing, vendors, accounts)
SENTENCES: dict[FaultCode, str] = {
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
        personal,
        printing,
        vendors,
        arranging,
        accounts,
    )
    for code, sentence in module.SENTENCES.items()
}
