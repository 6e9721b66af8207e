-- What the person who sent a recording should know about its result: a JSON list of texts, or null.
alter table tasks add column notes text;

create trigger tasks_keep_their_notes before update of notes on tasks
when old.status in ('completed', 'failed') and new.notes is not old.notes
begin
    select raise(abort, 'a task that has ended stays as it is');
end;
