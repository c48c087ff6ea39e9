"""The books of one subscription in memory, for the simulator. They pass the same contract tests as the SQL books."""

from collections.abc import Iterable

from domain.subscription.commands import ReportUsage
from domain.subscription.decision import Answer, Outcome
from domain.subscription.effects import Access, AccessInterval, Counted, CountUsage, Provision, Receipt, Record
from domain.subscription.events import Event
from domain.subscription.ledger import LedgerRow
from domain.subscription.usage import Report, Usage, UsageCharge
from statemachines.subscription.refusals import usage_by_books


class KeyConflict(Exception):
    """A business key is already in the books with other content (MON-2)."""


class Book:
    """One subscription's journal, ledger, usage and access, in memory."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.rows: list[LedgerRow] = []
        self.usage: dict[str, Report] = {}
        self.access: list[AccessInterval] = []
        self._receipts: dict[int, tuple[Record, Receipt]] = {}
        self._keys: dict[str, LedgerRow] = {}

    def record(self, record: Record) -> Receipt:
        """Write one decision; writing it again returns the same receipt. Raises KeyConflict (MON-2)."""
        if known := self._receipts.get(record.seq):
            if known[0] != record:
                raise KeyConflict(f"decision {record.seq} is recorded with other content")
            return known[1]
        usage_rows: list[LedgerRow] = []
        for event in record.events:
            self.events.append(event)
            for charge in event.usage:
                for row in charge.rows(self._billed(charge, event.seq)):
                    usage_rows.append(row)
                    self._write(row)
            for row in event.rows:
                self._write(row)
        receipt = Receipt(seq=record.seq, usage_rows=tuple(usage_rows))
        self._receipts[record.seq] = (record, receipt)
        return receipt

    def report_usage(self, command: ReportUsage, answer: Answer) -> Answer:
        """Record usage that the lifecycle accepted, once per usage id, and return the final answer (MON-7, USE-3)."""
        corrected = self.usage.get(command.corrects) if command.corrects else None
        final = usage_by_books(answer, command, self.usage.get(command.usage_id), corrected)
        if final.outcome is not Outcome.DONE:
            return final
        report = Report.of(command.usage_id, command.units, command.used_at or answer.at, corrected)
        self.usage[report.usage_id] = report
        if corrected is not None:
            self.usage[corrected.usage_id] = corrected.model_copy(update={"corrected_by": report.usage_id})
        return final

    def keep_unbilled(self, usage: Iterable[Usage]) -> None:
        """Take over usage that other books have not billed, known by billing period only."""
        for number, one in enumerate(usage, start=1):
            usage_id = f"before-{number}"
            self.usage[usage_id] = Report(usage_id=usage_id, **dict(one))

    def count_usage(self, count: CountUsage) -> Counted:
        """The usage that is unbilled, by billing period (USE-2)."""
        return Counted(usage=count.charge.summed(row for row in self.usage.values() if row.billed_by is None))

    def provision(self, provision: Provision) -> None:
        """Open or close the users' access; empty intervals are dropped (LIF-4)."""
        last = self.access[-1] if self.access else None
        if provision.access is Access.GRANT:
            if last is None or last.end is not None:
                self.access.append(AccessInterval(start=provision.at))
        elif last is not None and last.end is None:
            self.access[-1:] = [AccessInterval(start=last.start, end=provision.at)] if last.start < provision.at else []

    def _billed(self, charge: UsageCharge, seq: int) -> list[Report]:
        found = [row for row in self.usage.values() if row.billed_by is None and charge.counts(row.used_at)]
        self.usage |= {row.usage_id: row.model_copy(update={"billed_by": seq}) for row in found}
        return found

    def _write(self, row: LedgerRow) -> None:
        if row.key in self._keys:
            raise KeyConflict(f"{row.key} is in the ledger already")
        self._keys[row.key] = row
        self.rows.append(row)
