"""The agency's system: the store API at the till, reports, and what the API says about an entry."""

import uuid
from datetime import UTC, datetime
from typing import Any

import requests

from demo.phone import TIMEOUT_SECONDS, NotAsPromised


class Agency:
    """A caller of the API with a key."""

    def __init__(self, base_url: str, key: str) -> None:
        self.api = f"{base_url}/api/v1"
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Authorization"] = f"Bearer {key}"

    def get(self, path: str, **query: str) -> Any:
        """Ask.

        Raises:
            NotAsPromised: the answer is no 200.
        """
        response = self.session.get(f"{self.api}/{path}", params=query, timeout=TIMEOUT_SECONDS)
        if response.status_code != 200:
            raise NotAsPromised(f"GET {path} → {response.status_code} {response.text[:200]}")
        return response.json()

    def redeem(self, code: str, store: str) -> requests.Response:
        """Redeem all that a code is worth, as one sale of one till."""
        sale = str(uuid.uuid4())
        body = {
            "code": code,
            "store_id": store,
            "terminal_id": "demo-1",
            "pos_transaction_id": sale,
            "occurred_at": datetime.now(UTC).isoformat(),
        }
        headers = {"Idempotency-Key": sale}
        return self.session.post(f"{self.api}/redemptions", json=body, headers=headers, timeout=TIMEOUT_SECONDS)

    def campaign_ids(self) -> dict[str, str]:
        """The agency's campaigns: id by slug."""
        return {campaign["slug"]: campaign["id"] for campaign in self.get("campaigns")["data"]}

    def funnel(self, campaign_id: str) -> dict[str, int]:
        """How many entries of a campaign reached each stage."""
        row: dict[str, Any] = self.get(f"campaigns/{campaign_id}/funnel", by="total")["data"][0]
        return {stage: count for stage, count in row.items() if isinstance(count, int)}

    def reasons(self, entry_id: str) -> list[dict[str, Any]]:
        """Why an entry was not accepted."""
        verdict: dict[str, Any] | None = self.get(f"entries/{entry_id}")["verdict"]
        return verdict["reasons"] if verdict else []
