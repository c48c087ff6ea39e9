"""Whatever is typed where an id, a number or a word belongs: one line, an exit code, and nothing done."""

import pytest

from tests.support.command_line import Ask

pytestmark = pytest.mark.live

WORDS = {
    "quote": "a'b",
    "double quote": 'a"b',
    "slash": "../../etc/passwd",
    "newline": "a\nb",
    "at the end": "fabrikam\n",
    "nul": "a\x00b",
    "escape": "\x1b[31mred",
    "bidi": "a\u202eb",
    "long": "x" * 10_000,
    "query": "x' OR CustomerId != 'x",
    "sql": "x'; DROP TABLE cart; --",
    "empty": "",
    "space": "a b",
    "not ascii": "fabrikäm",
    "half a character": "a\udcffb",
}
PLACES = {
    "buy": ("buy", "?", "--customer", "fabrikam"),
    "buy for": ("buy", "solo", "--customer", "?"),
    "buy as": ("buy", "solo", "--customer", "fabrikam", "--id", "?"),
    "buy so many": ("buy", "solo", "--customer", "fabrikam", "--quantity", "?"),
    "buy with": ("buy", "solo", "--customer", "fabrikam", "--add-on", "?"),
    "buy with =1": ("buy", "solo", "--customer", "fabrikam", "--add-on", "?=1"),
    "buy under": ("buy", "solo", "--customer", "fabrikam", "--policy", "?"),
    "buy at": ("buy", "solo", "--customer", "fabrikam", "--test-clock", "?"),
    "buy by": ("buy", "solo", "--customer", "fabrikam", "--by", "?"),
    "cart add": ("cart", "add", "?", "--customer", "fabrikam"),
    "cart add for": ("cart", "add", "solo", "--customer", "?"),
    "cart add so many": ("cart", "add", "solo", "--customer", "fabrikam", "--quantity", "?"),
    "cart add with": ("cart", "add", "solo", "--customer", "fabrikam", "--add-on", "backup=?"),
    "cart add under": ("cart", "add", "solo", "--customer", "fabrikam", "--policy", "?"),
    "cart remove": ("cart", "remove", "?", "--customer", "fabrikam"),
    "cart remove for": ("cart", "remove", "1", "--customer", "?"),
    "cart show": ("cart", "show", "--customer", "?"),
    "cart review": ("cart", "review", "--customer", "?"),
    "cart buy": ("cart", "buy", "--customer", "?"),
    "cart buy of": ("cart", "buy", "--customer", "fabrikam", "--cart", "?"),
    "cart buy by": ("cart", "buy", "--customer", "fabrikam", "--by", "?"),
    "order show": ("order", "show", "?"),
    "order list": ("order", "list", "--customer", "?"),
    "order list after": ("order", "list", "--after", "?"),
    "order list so many": ("order", "list", "--limit", "?"),
    "setup-link": ("setup-link", "?"),
    "reject-quantity": ("reject-quantity", "?", "2"),
    "reject-quantity of": ("reject-quantity", "nobody", "?"),
    "reject-quantity by": ("reject-quantity", "nobody", "2", "--actor", "?"),
    "notifications list of": ("notifications", "list", "--subscription", "?"),
    "notifications list for": ("notifications", "list", "--publisher", "?"),
    "notifications list in": ("notifications", "list", "--standing", "?"),
    "notifications list after": ("notifications", "list", "--after", "?"),
    "notifications list so many": ("notifications", "list", "--limit", "?"),
    "notifications retry": ("notifications", "retry", "?"),
    "notifications retry for": ("notifications", "retry", "--publisher", "?"),
    "notifications retry by": ("notifications", "retry", "nobody", "--by", "?"),
    "notifications skip": ("notifications", "skip", "?", "1"),
    "notifications skip of": ("notifications", "skip", "nobody", "?"),
    "list for": ("list", "--customer", "?"),
    "list of": ("list", "--offer", "?"),
    "list in": ("list", "--state", "?"),
    "list after": ("list", "--after", "?"),
    "list so many": ("list", "--limit", "?"),
    "invoice list for": ("invoice", "list", "--customer", "?"),
    "invoice list in": ("invoice", "list", "--state", "?"),
    "invoice list after": ("invoice", "list", "--after", "?"),
    "invoice show": ("invoice", "show", "?"),
    "invoice pay": ("invoice", "pay", "?"),
    "invoice pay so much": ("invoice", "pay", "resale-one-000001", "--amount", "?"),
    "invoice pay under": ("invoice", "pay", "resale-one-000001", "--payment-id", "?"),
    "invoice fail": ("invoice", "fail", "?"),
    "account show": ("account", "show", "?"),
    "account pay for": ("account", "pay", "?", "5", "USD"),
    "account pay so much": ("account", "pay", "fabrikam", "?", "USD"),
    "account pay in": ("account", "pay", "fabrikam", "5", "?"),
    "account pay at": ("account", "pay", "fabrikam", "5", "USD", "--at", "?"),
    "account terms of": ("account", "terms", "fabrikam", "--policy", "?"),
    "balance": ("balance", "?"),
    "statement": ("statement", "?"),
    "clock advance": ("clock", "advance", "?", "--days", "1"),
    "clock advance to": ("clock", "advance", "fabrikam", "--to", "?"),
    "clock advance by": ("clock", "advance", "fabrikam", "--days", "?"),
}


SIGNATURES = {"quote", "double quote", "slash", "query", "sql", "space", "not ascii"}
"""The words that people may write as a name."""


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("place", PLACES)
def test_one_line_and_nothing_done(ask: Ask, place: str, word: str) -> None:
    words = [part.replace("?", WORDS[word]) for part in PLACES[place]]
    code = 1 if place in {"buy by", "cart buy by"} and 1 <= len(WORDS[word]) <= 64 else 2
    if place == "reject-quantity by" and word in SIGNATURES:
        code = 1  # a name that is taken, for a subscription that does not exist
    assert ask.words(*words, code=code)
