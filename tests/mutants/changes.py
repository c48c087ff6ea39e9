"""Careless changes of the product, each one that a reviewer might let through, and the tests that must notice it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Careless:
    """Replaces the one place in the file where `old` stands; the tests `noticed_by`, all in CI, must fail then."""

    name: str
    path: str
    old: str
    new: str
    noticed_by: str


CARELESS = (
    Careless(
        "halves are rounded down (MON-1)",
        "domain/money.py",
        "(2 * scaled.numerator + scaled.denominator) //",
        "(2 * scaled.numerator + scaled.denominator - 1) //",
        "tests/domain/test_money.py",
    ),
    Careless(
        "a boundary loses its anchor's day (TIM-3)",
        "domain/calendar.py",
        "day = min(anchor.day, last)",
        "day = min(anchor.day, 28)",
        "tests/domain/test_calendar.py",
    ),
    Careless(
        "milestones are dated when they are processed, not when they are due (TIM-5)",
        "statemachines/subscription/lifecycle.py",
        "self._take(subscription, ask.what, ask.at, None)",
        "self._take(subscription, ask.what, now, None)",
        "tests/statemachines/subscription",
    ),
    Careless(
        "a command is decided before the milestones that are due (TIM-5)",
        "statemachines/subscription/life.py",
        "        life = self.settle(life, at)\n        decision",
        "        decision",
        "tests/statemachines/subscription",
    ),
    Careless(
        "a command id gives its first answer to another command (invariant 10)",
        "statemachines/subscription/life.py",
        "if entry.fingerprint != command.fingerprint():",
        "if False:",
        "tests/statemachines/subscription",
    ),
    Careless(
        "the ids of older commands are forgotten (invariant 10)",
        "domain/subscription/first_answers.py",
        'update={"answered": tuple(kept), "used": used, "forgets": forgets}',
        'update={"answered": tuple(kept)}',
        "tests/statemachines/subscription",
    ),
    Careless(
        "the second hold moves the deletion deadline (SUS-4)",
        "statemachines/subscription/suspension.py",
        "stands = None if replaces else subscription.deletes_at",
        "stands = None",
        "tests/statemachines/subscription tests/published",
    ),
    Careless(
        "the retention counts from the last hold (SUS-9, SUS-11)",
        "domain/subscription/ends.py",
        "since = min(counted)",
        "since = max(counted)",
        "tests/statemachines/subscription",
    ),
    Careless(
        "an expiry is told that the deletion forestalls (SUS-4)",
        "domain/subscription/ends.py",
        "return None if end and deletes_at and deletes_at < end else end",
        "return end",
        "tests/statemachines/subscription/test_suspension.py",
    ),
    Careless(
        "a full credit forgets the add-ons that were removed (CXL-5, ELG-8)",
        "domain/subscription/pricing.py",
        "for line in (offer.id, *(add_on.id for add_on in offer.add_ons))",
        "for line in quantities",
        "tests/statemachines/subscription/test_changes.py",
    ),
    Careless(
        "what is left past its end is credited in the window of its trial (LIF-3)",
        "domain/subscription/ends.py",
        "return cancellable(subscription) and not free and",
        "return cancellable(subscription) and",
        "tests/statemachines/subscription/test_left_past_its_end.py",
    ),
    Careless(
        "the customer's answers are dropped when a run hands over to the next",
        "workflows/subscription/workflow.py",
        "self._life.handed_on(self._decisions.now())",
        'self._life.handed_on(self._decisions.now()).model_copy(update={"answered": ()})',
        "tests/live/subscription/test_continue_as_new_under_load.py tests/replay",
    ),
    Careless(
        "a run waits for quiet, however many updates it has taken",
        "workflows/durable/new_run.py",
        "            or self._updates() >= options.UPDATES_PER_RUN\n",
        "",
        "tests/workflows/durable/test_run_budget.py",
    ),
    Careless(
        "a newer state is read as far as it is known",
        "statemachines/state_schema.py",
        "if found > self.version:",
        "if found > self.version + 1:",
        "tests/statemachines/test_state_schema.py",
    ),
    Careless(
        "what the server writes into a task that was tried again is believed",
        "workflows/durable/new_run.py",
        'return workflow.patched(f"target-version-changed-{workflow.info().get_current_history_length()}")',
        "return True",
        "tests/workflows/durable/test_new_run.py",
    ),
    Careless(
        "a run that begins on another version hands over again and again",
        "workflows/durable/new_run.py",
        "(not self._placed_elsewhere and _target_changed())",
        "_target_changed()",
        "tests/workflows/durable/test_run_budget.py",
    ),
    Careless(
        "updates are taken without end while the database is away",
        "workflows/durable/decisions.py",
        "full = self._adds_to(request, options.MOST_EFFECTS)",
        "full = False",
        "tests/workflows/durable/test_decisions.py",
    ),
    Careless(
        "an update that is sent again has another id",
        "workflows/calls/target.py",
        "self.workflow_id, update, one_id, request",
        "self.workflow_id, update, update_id or random_id(), request",
        "tests/workflows/calls",
    ),
    Careless(
        "a timer that has fired is believed",
        "workflows/durable/clock.py",
        "if not awake() and at - self.time() > options.COARSEST_TIMER:",
        "if False:",
        "tests/workflows/durable/test_clock.py",
    ),
    Careless(
        "a decision may be dated after the workflow's clock (invariant 16)",
        "workflows/durable/decisions.py",
        "if self._clock.test is None:",
        "if False:",
        "tests/workflows/durable/test_decisions.py",
    ),
    Careless(
        "the books take what is dated ahead (invariant 16)",
        "activities/adapters/sql/subscription/dating.py",
        "    if at > latest:\n        words",
        "    if False:\n        words",
        "tests/activities/billing tests/activities/accounts",
    ),
    Careless(
        "signals may have any size",
        "workflows/durable/inbox.py",
        "if size > options.LARGEST_REQUEST:",
        "if False:",
        "tests/workflows/durable/test_inbox.py",
    ),
    Careless(
        "requests are decoded before they are measured",
        "workflows/guard/converter.py",
        "        check_size(payload, requests)\n",
        "",
        "tests/workflows/guard/test_converter.py",
    ),
    Careless(
        "a workflow runs on events that no task has taken",
        "workflows/guard/runner.py",
        "ahead = not activation.is_replaying and",
        "ahead = False and",
        "tests/workflows/guard/test_runner.py",
    ),
    Careless(
        "anyone may start a workflow with a state",
        "workflows/durable/arguments.py",
        "continues = workflow.info().continued_run_id is not None",
        "continues = b'\"life\"' in start.payload.data",
        "tests/live/test_raw_starts.py::test_a_state_is_taken_from_the_workflows_own_previous_run_alone",
    ),
    Careless(
        "Temporal's cancellation ends a subscription",
        "workflows/durable/cancellation.py",
        "            note()\n",
        "            raise\n",
        "tests/workflows/durable/test_cancellation.py",
    ),
    Careless(
        "a record with other content passes as a repeat (MON-2)",
        "activities/adapters/sql/subscription/books.py",
        "if known is None or known.digest != digest:",
        "if known is None:",
        "tests/activities/billing",
    ),
    Careless(
        "the ledger's key changes with every write: a repeat is charged again (MON-2)",
        "activities/adapters/sql/ledger/rows.py",
        '"key": row.key,',
        '"key": f"{row.key}/{id(row)}",',
        "tests/activities/billing",
    ),
    Careless(
        "events are recorded and nobody is notified (invariant 13)",
        "activities/adapters/sql/subscription/books.py",
        "        connection.execute(_WRITE[outbox], "
        "[_notice(entry, known.offer_id, event) for event in record.events])\n",
        "",
        "tests/activities/notifications tests/activities/billing",
    ),
    Careless(
        "what a customer has changes while a line is placed by it (ELG-1)",
        "activities/adapters/sql/orders/orders.py",
        "locks.take(connection, locks.customer(request.customer), locks.subscription(line.subscription_id))",
        "locks.take(connection, locks.one_of(request.customer))",
        "tests/activities/test_locks.py",
    ),
    Careless(
        "half of a change that failed is written with the others of its commit (MON-2)",
        "activities/adapters/sql/batches.py",
        'driver.execute("ROLLBACK TO change")',
        "pass",
        "tests/activities/test_batches.py",
    ),
    Careless(
        "a payment is taken twice (MON-7)",
        "activities/adapters/sql/account/books.py",
        '    if seq is not None:\n        raise BooksConflict(f"Payment',
        '    if False:\n        raise BooksConflict(f"Payment',
        "tests/activities/accounts",
    ),
    Careless(
        "credit that a month leaves is lost (MON-5)",
        "statemachines/account/dunning.py",
        "credit = {**account.credit, head.currency: head.totals.carried_out}",
        "credit = {**account.credit}",
        "tests/statemachines/account",
    ),
    Careless(
        "several credit notes together exceed their invoice (MON-10)",
        "statemachines/account/corrections.py",
        "max(head.totals.total, Decimal(0)) - named.noted",
        "max(head.totals.total, Decimal(0))",
        "tests/statemachines/account",
    ),
    Careless(
        "a charge-back takes credit below zero (MON-10)",
        "statemachines/account/reversals.py",
        "if rest > credit:",
        "if rest > credit > 0:",
        "tests/statemachines/account",
    ),
    Careless(
        "new terms move the dates of closed invoices (MON-11)",
        "statemachines/account/timeline.py",
        "terms, due_at = receivable.terms, receivable.due_at",
        "terms, due_at = account.terms, receivable.due_at",
        "tests/statemachines/account",
    ),
    Careless(
        "what was to begin later begins at once (BUY-6)",
        "domain/subscription/subscription.py",
        "return self.begins_at is not None and now < self.begins_at",
        "return self.begins_at is None and False",
        "tests/statemachines/subscription",
    ),
    Careless(
        "a message to a publisher has another id with each try (invariant 13)",
        "activities/notifications/contracts.py",
        'return f"{subscription_id}:{seq}"',
        'return f"{subscription_id}:{seq}:{id(object())}"',
        "tests/activities/notifications",
    ),
    Careless(
        "a late change of access undoes a newer one (SUS-2)",
        "activities/adapters/tenants/store.py",
        "if present and (confirmed := _settled(change, access, *present)):",
        "if False and present and (confirmed := _settled(change, access, *present)):",
        "tests/activities/provisioning/test_tenants_contract.py",
    ),
    # What only a crash brings about: `make chaos` and `make sweep` must be able to fail.
    Careless(
        "a record is refused when it is sent again after a crash (MON-2)",
        "activities/adapters/sql/subscription/books.py",
        "if last is not None and entry.record.seq <= last.last_seq:",
        "if False and last is not None:",
        "tests/chaos/test_chaos.py",
    ),
    Careless(
        "a command is decided again when it is sent again (invariant 10)",
        "statemachines/subscription/life.py",
        "return life.after(decision).with_answer(command, decision.answer), decision.answer",
        "return life.after(decision), decision.answer",
        "tests/chaos/test_chaos.py",
    ),
    Careless(
        "an account's event is refused when it is sent again after a crash (MON-2)",
        "activities/adapters/sql/account/books.py",
        "if (last or 0) >= events[0].seq:",
        "if False:",
        "tests/chaos/test_sweep.py",
    ),
)
"""Only changes that no type checker sees: the tests alone stand between them and the customers."""
