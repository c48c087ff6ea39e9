"""Simulates one customer: the account together with its subscriptions, milestone by milestone."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from domain.account.account import Look
from domain.account.events import AccountRecord, Close, LiftHolds, PlaceHolds
from domain.account.invoice import InvoiceId
from domain.account.requests import AccountRequest, ReceivePayment
from domain.account.taxing import Taxed
from domain.account.terms import BillingTerms, HoldScope
from domain.ordering.terms import Order
from domain.subscription.commands import Command
from domain.subscription.decision import Answer, Outcome
from domain.taxes.sale import Sale, TaxCase
from domain.taxes.table import TaxTable
from statemachines.account.holds import hold_command, lift_command
from statemachines.account.life import AccountSteps
from statemachines.account.payments import may_have_forgotten, payment_of, remembering
from statemachines.account.timeline import next_account_milestone
from statemachines.preview.book import Book
from statemachines.preview.simulator import Simulator
from statemachines.simulation.account_book import AccountBook
from statemachines.subscription.life import LifeSteps
from statemachines.subscription.timeline import next_milestone

KnownTaxes = tuple[TaxTable, Sale]
"""The table of rates, and the sale that it taxes (MON-13)."""


class CustomerSimulator:
    """One customer, simulated up to the instants that it is given."""

    def __init__(
        self,
        customer_id: str,
        terms: BillingTerms,
        opened_at: datetime,
        steps: LifeSteps | None = None,
        taxes: KnownTaxes | None = None,
    ) -> None:
        self.subscriptions: dict[str, Simulator] = {}
        self._books: dict[str, Book] = {}
        self.book = AccountBook(customer_id, self._books)
        self._taxes = taxes
        self._steps = steps or LifeSteps()
        self._accounts = AccountSteps()
        self.life = self._accounts.begin(customer_id, terms, opened_at)
        self._opened = terms
        self.held: dict[str, set[InvoiceId]] = defaultdict(set)
        """For which unpaid invoices the account holds each subscription (MON-9)."""

    def buy(self, order: Order) -> Simulator:
        self.advance(order.at)
        bought = Simulator(order, self._steps)
        with self._noting(order.at):
            self.subscriptions[order.subscription_id] = bought
            self._books[order.subscription_id] = bought.book
        self._move_account(order.at)
        return bought

    def advance(self, to: datetime) -> None:
        """Process every milestone due at or before the instant: at one instant, subscriptions before the account."""
        while (at := self._next_instant()) <= to:
            with self._noting(at):
                for subscription_id in sorted(self.subscriptions):
                    self.subscriptions[subscription_id].advance(at)
            self._move_account(at)

    def ask(self, subscription_id: str, command: Command, at: datetime) -> Answer:
        self.advance(at)
        with self._noting(at):
            answer = self.subscriptions[subscription_id].ask(command, at)
        self._move_account(at)
        return answer

    def request(self, request: AccountRequest, at: datetime) -> Answer:
        self.advance(at)
        if isinstance(request, ReceivePayment) and may_have_forgotten(self.life.account, payment_of(request)):
            self._recall(request.payment_id)
        if self.life.lacks(request):
            self.life = self.life.model_copy(update={"recalled": self.book.recalled(request, self._opened)})
        self.life, answer = self._accounts.accept(self.life, request, at)
        self._perform()
        self._move_account(at)
        return answer

    def _recall(self, payment_id: str) -> None:
        """Remember a payment that only the books know, as the workflow does (MON-7)."""
        if found := self.book.payment(payment_id):
            self.life = self.life.model_copy(update={"account": remembering(self.life.account, found)})

    @contextmanager
    def _noting(self, at: datetime) -> Iterator[None]:
        """If a subscription is billed or credited meanwhile, have the account decide again as of that instant."""
        before = self._rows
        yield
        if self._rows != before:
            self.life = self.life.considering(at)

    @property
    def _rows(self) -> int:
        return sum(len(book.rows) for book in self._books.values())

    def _move_account(self, to: datetime) -> None:
        while (life := self._accounts.step(self.life, to)) is not None:
            self.life = life
            self._perform()

    def _next_instant(self) -> datetime:
        milestones = (next_milestone(simulator.life.subscription) for simulator in self.subscriptions.values())
        return min([next_account_milestone(self.life.account).at, *(m.at for m in milestones if m)])

    def _perform(self) -> None:
        while self.life.effects:
            effect = self.life.effects[0]
            if isinstance(effect, Close):
                self.life = self._accounts.closed(self.life, self.book.close(effect, self.taxed(effect.period.end)))
                continue
            if isinstance(effect, Look):
                self.life = self._accounts.looked(self.life, self.book.look(effect, self.taxed(effect.until)))
                continue
            if isinstance(effect, AccountRecord):
                self.book.record(effect)
            elif isinstance(effect, PlaceHolds):
                with self._noting(effect.at):
                    self._hold(effect)
            elif isinstance(effect, LiftHolds):
                with self._noting(effect.at):
                    self._lift(effect)
            self.life = self.life.first_effect_done()

    def taxed(self, before: datetime) -> Taxed | None:
        """How what is to be invoiced is taxed, as the account's activities ask it (MON-13)."""
        if self._taxes is None:
            return None
        table, sale = self._taxes
        case = TaxCase(sale=sale, supplies=self.book.supplies(before))
        return Taxed(sale, table.treatments(case))

    def _hold(self, effect: PlaceHolds) -> None:
        charged = self.book.charged_by(effect.invoice)
        for subscription_id, simulator in sorted(self.subscriptions.items()):
            subscription = simulator.life.subscription
            if subscription.offer.metered or subscription.state.ended:
                continue
            if effect.scope is HoldScope.UNPAID and subscription_id not in charged:
                continue
            answer = simulator.accept(hold_command(effect.seq, effect.at, effect.invoice), effect.at)
            if answer.outcome is Outcome.DONE or (not answer.refused and self.held[subscription_id]):
                self.held[subscription_id].add(effect.invoice)

    def _lift(self, effect: LiftHolds) -> None:
        keep = set(effect.keep)
        for subscription_id, invoices in sorted(self.held.items()):
            if invoices and not invoices & keep:
                self.subscriptions[subscription_id].accept(lift_command(effect.seq, effect.at), effect.at)
            self.held[subscription_id] = invoices & keep
