"""The examples of licences billed monthly or for the year: the older programme's pages."""

from tests.published.figures import (
    A_YEAR,
    Example,
    Figure,
    bought,
    days,
    days_left_from,
    renews_on,
    row,
    same,
    total,
    used,
)
from tests.published.sources import ANNUAL, CHINA, LICENCES, MONTHLY

KEPT = "SUS-6: a paid period is neither credited nor charged again by a suspension."
DAILY = "MON-1, MON-4: the exact fraction, rounded once; they multiply a daily price already rounded"
TWO = {"quantity": 2}
STOP = {"reason": "customer_request"}

EXAMPLES = (
    Example(
        MONTHLY,
        "new monthly subscription",
        bought("2018-01-13", "4.00", until="2018-03-01"),
        (
            same("first charge", "4.00", row(1)),
            same("first period", "2018-01-13 to 2018-02-12", days(1)),
            same("second charge", "4.00", row(2)),
            same("second period", "2018-02-13 to 2018-03-12", days(2)),
        ),
    ),
    Example(
        MONTHLY,
        "from one licence to two on February 1",
        bought("2018-01-13", "4.00", ("2018-02-01", "change_quantity", TWO), until="2018-03-01"),
        (
            same("one licence, the 19 days used", "2.45", used(1, 2)),
            same("two licences, the 12 days left", "3.10", row(3)),
            same("the period in all", "5.55", total("2018-01-13", "2018-02-12")),
            same("next period", "8.00", row(4)),
        ),
    ),
    Example(
        MONTHLY,
        "suspended within 30 days",
        bought("2018-01-13", "4.00", ("2018-02-01", "suspend", STOP), until="2018-02-12"),
        (Figure("the suspension", "-4.00", "0.00", total("2018-02-01", "2018-02-12"), "-4.00", KEPT),),
    ),
    Example(
        MONTHLY,
        "suspended after 30 days",
        bought("2018-01-13", "4.00", ("2018-03-01", "suspend", STOP), until="2018-03-12"),
        (
            Figure("the suspension", "-1.72", "0.00", total("2018-03-01", "2018-03-12"), "-1.72", KEPT),
            Figure(
                "12 of 28 days, as arithmetic",
                "-1.72",
                "-1.71",
                days_left_from("2018-03-01", "4.00", sign="-"),
                "-0.01",
                f"{DAILY} (0.143).",
            ),
        ),
    ),
    Example(
        ANNUAL,
        "new annual subscription",
        bought("2018-01-13", "48.00", until="2018-12-01", offer=A_YEAR),
        (same("charge", "48.00", row(1)), same("period", "2018-01-13 to 2019-01-12", days(1))),
    ),
    Example(
        ANNUAL,
        "a second licence on the second day of a year",
        bought("2017-02-11", "211.20", ("2017-02-12", "change_quantity", TWO), until="2017-12-01", offer=A_YEAR),
        (
            same("one licence, the day used", "0.58", used(1, 2)),
            Figure(
                "two licences, the 364 days left",
                "421.25",
                "421.24",
                row(3),
                "0.01",
                "MON-4: one line to the period's end; they split it at the monthly anniversary and round both parts.",
            ),
            Figure("the year in all", "421.83", "421.82", total("2017-02-11", "2018-02-10"), "0.01", "The same cent."),
        ),
    ),
    Example(
        ANNUAL,
        "from one licence to two on February 1",
        bought("2018-01-13", "48.00", ("2018-02-01", "change_quantity", TWO), until="2018-12-01", offer=A_YEAR),
        (
            Figure("one licence, the 19 days used", "2.47", "2.50", used(1, 2), "-0.03", f"{DAILY} (0.13)."),
            Figure("two licences, the 346 days left", "89.96", "91.00", row(3), "-1.04", f"{DAILY} (0.13)."),
            Figure("the year in all", "92.43", "93.50", total("2018-01-13", "2019-01-12"), "-1.07", "Both lines."),
        ),
    ),
    Example(
        ANNUAL,
        "suspended within 30 days",
        bought("2018-01-13", "48.00", ("2018-02-01", "suspend", STOP), until="2018-02-28", offer=A_YEAR),
        (Figure("the suspension", "-48.00", "0.00", total("2018-02-01", "2018-02-28"), "-48.00", KEPT),),
    ),
    Example(
        ANNUAL,
        "suspended after 30 days",
        bought("2018-01-13", "48.00", ("2018-03-01", "suspend", STOP), until="2018-05-01", offer=A_YEAR),
        (
            Figure("the suspension", "-41.34", "0.00", total("2018-03-01", "2018-05-01"), "-41.34", KEPT),
            Figure(
                "318 of 365 days, as arithmetic",
                "-41.34",
                "-41.82",
                days_left_from("2018-03-01", "48.00", sign="-"),
                "0.48",
                f"{DAILY} (0.13).",
            ),
        ),
    ),
    Example(
        ANNUAL,
        "suspended on February 1, reactivated on March 1",
        bought(
            "2018-01-13",
            "48.00",
            ("2018-02-01", "suspend", STOP),
            ("2018-03-01", "reactivate", {}),
            until="2018-12-01",
            offer=A_YEAR,
        ),
        (Figure("the year in all", "41.34", "48.00", total("2018-01-13", "2019-01-12"), "-6.66", KEPT),),
    ),
    Example(
        LICENCES,
        "anniversaries of January 15",
        bought("2020-01-15", "4.00", until="2020-02-20"),
        (
            same("second monthly period begins", "2020-02-15", lambda life: days(2)(life)[:10]),
            same("the year's term ends", "2021-01-15", renews_on),
        ),
    ),
    Example(
        CHINA,
        "seats 15, 12, 18, 10 within one period",
        bought(
            "2018-07-15",
            "11.00",
            ("2018-07-20", "change_quantity", {"quantity": 12}),
            ("2018-07-31", "change_quantity", {"quantity": 18}),
            ("2018-08-10", "change_quantity", {"quantity": 10}),
            until="2018-09-01",
            quantity=15,
        ),
        (
            same("charged in advance", "165.00", row(1)),
            same("15 seats, the 5 days used", "26.61", used(1, 2)),
            same("12 seats, the 11 days used", "46.84", used(3, 4)),
            same("18 seats, the 10 days used", "63.87", used(5, 6)),
            same("10 seats, the 5 days left", "17.74", row(7)),
            same("the period in all", "155.06", total("2018-07-15", "2018-08-14")),
            same("next period", "110.00", row(8)),
        ),
    ),
    Example(
        CHINA,
        "cancelled after ten days",
        bought("2018-08-15", "10.00", ("2018-08-25", "cancel", STOP), until="2018-09-14", quantity=10),
        (
            same("charged in advance", "100.00", row(1)),
            Figure(
                "the cancellation",
                "-74.51",
                "0.00",
                total("2018-08-25", "2018-09-14"),
                "-74.51",
                "CXL-3: after the refund window it ends at renewal, without a credit.",
            ),
            Figure(
                "21 of 31 days, as arithmetic",
                "-74.51",
                "-67.74",
                days_left_from("2018-08-25", "10.00", 10, "-"),
                "-6.77",
                "Theirs is not 21 days of the 100.00 that the example charges.",
            ),
        ),
    ),
)
