package program

import (
	"encoding/hex"
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"

	"runrate/internal/broker"
	"runrate/internal/stream"
	chschema "runrate/schemas/clickhouse"
	"runrate/test/oracle"
	"runrate/test/oracle/gen"
)

var seeds = flag.Uint64("seeds", 4, "streams to send through the stack")

// plan is what a seed makes of the test: a stream, how the pipeline runs, and how
// it ends between equal pieces of the stream, to be started again.
type plan struct {
	stream gen.Generated
	args   []string
	ends   []end
}

// end ends a pipeline that was sent so many records in all.
type end func(t *testing.T, p *pipeline, sent int)

func planOf(seed uint64) plan {
	stop := func(t *testing.T, p *pipeline, _ int) { p.terminate(t) }
	kill := func(t *testing.T, p *pipeline, _ int) { p.kill(t) }
	// killed while it writes; as a rule the other is killed before it wrote
	killLater := func(t *testing.T, p *pipeline, sent int) {
		p.something(t, sent)
		p.kill(t)
	}
	options := gen.Options{Records: 700, Days: 4, Partitions: 2 + int32(seed%3)}
	var plan plan
	switch seed % 4 {
	case 0:
		options.Days = 8
		plan.ends = []end{kill, killLater, stop, killLater}
		plan.args = []string{"--flush-every=20ms"}
	case 1:
		plan.ends = []end{stop}
	case 2:
		plan.ends = []end{kill}
	case 3:
		options.Records, options.Days = 300, 75
		plan.ends = []end{stop, killLater}
		// Flushes at every turn, and next to no memory of identities.
		plan.args = []string{"--flush-records=7", "--recent=1h", "--recent-identities=5"}
	}
	plan.stream = fromZero(gen.Stream(seed, options))
	plan.args = append(plan.args, "--no-ticker", fmt.Sprint("--partitions=", options.Partitions))
	return plan
}

// TestOracleThroughTheStack sends generated streams through the whole pipeline,
// which is stopped or killed on the way, and expects every row of every view to
// be the oracle's.
func TestOracleThroughTheStack(t *testing.T) {
	t.Parallel()
	for seed := uint64(1); seed <= *seeds; seed++ {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			plan := planOf(seed)
			want := make(chan oracle.Views, 1)
			go func() { want <- oracle.Compute(plan.stream.Log(), plan.stream.Partitions, oracle.Options{}) }()
			p := up(t, plan.args...)
			entries, pieces := plan.stream.Entries, len(plan.ends)+1
			for i := range pieces {
				from, to := i*len(entries)/pieces, (i+1)*len(entries)/pieces
				p.append(t, entries[from:to])
				if i < len(plan.ends) {
					plan.ends[i](t, p, to)
					p.start(t)
					p.ready(t)
				}
			}
			p.settle(t)
			computed := <-want
			if diff := oracle.Diff(p.views(t), computed); diff != "" {
				t.Errorf("%s (- is missing, + is too many):\n%s", plan.stream.Describe(), diff)
			}
			p.checkNow(t, plan.stream.Log(), computed, plan.stream.Partitions)
			p.checkPayloads(t, plan.stream)
			p.verify(t, p.allowed(t, plan.stream.Partitions)...)
			p.terminate(t)
		})
	}
}

// allowed is what lets verify pass if a stream left some partition without a
// clock: then no as_of is shown that it could compare.
func (p *pipeline) allowed(t *testing.T, partitions int32) []string {
	t.Helper()
	if p.query(t, "SELECT countIf(toUnixTimestamp(clock) > 0) FROM freshness")[0] == fmt.Sprint(2*partitions) {
		return nil
	}
	return []string{"--allow-unknown"}
}

// something waits until the pipeline has written more than when it was called,
// or all that was sent.
func (p *pipeline) something(t *testing.T, sent int) {
	t.Helper()
	const written = "SELECT sum(next_offset) FROM freshness"
	before := p.query(t, written)[0]
	within(t, "something is written", func() bool {
		now := p.query(t, written)[0]
		return now != before || now == fmt.Sprint(sent)
	})
}

// fromZero gives the records the offsets of a log that begins at 0.
func fromZero(g gen.Generated) gen.Generated {
	next := map[stream.Source]stream.Offset{}
	for i, e := range g.Entries {
		g.Entries[i].Record.Offset = next[e.Source]
		next[e.Source]++
	}
	return g
}

// append writes records to Kafka, to the partition and under the key they have,
// and checks that they get the offsets they have. It sends a few at a time, so
// that the pipeline folds while they come.
func (p *pipeline) append(t *testing.T, entries []gen.Entry) {
	t.Helper()
	client, err := broker.Open(broker.Config{Brokers: []string{loopback(p.kafka)}})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for chunk := range slices.Chunk(entries, 40) {
		batches := map[stream.Source][]gen.Entry{}
		for _, e := range chunk {
			batches[e.Source] = append(batches[e.Source], e)
		}
		for source, batch := range batches {
			var messages []broker.Message
			for _, e := range batch {
				messages = append(messages, broker.Message{Key: e.Record.Key, Value: e.Record.Value})
			}
			at, err := client.Append(t.Context(), source.Topic, source.Partition, messages)
			if err != nil {
				t.Fatal(err)
			}
			if at != batch[0].Record.Offset {
				t.Fatalf("%s: a record got offset %d, not %d", source, at, batch[0].Record.Offset)
			}
		}
	}
}

// views are all rows of all views in the oracle's form.
func (p *pipeline) views(t *testing.T) oracle.Views {
	t.Helper()
	views := oracle.Views{}
	for _, name := range oracle.Names {
		rows := p.query(t, "SELECT "+selected(name)+" FROM "+chschema.Ask{Currency: oracle.Asked}.Of(name), "date_time_output_format=iso", "output_format_decimal_trailing_zeros=1")
		slices.Sort(rows)
		views[name] = rows // also without a row: Diff passes over views that are not there
	}
	return views
}

// selected are the columns of a view that the oracle has, in its form.
func selected(name string) string {
	selected := "`" + strings.ReplaceAll(columns[name], " ", "`, `") + "`"
	switch name {
	case "usage_events":
		selected = strings.Replace(selected, ", `partition`, `offset`", "", 1)
		selected = strings.Replace(selected, "`quantities`", "arrayStringConcat(arraySort(arrayMap((m, n) -> m || '=' || toString(n), mapKeys(quantities), mapValues(quantities))), ',')", 1)
	case "dead_letters":
		selected = "topic, partition, offset, reason"
	case "retention_30d", "retention", "cohorts":
		for _, ratio := range []string{"nrr", "grr", "quick_ratio", "logo_churn", "arr_share"} {
			selected = strings.Replace(selected, "`"+ratio+"`", "ifNull(toString(reinterpretAsUInt64("+ratio+")), '')", 1)
		}
		selected = strings.Replace(selected, "`arpa`", "ifNull(toDecimalString(arpa, 12), '')", 1)
	case "freshness":
		selected = "topic, partition, if(clock = toDateTime64(0, 6), '', formatDateTime(clock, '%Y-%m-%dT%H:%i:%S.%fZ')), next_offset"
	}
	return selected
}

// checkPayloads holds dead_letters to the bytes that were sent.
func (p *pipeline) checkPayloads(t *testing.T, g gen.Generated) {
	t.Helper()
	sent := map[string]string{}
	for _, e := range g.Entries {
		sent[fmt.Sprintf("%s\t%d\t%d", e.Source.Topic, e.Source.Partition, e.Record.Offset)] = hex.EncodeToString(e.Record.Value)
	}
	for _, row := range p.query(t, "SELECT topic, partition, offset, lower(hex(payload)) FROM dead_letters") {
		cut := strings.LastIndexByte(row, '\t')
		if sent[row[:cut]] != row[cut+1:] {
			t.Errorf("dead_letters %q is not what was sent, %s", row, sent[row[:cut]])
		}
	}
}
