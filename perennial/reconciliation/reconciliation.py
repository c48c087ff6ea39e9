"""Compare the books with the workflows on the server, both ways, and both with the clock."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from perennial.reconciliation.answers import AT_ONCE, Answers
from perennial.reconciliation.histories import Histories
from perennial.sources.books import Books, unknown_to_books
from perennial.sources.server import Server
from perennial.sources.sources import Sources
from statemachines.audit.findings import Finding, Kind, Noun, Status
from statemachines.audit.observed import GRACE, Booked, Clock, Known, Run, Subject
from statemachines.audit.reconciliation import compare
from workflows.durable.workflow_ids import (
    account_workflow_id,
    bulk_workflow_id,
    delivery_workflow_id,
    subscription_workflow_id,
)

COMPARED = (Noun.SUBSCRIPTION, Noun.ACCOUNT, Noun.DELIVERY, Noun.BULK)
TYPES = {
    Noun.SUBSCRIPTION: "SubscriptionWorkflow",
    Noun.ACCOUNT: "BillingAccountWorkflow",
    Noun.DELIVERY: "DeliveryWorkflow",
    Noun.BULK: "BulkWorkflow",
}
WORKFLOW_IDS: dict[Noun, Callable[[str], str]] = {
    Noun.SUBSCRIPTION: subscription_workflow_id,
    Noun.ACCOUNT: account_workflow_id,
    Noun.DELIVERY: delivery_workflow_id,
    Noun.BULK: bulk_workflow_id,
}

PROBED = 3
"""How many workflows are asked, to see whether any worker answers."""
Watch = Callable[[int], None]
"""Is called with how many were compared so far."""


@dataclass
class Report:
    """How many workflows should run by the books, how many histories were read, and what was found."""

    compared: dict[Noun, int] = field(default_factory=lambda: dict.fromkeys(COMPARED, 0))
    read: int = 0
    findings: list[Finding] = field(default_factory=list)


class Reconciliation:
    """Reads only. Raises ServerUnreachable, RPCError, BooksUnavailable and SchemaMismatch."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    async def run(
        self,
        ids: Sequence[str] = (),
        *,
        quick: bool = False,
        grace: timedelta = GRACE,
        watch: Watch = lambda _: None,
    ) -> Report:
        """Compare everything, or the subscriptions, customers and bulk operations with these ids.

        Raises NotInBooks for an unknown one.

        Each difference is looked at a second time, so that what is only on its way is not reported. A `quick`
        comparison reads no histories: it takes two requests for each few hundred, and does not see a missing event
        that changes neither state nor auto-renew.
        """
        server, books = await self._sources.server(), await self._sources.books()
        comparison = _Comparison(server, books, Clock(now=self._sources.now(), grace=grace), watch, quick=quick)
        if ids:
            await comparison.these(ids)
        else:
            await comparison.everything()
        return comparison.finished()

    async def overdue(self, grace: timedelta = GRACE) -> int:
        """How many subscriptions should have renewed, expired or been deleted by now, by the books alone."""
        return await (await self._sources.books()).workflows.overdue(self._sources.now() - grace)


class _Comparison:
    """One run, page by page."""

    def __init__(self, server: Server, books: Books, clock: Clock, watch: Watch, *, quick: bool) -> None:
        self._server, self._books, self._clock, self._watch = server, books, clock, watch
        self._quick, self._probed, self._named = quick, False, False
        self._answers, self._histories = Answers(server, quick=quick), Histories(server.client)
        self._report = Report()
        self._window = asyncio.Semaphore(AT_ONCE)

    async def everything(self) -> None:
        for noun in COMPARED:
            after: str | None = None
            while page := await self._books.workflows.page(noun, after=after):
                after = max(page)
                await self._those_in_books(noun, page)
            async for runs in self._server.runs.pages(TYPES[noun]):
                await self._those_on_the_server(noun, runs)

    async def these(self, ids: Sequence[str]) -> None:
        """Each is looked at a second time: the lists know of a failing task only after five attempts."""
        self._named = True
        for each in ids:
            found = False
            for noun in COMPARED:
                booked = await self._books.workflows.of(noun, [each])
                name = WORKFLOW_IDS[noun](each)
                runs = await self._server.runs.listed([name])
                found = found or bool(booked or runs)
                await self._those_in_books(noun, booked)
                await self._those_on_the_server(noun, runs)
            if not found:
                raise unknown_to_books(each)

    def finished(self) -> Report:
        """The report; where no worker answers, one finding for the worker instead of one for each workflow."""
        if self._answers.given_up:
            running = self._report.findings
            silent = [each for each in running if each.kind is Kind.UNANSWERED]
            queue = self._server.task_queue
            words = f"Task queue {queue}: nothing that is due happens."
            nobody = _unanswered(Noun.WORKER, queue, "", words)
            self._report.findings = [nobody, *(each for each in running if each not in silent)]
        self._report.read = self._histories.read
        return self._report

    async def _those_in_books(self, noun: Noun, page: Mapping[str, Booked]) -> None:
        """Compare what should run with what runs."""
        should = {each: booked for each, booked in page.items() if booked.runs}
        names = {each: WORKFLOW_IDS[noun](each) for each in should}
        runs = await self._server.runs.listed(names.values())
        await self._compare(noun, {each: (booked, runs.get(names[each])) for each, booked in should.items()})
        self._report.compared[noun] += len(should)
        self._watch(sum(self._report.compared.values()))

    async def _those_on_the_server(self, noun: Noun, runs: Mapping[str, Run]) -> None:
        """Compare what the server has, and should not run by the books, or is not in them."""
        by_id = {name.partition(":")[2]: run for name, run in runs.items()}
        known = await self._books.workflows.of(noun, list(by_id))
        pairs = {each: (known.get(each), run) for each, run in by_id.items()}
        ends = noun is not Noun.ACCOUNT
        over = {each for each, (booked, run) in pairs.items() if ends and booked and run.status is not Status.RUNNING}
        should = {each for each, (booked, _) in pairs.items() if booked and booked.runs}
        await self._compare(noun, {each: pair for each, pair in pairs.items() if each not in over | should})

    async def _compare(self, noun: Noun, pairs: Mapping[str, tuple[Booked | None, Run | None]]) -> None:
        answers = await self._known(
            noun, {each: run for each, (_, run) in pairs.items() if run and run.status is Status.RUNNING}
        )
        suspects = []
        for each, (booked, run) in pairs.items():
            subject, known = Subject(noun=noun, id=each, workflow_id=WORKFLOW_IDS[noun](each)), answers.get(each)
            if self._named or (known and known.waiting) or compare(subject, booked, run, known, self._clock):
                suspects.append(self._confirmed(subject, booked))
        for found in await asyncio.gather(*suspects):
            self._report.findings += found

    async def _known(self, noun: Noun, running: Mapping[str, Run]) -> dict[str, Known]:
        """How far these are, by their histories. The first ones are asked too: does any worker answer?

        A subscription that an earlier version recorded last is asked for its next milestone.
        """
        if not noun.has_events or self._quick or not running:
            return {}
        if not self._probed:
            self._probed = True
            await self._answers.of(noun, list(running)[:PROBED])
        read = await self._histories.of([(WORKFLOW_IDS[noun](each), run.run_id) for each, run in running.items()])
        known = {each: found for each, found in zip(running, read, strict=True) if found is not None}
        living = noun is Noun.SUBSCRIPTION
        unsure = [each for each in running if each not in known or (living and known[each].next_at is None)]
        return {**known, **await self._answers.of(noun, unsure)}

    async def _confirmed(self, subject: Subject, before: Booked | None) -> list[Finding]:
        """What is still different at a second look.

        The books are read before and after the workflow is asked: it may record an event meanwhile.
        """
        async with self._window:
            return await self._looked_at(subject, before)

    async def _looked_at(self, subject: Subject, before: Booked | None) -> list[Finding]:
        noun, each = subject.noun, subject.id
        if noun is Noun.DELIVERY and await self._subscription_still_sends(each):
            return []
        run = await self._server.runs.described(subject.workflow_id)
        known, silent = await self._ask(subject, run)
        after = (await self._books.workflows.of(noun, [each])).get(each)
        lasting = {finding.kind for finding in compare(subject, before, run, known, self._clock)}
        found = compare(subject, after, run, known, self._clock)
        found = [finding for finding in found if finding.kind in lasting]
        if silent and Kind.STUCK not in {finding.kind for finding in found}:
            found.append(_unanswered(noun, each, subject.workflow_id, "It runs, and did not answer in time."))
        return found

    async def _ask(self, subject: Subject, run: Run | None) -> tuple[Known | None, bool]:
        """What the workflow says, and whether it should have answered and did not."""
        noun, each = subject.noun, subject.id
        if run is None or not noun.has_events:
            return None, False
        if run.status is Status.COMPLETED:
            return (await self._answers.of_ended(each) if noun is Noun.SUBSCRIPTION else None), False
        if self._quick:
            return None, False
        if run.status is not Status.RUNNING:
            (known,) = await self._histories.of([(subject.workflow_id, run.run_id)])
            return known, False
        known = (await self._answers.of(noun, [each])).get(each)
        silent = known is None and self._answers.asking
        if known is None:
            (known,) = await self._histories.of([(subject.workflow_id, run.run_id)])
        if known and run.attention and noun is Noun.SUBSCRIPTION:
            known = known.model_copy(update={"undelivered": await self._answers.only_notifications_wait(each)})
        return known, silent

    async def _subscription_still_sends(self, subscription_id: str) -> bool:
        """A subscription's own workflow sends its notifications until it hands them over at its end."""
        run = await self._server.runs.described(subscription_workflow_id(subscription_id))
        return run is not None and run.status is Status.RUNNING


def _unanswered(noun: Noun, of: str, workflow_id: str, words: str) -> Finding:
    return Finding(noun=noun, id=of, kind=Kind.UNANSWERED, cause=words, workflow_id=workflow_id)
