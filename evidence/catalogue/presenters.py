"""Facts of the catalogue in words that several rooms use."""

from evidence.catalogue.models import Intervention

CURRENCIES = {"GBP": "£", "USD": "$", "EUR": "€"}


def price_words(intervention: Intervention) -> str:
    """The cost per participant with the year of its prices; empty where it is not known."""
    if intervention.cost_per_participant is None:
        return ""
    sign = CURRENCIES.get(intervention.cost_currency, f"{intervention.cost_currency} ")
    amount = f"{intervention.cost_per_participant:,.2f}".removesuffix(".00")
    return f"{sign}{amount} per participant, in {intervention.cost_price_year} prices"


def cost_words(intervention: Intervention) -> str:
    """What it costs per participant, with what must be known of the figure, or that this is not known."""
    price = price_words(intervention)
    if not price:
        return intervention.cost_note or "No cost per participant was found."
    return f"{price}. {intervention.cost_note}".strip()
