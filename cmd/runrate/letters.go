package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"runrate/consumers/store"
	"runrate/internal/event"
	"runrate/internal/stream"
)

// letterFlags choose dead letters.
type letterFlags struct {
	reason, topic, source, id, at, since, until string
}

func (l *letterFlags) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&l.reason, "reason", "", "only dead letters with this reason (default: all)")
	f.StringVar(&l.topic, "topic", "", "only dead letters of this topic (default: both)")
	f.StringVar(&l.source, "source", "", "only events of this CloudEvents source, as far as it can be read")
	f.StringVar(&l.id, "id", "", "only events with this CloudEvents id, as far as it can be read")
	f.StringVar(&l.at, "at", "", "only the record at TOPIC/PARTITION@OFFSET")
	f.StringVar(&l.since, "since", "", "only records stamped at or after this time (RFC 3339)")
	f.StringVar(&l.until, "until", "", "only records stamped before this time (RFC 3339)")
}

// reasons are all that a record is refused for.
var reasons = []event.Reason{event.Malformed, event.UnknownType, event.WrongPartition, event.Invalid, event.TooNew, event.TooOld, event.UnknownProduct, event.UnpricedMeter}

// filter is what the flags ask for of the view; source and id are looked for in what it
// yields.
func (l *letterFlags) filter() (store.DeadLetterFilter, error) {
	out := store.DeadLetterFilter{Topic: l.topic, Reason: l.reason, At: l.at}
	if l.reason != "" && !slices.Contains(reasons, event.Reason(l.reason)) {
		return out, fmt.Errorf("--reason %q is none: it is one of %s", l.reason, strings.Trim(fmt.Sprint(reasons), "[]"))
	}
	if l.topic != "" {
		if _, ok := stream.InputNamed(l.topic); !ok {
			return out, fmt.Errorf("--topic %q is no input topic: they are %s and %s", l.topic, stream.Inputs()[0], stream.Inputs()[1])
		}
	}
	if l.at != "" {
		if _, err := stream.Usage.ParsePlace(l.at); err != nil {
			return out, fmt.Errorf("--at %w", err)
		}
	}
	for _, bound := range []struct {
		flag, text string
		to         *event.Time
	}{{"since", l.since, &out.Since}, {"until", l.until, &out.Until}} {
		if bound.text == "" {
			continue
		}
		t, err := time.Parse(time.RFC3339Nano, bound.text)
		if err != nil {
			return out, fmt.Errorf("--%s %q is no RFC 3339 time, such as 2026-11-23T00:00:00Z", bound.flag, bound.text)
		}
		*bound.to = event.TimeOf(t)
	}
	return out, nil
}

// editBy changes a dead letter's value by a command of the shell.
func editBy(command string) func(context.Context, store.DeadLetter) ([]byte, error) {
	return func(ctx context.Context, letter store.DeadLetter) ([]byte, error) {
		cmd := exec.CommandContext(ctx, "sh", "-c", command) //nolint:gosec // it is the user's own command
		cmd.Env = append(os.Environ(), "RUNRATE_REASON="+string(letter.Reason), "RUNRATE_DETAIL="+letter.Detail, "RUNRATE_PLACE="+place(letter))
		cmd.Stdin = bytes.NewReader(letter.Payload)
		var errs bytes.Buffer
		cmd.Stderr = &errs
		out, err := cmd.Output()
		if err != nil {
			return nil, fmt.Errorf("%s: %w: %.200s", command, err, bytes.TrimSpace(errs.Bytes()))
		}
		if out = bytes.TrimRight(out, "\r\n"); len(out) == 0 {
			return nil, fmt.Errorf("%s: it wrote nothing; the event to send is required", command)
		}
		return out, nil
	}
}

// place is where a dead letter stands, as --at takes it.
func place(d store.DeadLetter) string { return fmt.Sprintf("%s/%d@%d", d.Topic, d.Partition, d.Offset) }
