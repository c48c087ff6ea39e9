"""Subscriptions that are taken over run on a real server as if they had been bought there (MOV-1 to MOV-5)."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from activities.provisioning.door import Visits
from activities.wall_clock import wall_clock
from domain.catalog.catalog import Contents
from domain.subscription.commands import ChangeQuantity, Reactivate
from domain.takeover.row import TakeoverRow
from domain.values import format_instant
from hosting.assembly import World
from perennial.sources.sources import Sources
from perennial.takeover import importing
from perennial.takeover.exporting import ExportFilters, LeftOut
from perennial.takeover.importing import Imported
from perennial.use_cases import Perennial
from tests.support.live.payers import payment
from tests.support.live.repairs import a_place
from tests.support.shop.buyers import customer, partner
from tests.support.shop.offers import BACKUP, listed
from tests.support.shop.takeovers import ACTIVE, row_of
from workflows.calls.errors import NotAnswered
from workflows.durable.operator import Operator
from workflows.durable.workflow_ids import subscription_workflow_id
from workflows.subscription.client import Subscriptions
from workflows.subscription.messages import Rebuild

pytestmark = [pytest.mark.live, pytest.mark.timeout(240)]
BY = Operator(by="admin_agent")
OFFER = listed(id="crm", term="P1M", billing_plan="monthly", add_ons=[BACKUP])


def rows(number: int = 6) -> list[TakeoverRow]:
    """Rows of customers of their own, in the middle of a month that began ten days ago; every third is suspended."""
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(days=10)
    end = start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1, day=min(start.day, 28))
    start = end.replace(year=end.year - (end.month == 1), month=(end.month - 2) % 12 + 1)
    dates: dict[str, Any] = {"anchor": None, "term_end": None, "paid_until": format_instant(end)}
    dates |= dict.fromkeys(("ordered_at", "term_start"), format_instant(start))
    hold = [{"reason": "fraud", "at": format_instant(start + timedelta(hours=1)), "by": "global_admin"}]
    held: dict[str, Any] = {"state": "suspended", "holds": hold}
    return [
        row_of(ACTIVE, subscription_id=f"s-{n}", customer=f"c-{n}", **dates, **(held if n % 3 == 2 else {}))
        for n in range(number)
    ]


async def _nobody(_: str) -> Visits:
    raise AssertionError("nobody signs in here")


def use_cases(world: World) -> Perennial:
    return Perennial(Sources.of(world.server, world.books, _nobody, wall_clock))


@asynccontextmanager
async def a_shop(folder: Path, customers: int) -> AsyncIterator[tuple[Any, World, Perennial]]:
    """A place with a worker, whose catalog has the offer and so many customers."""
    async with a_place(folder) as place, place.worker() as world:
        people = tuple(customer(id=f"c-{n}") for n in range(customers))
        contents = Contents(partners=(partner(),), customers=people, offers=(OFFER,))
        await world.books.catalog.import_contents(contents, "a test", wall_clock())
        yield place, world, use_cases(world)


async def taken(perennial: Perennial, wanted: Sequence[TakeoverRow]) -> Imported:
    plan = await perennial.takeover_import.check(wanted, BY.by)
    return await perennial.takeover_import.run(plan, BY)


async def exported(perennial: Perennial) -> list[TakeoverRow]:
    left = LeftOut()
    found = [row async for page in perennial.takeover_export.pages(ExportFilters(), left) for row in page]
    assert not left.reasons
    return found


async def test_what_is_taken_over_runs_is_changed_audited_and_given_back(tmp_path: Path) -> None:
    wanted = rows()
    async with a_shop(tmp_path, len(wanted)) as (place, world, perennial):
        done = await taken(perennial, wanted)
        assert (done.new, done.known, done.started, done.failed) == (6, 0, 6, {})
        again = await taken(perennial, wanted)
        assert (again.new, again.known, again.failed) == (0, 6, {})
        given_back = await exported(perennial)
        assert (await taken(perennial, given_back)).known == 6
        assert await place.found() == set()
        for row in wanted:
            assert (await world.books.subscriptions.rows(row.id)) == []
        answer = await world.server.subscriptions.ask("s-0", ChangeQuantity(by="admin_agent", quantity=5))
        assert answer.charge is not None
        lifted = await world.server.subscriptions.ask("s-2", Reactivate(by="global_admin"))
        assert (lifted.outcome, lifted.charge) == ("done", None)
        audited = await world.books.subscription_auditor.page()
        assert [(life.violations, life.access_confirmed) for life in audited] == [((), True)] * 6
        assert (await world.server.accounts.details("c-0")).customer_id == "c-0"
    async with a_shop(tmp_path / "another", len(wanted)) as (_, _, elsewhere):
        assert (await taken(elsewhere, given_back)).new == 6
        assert await exported(elsewhere) == given_back


async def test_what_is_not_answered_is_asked_once_more_unless_nobody_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "AT_ONCE", 2)
    monkeypatch.setattr(importing, "AT_ONCE_THEN", 1)
    rebuild, asked = Subscriptions.rebuild, list[str]()

    async def too_late(self: Subscriptions, request: Rebuild) -> None:
        """Nobody answers; once somebody does, the first question about each third one is too late."""
        name = request.subscription_id
        asked.append(name)
        if not answers or (name in {"s-0", "s-3"} and asked.count(name) == 1):
            raise NotAnswered(f"{name}: no worker answered in time")
        await rebuild(self, request)

    monkeypatch.setattr(Subscriptions, "rebuild", too_late)
    async with a_shop(tmp_path, 6) as (place, _, perennial):
        plan = await perennial.takeover_import.check(rows(), BY.by)
        answers = False
        done = await perennial.takeover_import.run(plan, BY)
        assert (done.new, done.started, len(done.failed)) == (6, 0, 6)
        # Two at once, and then one: the others would only wait in vain.
        assert len(asked) == 3
        assert sum("not asked" in words for words in done.failed.values()) == 5
        assert sum("no worker answered in time" in words for words in done.failed.values()) == 1
        asked.clear()
        answers = True
        done = await perennial.takeover_import.run(plan, BY)
        assert (done.started, done.failed) == (6, {})
        assert await place.found() == set()


async def test_mov_6_open_invoices_are_owed_paid_dunned_and_given_back(tmp_path: Path) -> None:
    at = datetime.now(UTC).replace(microsecond=0)
    long_ago = {"issued_at": format_instant(at - timedelta(days=90)), "due_at": format_instant(at - timedelta(days=2))}
    owed = {"number": "2026/0815", "currency": "USD", "amount": "30.00", **long_ago}
    plain = [row.model_dump(mode="json", exclude_none=True) for row in rows(3)]
    for each in plain:
        each |= {"customer": "c-0", "open_invoices": [owed]}
        # MON-9: it is held for the invoice from now on.
        each["holds"] = [{**hold, "reason": "nonpayment", "by": "system"} for hold in each["holds"]]
    wanted = [row_of(each) for each in plain]
    async with a_shop(tmp_path, 1) as (place, world, perennial):
        plan = await perennial.takeover_import.check(wanted, BY.by)
        assert {customer: len(invoices) for customer, invoices in plan.invoices.items()} == {"c-0": 1}
        done = await perennial.takeover_import.run(plan, BY)
        assert (done.new, done.invoices, done.failed) == (3, 1, {})
        # The plan once more, as if the first answers had been lost: nothing is owed twice.
        again = await perennial.takeover_import.run(plan, BY)
        assert again.failed == {}
        details = await world.server.accounts.details("c-0")
        (receivable,) = details.receivables
        assert (receivable.state, f"{receivable.owed}", receivable.skipped) == ("overdue", "30.00", 1)
        assert await place.found() == set()
        given_back = await exported(perennial)
        assert [row.open_invoices for row in given_back] == [row.open_invoices for row in wanted]
        paid = await world.server.accounts.ask("c-0", payment("p-1", "12.00"))
        assert paid.message == f"USD 12.00 received. USD 18.00 is still owed on {receivable.invoice}."
        (audited,) = await world.books.account_auditor.page()
        assert audited.violations == ()
        partly = await exported(perennial)
        assert (await world.server.subscriptions.details("s-2")).state == "suspended"
        await world.server.accounts.ask("c-0", payment("p-2", "18.00"))
        assert (await world.server.subscriptions.details("s-2")).state == "active"
        (audited,) = await world.books.account_auditor.page()
        assert audited.violations == ()
    async with a_shop(tmp_path / "another", 1) as (_, world, elsewhere):
        assert (await taken(elsewhere, partly)).invoices == 1
        assert await exported(elsewhere) == partly
        (receivable,) = (await world.server.accounts.details("c-0")).receivables
        assert f"{receivable.owed}" == "18.00"


async def test_an_import_that_stopped_between_books_and_server_goes_on(tmp_path: Path) -> None:
    wanted = rows()
    async with a_shop(tmp_path, len(wanted)) as (place, world, perennial):
        plan = await perennial.takeover_import.check(wanted, BY.by)

        def stop(step: str, done: int, total: int) -> None:
            raise KeyboardInterrupt(step, done, total)

        with pytest.raises(KeyboardInterrupt):
            await perennial.takeover_import.run(plan, BY, stop)
        missing = await place.reconcile()
        assert {finding.kind for finding in missing.findings} == {"missing"}
        done = await taken(perennial, wanted)
        assert (done.new, done.known, done.started, done.failed) == (0, 6, 6, {})
        assert await place.found() == set()
        # One that was ended from outside is started again too, and nothing is written twice.
        await place.client.get_workflow_handle(subscription_workflow_id("s-1")).terminate(reason="a test")
        assert (await taken(perennial, wanted)).failed == {}
        assert (await world.server.subscriptions.details("s-1")).seq == 1
