"""The pages that the figures are from. The copies in Microsoft's repository have the English text beside the German."""

from tests.published.figures import Source

REPOSITORY = "https://github.com/MicrosoftDocs/partner-center-pr.de-de/blob"


def _page(title: str, edition: str, path: str, commit: str = "live-sxs") -> Source:
    return Source(title, edition, f"{REPOSITORY}/{commit}/{path}.md")


MONTHLY = _page(
    "Sample monthly billing scenarios for new subscriptions, changing license amounts, or suspensions",
    "05/13/2020",
    "partner-center/common-billing-scenarios-monthly",
)
ANNUAL = _page(
    "Common annual billing scenarios in Partner Center",
    "05/05/2020",
    "partner-center/common-billing-scenarios-annual",
)
SAAS = _page(
    "Common billing scenarios for license-based SaaS transactions in Partner Center",
    "05/05/2020",
    "partner-center/common-billing-scenarios-saas",
)
ONE_TIME = _page(
    "Partner Center billing scenarios for one-time and select recurring purchases",
    "05/05/2020",
    "partner-center/common-billing-scenarios-onetime-recurring",
)
FAQ = _page(
    "FAQ about new billing features",
    "03/15/2019",
    "partner-center/faq-about-new-billing-features",
    "a896c777b91b14369f1f74cddf7074687488efa5",
)
CHINA = _page(
    "Common billing scenarios (Partner Center operated by 21Vianet)",
    "10/29/2018",
    "Archive/China-common-billing-scenarios",
)
LICENCES = _page("License-based billing in Partner Center", "05/18/2020", "partner-center/license-based-billing")
NEW_COMMERCE = Source(
    "Partner Center billing scenarios for one-time and select recurring purchases—new commerce experience",
    "unknown date (its example is of February 2022)",
    "https://docs.microsoft.com/bs-latn-ba/partner-center/common-billing-scenarios-onetime-recurring",
)
USAGE = _page(
    "Effective unit price calculation for Azure plan consumption",
    "04/02/2021",
    "partner-center/effective-unit-price-calculation",
)
OVERVIEW = _page(
    "Billing overview for CSP program partners working in Partner Center",
    "01/28/2021",
    "partner-center/billing-basics",
)
