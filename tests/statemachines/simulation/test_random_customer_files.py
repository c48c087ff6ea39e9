"""Random customers told by a scenario file: the file is sound, and lives the same (DESIGN section 7b)."""

from collections import Counter
from datetime import timedelta

from hypothesis import given, settings

from statemachines.simulation.course import simulate
from statemachines.simulation.scenario_file import parse_scenario
from tests.support.simulated.customer_files import file_customers, lived_with_its_file
from tests.support.simulated.life import LIVING
from tests.support.simulated.random_customers import RandomCustomer

WATCHED = timedelta(days=500)


def test_a_file_lives_what_the_customer_lived() -> None:
    seen: Counter[int] = Counter()

    @given(file_customers(WATCHED))
    @settings(max_examples=25)
    def same(random: RandomCustomer) -> None:
        until = random.opened + WATCHED
        customer, data = lived_with_its_file(random, until)
        report = simulate(parse_scenario(data), LIVING)
        seen[len(report.lives)] += 1
        assert set(report.lives) == set(customer.subscriptions)
        for name, life in report.lives.items():
            assert life.subscription == customer.subscriptions[name].life.subscription
            assert list(life.events) == customer.subscriptions[name].book.events
            assert list(life.rows) == customer.subscriptions[name].book.rows
            assert list(life.access) == customer.subscriptions[name].book.access
        invoices = report.invoices or ()
        numbered = [invoice for invoice in invoices if invoice["invoice"]]
        assert [len(invoice["lines"]) for invoice in numbered] == [len(i.lines) for i in customer.book.invoices]
        lines = [(line["of"], line["key"]) for invoice in invoices for line in invoice["lines"]]
        ledger = [(name, row.key) for name, life in report.lives.items() for row in life.rows]
        assert sorted(lines) == sorted(ledger)

    same()
    assert {1, 2, 3, 4} <= set(seen)
