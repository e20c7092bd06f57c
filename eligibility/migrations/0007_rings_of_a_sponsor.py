import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_data_keys_and_second_person'),
        ('campaigns', '0005_appeal_days'),
        ('eligibility', '0006_appeals_answered_by_another'),
        ('participants', '0004_payout_traces'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    # Rings and how far they were looked for are derived: the next search finds them again, now over all campaigns of a
    # sponsor. Cases that were opened for them stay.
    operations = [
        migrations.DeleteModel(name='RingMember'),
        migrations.DeleteModel(name='RingScan'),
        migrations.DeleteModel(name='SuspectedRing'),
        migrations.CreateModel(
            name='RingSearch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('searched_at', models.DateTimeField()),
                ('full_at', models.DateTimeField()),
                ('campaign_ids', models.JSONField(default=list)),
                ('decision_id', models.BigIntegerField(default=0)),
                ('common', models.JSONField(default=list)),
                ('sponsor', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='campaigns.sponsor')),
            ],
            options={
                'verbose_name': 'search for rings',
                'verbose_name_plural': 'searches for rings',
            },
        ),
        migrations.CreateModel(
            name='SuspectedRing',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created at')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='updated at')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name='public id')),
                ('score', models.PositiveSmallIntegerField(verbose_name='score')),
                ('evidence', models.JSONField(default=dict, verbose_name='evidence')),
                ('found_at', models.DateTimeField(verbose_name='found at')),
                ('changed_at', models.DateTimeField(verbose_name='changed last at')),
                ('dissolved_at', models.DateTimeField(blank=True, null=True, verbose_name='fell apart at')),
                ('agency', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.agency', verbose_name='agency')),
                ('sponsor', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='campaigns.sponsor', verbose_name='sponsor')),
            ],
            options={
                'verbose_name': 'suspected ring',
                'verbose_name_plural': 'suspected rings',
                'ordering': ['-score', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='RingMember',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('entry', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='ring_member', to='participants.entry')),
                ('ring', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='members', to='eligibility.suspectedring')),
            ],
            options={
                'verbose_name': 'entry of a ring',
                'verbose_name_plural': 'entries of rings',
            },
        ),
        migrations.CreateModel(
            name='RingAct',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created at')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='updated at')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name='public id')),
                ('kind', models.CharField(choices=[('held', 'held for review'), ('released', 'released'), ('refused', 'not eligible')], max_length=8, verbose_name='what')),
                ('entry_ids', models.JSONField(default=list)),
                ('waiting_ids', models.JSONField(default=list)),
                ('skipped', models.JSONField(default=dict)),
                ('reason', models.CharField(max_length=200, verbose_name='reason')),
                ('reason_code', models.CharField(blank=True, max_length=40)),
                ('at', models.DateTimeField(verbose_name='at')),
                ('actor', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='user')),
                ('agency', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.agency', verbose_name='agency')),
                ('undoes', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='undone_by', to='eligibility.ringact', verbose_name='undoes')),
                ('ring', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='acts', to='eligibility.suspectedring', verbose_name='ring')),
            ],
            options={
                'verbose_name': 'decision on a ring',
                'verbose_name_plural': 'decisions on rings',
                'ordering': ['-pk'],
            },
        ),
        migrations.AddIndex(
            model_name='suspectedring',
            index=models.Index(fields=['sponsor', 'score'], name='ring_by_score'),
        ),
        migrations.AddConstraint(
            model_name='suspectedring',
            constraint=models.CheckConstraint(condition=models.Q(('score__lte', 100)), name='ring_score_in_bounds'),
        ),
        migrations.AddConstraint(
            model_name='ringact',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['held', 'released', 'refused'])), name='ring_act_known'),
        ),
        migrations.AddConstraint(
            model_name='ringact',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'refused'), _negated=True), models.Q(('reason_code', ''), _negated=True), _connector='OR'), name='ring_refusal_has_a_reason'),
        ),
    ]
