"""What `events` says that changed, and `show` of how far renewals are spread."""

from datetime import timedelta

import pytest

from cli.subscription.details import print_found
from perennial.subscription.views import LivingSubscription
from statemachines.subscription.life import Life
from statemachines.subscription.lifecycle import Lifecycle
from tests.support.command_line import Ask
from tests.support.simulated.life import ALife
from workflows.subscription.details import details


@pytest.mark.live
def test_an_event_says_what_changed_from_and_to(ask: Ask, customer: str) -> None:
    name = f"changed-{customer}"
    ask.json(f"buy contoso-crm --customer {customer} --quantity 3 --id {name}")
    ask.json(f"quantity {name} 5 --yes")
    ask.json(f"add-on {name} archive 2 --yes")
    ask.json(f"auto-renew {name} off")
    ask.json(f"suspend {name} --reason fraud --yes")
    changes = [event["changes"] for event in ask.json(f"events {name}")]
    assert changes[1:] == [
        [{"fact": "quantity", "from": 3, "to": 5}],
        [{"fact": "add_ons.archive", "from": 0, "to": 2}],
        [{"fact": "auto_renew", "from": True, "to": False}],
        [{"fact": "state", "from": "active", "to": "suspended"}, {"fact": "holds", "from": [], "to": ["fraud"]}],
    ]
    said = ask.said(f"events {name}")
    for words in ("quantity 3 → 5", "archive 0 → 2", "auto-renew on → off", "holds none → fraud"):
        assert words in said


@pytest.mark.parametrize(("seconds", "said"), [(73.4, "come 73 s after the times shown"), (0, None)])
def test_how_far_renewals_are_spread(capsys: pytest.CaptureFixture[str], seconds: float, said: str | None) -> None:
    living = ALife()
    life = Life(subscription=living.subscription, accepted_at=living.now)
    late = timedelta(seconds=seconds)
    shown = details(life, Lifecycle(), living.now, None, None, late_by=late)
    print_found(LivingSubscription(shown, living.subscription))
    printed = capsys.readouterr().out
    assert ("spread" in printed) == bool(said)
    assert (said or "") in printed
