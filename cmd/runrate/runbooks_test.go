package main

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

const runbooks = "../../deploy/runbooks"

// kafkaTools are the flags of Apache Kafka's tools that runbooks use.
var kafkaTools = map[string][]string{
	"kafka-topics.sh":          {"--bootstrap-server", "--describe", "--topic"},
	"kafka-consumer-groups.sh": {"--bootstrap-server", "--describe", "--group", "--members"},
	"kafka-configs.sh":         {"--bootstrap-server", "--alter", "--entity-type", "--entity-name", "--add-config"},
	"kafka-transactions.sh":    {"--bootstrap-server", "--topic", "--partition", "--start-offset"},
}

// TestRunbooks: each command of a runbook is one that this program has, with its flags and
// arguments, and each view is one of the schema; every page has its four parts.
func TestRunbooks(t *testing.T) {
	pages, err := filepath.Glob(runbooks + "/*.md")
	if err != nil || len(pages) < 20 {
		t.Fatalf("%d runbooks: %v", len(pages), err)
	}
	commands := 0
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		if filepath.Base(page) != "README.md" {
			for _, part := range []string{"## Symptom\n", "## Do\n", "## Do not\n", "## Rebuild?\n"} {
				if !strings.Contains(string(text), "\n"+part) {
					t.Errorf("%s has no part %q", page, part)
				}
			}
		}
		for _, block := range regexp.MustCompile("(?s) ```(sh|sql)\n(.*?)\n *```").FindAllStringSubmatch(string(text), -1) {
			if block[1] == "sql" {
				checkViews(t, page, block[2])
				continue
			}
			for line := range strings.Lines(block[2]) {
				commands++
				checkCommand(t, page, shellWords(strings.TrimSpace(line)))
			}
		}
		for _, link := range regexp.MustCompile(`\]\((\S+\.md)\)`).FindAllStringSubmatch(string(text), -1) {
			if _, err := os.Stat(filepath.Join(runbooks, link[1])); err != nil {
				t.Errorf("%s links to what is not there: %v", page, err)
			}
		}
	}
	if commands < 40 {
		t.Errorf("only %d commands were found", commands)
	}
}

// shellWords splits a line as a shell does, as far as runbooks need it.
func shellWords(line string) (words []string) {
	for _, m := range regexp.MustCompile(`'([^']*)'|(\S+)`).FindAllStringSubmatch(line, -1) {
		words = append(words, m[1]+m[2])
	}
	return words
}

func checkCommand(t *testing.T, page string, words []string) {
	t.Helper()
	if flags, ok := kafkaTools[words[0]]; ok {
		for _, w := range words[1:] {
			if strings.HasPrefix(w, "--") && !slices.Contains(flags, w) {
				t.Errorf("%s: %s has no %s", page, words[0], w)
			}
		}
		return
	}
	if words[0] != "runrate" {
		t.Errorf("%s: what is %q?", page, words[0])
		return
	}
	cmd, rest, err := newRoot(&app{out: &output{to: io.Discard}, err: io.Discard}).Find(words[1:])
	if err == nil && cmd.Name() == "runrate" {
		t.Errorf("%s: runrate has no %q", page, words[1:])
		return
	}
	if err == nil {
		err = parses(cmd, rest)
	}
	if err != nil {
		t.Errorf("%s: %q: %v", page, words, err)
	}
}

// parses says whether a command takes these flags and arguments.
func parses(cmd *cobra.Command, words []string) error {
	cmd.InitDefaultHelpFlag()
	if err := cmd.ParseFlags(words); err != nil {
		return err
	}
	return cmd.ValidateArgs(cmd.Flags().Args())
}

// checkViews holds what a query reads of the database to the views that there are.
func checkViews(t *testing.T, page, query string) {
	t.Helper()
	for _, m := range regexp.MustCompile(`revenue\.(\w+)`).FindAllStringSubmatch(query, -1) {
		if !slices.Contains(viewNames(t), m[1]) {
			t.Errorf("%s: there is no view %s", page, m[1])
		}
	}
}

func viewNames(t *testing.T) (names []string) {
	t.Helper()
	files, err := filepath.Glob("../../schemas/clickhouse/views/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d views: %v", len(files), err)
	}
	for _, f := range files {
		names = append(names, strings.TrimSuffix(filepath.Base(f), ".sql"))
	}
	return names
}
