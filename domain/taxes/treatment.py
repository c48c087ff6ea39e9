"""How a sale is taxed: the category and the rate, by the codes of EN 16931 (MON-13)."""

from decimal import Decimal

from domain.values import ExactDecimal, Frozen, Worded


class TaxCategory(Worded):
    """The categories of EN 16931 that are used here, each with what a document calls it."""

    STANDARD = "S", "Tax"
    ZERO = "Z", "Zero rated"
    EXEMPT = "E", "Exempt"
    REVERSE_CHARGE = "AE", "Reverse charge"


class Treatment(Frozen):
    """A category with its rate, a fraction: 0.19 is 19 %. Only the standard category has one."""

    category: TaxCategory
    rate: ExactDecimal = Decimal(0)

    @property
    def percent(self) -> str:
        """The rate as people read it: `19 %`, `8.25 %`."""
        exact = (self.rate * 100).normalize()
        return f"{exact:f} %"

    @property
    def short(self) -> str:
        """In a few characters: `19 %`, `reverse charge`."""
        return self.percent if self.category is TaxCategory.STANDARD else self.category.words.lower()

    @property
    def words(self) -> str:
        """What a document says of it: `Tax 19 %`."""
        words = self.category.words
        return f"{words} {self.percent}" if self.category is TaxCategory.STANDARD else words


def taxed_at(rate: Decimal) -> Treatment:
    """The treatment of what is taxed at that rate; a rate of 0 is a category of its own."""
    return Treatment(category=TaxCategory.STANDARD if rate else TaxCategory.ZERO, rate=rate)
