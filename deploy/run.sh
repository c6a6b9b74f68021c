#!/usr/bin/env bash
# The demonstration behind `make run`: starts the whole pipeline on this machine,
# replays three histories into it, and shows what comes out.
#
#   1. subscriptions   a file of 7,043 customers, six years up to 2026-06-01
#   2. a whole company made up from a seed, 66 days up to 2026-11-06
#   3. LLM API calls   a trace of 28,185 real calls, moved into the last of those
#                      days: late events, which amend windows that are closed
#
# in this order, since the pipeline's clock only moves forward. Where the real
# files are not there, small made-up ones of the same shape stand in; the output
# says which. Then it proves the numbers (runrate verify), prints where to ask,
# and stays up until Ctrl-C.
#
# Environment:
#   ONCE=1        end after the proof; the exit code tells whether it held
#   DATA=DIR      where to keep data (default: data). Each run starts afresh in
#                 DIR/run; one left by an earlier run is removed first.
#   KAFKA_PORT, CLICKHOUSE_TCP_PORT, CLICKHOUSE_HTTP_PORT, LISTEN_PORT
#                 default: 9092, 9000, 8123, 8080, or a free one where that is taken
#   TELCO=FILE, TRACES="FILE FILE"
#                 the real files (default: those of ../shared/data)
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
bin=bin/runrate
data=${DATA:-data}
run=$data/run
mark=$run/made-by-make-run
telco=${TELCO:-../shared/data/telco_customer_churn.csv}
trace_start=2026-11-05T18:00:00Z # within 35 days of the clock: the end of the simulated days
traces=${TRACES:-../shared/data/azure_llm_inference_2023_conv.csv ../shared/data/azure_llm_inference_2023_code.csv}

say() { printf '\n\033[1m[%3ds] %s\033[0m\n' "$SECONDS" "$*"; }
[ -t 1 ] || say() { printf '\n[%3ds] %s\n' "$SECONDS" "$*"; }
fail() {
	echo "make run: $*" >&2
	exit 1
}

# Settings of the environment are for other pipelines than this one.
for variable in ${!RUNRATE_@}; do
	[ "$variable" = RUNRATE_CLICKHOUSE_LIB ] || unset "$variable"
done

[ -x "$bin" ] || fail "$bin is not there: run make build"

# One run at a time, in a fresh directory. What is not ours is not removed.
if [ -e "$run" ]; then
	[ -f "$mark" ] || fail "$run is there and was not made by make run; name another place with DATA=DIR"
	old=$(cat "$mark")
	if [ -n "$old" ] && kill -0 "$old" 2>/dev/null && ps -p "$old" -o args= 2>/dev/null | grep -q "runrate up"; then
		fail "a run is still up in $run (process $old): end it first, or name another place with DATA=DIR"
	fi
	echo "removing $run, which an earlier run left"
	rm -rf "$run"
fi
mkdir -p "$run"
: >"$mark"

# port is a port's given number, its default, or 0 (a free one) where that is
# taken.
port() {
	if [ -n "$1" ]; then
		echo "$1"
	elif (exec 3<>"/dev/tcp/127.0.0.1/$2") 2>/dev/null; then
		echo 0
	else
		echo "$2"
	fi
}

pid=
stop() {
	code=$?
	trap - EXIT INT TERM
	if [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null; then
		say "stopping"
		kill -TERM "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	fi
	exit "$code"
}
trap stop EXIT
trap 'exit 0' INT TERM

: >"$run/up.out"
say "starting broker, ClickHouse and consumers in $run (log: $run/up.log)"
"$bin" up --no-ticker --data-dir "$run" \
	--listen "127.0.0.1:$(port "${LISTEN_PORT:-}" 8080)" \
	--kafka-port "$(port "${KAFKA_PORT:-}" 9092)" \
	--clickhouse-tcp-port "$(port "${CLICKHOUSE_TCP_PORT:-}" 9000)" \
	--clickhouse-http-port "$(port "${CLICKHOUSE_HTTP_PORT:-}" 8123)" \
	>"$run/up.out" 2>"$run/up.log" &
pid=$!
echo "$pid" >"$mark"

until grep -q "ready when" "$run/up.out"; do
	if ! kill -0 "$pid" 2>/dev/null; then
		cat "$run/up.log" >&2
		fail "the pipeline did not start"
	fi
	sleep 0.2
done
address() { sed -n "s|^ *$1 *\(http://\)\{0,1\}||p" "$run/up.out"; }
RUNRATE_BROKERS=$(address Kafka)
RUNRATE_CLICKHOUSE=$(address "ClickHouse native")
http=$(address "ClickHouse HTTP")
page=http://$(address "the numbers" | sed 's| in a browser$||')
export RUNRATE_BROKERS RUNRATE_CLICKHOUSE

if [ -r "$telco" ]; then
	say "subscriptions: the real file $telco"
	"$bin" replay-subscriptions "$telco"
else
	say "subscriptions: the built-in sample, made up ($telco is not there)"
	"$bin" replay-subscriptions
fi

say "a company made up from a seed (simulate --preset billion-dollar-month)"
"$bin" simulate --preset billion-dollar-month --truth "$run/truth.json"

real=yes
for file in $traces; do
	[ -r "$file" ] || real=
done
if [ -n "$real" ]; then
	say "LLM API calls: the real traces $traces, accounts assigned by rule, moved to $trace_start"
	# shellcheck disable=SC2086 # a list
	"$bin" replay-trace --no-ticks --start "$trace_start" $traces
else
	say "LLM API calls: the built-in sample, made up (not all there: $traces)"
	"$bin" replay-trace --no-ticks --start "$trace_start"
fi

say "waiting until all of it is folded and written"
"$bin" settle --timeout 5m

say "what came out (api-platform and chat-apps are made up; all prices per token are fictitious)"
"$bin" report

say "comparing with what the made-up company knows it did"
failed=0
"$bin" simulate --preset billion-dollar-month --check --failed --truth "$run/truth.json" || failed=1

say "proving the rest from the events"
"$bin" verify || failed=1

if [ "$failed" = 0 ]; then
	say "done: the numbers above are proven"
else
	say "FAILED: do not trust the numbers above"
fi
[ -z "${ONCE:-}" ] || exit "$failed"

cat <<EOF

Open this in a browser:

  $page

  Kafka             $RUNRATE_BROKERS
  ClickHouse native $RUNRATE_CLICKHOUSE
  ClickHouse HTTP   http://$http

Ask it something:

  curl 'http://$http/?database=revenue' -d 'SELECT as_of, line, net_new, closing FROM net_new_arr ORDER BY as_of DESC LIMIT 10 FORMAT PrettyCompact'

It stays up until Ctrl-C. Send your own events:

  $bin publish --brokers $RUNRATE_BROKERS FILE
EOF
wait "$pid" || failed=1
exit "$failed"
