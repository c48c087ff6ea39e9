"""b. Subscriptions started a second, and orders of 1, 10 and 50 lines."""

import time
from collections import defaultdict

from benchmarks.report import Figure, Samples, Turns, both, times_at_least
from benchmarks.scene import Bench, Cost, Scene, a_scene, each
from benchmarks.sides import CUSTOMER, UNTOLD, Side, offer
from domain.ordering.lines import Line, OrderRequest
from workflows.durable import search_attributes

GROUP = "b"
TITLE = "starts"
LINES = (1, 10, 50)
ACCEPTED = 100
"""Starts per turn that the server alone takes in."""


async def measure(bench: Bench) -> list[Figure]:
    """Lives begun with a worker at work, orders, and what the server alone takes in."""
    turns, lives = bench.of((2, 40), (5, 200))
    begun: Turns[Cost] = defaultdict(list)
    accepted: Turns[float] = defaultdict(list)
    listed: list[float] = []
    async with a_scene(bench) as scene:
        for turn in range(turns + 1):
            for side in scene.sides:
                names = [f"begun-{turn}-{number}" for number in range(lives)]
                cost = (await scene.cost(side, (), scene.begun(side, names))).each(lives)
                begun[side.name] += [cost] if turn else []
            bench.say(f"starts: begun, turn {turn} of {turns}")
        orders = await _orders(bench, scene, turns)
        for side in scene.sides:
            side.worker.kill()
        columns = search_attributes.of_purchase(scene.ours.order("any"))
        for turn in range(2 * turns + 1):
            for side, found, attributes in (
                (scene.bare, accepted["bare"], None),
                (scene.ours, accepted["ours"], None),
                (scene.bare, listed, columns),
            ):
                scene.bare.attributes = attributes
                names = [f"accepted-{turn}-{number}-{attributes is None}" for number in range(ACCEPTED)]
                rate = await _accepted(side, names)
                if turn:
                    found.append(rate)
        bench.say("starts: accepted")
    why = f"the bare one with the {len(columns)} search attributes that each subscription is listed by"
    return [
        Figure(GROUP, "subscriptions started: accepted", "1/s", both(accepted, float), times_at_least(0.9)),
        Figure(GROUP, "the same, both with search attributes", "1/s", Samples(accepted["ours"], listed), why=why),
        Figure(GROUP, "subscriptions started: until parked", "1/s", both(begun, lambda cost: 1000 / cost.wall)),
        Figure(GROUP, "a start until parked: CPU of the server", "ms", both(begun, lambda cost: cost.server)),
        Figure(GROUP, "a start until parked: CPU of the worker", "ms", both(begun, lambda cost: cost.worker)),
        *orders,
    ]


async def _accepted(side: Side, names: list[str]) -> float:
    """How many starts the server acknowledges per second while no worker takes them."""
    began = time.perf_counter()
    await each(names, side.begin)
    return len(names) / (time.perf_counter() - began)


async def _orders(bench: Bench, scene: Scene, turns: int) -> list[Figure]:
    """An order until each of its subscriptions is in the books and provisioned, beside as many bare lives."""
    figures = []
    for lines in bench.of(LINES[:2], LINES):
        took: Turns[float] = defaultdict(list)
        for turn in range(bench.of(1, turns) + 1):
            ours = await _ordered(scene, f"order-{lines}-{turn}", lines)
            began = time.perf_counter()
            await scene.begun(scene.bare, [f"line-{lines}-{turn}-{number}" for number in range(lines)])
            bare = (time.perf_counter() - began) * 1000
            took["ours"] += [ours] if turn else []
            took["bare"] += [bare] if turn else []
        bench.say(f"starts: orders of {lines} lines")
        words = f"order of {lines} line{'' if lines == 1 else 's'}, until all is provisioned"
        figures.append(Figure(GROUP, words, "ms", both(took, float)))
    return figures


async def _ordered(scene: Scene, order_id: str, lines: int) -> float:
    """Milliseconds of one order."""
    line = Line(offer=offer(UNTOLD).id, quantity=3)
    request = OrderRequest(order_id=order_id, customer=CUSTOMER, lines=(line,) * lines)
    server = scene.ours.server
    began = time.perf_counter()
    await server.orders.place(request)
    settled = await server.orders.settled(order_id)
    for placed in settled.lines:
        await server.subscriptions.committed(placed.subscription_id, 1)
    return (time.perf_counter() - began) * 1000
