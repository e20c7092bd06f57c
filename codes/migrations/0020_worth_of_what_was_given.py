"""Awards and held reservations from before their worth was kept: the face value of the code, of goods the prize's.

Piece by piece, each by itself; a run that was stopped goes on where it was.
"""

from django.db import migrations
from django.db.models import Max, OuterRef, Subquery
from django.db.models.functions import Coalesce

CHUNK = 10_000


def note_worth(apps, schema_editor):
    codes, prizes = apps.get_model("codes", "GiftCode"), apps.get_model("campaigns", "Prize")
    of_code = Subquery(codes.objects.filter(pk=OuterRef("gift_code_id")).values("face_value_jpy"))
    of_prize = Subquery(prizes.objects.filter(pk=OuterRef("prize_id")).values("face_value_jpy"))
    for name in ("Award", "Reservation"):
        rows = apps.get_model("codes", name).objects.filter(value_jpy=0)
        last = rows.aggregate(last=Max("pk"))["last"] or 0
        for start in range(0, last + 1, CHUNK):
            piece = rows.filter(pk__gte=start, pk__lt=start + CHUNK)
            piece.update(value_jpy=Coalesce(of_code, of_prize))


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("codes", "0019_worth_of_what_is_given")]
    operations = [migrations.RunPython(note_worth, migrations.RunPython.noop, elidable=True)]
