"""Which files are read and how; a line that cannot be read is named with its number."""

from pathlib import Path

import pytest

from ordersite.demo.replay.reading import UnreadableFile, read_orders

HEADER = "order_id\tquantity\titem_name\tchoice_description\titem_price\n"
GOOD = "1\t1\tSoup\tNULL\t$2.39 \n"


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "orders.tsv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_reads_quantities_prices_and_nested_choices(tmp_path: Path) -> None:
    lines = (
        "1\t2\tBowl\t[Salsa (Hot), [Rice, Rice, Sour Cream]]\t$16.98 \n"
        "2\t1\tSoda\t[Sprite]\t$1,000.09\r\n"
        "1\t1\tTaco\t[[Mild, Hot], [Rice, [Beans, Corn]]]\t$0.50\n"
    )
    first, second = read_orders(write(tmp_path, "\ufeff" + HEADER + lines + "\n"))
    assert (first.code, first.total) == ("1", 1748)
    bowl, taco = first.items
    assert (bowl.name, bowl.quantity, bowl.unit_price) == ("Bowl", 2, 849)
    assert bowl.choices == ((("1", "Salsa (Hot)"), 1), (("2", "Rice"), 2), (("2", "Sour Cream"), 1))
    assert [choice for choice, _ in taco.choices] == [
        ("1", "Mild"),
        ("1", "Hot"),
        ("2.1", "Rice"),
        ("2.2", "Beans"),
        ("2.2", "Corn"),
    ]
    assert second.items[0].choices == ((("1", "Sprite"), 1),)
    assert second.total == 100_009


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("2\t1\tSoup\tNULL", "4 columns"),
        ("\t1\tSoup\tNULL\t$1.00", "order_id is empty"),
        ("2\t0\tSoup\tNULL\t$1.00", 'quantity is "0"'),
        ("2\tone\tSoup\tNULL\t$1.00", 'quantity is "one"'),
        ("2\t1\t \tNULL\t$1.00", "item_name is empty"),
        ("2\t1\tSo\x00up\tNULL\t$1.00", "control character"),
        ("2\t1\tSoup\tNULL\t1.00", "must look like"),
        ("2\t1\tSoup\tNULL\t$1.0", "must look like"),
        ("2\t1\tSoup\tNULL\t$-1.00", "must look like"),
        ("2\t3\tSoup\tNULL\t$1.00", "not 3 times"),
        ("2\t1\tSoup\tRice\t$1.00", "square brackets"),
        ("2\t1\tSoup\t[Rice\t$1.00", "not closed"),
        ("2\t1\tSoup\t[Rice]]\t$1.00", "after a closing bracket"),
        ("2\t1\tSoup\t[[Rice] Beans]\t$1.00", "after a closing bracket"),
        ("2\t1\tSoup\t[Rice,,Beans]\t$1.00", "empty choice"),
        ("2\t1\tSoup\t[Rice [Beans]]\t$1.00", "wrong place"),
        ("2\t1\tSoup\t" + "[" * 5000 + "\t$1.00", "wrong place"),
    ],
)
def test_names_the_line_that_it_cannot_read(tmp_path: Path, line: str, why: str) -> None:
    with pytest.raises(UnreadableFile) as refused:
        read_orders(write(tmp_path, HEADER + GOOD + line + "\n" + GOOD))
    assert str(refused.value).startswith("Line 3: ")
    assert why in str(refused.value)


def test_names_a_header_that_is_not_the_shape_and_bytes_that_are_no_text(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="Line 1: the first line must name the columns"):
        read_orders(write(tmp_path, GOOD))
    with pytest.raises(UnreadableFile, match="Line 2: it is not UTF-8"):
        read_orders(write(tmp_path, HEADER.encode() + b"1\t1\tSo\xffup\tNULL\t$1.00\n"))
    with pytest.raises(UnreadableFile, match="Line 1: the file has no orders"):
        read_orders(write(tmp_path, HEADER))
