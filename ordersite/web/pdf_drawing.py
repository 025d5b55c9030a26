"""How papers are drawn as PDF: one layout for all of them, on A4 or on a roll of 80 mm (fonts: pdf_scripts.py)."""

from collections.abc import Mapping, Sequence
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from arabic_reshaper import reshape
from bidi import get_display
from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_CENTER, TA_RIGHT
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.lib.utils import simpleSplit
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    HRFlowable,
    KeepTogether,
    LongTable,
    PageBreak,
    PageTemplate,
    Paragraph,
    Spacer,
    TableStyle,
)
from reportlab.platypus import Table as Grid

from ordersite.core.sheets import (
    Block,
    Facts,
    Paper,
    Sheet,
    SideBySide,
    SignatureLine,
    Table,
    Texts,
    TicketRows,
)
from ordersite.core.unprinted import one_line
from ordersite.web.pdf_scripts import READERS_FONTS, RIGHT_TO_LEFT, split_by_font

FONTS = Path(__file__).parent / "fonts"
PLAIN, BOLD = "DejaVuSans", "DejaVuSans-Bold"
INK, SOFT, LINE = HexColor("#1b1b1b"), HexColor("#4a4a4a"), HexColor("#c4c4c4")
MARGIN = 18 * mm
# A roll of which a printer reaches 72 mm; no page of a PDF is longer than 200 inches.
ROLL, ROLL_MARGIN, MOST_LENGTH = 80 * mm, 4 * mm, 14_400
ROLL_WIDTH = ROLL - 2 * ROLL_MARGIN


@cache
def styles() -> dict[str, ParagraphStyle]:
    """The styles by name; the fonts are read with the first document."""
    for name in (PLAIN, BOLD):
        pdfmetrics.registerFont(TTFont(name, str(FONTS / f"{name}.ttf")))
    for name in READERS_FONTS:
        pdfmetrics.registerFont(UnicodeCIDFont(name))
    text: dict[str, Any] = {"fontName": PLAIN, "fontSize": 9, "leading": 12, "textColor": INK, "splitLongWords": True}
    bold = {**text, "fontName": BOLD}
    return {
        "title": ParagraphStyle("title", **{**bold, "fontSize": 16, "leading": 21, "spaceAfter": 4 * mm}),
        "heading": ParagraphStyle("heading", **{**bold, "textColor": SOFT}),
        "text": ParagraphStyle("text", **text),
        "number": ParagraphStyle("number", **{**text, "alignment": TA_RIGHT}),
        "soft": ParagraphStyle("soft", **{**text, "textColor": SOFT}),
        "soft number": ParagraphStyle("soft number", **{**text, "textColor": SOFT, "alignment": TA_RIGHT}),
        "bold": ParagraphStyle("bold", **bold),
        "bold number": ParagraphStyle("bold number", **{**bold, "alignment": TA_RIGHT}),
        "footer": ParagraphStyle("footer", **{**text, "fontSize": 8, "textColor": SOFT}),
        **ticket_styles(text, bold),
    }


def ticket_styles(text: dict[str, Any], bold: dict[str, Any]) -> dict[str, ParagraphStyle]:
    """How the kinds of a ticket's rows look; each with one for what stands at its right."""
    kinds: dict[str, dict[str, Any]] = {
        "title": {**bold, "fontSize": 12, "leading": 15, "alignment": TA_CENTER},
        "number": {**bold, "fontSize": 30, "leading": 36, "alignment": TA_CENTER},
        "mark": {**bold, "fontSize": 12, "leading": 15, "alignment": TA_CENTER},
        "strong": {**bold, "fontSize": 12, "leading": 15},
        "item": {**bold, "fontSize": 14, "leading": 17, "spaceBefore": 2 * mm},
        "text": {**text, "leftIndent": 4 * mm},
        "added": {**text, "fontSize": 11, "leading": 14, "leftIndent": 4 * mm},
        "without": {**bold, "fontSize": 11, "leading": 14, "leftIndent": 4 * mm},
        "note": {**text, "leftIndent": 4 * mm},
        "sum": text,
    }
    right = {"alignment": TA_RIGHT, "leftIndent": 0}
    return {f"ticket {kind}": ParagraphStyle(f"ticket {kind}", **look) for kind, look in kinds.items()} | {
        f"ticket {kind} right": ParagraphStyle(f"ticket {kind} right", **{**look, **right})
        for kind, look in kinds.items()
    }


def paragraph(text: str, style: str) -> Flowable:
    """The text, line by line, without what no line holds."""
    lines = [one_line(line) for line in text.splitlines()]
    if any(map(RIGHT_TO_LEFT.search, lines)):
        return RightToLeft(lines, styles()[style])
    return Paragraph("<br/>".join(map(in_its_fonts, lines)), styles()[style])


def in_its_fonts(line: str) -> str:
    """One line as reportlab reads it, each piece by a font that has its letters."""
    pieces = split_by_font(line, pdfmetrics.getFont(PLAIN).face.charToGlyph)
    return "".join(f'<font name="{name}">{escape(text)}</font>' if name else escape(text) for name, text in pieces)


def paragraph_width(text: str, style: str) -> float:
    found = styles()[style]
    return float(pdfmetrics.stringWidth(text, found.fontName, found.fontSize))


class RightToLeft(Flowable):
    """Lines with Arabic or Hebrew in them: broken to the width as they are read, then put in the order of the eye."""

    def __init__(self, lines: Sequence[str], style: ParagraphStyle) -> None:
        super().__init__()
        self.lines, self.style = [reshape(line) for line in lines], style

    def in_order(self, width: float) -> Paragraph:
        room = width - self.style.leftIndent - self.style.rightIndent
        broken = [
            get_display(part)
            for line in self.lines
            for part in simpleSplit(line, self.style.fontName, self.style.fontSize, room)
        ]
        return Paragraph("<br/>".join(map(in_its_fonts, broken)), self.style)

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        self.inner = self.in_order(width)
        self.width, self.height = self.inner.wrap(width, height)
        return self.width, self.height

    def split(self, width: float, height: float) -> list[Flowable]:
        parts: list[Flowable] = self.in_order(width).split(width, height)
        return parts

    def draw(self) -> None:
        self.inner.drawOn(self.canv, 0, 0)

    def getSpaceBefore(self) -> float:  # noqa: N802  reportlab's name
        return float(self.style.spaceBefore)

    def getSpaceAfter(self) -> float:  # noqa: N802  reportlab's name
        return float(self.style.spaceAfter)


def draw_pdf(sheets: Sequence[Sheet], *, language: str, paper: Paper = Paper.A4) -> bytes:
    """The file. The same sheets make the same bytes; the title and language stand in it for who has it read aloud."""
    styles()
    if paper == Paper.ROLL:
        long = max(roll_length(flowables_of(sheet, ROLL_WIDTH)) for sheet in sheets)
        size, margin, width = (ROLL, min(long + 2 * ROLL_MARGIN + 1, MOST_LENGTH)), ROLL_MARGIN, ROLL_WIDTH
    else:
        size, margin = landscape(A4) if paper == Paper.WIDE else A4, MARGIN
        width = size[0] - 2 * margin
    flowables = [[PageBreak()] * bool(at) + flowables_of(sheet, width) for at, sheet in enumerate(sheets)]
    file = BytesIO()
    frame = Frame(margin, margin, width, size[1] - 2 * margin, 0, 0, 0, 0)
    document = SheetDocument(
        file,
        pagesize=size,
        pageTemplates=[PageTemplate(frames=[frame], **({} if paper == Paper.ROLL else {"onPageEnd": draw_footer}))],
        title=sheets[0].title,
        author="",
        lang=language,
        displayDocTitle=True,
        invariant=True,
    )
    document.build([one for sheet in flowables for one in sheet])
    return file.getvalue()


class SheetDocument(BaseDocTemplate):
    """Knows which sheet the page that is being drawn belongs to."""

    sheet_title = ""

    def afterFlowable(self, flowable: Flowable) -> None:  # noqa: N802  reportlab's name
        self.sheet_title = getattr(flowable, "sheet_title", self.sheet_title)


def draw_footer(canvas: Any, document: SheetDocument) -> None:
    """The page's number, and from the second page on what it belongs to."""
    number = canvas.getPageNumber()
    canvas.setFont(PLAIN, 8)
    canvas.setFillColor(SOFT)
    right = document.pagesize[0] - MARGIN
    canvas.drawRightString(right, MARGIN / 2, str(number))
    if number > 1:
        title = paragraph(document.sheet_title, "footer")
        title.wrap(right - MARGIN - 20 * mm, MARGIN)
        title.drawOn(canvas, MARGIN, MARGIN / 2 - 2)


def flowables_of(sheet: Sheet, width: float) -> list[Flowable]:
    """What stands on a sheet; the first of it names the sheet to its pages."""
    drawn_blocks: list[Flowable] = [paragraph(sheet.title, "title")] if sheet.is_headed else []
    for block in sheet.blocks:
        drawn_blocks += [*drawn(block, width), Spacer(1, 5 * mm)]
    if drawn_blocks:
        drawn_blocks[0].sheet_title = sheet.title
    return drawn_blocks


def roll_length(flowables: Sequence[Flowable]) -> float:
    return sum(one.wrap(ROLL_WIDTH, MOST_LENGTH)[1] + one.getSpaceBefore() + one.getSpaceAfter() for one in flowables)


def drawn(block: Block, width: float) -> list[Flowable]:
    match block:
        case Table():
            return [drawn_table(block, width)]
        case Facts():
            return [drawn_facts(block, width)]
        case Texts():
            return [KeepTogether(texts_of(block))]
        case SideBySide(parts=parts):
            columns = [texts_of(part) for part in parts]
            return [
                Grid(
                    [columns],
                    colWidths=[width / len(columns)] * len(columns),
                    **PARTED,
                    style=TableStyle([*TIGHT, *TOP]),
                )
            ]
        case TicketRows(rows=rows):
            return [drawn_row(row, width) for row in rows]
        case SignatureLine(text=text):
            line = HRFlowable(width=80 * mm, hAlign="LEFT", color=INK, spaceBefore=14 * mm, spaceAfter=1 * mm)
            return [KeepTogether([line, paragraph(text, "soft")])]


# How the kinds of a ticket's rows are written, beside their style; what is left out is framed, and never overlooked.
BEFORE = {"added": "+ ", "note": "» "}


def drawn_row(row: Mapping[str, str], width: float) -> Flowable:
    kind, text, right = row["kind"], row["text"], row["right"]
    if kind == "rule":
        return HRFlowable(width="100%", color=INK, dash=(2, 2), spaceBefore=2 * mm, spaceAfter=2 * mm)
    style = f"ticket {kind}"
    told = paragraph(text.upper() if kind == "without" else BEFORE.get(kind, "") + text, style)
    if kind in ("mark", "without"):
        framed = TableStyle([("BOX", (0, 0), (-1, -1), 1, INK), ("TOPPADDING", (0, 0), (-1, -1), 1)])
        indent = styles()[style].leftIndent
        return Grid([[told]], colWidths=[width - indent], hAlign="RIGHT", **PARTED, style=framed)
    if not right:
        return told
    # An amount keeps its line; what it is of takes the rest.
    room = min(paragraph_width(right, style) + 6, width / 2)
    cells = [told, paragraph(right, f"{style} right")]
    return Grid([cells], colWidths=[width - room, room], **PARTED, style=TableStyle([*TIGHT, *TOP, *LOW]))


def texts_of(block: Texts) -> list[Flowable]:
    return [paragraph(block.heading, "heading"), *(paragraph(line, "text") for line in block.lines if line)]


TOP: list[Any] = [("VALIGN", (0, 0), (-1, -1), "TOP")]
# A row that is higher than a page goes on, on the next one; reportlab refuses to draw it else.
PARTED: dict[str, Any] = {"splitInRow": 1}
LOW: list[Any] = [("TOPPADDING", (0, 0), (-1, -1), 0), ("BOTTOMPADDING", (0, 0), (-1, -1), 0)]
PADDING = 4
TIGHT: list[Any] = [("LEFTPADDING", (0, 0), (-1, -1), 0), ("RIGHTPADDING", (0, 0), (-1, -1), PADDING)]


def drawn_table(block: Table, width: float) -> Flowable:
    whole = sum(column.part for column in block.columns)
    widths = [width * column.part / whole for column in block.columns]
    numeric = {"soft": "soft number", "text": "number"}

    def cells(texts: Sequence[str], style: str) -> list[Flowable | str]:
        return [
            cell(text, numeric[style] if column.is_number else style, column_width)
            for text, column, column_width in zip(texts, block.columns, widths, strict=True)
        ]

    rows = [
        cells([column.heading for column in block.columns], "soft"),
        *(cells(row, "text") for row in block.rows),
    ]
    lines: list[Any] = [("LINEBELOW", (0, 0), (-1, -1), 0.5, LINE)]
    right = [("ALIGN", (at, 0), (at, -1), "RIGHT") for at, column in enumerate(block.columns) if column.is_number]
    style = TableStyle([*TIGHT, *TOP, *PLAIN_CELLS, *right, *lines])
    table = LongTable(rows, colWidths=widths, repeatRows=1, **PARTED, style=style)
    return KeepTogether([paragraph(block.caption, "heading"), table]) if block.caption else table


# As the styles "text" and "number" have it: a cell that is a plain text takes its look from its table.
PLAIN_CELLS: list[Any] = [("FONT", (0, 0), (-1, -1), PLAIN, 9, 12), ("TEXTCOLOR", (0, 0), (-1, -1), INK)]


def cell(text: str, style: str, width: float) -> Flowable | str:
    """What stands in a cell: as a plain text where that fits into one line, which is drawn in a tenth of the time."""
    told = one_line(text)
    is_plain = style in ("text", "number") and told.isascii() and len(text.splitlines()) == 1
    return told if is_plain and paragraph_width(told, style) <= width - PADDING else paragraph(text, style)


def drawn_facts(block: Facts, width: float) -> Flowable:
    rows = [[paragraph(label, "soft"), paragraph(told, "number")] for label, told in block.rows]
    if block.last_is_total and block.rows:
        label, told = block.rows[-1]
        rows[-1] = [paragraph(label, "bold"), paragraph(told, "bold number")]
    return Grid(rows, colWidths=[width / 2] * 2, **PARTED, style=TableStyle([*TIGHT, *TOP]))
