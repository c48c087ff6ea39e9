"""Asks the books for a payment that an account may have forgotten (MON-7)."""

from collections.abc import Callable

from activities.accounts.activities import PaymentActivities
from activities.accounts.contracts import AskedPayment
from domain.account.requests import AccountRequest, ReceivePayment
from statemachines.account.life import AccountLife
from statemachines.account.payments import may_have_forgotten, payment_of, remembering
from workflows.durable import options
from workflows.durable.activities import perform


class Payments:
    """The `Memory` of an account."""

    def __init__(self, customer_id: str) -> None:
        self._customer_id = customer_id

    def lacks(self, life: AccountLife, request: AccountRequest) -> bool:
        """Whether the request may repeat a payment that only the books know."""
        return isinstance(request, ReceivePayment) and may_have_forgotten(life.account, payment_of(request))

    async def recall(self, request: AccountRequest) -> Callable[[AccountLife], AccountLife]:
        """What gives an account the payment, if the books have it. Raises ActivityError."""
        assert isinstance(request, ReceivePayment)
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
