-- # Rails 6.1.7, Delayed Job 4.1.9, PaperTrail 12.0.0, GoodJob by its migration: run
CREATE TABLE ar_internal_metadata (key varchar, value varchar, created_at timestamp(6), updated_at
    timestamp(6), PRIMARY KEY (key));
CREATE TABLE delayed_jobs (id bigint, priority integer, attempts integer, handler text, last_error
    text, run_at timestamp, locked_at timestamp, failed_at timestamp, locked_by varchar, queue
    varchar, created_at timestamp(6), updated_at timestamp(6), PRIMARY KEY (id));
CREATE TABLE good_job_batches (id uuid, created_at timestamp(6), updated_at timestamp(6),
    description text, serialized_properties jsonb, on_finish text, on_success text, on_discard
    text, callback_queue_name text, callback_priority integer, enqueued_at timestamp, discarded_at
    timestamp, finished_at timestamp, PRIMARY KEY (id));
CREATE TABLE good_job_executions (id uuid, created_at timestamp(6), updated_at timestamp(6),
    active_job_id uuid, job_class text, queue_name text, serialized_params jsonb, scheduled_at
    timestamp, finished_at timestamp, error text, error_event smallint, PRIMARY KEY (id));
CREATE TABLE good_job_processes (id uuid, created_at timestamp(6), updated_at timestamp(6), state
    jsonb, PRIMARY KEY (id));
CREATE TABLE good_job_settings (id uuid, created_at timestamp(6), updated_at timestamp(6), key
    text, value jsonb, PRIMARY KEY (id));
CREATE TABLE good_jobs (id uuid, queue_name text, priority integer, serialized_params jsonb,
    scheduled_at timestamp, performed_at timestamp, finished_at timestamp, error text, created_at
    timestamp(6), updated_at timestamp(6), active_job_id uuid, concurrency_key text, cron_key
    text, retried_good_job_id uuid, cron_at timestamp, batch_id uuid, batch_callback_id uuid,
    is_discrete boolean, executions_count integer, job_class text, error_event smallint, PRIMARY
    KEY (id));
CREATE TABLE schema_migrations (version varchar, PRIMARY KEY (version));
CREATE TABLE versions (id bigint, item_type varchar, item_id bigint, event varchar, whodunnit
    varchar, object text, created_at timestamp, object_changes text, PRIMARY KEY (id));

-- # Solid Queue, Cache and Cable, Audited, Active Storage: schemas, run by Rails 6.1.7
CREATE TABLE active_storage_attachments (id bigint, name varchar, record_type varchar, record_id
    bigint, blob_id bigint, created_at timestamp, PRIMARY KEY (id));
CREATE TABLE active_storage_blobs (id bigint, key varchar, filename varchar, content_type varchar,
    metadata text, service_name varchar, byte_size bigint, checksum varchar, created_at timestamp,
    PRIMARY KEY (id));
CREATE TABLE active_storage_variant_records (id bigint, blob_id bigint, variation_digest varchar,
    PRIMARY KEY (id));
CREATE TABLE ar_internal_metadata (key varchar, value varchar, created_at timestamp(6), updated_at
    timestamp(6), PRIMARY KEY (key));
CREATE TABLE audits (id bigint, auditable_id integer, auditable_type varchar, associated_id
    integer, associated_type varchar, user_id integer, user_type varchar, username varchar, action
    varchar, audited_changes text, version integer, comment varchar, remote_address varchar,
    request_uuid varchar, created_at timestamp, PRIMARY KEY (id));
CREATE TABLE solid_cable_channels (id bigint, current_id bigint, PRIMARY KEY (id));
CREATE TABLE solid_cable_messages (id bigint, channel bytea, payload bytea, created_at timestamp,
    channel_hash bigint, channel_id bigint, PRIMARY KEY (id));
CREATE TABLE solid_cache_entries (id bigint, key bytea, value bytea, created_at timestamp,
    key_hash bigint, byte_size integer, PRIMARY KEY (id));
CREATE TABLE solid_queue_blocked_executions (id bigint, job_id bigint, queue_name varchar,
    priority integer, concurrency_key varchar, expires_at timestamp, created_at timestamp, PRIMARY
    KEY (id));
CREATE TABLE solid_queue_claimed_executions (id bigint, job_id bigint, process_id bigint,
    created_at timestamp, PRIMARY KEY (id));
CREATE TABLE solid_queue_failed_executions (id bigint, job_id bigint, error text, created_at
    timestamp, PRIMARY KEY (id));
CREATE TABLE solid_queue_jobs (id bigint, queue_name varchar, class_name varchar, arguments text,
    priority integer, active_job_id varchar, scheduled_at timestamp, finished_at timestamp,
    concurrency_key varchar, created_at timestamp, updated_at timestamp, PRIMARY KEY (id));
CREATE TABLE solid_queue_pauses (id bigint, queue_name varchar, created_at timestamp, PRIMARY KEY
    (id));
CREATE TABLE solid_queue_processes (id bigint, kind varchar, last_heartbeat_at timestamp,
    supervisor_id bigint, pid integer, hostname varchar, metadata text, created_at timestamp, name
    varchar, PRIMARY KEY (id));
CREATE TABLE solid_queue_ready_executions (id bigint, job_id bigint, queue_name varchar, priority
    integer, created_at timestamp, PRIMARY KEY (id));
CREATE TABLE solid_queue_recurring_executions (id bigint, job_id bigint, task_key varchar, run_at
    timestamp, created_at timestamp, PRIMARY KEY (id));
CREATE TABLE solid_queue_recurring_tasks (id bigint, key varchar, schedule varchar, command
    varchar(2048), class_name varchar, arguments text, queue_name varchar, priority integer,
    static boolean, description text, created_at timestamp, updated_at timestamp, PRIMARY KEY
    (id));
CREATE TABLE solid_queue_scheduled_executions (id bigint, job_id bigint, queue_name varchar,
    priority integer, scheduled_at timestamp, created_at timestamp, PRIMARY KEY (id));
CREATE TABLE solid_queue_semaphores (id bigint, key varchar, value integer, expires_at timestamp,
    created_at timestamp, updated_at timestamp, PRIMARY KEY (id));

-- # Django 3.2.25, Celery 2.4.0, reversion 5.0.4, simple-history 3.1.1: run
CREATE TABLE auth_group (id integer, name varchar(150), PRIMARY KEY (id));
CREATE TABLE auth_group_permissions (id bigint, group_id integer, permission_id integer, PRIMARY
    KEY (id));
CREATE TABLE auth_permission (id integer, name varchar(255), content_type_id integer, codename
    varchar(100), PRIMARY KEY (id));
CREATE TABLE auth_user (id integer, password varchar(128), last_login timestamptz, is_superuser
    boolean, username varchar(150), first_name varchar(150), last_name varchar(150), email
    varchar(254), is_staff boolean, is_active boolean, date_joined timestamptz, PRIMARY KEY (id));
CREATE TABLE auth_user_groups (id bigint, user_id integer, group_id integer, PRIMARY KEY (id));
CREATE TABLE auth_user_user_permissions (id bigint, user_id integer, permission_id integer,
    PRIMARY KEY (id));
CREATE TABLE crm_deal (id bigint, name varchar(50), PRIMARY KEY (id));
CREATE TABLE crm_historicaldeal (id bigint, name varchar(50), history_id integer, history_date
    timestamptz, history_change_reason varchar(100), history_type varchar(1), history_user_id
    integer, PRIMARY KEY (history_id));
CREATE TABLE django_admin_log (id integer, action_time timestamptz, object_id text, object_repr
    varchar(200), action_flag smallint, change_message text, content_type_id integer, user_id
    integer, PRIMARY KEY (id));
CREATE TABLE django_celery_beat_clockedschedule (id integer, clocked_time timestamptz, PRIMARY KEY
    (id));
CREATE TABLE django_celery_beat_crontabschedule (id integer, minute varchar(240), hour
    varchar(96), day_of_week varchar(64), day_of_month varchar(124), month_of_year varchar(64),
    timezone varchar(63), PRIMARY KEY (id));
CREATE TABLE django_celery_beat_intervalschedule (id integer, every integer, period varchar(24),
    PRIMARY KEY (id));
CREATE TABLE django_celery_beat_periodictask (id integer, name varchar(200), task varchar(200),
    args text, kwargs text, queue varchar(200), exchange varchar(200), routing_key varchar(200),
    expires timestamptz, enabled boolean, last_run_at timestamptz, total_run_count integer,
    date_changed timestamptz, description text, crontab_id integer, interval_id integer, solar_id
    integer, one_off boolean, start_time timestamptz, priority integer, headers text, clocked_id
    integer, expire_seconds integer, PRIMARY KEY (id));
CREATE TABLE django_celery_beat_periodictasks (ident smallint, last_update timestamptz, PRIMARY
    KEY (ident));
CREATE TABLE django_celery_beat_solarschedule (id integer, event varchar(24), latitude
    numeric(9,6), longitude numeric(9,6), PRIMARY KEY (id));
CREATE TABLE django_celery_results_chordcounter (id integer, group_id varchar(255), sub_tasks
    text, count integer, PRIMARY KEY (id));
CREATE TABLE django_celery_results_groupresult (id integer, group_id varchar(255), date_created
    timestamptz, date_done timestamptz, content_type varchar(128), content_encoding varchar(64),
    result text, PRIMARY KEY (id));
CREATE TABLE django_celery_results_taskresult (id integer, task_id varchar(255), status
    varchar(50), content_type varchar(128), content_encoding varchar(64), result text, date_done
    timestamptz, traceback text, meta text, task_args text, task_kwargs text, task_name
    varchar(255), worker varchar(100), date_created timestamptz, periodic_task_name varchar(255),
    PRIMARY KEY (id));
CREATE TABLE django_content_type (id integer, app_label varchar(100), model varchar(100), PRIMARY
    KEY (id));
CREATE TABLE django_migrations (id bigint, app varchar(255), name varchar(255), applied
    timestamptz, PRIMARY KEY (id));
CREATE TABLE django_session (session_key varchar(40), session_data text, expire_date timestamptz,
    PRIMARY KEY (session_key));
CREATE TABLE django_site (id integer, domain varchar(100), name varchar(50), PRIMARY KEY (id));
CREATE TABLE my_cache_table (cache_key varchar(255), value text, expires timestamptz, PRIMARY KEY
    (cache_key));
CREATE TABLE reversion_revision (id integer, date_created timestamptz, comment text, user_id
    integer, PRIMARY KEY (id));
CREATE TABLE reversion_version (id integer, object_id varchar(191), format varchar(255),
    serialized_data text, object_repr text, content_type_id integer, revision_id integer, db
    varchar(191), PRIMARY KEY (id));

-- # Laravel 8.83.26, run
CREATE TABLE cache (key varchar(255), value text, expiration integer, PRIMARY KEY (key));
CREATE TABLE cache_locks (key varchar(255), owner varchar(255), expiration integer, PRIMARY KEY
    (key));
CREATE TABLE failed_jobs (id bigint, uuid varchar(255), connection text, queue text, payload text,
    exception text, failed_at timestamp(0), PRIMARY KEY (id));
CREATE TABLE job_batches (id varchar(255), name varchar(255), total_jobs integer, pending_jobs
    integer, failed_jobs integer, failed_job_ids text, options text, cancelled_at integer,
    created_at integer, finished_at integer, PRIMARY KEY (id));
CREATE TABLE jobs (id bigint, queue varchar(255), payload text, attempts smallint, reserved_at
    integer, available_at integer, created_at integer, PRIMARY KEY (id));
CREATE TABLE migrations (id integer, migration varchar(255), batch integer, PRIMARY KEY (id));
CREATE TABLE notifications (id uuid, type varchar(255), notifiable_type varchar(255),
    notifiable_id bigint, data text, read_at timestamp(0), created_at timestamp(0), updated_at
    timestamp(0), PRIMARY KEY (id));
CREATE TABLE sessions (id varchar(255), user_id bigint, ip_address varchar(45), user_agent text,
    payload text, last_activity integer, PRIMARY KEY (id));

-- # Alembic 1.8.1, run
CREATE TABLE alembic_version (version_num varchar(32), PRIMARY KEY (version_num));

-- # Knex 3.3.0, run
CREATE TABLE knex_migrations (id integer, name varchar(255), batch integer, migration_time
    timestamptz, PRIMARY KEY (id));
CREATE TABLE knex_migrations_lock (index integer, is_locked integer, PRIMARY KEY (index));

-- # TypeORM 1.1.1, run
CREATE TABLE migrations (id integer, "timestamp" bigint, name varchar, PRIMARY KEY (id));
CREATE TABLE typeorm_metadata (type varchar, database varchar, schema varchar, "table" varchar,
    name varchar, value text);

-- # Sequelize 6.37.8 with umzug 3.8.3, run
CREATE TABLE "SequelizeData" (name varchar(255), PRIMARY KEY (name));
CREATE TABLE "SequelizeMeta" (name varchar(255), PRIMARY KEY (name));

-- # Drizzle 0.45.4, run in schema public
CREATE TABLE __drizzle_migrations (id integer, hash text, created_at bigint, PRIMARY KEY (id));

-- # node-pg-migrate 9.0.0, run
CREATE TABLE pgmigrations (id integer, name varchar(255), run_on timestamp, PRIMARY KEY (id));

-- # MikroORM 6.4.0, run
CREATE TABLE mikro_orm_migrations (id integer, name varchar(255), executed_at timestamptz, PRIMARY
    KEY (id));

-- # Kysely 0.28.19, run
CREATE TABLE kysely_migration (name varchar(255), "timestamp" varchar(255), PRIMARY KEY (name));
CREATE TABLE kysely_migration_lock (id varchar(255), is_locked integer, PRIMARY KEY (id));

-- # pg-boss 10.4.2, run in schema public
CREATE TABLE archive (id uuid, name text, priority integer, data jsonb, state text, retry_limit
    integer, retry_count integer, retry_delay integer, retry_backoff boolean, start_after
    timestamptz, started_on timestamptz, singleton_key text, singleton_on timestamp, expire_in
    interval, created_on timestamptz, completed_on timestamptz, keep_until timestamptz, output
    jsonb, dead_letter text, policy text, archived_on timestamptz, PRIMARY KEY (id, name));
CREATE TABLE job (id uuid, name text, priority integer, data jsonb, state text, retry_limit
    integer, retry_count integer, retry_delay integer, retry_backoff boolean, start_after
    timestamptz, started_on timestamptz, singleton_key text, singleton_on timestamp, expire_in
    interval, created_on timestamptz, completed_on timestamptz, keep_until timestamptz, output
    jsonb, dead_letter text, policy text, PRIMARY KEY (id, name));
CREATE TABLE queue (name text, policy text, retry_limit integer, retry_delay integer,
    retry_backoff boolean, expire_seconds integer, retention_minutes integer, dead_letter text,
    partition_name text, created_on timestamptz, updated_on timestamptz, PRIMARY KEY (name));
CREATE TABLE schedule (name text, cron text, timezone text, data jsonb, options jsonb, created_on
    timestamptz, updated_on timestamptz, PRIMARY KEY (name));
CREATE TABLE subscription (event text, name text, created_on timestamptz, updated_on timestamptz,
    PRIMARY KEY (event, name));
CREATE TABLE version (version integer, maintained_on timestamptz, cron_on timestamptz,
    monitored_on timestamptz, PRIMARY KEY (version));

-- # River 0.51.2, run
CREATE TABLE river_job (id bigint, state text, attempt smallint, max_attempts smallint,
    attempted_at timestamptz, created_at timestamptz, finalized_at timestamptz, scheduled_at
    timestamptz, priority smallint, args jsonb, attempted_by text[], errors jsonb[], kind text,
    metadata jsonb, queue text, tags varchar(255)[], unique_key bytea, unique_states bit(8),
    PRIMARY KEY (id));
CREATE UNLOGGED TABLE river_leader (elected_at timestamptz, expires_at timestamptz, leader_id
    text, name text, PRIMARY KEY (name));
CREATE TABLE river_migration (line text, version bigint, created_at timestamptz, PRIMARY KEY
    (line, version));
CREATE TABLE river_notification (id bigint, created_at timestamptz, payload text, topic text,
    PRIMARY KEY (id));
CREATE TABLE river_queue (name text, created_at timestamptz, metadata jsonb, paused_at
    timestamptz, updated_at timestamptz, PRIMARY KEY (name));

-- # goose 3.30.1, run
CREATE TABLE goose_db_version (id integer, version_id bigint, is_applied boolean, tstamp
    timestamp, PRIMARY KEY (id));

-- # golang-migrate 4.20.1, run
CREATE TABLE schema_migrations (version bigint, dirty boolean, PRIMARY KEY (version));

-- # Quartz 2.3.2, its schema; Yoyo 8.2.0 and connect-pg-simple 10.0.0, run
CREATE TABLE _yoyo_log (id varchar(36), migration_hash varchar(64), migration_id varchar(255),
    operation varchar(10), username varchar(255), hostname varchar(255), comment varchar(255),
    created_at_utc timestamp, PRIMARY KEY (id));
CREATE TABLE _yoyo_migration (migration_hash varchar(64), migration_id varchar(255),
    applied_at_utc timestamp, PRIMARY KEY (migration_hash));
CREATE TABLE _yoyo_version (version integer, installed_at_utc timestamp, PRIMARY KEY (version));
CREATE TABLE qrtz_blob_triggers (sched_name varchar(120), trigger_name varchar(200), trigger_group
    varchar(200), blob_data bytea, PRIMARY KEY (sched_name, trigger_name, trigger_group));
CREATE TABLE qrtz_calendars (sched_name varchar(120), calendar_name varchar(200), calendar bytea,
    PRIMARY KEY (sched_name, calendar_name));
CREATE TABLE qrtz_cron_triggers (sched_name varchar(120), trigger_name varchar(200), trigger_group
    varchar(200), cron_expression varchar(120), time_zone_id varchar(80), PRIMARY KEY (sched_name,
    trigger_name, trigger_group));
CREATE TABLE qrtz_fired_triggers (sched_name varchar(120), entry_id varchar(95), trigger_name
    varchar(200), trigger_group varchar(200), instance_name varchar(200), fired_time bigint,
    sched_time bigint, priority integer, state varchar(16), job_name varchar(200), job_group
    varchar(200), is_nonconcurrent boolean, requests_recovery boolean, PRIMARY KEY (sched_name,
    entry_id));
CREATE TABLE qrtz_job_details (sched_name varchar(120), job_name varchar(200), job_group
    varchar(200), description varchar(250), job_class_name varchar(250), is_durable boolean,
    is_nonconcurrent boolean, is_update_data boolean, requests_recovery boolean, job_data bytea,
    PRIMARY KEY (sched_name, job_name, job_group));
CREATE TABLE qrtz_locks (sched_name varchar(120), lock_name varchar(40), PRIMARY KEY (sched_name,
    lock_name));
CREATE TABLE qrtz_paused_trigger_grps (sched_name varchar(120), trigger_group varchar(200),
    PRIMARY KEY (sched_name, trigger_group));
CREATE TABLE qrtz_scheduler_state (sched_name varchar(120), instance_name varchar(200),
    last_checkin_time bigint, checkin_interval bigint, PRIMARY KEY (sched_name, instance_name));
CREATE TABLE qrtz_simple_triggers (sched_name varchar(120), trigger_name varchar(200),
    trigger_group varchar(200), repeat_count bigint, repeat_interval bigint, times_triggered
    bigint, PRIMARY KEY (sched_name, trigger_name, trigger_group));
CREATE TABLE qrtz_simprop_triggers (sched_name varchar(120), trigger_name varchar(200),
    trigger_group varchar(200), str_prop_1 varchar(512), str_prop_2 varchar(512), str_prop_3
    varchar(512), int_prop_1 integer, int_prop_2 integer, long_prop_1 bigint, long_prop_2 bigint,
    dec_prop_1 numeric(13,4), dec_prop_2 numeric(13,4), bool_prop_1 boolean, bool_prop_2 boolean,
    PRIMARY KEY (sched_name, trigger_name, trigger_group));
CREATE TABLE qrtz_triggers (sched_name varchar(120), trigger_name varchar(200), trigger_group
    varchar(200), job_name varchar(200), job_group varchar(200), description varchar(250),
    next_fire_time bigint, prev_fire_time bigint, priority integer, trigger_state varchar(16),
    trigger_type varchar(8), start_time bigint, end_time bigint, calendar_name varchar(200),
    misfire_instr smallint, job_data bytea, PRIMARY KEY (sched_name, trigger_name,
    trigger_group));
CREATE TABLE session (sid varchar, sess json, expire timestamp(6), PRIMARY KEY (sid));
CREATE TABLE yoyo_lock (locked integer, ctime timestamp, pid integer, PRIMARY KEY (locked));

-- # PostGIS 3.3.2, of which the table was copied
CREATE TABLE spatial_ref_sys (srid integer, auth_name varchar(256), auth_srid integer, srtext
    varchar(2048), proj4text varchar(2048), PRIMARY KEY (srid));

-- # Ecto, from its published schema
CREATE TABLE schema_migrations (version bigint PRIMARY KEY, inserted_at timestamp(0));

-- # Prisma, from prisma-engines 6
CREATE TABLE _prisma_migrations (id varchar(36) PRIMARY KEY, checksum varchar(64), finished_at
    timestamptz, migration_name varchar(255), logs text, rolled_back_at timestamptz, started_at
    timestamptz, applied_steps_count integer);

-- # Flyway 5 to 10, from dumps
CREATE TABLE flyway_schema_history (installed_rank integer PRIMARY KEY, version varchar(50),
    description varchar(200), type varchar(20), script varchar(1000), checksum integer,
    installed_by varchar(100), installed_on timestamp, execution_time integer, success boolean);

-- # Flyway 4, not tried
CREATE TABLE schema_version (installed_rank integer PRIMARY KEY, version varchar(50), description
    varchar(200), type varchar(20), script varchar(1000), checksum integer, installed_by
    varchar(100), installed_on timestamp, execution_time integer, success boolean);

-- # Liquibase 3.5 to 4, from dumps
CREATE TABLE databasechangelog (id varchar(255), author varchar(255), filename varchar(255),
    dateexecuted timestamp, orderexecuted integer, exectype varchar(10), md5sum varchar(35),
    description varchar(255), comments varchar(255), tag varchar(255), liquibase varchar(20),
    contexts varchar(255), labels varchar(255), deployment_id varchar(10));
CREATE TABLE databasechangeloglock (id integer PRIMARY KEY, locked boolean, lockgranted timestamp,
    lockedby varchar(255));

-- # Entity Framework Core 5 to 10, from dumps
CREATE TABLE "__EFMigrationsHistory" ("MigrationId" varchar(150) PRIMARY KEY, "ProductVersion"
    varchar(32));

-- # Entity Framework Core with names in snake_case
CREATE TABLE "__EFMigrationsHistory" (migration_id varchar(150) PRIMARY KEY, product_version
    varchar(32));

-- # Doctrine Migrations 3, from dumps
CREATE TABLE doctrine_migration_versions (version varchar(191) PRIMARY KEY, executed_at
    timestamp(0), execution_time integer);

-- # Symfony Messenger 5 and 6, from dumps
CREATE TABLE messenger_messages (id bigint PRIMARY KEY, body text, headers text, queue_name
    varchar(190), created_at timestamp(0), available_at timestamp(0), delivered_at timestamp(0));

-- # Oban 2, from its migrations and dumps
CREATE TABLE oban_jobs (id bigint PRIMARY KEY, state text, queue text, worker text, args jsonb,
    errors jsonb[], attempt integer, max_attempts integer, inserted_at timestamp, scheduled_at
    timestamp, attempted_at timestamp, completed_at timestamp, attempted_by text[], discarded_at
    timestamp, priority integer, tags text[], meta jsonb, cancelled_at timestamp);
CREATE UNLOGGED TABLE oban_peers (name text PRIMARY KEY, node text, started_at timestamp,
    expires_at timestamp);

-- # Oban 1, from its migrations
CREATE TABLE oban_jobs (id bigint PRIMARY KEY, state text, queue text, worker text, args jsonb,
    errors jsonb[], attempt integer, max_attempts integer, inserted_at timestamp, scheduled_at
    timestamp, attempted_at timestamp, completed_at timestamp);

-- # Que 1 and 2, from dumps
CREATE TABLE que_jobs (priority smallint, run_at timestamptz, id bigint PRIMARY KEY, job_class
    text, error_count integer, last_error_message text, queue text, last_error_backtrace text,
    finished_at timestamptz, expired_at timestamptz, args jsonb, data jsonb, job_schema_version
    integer, kwargs jsonb);
CREATE UNLOGGED TABLE que_lockers (pid integer PRIMARY KEY, worker_count integer,
    worker_priorities integer[], ruby_pid integer, ruby_hostname text, queues text[], listening
    boolean, job_schema_version integer);
CREATE TABLE que_values (key text PRIMARY KEY, value jsonb);

-- # Que 0.14, from dumps
CREATE TABLE que_jobs (priority smallint, run_at timestamptz, job_id bigint, job_class text, args
    json, error_count integer, last_error text, queue text, PRIMARY KEY (queue, priority, run_at,
    job_id));

-- # Procrastinate 3, its schema
CREATE TABLE procrastinate_jobs (id bigserial PRIMARY KEY, queue_name varchar(128), task_name
    varchar(128), priority integer, lock text, queueing_lock text, args jsonb, status text,
    scheduled_at timestamptz, attempts integer, abort_requested boolean, worker_id varchar(36));
CREATE TABLE procrastinate_periodic_defers (id bigserial PRIMARY KEY, task_name varchar(128),
    defer_timestamp bigint, job_id bigint, periodic_id varchar(128));
CREATE TABLE procrastinate_events (id bigserial PRIMARY KEY, job_id bigint, type text, at
    timestamptz);
CREATE TABLE procrastinate_workers (id bigserial PRIMARY KEY, worker_id varchar(36),
    last_heartbeat timestamptz);

-- # Spring Batch 4 and 5, from dumps
CREATE TABLE batch_job_instance (job_instance_id bigint PRIMARY KEY, version bigint, job_name
    varchar(100), job_key varchar(32));
CREATE TABLE batch_job_execution (job_execution_id bigint PRIMARY KEY, version bigint,
    job_instance_id bigint, create_time timestamp, start_time timestamp, end_time timestamp,
    status varchar(10), exit_code varchar(2500), exit_message varchar(2500), last_updated
    timestamp);
CREATE TABLE batch_job_execution_params (job_execution_id bigint, parameter_name varchar(100),
    parameter_type varchar(100), parameter_value varchar(2500), identifying character(1));
CREATE TABLE batch_job_execution_context (job_execution_id bigint PRIMARY KEY, short_context
    varchar(2500), serialized_context text);
CREATE TABLE batch_step_execution (step_execution_id bigint PRIMARY KEY, version bigint, step_name
    varchar(100), job_execution_id bigint, start_time timestamp, end_time timestamp, status
    varchar(10), commit_count bigint, read_count bigint, filter_count bigint, write_count bigint);
CREATE TABLE batch_step_execution_context (step_execution_id bigint PRIMARY KEY, short_context
    varchar(2500), serialized_context text);

-- # ShedLock, from its documentation
CREATE TABLE shedlock (name varchar(64) PRIMARY KEY, lock_until timestamp, locked_at timestamp,
    locked_by varchar(255));

-- # Laravel Telescope, from dumps
CREATE TABLE telescope_entries (sequence bigint PRIMARY KEY, uuid uuid, batch_id uuid, family_hash
    varchar(255), should_display_on_index boolean, type varchar(20), content text, created_at
    timestamp(0));
CREATE TABLE telescope_entries_tags (entry_uuid uuid, tag varchar(255), PRIMARY KEY (entry_uuid,
    tag));
CREATE TABLE telescope_monitoring (tag varchar(255) PRIMARY KEY);

-- # Laravel 11, from dumps
CREATE TABLE password_reset_tokens (email varchar(255) PRIMARY KEY, token varchar(255), created_at
    timestamp(0));
CREATE TABLE cache_locks (key varchar(255) PRIMARY KEY, owner varchar(255), expiration bigint);

-- # django-auditlog 2 and 3, from dumps
CREATE TABLE auditlog_logentry (id integer PRIMARY KEY, object_pk varchar(255), object_id bigint,
    object_repr text, action smallint, changes jsonb, "timestamp" timestamptz, actor_id bigint,
    content_type_id integer, remote_addr inet, additional_data jsonb, serialized_data jsonb, cid
    varchar(255), changes_text text);

-- # Laravel 5 to 9, from dumps
CREATE TABLE password_resets (email varchar(255), token varchar(255), created_at timestamp(0));

-- # The gem data_migrate, from dumps
CREATE TABLE data_migrations (version varchar PRIMARY KEY);
