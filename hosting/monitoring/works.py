"""What a running worker works with, as far as it is watched."""

from typing import NamedTuple

from temporalio.client import Client
from temporalio.worker import Worker

from activities.unfinished import Unfinished
from perennial.sources.books import Books


class Works(NamedTuple):
    """`unfinished` has the activities that the worker has begun and not finished."""

    client: Client
    task_queue: str
    worker: Worker
    books: Books
    unfinished: Unfinished
