"""Builds a training set over the archive by Spark SQL alone, and prints its rows as lines of JSON."""

import json
import sys

from pyspark.sql import SparkSession

archive, spine, ttl_ms = sys.argv[1:]

spark = (
    SparkSession.builder.master("local[1]")
    .config("spark.sql.session.timeZone", "UTC")
    .config("spark.ui.enabled", "false")
    .config("spark.driver.host", "127.0.0.1")
    .config("spark.driver.bindAddress", "127.0.0.1")
    .config("spark.driver.memory", "1g")
    .config("spark.sql.shuffle.partitions", "2")
    .getOrCreate()
)
spark.sparkContext.setLogLevel("ERROR")
spark.read.parquet(archive).createOrReplaceTempView("history")
spark.read.parquet(spine).createOrReplaceTempView("spine")

# The newest row that each row of the spine may see; age and ended keys are judged afterwards.
rows = spark.sql(
    f"""
    with newest as (
      select s.row, s.`at`,
        max_by(struct(h.*), struct(h.event_timestamp, h.created_timestamp, h.revision)) as h
      from spine s left join history h
        on h.ad_id = s.ad_id and h.event_timestamp <= s.`at` and h.created_timestamp <= s.`at`
      group by s.row, s.`at`
    ), judged as (
      select *, case
        when h.event_timestamp is null or h.is_gone then 0
        when unix_micros(`at`) - unix_micros(h.event_timestamp) > {int(ttl_ms)} * 1000L then 2
        else 1 end as status
      from newest
    )
    select row, status,
      if(status = 0, null, unix_millis(h.event_timestamp)) as event_ms,
      if(status = 0, null, unix_millis(h.created_timestamp)) as created_ms,
      if(status = 0, null, h.revision) as revision,
      if(status = 1, h.price, null) as price,
      if(status = 1, h.title, null) as title,
      if(status = 1, h.embedding, null) as embedding
    from judged order by row"""
).collect()
for row in rows:
    print(json.dumps([row[name] for name in row.__fields__], ensure_ascii=True))
spark.stop()
