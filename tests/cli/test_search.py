"""`search`: what is found of each kind, in tables and as one document."""

import pytest

from tests.support.command_line import Ask, Billed, Starter


@pytest.mark.live
def test_everything_of_a_customer(billed: Billed) -> None:
    found = billed.ask.json(f"search {billed.customer}")
    assert {"customer_id": billed.customer, "name": f"Buyer {billed.customer.split('-')[1]}"} in found["customers"]
    assert billed.subscription in [each["subscription_id"] for each in found["subscriptions"]]
    assert billed.invoice in [each["invoice"] for each in found["invoices"]]
    said = billed.ask.said(f"search {billed.customer}")
    for heading in ("CUSTOMER  ", "SUBSCRIPTION  ", "INVOICE  ", "ORDER  "):
        assert any(line.startswith(heading) for line in said.splitlines())


@pytest.mark.live
def test_a_part_of_a_name_or_a_number(billed: Billed) -> None:
    assert billed.ask.said("search residences").splitlines()[1].split() == ["fabrikam", "Fabrikam", "Residences"]
    number = billed.invoice.rpartition("-")[2]
    assert billed.invoice in [each["invoice"] for each in billed.ask.json(f"search {number}")["invoices"]]


@pytest.mark.live
def test_nothing_is_found(ask: Ask) -> None:
    assert ask.said("search no-such-thing") == "Nothing has 'no-such-thing' in an id or a name.\n"


@pytest.mark.live
def test_that_there_are_more_is_said_beside(ask: Ask) -> None:
    result = ask.whole("search buyer --limit 2")
    assert result.stdout.count("\n") >= 3
    assert result.stderr.startswith("There are more customers")
    assert "--limit 20, or a longer text." in result.stderr


@pytest.mark.parametrize("text", ["", " x", "x" * 101, "a\nb", "\x1b[31m"])
def test_text_that_nobody_can_read(starter: Starter, text: str) -> None:
    result = starter("search", text)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("TEXT: got ")
    assert result.stderr.count("\n") == 1
