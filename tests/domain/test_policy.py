"""DOMAIN section 11: the packs, cell by cell."""

from datetime import timedelta

import pytest
from pydantic import BaseModel, ValidationError

from domain.calendar import BillingPlan
from domain.policy import DEFAULT_PACK, PACKS, LateCancel, PackName, PolicyPack

CSP, CHINA, SAAS, NCE = "csp-2019", "csp-2019-china", "saas-fulfillment-v2", "nce-2022"
H, D = timedelta(hours=1), timedelta(days=1)
ON_TIME = LateCancel.SCHEDULED

CELLS: dict[str, dict[str, object]] = {
    "refund_window_monthly": {CSP: 24 * H, CHINA: 24 * H, SAAS: 72 * H, NCE: 7 * D},
    "refund_window_other": {CSP: 14 * D, CHINA: 14 * D, SAAS: 72 * H, NCE: 7 * D},
    "window_reopens_on_renewal": {CSP: False, CHINA: False, SAAS: False, NCE: True},
    "late_cancel": {CSP: ON_TIME, CHINA: ON_TIME, SAAS: ON_TIME, NCE: LateCancel.REFUSED},
    "retention_base": {CSP: 90 * D, CHINA: 60 * D, SAAS: 30 * D, NCE: 90 * D},
    "retention_cap": {CSP: 120 * D, CHINA: 60 * D, SAAS: 30 * D, NCE: 90 * D},
    "free_days_count": {CSP: True, CHINA: False, SAAS: False, NCE: False},
    "bill_while_suspended": {CSP: False, CHINA: False, SAAS: False, NCE: True},
    "suspension_turns_auto_renew_off": {CSP: False, CHINA: False, SAAS: False, NCE: True},
    "late_usage": dict.fromkeys((CSP, CHINA, SAAS, NCE), 24 * H),
    "longest_pause": dict.fromkeys((CSP, CHINA, SAAS, NCE), 90 * D),
    "activation_deadline": dict.fromkeys((CSP, CHINA, SAAS, NCE), 30 * D),
}


@pytest.mark.parametrize(("parameter", "pack"), [(cell, pack) for cell, row in CELLS.items() for pack in row])
def test_section_11(parameter: str, pack: str) -> None:
    assert getattr(PACKS[pack], parameter) == CELLS[parameter][pack]


def test_the_table_is_whole() -> None:
    """A new parameter or pack needs its cells here."""
    assert set(CELLS) == set(PolicyPack.model_fields) - {"name", "version"}
    assert all(set(row) == set(PACKS) for row in CELLS.values())
    assert DEFAULT_PACK == CSP


def test_cxl_2_the_plan_says_which_window() -> None:
    windows = {plan: PACKS[CSP].refund_window(plan) for plan in BillingPlan}
    assert windows == {BillingPlan.MONTHLY: 24 * H, BillingPlan.ANNUAL: 14 * D, BillingPlan.ONE_TIME: 14 * D}


def test_an_unknown_pack_is_refused_with_the_known_ones() -> None:
    class Chosen(BaseModel):
        policy: PackName

    with pytest.raises(ValidationError, match="one of csp-2019, csp-2019-china, saas-fulfillment-v2, nce-2022"):
        Chosen(policy="csp-2018")
