"""The last position of each batch of before it was kept, batch by batch; a run that was stopped goes on where it was."""

from django.db import migrations
from django.db.models import Max


def note_last_positions(apps, schema_editor):
    codes, batches = apps.get_model("codes", "GiftCode"), apps.get_model("codes", "CodeBatch")
    for pk in batches.objects.filter(last_position=0).order_by("pk").values_list("pk", flat=True):
        last = codes.objects.filter(batch=pk).aggregate(last=Max("position"))["last"] or 0
        batches.objects.filter(pk=pk, last_position__lt=last).update(last_position=last)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("codes", "0024_last_position_of_a_batch")]
    operations = [migrations.RunPython(note_last_positions, migrations.RunPython.noop, elidable=True)]
