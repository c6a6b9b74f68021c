#!/bin/sh
# Posts 50 usage events to the door, and each of them again, by curl.
#
# publish_http.sh CLIENT URL KEY
set -eu
client=$1 url=$2 key=$3
n=0
while [ $n -lt 50 ]; do
	event='{"specversion":"1.0","type":"usage.recorded","source":"'$client'","id":"event-'$n'","time":"2026-11-02T11:00:00.123Z","subject":"acct_'$n'","data":{"product":"chat","quantities":{"in":1}}}'
	for _ in 1 2; do
		curl --silent --show-error --fail-with-body --header "Authorization: Bearer $key" --header 'Content-Type: application/cloudevents+json' --data "$event" "$url"
	done
	n=$((n + 1))
done
