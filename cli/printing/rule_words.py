"""What each rule says, in a few words: beside its id wherever a decision is shown. The whole text: docs/domain.md."""

from domain.rules import Rule

WORDS: dict[Rule, str] = {
    Rule.ROL_1: "only the five roles may act",
    Rule.ROL_4: "not this actor's to ask",
    Rule.ELG_1: "one for a customer",
    Rule.ELG_2: "suspended: reactivate it instead",
    Rule.ELG_3: "not in the customer's country",
    Rule.ELG_4: "not sold through partners",
    Rule.ELG_5: "through chosen partners only",
    Rule.ELG_6: "not sold here",
    Rule.ELG_7: "of an ISV only licences are sold",
    Rule.ELG_8: "offer, quantity, customer must fit",
    Rule.BUY_1: "a cart takes lines for seven days",
    Rule.BUY_2: "reviewed, then bought",
    Rule.BUY_3: "an order is bought once",
    Rule.BUY_4: "bought",
    Rule.BUY_5: "a term keeps its price",
    Rule.ISV_3: "a link lives for 24 hours",
    Rule.ISV_4: "begins when the publisher is ready",
    Rule.ISV_5: "needs no set-up",
    Rule.TRI_1: "the free trial comes by itself",
    Rule.TRI_3: "the trial becomes a paid term",
    Rule.TRI_4: "a trial ends at once, free",
    Rule.TRI_5: "a trial with auto-renew off ends",
    Rule.REN_1: "renews by itself",
    Rule.REN_2: "auto-renew is a choice",
    Rule.REN_3: "turned on again in time",
    Rule.SUS_1: "held: users cannot sign in",
    Rule.SUS_3: "the data was kept long enough",
    Rule.SUS_5: "back in time: access returns",
    Rule.SUS_6: "time suspended is not billed",
    Rule.SUS_7: "its term had ended: a new one",
    Rule.SUS_9: "each hold has its own lifter",
    Rule.CXL_1: "licences of an ISV only",
    Rule.CXL_2: "inside the refund window",
    Rule.CXL_3: "after the window: at renewal",
    Rule.CXL_4: "the refund window closes",
    Rule.CXL_6: "usage is billed, not refunded",
    Rule.CXL_8: "cancelled while suspended",
    Rule.LIF_1: "not in this state",
    Rule.LIF_3: "nothing is left to renew",
    Rule.MON_3: "licences in advance, usage after",
    Rule.MON_4: "prorated by days",
    Rule.MON_5: "invoices are monthly",
    Rule.MON_6: "invoices are paid, or chased",
    Rule.MON_7: "said before",
}


def words_of(rule: str) -> str:
    """The rule's few words; nothing for a rule of a newer journal."""
    return WORDS.get(Rule(rule), "") if rule in set(Rule) else ""


def refused_by(rule: str, message: str) -> str:
    """Which rule says no, why, and what can be done instead (ELG-9)."""
    words = words_of(rule)
    return f"refused by {rule}{f' ({words})' if words else ''}: {message}"
