"""The books of one subscription in memory, for the simulator. They pass the same contract tests as the SQL books."""

from decimal import Decimal

from domain.subscription.commands import ReportUsage
from domain.subscription.decision import Answer
from domain.subscription.effects import Access, AccessInterval, Provision, Receipt, Record
from domain.subscription.events import Event
from domain.subscription.ledger import LedgerRow, UsageCharge
from domain.values import Frozen, Instant
from statemachines.subscription.refusals import repeated_usage


class UsageRow(Frozen):
    """A recorded usage report."""

    usage_id: str
    at: Instant
    units: Decimal
    billed: bool = False


class KeyConflict(Exception):
    """A business key is already in the books with other content (MON-2)."""


class Book:
    """One subscription's journal, ledger, usage and access, in memory."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.rows: list[LedgerRow] = []
        self.usage: dict[str, UsageRow] = {}
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
                if row := charge.row(self._bill(charge)):
                    usage_rows.append(row)
                    self._write(row)
            for row in event.rows:
                self._write(row)
        receipt = Receipt(seq=record.seq, usage_rows=tuple(usage_rows), unbilled_usage=self._unbilled(record))
        self._receipts[record.seq] = (record, receipt)
        return receipt

    def report_usage(self, command: ReportUsage, answer: Answer) -> Answer:
        """Record usage that the lifecycle accepted, once per usage id, and return the final answer (MON-7)."""
        known = self.usage.get(command.usage_id)
        if known is None:
            row = UsageRow(usage_id=command.usage_id, at=command.used_at or answer.at, units=command.units)
            self.usage[command.usage_id] = row
            return answer
        return repeated_usage(answer, command, known.units)

    def provision(self, provision: Provision) -> None:
        """Open or close the users' access; empty intervals are dropped (LIF-4)."""
        last = self.access[-1] if self.access else None
        if provision.access is Access.GRANT:
            if last is None or last.end is not None:
                self.access.append(AccessInterval(start=provision.at))
        elif last is not None and last.end is None:
            self.access[-1:] = [AccessInterval(start=last.start, end=provision.at)] if last.start < provision.at else []

    def _bill(self, charge: UsageCharge) -> Decimal:
        units = Decimal(0)
        for row in list(self.usage.values()):
            before = charge.used_before is None or row.at < charge.used_before
            if not row.billed and row.at >= charge.used_from and before:
                units += row.units
                self.usage[row.usage_id] = row.model_copy(update={"billed": True})
        return units

    def _unbilled(self, record: Record) -> Decimal | None:
        since = record.count_usage_from
        if since is None:
            return None
        units = (row.units for row in self.usage.values() if not row.billed and row.at >= since)
        return sum(units, Decimal(0))

    def _write(self, row: LedgerRow) -> None:
        if row.key in self._keys:
            raise KeyConflict(f"{row.key} is in the ledger already")
        self._keys[row.key] = row
        self.rows.append(row)
