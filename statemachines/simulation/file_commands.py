"""The commands of a scenario file as its data has them: whose they are, and what a file may leave out."""

from typing import Any

from domain.account.invoice import NUMBER_DIGITS, invoice_id
from domain.faults import Fault
from domain.roles import DEFAULT_ACTOR, AccountAction, Action
from statemachines.simulation.scenario import SIMULATED

DEFAULT_BY: dict[str, str] = {
    Action.ACTIVATE: "publisher",
    Action.REJECT_QUANTITY: "publisher",
    Action.CHANGE_PRICE: "system",
    AccountAction.PAY: "service",
    AccountAction.FAIL_PAYMENT: "service",
    AccountAction.REFUND_PAID: "service",
    AccountAction.REVERSE_PAYMENT: "service",
}
IN_A_CURRENCY = frozenset({AccountAction.PAY, AccountAction.CREDIT_NOTE, AccountAction.REFUND})
"""With an amount; in a file with one currency that is its currency."""
NAMES_AN_INVOICE = frozenset({AccountAction.CREDIT_NOTE, AccountAction.WRITE_OFF})
"""By the number that the document has."""
MAX_COMMANDS = 10_000
NAMES_SHOWN = 10
FOREIGN = frozenset({"command_id", "expected", "actor"})
_FOREIGN: dict[str, tuple[str, ...]] = {AccountAction.PAY: ("invoice",), AccountAction.FAIL_PAYMENT: ("invoice",)}
"""Fields of commands that a scenario may not set: it pays the earliest due invoice first."""


class FileCommands:
    """The commands in `filled` with defaults filled in, `of` with the subscription of each, and the faults so far."""

    def __init__(self, data: dict[Any, Any]) -> None:
        self.faults: list[Fault] = []
        self.of: list[str | None] = []
        self._several = "subscriptions" in data
        self._data = data
        self._currencies = _currencies(data)
        self._filled_in: set[tuple[str | int, ...]] = set()
        commands = data.get("commands")
        self.filled: object = [] if commands is None else commands
        if isinstance(commands, list):
            self.filled = [self._filled(index, command) for index, command in enumerate(commands)]

    def explains(self, fault: Fault) -> bool:
        """Whether the fault is in what was filled in, a currency or an invoice's id: it is reported elsewhere."""
        return fault.path[:1] == ("commands",) and fault.path[1:] in self._filled_in

    def _fault(self, index: int, field: str, got: object, takes: str) -> None:
        self.faults.append(Fault(path=("commands", index, field), got=got, takes=takes))

    def _filled(self, index: int, command: object) -> object:
        if not isinstance(command, dict):
            self.of.append(None)
            return command
        do = command["do"] if isinstance(command.get("do"), str) else ""
        foreign = {*FOREIGN, *_FOREIGN.get(do, ())}
        if do in IN_A_CURRENCY and not self._several:
            foreign.add("currency")
        for name in foreign & set(command):
            self._fault(index, name, command[name], "no such field")
        if command.get("at") is None:
            self._fault(index, "at", None, "the instant of the command")
        given = {name: value for name, value in command.items() if name not in foreign}
        self.of.append(self._addressee(index, do, given) if self._several else _only(do))
        if do in IN_A_CURRENCY and "currency" not in given:
            given["currency"] = self._currency(index)
        if do in NAMES_AN_INVOICE and "invoice" in given:
            given["invoice"] = self._invoice(index, given["invoice"])
        return {"by": DEFAULT_BY.get(do, DEFAULT_ACTOR), **given}

    def _addressee(self, index: int, do: str, command: dict[Any, Any]) -> str | None:
        """Take `of` out of the command: the name of its subscription, None for the account."""
        is_given, of = "of" in command, command.pop("of", None)
        if do in set(AccountAction):
            if is_given:
                self._fault(index, "of", of, f"no such field: `{do}` goes to the account")
            return None
        subscriptions = self._data["subscriptions"]
        names = [str(name) for name in subscriptions] if isinstance(subscriptions, dict) else []
        if isinstance(of, str) and of in names:
            return of
        if names and (is_given or do in set(Action)):
            shown = ", ".join(names[:NAMES_SHOWN]) + ", ..." * (len(names) > NAMES_SHOWN)
            self._fault(index, "of", of, f"the name of a subscription ({shown})")
        return None

    def _invoice(self, index: int, number: object) -> str | None:
        """The id of the invoice of that number: the customer's series has its own id."""
        if type(number) is not int or not 1 <= number < 10**NUMBER_DIGITS:
            self._fault(index, "invoice", number, "the number of an invoice in the document, 1 or more")
            self._filled_in.add((index, "invoice"))
            return None
        order = self._data.get("order")
        customer = self._data.get("customer") if self._several else isinstance(order, dict) and order.get("customer")
        return invoice_id(str(customer), number)

    def _currency(self, index: int) -> str | None:
        """The currency of an amount that gives none: that of the customer's offers, if they have only one."""
        self._filled_in.add((index, "currency"))
        if len(self._currencies) > 1:
            self._fault(index, "currency", None, f"the currency of the amount: {' or '.join(self._currencies)}")
        return self._currencies[0] if len(self._currencies) == 1 else None


def _only(do: str) -> str | None:
    """The subscription of a command in a file with one subscription."""
    return None if do in set(AccountAction) else SIMULATED


def _currencies(data: dict[Any, Any]) -> list[str]:
    """The currencies of the offers, as the file has them."""
    subscriptions = data.get("subscriptions", {SIMULATED: data})
    bought = list(subscriptions.values()) if isinstance(subscriptions, dict) else []
    offers = [one.get("offer") for one in bought if isinstance(one, dict)]
    found = [offer.get("currency") for offer in offers if isinstance(offer, dict)]
    return sorted({currency for currency in found if isinstance(currency, str)})
