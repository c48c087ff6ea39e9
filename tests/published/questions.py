"""The examples of the FAQ: 30.00 a month, bought on June 1, suspended, reactivated, increased; add-ons; May 29."""

from tests.published.figures import (
    A_YEAR,
    Asked,
    Example,
    Figure,
    bought,
    charged_on,
    days_left_from,
    renews_on,
    row,
    same,
    total,
    used,
)
from tests.published.sources import FAQ

JUNE = ("2018-06-01", "2018-06-30")
JULY = ("2018-07-01", "2018-07-31")
AUGUST = ("2018-08-01", "2018-08-31")
TWO = {"quantity": 2}
KEPT = "SUS-6: the paid June is neither credited nor charged again."
DAILY = "MON-1: the exact fraction, rounded once; theirs is what a daily price rounded to 0.968 gives."
MOVED = "TIM-4: the anchor stays on the day of the purchase; theirs moves to the 1st, the days before it free."


def _suspended(day: str) -> Asked:
    return day, "suspend", {"reason": "customer_request"}


def _reactivated(day: str) -> Asked:
    return day, "reactivate", {}


EXAMPLES = (
    Example(
        FAQ,
        "scenario 4: new purchase",
        bought("2018-06-01", "30.00", until="2018-06-30"),
        (same("June", "30.00", total(*JUNE)),),
    ),
    Example(
        FAQ,
        "scenario 5a: suspended on June 5, reactivated on June 10",
        bought("2018-06-01", "30.00", _suspended("2018-06-05"), _reactivated("2018-06-10"), until="2018-06-30"),
        (same("June in all: 30 - 30 + 30 there", "30.00", total(*JUNE)),),
    ),
    Example(
        FAQ,
        "scenario 5b: suspended on June 20, reactivated on June 25",
        bought("2018-06-01", "30.00", _suspended("2018-06-20"), _reactivated("2018-06-25"), until="2018-07-31"),
        (same("June in all: 30 - 30 + 30 there", "30.00", total(*JUNE)), same("July", "30.00", total(*JULY))),
    ),
    Example(
        FAQ,
        "scenario 5c: as 5b, reactivated with two licences",
        bought(
            "2018-06-01",
            "30.00",
            _suspended("2018-06-20"),
            _reactivated("2018-06-25"),
            ("2018-06-25", "change_quantity", TWO),
            until="2018-07-31",
        ),
        (
            same("credit of one licence, 6 days", "-6.00", row(2)),
            same("charge of two licences, 6 days", "12.00", row(3)),
            same("June in all: 30 - 30 + 30 - 6 + 12 there", "36.00", total(*JUNE)),
            same("July", "60.00", total(*JULY)),
        ),
    ),
    Example(
        FAQ,
        "scenario 6: suspended on June 5, reactivated on July 10",
        bought("2018-06-01", "30.00", _suspended("2018-06-05"), _reactivated("2018-07-10"), until="2018-08-31"),
        (
            Figure("June in all", "0.00", "30.00", total(*JUNE), "-30.00", KEPT),
            Figure("reactivation, 22 of 31 days", "21.30", "21.29", row(2), "0.01", DAILY),
            same("August", "30.00", total(*AUGUST)),
        ),
    ),
    Example(
        FAQ,
        "scenario 7: suspended on July 5, reactivated on July 15",
        bought("2018-06-01", "30.00", _suspended("2018-07-05"), _reactivated("2018-07-15"), until="2018-07-31"),
        (
            same("June", "30.00", total(*JUNE)),
            Figure(
                "July in all",
                "20.31",
                "30.00",
                total(*JULY),
                "-9.69",
                "SUS-6: the paid July is neither credited nor charged again.",
            ),
            Figure(
                "27 of 31 days, as arithmetic",
                "-26.14",
                "-26.13",
                days_left_from("2018-07-05", "30.00", sign="-"),
                "-0.01",
                DAILY,
            ),
            same("17 of 31 days, as arithmetic", "16.45", days_left_from("2018-07-15", "30.00")),
        ),
    ),
    Example(
        FAQ,
        "scenario 8: from one licence to two on June 10",
        bought("2018-06-01", "30.00", ("2018-06-10", "change_quantity", TWO), until="2018-07-31"),
        (
            same("one licence, the 9 days used", "9.00", used(1, 2)),
            same("two licences, the 21 days left", "42.00", row(3)),
            same("July", "60.00", total(*JULY)),
        ),
    ),
    Example(
        FAQ,
        "scenario 9: an add-on on June 10",
        bought(
            "2018-06-01",
            "30.00",
            ("2018-06-10", "set_add_on", {"add_on": "extra", "quantity": 1}),
            until="2018-07-31",
            offer={"add_ons": [{"id": "extra", "unit_price": "5.00"}]},
        ),
        (
            same("the add-on, 21 of 30 days", "3.50", row(2)),
            same("the subscription in July", "30.00", row(3)),
            same("the add-on in July", "5.00", row(4)),
            same("both renew on", "2019-06-01", renews_on),
        ),
    ),
    Example(
        FAQ,
        "scenario 10: bought on May 29",
        bought("2018-05-29", "30.00", until="2018-06-15"),
        (
            same("first charge", "30.00", row(1)),
            Figure("the charge is for the time from", "2018-06-01", "2018-05-29", charged_on(1), why=MOVED),
            Figure("renews on", "2019-06-01", "2019-05-29", renews_on, why=MOVED),
        ),
    ),
    Example(
        FAQ,
        "an annual subscription of January 10",
        bought("2018-01-10", "48.00", until="2018-12-01", offer=A_YEAR),
        (same("renews on", "2019-01-10", renews_on),),
    ),
)
