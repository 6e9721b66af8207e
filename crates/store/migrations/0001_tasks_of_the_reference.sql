-- The table as the reference service makes it, so that a file written by that service and a new one go the same way
-- from here on. Its columns keep their names and formats for ever: date-times are texts `YYYY-MM-DD HH:MM:SS.ffffff`
-- in UTC, JSON is text, and an absent JSON value may be the text `null`.
create table if not exists tasks (
    id integer not null primary key,
    uuid varchar not null,
    status varchar not null,
    result json,
    file_name varchar,
    url varchar,
    callback_url varchar,
    audio_duration float,
    language varchar,
    task_type varchar not null,
    task_params json,
    duration float,
    start_time datetime,
    end_time datetime,
    error varchar,
    created_at datetime not null,
    updated_at datetime not null
);
