"""What the books hold of a subscription where an effect wants to write something else."""

from domain.conflict import Held
from domain.subscription.ledger import LedgerRow


class HeldRecord(Held):
    """Events, or else the ledger's `rows` whose keys the effect wants to use, or a change of access."""

    rows: tuple[LedgerRow, ...] = ()
