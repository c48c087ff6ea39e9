"""Countries by their two-letter ISO 3166 codes."""

from typing import Annotated

from iso3166 import countries_by_alpha2
from pydantic import AfterValidator


def _known_country(code: str) -> str:
    if code not in countries_by_alpha2:
        raise ValueError("takes a two-letter ISO 3166 country code, such as US, DE or JP")
    return code


def country_name(code: str) -> str:
    """The country's name in English."""
    return str(countries_by_alpha2[code].name)


Country = Annotated[str, AfterValidator(_known_country)]
