"""Double entry, invoices, payments and the journals of accounts. Never change this after its release."""

import sqlalchemy as sa
from alembic import op

from activities.adapters.sql.columns import optional, required
from activities.adapters.sql.migrations.append_only import append_only
from activities.adapters.sql.migrations.create import CURRENCY, ID, INSTANT, WORD, index, table

revision = "0003"
down_revision = "0002"

INVOICE, ENTRY = sa.String(80), sa.String(300)
UNBALANCED = "EXISTS (SELECT 1 FROM posting WHERE entry_id = {} GROUP BY currency HAVING SUM(amount_minor) <> 0)"


def upgrade() -> None:
    """Create the tables, and the double entry of the existing ledger rows."""
    _double_entry()
    _invoices()
    _accounts()
    _seal()
    append_only("entry", ("id",))
    append_only("posting", ("entry_id", "position"))
    append_only("invoice", ("id",), ("series", "number"), ("customer_id", "currency", "period_end"))
    append_only("invoice_line", ("invoice_id", "position"), ("subscription_id", "seq", "entry_position"))
    append_only("month_close", ("customer_id", "period_end"))
    append_only("account_event", ("customer_id", "seq"))
    append_only("payment", ("customer_id", "payment_id"))
    _enter_what_is_in_the_ledger()


def _double_entry() -> None:
    table("entry", ("id",), *required(id=ENTRY, customer_id=ID, at=INSTANT, kind=WORD))
    index("entry", "customer_id", "at")
    table(
        "posting",
        ("entry_id", "position"),
        *required(entry_id=ENTRY, position=sa.Integer, account=WORD, currency=CURRENCY),
        *required(amount_minor=sa.BigInteger),
        # Postings are written before their entry, which seals them; without it they cannot be committed.
        sa.ForeignKeyConstraint(
            ["entry_id"], ["entry.id"], name="fk_posting_entry_id", deferrable=True, initially="DEFERRED"
        ),
        sa.CheckConstraint("amount_minor <> 0", name="ck_posting_amount"),
        sa.CheckConstraint("account IN ('receivable', 'revenue', 'credit', 'payment')", name="ck_posting_account"),
    )


def _invoices() -> None:
    table("invoice_series", ("series",), *required(series=ID, last_number=sa.Integer))
    table(
        "invoice",
        ("id",),
        *required(id=INVOICE, series=ID, number=sa.Integer, customer_id=ID, currency=CURRENCY),
        *required(period_start=INSTANT, period_end=INSTANT, issued_at=INSTANT, due_at=INSTANT),
        *(
            sa.Column(f"{name}_minor", sa.BigInteger, nullable=False)
            for name in ("charges", "credits", "carried_in", "due", "carried_out")
        ),
        sa.ForeignKeyConstraint(["series"], ["invoice_series.series"], name="fk_invoice_series"),
        sa.UniqueConstraint("series", "number", name="uq_invoice_series_number"),
        sa.UniqueConstraint("customer_id", "currency", "period_end", name="uq_invoice_customer_id_currency_period_end"),
        sa.CheckConstraint(
            "due_minor >= 0 AND carried_out_minor >= 0 AND (due_minor = 0 OR carried_out_minor = 0) "
            "AND due_minor - carried_out_minor = charges_minor - credits_minor - carried_in_minor",
            name="ck_invoice_totals",
        ),
    )
    table(
        "invoice_line",
        ("invoice_id", "position"),
        *required(invoice_id=INVOICE, position=sa.Integer, subscription_id=ID, seq=sa.Integer),
        *required(entry_position=sa.Integer),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name="fk_invoice_line_invoice_id"),
        sa.ForeignKeyConstraint(
            ["subscription_id", "seq", "entry_position"],
            ["ledger_entry.subscription_id", "ledger_entry.seq", "ledger_entry.position"],
            name="fk_invoice_line_subscription_id",
        ),
        sa.UniqueConstraint(
            "subscription_id", "seq", "entry_position", name="uq_invoice_line_subscription_id_seq_entry_position"
        ),
    )
    table(
        "invoice_standing",
        ("invoice_id",),
        *required(invoice_id=INVOICE, customer_id=ID, state=WORD, paid_minor=sa.BigInteger),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name="fk_invoice_standing_invoice_id"),
    )
    index("invoice_standing", "customer_id", "state")
    index("invoice_standing", "state")
    table(
        "month_close",
        ("customer_id", "period_end"),
        *required(customer_id=ID, period_end=INSTANT, digest=sa.String(64), receipt=sa.Text),
    )


def _accounts() -> None:
    table(
        "account_event",
        ("customer_id", "seq"),
        *required(customer_id=ID, seq=sa.Integer, at=INSTANT, event=WORD),
        *optional(invoice_id=INVOICE, payment_id=ID),
        *required(record=sa.Text),
    )
    table(
        "payment",
        ("customer_id", "payment_id"),
        *required(customer_id=ID, payment_id=ID, seq=sa.Integer, at=INSTANT, currency=CURRENCY),
        *required(amount_minor=sa.BigInteger),
        sa.CheckConstraint("amount_minor > 0", name="ck_payment_amount"),
    )
    table(
        "nonpayment_hold",
        ("customer_id", "subscription_id", "seq"),
        *required(customer_id=ID, subscription_id=ID, seq=sa.Integer),
        *optional(lifted_by=sa.Integer),
    )
    index("ledger_entry", "subscription_id", "at")


def _seal() -> None:
    """An entry is written after its postings and seals them: they must balance, and none can be added."""
    unbalanced = f"NOT EXISTS (SELECT 1 FROM posting WHERE entry_id = NEW.id) OR {UNBALANCED.format('NEW.id')}"  # noqa: S608 - names of ours
    sealed = "EXISTS (SELECT 1 FROM entry WHERE id = NEW.entry_id)"
    _refuse_insert("entry", "balance", unbalanced, "an entry balances in each currency")
    _refuse_insert("posting", "sealed", sealed, "nothing is added to an entry")
    if op.get_bind().dialect.name != "sqlite":
        _refuse_at_commit("posting", "balance", UNBALANCED.format("NEW.entry_id"), "an entry balances in each currency")


def _refuse_insert(table: str, name: str, when: str, words: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"CREATE TRIGGER IF NOT EXISTS {table}_{name} BEFORE INSERT ON {table} WHEN {when} "
            f"BEGIN SELECT RAISE(ABORT, '{words}'); END"
        )
        return
    op.execute(
        f"CREATE FUNCTION {table}_{name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF {when} THEN RAISE EXCEPTION '{words}' USING ERRCODE = 'check_violation'; END IF; RETURN NEW; END $$"
    )
    op.execute(f"CREATE TRIGGER {table}_{name} BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_{name}()")


def _refuse_at_commit(table: str, name: str, when: str, words: str) -> None:
    """On PostgreSQL two transactions do not see each other's rows: one could add to what the other seals."""
    op.execute(
        f"CREATE FUNCTION {table}_{name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF {when} THEN RAISE EXCEPTION '{words}' USING ERRCODE = 'check_violation'; END IF; RETURN NULL; END $$"
    )
    op.execute(
        f"CREATE CONSTRAINT TRIGGER {table}_{name} AFTER INSERT ON {table} DEFERRABLE INITIALLY DEFERRED "
        f"FOR EACH ROW EXECUTE FUNCTION {table}_{name}()"
    )


def _enter_what_is_in_the_ledger() -> None:
    rows = "FROM ledger_entry AS l JOIN subscription AS s ON s.id = l.subscription_id"
    key = "'row:' || l.subscription_id || ':' || l.key"
    sides = {
        "charge": ("receivable", "revenue"),
        "credit": ("revenue", "credit"),
    }
    for kind, accounts in sides.items():
        for position, (account, sign) in enumerate(zip(accounts, ("", "-"), strict=True)):
            op.execute(
                "INSERT INTO posting (entry_id, position, account, currency, amount_minor) "
                f"SELECT {key}, {position}, '{account}', l.currency, {sign}l.amount_minor "
                f"{rows} WHERE l.kind = '{kind}'"
            )
    op.execute(f"INSERT INTO entry (id, customer_id, at, kind) SELECT {key}, s.customer_id, l.at, l.kind {rows}")
