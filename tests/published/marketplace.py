"""The examples of trials, of marketplace purchases and of new commerce."""

from tests.published.figures import MONTH, Asked, Example, Figure, bought, charged_on, days, row, same, total
from tests.published.sources import NEW_COMMERCE, ONE_TIME, SAAS

TRIAL = {**MONTH, "trial_days": 30}
STOP = {"reason": "customer_request"}
DOUBLED = "MON-4: a line is rounded once; they double the 3.87 of one licence."
STARTS = "TIM-1: a period begins with its purchase; theirs is dated from the day before."


def _quantity(day: str, to: int) -> Asked:
    return day, "change_quantity", {"quantity": to}


EXAMPLES = (
    Example(
        SAAS,
        "a free trial becomes a paid subscription",
        bought("2019-06-10", "2.00", until="2019-08-01", offer=TRIAL),
        (
            same("the trial, to July 9", "0.00", total("2019-06-10", "2019-07-09")),
            same("charged on", "2019-07-10", charged_on(1)),
            same("charge", "2.00", row(1)),
            same("paid period", "2019-07-10 to 2019-08-09", days(1)),
        ),
    ),
    Example(
        SAAS,
        "a free trial of 11 licences is cancelled",
        bought(
            "2019-06-10",
            "2.00",
            ("2019-06-10", "cancel", STOP),
            until="2019-08-01",
            quantity=11,
            offer=TRIAL,
        ),
        (same("in all", "0.00", total("2019-06-10", "2019-08-01")),),
    ),
    Example(
        SAAS,
        "the flat fee of a metered plan, bought and cancelled on the same date",
        bought("2019-06-10", "10.00", ("2019-06-10", "cancel", STOP), until="2019-08-01", offer=MONTH),
        (same("charge", "10.00", row(1)), same("credit", "-10.00", row(2))),
    ),
    Example(
        ONE_TIME,
        "a licence added on the same day",
        bought("2019-06-11", "4.00", _quantity("2019-06-11", 2), until="2019-07-01", offer=MONTH),
        (
            same("charge", "4.00", row(1)),
            same("credit of one licence", "-4.00", row(2)),
            same("charge of two licences", "8.00", row(3)),
            Figure("charge period", "2019-06-10 to 2019-07-09", "2019-06-11 to 2019-07-10", days(1), why=STARTS),
        ),
    ),
    Example(
        ONE_TIME,
        "a licence added on the next day",
        bought("2019-06-11", "4.00", _quantity("2019-06-12", 2), until="2019-07-01", offer=MONTH),
        (
            same("charge", "4.00", row(1)),
            same("credit of one licence, 29 of 30 days", "-3.87", row(2)),
            Figure("charge of two licences, 29 of 30 days", "7.74", "7.73", row(3), "0.01", DOUBLED),
        ),
    ),
    Example(
        ONE_TIME,
        "a licence removed on the same day",
        bought("2019-06-11", "4.00", _quantity("2019-06-11", 1), until="2019-07-01", quantity=2, offer=MONTH),
        (
            same("charge", "8.00", row(1)),
            same("credit of two licences", "-8.00", row(2)),
            same("charge of one licence", "4.00", row(3)),
        ),
    ),
    Example(
        ONE_TIME,
        "a licence removed on the next day",
        bought("2019-06-11", "4.00", _quantity("2019-06-12", 1), until="2019-07-01", quantity=2, offer=MONTH),
        (
            same("charge", "8.00", row(1)),
            Figure("credit of two licences, 29 of 30 days", "-7.74", "-7.73", row(2), "-0.01", DOUBLED),
            same("charge of one licence, 29 of 30 days", "3.87", row(3)),
        ),
    ),
    Example(
        NEW_COMMERCE,
        "a year billed monthly",
        bought("2022-02-15", "10.00", until="2022-03-01"),
        (same("first charge cycle", "2022-02-15 to 2022-03-14", days(1)),),
    ),
)
