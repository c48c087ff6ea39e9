"""`timeline` of a customer and as a picture, from real books and servers."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from perennial.subscription import lanes
from tests.support.command_line import Ask, Starter

CLOCK = "--test-clock 2027-01-31T09:00:00Z"


@pytest.fixture
def three(ask: Ask, customer: str) -> list[str]:
    """One that renews, one that is suspended, and one that was cancelled."""
    ids = [f"{customer}-{name}" for name in ("a", "b", "c")]
    for key in ids:
        ask.json(f"buy contoso-crm --customer {customer} --quantity 3 --id {key} {CLOCK}")
    ask.json(f"suspend {ids[1]} --reason fraud --yes")
    ask.json(f"cancel {ids[2]} --reason customer_request --yes")
    return ids


def words(drawn: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(drawn).iter() if element.tag.endswith("}text")]


@pytest.mark.live
def test_all_of_a_customer_soonest_first(ask: Ask, customer: str, three: list[str]) -> None:
    found = ask.json(f"timeline --customer {customer}")
    own = [{"subscription_id": key, **each} for key in three[:2] for each in ask.json(f"timeline {key}")]
    assert sorted(found, key=str) == sorted(own, key=str)
    assert [each["at"] for each in found] == sorted(each["at"] for each in found)
    said = ask.said(f"timeline --customer {customer}")
    assert said.splitlines()[0].split() == ["WHEN", "(UTC)", "SUBSCRIPTION", "WHAT", "RULE", "IN", "WORDS"]
    assert f"{three[0]}" in said
    assert "Renews: charge USD 30.00" in said


@pytest.mark.live
def test_a_picture_of_one(ask: Ask, three: list[str], tmp_path: Path) -> None:
    file = tmp_path / "one.svg"
    assert ask.whole(f"timeline {three[0]} --svg {file}").stderr == f"Written: {file}\n"
    said = words(file.read_text(encoding="utf-8"))
    # The clock goes on.
    others = [words(ask.said(f"timeline {three[0]} --svg{to}")) for to in ("", " -")]
    assert all(len(other) == len(said) for other in others)
    assert {three[0], "3 x contoso-crm, active", "charged USD 30.00"} <= set(said)
    (coming,) = [line for line in said if line.startswith("to come: ")]
    assert coming.startswith("to come: USD 360.00 in 12 charges until 2028-02-01")


@pytest.mark.live
def test_a_picture_of_one_that_has_ended(ask: Ask, three: list[str]) -> None:
    said = words(ask.said(f"timeline {three[2]} --svg"))
    assert {"3 x contoso-crm, cancelled", "charged USD 30.00, credited 30.00", "Ended"} <= set(said)
    assert not any(line.startswith("to come") for line in said)


@pytest.mark.live
def test_a_picture_of_all(ask: Ask, customer: str, three: list[str]) -> None:
    said = words(ask.said(f"timeline --customer {customer} --svg"))
    assert [line for line in said if line in three] == three
    assert f"Subscriptions of {customer}" in said


@pytest.mark.live
def test_what_is_left_out_is_said(
    ask: Ask, customer: str, three: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(lanes, "MOST_LANES", 2)
    whole = ask.whole(f"timeline --customer {customer} --svg {tmp_path / 'two.svg'}")
    assert whole.stderr.endswith("1 more subscriptions are left out: name one by its id.\n")
    said = words((tmp_path / "two.svg").read_text(encoding="utf-8"))
    assert [line for line in said if line in three] == three[:2]
    assert "1 more are not shown: choose one by its id." in said


@pytest.mark.live
@pytest.mark.parametrize("line", ["timeline nobody-has-this --svg", "timeline --customer nobody"])
def test_what_is_unknown(ask: Ask, line: str) -> None:
    assert ask.said(line, code=1).startswith("There is no subscription ")


@pytest.mark.live
def test_a_file_that_cannot_be_written(ask: Ask, three: list[str], tmp_path: Path) -> None:
    said = ask.said(f"timeline {three[0]} --svg {tmp_path / 'missing' / 'one.svg'}", code=1)
    assert said.endswith("cannot be written (No such file or directory). Choose another file.\n")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("timeline", "ID: got nothing; takes the subscription, or --customer"),
        ("timeline no.id", "ID: got 'no.id'; takes 1 to 64 letters, digits, `_` or `-`"),
        ("timeline crm-1 x.svg", "FILE: got 'x.svg' without --svg; takes a file for the picture."),
        ("timeline crm-1 x.svg --svg --customer c", "Got --customer c and 'crm-1': choose"),
        ("timeline crm-1 --svg --json", "--json and --svg are output formats: choose one."),
    ],
)
def test_typed_wrongly(starter: Starter, line: str, says: str) -> None:
    result = starter(*line.split())
    assert result.exit_code == 2
    assert result.stdout == ""
    assert says in result.stderr
