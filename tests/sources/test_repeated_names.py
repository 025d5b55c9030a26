"""One name, one meaning: no public function or class is called as one of another module."""

from tests.sources.repeated_names import DELIBERATE, LIST, listed_names, repeated_names


def test_no_new_name_is_repeated() -> None:
    assert {name: found for name, found in repeated_names().items() if name not in listed_names()} == {}


def test_the_list_only_shrinks() -> None:
    """What is no longer repeated leaves it: `python -m tests.sources.repeated_names`."""
    assert listed_names() - set(repeated_names()) == set()
    assert not listed_names() & set(DELIBERATE)
    assert LIST.read_text().splitlines() == sorted(listed_names())
