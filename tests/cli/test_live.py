"""The commands against a real server and worker, and lives played live."""

import asyncio
import json
import re
import time
from datetime import timedelta

import pytest
from temporalio.client import Client

from tests.support.command_line import Ask, Program
from tests.support.paths import ROOT
from workflows.durable.workflow_ids import subscription_workflow_id

pytestmark = pytest.mark.live
LIVES = ROOT / "scenarios" / "lives"
DESERTED = "nobody-works-here"
"""A task queue without a worker."""


def test_lives_played_live_are_the_contracts_documents(program: Program) -> None:
    names = ("trial-of-thirty-days", "full-credit-with-increases-and-add-ons")
    result = program("scenario", "run", "--live", "--json", *(LIVES / f"{name}.yaml" for name in names))
    assert result.returncode == 0, result.stderr
    assert "\x1b" not in result.stderr
    for name, document in zip(names, json.loads(result.stdout), strict=True):
        expected = json.loads((LIVES / f"{name}.json").read_text())[0]
        for part in ("state", "events", "ledger", "access", "notifications", "term"):
            assert document[part] == expected[part], (name, part)


def test_bought_changed_and_cancelled(ask: Ask) -> None:
    bought = ask.json("buy contoso-crm --customer fabrikam --quantity 3 --add-on backup=1 --id crm-1")
    assert (bought["state"], bought["quantity"], bought["add_ons"]) == ("active", 3, {"backup": 1})
    assert ask.json("quantity crm-1 5 --yes")["charge"]["amount"] == "50.00"
    assert ask.said("quantity crm-1 5 --yes").startswith("unchanged (MON-7")
    assert ask.json("reject-quantity crm-1 2 --details full")["credit"]["amount"] == "50.00"
    assert ask.said("reject-quantity crm-1 2").startswith("unchanged (MON-7")
    assert "is itself the rejection of event 2" in ask.said("reject-quantity crm-1 3", code=1)
    assert ask.said("reject-quantity crm-1 2 --by sales_agent", code=1).startswith("refused by ROL-4")
    rejected = ask.json("events crm-1")[-1]
    assert (rejected["event"], rejected["by"], rejected["details"]) == ("quantity_changed", "publisher", "full")
    assert ask.json("quantity crm-1 5 --yes")["charge"]["amount"] == "50.00"
    assert ask.json("add-on crm-1 archive 2 --yes")["charge"]["amount"] == "2.20"
    assert ask.json("auto-renew crm-1 off")["outcome"] == "done"
    assert "allowed    " in ask.said("show crm-1")
    assert [milestone["what"] for milestone in ask.json("timeline crm-1")] == ["refund_window_closes", "expire"]
    assert ask.json("access crm-1")["now"]["user"]["door"] == "open"
    assert ask.json("cancel crm-1 --reason customer_request --dry-run")["credit"]["amount"] == "54.70"
    assert ask.json("cancel crm-1 --reason customer_request --yes")["outcome"] == "cancelled_with_credit"
    events = ask.json("events crm-1")
    assert [event["event"] for event in events][-1] == "cancelled"
    assert (events[-1]["by"], events[-1]["reason"]) == ("admin_agent", "customer_request")
    assert "net 0.00" in ask.said("ledger crm-1")
    after = ask.json("access crm-1")
    assert after["now"]["user"]["door"] == "turned_away"
    assert after["now"]["admin"]["door"] == "open"
    assert ask.json("show crm-1")["state"] == "cancelled"
    assert ask.said("quantity crm-1 9 --yes", code=1).startswith("refused by LIF-1")
    assert "crm-1 has ended" in ask.said("auto-renew crm-1 on", code=1)
    assert "refused by LIF-1" in ask.said("cancel crm-1 --reason fraud --yes", code=1)
    taken = ask.said("buy contoso-crm --customer fabrikam --id crm-1", code=1)
    assert "Order crm-1 was placed with other content (BUY-3)" in taken


def test_the_same_purchase_again_is_the_first_one(ask: Ask, customer: str) -> None:
    line = f"buy contoso-crm --customer {customer} --quantity 2 --id same-1"
    first = ask.json(line)
    assert ask.json(line)["subscription_id"] == first["subscription_id"] == "same-1"
    assert [event["event"] for event in ask.json("events same-1")] == ["purchased"]
    assert [order["order_id"] for order in ask.json(f"order list --customer {customer}")] == ["same-1"]


def test_bought_without_waiting(ask: Ask, customer: str) -> None:
    assert ask.json(f"buy contoso-crm --customer {customer} --id soon-1 --no-wait") == {"subscription_id": "soon-1"}
    assert ask.json(f"buy contoso-crm --customer {customer} --id soon-1")["state"] == "active"
    assert "soon-2 is ordered" in ask.said(f"buy contoso-crm --customer {customer} --id soon-2 --no-wait")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("buy nothing --customer fabrikam", "refused by ELG-6 (not sold here): There is no offer nothing"),
        ("buy contoso-crm --customer nobody", "refused by ELG-8"),
        ("buy contoso-crm --customer fabrikam --quantity 501", "from 1 to 500, not 501"),
        ("buy compute --customer fabrikam --quantity 2", "has no quantity"),
        (
            "buy contoso-crm --customer fabrikam --add-on cloud=1",
            "refused by BUY-4 (purchase): Contoso CRM has no add-on",
        ),
        ("buy only-in-france --customer fabrikam", "refused by ELG-3"),
        ("buy not-through-us --customer fabrikam", "refused by ELG-4"),
        ("buy for-others --customer fabrikam", "refused by ELG-5"),
        ("buy container --customer fabrikam", "refused by ELG-6"),
        ("buy isv-usage --customer fabrikam", "refused by ELG-7"),
        ("buy for-schools --customer fabrikam", "refused by ELG-8"),
    ],
)
def test_what_a_rule_refuses(ask: Ask, line: str, said: str) -> None:
    assert said in ask.said(line, code=1)


def test_a_refused_purchase_as_json_has_rule_and_next_step(ask: Ask) -> None:
    refused = ask.json("buy only-in-france --customer adatum", code=1)
    assert (refused["status"], refused["refusal"]["rule"]) == ("refused", "ELG-3")
    assert refused["refusal"]["next_step"]


@pytest.mark.parametrize("name", ["Zoë O'Neil", "zoe@example.com", "Zoë <zoe@example.com>", "|a|`b`[c](d)", "例え"])
def test_an_actor_is_named_as_people_write_it(ask: Ask, customer: str, name: str) -> None:
    ask.json(f"buy contoso-crm --customer {customer} --id acted-{customer}")
    ask.words("quantity", f"acted-{customer}", "4", "--yes", "--actor", name)
    assert [event["actor"] for event in ask.json(f"events acted-{customer}")] == [None, name]
    assert name in ask.said(f"events acted-{customer}")


def test_a_command_id_makes_it_once(ask: Ask) -> None:
    ask.json("buy contoso-crm --customer proseware --id once-1")
    first = ask.json("quantity once-1 4 --command-id c-1 --yes")
    assert ask.json("quantity once-1 4 --command-id c-1 --yes") == first
    assert len(ask.json("events once-1")) == 2


def test_a_command_id_makes_it_once_also_after_the_end(ask: Ask) -> None:
    """The first answer, whatever a preview would say by then (invariant 10)."""
    ask.json("buy contoso-crm --customer proseware --id once-3")
    first = ask.json("cancel once-3 --reason customer_request --yes --command-id c-2")
    assert first["outcome"] == "cancelled_with_credit"
    assert ask.json("cancel once-3 --reason customer_request --yes --command-id c-2") == first
    assert "c-2" in ask.said("cancel once-3 --reason fraud --yes --command-id c-2", code=1)
    assert len(ask.json("events once-3")) == 2


def test_a_command_id_for_another_command_is_an_error(ask: Ask) -> None:
    ask.json("buy contoso-crm --customer proseware --id once-2")
    ask.json("quantity once-2 4 --command-id c-1 --yes")
    assert "c-1" in ask.said("quantity once-2 5 --command-id c-1 --yes", code=1)


def test_a_trial_on_a_test_clock_once_for_ever(ask: Ask) -> None:
    bought = ask.json("buy fabrikam-mail --customer northwind --id mail-1 --test-clock 2027-06-10T00:00:00Z")
    # Ordered at that instant by its own clock, which then runs on.
    assert (bought["state"], bought["trial_end"][:19]) == ("trial", "2027-07-10T00:00:00")
    again = ask.json("buy fabrikam-mail --customer northwind --id mail-2")
    assert (again["state"], again["trial_end"]) == ("active", None), "TRI-4: the second one is paid at once"
    held = ask.json("suspend mail-1 --reason fraud --by service --at 2027-06-20T00:00:00Z --yes")
    assert held["effective_at"] == "2027-06-20T00:00:00Z"
    assert ask.said("reactivate mail-1 --by helpdesk_agent --yes", code=1).startswith("refused by SUS-9")
    assert "must not be after the next milestone" in ask.said(
        "reactivate mail-1 --at 2030-01-01T00:00:00Z --yes", code=1
    )
    assert ask.json("buy wingtip-crm --customer northwind --id w-1")["state"] == "pending"
    assert "test clock" in ask.said("activate w-1 --at 2030-01-01T00:00:00Z", code=1)
    assert ask.json("activate w-1")["rule"] == "ISV-4"


def test_usage_reported_and_deprovisioned(ask: Ask) -> None:
    ask.json("buy compute --customer adatum --id c-1")
    taken = ask.said("buy compute --customer adatum", code=1)
    assert taken.startswith("refused by ELG-1 (one per customer): ")
    assert "c-1" in taken
    assert ask.json("usage report c-1 12.5 --usage-id d-1")["outcome"] == "done"
    assert ask.json("usage report c-1 12.5 --usage-id d-1")["outcome"] == "unchanged"
    assert "new usage_id" in ask.said("usage report c-1 13 --usage-id d-1", code=1)
    assert ask.json("deprovision c-1 --yes")["charge"] == {"amount": "3.13", "currency": "USD"}
    assert ask.json("buy compute --customer adatum --id c-2")["state"] == "active", "the claim was released"


def test_the_list_has_the_living_and_the_ended(ask: Ask, customer: str) -> None:
    ask.json(f"buy office-suite --customer {customer} --id list-1")
    ask.json(f"buy contoso-crm --customer {customer} --id list-2")
    ask.json("cancel list-2 --reason customer_request --yes")

    def listed(filters: str) -> dict[str, str]:
        return {row["subscription_id"]: row["state"] for row in ask.json(f"list --customer {customer} {filters}")}

    found = listed("")
    for _ in range(50):
        if found.get("list-1") == "active":
            break
        found = listed("")  # visibility is a moment behind
    assert (found["list-1"], found["list-2"]) == ("active", "cancelled")
    assert set(listed("--state cancelled")) == {"list-2"}
    assert "list-2" not in listed("--state active")
    assert set(listed("--offer office-suite")) == {"list-1"}
    assert len(listed("--limit 1")) == 1
    assert "office-suite" in ask.said(f"list --customer {customer}")
    assert ask.json("list --customer nobody-at-all") == []


@pytest.mark.parametrize("line", ["show nope", "events nope", "ledger nope", "access nope"])
def test_what_nobody_knows(ask: Ask, line: str) -> None:
    assert "no subscription nope" in ask.said(line, code=1)


@pytest.mark.parametrize("line", ["timeline nope", "quantity nope 5", "cancel nope --reason fraud --yes"])
def test_what_the_server_does_not_know(ask: Ask, line: str) -> None:
    assert ask.said(line, code=1).startswith("There is no subscription nope on this server.")


@pytest.mark.parametrize(
    "line",
    [
        "quantity {deserted} 5",
        "auto-renew {deserted} off",
        "show {deserted}",
        "timeline {deserted}",
        "cancel {deserted} --reason fraud --yes",
        "buy contoso-crm --customer {customer}",
    ],
)
def test_a_server_without_a_worker(
    ask: Ask, running: dict[str, str], customer: str, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    asyncio.run(start_where_nobody_works(running["TEMPORAL_ADDRESS"], f"of-{customer}"))
    monkeypatch.setenv("PERENNIAL_TASK_QUEUE", DESERTED)
    monkeypatch.setattr("workflows.durable.options.ANSWER_TIMEOUT", timedelta(milliseconds=300))
    began = time.monotonic()
    said = ask.said(line.format(deserted=f"of-{customer}", customer=customer), code=1)
    assert time.monotonic() - began < 10
    assert f"no worker polls its task queue '{DESERTED}' in namespace 'default' at " in said
    assert ". Start a worker: make dev" in said
    again = {
        "auto-renew": f" is done once: python starter.py auto-renew of-{customer} off --command-id ",
        "buy": f" is done once: python starter.py buy contoso-crm --customer {customer} --id contoso-crm-",
    }.get(line.partition(" ")[0])
    assert (" is done once: " in said) == (again is not None), "the others asked what it would come to"
    assert again is None or again in said


async def start_where_nobody_works(address: str, subscription_id: str) -> None:
    """A subscription's workflow on a task queue that has no worker."""
    client = await Client.connect(address)
    await client.start_workflow("subscription", id=subscription_workflow_id(subscription_id), task_queue=DESERTED)


@pytest.mark.slow
def test_the_demo(program: Program) -> None:
    result = program("demo")
    assert result.returncode == 0, result.stderr
    assert "\x1b" not in result.stdout
    assert ": all as forecast. (" in result.stdout.splitlines()[-1]
    shown = re.search(r"One of the ten, as printed:\n\n```\n(.*?)```", (ROOT / "README.md").read_text(), re.S)
    assert shown is not None
    assert shown.group(1) in result.stdout
