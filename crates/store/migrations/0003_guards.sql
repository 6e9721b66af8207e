-- Contract 6.3, whoever writes: transitions that are not listed there fail, and a task that has ended keeps its outcome.
create trigger tasks_begin_queued before insert on tasks
when new.status <> 'queued'
begin
    select raise(abort, 'a new task is queued');
end;

create trigger tasks_go_legal_ways before update of status on tasks
when new.status is not old.status and not (
    (old.status = 'queued' and new.status in ('processing', 'failed'))
    or (old.status = 'processing' and new.status in ('queued', 'completed', 'failed'))
)
begin
    select raise(abort, 'a task does not go this way');
end;

create trigger tasks_end_with_an_outcome before update of status on tasks
when (new.status = 'completed' and new.result is null)
    or (new.status = 'failed' and coalesce(trim(new.error), '') = '')
begin
    select raise(abort, 'a task that ends has a result or an error');
end;

create trigger tasks_have_outcomes_only_at_the_end before update of status, result, error on tasks
when (new.status <> 'completed' and coalesce(new.result, 'null') <> 'null')
    or (new.status <> 'failed' and new.error is not null)
begin
    select raise(abort, 'only a task that has ended has a result or an error');
end;

create trigger tasks_keep_their_outcome
before update of status, result, error, duration, start_time, end_time, task_type, attempt on tasks
when old.status in ('completed', 'failed') and (
    new.status is not old.status
    or new.result is not old.result
    or new.error is not old.error
    or new.duration is not old.duration
    or new.start_time is not old.start_time
    or new.end_time is not old.end_time
    or new.task_type is not old.task_type
    or new.attempt is not old.attempt
)
begin
    select raise(abort, 'a task that has ended stays as it is');
end;

create trigger tasks_keep_their_names before update of uuid on tasks
when new.uuid is not old.uuid
begin
    select raise(abort, 'a task keeps its name');
end;
