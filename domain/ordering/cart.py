"""The cart: lines that a seller collects for a customer, reviews and buys (BUY-1, BUY-2)."""

from datetime import datetime, timedelta

from domain.ordering.lines import MAX_LINES, Line
from domain.rules import Rule
from domain.values import Frozen, Instant

NOT_SHOWN = "not-shown"
"""The terms of a line whose offer was unknown in the review: nothing is ever sold on them."""
CART_LIFE = timedelta(days=7)
"""BUY-1: counted from the cart's creation, and over at that very instant."""


class CartRefused(Exception):
    """What a rule says against a change or a purchase of the cart, and what to do."""

    def __init__(self, rule: Rule, message: str, next_step: str) -> None:
        super().__init__(f"{message} {next_step}")
        self.rule = rule
        self.message = message
        self.next_step = next_step


class Cart(Frozen):
    """One customer's cart. Its id is also that of the order which it becomes.

    `reviewed` holds the terms of each line as its review showed them, None where the offer was unknown;
    it is None until a review and after every change (BUY-2).
    """

    id: str
    customer: str
    created_at: Instant
    lines: tuple[Line, ...] = ()
    reviewed: tuple[str | None, ...] | None = None
    ordered_at: Instant | None = None

    @property
    def expires_at(self) -> datetime:
        """From that instant on it takes nothing more (BUY-1)."""
        return self.created_at + CART_LIFE

    def expired(self, now: datetime) -> bool:
        """Whether its seven days are over; what was ordered does not expire."""
        return self.ordered_at is None and now >= self.expires_at

    def is_open(self, now: datetime) -> bool:
        """Whether lines can still be added."""
        return self.ordered_at is None and not self.expired(now)

    def adding(self, line: Line, now: datetime) -> "Cart":
        """The cart with one line more. Raises CartRefused."""
        self._check_open(now)
        if len(self.lines) >= MAX_LINES:
            raise CartRefused(
                Rule.BUY_1, f"The cart is full: it holds {MAX_LINES} lines.", "Buy it, then fill another."
            )
        return self.model_copy(update={"lines": (*self.lines, line), "reviewed": None})

    def removing(self, number: int, now: datetime) -> "Cart":
        """The cart without the line of that number, counted from 1. Raises CartRefused."""
        self._check_open(now)
        self._check_filled()
        if not 1 <= number <= len(self.lines):
            raise CartRefused(Rule.BUY_1, f"The cart has no line {number}.", f"It takes 1 to {len(self.lines)}.")
        lines = self.lines[: number - 1] + self.lines[number:]
        return self.model_copy(update={"lines": lines, "reviewed": None})

    def as_reviewed(self, lines: tuple[Line, ...], terms: tuple[str | None, ...], now: datetime) -> "Cart":
        """The cart with what its review showed of these lines. Raises CartRefused."""
        self._check_open(now)
        self._check_filled()
        self._check_same(lines)
        return self.model_copy(update={"reviewed": terms})

    def ordered(self, lines: tuple[Line, ...], terms: tuple[str | None, ...], now: datetime) -> "Cart":
        """The cart as it is bought, where these lines' `terms` are still those of its review (BUY-2).

        Each line then carries its terms: what changes until it is placed is refused there. Bought already, it
        stays as it is. Raises CartRefused.
        """
        if self.ordered_at is not None:
            return self
        self._check_open(now)
        self._check_filled()
        self._check_same(lines)
        if self.reviewed is None:
            message = "The cart has not been reviewed as it is now."
            raise CartRefused(Rule.BUY_2, message, self._step("Review it, then buy", "review"))
        if self.reviewed != terms:
            changed = [str(n) for n, (was, now_) in enumerate(zip(self.reviewed, terms, strict=True), 1) if was != now_]
            message = f"What the review showed of line {', '.join(changed)} is no longer so."
            raise CartRefused(Rule.BUY_2, message, self._step("Review it again, then buy", "review"))
        lines = tuple(
            line.model_copy(update={"terms": shown or NOT_SHOWN}) for line, shown in zip(self.lines, terms, strict=True)
        )
        return self.model_copy(update={"lines": lines, "ordered_at": now})

    def _step(self, words: str, command: str) -> str:
        return f"{words}: starter.py cart {command} --customer {self.customer}."

    def _check_open(self, now: datetime) -> None:
        if self.ordered_at is not None:
            raise CartRefused(Rule.BUY_1, "The cart has been bought.", self._step("Add to a new one", "add OFFER"))
        if self.expired(now):
            message = f"The cart expired at {self.expires_at:%Y-%m-%d %H:%M:%S} UTC, seven days after it was begun."
            raise CartRefused(Rule.BUY_1, message, self._step("Begin a new one", "add OFFER"))

    def _check_filled(self) -> None:
        if not self.lines:
            raise CartRefused(Rule.BUY_1, "The cart is empty.", self._step("Add a line first", "add OFFER"))

    def _check_same(self, lines: tuple[Line, ...]) -> None:
        if self.lines != lines:
            message = "The cart was changed by somebody else meanwhile."
            raise CartRefused(Rule.BUY_2, message, self._step("Review it again", "review"))
