"""The demo's pictures: flat drawings, the same on every machine, made by code so that no file is shipped."""

import io
import math
from collections.abc import Callable

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT = 480, 320
# Drawn larger and scaled down, which smooths the edges.
SCALE = 3
Colour = str
Box = tuple[float, float, float, float]


class Canvas:
    """A drawing surface of WIDTH × HEIGHT, in the coordinates of the finished picture."""

    def __init__(self, background: Colour, spot: Colour) -> None:
        self.image = Image.new("RGB", (WIDTH * SCALE, HEIGHT * SCALE), background)
        self.pen = ImageDraw.Draw(self.image)
        self.ellipse((110, 30, 370, 290), spot)

    def box(self, box: Box) -> list[float]:
        return [part * SCALE for part in box]

    def ellipse(self, box: Box, fill: Colour) -> None:
        self.pen.ellipse(self.box(box), fill=fill)

    def round(self, box: Box, radius: float, fill: Colour) -> None:
        self.pen.rounded_rectangle(self.box(box), radius * SCALE, fill=fill)

    def pie(self, box: Box, start: float, end: float, fill: Colour) -> None:
        self.pen.pieslice(self.box(box), start, end, fill=fill)

    def polygon(self, points: list[tuple[float, float]], fill: Colour) -> None:
        self.pen.polygon([(x * SCALE, y * SCALE) for x, y in points], fill=fill)

    def line(self, points: list[tuple[float, float]], width: float, fill: Colour) -> None:
        self.pen.line([(x * SCALE, y * SCALE) for x, y in points], fill=fill, width=int(width * SCALE), joint="curve")

    def finish(self) -> Image.Image:
        return self.image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)


def draw_burger(canvas: Canvas) -> None:
    canvas.pie((150, 70, 330, 230), 180, 360, "#d9954a")
    for x, y in ((190, 112), (225, 95), (262, 100), (292, 120), (240, 122)):
        canvas.ellipse((x, y, x + 12, y + 7), "#f6e3b8")
    canvas.round((142, 150, 338, 168), 9, "#6fae4f")
    canvas.round((150, 166, 330, 182), 6, "#f2c14e")
    canvas.round((146, 180, 334, 206), 12, "#7a4429")
    canvas.round((148, 204, 332, 218), 7, "#d8483e")
    canvas.round((152, 216, 328, 250), 16, "#d9954a")


def fries(canvas: Canvas) -> None:
    for index in range(9):
        x = 176 + index * 14
        top = 78 + (index * 37) % 34
        canvas.round((x, top, x + 11, 200), 3, "#f2c14e" if index % 2 else "#e5ac34")
    canvas.polygon([(164, 150), (316, 150), (298, 262), (182, 262)], "#d8483e")
    canvas.ellipse((216, 182, 264, 230), "#fff3e0")


def draw_drink(canvas: Canvas) -> None:
    canvas.line([(262, 110), (286, 52), (314, 46)], 8, "#d8483e")
    canvas.polygon([(182, 96), (298, 96), (282, 264), (198, 264)], "#dff1f5")
    canvas.polygon([(188, 134), (292, 134), (280, 258), (200, 258)], "#e98a3a")
    for x, y in ((212, 150), (246, 162), (224, 188)):
        canvas.round((x, y, x + 26, y + 26), 5, "#f7c98f")
    canvas.ellipse((268, 74, 322, 128), "#f2c14e")
    canvas.ellipse((276, 82, 314, 120), "#fbe7a6")


def draw_pizza(canvas: Canvas) -> None:
    canvas.ellipse((140, 60, 340, 260), "#d9954a")
    canvas.ellipse((154, 74, 326, 246), "#d8483e")
    canvas.ellipse((160, 80, 320, 240), "#f6d98c")
    for index in range(7):
        turn = index * 2 * math.pi / 7
        x, y = 240 + 56 * math.cos(turn), 160 + 56 * math.sin(turn)
        canvas.ellipse((x - 15, y - 15, x + 15, y + 15), "#c8372d")
    for x, y in ((236, 120), (206, 172), (266, 176), (240, 150)):
        canvas.ellipse((x, y, x + 22, y + 11), "#5d9a45")
    canvas.polygon([(240, 160), (352, 118), (352, 202)], "#f4e6d4")


def bread(canvas: Canvas) -> None:
    canvas.ellipse((132, 108, 348, 248), "#a9642f")
    canvas.ellipse((138, 100, 342, 234), "#c98545")
    for x in (178, 222, 266):
        canvas.line([(x, 196), (x + 32, 128)], 9, "#f0d3a2")


def croissant(canvas: Canvas) -> None:
    for start, colour in ((182, "#b8742f"), (218, "#cf8b3f"), (252, "#dda052"), (288, "#cf8b3f"), (322, "#b8742f")):
        canvas.pie((128, 84, 352, 308), start, start + 40, colour)
    canvas.ellipse((184, 150, 296, 290), "#fdeccb")


def cake(canvas: Canvas) -> None:
    canvas.ellipse((136, 214, 344, 262), "#e3d5c6")
    canvas.round((158, 140, 322, 240), 14, "#f7e3c3")
    canvas.round((158, 176, 322, 192), 2, "#e58aa0")
    canvas.round((152, 124, 328, 156), 16, "#fff8f0")
    for index in range(5):
        x = 172 + index * 29
        canvas.ellipse((x, 102, x + 24, 130), "#d8483e")
        canvas.ellipse((x + 8, 98, x + 18, 106), "#5d9a45")


def sushi(canvas: Canvas) -> None:
    canvas.round((120, 216, 360, 240), 8, "#8c5a3a")
    for x, topping in ((138, "#f2875c"), (214, "#d8483e"), (290, "#f2875c")):
        canvas.round((x, 172, x + 58, 216), 18, "#fffdf8")
        canvas.round((x - 4, 152, x + 62, 188), 16, topping)
        canvas.line([(x + 12, 158), (x + 24, 182)], 4, "#ffd3bd")
        canvas.line([(x + 32, 158), (x + 44, 182)], 4, "#ffd3bd")
    canvas.line([(150, 70), (344, 122)], 6, "#5b3a26")
    canvas.line([(146, 88), (344, 136)], 6, "#5b3a26")


def bowl(canvas: Canvas) -> None:
    canvas.ellipse((132, 116, 348, 204), "#b23a34")
    canvas.pie((132, 60, 348, 270), 0, 180, "#d8483e")
    canvas.ellipse((144, 124, 336, 190), "#f0c578")
    for y in (138, 147, 156):
        canvas.line([(166, y), (202, y + 7), (238, y), (252, y + 5)], 3, "#fdf0cf")
    canvas.ellipse((252, 138, 304, 170), "#fffdf8")
    canvas.ellipse((266, 145, 290, 163), "#f2a33c")
    canvas.ellipse((182, 160, 220, 180), "#6fae4f")
    canvas.ellipse((226, 166, 252, 182), "#c98545")
    canvas.round((204, 262, 276, 276), 6, "#8f2d28")


def bouquet(canvas: Canvas) -> None:
    for x in (196, 218, 240, 262, 284):
        canvas.line([(x, 130), (240, 240)], 5, "#5d9a45")
    for x, y, colour in (
        (190, 120, "#e58aa0"),
        (240, 96, "#d8483e"),
        (290, 120, "#f2c14e"),
        (214, 148, "#fff8f0"),
        (266, 148, "#a77bca"),
    ):
        for petal in range(6):
            turn = petal * math.pi / 3
            px, py = x + 16 * math.cos(turn), y + 16 * math.sin(turn)
            canvas.ellipse((px - 13, py - 13, px + 13, py + 13), colour)
        canvas.ellipse((x - 9, y - 9, x + 9, y + 9), "#f6d98c")
    canvas.polygon([(184, 178), (296, 178), (256, 274), (224, 274)], "#d9c3a0")
    canvas.polygon([(240, 178), (296, 178), (256, 274)], "#c9ae85")


def plant(canvas: Canvas) -> None:
    canvas.line([(240, 210), (240, 96)], 6, "#4c8238")
    for y, side in ((116, -1), (136, 1), (158, -1), (180, 1)):
        canvas.ellipse((240, y - 16, 318, y + 16) if side > 0 else (162, y - 16, 240, y + 16), "#6fae4f")
    canvas.ellipse((214, 60, 266, 122), "#5d9a45")
    canvas.polygon([(190, 204), (290, 204), (274, 272), (206, 272)], "#c9683f")
    canvas.round((182, 196, 298, 218), 6, "#d97b51")


def basket(canvas: Canvas) -> None:
    canvas.round((214, 66, 244, 180), 12, "#d9954a")
    canvas.ellipse((160, 116, 216, 172), "#d8483e")
    canvas.ellipse((252, 104, 316, 168), "#6fae4f")
    canvas.round((240, 84, 262, 170), 6, "#dff1f5")
    canvas.ellipse((202, 126, 250, 174), "#f2c14e")
    canvas.polygon([(138, 156), (342, 156), (318, 266), (162, 266)], "#a9743f")
    for y in (180, 206, 232):
        canvas.line([(146, y), (334, y)], 5, "#c3905a")


def draw_book(canvas: Canvas) -> None:
    canvas.round((150, 204, 330, 238), 4, "#3f6f8f")
    canvas.round((158, 210, 330, 232), 2, "#fdf6e6")
    canvas.round((164, 170, 318, 204), 4, "#d8483e")
    canvas.round((172, 176, 318, 198), 2, "#fdf6e6")
    canvas.polygon([(240, 96), (164, 78), (164, 148), (240, 166)], "#fffaf0")
    canvas.polygon([(240, 96), (316, 78), (316, 148), (240, 166)], "#f3e8d2")
    for row in range(4):
        y = 94 + row * 13
        canvas.line([(176, y), (228, y + 12)], 3, "#c8b99b")
        canvas.line([(252, y + 12), (304, y)], 3, "#c8b99b")


def parcel(canvas: Canvas) -> None:
    canvas.polygon([(140, 126), (240, 82), (340, 126), (240, 170)], "#dcb074")
    canvas.polygon([(140, 126), (240, 170), (240, 274), (140, 228)], "#c3905a")
    canvas.polygon([(340, 126), (240, 170), (240, 274), (340, 228)], "#a9743f")
    canvas.polygon([(178, 109), (204, 98), (304, 142), (278, 153)], "#f3e8d2")
    canvas.polygon([(278, 153), (304, 142), (304, 176), (278, 188)], "#e3d5c6")


def scissors(canvas: Canvas) -> None:
    canvas.line([(196, 218), (296, 70)], 12, "#9fb4bf")
    canvas.line([(284, 218), (184, 70)], 12, "#b9cad3")
    for x, colour in ((156, "#d8483e"), (260, "#c8372d")):
        canvas.ellipse((x, 204, x + 64, 268), colour)
        canvas.ellipse((x + 16, 220, x + 48, 252), "#f5d3db")
    canvas.ellipse((232, 136, 248, 152), "#5b6a73")


def plate(canvas: Canvas) -> None:
    canvas.ellipse((120, 120, 360, 270), "#ffffff")
    canvas.ellipse((146, 136, 334, 254), "#eef1f3")
    for x, y in ((176, 168), (214, 152), (252, 156), (200, 192), (240, 188)):
        canvas.ellipse((x, y, x + 46, y + 30), "#7a4429")
        canvas.ellipse((x + 6, y + 4, x + 36, y + 16), "#93583a")
    for index in range(6):
        x = 262 + index * 9
        canvas.line([(x, 222), (x + 12, 160 + (index * 17) % 24)], 8, "#f2c14e")
    canvas.ellipse((176, 208, 230, 236), "#6fae4f")


def gift(canvas: Canvas) -> None:
    canvas.round((130, 104, 350, 236), 14, "#d8483e")
    canvas.round((130, 104, 350, 148), 14, "#c8372d")
    canvas.polygon([(226, 104), (254, 104), (254, 236), (226, 236)], "#f2c14e")
    canvas.ellipse((186, 70, 240, 108), "#f2c14e")
    canvas.ellipse((240, 70, 294, 108), "#f2c14e")
    canvas.ellipse((226, 88, 254, 116), "#e0a92e")
    for index in range(4):
        canvas.round((146 + index * 18, 206, 158 + index * 18, 218), 2, "#fdf6e6")


def ice(canvas: Canvas) -> None:
    canvas.ellipse((178, 84, 252, 160), "#f3e2c0")
    canvas.ellipse((230, 84, 304, 160), "#f0b6c1")
    canvas.ellipse((204, 46, 278, 122), "#8a5a3b")
    canvas.polygon([(176, 146), (306, 146), (241, 278)], "#d9954a")
    for offset in (24, 52, 80):
        canvas.line([(176 + offset, 146), (241 + offset // 4, 262 - offset)], 3, "#b97834")
        canvas.line([(306 - offset, 146), (241 - offset // 4, 262 - offset)], 3, "#b97834")


# Drawing, background, spot behind it.
PICTURES: dict[str, tuple[Callable[[Canvas], None], Colour, Colour]] = {
    "burger": (draw_burger, "#fbe9d0", "#f7d9ae"),
    "fries": (fries, "#fdf1d3", "#f9e2a8"),
    "drink": (draw_drink, "#e3f2f1", "#c9e6e4"),
    "pizza": (draw_pizza, "#f4e6d4", "#ecd6bb"),
    "bread": (bread, "#fbf0dc", "#f3ddb6"),
    "croissant": (croissant, "#fbf3e4", "#fdeccb"),
    "cake": (cake, "#fbe8ec", "#f5d3db"),
    "sushi": (sushi, "#e6eef2", "#cfdfe7"),
    "bowl": (bowl, "#fdebdf", "#f8d5c0"),
    "bouquet": (bouquet, "#f0eaf6", "#e0d4ec"),
    "plant": (plant, "#e8f2e2", "#d2e6c7"),
    "basket": (basket, "#eaf3e4", "#d6e8ca"),
    "book": (draw_book, "#e9eef5", "#d3deec"),
    "parcel": (parcel, "#f4ece0", "#e6d6bd"),
    "scissors": (scissors, "#fbe8ec", "#f5d3db"),
    "plate": (plate, "#f1ece4", "#e3d8c8"),
    "gift": (gift, "#e9eef5", "#d3deec"),
    "ice": (ice, "#e3f2f1", "#c9e6e4"),
}


def draw_slip(*lines: str) -> bytes:
    """A bank's slip of a transfer with these lines, as the photo (JPEG) that a customer sends."""
    slip = Image.new("RGB", (720, 60 + 56 * len(lines)), "#fbf9f2")
    pen = ImageDraw.Draw(slip)
    font = ImageFont.load_default(size=30)
    for row, line in enumerate(lines):
        pen.text((40, 34 + 56 * row), line, fill="#2b2118", font=font)
    photo = io.BytesIO()
    slip.save(photo, "JPEG", quality=85)
    return photo.getvalue()


def draw_missing() -> int:
    """Saves below demo/ each picture that is not there yet, and returns how many it drew."""
    drawn = 0
    for name, (draw, background, spot) in PICTURES.items():
        path = f"demo/{name}.png"
        if default_storage.exists(path):
            continue
        canvas, file = Canvas(background, spot), io.BytesIO()
        draw(canvas)
        canvas.finish().quantize(64).save(file, "PNG", optimize=True)
        default_storage.save(path, ContentFile(file.getvalue()))
        drawn += 1
    return drawn
