package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"runrate/consumers/store"
	"runrate/internal/event"
)

func deadLettersCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "dead-letters",
		Short: "Refused records: list, show, count",
		Long: `Records that were refused are kept as they came, with the reason, in the view
dead_letters. list names them one a line, show prints one whole, stats counts them.
runrate redrive publishes them again.`,
	}
	cmd.AddCommand(deadLettersList(a), deadLettersShow(a), deadLettersStats(a))
	return cmd
}

// letterStates are the states by name; all of them if none is named.
func letterStates(name string) ([]store.LetterState, error) {
	all := []store.LetterState{store.LetterOpen, store.LetterRedriven, store.LetterAccepted, store.LetterDuplicate}
	switch {
	case name == "all":
		return all, nil
	case slices.Contains(all, store.LetterState(name)):
		return []store.LetterState{store.LetterState(name)}, nil
	}
	return nil, fmt.Errorf("--state %q is none: it is open, redriven, accepted, duplicate or all", name)
}

// letter is a dead letter with what its attributes are.
type letter struct {
	store.DeadLetter
	event.Attributes
}

// letters calls each with the dead letters that are asked for, until it says false.
func (a *app) letters(cmd *cobra.Command, which letterFlags, state string, each func(letter) bool) error {
	states, err := letterStates(state)
	if err != nil {
		return usageError{err}
	}
	filter, err := which.filter()
	if err != nil {
		return usageError{err}
	}
	tables, err := a.openClickHouse(cmd)
	if err != nil {
		return err
	}
	return a.eachLetter(cmd.Context(), tables, filter, states, which, each)
}

func (a *app) eachLetter(ctx context.Context, tables *store.Store, filter store.DeadLetterFilter, states []store.LetterState, which letterFlags, each func(letter) bool) error {
	var decoder event.Decoder
	for d, err := range tables.DeadLetters(ctx, filter, states...) {
		if err != nil {
			return err
		}
		l := letter{d, decoder.Attributes(d.Headers, d.Payload)}
		if which.source != "" && l.Source != which.source || which.id != "" && l.ID != which.id {
			continue
		}
		if !each(l) {
			return nil
		}
	}
	return nil
}

func deadLettersList(a *app) *cobra.Command {
	var which letterFlags
	var state string
	var most int
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "Dead letters, one a line",
		Example: examples(
			"runrate dead-letters list --reason wrong_partition",
			"runrate dead-letters list --source gateway/eu-1 --state all --json",
		),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			n, more := 0, false
			err := a.letters(cmd, which, state, func(l letter) bool {
				if more = n == most; more {
					return false
				}
				n++
				if asJSON {
					a.printf("%s\n", l.json())
				} else {
					a.printf("%s %s %s %s: %s\n", place(l.DeadLetter), l.DeadLetter.Time, l.State, l.Reason, l.Detail)
				}
				return true
			})
			if err == nil && more {
				a.printf("ended at --most %d: there are more\n", most)
			}
			return err
		},
	}
	a.clickhouseFlags(cmd)
	which.register(cmd)
	f := cmd.Flags()
	f.StringVar(&state, "state", "open", "open, redriven, accepted, duplicate or all")
	f.IntVar(&most, "most", 1000, "at most so many")
	f.BoolVar(&asJSON, "json", false, "one JSON object a line, with key, headers and payload")
	return cmd
}

func deadLettersShow(a *app) *cobra.Command {
	return withClickHouse(a, &cobra.Command{
		Use:     "show TOPIC/PARTITION@OFFSET",
		Short:   "One dead letter whole",
		Example: examples("runrate dead-letters show runrate.usage/0@15"),
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			found := false
			err := a.letters(cmd, letterFlags{at: args[0]}, "all", func(l letter) bool {
				found = true
				a.printf("%s", l.text())
				return true
			})
			if err == nil && !found {
				return fmt.Errorf("no record at %s was refused; runrate dead-letters list names those that were", args[0])
			}
			return err
		},
	})
}

func withClickHouse(a *app, cmd *cobra.Command) *cobra.Command {
	a.clickhouseFlags(cmd)
	return cmd
}

// text is all of a dead letter, for people.
func (l letter) text() string {
	out := fmt.Sprintf("%s\nrecorded   %s\nstate      %s\nreason     %s\ndetail     %s\nkey        %s\n",
		place(l.DeadLetter), l.DeadLetter.Time, l.State, l.Reason, l.Detail, shown(l.Key))
	for _, h := range l.Headers {
		out += fmt.Sprintf("header     %s: %s\n", h.Name, shown(h.Value))
	}
	if !l.HeadersKept {
		out += "headers    not kept: it was refused by a program that did not\n"
	}
	return out + fmt.Sprintf("type       %s\nsource     %s\nid         %s\nsubject    %s\ntime       %s\npayload    %s\n",
		l.Type, l.Source, l.ID, l.Subject, l.Attributes.Time, shown(l.Payload))
}

// shown is text as it is, and what is no text in quotes with escapes.
func shown(b []byte) string {
	for _, r := range string(b) {
		if r == utf8.RuneError || r < ' ' {
			return fmt.Sprintf("%q", b)
		}
	}
	return string(b)
}

// json is all of a dead letter; bytes are in base64 where they are no UTF-8.
func (l letter) json() []byte {
	type header struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	out := struct {
		Topic       string    `json:"topic"`
		Partition   int32     `json:"partition"`
		Offset      int64     `json:"offset"`
		Time        time.Time `json:"time"`
		State       string    `json:"state"`
		Reason      string    `json:"reason"`
		Detail      string    `json:"detail"`
		Source      string    `json:"source,omitempty"`
		ID          string    `json:"id,omitempty"`
		Subject     string    `json:"subject,omitempty"`
		Key         string    `json:"key"`
		Headers     []header  `json:"headers,omitempty"`
		Payload     string    `json:"payload,omitempty"`
		PayloadBase []byte    `json:"payload_base64,omitempty"`
	}{
		Topic: l.Topic, Partition: l.Partition, Offset: int64(l.Offset), Time: l.DeadLetter.Time.UTC(), State: string(l.State),
		Reason: string(l.Reason), Detail: l.Detail, Source: l.Source, ID: l.ID, Subject: l.Subject, Key: string(l.Key),
	}
	for _, h := range l.Headers {
		out.Headers = append(out.Headers, header{h.Name, string(h.Value)})
	}
	if utf8.Valid(l.Payload) {
		out.Payload = string(l.Payload)
	} else {
		out.PayloadBase = l.Payload
	}
	text, err := json.Marshal(out)
	if err != nil {
		panic(err) // it holds nothing that cannot be written
	}
	return text
}

func deadLettersStats(a *app) *cobra.Command {
	var which letterFlags
	var state string
	cmd := &cobra.Command{
		Use:     "stats",
		Short:   "Dead letters counted by reason, source and day",
		Example: examples("runrate dead-letters stats --since 2026-11-01T00:00:00Z"),
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			type group struct{ reason, source, day string }
			counts := map[group]int64{}
			total := int64(0)
			err := a.letters(cmd, which, state, func(l letter) bool {
				counts[group{string(l.Reason), l.Source, l.DeadLetter.Time.UTC().Format(time.DateOnly)}]++
				total++
				return true
			})
			if err != nil {
				return err
			}
			t := table.NewWriter()
			t.AppendHeader(table.Row{"reason", "source", "day (UTC)", "records"})
			keys := slices.SortedFunc(maps.Keys(counts), func(a, b group) int {
				return cmp.Or(cmp.Compare(a.reason, b.reason), cmp.Compare(a.source, b.source), cmp.Compare(a.day, b.day))
			})
			for _, k := range keys {
				t.AppendRow(table.Row{k.reason, cmp.Or(shown([]byte(k.source)), "(not readable)"), k.day, counts[k]})
			}
			t.AppendFooter(table.Row{"", "", "all", total})
			a.printf("%s\n", t.Render())
			return nil
		},
	}
	a.clickhouseFlags(cmd)
	which.register(cmd)
	cmd.Flags().StringVar(&state, "state", "all", "open, redriven, accepted, duplicate or all")
	return cmd
}
