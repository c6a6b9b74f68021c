//go:build clients

package clients

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

const publishing = root + "/docs/PUBLISHING.md"

var fence = regexp.MustCompile("(?ms)^```([a-z]*)\n(.*?)^```\n")

// TestPage runs every example of docs/PUBLISHING.md as it stands, but for the broker's
// port: the event of each is counted, and nothing is refused.
func TestPage(t *testing.T) {
	page, err := os.ReadFile(publishing)
	if err != nil {
		t.Fatal(err)
	}
	p := up(t)
	seen := map[string]bool{}
	for _, m := range fence.FindAllStringSubmatch(string(page), -1) {
		language, text := m[1], strings.ReplaceAll(m[2], "127.0.0.1:9092", p.brokers())
		if seen[language] {
			t.Errorf("two examples in %s", language)
		}
		seen[language] = true
		t.Run(language, func(t *testing.T) { output(t, example(t, p, language, text)) })
	}
	p.runrate(t, "", "settle", "--brokers", p.brokers())
	for _, language := range []string{"sh", "go", "python", "javascript", "java"} {
		if !seen[language] {
			t.Errorf("there is no example in %s", language)
		}
		if got := p.query(t, "SELECT count() FROM usage_events WHERE source = 'my-service/"+language+"'")[0]; got != "1" {
			t.Errorf("%s: %s events are counted, want 1", language, got)
		}
	}
	if dead := p.query(t, "SELECT reason, detail FROM dead_letters LIMIT 10"); dead[0] != "" {
		t.Errorf("refused:\n%s", strings.Join(dead, "\n"))
	}
}

// example is the command that runs an example, in a directory of its own.
func example(t *testing.T, p *pipeline, language, text string) *exec.Cmd {
	t.Helper()
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	var cmd *exec.Cmd
	switch language {
	case "sh":
		bin := filepath.Join(dir, "bin")
		if err := os.Mkdir(bin, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(p.binary, filepath.Join(bin, "runrate")); err != nil {
			t.Fatal(err)
		}
		t.Setenv("RUNRATE_BROKERS", p.brokers())
		t.Setenv("RUNRATE_CLICKHOUSE", "127.0.0.1:"+strconv.Itoa(p.tcp))
		cmd = exec.Command("sh", "-eu", file("example.sh", text))
	case "go":
		mod, err := os.ReadFile(root + "/go.mod")
		if err != nil {
			t.Fatal(err)
		}
		sum, err := os.ReadFile(root + "/go.sum")
		if err != nil {
			t.Fatal(err)
		}
		own := strings.Replace(string(mod), "module runrate\n", "module example\n", 1)
		file("go.mod", own+"\nrequire runrate v0.0.0\n\nreplace runrate => "+absolute(t, root)+"\n")
		file("go.sum", string(sum))
		file("main.go", text)
		cmd = exec.Command("go", "run", "-mod=mod", ".")
	case "python":
		cmd = exec.Command(absolute(t, cache+"/venv/bin/python"), file("example.py", text))
	case "javascript":
		cmd = exec.Command("node", file("example.js", text))
	case "java":
		cmd = exec.Command("java", "-cp", absolute(t, cache+"/java")+"/*", file("FirstEvent.java", text))
	default:
		t.Fatalf("no test runs an example in %q", language)
	}
	cmd.Dir = dir
	return cmd
}

// TestTable: the page's table has each client that TestClients runs, in the version that
// is pinned.
func TestTable(t *testing.T) {
	page, err := os.ReadFile(publishing)
	if err != nil {
		t.Fatal(err)
	}
	pins := ""
	for _, file := range []string{"python/requirements.txt", "javascript/package.json", "pom.xml"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		pins += string(text)
	}
	for _, c := range publishers {
		row := regexp.MustCompile("(?m)^\\| `" + c.source + "`[^|]*\\| ([0-9.]+) \\|").FindStringSubmatch(string(page))
		if row == nil {
			t.Errorf("%s is not in the table", c.source)
		} else if !strings.Contains(pins, row[1]) {
			t.Errorf("%s is in the table with version %s, which is not pinned", c.source, row[1])
		}
	}
}
