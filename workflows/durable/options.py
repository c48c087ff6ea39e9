"""The timeouts, retries and limits of the workflows, by name."""

from datetime import timedelta

from temporalio.common import Priority, RetryPolicy

RECORD_TIMEOUT = timedelta(seconds=10)
"""One attempt to write to the books. A lock wait in the database must end before half of it."""
RESTORE_TIMEOUT = timedelta(seconds=30)
"""One attempt to read a whole subscription from the books: its journal may have thousands of events."""
LARGEST_HELD = 256 * 1024
"""How many characters of signals are held while a subscription is being rebuilt."""
CLOSE_TIMEOUT = timedelta(minutes=1)
"""One attempt to write a month's invoices: a customer may have thousands of lines."""
ROWS_PAUSE = timedelta(seconds=1)
ROWS_PAUSE_MAX = timedelta(seconds=30)
"""How soon an account asks the books again that lack what a subscription was to write: pauses double from the first."""
PROVISION_TIMEOUT = timedelta(seconds=30)
"""One attempt to change access at the tenant service."""
PEOPLE = Priority(priority_key=2)
"""What somebody waits for goes before what happens by itself (3, the server's default), such as renewals."""
BATCH = Priority(priority_key=4)
"""The lines of orders, new prices for many subscriptions, and bulk operations come last."""
WITHOUT_END = RetryPolicy(
    initial_interval=timedelta(milliseconds=250), backoff_coefficient=2, maximum_interval=timedelta(minutes=1)
)
"""Transient errors are retried for ever: money and access are never given up. Permanent errors are not retried.

The first pause is part of the silence after a worker was killed."""
HEARTBEAT_TIMEOUT = timedelta(milliseconds=2_500)
"""How soon an attempt is repeated whose worker was killed: it beats each second (`activities/heartbeats.py`).

A slow attempt has the whole time of its own timeout: a busy machine, or a lock that is waited for, repeats nothing.
"""

START_TIMEOUT = timedelta(seconds=10)
"""One attempt to start a line's subscription: two reads of the books and one request to the server."""
STARTS_AT_ONCE = 8
"""How many of an order's subscriptions are started at a time."""
FAN_OUT_TIMEOUT = timedelta(minutes=15)
"""One attempt to send a command to many subscriptions: ten at a time, each with its ANSWER_TIMEOUT."""

BULK_BATCH_SECONDS = 5
"""How many seconds a batch of a bulk operation takes at its rate: a pause waits for the batch that is under way."""

NOTIFY_TIMEOUT = timedelta(seconds=45)
"""One attempt to notify a publisher: its own timeout is at most 30 seconds, and the books are read before and after."""
NOTIFY_RETRIES = RetryPolicy(
    initial_interval=timedelta(seconds=1), backoff_coefficient=2, maximum_interval=timedelta(seconds=10)
)
"""For killed workers and unreachable books. Notifications use the retry time from the publisher's terms instead."""
PUBLISHER_WORKER_TIMEOUT = timedelta(hours=8)
"""After how long without a worker for the publisher's task queue people are told that nobody notifies it."""
LAST_NOTIFICATIONS = timedelta(seconds=10)
"""How long an ended subscription waits for its publisher before a delivery takes over."""

MAX_REASON = 200
"""How much of an error's text is kept in the state and shown, in characters."""
MAX_MESSAGE = 1024
"""The longest message that a sender gets, in characters."""

LARGEST_REQUEST = 8 * 1024
"""The bytes of a command or a signal. Larger ones are refused before they are decoded."""
SIGNAL_BYTES_AT_ONCE = 64 * 1024
"""How many bytes of signals are read per workflow task."""

LONGEST_FORECAST = timedelta(days=50 * 366)
"""How far `what_if` forecasts: a workflow task must end within two seconds."""
SHORTEST_TIMER = timedelta(milliseconds=1)
"""A timer can fire early: the instant is checked again on waking, and waited for once more."""
COARSEST_TIMER = timedelta(seconds=1)
"""By how much a timer may fire early. If a task's clock is further behind, the clock is looked at again."""
FRESH_LOOK = timedelta(seconds=1)
"""How long a workflow waits for a fresh task before it looks at the clock again."""
SIGNALS_AT_ONCE = 200
"""How many signals are read per workflow task. A task has two seconds, too few for ten thousand."""
SIGNALS_PER_RUN = 1000
"""After how many signals a run continues as new: the server refuses more per run than its setting allows."""
UPDATES_PER_RUN = 500
"""After how many updates a run continues as new, with its effects waiting. The server refuses all after 2,000."""
MOST_UPDATES = 1_500
"""After how many updates a run that has not ended yet refuses more, so that an operator's still get in."""
MOST_EFFECTS = 100
"""How many effects may wait, as while the database is away, before updates that would add to them are refused."""
MOST_EFFECTS_OF_SIGNALS = 150
"""The same for signals, whose senders cannot be told to try again. The whole state must fit into one payload."""
MOST_WAITS = 5
"""How many callers may wait in a workflow for the books. The server lets ten updates be under way: half stay free."""
BUSY = "Busy"
"""The type of the error of an update that can be decided a little later."""
READING_BOOKS = "What the books know is being read: send the same request again shortly."
"""What a request to a workflow is answered that is rebuilt, or was reset: it can be decided a little later."""
BUSY_WAIT = timedelta(seconds=1)
"""How much later, at the earliest."""
HAND_OVER_PATIENCE = timedelta(seconds=10)
"""How long a run that has to end waits for the activity that it performs. The next run performs it again."""
TASK_TIMEOUT = timedelta(seconds=3)
"""How soon another worker gets a workflow task whose worker was killed. The SDK fails a step of a task after two.

A task that replays a long run takes many steps. Should it take longer than this, the server gives the fourth try five
seconds more, and each one after it twice as many: it succeeds in the end.
"""
PERIODS_PER_RUN = 5
"""How many billing periods one run of the workflow spans at most before it continues as new."""
LONGEST_PARKED = 8 * 1024
"""How many bytes of history a run may sleep on: they are stored meanwhile, and replayed when it wakes."""
LEAST_GROWTH = 2 * 1024
"""By how many bytes a run grows at least before it ends for its length: it may have begun with a long state."""
QUIET = timedelta(minutes=10)
"""How long a run that commands have made long goes on, since most commands do not come alone."""

ANSWER_TIMEOUT = timedelta(seconds=30)
"""How long the client waits for one answer of a worker."""
ASK_AGAIN = timedelta(milliseconds=10)
ASK_AGAIN_MAX = timedelta(milliseconds=320)
"""How soon the client sends a request again that was refused for now or lost: pauses double from the first."""
LATE_TASK_PATIENCE = timedelta(seconds=5)
"""How long it asks on while a task is tried for the fourth time: a busy worker is late, a broken one fails for good."""
COMMIT_TIMEOUT = timedelta(seconds=60)
"""How long the client waits until an answer is in the books and provisioned."""
ROUTING_TIMEOUT = timedelta(seconds=5)
"""How long a migration waits until all parts of the server know a new routing. Mostly they do in 80 ms."""
NEXUS_TIMEOUT = timedelta(seconds=7)
"""How long one try of a Nexus operation may take: the server gives up on it after ten, and tries it again."""
POLL_INTERVAL = timedelta(milliseconds=20)
POLL_INTERVAL_MAX = timedelta(milliseconds=250)
"""How often a client looks again: pauses grow from the first to the second."""
ORDER_TIMEOUT = timedelta(seconds=60)
"""How long the client waits while no line of an order, or no batch of a price change, makes progress."""
LAST_WORDS_TIMEOUT = timedelta(seconds=2)
"""How long the client waits for the workflow's own error after a query failed."""
START_POINT_MARGIN = timedelta(minutes=10)
"""How far before its instant a live scenario stops the clock, so that real seconds cannot pass it."""
SETTLE_TIMEOUT = timedelta(seconds=120)
"""How long a live scenario waits for a milestone's effects."""
