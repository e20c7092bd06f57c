from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_key_of_each_index'),
        ('campaigns', '0010_no_masks_of_codes'),
        ('codes', '0021_budget_warnings'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='offlinedispute',
            name='dispute_once_per_pos_transaction',
        ),
        migrations.AddConstraint(
            model_name='offlinedispute',
            constraint=models.UniqueConstraint(fields=('agency', 'store', 'pos_transaction_id', 'gift_code', 'amount_jpy'), name='dispute_once_per_use'),
        ),
        migrations.AddConstraint(
            model_name='offlinedispute',
            constraint=models.UniqueConstraint(condition=models.Q(('gift_code__isnull', True)), fields=('agency', 'store', 'pos_transaction_id', 'amount_jpy'), name='dispute_once_per_use_of_an_unknown_code'),
        ),
    ]
