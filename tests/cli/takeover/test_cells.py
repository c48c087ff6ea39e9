"""A cell gives back the value that it was written from, whatever a spreadsheet would make of it."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cli.takeover.cells import cell_of, value_of

texts = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=20) | st.sampled_from(
    ["=1+1", "'=1", "'", "-5", "@x", "+x", "none", "a;b=c"]
)
ids = st.text("abAB09_-", min_size=1, max_size=8)
amounts = st.integers(0, 10_000).map(str)
AT = "2026-03-10T12:00:00.000001Z"
values: dict[str, st.SearchStrategy[Any]] = {
    "reference": texts,
    "cancellation_details": texts,
    "subscription_id": ids,
    "quantity": st.integers(1, 10**9),
    "auto_renew": st.booleans(),
    "add_ons": st.dictionaries(ids, st.integers(1, 99), max_size=3),
    "refundable": st.dictionaries(ids, amounts, max_size=3),
    "add_on_prices": st.dictionaries(ids, amounts, max_size=3),
    "scheduled_changes": st.dictionaries(ids, st.integers(0, 9), max_size=3),
    "prices": st.lists(st.fixed_dictionaries({"at": st.just(AT), "unit_price": amounts}), max_size=3),
    "unbilled_usage": st.lists(
        st.fixed_dictionaries({"usage_id": ids, "units": amounts, "used_at": st.just(AT)}), max_size=3
    ),
    "open_invoices": st.lists(
        st.fixed_dictionaries(
            {
                "number": st.text("aB09/=. _#-", min_size=1, max_size=9).map(str.strip).filter(bool),
                "currency": st.just("USD"),
                "amount": amounts,
                "issued_at": st.just(AT),
                "due_at": st.just(AT),
            }
        ),
        max_size=3,
    ),
    "holds": st.lists(
        st.fixed_dictionaries(
            {"reason": st.sampled_from(["fraud", "nonpayment"]), "at": st.just(AT), "by": st.sampled_from(["service"])},
            optional={"until": st.just(AT)},
        ),
        max_size=3,
    ),
}
fields = st.sampled_from(sorted(values)).flatmap(lambda name: st.tuples(st.just(name), values[name]))


@given(fields)
def test_a_cell_gives_its_value_back(given: tuple[str, Any]) -> None:
    name, value = given
    cell = cell_of(name, value)
    assert not cell.startswith(("=", "+", "-", "@"))
    assert value_of(name, cell) == value
