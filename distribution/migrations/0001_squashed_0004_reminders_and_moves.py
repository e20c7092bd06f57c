"""The whole schema in place of the steps that led to it: an empty database is ready sooner."""

from importlib import import_module

import django.db.models.deletion
import uuid
from django.db import migrations, models

giving = import_module("distribution.migrations.0003_give_and_queue_in_one_call")


class Migration(migrations.Migration):

    replaces = [('distribution', '0001_initial'), ('distribution', '0002_fewer_indexes'), ('distribution', '0003_give_and_queue_in_one_call'), ('distribution', '0004_reminders_and_moves')]

    initial = True

    dependencies = [
        ('accounts', '0001_squashed_0002_data_keys_and_second_person'),
        ('codes', '0001_squashed_0010_jobs_that_get_nowhere'),
        ('participants', '0001_squashed_0002_traces_of_entries'),
    ]

    operations = [
        migrations.CreateModel(
            name='Delivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created at')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='updated at')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name='public id')),
                ('kind', models.CharField(choices=[('award', 'winner notice with claim link'), ('verify_email', 'confirm your address'), ('verdict', 'result of the check'), ('not_won', 'not won'), ('resume', 'link to continue'), ('reminder', 'reminder of a prize not opened yet'), ('move', 'link for another device')], max_length=12, verbose_name='kind')),
                ('status', models.CharField(choices=[('queued', 'queued'), ('sending', 'being sent'), ('accepted', 'handed over'), ('delivered', 'arrived'), ('bounced', 'bounced'), ('failed', 'not sent'), ('unknown', 'outcome unknown'), ('cancelled', 'cancelled')], default='queued', max_length=9, verbose_name='status')),
                ('provider_key', models.UUIDField(default=uuid.uuid4, editable=False)),
                ('attempts', models.PositiveSmallIntegerField(default=0, verbose_name='attempts')),
                ('next_attempt_at', models.DateTimeField(blank=True, null=True, verbose_name='next attempt at')),
                ('lease_until', models.DateTimeField(blank=True, editable=False, null=True)),
                ('accepted_at', models.DateTimeField(blank=True, null=True, verbose_name='sent at')),
                ('failure_code', models.CharField(blank=True, max_length=40, verbose_name='reason')),
                ('about', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='codes.award', verbose_name='about the award')),
                ('agency', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.agency', verbose_name='agency')),
                ('award', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='delivery', to='codes.award', verbose_name='award')),
                ('entry', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='deliveries', to='participants.entry', verbose_name='entry')),
                ('identity', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='participants.identity', verbose_name='contact')),
            ],
            options={
                'verbose_name': 'delivery',
                'verbose_name_plural': 'deliveries',
                'ordering': ['-pk'],
                'indexes': [models.Index(condition=models.Q(('status__in', ['queued', 'unknown'])), fields=['next_attempt_at'], name='delivery_due'), models.Index(condition=models.Q(('status', 'sending')), fields=['lease_until'], name='delivery_leased')],
                'constraints': [models.CheckConstraint(condition=models.Q(('status__in', ['queued', 'sending', 'accepted', 'delivered', 'bounced', 'failed', 'unknown', 'cancelled'])), name='delivery_status_known'), models.CheckConstraint(condition=models.Q(models.Q(('award__isnull', False), ('kind', 'award')), models.Q(models.Q(('kind', 'award'), _negated=True), ('award__isnull', True)), _connector='OR'), name='delivery_award_matches_kind'), models.CheckConstraint(condition=models.Q(models.Q(('status__in', ['accepted', 'delivered']), _negated=True), ('accepted_at__isnull', False), _connector='OR'), name='delivery_accepted_has_a_time'), models.CheckConstraint(condition=models.Q(models.Q(('about__isnull', False), ('kind__in', ['reminder', 'move'])), models.Q(models.Q(('kind__in', ['reminder', 'move']), _negated=True), ('about__isnull', True)), _connector='OR'), name='delivery_about_matches_kind'), models.UniqueConstraint(condition=models.Q(('kind', 'reminder')), fields=('about',), name='delivery_reminds_once')],
            },
        ),
        migrations.CreateModel(
            name='DeliveryAttempt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created at')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='updated at')),
                ('number', models.PositiveSmallIntegerField(verbose_name='number')),
                ('channel', models.CharField(choices=[('email', 'e-mail'), ('line', 'LINE')], max_length=5, verbose_name='channel')),
                ('outcome', models.CharField(blank=True, max_length=20, verbose_name='outcome')),
                ('detail', models.CharField(blank=True, max_length=200, verbose_name='detail')),
                ('provider_message_id', models.CharField(blank=True, max_length=200, verbose_name="provider's id")),
                ('finished_at', models.DateTimeField(blank=True, null=True, verbose_name='finished at')),
                ('delivery', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='attempt_log', to='distribution.delivery', verbose_name='delivery')),
                ('identity', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='participants.identity', verbose_name='contact')),
            ],
            options={
                'verbose_name': 'attempt',
                'verbose_name_plural': 'attempts',
                'ordering': ['delivery', 'number'],
                'constraints': [models.UniqueConstraint(fields=('delivery', 'number'), name='attempt_number_once')],
            },
        ),
        migrations.RunPython(giving.on_postgresql(giving.UP), giving.on_postgresql(giving.DOWN)),
    ]
