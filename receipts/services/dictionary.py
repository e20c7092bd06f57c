"""商品名辞書: the names in which a chain's tills print products, learned from reviewers and undone by them."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q

from accounts import audit
from campaigns.models import TargetProduct
from receipts.errors import FormTaughtOtherwise, FormTooShort, LineNotThere, ProductNotOfCampaign
from receipts.matching import fold
from receipts.models import KnowledgeSource, PrintedForm, Product, Receipt
from receipts.services.shops import chain_to_learn_for

LEAST_SIGNS = 3  # folded; 食品 and its like stand for a whole department


@transaction.atomic
def teach_printed_form(
    *, receipt_id: int, position: int, target_product_id: int, actor_id: int, now: datetime
) -> PrintedForm:
    """Learn that a line of a receipt, as its chain prints it, is a product of the receipt's campaign.

    From then on each receipt of the chain with this form is taken for the product, in all campaigns of the sponsor.
    Teaching the same again returns what is known.

    Raises:
        LineNotThere: the receipt has no line at this position.
        ProductNotOfCampaign: not a target product of the receipt's campaign.
        FormTooShort: fewer than three signs would tell the product.
        ShopUnknown: neither the shop master nor the receipt's figures name the chain.
        FormTaughtOtherwise: the chain's form is known as another product.
    """
    receipt = Receipt.objects.select_for_update(of=("self",)).select_related("campaign").get(pk=receipt_id)
    line = receipt.lines.filter(position=position).first()
    if line is None:
        raise LineNotThere
    target = TargetProduct.objects.filter(pk=target_product_id, campaign=receipt.campaign_id).first()
    if target is None:
        raise ProductNotOfCampaign
    if len(fold(line.name)) < LEAST_SIGNS:
        raise FormTooShort
    form = PrintedForm(
        agency_id=receipt.agency_id,
        sponsor_id=receipt.campaign.sponsor_id,
        product=product_of(sponsor_id=receipt.campaign.sponsor_id, agency_id=receipt.agency_id, target=target),
        chain=chain_to_learn_for(receipt=receipt, actor_id=actor_id),
        form=line.name,
        folded=fold(line.name),
        source=KnowledgeSource.CONFIRMED,
        taught_by_id=actor_id,
        taught_at=now,
        taught_from=receipt,
    )
    return _keep(form)


@transaction.atomic
def undo_printed_form(*, form_id: int, actor_id: int, now: datetime) -> PrintedForm:
    """Take a form out of the dictionary; it stays as a record. Receipts judged from now on are judged without it."""
    form = PrintedForm.objects.select_for_update().get(pk=form_id)
    if form.undone_at is None:
        form.undone_at, form.undone_by_id = now, actor_id
        form.save(update_fields=["undone_at", "undone_by", "updated_at"])
        audit.record("dictionary.undone", subject=form, actor_id=actor_id, product_id=form.product_id)
    return form


def product_of(*, sponsor_id: int, agency_id: int, target: TargetProduct) -> Product:
    """Find a campaign's product in the sponsor's dictionary, by JAN, else by name; a new one is added."""
    return find_or_add_product(sponsor_id=sponsor_id, agency_id=agency_id, name=target.name, jan=target.jan)


def find_or_add_product(*, sponsor_id: int, agency_id: int, name: str, jan: str) -> Product:
    """Find a product by JAN, else by its folded name where no other JAN contradicts; a new one is added."""
    folded = fold(name)[:200]
    own = Product.objects.filter(sponsor=sponsor_id)
    known = own.filter(jan=jan).first() if jan else None
    known = known or own.filter(Q(jan="") if jan else Q(), folded=folded).order_by("pk").first()
    if known is None:
        added, _is_new = Product.objects.get_or_create(
            sponsor_id=sponsor_id, folded=folded, jan=jan, defaults={"agency_id": agency_id, "name": name}
        )
        return added
    if jan and not known.jan:
        known.jan = jan
        known.save(update_fields=["jan", "updated_at"])
    return known


def _keep(form: PrintedForm) -> PrintedForm:
    """Store a new form, unless it is known; the database tells when another reviewer was faster."""
    try:
        with transaction.atomic():
            form.save(force_insert=True)
    except IntegrityError as error:
        known = PrintedForm.objects.get(
            sponsor=form.sponsor_id, chain=form.chain_id, folded=form.folded, undone_at__isnull=True
        )
        if known.product_id != form.product_id:
            raise FormTaughtOtherwise(form_id=known.pk, product_id=known.product_id) from error
        return known
    audit.record(
        "dictionary.taught",
        subject=form,
        actor_id=form.taught_by_id,
        product_id=form.product_id,
        chain_id=form.chain_id,
        receipt_id=form.taught_from_id,
    )
    return form
