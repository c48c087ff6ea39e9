"""Asks the books for what an account has forgotten, or never knew (MON-7, MON-10)."""

from collections.abc import Callable
from contextlib import suppress

from temporalio import workflow

from activities.accounts.activities import PaymentActivities
from activities.accounts.contracts import AskedCorrection, AskedPayment
from domain.account.requests import AccountRequest, Correction, ReceivePayment
from statemachines.account.life import AccountLife
from statemachines.account.payments import may_have_forgotten, payment_of, remembering
from workflows.durable import options
from workflows.durable.activities import perform


class FromBooks:
    """The `Memory` of an account."""

    def __init__(self, customer_id: str, life: Callable[[], AccountLife]) -> None:
        self._customer_id = customer_id
        self._life = life

    def lacks(self, life: AccountLife, request: AccountRequest) -> bool:
        """Whether the request may repeat a payment that only the books know, or is decided on what they have."""
        forgotten = isinstance(request, ReceivePayment) and may_have_forgotten(life.account, payment_of(request))
        return forgotten or life.lacks(request)

    async def recall(self, request: AccountRequest) -> Callable[[AccountLife], AccountLife]:
        """What gives an account what the books have of it. Raises ActivityError."""
        if isinstance(request, ReceivePayment):
            return await self._recall_payment(request)
        assert isinstance(request, Correction)
        await self._until_recorded(self._life().seq)
        found = await perform(
            PaymentActivities.recalled,
            AskedCorrection(customer_id=self._customer_id, request=request),
            options.RECORD_TIMEOUT,
            f"look up what {request.action} names",
            priority=options.PEOPLE,
        )
        return lambda life: life.model_copy(update={"recalled": found})

    async def _until_recorded(self, seq: int) -> None:
        """Wait a while until the books have what was decided before: it may be what the correction names."""
        if self._life().committed < seq:
            with suppress(TimeoutError):
                await workflow.wait_condition(lambda: self._life().committed >= seq, timeout=options.RECORD_TIMEOUT)

    async def _recall_payment(self, request: ReceivePayment) -> Callable[[AccountLife], AccountLife]:
        asked = AskedPayment(customer_id=self._customer_id, payment_id=request.payment_id)
        summary = f"find payment {request.payment_id}"
        found = await perform(
            PaymentActivities.payment, asked, options.RECORD_TIMEOUT, summary, priority=options.PEOPLE
        )

        def remember(life: AccountLife) -> AccountLife:
            if found is None or not self.lacks(life, request):
                return life
            return life.model_copy(update={"account": remembering(life.account, found)})

        return remember
