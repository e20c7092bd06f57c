from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('codes', '0007_pause_after_wrong_pins'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='suppliercard',
            index=models.Index(condition=models.Q(('status', 'made'), _negated=True), fields=['updated_at'], name='supplier_card_unmade'),
        ),
    ]
