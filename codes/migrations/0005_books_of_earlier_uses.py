"""Uses from before the books: what was given back, on which business day, and their postings."""

from datetime import timedelta

from django.db import migrations

JST = timedelta(hours=9)
CHUNK = 1000


def write_books(apps, schema_editor):
    """Line by line in the order they were made; a run that was stopped goes on where it was."""
    Redemption = apps.get_model("codes", "Redemption")
    LedgerTransfer = apps.get_model("codes", "LedgerTransfer")
    booked = LedgerTransfer.objects.filter(redemption__isnull=False).values("redemption")
    lines = Redemption.objects.exclude(pk__in=booked).select_related("gift_code").order_by("pk")
    for line in lines.iterator(chunk_size=CHUNK):
        Redemption.objects.filter(pk=line.pk, business_day=None).update(business_day=(line.at + JST).date())
        common = {"agency_id": line.agency_id, "gift_code_id": line.gift_code_id, "at": line.at}
        LedgerTransfer.objects.get_or_create(
            gift_code_id=line.gift_code_id,
            from_account="program",
            defaults={**common, "to_account": "code", "amount_jpy": line.gift_code.face_value_jpy},
        )
        is_use = line.kind == "redeem"
        LedgerTransfer.objects.create(
            **common,
            redemption=line,
            from_account="code" if is_use else "store",
            to_account="store" if is_use else "code",
            store_id=line.store_id,
            amount_jpy=line.amount_jpy,
        )
        if not is_use:
            Redemption.objects.filter(pk=line.reverses_id).update(reversed_jpy=line.amount_jpy)


class Migration(migrations.Migration):
    dependencies = [("codes", "0004_uses_reversed_in_parts")]

    operations = [migrations.RunPython(write_books, migrations.RunPython.noop)]
