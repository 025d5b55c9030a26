"""Ways of the simulation's drivers: along blocks, from the start to the end, slow enough to be believed."""

from itertools import pairwise
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from orders.lifecycle.positions import MOST_SPEED
from ordersite.demo.simulation.driving import REPORTS_EVERY, Rider
from ordersite.demo.simulation.routes import Spot, metres_between, street_route
from ordersite.demo.simulation.town import SimulationPlan, Town

SPOTS = st.builds(Spot, lat=st.floats(50.83, 50.86), lng=st.floats(4.33, 4.38))


@settings(max_examples=25)
@given(start=SPOTS, end=SPOTS, seed=st.integers(0, 1000))
def test_a_route_leads_along_blocks_from_its_start_to_its_end(start: Spot, end: Spot, seed: int) -> None:
    route = street_route(start, end, Random(seed))
    assert (route.at(0), route.at(route.length), route.at(route.length + 1)) == (start, end, end)
    for first, second in pairwise(route.corners):
        # Never round about: what it is longer than the straight line are its turns.
        assert abs(first.lat - second.lat) < 1e-12 or abs(first.lng - second.lng) < 1e-12
        assert metres_between(second, end) <= metres_between(first, end) + 1
    assert route.length <= 1.42 * metres_between(start, end) + 1


@settings(max_examples=25)
@given(start=SPOTS, end=SPOTS, seed=st.integers(0, 1000), speed=st.floats(0.1, 1000))
def test_a_driver_is_never_faster_than_is_believed(start: Spot, end: Spot, seed: int, speed: float) -> None:
    rider = Rider(Town(SimulationPlan(url="", speed=speed), [], []), "sim-driver-1@example.com")
    assert 0 < rider.pace < MOST_SPEED == 50
    route = street_route(start, end, Random(seed))
    stretch = rider.pace * REPORTS_EVERY
    told = [route.at(number * stretch) for number in range(200)]
    for first, second in pairwise(told):
        assert metres_between(first, second) <= stretch * 1.01
    assert all(0 <= route.heading_at(number * stretch) < 360 for number in range(20))
