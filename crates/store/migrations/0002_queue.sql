-- The table becomes a queue. Moments that only this program reads are whole microseconds since 1970.
alter table tasks add column attempt integer not null default 0;
-- Counts claims, also those that were given back: it tells an old lease from the present one.
alter table tasks add column lease integer not null default 0;
alter table tasks add column lease_ends_at integer;
alter table tasks add column worker varchar;
alter table tasks add column due_at integer;
-- What is to be done, a JSON text, and the recording: until the task has ended.
alter table tasks add column request text;
alter table tasks add column media varchar;
alter table tasks add column progress_stage varchar;
alter table tasks add column progress_percentage float;
alter table tasks add column callback_status varchar;
alter table tasks add column callback_attempts integer not null default 0;
alter table tasks add column callback_error varchar;
alter table tasks add column request_id varchar;

-- Python writes NaN into JSON, which no other reader takes. What SQLite understands is written again; what it does not
-- is kept as a JSON string, so that whoever asks gets JSON, and nothing is lost.
update tasks set result = json(result)
where result is not null and not json_valid(result) and json_valid(result, 2);
update tasks set result = json_quote(cast(result as text))
where result is not null and not json_valid(result);
update tasks set task_params = json(task_params)
where task_params is not null and not json_valid(task_params) and json_valid(task_params, 2);
update tasks set task_params = null
where task_params is not null and not json_valid(task_params);

-- The reference never said whether a callback was delivered. Tasks that have not ended are failed by the first
-- recovery, which tells their callbacks.
update tasks set callback_status = 'failed', callback_error = 'an older program did not record whether it was delivered'
where callback_url is not null and status in ('completed', 'failed');
update tasks set callback_status = 'pending'
where callback_url is not null and status not in ('completed', 'failed');

-- The reference finds the first of two rows with one name, so that one keeps it; the others stay readable under a name
-- with their row number.
create index tasks_uuid on tasks (uuid);
update tasks set uuid = uuid || '-' || id
where exists (select 1 from tasks as earlier where earlier.uuid = tasks.uuid and earlier.id < tasks.id);
drop index tasks_uuid;
create unique index tasks_uuid on tasks (uuid);

create index tasks_queued on tasks (id) where status = 'queued';
create index tasks_processing on tasks (id) where status = 'processing';
create index tasks_completed on tasks (end_time) where status = 'completed' and attempt > 0;

-- Messages to callbacks that are neither delivered nor given up.
create table outbox (
    task varchar not null primary key references tasks (uuid) on delete cascade,
    -- The scheme, host and port of its URL.
    receiver varchar not null,
    -- Attempts whose outcome is known.
    attempts integer not null default 0,
    due_at integer not null,
    -- Counts claims: it tells an old sender from the present one.
    claim integer not null default 0,
    -- Somebody is sending it, unless this is past.
    claimed_until integer
);
create index outbox_due on outbox (due_at);
create index outbox_claimed on outbox (claimed_until, receiver) where claimed_until is not null;

-- The log of attempts to deliver.
create table deliveries (
    id integer not null primary key,
    task varchar not null references tasks (uuid) on delete cascade,
    attempt integer not null,
    ended_at integer not null,
    took_micros integer not null,
    status integer,
    error varchar
);
create index deliveries_task on deliveries (task);
