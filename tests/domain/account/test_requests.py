"""Requests to an account at the edge: no coercion, no unknown field, bounded sizes, exact money (MON-1, MON-6)."""

from decimal import Decimal

import pytest
from pydantic import TypeAdapter, ValidationError

from domain.account.requests import AccountRequest, AnyAccountRequest, ReceivePayment
from domain.roles import AccountAction

REQUESTS: TypeAdapter[AnyAccountRequest] = TypeAdapter(AnyAccountRequest)

WHOLE: dict[str, dict[str, object]] = {
    "pay": {"payment_id": "p-1", "amount": "30.00", "currency": "USD"},
    "fail_payment": {"payment_id": "p-1", "invoice": "contoso-000001", "reason": "card expired"},
    "change_terms": {
        "policy": "nce-2022",
        "suspends": False,
        "tolerance": "2.50",
        "holds": "all",
        "sell_while_held": True,
        "invoice_day": 15,
        "due_days": 14,
        "reminder_days": [3, 7],
        "suspend_days": "never",
    },
    "take_over_invoices": {
        "invoices": [
            {
                "number": "2026/0815",
                "currency": "USD",
                "amount": "30.00",
                "issued_at": "2026-01-01T00:00:00Z",
                "due_at": "2026-03-01T00:00:00Z",
                "held": True,
            }
        ]
    },
    "credit_note": {
        "credit_id": "c-1",
        "currency": "USD",
        "amount": "12.50",
        "invoice": "contoso-000001",
        "reason": "wrong price",
    },
    "write_off": {"invoice": "contoso-000001", "reason": "insolvent"},
    "refund": {"refund_id": "r-1", "currency": "USD", "amount": "12.50", "reason": "asked for it"},
    "refund_paid": {"refund_id": "r-1"},
    "reverse_payment": {"payment_id": "p-1", "reason": "charge-back"},
}


def request(do: str, **fields: object) -> AccountRequest:
    """A request as it comes in: plain data."""
    return REQUESTS.validate_python({"do": do, "by": "billing_admin", **WHOLE[do], **fields})


def payment(**fields: object) -> ReceivePayment:
    """A payment as it comes in."""
    paid = request("pay", **fields)
    assert isinstance(paid, ReceivePayment)
    return paid


def test_every_action_is_a_request() -> None:
    assert set(WHOLE) == {action.value for action in AccountAction}


@pytest.mark.parametrize("do", WHOLE)
def test_the_request_of_each_name(do: str) -> None:
    parsed = request(do)
    assert parsed.action.value == do
    assert REQUESTS.validate_json(parsed.model_dump_json()) == parsed


@pytest.mark.parametrize("do", WHOLE)
def test_no_unknown_field_and_no_missing_actor(do: str) -> None:
    with pytest.raises(ValidationError, match="extra_forbidden"):
        request(do, total="30.00")
    with pytest.raises(ValidationError, match="missing"):
        REQUESTS.validate_python({"do": do, **WHOLE[do]})


@pytest.mark.parametrize("do", ["explode", "", None, ["pay"], "PAY"])
def test_another_name_is_no_request(do: object) -> None:
    with pytest.raises(ValidationError):
        REQUESTS.validate_python({"do": do, "by": "billing_admin", **WHOLE["pay"]})


@pytest.mark.parametrize(("do", "field"), [("pay", "payment_id"), ("pay", "amount"), ("pay", "currency")])
def test_what_a_payment_requires(do: str, field: str) -> None:
    fields = {name: value for name, value in WHOLE[do].items() if name != field}
    with pytest.raises(ValidationError, match=f"{field}\n.*missing"):
        REQUESTS.validate_python({"do": do, "by": "billing_admin", **fields})


@pytest.mark.parametrize("do", ["fail_payment", "change_terms"])
def test_the_others_require_nothing_but_an_actor(do: str) -> None:
    assert REQUESTS.validate_python({"do": do, "by": "billing_admin"}).action.value == do


@pytest.mark.parametrize("amount", ["0", "0.00", 0, Decimal(0), "000.000"])
def test_mon_6_a_payment_is_of_more_than_nothing(amount: object) -> None:
    with pytest.raises(ValidationError, match="takes an amount of more than 0"):
        payment(amount=amount)


@pytest.mark.parametrize(
    "amount",
    [
        "-1",
        -1,
        "-0.01",
        Decimal("-30.00"),
        10**18,
        str(10**18),
        Decimal(10**18),
        "1000000000000",
        "NaN",
        "Infinity",
        Decimal("NaN"),
        Decimal("Infinity"),
        float("nan"),
        float("inf"),
        30.0,
        0.1,
        True,
        None,
        "",
        " 30.00",
        "30.00\n",
        "30,00",
        "3e1",
        "+30",
        "0x1e",
        "30.",
        ".30",
        "٣٠",
        "30.00 USD",
        ["30.00"],
        {"amount": "30.00"},
    ],
)
def test_mon_1_an_amount_is_digits_and_never_a_float(amount: object) -> None:
    with pytest.raises(ValidationError):
        payment(amount=amount)


@pytest.mark.parametrize(
    ("currency", "amount", "decimals"),
    [("USD", "1.005", 2), ("USD", "0.001", 2), ("JPY", "1.5", 0), ("JPY", "0.01", 0), ("KWD", "0.0001", 3)],
)
def test_mon_1_no_more_decimals_than_the_currency_has(currency: str, amount: str, decimals: int) -> None:
    with pytest.raises(ValidationError, match=f"takes at most {decimals} decimals in {currency}"):
        payment(currency=currency, amount=amount)


@pytest.mark.parametrize(
    ("currency", "amount"),
    [
        ("USD", "0.01"),
        ("USD", 30),
        ("USD", "30"),
        ("USD", "30.5"),
        ("USD", "999999999999.99"),
        ("JPY", "1"),
        ("JPY", 500),
        ("KWD", "0.001"),
    ],
)
def test_mon_1_an_amount_in_whole_minor_units(currency: str, amount: object) -> None:
    assert payment(currency=currency, amount=amount).amount == Decimal(str(amount))


@pytest.mark.parametrize("currency", ["", "usd", "US", "USDT", "XYZ", "BTC", " USD", "USD\n", None, 840, ["USD"]])
def test_a_currency_is_one_of_iso_4217(currency: object) -> None:
    with pytest.raises(ValidationError, match="currency"):
        payment(currency=currency)


HOSTILE = ["", " ", "a b", "a\n", "a\x00", "\x1b[2J", "a\u202eb", "é", "a/b", "../x", "a;b", None, 7, ["a"]]


@pytest.mark.parametrize("payment_id", [*HOSTILE, "p" * 65])
def test_a_payments_id_has_letters_digits_and_no_control_characters(payment_id: object) -> None:
    with pytest.raises(ValidationError, match="payment_id"):
        payment(payment_id=payment_id)


@pytest.mark.parametrize("do", ["pay", "fail_payment"])
@pytest.mark.parametrize("invoice", [*(word for word in HOSTILE if word is not None), "i" * 81])
def test_an_invoices_number_has_no_control_characters(do: str, invoice: object) -> None:
    with pytest.raises(ValidationError, match="invoice"):
        request(do, invoice=invoice)


WRITTEN_BY_PEOPLE = ["Zoë O'Neil", "zoe@example.com", "Zoë <z@example.com>", "é", "a b", "a/b", "../x", "a;b", 64 * "n"]


@pytest.mark.parametrize("do", WHOLE)
@pytest.mark.parametrize("actor", [word for word in HOSTILE if word is not None and word not in WRITTEN_BY_PEOPLE])
def test_an_actors_name_has_no_control_characters(do: str, actor: object) -> None:
    with pytest.raises(ValidationError, match="actor"):
        request(do, actor=actor)


@pytest.mark.parametrize("do", WHOLE)
@pytest.mark.parametrize("actor", WRITTEN_BY_PEOPLE)
def test_an_actors_name_is_as_people_write_it(do: str, actor: str) -> None:
    assert request(do, actor=actor).actor == actor


@pytest.mark.parametrize("reason", ["", "r" * 201, 7, ["card"], b"card"])
def test_a_reason_is_text_of_some_length(reason: object) -> None:
    with pytest.raises(ValidationError, match="reason"):
        request("fail_payment", reason=reason)


@pytest.mark.parametrize(
    "fields", [{"policy": ""}, {"policy": "csp-2018"}, {"policy": 1}, {"suspends": 1}, {"suspends": "false"}]
)
def test_terms_are_a_known_packs_and_a_switch_is_true_or_false(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        request("change_terms", **fields)


@pytest.mark.parametrize("by", ["", "b" * 65, None, 7])
def test_who_asks_is_a_word(by: object) -> None:
    with pytest.raises(ValidationError, match="by"):
        request("pay", by=by)


@pytest.mark.parametrize("at", ["soon", "2026-01-31", "2026-01-31T09:00:00", 0, "1899-12-31T00:00:00Z"])
def test_tim_1_an_instant_carries_its_offset(at: object) -> None:
    with pytest.raises(ValidationError, match="at"):
        request("pay", at=at)


def test_a_fingerprint_is_of_all_that_is_asked() -> None:
    prints = {
        payment().fingerprint(),
        payment(amount="30.01").fingerprint(),
        payment(currency="EUR").fingerprint(),
        payment(payment_id="p-2").fingerprint(),
        payment(invoice="contoso-000001").fingerprint(),
        payment(by="service").fingerprint(),
        request("fail_payment").fingerprint(),
        request("change_terms").fingerprint(),
    }
    assert len(prints) == 8
    assert payment().fingerprint() == payment(invoice=None).fingerprint()
