"""Setting up a vendor in a browser: its week and its zones, by mouse and by keyboard, on a desk and on a phone."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_looks import broken_rules
from tests.cast import Cast
from vendors.models import DeliveryZone, OpeningHours

pytestmark = pytest.mark.browser
OpenPage = Callable[..., Page]
SignIn = Callable[[Page, str], None]


def open_vendor(stage: Cast, open_page: OpenPage, sign_in: SignIn, width: int) -> Page:
    page = open_page(width=width)
    sign_in(page, stage.staff.email)
    page.goto(f"/admin/vendors/vendor/{stage.vendor.pk}/change/")
    return page


def save(page: Page) -> None:
    page.locator("input[name=_save]").first.click()
    page.wait_for_url("**/admin/vendors/vendor/")


@pytest.mark.parametrize("width", [1280, 390])
def test_a_week_is_typed_once_and_copied(stage: Cast, open_page: OpenPage, sign_in: SignIn, width: int) -> None:
    page = open_vendor(stage, open_page, sign_in, width)
    monday = page.get_by_role("group", name="Monday")
    for opens, closes in (("11:30", "14:00"), ("18:00", "01:00")):
        monday.get_by_role("button", name="Add an opening").click()
        monday.locator("input[name$=-opens]:visible").last.fill(opens)
        monday.locator("input[name$=-closes]:visible").last.fill(closes)
    monday.locator(".week-copy summary").click()
    for day in ("Tuesday", "Saturday"):
        monday.get_by_role("checkbox", name=day).check()
    monday.get_by_role("button", name="Copy, in place of what they have").click()
    expect(page.get_by_text("Monday was copied to 2 days.")).to_be_attached()
    special = page.get_by_role("group", name="Holidays and special days")
    special.get_by_role("button", name="Add a day").click()
    special.locator("input[name$=-date]:visible").fill("2030-12-24")
    special.locator("input[name$=-last_date]:visible").fill("2030-12-25")
    special.get_by_label("closed").first.check()
    assert broken_rules(page) == []
    save(page)
    assert [str(row) for row in OpeningHours.objects.order_by("date", "weekday", "opens")] == [
        *(f"{day} {at}" for day in ("Monday", "Tuesday", "Saturday") for at in ("11:30–14:00", "18:00–01:00")),
        "2030-12-24 closed",
        "2030-12-25 closed",
    ]


@pytest.mark.parametrize("width", [1280, 390])
def test_a_zone_is_drawn_by_clicks_and_by_keys(stage: Cast, open_page: OpenPage, sign_in: SignIn, width: int) -> None:
    page = open_vendor(stage, open_page, sign_in, width)
    zones = page.locator("[data-zones][data-vendor]")
    zones.get_by_role("button", name="Add a zone").click()
    card = zones.locator(".zone-card.zone-chosen")
    card.locator("input[name$=-name]").fill("East")
    shown = zones.locator("svg.map")
    for position in ((80, 80), (160, 80), (160, 160)):
        shown.click(position={"x": position[0], "y": position[1]})
    expect(zones.locator(".map-told")).to_have_text("East: 3 corners. Click to add one, drag one to move it.")
    # The button that opens a menu adds none, and nothing is dragged after it.
    shown.click(position={"x": 80, "y": 160}, button="right")
    page.keyboard.press("Escape")
    shown.hover(position={"x": 200, "y": 200})
    expect(zones.locator(".map-told")).to_have_text("East: 3 corners. Click to add one, drag one to move it.")
    # A corner by its coordinates, moved north by the keyboard alone.
    typed = zones.get_by_label("Corner to add: coordinates, or an address")
    typed.fill("50.86, 4.34")
    typed.press("Enter")
    north = zones.get_by_role("button", name="Move corner 4 50 metres north")
    north.focus()
    page.keyboard.press("Enter")
    expect(north).to_be_focused()
    assert card.locator("textarea").input_value().splitlines()[3] == "50.86045, 4.34"
    zones.get_by_role("button", name="Remove corner 4").click()
    assert broken_rules(page) == []
    save(page)
    zone = DeliveryZone.objects.get(name="East")
    assert (len(zone.polygon), zone.radius) == (3, None)


def test_a_circle_becomes_corners_and_geojson_is_taken(stage: Cast, open_page: OpenPage, sign_in: SignIn) -> None:
    page = open_vendor(stage, open_page, sign_in, 768)
    zones = page.locator("[data-zones][data-vendor]")
    zones.get_by_role("button", name="Draw on the map").first.click()
    zones.get_by_role("button", name="Make the circle 50 metres larger").click()
    expect(zones.locator("input[name$='-0-radius']")).to_have_value("3050")
    zones.get_by_role("button", name="Corners instead of the circle").click()
    expect(zones.locator(".map-told")).to_contain_text("Near: 12 corners.")
    shape = b'{"type": "Polygon", "coordinates": [[[4.3, 50.8], [4.4, 50.8], [4.4, 50.9], [4.3, 50.8]]]}'
    zones.get_by_label("GeoJSON of this zone").set_input_files(
        {"name": "zone.geojson", "mimeType": "application/geo+json", "buffer": shape}
    )
    expect(zones.locator(".map-told")).to_contain_text("The file was taken over")
    save(page)
    assert DeliveryZone.objects.get(name="Near").polygon == [[50.8, 4.3], [50.8, 4.4], [50.9, 4.4]]


def test_geojson_that_was_typed_is_not_drawn_over(stage: Cast, open_page: OpenPage, sign_in: SignIn) -> None:
    page = open_vendor(stage, open_page, sign_in, 1280)
    zones = page.locator("[data-zones][data-vendor]")
    zones.get_by_role("button", name="Draw on the map").first.click()
    card = zones.locator(".zone-card.zone-chosen")
    card.locator("input[name$=-radius]").fill("")
    card.locator(".zone-corners summary").click()
    shape = '{"type": "Polygon", "coordinates": [[[4.3, 50.8], [4.4, 50.8], [4.4, 50.9], [4.3, 50.8]]]}'
    card.locator("textarea").fill(shape)
    shown = zones.locator("svg.map")
    shown.click(position={"x": 80, "y": 80})
    expect(zones.locator(".map-told")).to_contain_text("Near: its corners are typed as text")
    expect(card.locator("textarea")).to_have_value(shape)
    typed = zones.get_by_label("Corner to add: coordinates, or an address")
    typed.fill("50.86, 4.34")
    typed.press("Enter")
    expect(card.locator("textarea")).to_have_value(shape)
    # Without the text the map draws again; what is typed half is left alone too.
    card.locator("textarea").fill("")
    shown.click(position={"x": 80, "y": 80})
    expect(zones.locator(".map-told")).to_contain_text("Near: 1 corners.")
    card.locator("textarea").fill("50.8 north")
    shown.click(position={"x": 160, "y": 80})
    expect(card.locator("textarea")).to_have_value("50.8 north")
    card.locator("textarea").fill(shape)
    save(page)
    assert DeliveryZone.objects.get(name="Near").polygon == [[50.8, 4.3], [50.8, 4.4], [50.9, 4.4]]
