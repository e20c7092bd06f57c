"""What whoever stands before a claim page can show, and whether it is enough to see the code (T06)."""

from dataclasses import dataclass, field

from django.utils.crypto import constant_time_compare

from campaigns.models import ClaimBinding
from codes.models import Award
from core.crypto import blind_index, blind_indexes
from participants.models import IdentityKind
from participants.selectors import verified_identities


@dataclass(frozen=True)
class Holder:
    """What whoever stands before the claim page has shown.

    Attributes:
        device: the secret of the browser.
        identity_id: the LINE account that has just logged in.
        pin: as typed now.
        knows_pin: the browser typed the right PIN a moment ago.
    """

    device: str = field(default="", repr=False)
    identity_id: int | None = None
    pin: str = field(default="", repr=False)
    knows_pin: bool = False


def holder_obstacle(award: Award, holder: Holder) -> str | None:
    """Tell why a holder may not see the code of an award: `device`, `line`, `pin`, `new_pin`; None if he may.

    `new_pin` is asked for at the first opening; a device that comes first is in nobody's way.
    """
    match award.entry.campaign.claim_binding:
        case ClaimBinding.DEVICE if award.device_digest:
            return None if _is_the_device(award, holder.device) else "device"
        case ClaimBinding.LINE:
            return None if _is_the_line_account(award, holder) else "line"
        case ClaimBinding.PIN if not award.pin_hash:
            return "new_pin"
        case ClaimBinding.PIN:
            return None if holder.knows_pin else "pin"
    return None


def device_digest(award: Award, device: str) -> str:
    """Give the keyed hash under which an award knows a device; another award knows it under another.

    It hangs on the key of the award's link, and ends with it.
    """
    if not device:
        return ""
    return blind_index(device, field="claim_device", tenant=award.public_id, key_id=award.token_key_id)


def _is_the_device(award: Award, device: str) -> bool:
    # Devices bound before they hung on the key of the link are known under another loaded key.
    known = [device_digest(award, device), *blind_indexes(device, field="claim_device", tenant=award.public_id)]
    return bool(device) and any(constant_time_compare(award.device_digest, digest) for digest in known)


def _is_the_line_account(award: Award, holder: Holder) -> bool:
    if holder.identity_id is None:
        return False
    if award.bound_identity_id is not None:
        return award.bound_identity_id == holder.identity_id
    accounts = verified_identities(award.entry.participant_id).filter(kind=IdentityKind.LINE)
    return accounts.filter(pk=holder.identity_id).exists()
