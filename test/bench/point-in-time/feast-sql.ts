/**
 * The steps of the query that Feast 0.66 generates for PostgreSQL, for one feature view with a created timestamp column
 * and without a TTL: a text identifies each row of the spine, all earlier rows of its key are joined to it, reduced to the
 * last created of each event timestamp, numbered from the newest, and joined back to all of them for the features. It has
 * no cut-off on created timestamps: rows that were known late leak in.
 */
export const FEAST_SQL = `
  with spine_rows as (
    select *, account_id || at::text as id from spine
  ), wanted as (
    select account_id, at, id from spine_rows group by account_id, at, id
  ), history as (
    select event_timestamp, created_timestamp, account_id, basket_mean, basket_last, risk, orders, is_member
    from bench_history.stats_1_v1 where event_timestamp <= (select max(at) from spine_rows)
  ), earlier as (
    select history.*, wanted.at, wanted.id
    from history join wanted on history.account_id = wanted.account_id and history.event_timestamp <= wanted.at
  ), last_created as (
    select id, event_timestamp, max(created_timestamp) as created_timestamp from earlier group by id, event_timestamp
  ), newest as (
    select id, event_timestamp, created_timestamp from (
      select id, event_timestamp, created_timestamp, row_number() over (
        partition by id order by event_timestamp desc, created_timestamp desc) as place
      from earlier join last_created using (id, event_timestamp, created_timestamp)
    ) numbered where place = 1
  ), found as (
    select earlier.* from earlier join newest using (id, event_timestamp, created_timestamp)
  )
  select "row", basket_mean, basket_last, risk, orders, is_member from spine_rows
  left join (select id, basket_mean, basket_last, risk, orders, is_member from found) found using (id)`;
