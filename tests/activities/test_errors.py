"""How the activities report to Temporal: what is tried again, what waits for a person, and nothing too large."""

import subprocess
import sys
from datetime import datetime
from typing import Any

import pytest
from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.accounts.contracts import OpenAccount
from activities.billing.activities import BillingActivities
from activities.billing.contracts import CountInput, KeepInput, RecordInput
from activities.errors import (
    MESSAGE_BYTES,
    BooksConflict,
    BooksUnavailable,
    SchemaMismatch,
    TenantRefused,
    TenantsUnavailable,
)
from activities.provisioning.activities import ProvisioningActivities
from activities.provisioning.contracts import Confirmation, ProvisionInput
from domain.subscription.commands import ReportUsage
from domain.subscription.decision import Answer
from domain.subscription.effects import Access, Counted, Provision, Receipt
from tests.support.books.short_lives import LICENCE, bought
from tests.support.books.subscription import CONFIRMED, InMemory
from tests.support.instants import START
from tests.support.paths import ROOT


class NoAccounts:
    """Opens none: no entry here asks for one."""

    async def open(self, account: OpenAccount) -> None:
        raise AssertionError(account)

    async def tell_of_rows(self, customer_id: str, at: datetime) -> None:
        raise AssertionError(customer_id)

    async def overdue(self, customer_id: str) -> bool:
        return False


class FailingBooks:
    def __init__(self, error: Exception) -> None:
        self._error = error

    async def record(self, entry: RecordInput) -> Receipt:
        raise self._error

    async def keep(self, entry: KeepInput) -> None:
        raise self._error

    async def report_usage(self, subscription_id: str, command: ReportUsage, answer: Answer) -> Answer:
        raise self._error

    async def count_usage(self, entry: CountInput) -> Counted:
        raise self._error


class Recorder:
    """Tenants and access log in one: what was asked of them, in order."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.calls: list[str] = []
        self._failure = failure

    async def _do(self, verb: str) -> Confirmation:
        if self._failure:
            raise self._failure
        self.calls.append(verb)
        return Confirmation(access=Access.GRANT, confirmed_at=CONFIRMED)

    async def grant(self, change: ProvisionInput) -> Confirmation:
        return await self._do("grant")

    async def revoke(self, change: ProvisionInput) -> Confirmation:
        return await self._do("revoke")

    async def purge(self, change: ProvisionInput) -> Confirmation:
        return await self._do("purge")

    async def note(self, change: ProvisionInput, confirmation: Confirmation) -> None:
        self.calls.append("note")


async def run(perform: Any, argument: Any) -> Any:
    return await ActivityEnvironment().run(perform, argument)


async def entry() -> RecordInput:
    return (await bought(InMemory(), LICENCE)).recorded[0][0]


def change(access: Access = Access.GRANT) -> ProvisionInput:
    provision = Provision(access=access, at=START, seq=1, quantity=1, add_ons={})
    return ProvisionInput(subscription_id="s-1", customer_id="c", offer_id="o", provision=provision)


@pytest.mark.parametrize(
    ("error", "retryable"),
    [
        (BooksConflict("no"), False),
        (TenantRefused("no"), False),
        (BooksUnavailable("no"), True),
        (TenantsUnavailable("no"), True),
        (SchemaMismatch("no"), True),
        (ValueError("no"), True),
    ],
)
async def test_what_is_tried_again(error: Exception, retryable: bool) -> None:
    with pytest.raises(ApplicationError) as raised:
        await run(BillingActivities(FailingBooks(error), NoAccounts(), NoAccounts()).record, await entry())
    assert raised.value.non_retryable is not retryable
    assert raised.value.type == type(error).__name__
    assert raised.value.message in ("no", "ValueError: no")


@pytest.mark.parametrize("kind", [BooksConflict, BooksUnavailable, RuntimeError])
async def test_an_error_text_is_one_bounded_line_without_its_causes(kind: type[Exception]) -> None:
    error = kind("ü\n" * 100_000)
    with pytest.raises(ApplicationError) as raised:
        await run(BillingActivities(FailingBooks(error), NoAccounts(), NoAccounts()).record, await entry())
    assert len(raised.value.message.encode()) <= MESSAGE_BYTES
    assert "\n" not in raised.value.message
    assert raised.value.__cause__ is None


async def test_the_receipt_comes_back() -> None:
    receipt = await run(BillingActivities(InMemory(), NoAccounts(), NoAccounts()).record, await entry())
    assert receipt == Receipt(seq=1)


@pytest.mark.parametrize("verb", ["grant", "revoke", "purge"])
async def test_access_is_changed_first_and_logged_then(verb: str) -> None:
    world = Recorder()
    confirmation = await run(getattr(ProvisioningActivities(world, world), verb), change())
    assert confirmation.confirmed_at == CONFIRMED
    assert world.calls == [verb, "note"]


async def test_an_access_that_is_not_confirmed_is_not_logged() -> None:
    log = Recorder()
    with pytest.raises(ApplicationError, match="no"):
        await run(ProvisioningActivities(Recorder(TenantRefused("no")), log).grant, change())
    assert log.calls == []


def test_the_activities_have_their_public_names() -> None:
    methods = (
        BillingActivities.record,
        BillingActivities.keep,
        BillingActivities.count_usage,
        ProvisioningActivities.grant,
        ProvisioningActivities.revoke,
        ProvisioningActivities.purge,
    )
    names = [definition.name for method in methods if (definition := activity._Definition.from_callable(method))]
    assert names == ["record", "keep", "count_usage", "grant", "revoke", "purge"]


def test_a_workflow_can_import_them_without_a_database() -> None:
    program = "import sys, activities.billing, activities.provisioning, activities.settings; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert not {"sqlalchemy", "alembic", "httpx2", "starlette", "uvicorn", "sqlite3"} & set(ran.stdout.split())
