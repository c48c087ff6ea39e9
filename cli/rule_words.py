"""A short label for each rule, shown beside its id with every decision. docs/domain.md has the full rules."""

from domain.rules import Rule

WORDS: dict[Rule, str] = {
    Rule.ROL_1: "roles that may act",
    Rule.ROL_4: "who may do what",
    Rule.ROL_5: "operators alone",
    Rule.ELG_1: "one per customer",
    Rule.ELG_2: "already owned, suspended",
    Rule.ELG_3: "not in the customer's country",
    Rule.ELG_4: "not sold through partners",
    Rule.ELG_5: "selected partners only",
    Rule.ELG_6: "not sold here",
    Rule.ELG_7: "licences only from other publishers",
    Rule.ELG_8: "offer, quantity, customer must match",
    Rule.ELG_10: "pay first",
    Rule.BUY_1: "the lines of a cart",
    Rule.BUY_2: "review before buying",
    Rule.BUY_3: "one purchase per id",
    Rule.BUY_4: "purchase",
    Rule.BUY_5: "the price is fixed for the term",
    Rule.BUY_6: "begins when it was ordered for",
    Rule.ISV_3: "a set-up link lasts 24 hours",
    Rule.ISV_4: "starts when the publisher activates",
    Rule.ISV_5: "needs no set-up",
    Rule.TRI_1: "free trial",
    Rule.TRI_3: "the trial becomes a paid term",
    Rule.TRI_4: "one trial, cancelled at no charge",
    Rule.TRI_5: "without auto-renew a trial ends",
    Rule.TRI_6: "quantities are frozen",
    Rule.REN_1: "renews automatically",
    Rule.REN_2: "auto-renew on or off",
    Rule.REN_3: "auto-renew is on again in time",
    Rule.REN_4: "changes for the renewal",
    Rule.REN_5: "a renewal is announced",
    Rule.SUS_1: "suspended: users cannot sign in",
    Rule.SUS_3: "data retention",
    Rule.SUS_5: "reactivated: access returns",
    Rule.SUS_6: "time suspended is not billed",
    Rule.SUS_7: "the term had ended: a new one starts",
    Rule.SUS_9: "each hold is lifted separately",
    Rule.SUS_11: "a planned pause ends by itself",
    Rule.CXL_1: "licences of other publishers only",
    Rule.CXL_2: "inside the refund window",
    Rule.CXL_3: "after the refund window: at renewal",
    Rule.CXL_4: "the refund window closes",
    Rule.CXL_6: "usage is billed, not refunded",
    Rule.CXL_8: "cancelled while suspended",
    Rule.LIF_1: "not in this state",
    Rule.LIF_3: "nothing left to renew",
    Rule.MON_3: "licences in advance, usage later",
    Rule.MON_4: "quantity and add-ons",
    Rule.MON_5: "invoices are monthly",
    Rule.MON_6: "payments and reminders",
    Rule.MON_7: "no change",
    Rule.MON_8: "what credit covers is not chased",
    Rule.MON_10: "corrections of money",
    Rule.MOV_1: "taken over from another system",
    Rule.MOV_6: "open invoices of another system",
    Rule.REP_1: "settled conflicts",
    Rule.USE_1: "usage needs access at its time",
    Rule.USE_2: "late usage at its period's price",
    Rule.USE_3: "each report is corrected once",
}


def words_of(rule: str) -> str:
    """Return the rule's label, or an empty text for a rule that this version does not know."""
    return WORDS.get(Rule(rule), "") if rule in set(Rule) else ""


def refused_by(rule: str, message: str) -> str:
    """Return the line that shows a refusal: the rule, its label, and the message with what to do instead (ELG-9)."""
    words = words_of(rule)
    return f"refused by {rule}{f' ({words})' if words else ''}: {message}"
