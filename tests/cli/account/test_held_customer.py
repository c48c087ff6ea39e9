"""A customer that does not pay is sold nothing on any page, and told what to pay (ELG-10, MON-9)."""

import pytest

from tests.support.command_line import Ask, Billed

pytestmark = pytest.mark.live


def test_elg_10_listing_cart_and_order_say_what_to_pay(ask: Ask, billed: Billed) -> None:
    who, words = f"--customer {billed.customer}", f"Pay {billed.invoice} first."
    ask.json(f"clock advance {billed.customer} --to 2027-05-03T00:00:00Z")
    assert ask.json(f"show {billed.subscription}")["state"] == "suspended"
    account = ask.said(f"account show {billed.customer}")
    assert f"Suspended for nonpayment: {billed.subscription} for {billed.invoice}" in account
    assert ask.json(f"account show {billed.customer}")["held"] == [
        {"subscription": billed.subscription, "invoice": billed.invoice}
    ]
    assert f"{billed.invoice} is not paid" in ask.said(f"events {billed.subscription}")

    assert ask.json(f"catalog list {who}") == []
    shown = {row["id"]: row["refusals"] for row in ask.json(f"catalog list {who} --explain")}
    assert {refusals[-1]["rule"] for refusals in shown.values()} == {"ELG-10"}
    assert words in ask.said(f"catalog show fabrikam-mail {who}")
    ask.json(f"cart add fabrikam-mail {who}")
    (line,) = ask.json(f"cart review {who}")["lines"]
    assert [(each["rule"], each["next_step"]) for each in line["refusals"]] == [("ELG-10", words)]
    refused = ask.said(f"buy fabrikam-mail {who} --id held-{billed.customer}", code=1)
    assert "refused by ELG-10" in refused
    assert words in refused

    ask.json(f"invoice pay {billed.invoice}")
    assert ask.json(f"account show {billed.customer}")["held"] == []
    assert ask.json(f"buy fabrikam-mail {who} --id held-{billed.customer}")["state"] == "trial"
