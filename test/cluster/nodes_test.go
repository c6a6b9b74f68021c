//go:build cluster && linux

package cluster

import (
	"encoding/json"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// nodes is a running cluster, called main.
type nodes struct {
	Control string
	Nodes   []node
}

// node is one ClickHouse server: s1r2 is replica 2 of shard 1.
type node struct{ Name, Native string }

// layout is the shape of a cluster.
type layout struct {
	shards, replicas int
	names            string // of replicas: per-shard (r1 in each shard) or unique
}

// startNodes starts a new cluster and waits until all of it serves. It ends with the
// test.
func startNodes(t *testing.T, l layout) *nodes {
	t.Helper()
	if tool == "" {
		t.Skip(absent)
	}
	cache, err := filepath.Abs(filepath.Join(root, ".cache", "chcluster"))
	if err != nil {
		t.Fatal(err)
	}
	p := start(t, tool, "up", "--dir", t.TempDir(), engine(t), "--cache", cache, "--shards", strconv.Itoa(l.shards),
		"--replicas", strconv.Itoa(l.replicas), "--replica-names", l.names)
	within(t, "the cluster serves", func() bool {
		if p.ended() {
			t.Fatalf("chcluster ended:\n%s%s", p.out.String(), p.err.String())
		}
		return strings.HasSuffix(p.out.String(), "\n")
	})
	n := new(nodes)
	if err := json.Unmarshal([]byte(p.out.String()), n); err != nil {
		t.Fatalf("chcluster: %v\n%s", err, p.out.String())
	}
	if len(n.Nodes) != l.shards*l.replicas {
		t.Fatalf("chcluster started %v, want %+v", n.Nodes, l)
	}
	return n
}

// command has chcluster do something to a node: kill, stop, cont, start or wipe.
func (n *nodes) command(t *testing.T, what, name string) {
	t.Helper()
	resp, err := http.Post(n.Control+"/"+what+"/"+name, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("chcluster, %s %s: %s, %v\n%s", what, name, resp.Status, err, text)
	}
}

// address is that of some nodes, as --clickhouse takes it; all of them when none is
// named.
func (n *nodes) address(names ...string) string {
	var out []string
	for _, node := range n.Nodes {
		if len(names) == 0 || slices.Contains(names, node.Name) {
			out = append(out, node.Native)
		}
	}
	return strings.Join(out, ",")
}

// ask is a query's rows of strings, of one node, a line each.
func (n *nodes) ask(t *testing.T, name, query string) string {
	t.Helper()
	conn, err := clickhouse.Open(&clickhouse.Options{Addr: []string{n.address(name)}})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	rows, err := conn.Query(t.Context(), query)
	if err != nil {
		t.Fatalf("%s: %s: %v", name, query, err)
	}
	defer rows.Close()
	out, err := lines(rows)
	if err != nil {
		t.Fatalf("%s: %s: %v", name, query, err)
	}
	return strings.Join(out, "\n")
}

func lines(rows driver.Rows) ([]string, error) {
	var out []string
	for rows.Next() {
		line := make([]string, len(rows.Columns()))
		into := make([]any, len(line))
		for i := range line {
			into[i] = &line[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		out = append(out, strings.Join(line, " "))
	}
	return out, rows.Err()
}

// exec has one node do something.
func (n *nodes) exec(t *testing.T, name, statement string) {
	t.Helper()
	conn, err := clickhouse.Open(&clickhouse.Options{Addr: []string{n.address(name)}})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.Exec(t.Context(), statement); err != nil {
		t.Fatalf("%s: %s: %v", name, statement, err)
	}
}
