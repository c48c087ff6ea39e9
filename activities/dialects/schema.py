"""The JSON schemas of what publishers are sent."""

from typing import Any

from activities.dialects.microsoft import SaasNotification
from activities.dialects.perennial import SubscriptionNotification
from activities.publishers import Dialect
from domain.values import Frozen

_MODELS: dict[Dialect, type[Frozen]] = {
    Dialect.PERENNIAL: SubscriptionNotification,
    Dialect.MICROSOFT: SaasNotification,
}


def notification_schemas() -> dict[str, dict[str, Any]]:
    """By the dialect's name, in JSON Schema 2020-12."""
    return {
        dialect.value: {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            **model.model_json_schema(mode="serialization", by_alias=True),
        }
        for dialect, model in _MODELS.items()
    }
