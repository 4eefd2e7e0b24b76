"""Prints the seconds in which DuckDB learns what an engineer would ask of it: duckdb_train.py LOGS SCRATCH

LOGS is a folder of CloudTrail files, or a file with one record a line. Per identity, role and region: hourly calls, bytes and
distinct buckets; of each series its quantiles; and the regions and user agents of each identity.
"""
import os, sys, time
import duckdb

logs, scratch = sys.argv[1:]
began = time.time()
db = duckdb.connect(scratch)
db.execute("set preserve_insertion_order = false")
text = "VARCHAR"
fields = {"eventTime": text, "eventName": text, "awsRegion": text, "userAgent": text,
          "userIdentity": {"arn": text, "invokedBy": text, "sessionContext": {"sessionIssuer": {"arn": text}}},
          "requestParameters": {"bucketName": text}, "additionalEventData": {"bytesTransferredOut": "DOUBLE"}}
if os.path.isdir(logs):
    # Text first and its structure second: `read_json` with these columns takes fourteen times as long.
    structure = str({"Records": [fields]}).replace("'", '"')
    records = f"""(select unnest(from_json(json, '{structure}').Records) as r from read_json_objects(
     '{logs}/**/*.json.gz', format = 'unstructured', maximum_object_size = 33554432, compression = 'gzip'))"""
else:
    def struct(of):
        return of if isinstance(of, str) else "STRUCT(" + ", ".join(f"{name} {struct(t)}" for name, t in of.items()) + ")"
    columns = str({name: struct(of) for name, of in fields.items()})
    records = f"(select r from read_json('{logs}', format = 'newline_delimited', columns = {columns}) as r)"
db.execute(f"""create or replace temp table events as
 select left(r.eventTime, 13) as hour, r.eventName as name, r.awsRegion as region, r.userAgent as agent,
  coalesce(r.userIdentity.arn, r.userIdentity.invokedBy) as identity, r.userIdentity.sessionContext.sessionIssuer.arn as role,
  r.requestParameters.bucketName as bucket, coalesce(r.additionalEventData.bytesTransferredOut, 0) as bytes from {records}""")
sums = """count(*) filter (name like 'List%') as lists, count(*) filter (name like 'Get%' or name like 'Head%') as gets,
 sum(bytes) as bytes, count(distinct bucket) as buckets"""
series = " union all ".join(f"select '{kind}' as kind, {kind} as entity, hour, {sums} from events where {kind} is not null group by all"
                            for kind in ("identity", "role", "region"))
db.execute(f"create or replace table hours as {series}")
quantiles = ", ".join(f"quantile_disc({m}, [0.5, 0.9, 0.99]) as {m}_quantiles, max({m}) as {m}_max" for m in ("lists", "gets", "bytes", "buckets"))
db.execute(f"create or replace table baselines as select kind, entity, count(*) as hours, {quantiles} from hours group by kind, entity")
db.execute("create or replace table seen as select identity, list(distinct region) as regions, list(distinct agent) as agents from events group by identity")
db.close()
print(time.time() - began)
