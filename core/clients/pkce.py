"""Proof Key for Code Exchange (RFC 7636), as LINE Login and X ask for it: S256 only."""

import base64
import hashlib
import secrets


def new_code_verifier() -> str:
    """Make a verifier: 43 characters, 256 bits."""
    return secrets.token_urlsafe(32)


def code_challenge(code_verifier: str) -> str:
    """Give the S256 challenge that belongs to a verifier."""
    digest = hashlib.sha256(code_verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
