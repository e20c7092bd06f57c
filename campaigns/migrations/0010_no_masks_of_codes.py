"""Profiles of gift brands say no more how much of a code may be shown: nothing of it is, unless it is revealed."""

from django.db import migrations


def drop_masks(apps, schema_editor):
    """Take `shown_last` out of the fields of every profile; a repeat changes nothing."""
    brands = apps.get_model("campaigns", "GiftBrand").objects.using(schema_editor.connection.alias)
    for brand in brands.all():
        fields = [{name: said for name, said in field.items() if name != "shown_last"} for field in brand.code_fields]
        if fields != brand.code_fields:
            brands.filter(pk=brand.pk).update(code_fields=fields)


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0009_budgets")]
    operations = [migrations.RunPython(drop_masks, migrations.RunPython.noop, elidable=True)]
