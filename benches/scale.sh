#!/usr/bin/env bash
# scale.sh PLIMSOLL [EVENTS:IDENTITIES]...
# scale.sh generate EVENTS IDENTITIES FIRST_DAY DAYS
#
# The first prints what a first training of two weeks costs, its store, and the next day followed live, as events and identities grow:
# one line of a Markdown table for each size. Needs bash, awk, gzip and GNU time; the largest size needs 3 GB in TMPDIR. The second
# writes the records only.
set -euo pipefail

# generate EVENTS IDENTITIES FIRST_DAY DAYS: CloudTrail records, one a line, in order of time. Each identity is seen once in
# turn, and a few of them most of the time. The same arguments give the same bytes with any awk.
generate() {
  awk -v events="$1" -v identities="$2" -v first="$3" -v days="$4" '
    function random(n) { seed = (seed * 16807) % 2147483647; return int(seed / 2147483647 * n) }
    BEGIN {
      seed = 20260301 + first
      split("GetObject GetObject GetObject HeadObject ListObjects ListObjects PutObject DeleteObject", operations, " ")
      split("us-east-1 us-west-2 eu-west-1 eu-central-1", regions, " ")
      split("aws-cli/2.15.30|Boto3/1.34.69 md/Botocore#1.34.69|aws-sdk-go-v2/1.25.2 os/linux|aws-sdk-java/1.12.681 Linux", agents, "|")
      last = -1
      for (i = 0; i < events; i++) {
        who = int(i * identities / events)
        if (who == last) { u = random(1000000) / 1000000; who = int(identities * u * u * u) } else last = who
        second = int(i * 86400 * days / events)
        time = sprintf("2026-03-%02dT%02d:%02d:%02dZ", first + int(second / 86400), second / 3600 % 24, second / 60 % 60, second % 60)
        account = 111111111111 + who % 20
        operation = operations[1 + random(8)]
        bucket = "acme-data-" (who * 7 + random(6)) % 5000
        key = "warehouse/dt=" substr(time, 1, 10) "/part-" random(100000) ".parquet"
        named = operation == "ListObjects" ? "\"prefix\":\"warehouse/dt=" substr(time, 1, 10) "/\"" : "\"key\":\"" key "\""
        printf "{\"eventVersion\":\"1.11\",\"userIdentity\":{\"type\":\"IAMUser\",\"principalId\":\"AIDA%012d\",\"arn\":\"arn:aws:iam::%d:user/person-%d\",\"accountId\":\"%d\",\"accessKeyId\":\"AKIA%012d\",\"userName\":\"person-%d\"},", who, account, who, account, who, who
        printf "\"eventTime\":\"%s\",\"eventSource\":\"s3.amazonaws.com\",\"eventName\":\"%s\",\"awsRegion\":\"%s\",\"sourceIPAddress\":\"10.%d.%d.%d\",\"userAgent\":\"[%s]\",", time, operation, regions[1 + who % 4], who % 200, who % 250, 1 + random(3), agents[1 + who % 4]
        printf "\"requestParameters\":{\"bucketName\":\"%s\",\"Host\":\"%s.s3.amazonaws.com\",%s},\"responseElements\":null,\"additionalEventData\":{\"SignatureVersion\":\"SigV4\",\"CipherSuite\":\"TLS_AES_128_GCM_SHA256\",\"bytesTransferredIn\":0,\"AuthenticationMethod\":\"AuthHeader\",\"bytesTransferredOut\":%d},", bucket, bucket, named, operation == "GetObject" ? 1000 + random(9000000) : 400 + random(3000)
        printf "\"requestID\":\"%08X%08X\",\"eventID\":\"%08x-%04x-4000-a000-%012d\",\"readOnly\":%s,\"resources\":[{\"accountId\":\"%d\",\"type\":\"AWS::S3::Bucket\",\"ARN\":\"arn:aws:s3:::%s\"}],\"eventType\":\"AwsApiCall\",\"managementEvent\":false,\"recipientAccountId\":\"%d\",\"eventCategory\":\"Data\"}\n", random(2147483647), i, random(2147483647), first, i, operation ~ /Put|Delete/ ? "false" : "true", account, bucket, account
      }
    }'
}

if [ $# -eq 0 ]; then
  sed -n "2,3s/^# //p" "$0" >&2
  exit 2
fi
if [ "$1" = generate ]; then
  generate "$2" "$3" "$4" "$5"
  exit
fi
plimsoll=$(realpath "$1")
shift
[ $# -gt 0 ] || set -- 100000:2000 1000000:2000 10000000:2000 2000000:10000 2000000:100000 2000000:1000000
days=14
looks=20
lines_per_look=500

# cpu PID: the processor time of a process so far, in milliseconds.
cpu() {
  awk -v ticks="$(getconf CLK_TCK)" '{ print int(($14 + $15) * 1000 / ticks) }' "/proc/$1/stat"
}

# at_rest PID: waits until a process does nothing more.
at_rest() {
  local before=-1
  while [ "$before" != "$(cpu "$1")" ]; do
    before=$(cpu "$1")
    sleep 2
  done
}

echo "| events | identities | logs, MB | train, s | CPU-s | peak, MB | store, MB | 2,000 lines scored, CPU-s | peak, MB | a look of $lines_per_look lines, CPU-ms |"
echo "|---|---|---|---|---|---|---|---|---|---|"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
for size in "$@"; do
  events=${size%:*} identities=${size#*:}
  mkdir logs live
  generate "$events" "$identities" 1 "$days" | split --lines=$((events / 100)) --filter='gzip -1 > $FILE' --additional-suffix=.json.gz - logs/
  generate "$((events / days + 2 * looks * lines_per_look))" "$identities" "$((days + 1))" 1 > day.jsonl
  command time -o train -f '%e %U %S %M' "$plimsoll" train logs --store store --quiet
  read -r wall user system peak < train

  head -n 2000 day.jsonl > few.jsonl
  command time -o score -f '%U %S %M' "$plimsoll" score few.jsonl --store store --quiet --out alerts
  read -r score_user score_system score_peak < score

  half=$(($(wc -l < day.jsonl) / 2))
  head -n "$half" day.jsonl > live/day.jsonl
  "$plimsoll" score --follow live --poll 100ms --store store --quiet --out alerts &
  follower=$!
  at_rest $follower
  before=$(cpu $follower)
  for look in $(seq "$looks"); do
    tail -n "+$((half + 1 + (look - 1) * lines_per_look))" day.jsonl | head -n "$lines_per_look" >> live/day.jsonl || true
    sleep 0.5
  done
  at_rest $follower
  look_ms=$((($(cpu $follower) - before) / looks))
  kill -INT $follower
  wait $follower || true

  awk -v OFS=' | ' -v events="$events" -v identities="$identities" -v logs="$(du -sm logs | cut -f1)" -v wall="$wall" -v cpu="$(awk "BEGIN { print $user + $system }")" \
    -v peak="$peak" -v store="$(du -sm --exclude='follow*' store | cut -f1)" -v score="$(awk "BEGIN { print $score_user + $score_system }")" -v score_peak="$score_peak" -v look="$look_ms" \
    'BEGIN { print "| " events, identities, logs, wall, cpu, int(peak / 1000), store, score, int(score_peak / 1000), look " |" }'
  rm -rf -- logs live store day.jsonl few.jsonl alerts train score
done
