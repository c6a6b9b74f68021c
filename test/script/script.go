// Package script plays text scripts in tests of the folds: events in, rows out,
// both written by hand. A script is a file that begins with the rule it shows, in
// prose, and goes on with sections:
//
//	35 days behind the clock is still taken, a microsecond more is not.
//
//	in:
//	book standard
//	tick 2026-04-20T00:00:00Z
//	2026-03-16T00:00:00Z acme used chat calls=1
//	2026-03-15T23:59:59.999999Z acme used chat calls=1
//
//	refused:
//	too_old
//
// Section "in" is the log, one record a line (records.go says the forms); every
// other section is a view, and its lines the rows that the view must have
// (views.go). Run plays all scripts of a directory.
package script

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"runrate/internal/stream"
	"runrate/test/sim"
)

// Script is one file.
type Script struct {
	Name     string // of the file, without .txt
	Dir      string // that it is in
	sections map[string][]string
	logs     map[stream.Kind]*log // that section "in" is, once it was played
}

// Cut says what happens after a record, which is a tick or is not.
type Cut func(tick bool) sim.Cut

// ways are how a script is played: the rows must not depend on it.
var ways = []struct {
	name string
	cut  Cut
}{
	{"flushed at the end", func(bool) sim.Cut { return sim.FoldOn }},
	{"flushed after every tick", func(tick bool) sim.Cut {
		if tick {
			return sim.Flush
		}
		return sim.FoldOn
	}},
	{"flushed after every record", func(bool) sim.Cut { return sim.Flush }},
	{"restarted after every record", func(bool) sim.Cut { return sim.Restart }},
}

// Run plays each script of a directory through the folds: flushed at the end, after
// every tick, and after every record, and restarted after every record. There must be
// as many scripts as count says, so that none is lost without a word.
func Run(t *testing.T, dir string, count int) { RunWith(t, dir, count, play) }

// Player makes the tables that the section "in" of a script comes to, cut as told.
type Player func(t *testing.T, s *Script, cut Cut) *sim.Tables

// RunWith is Run with another player than the folds, for a part of one.
func RunWith(t *testing.T, dir string, count int, play Player) {
	for _, s := range load(t, dir, count) {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			s.run(t, play)
		})
	}
}

// run plays a script in each of the ways, and compares the views of the first with
// the script's. The others must end in the same rows under the same versions.
func (s *Script) run(t *testing.T, play Player) {
	var first *sim.Tables
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			tables := play(t, s, way.cut)
			if len(tables.Conflicts) > 0 {
				t.Errorf("a key and version with two contents: %s", tables.Conflicts[0])
			}
			if first == nil {
				first = tables
				s.compare(t, tables)
			} else if diff := first.Diff(tables); diff != "" {
				t.Errorf("other rows than %s: %s", ways[0].name, diff)
				s.compare(t, tables)
			}
		})
	}
}

// load reads the scripts of a directory, in the order of their names.
func load(t *testing.T, dir string, count int) []*Script {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.txt"))
	if err != nil || len(files) != count {
		t.Fatalf("%d scripts in %s, want %d: %v", len(files), dir, count, err)
	}
	var all []*Script
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		s := &Script{Name: strings.TrimSuffix(filepath.Base(file), ".txt"), Dir: dir, sections: sections(string(text))}
		if err := s.check(); err != nil {
			t.Fatalf("script %s: %v", file, err)
		}
		all = append(all, s)
	}
	return all
}

// sections are the lines of a script under its headings; what comes before the
// first is prose.
func sections(text string) map[string][]string {
	out := map[string][]string{}
	heading := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutSuffix(line, ":"); ok && !strings.Contains(name, " ") {
			heading = name
			out[heading] = []string{}
		} else if line != "" {
			out[heading] = append(out[heading], line)
		}
	}
	return out
}

// check finds the script that could not fail: no prose, no records, nothing to
// compare, or a section that nothing reads.
func (s *Script) check() error {
	compared := 0
	for heading := range s.sections {
		switch {
		case slices.ContainsFunc(views, func(v view) bool { return v.section == heading }):
			compared++
		case heading != "" && heading != "in" && heading != "definition":
			return fmt.Errorf("nothing is known of a section %q", heading)
		}
	}
	if len(s.sections[""]) == 0 || len(s.sections["in"]) == 0 || compared == 0 {
		return errors.New("it needs prose, records under in:, and a view to compare")
	}
	return nil
}

// Lines are those of a section, none if it is not there.
func (s *Script) Lines(section string) []string { return s.sections[section] }
