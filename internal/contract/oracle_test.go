package contract

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"

	"runrate/internal/broker"
	"runrate/internal/oracle"
	"runrate/internal/oracle/gen"
	"runrate/internal/stream"
)

// TestOracleThroughTheStack sends generated streams through the whole pipeline,
// which is stopped or killed on the way, and expects every row of every view to
// be the oracle's. gen.Stream(seed, options) makes a stream again.
func TestOracleThroughTheStack(t *testing.T) {
	t.Parallel()
	stop, kill := (*pipeline).terminate, (*pipeline).kill
	for _, tt := range []struct {
		seed    uint64
		options gen.Options
		breaks  []func(*pipeline, *testing.T) // between equal pieces of the stream
		args    []string
	}{
		{1, gen.Options{Records: 700, Days: 4, Partitions: 3}, []func(*pipeline, *testing.T){stop}, nil},
		{2, gen.Options{Records: 700, Days: 4, Partitions: 4}, []func(*pipeline, *testing.T){kill}, nil},
		{3, gen.Options{Records: 300, Days: 75, Partitions: 2}, []func(*pipeline, *testing.T){stop, kill},
			// Flushes at every turn, and next to no memory of identities.
			[]string{"--flush-records=7", "--recent=1h", "--recent-identities=5"}},
		{4, gen.Options{Records: 500, Days: 8, Partitions: 2}, []func(*pipeline, *testing.T){kill, kill, kill, stop},
			[]string{"--flush-every=20ms"}},
	} {
		t.Run(fmt.Sprint("seed ", tt.seed), func(t *testing.T) {
			t.Parallel()
			g := fromZero(gen.Stream(tt.seed, tt.options))
			want := make(chan oracle.Views, 1)
			go func() { want <- oracle.Compute(g.Log(), g.Partitions, oracle.Options{}) }()

			args := append([]string{"--no-ticker", fmt.Sprint("--partitions=", g.Partitions)}, tt.args...)
			p := up(t, args...)
			pieces := len(tt.breaks) + 1
			for i := range pieces {
				n := len(g.Entries)
				p.append(t, g.Entries[i*n/pieces:(i+1)*n/pieces])
				if i < len(tt.breaks) {
					tt.breaks[i](p, t) // whatever is folded by now
					p.start(t)
					p.ready(t)
				}
			}
			p.settle(t)
			expected := <-want
			if diff := oracle.Diff(p.views(t), expected); diff != "" {
				t.Errorf("seed %d, %+v (- is missing, + is too many):\n%s", tt.seed, tt.options, diff)
			}
			p.checkPayloads(t, g)
			p.verify(t)
			p.terminate(t)
		})
	}
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
		selected := "`" + strings.ReplaceAll(columns[name], " ", "`, `") + "`"
		switch name {
		case "usage_events":
			selected = strings.Replace(selected, "`quantities`", "arrayStringConcat(arraySort(arrayMap((m, n) -> m || '=' || toString(n), mapKeys(quantities), mapValues(quantities))), ',')", 1)
		case "dead_letters":
			selected = "topic, partition, offset, reason"
		case "freshness":
			selected = "topic, partition, if(clock = toDateTime64(0, 6), '', formatDateTime(clock, '%Y-%m-%dT%H:%i:%S.%fZ')), next_offset"
		}
		rows := p.query(t, "SELECT "+selected+" FROM "+name, "date_time_output_format=iso", "output_format_decimal_trailing_zeros=1")
		slices.Sort(rows)
		views[name] = rows // also without a row: Diff passes over views that are not there
	}
	return views
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
