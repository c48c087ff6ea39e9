"""The cart: lines that a seller collects for a customer, reviews and buys (BUY-1, BUY-2)."""

from datetime import datetime, timedelta
from enum import StrEnum

from domain.next_step import Do, NextStep, RefusedByRule
from domain.ordering.lines import MAX_LINES, Line
from domain.rules import Rule
from domain.values import Frozen, Instant

NOT_SHOWN = "not-shown"
"""Stands for the terms of a line whose offer the review did not know: no purchase ever matches it."""
CART_LIFE = timedelta(days=7)
"""BUY-1: a cart expires exactly this long after it was created."""


class CartRefused(RefusedByRule):
    """A rule does not allow this change or purchase of the cart."""


class CartState(StrEnum):
    """Whether a cart still accepts lines."""

    OPEN = "open"
    EXPIRED = "expired"
    ORDERED = "ordered"


class Cart(Frozen):
    """One customer's cart. Its id is also that of the order which it becomes.

    `reviewed` holds the digest of each line's terms as the last review showed them (None for an unknown offer).
    It is None before the first review and after every change (BUY-2).
    """

    id: str
    customer: str
    created_at: Instant
    lines: tuple[Line, ...] = ()
    reviewed: tuple[str | None, ...] | None = None
    ordered_at: Instant | None = None

    @property
    def expires_at(self) -> datetime:
        """From this instant on the cart accepts nothing (BUY-1)."""
        return self.created_at + CART_LIFE

    def state(self, now: datetime) -> CartState:
        """Return the cart's state at that instant."""
        if self.ordered_at is not None:
            return CartState.ORDERED
        return CartState.EXPIRED if now >= self.expires_at else CartState.OPEN

    def adding(self, line: Line, now: datetime) -> "Cart":
        """Return the cart with one more line. Raises CartRefused."""
        self._check_open(now)
        if len(self.lines) >= MAX_LINES:
            message = f"The cart is full: it holds {MAX_LINES} lines."
            raise CartRefused(Rule.BUY_1, message, self._step(Do.BUY_CART, "Buy it, then fill another"))
        return self.model_copy(update={"lines": (*self.lines, line), "reviewed": None})

    def removing(self, number: int, now: datetime) -> "Cart":
        """Return the cart without line `number`, counted from 1. Raises CartRefused."""
        self._check_open(now)
        self._check_filled()
        if not 1 <= number <= len(self.lines):
            message = f"The cart has no line {number}: it takes 1 to {len(self.lines)}."
            raise CartRefused(Rule.BUY_1, message, self._step(Do.SHOW_CART, "Look at its lines"))
        lines = self.lines[: number - 1] + self.lines[number:]
        return self.model_copy(update={"lines": lines, "reviewed": None})

    def as_reviewed(self, lines: tuple[Line, ...], terms: tuple[str | None, ...], now: datetime) -> "Cart":
        """Return the cart with the terms that its review showed for these lines. Raises CartRefused."""
        self._check_reviewable(lines, now)
        return self.model_copy(update={"reviewed": terms})

    def ordered(self, lines: tuple[Line, ...], terms: tuple[str | None, ...], now: datetime) -> "Cart":
        """Return the cart as ordered, if `terms` (those of `lines` now) are still the ones reviewed (BUY-2).

        Each line then carries its terms, so a change between now and its placement is refused there. A cart that
        was ordered before is returned unchanged. Raises CartRefused.
        """
        if self.ordered_at is not None:
            return self
        self._check_reviewable(lines, now)
        if self.reviewed is None:
            message = "The cart has changed since its last review, or was never reviewed."
            raise CartRefused(Rule.BUY_2, message, self._step(Do.REVIEW_CART, "Review it, then buy"))
        if self.reviewed != terms:
            changed = [str(n) for n, (was, now_) in enumerate(zip(self.reviewed, terms, strict=True), 1) if was != now_]
            message = f"The terms of line {', '.join(changed)} have changed since the review."
            raise CartRefused(Rule.BUY_2, message, self._step(Do.REVIEW_CART, "Review it again, then buy"))
        lines = tuple(
            line.model_copy(update={"terms": shown or NOT_SHOWN}) for line, shown in zip(self.lines, terms, strict=True)
        )
        return self.model_copy(update={"lines": lines, "ordered_at": now})

    def _step(self, do: Do, words: str) -> NextStep:
        return NextStep(do, self.customer, words)

    def _check_open(self, now: datetime) -> None:
        if self.ordered_at is not None:
            raise CartRefused(Rule.BUY_1, "The cart has been ordered.", self._step(Do.ADD_TO_CART, "Add to a new one"))
        if self.state(now) is CartState.EXPIRED:
            message = f"The cart expired at {self.expires_at:%Y-%m-%d %H:%M:%S} UTC, seven days after it was created."
            raise CartRefused(Rule.BUY_1, message, self._step(Do.ADD_TO_CART, "Start a new one"))

    def _check_filled(self) -> None:
        if not self.lines:
            raise CartRefused(Rule.BUY_1, "The cart is empty.", self._step(Do.ADD_TO_CART, "Add a line first"))

    def _check_reviewable(self, lines: tuple[Line, ...], now: datetime) -> None:
        self._check_open(now)
        self._check_filled()
        if self.lines != lines:
            message = "Somebody else has changed the cart in the meantime."
            raise CartRefused(Rule.BUY_2, message, self._step(Do.REVIEW_CART, "Review it again"))
