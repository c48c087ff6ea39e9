"""Lives as data, document for document: every scenario in scenarios/lives, and the published contract.

`message` is this product's own wording; an expectation with an empty `why` leaves that wording open too.
"""

from pathlib import Path

import pytest

from domain.rules import Rule
from tests.support.paths import ROOT
from tests.support.simulated.documents import Document, comparable, expected, lived

CONTRACT = sorted((Path(__file__).parent / "contract").glob("*.yaml"))
LIVES = sorted((ROOT / "scenarios" / "lives").glob("*.yaml"))


def test_the_contract_has_its_four_lives() -> None:
    assert [path.stem for path in CONTRACT] == [
        "setup-then-deleted",
        "suspended-over-a-period",
        "trial-cancel-undo",
        "usage-deprovisioned",
    ]


@pytest.mark.parametrize("path", CONTRACT, ids=lambda path: path.stem)
def test_published_contract(path: Path) -> None:
    document, wanted = lived(path), expected(path)
    assert comparable(document, wanted) == comparable(wanted, wanted)


def test_there_are_at_least_forty_lives() -> None:
    assert len(LIVES) >= 40


@pytest.mark.parametrize("path", LIVES, ids=lambda path: path.stem)
def test_life(path: Path) -> None:
    document, wanted = lived(path), expected(path)
    assert comparable(document, wanted) == comparable(wanted, wanted)


@pytest.mark.parametrize("path", [*CONTRACT, *LIVES], ids=lambda path: path.stem)
def test_every_answer_says_something_and_every_rule_is_known(path: Path) -> None:
    document = lived(path)
    assert all(answer["message"].endswith(".") for answer in document["answers"])
    assert all(milestone["why"] for milestone in document["timeline"])
    rules = {entry["rule"] for entry in (*document["answers"], *document["events"], *document["timeline"])}
    assert rules <= set(Rule)


def test_the_example_on_the_contracts_page(tmp_path: Path) -> None:
    """DESIGN section 7, with its whole output; its milestones' `why` is free."""
    text = """\
name: cancel inside the monthly window
policy: csp-2019
account_opened: 2026-01-31T09:00:00Z
offer: {id: contoso-crm, publisher: partner, billing_type: license, category: enterprise,
        term: P1M, billing_plan: monthly, currency: USD, unit_price: "10.00", trial_days: 0,
        setup: none, min_quantity: 1, max_quantity: 10000,
        add_ons: [{id: backup, unit_price: "2.50"}]}
order: {at: 2026-01-31T09:00:00Z, customer: fabrikam, quantity: 3, add_ons: {backup: 1}}
commands:
  - {at: 2026-02-01T08:59:59.999999Z, do: cancel, reason: customer_request, by: admin_agent}
until: 2026-06-01T00:00:00Z
"""
    path = tmp_path / "life.yaml"
    path.write_text(text)
    bought, gone = "2026-01-31T09:00:00Z", "2026-02-01T08:59:59.999999Z"
    period = {"start": bought, "end": "2026-02-28T09:00:00Z"}

    def row(at: str, kind: str, line: str, quantity: int, amount: str, key: str) -> Document:
        money = {"amount": amount, "currency": "USD"}
        return {"at": at, "kind": kind, "line": line, "quantity": quantity, **money, "period": period, "key": key}

    assert lived(path) == {
        "name": "cancel inside the monthly window",
        "state": "cancelled",
        "auto_renew": True,
        "quantity": 3,
        "add_ons": {"backup": 1},
        "deletes_at": None,
        "term": {"number": 1, **period},
        "answers": [
            {
                "at": gone,
                "do": "cancel",
                "outcome": "cancelled_with_credit",
                "rule": "CXL-2",
                "effective_at": gone,
                "credit": {"amount": "32.50", "currency": "USD"},
                "message": "Cancelled now. USD 32.50 will be credited on the next invoice.",
            }
        ],
        "events": [
            {"seq": 1, "at": bought, "event": "purchased", "state": "active", "rule": "BUY-4"},
            {"seq": 2, "at": gone, "event": "cancelled", "state": "cancelled", "rule": "CXL-2"},
        ],
        "ledger": [
            row(bought, "charge", "contoso-crm", 3, "30.00", "term-1/period-1/charge/contoso-crm"),
            row(bought, "charge", "backup", 1, "2.50", "term-1/period-1/charge/backup"),
            row(gone, "credit", "contoso-crm", 3, "30.00", "seq-2/credit/contoso-crm"),
            row(gone, "credit", "backup", 1, "2.50", "seq-2/credit/backup"),
        ],
        "access": [{"from": bought, "to": gone}],
        "notifications": [
            {"seq": 1, "at": bought, "event": "purchased"},
            {"seq": 2, "at": gone, "event": "cancelled"},
        ],
        "timeline": [],
    }
