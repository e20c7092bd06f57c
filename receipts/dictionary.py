"""What the product dictionary says about a receipt's lines."""

from django.db.models import Q

from receipts.matching import fold
from receipts.models import PrintedForm, Receipt
from receipts.shops import chain_id_of


def known_products(receipt: Receipt) -> dict[int, dict[str, str]]:
    """Give the products (name and JAN) of lines that the dictionary knows for the receipt's chain, by position.

    A form of the chain itself goes before one for all chains; what was undone counts no longer.
    """
    folded = {line.position: fold(line.name) for line in receipt.lines.all()}
    if not folded:
        return {}
    forms = PrintedForm.objects.filter(
        Q(chain=chain_id_of(receipt)) | Q(chain__isnull=True),
        sponsor=receipt.campaign.sponsor_id,
        undone_at__isnull=True,
        folded__in=set(folded.values()),
    ).select_related("product")
    ranked = sorted(forms, key=lambda form: form.chain_id is not None)  # later ones replace earlier ones
    known = {form.folded: {"name": form.product.name, "jan": form.product.jan} for form in ranked}
    return {position: known[text] for position, text in folded.items() if text in known}
