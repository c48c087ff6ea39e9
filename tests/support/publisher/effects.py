"""A receiver's own table, written by the handler of its inbox."""

import sqlite3
from contextlib import closing

from examples.receiver.inbox import Inbox, Message


class Killed(BaseException):
    """The process dies here."""


class Effects:
    """A receiver's own table; it dies on demand, after it has written."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self.dies = False
        with closing(inbox.open()) as books:
            books.execute("CREATE TABLE IF NOT EXISTS effects (subscription TEXT, sequence INTEGER)")

    def __call__(self, books: sqlite3.Connection, message: Message) -> None:
        books.execute("INSERT INTO effects VALUES (?, ?)", (message.subscription_id, message.sequence))
        if self.dies:
            raise Killed

    def of(self, subscription: str) -> list[int]:
        with closing(self._inbox.open()) as books:
            query = "SELECT sequence FROM effects WHERE subscription = ? ORDER BY rowid"
            return [sequence for (sequence,) in books.execute(query, (subscription,))]
