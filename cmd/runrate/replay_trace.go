package main

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"runrate/internal/event"
	"runrate/producers/publish"
	"runrate/producers/trace"
)

// builtInShift moves a trace of 2023-11-16 to the same day three years later,
// where the built-in prices apply. It is fixed, so that a second run sends the
// same events.
const builtInShift = 1096 * 24 * time.Hour

type traceFlags struct {
	accounts, repeat        int
	speed                   float64
	shift, every, tick      time.Duration
	start, prices, output   string
	noPrices, noTicks       bool
	shiftGiven, pricesGiven bool
}

func replayTraceCommand(a *app) *cobra.Command {
	var o publishFlags
	var t traceFlags
	cmd := &cobra.Command{
		Use:   "replay-trace [FILE[=PRODUCT]...]",
		Short: "Send a trace of real LLM API calls as usage events",
		Long: `Send the calls of trace files (CSV: TIMESTAMP,ContextTokens,GeneratedTokens, as
in the Azure LLM inference traces) as usage.recorded events, merged in the order
of time. Without files, a small made-up sample is sent.

Product: the file's name tells (conv: chat-large, code: code-completion), or
FILE=PRODUCT. Accounts: the traces name none; each row is given one of
--accounts by a fixed, skewed rule (the account of rank r has about 1/r of the
calls of the first), and segment and region follow from the account.

Times are the trace's own, moved by --shift or to --start. With the built-in
prices, which begin in 2026, the default is to move them by three years (1096
days). Ids come from file and row, so sending the same again adds nothing.

The price book goes first, with the time of the first call; it does not take the
place of one that was published with a later time. The clock goes along: a tick a
minute of event time, and at the end ticks that close the last hour and the last
day. The pipeline's clock then stands at the midnight after the trace: replay
into one started with --no-ticker.`,
		Example: examples(
			"runrate replay-trace azure_llm_inference_2023_conv.csv azure_llm_inference_2023_code.csv",
			"runrate replay-trace --speed 60 conv.csv code.csv             # an hour in a minute",
			"runrate replay-trace --repeat 72 --start 2026-11-01T00:00:00Z conv.csv  # three days, hour after hour",
			"runrate replay-trace --output - | head                       # look at the sample's events",
		),
		RunE: func(cmd *cobra.Command, args []string) error {
			t.shiftGiven, t.pricesGiven = cmd.Flags().Changed("shift"), cmd.Flags().Changed("prices")
			replay, summary, err := a.replay(t, args)
			if err != nil {
				return err
			}
			sink := func(s trace.Sink) error {
				return replay.Run(cmd.Context(), summary, a.withProgress(s, summary.Calls*int64(replay.Repeat)))
			}
			if t.output != "" {
				return a.toFile(t.output, func(w io.Writer) error { return sink(trace.NewNDJSON(w)) })
			}
			return a.publish(cmd.Context(), o, func(p *publish.Publisher) error { return sink(p) })
		},
	}
	a.kafkaFlags(cmd)
	o.register(cmd)
	t.register(cmd)
	return cmd
}

func (t *traceFlags) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.IntVar(&t.accounts, "accounts", 1000, "accounts that the calls are spread over, 1 to 99,999")
	f.Float64Var(&t.speed, "speed", 0, "how much faster than the trace, 1 being its own pace; 0: as fast as possible")
	f.DurationVar(&t.shift, "shift", 0, "moves all event times by this `duration` (default 26304h with the built-in prices)")
	f.StringVar(&t.start, "start", "", "moves all event times so that the first call is at this `time` (RFC 3339)")
	f.IntVar(&t.repeat, "repeat", 1, "how often the trace is played, each time with other ids")
	f.DurationVar(&t.every, "every", 0, "from the start of one playing to the next (default: the trace's length, rounded up to hours)")
	f.StringVar(&t.prices, "prices", "", "price book `FILE` (default: the built-in example)")
	f.BoolVar(&t.noPrices, "no-prices", false, "send no price book: one is in force already")
	f.DurationVar(&t.tick, "tick", time.Minute, "event time between clock ticks, 5m at most")
	f.BoolVar(&t.noTicks, "no-ticks", false, "send no clock ticks: a clock runs already")
	f.StringVar(&t.output, "output", "", "write the events to this `FILE` (- for standard output), for runrate publish, not to Kafka")
}

// replay turns the flags into a replay and reads the trace through.
func (a *app) replay(t traceFlags, args []string) (trace.Replay, trace.Summary, error) {
	none := func(err error) (trace.Replay, trace.Summary, error) { return trace.Replay{}, trace.Summary{}, err }
	switch {
	case t.shiftGiven && t.start != "":
		return none(usagef("--shift and --start exclude each other: give one"))
	case t.noPrices && t.pricesGiven:
		return none(usagef("--prices and --no-prices exclude each other: give one"))
	}
	inputs, err := trace.Files(args)
	if err != nil {
		return none(usageError{err})
	}
	if len(inputs) == 0 {
		inputs = trace.Sample()
	}
	summary, err := trace.Scan(inputs)
	if err != nil {
		return none(err)
	}
	r := trace.Replay{
		Inputs: inputs, Accounts: t.accounts, Repeat: t.repeat, Every: micros(t.every), Speed: t.speed,
		Shift: micros(t.shift), Tick: micros(t.tick),
	}
	if t.noTicks {
		r.Tick = 0
	}
	switch {
	case t.start != "":
		start, err := time.Parse(time.RFC3339, t.start)
		if err != nil {
			return none(usagef("--start %q is no RFC 3339 time such as 2026-11-01T00:00:00Z", t.start))
		}
		r.Shift = event.TimeOf(start) - summary.First
	case !t.shiftGiven && !t.pricesGiven && !t.noPrices:
		r.Shift = micros(builtInShift)
	}
	if !t.noPrices {
		if r.Book, err = a.readBook(t.prices); err != nil {
			return none(err)
		}
	}
	return r, summary, nil
}

func micros(d time.Duration) event.Time { return event.Time(d / time.Microsecond) }

// withProgress shows a bar on a terminal.
func (a *app) withProgress(s trace.Sink, calls int64) trace.Sink {
	if !terminal(a.err) {
		return s
	}
	bar := progressbar.NewOptions64(calls, progressbar.OptionSetWriter(a.err), progressbar.OptionSetDescription("calls"),
		progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionClearOnFinish())
	return progress{s, bar}
}

type progress struct {
	trace.Sink
	bar *progressbar.ProgressBar
}

// SendTo sends on, and counts the calls that were taken.
func (p progress) SendTo(ctx context.Context, route publish.Route, value []byte) error {
	err := p.Sink.SendTo(ctx, route, value)
	if err == nil && route.Type == event.UsageRecorded {
		_ = p.bar.Add(1) // a bar that cannot be drawn is no reason to stop
	}
	return err
}

// Flush flushes the sink and takes the bar away, also when that fails.
func (p progress) Flush(ctx context.Context) error {
	return errors.Join(p.Sink.Flush(ctx), p.bar.Finish())
}
