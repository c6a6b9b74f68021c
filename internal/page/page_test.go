package page

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"runrate/deploy/local"
	"runrate/internal/lag/judge"
	chschema "runrate/schemas/clickhouse"
	"runrate/test/localtest"
)

func TestMain(m *testing.M) { localtest.Main(m) }

// connect is a connection as a user of the test's ClickHouse.
func connect(t *testing.T, user string) driver.Conn {
	t.Helper()
	conn, err := clickhouse.Open(&clickhouse.Options{Addr: []string{localtest.ClickHouse(t).TCPAddr()}, Auth: clickhouse.Auth{Username: user}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// migrated is a database with the tables and views.
func migrated(t *testing.T) chschema.Database {
	t.Helper()
	database, err := chschema.ParseDatabase(localtest.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := chschema.Migrate(t.Context(), connect(t, "default"), chschema.Options{Database: database}); err != nil {
		t.Fatal(err)
	}
	return database
}

// serve is the page on a server of its own.
func serve(t *testing.T, o Options) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	New(t.Context(), o).Register(mux)
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

// answered is what a request was answered.
type answered struct {
	code   int
	header http.Header
	body   string
}

// get asks for a path, as another host if one is given.
func get(t *testing.T, s *httptest.Server, path, host string) answered {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if host != "" {
		r.Host = host
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answered{resp.StatusCode, resp.Header, string(body)}
}

// panelsOf asks until every panel was read once.
func panelsOf(t *testing.T, s *httptest.Server) map[string]shown {
	t.Helper()
	for {
		got := get(t, s, "/page/data", "")
		var a answer
		if err := json.Unmarshal([]byte(got.body), &a); err != nil {
			t.Fatalf("%v: %s", err, got.body)
		}
		waits := false
		for _, p := range a.Panels {
			waits = waits || p.Rows == nil && p.Error == ""
		}
		if !waits {
			return a.Panels
		}
	}
}

// TestQueriesRun: every query runs as the analyst, over tables without a row, and is
// shown as text, as it is run.
func TestQueriesRun(t *testing.T) {
	database := migrated(t)
	s := serve(t, Options{Open: Opened(connect(t, local.Analyst)), Database: database})
	panels := panelsOf(t, s)
	if len(panels) != len(queries) {
		t.Errorf("%d panels of %d queries", len(panels), len(queries))
	}
	for name, p := range panels {
		if p.Error != "" || p.ReadAt == nil {
			t.Errorf("%s: %s", name, p.Error)
		}
		got := get(t, s, "/sql/"+name, "")
		if got.code != 200 || !strings.HasPrefix(got.body, "-- ") || !strings.Contains(got.body, database.SQL()+".") || strings.Contains(got.body, "{db}") {
			t.Errorf("/sql/%s answers %d %q", name, got.code, got.body)
		}
		if _, err := (&reader{open: Opened(connect(t, "default"))}).read(t.Context(), got.body); err != nil {
			t.Errorf("what /sql/%s shows does not run: %v", name, err)
		}
	}
	if got := get(t, s, "/sql/nonsense", ""); got.code != 404 || !strings.Contains(got.body, "/sql/nonsense is no query of the page") {
		t.Errorf("a query that is none: %d %q", got.code, got.body)
	}
}

// TestEveryQueryIsAPanel: no file in sql/ is forgotten, and the page links to each.
func TestEveryQueryIsAPanel(t *testing.T) {
	entries, err := fs.ReadDir(files, "sql")
	if err != nil {
		t.Fatal(err)
	}
	links := ""
	for _, name := range []string{"index.html", "app.js"} {
		text, err := fs.ReadFile(files, "assets/"+name)
		if err != nil {
			t.Fatal(err)
		}
		links += string(text)
	}
	for _, e := range entries {
		name := strings.TrimSuffix(e.Name(), ".sql")
		if !slices.ContainsFunc(queries, func(q query) bool { return q.name == name }) {
			t.Errorf("sql/%s is read by no panel", e.Name())
		}
		if !strings.Contains(links, `"/sql/`+name+`"`) && !strings.Contains(links, `'/sql/`+name+`'`) {
			t.Errorf("the page does not link to /sql/%s", name)
		}
	}
}

// TestKnowsTheJudge: the page leaves out what a monitor says that has just begun, by the
// judge's word for it.
func TestKnowsTheJudge(t *testing.T) {
	text, err := fs.ReadFile(files, "assets/trust.js")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "'"+judge.TooFew+"'") {
		t.Errorf("trust.js does not know %q", judge.TooFew)
	}
}

// TestReadOnly: what the page's connection is asked changes nothing and is bounded,
// whichever user it has.
func TestReadOnly(t *testing.T) {
	const noWrite, noGrant, tooMany = 164, 497, 396 // ClickHouse's codes
	database := migrated(t)
	for _, user := range []string{"default", local.Analyst} {
		from := &reader{open: Opened(connect(t, user))}
		for text, want := range map[string][]int32{
			"CREATE TABLE " + database.Of("more") + " (a Int8) ENGINE = Memory":                                          {noWrite, noGrant},
			"INSERT INTO " + database.Of("definition_versions") + " SELECT * FROM " + database.Of("definition_versions"): {noWrite, noGrant},
			"DROP VIEW " + database.Of("arr"):    {noWrite, noGrant},
			"SELECT number FROM numbers(200000)": {tooMany},
		} {
			_, err := from.read(t.Context(), text)
			var refused *clickhouse.Exception
			if !errors.As(err, &refused) || !slices.Contains(want, refused.Code) {
				t.Errorf("as %s, %s: %v", user, text, err)
			}
		}
	}
}

// TestExact: what JavaScript would round comes as its digits.
func TestExact(t *testing.T) {
	s, err := (&reader{open: Opened(connect(t, local.Analyst))}).read(t.Context(), `SELECT toDecimal128('12345678901234567890123456.123456789012', 12), toDecimal128('-0.000000000001', 12),
    CAST(NULL, 'Nullable(Decimal(38, 12))'), toUInt64(18446744073709551615), toInt64(-9223372036854775808), toLowCardinality('a'), toInt32(7), 0.5,
    toDateTime('2026-11-06 01:02:03', 'UTC'), CAST(NULL, 'Nullable(DateTime64(6, \'UTC\'))'), toDecimal128('1e6', 12)`)
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(s.Rows)
	if err != nil {
		t.Fatal(err)
	}
	want := `[["12345678901234567890123456.123456789012","-0.000000000001",null,"18446744073709551615","-9223372036854775808","a",7,0.5,"2026-11-06T01:02:03Z",null,"1000000"]]`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestKeepsWhatItHad: when ClickHouse does not answer, the rows of before stay, with
// the time of then and the error.
func TestKeepsWhatItHad(t *testing.T) {
	conn := &reader{open: Opened(connect(t, local.Analyst))}
	p := &panel{query: query{name: "test"}, text: "SELECT 1 AS one"}
	p.begin(t.Context(), conn)
	first := p.wait(t.Context())
	if first.Error != "" || fmt.Sprint(first.Rows) != "[[1]]" || first.ReadAt == nil {
		t.Fatalf("read %+v", first)
	}
	p.text, p.took = "SELECT nonsense", 0
	p.begin(t.Context(), conn)
	if second := p.wait(t.Context()); second.Error == "" || fmt.Sprint(second.Rows) != "[[1]]" || second.ReadAt != first.ReadAt {
		t.Errorf("then %+v", second)
	}
	p.text, p.took = "SELECT 2 AS one", 0
	p.begin(t.Context(), conn)
	if third := p.wait(t.Context()); third.Error != "" || fmt.Sprint(third.Rows) != "[[2]]" {
		t.Errorf("at last %+v", third)
	}
}

// TestCost: many who look cost no more than one, and a query that takes long is run
// the less often.
func TestCost(t *testing.T) {
	p := &panel{query: query{name: "test"}, text: "SELECT 1"}
	conn := &reader{open: Opened(connect(t, local.Analyst))}
	p.begin(t.Context(), conn)
	begun := p.tried
	p.begin(t.Context(), conn)
	first := p.wait(t.Context())
	if first.ReadAt == nil || p.tried != begun {
		t.Error("it is begun again while it runs")
	}
	p.took = queryBound
	p.begin(t.Context(), conn)
	if p.ending != nil {
		t.Errorf("it is begun again at once after it took %v", queryBound)
	}
}

// TestOpensLater: a ClickHouse that does not answer when the page begins is said, and
// read when it does.
func TestOpensLater(t *testing.T) {
	down := true
	r := &reader{open: func(ctx context.Context) (driver.Conn, error) {
		if down {
			return nil, errors.New("connection refused")
		}
		return connect(t, local.Analyst), nil
	}}
	if _, err := r.read(t.Context(), "SELECT 1 AS one"); err == nil || err.Error() != "connection refused" {
		t.Errorf("while it is down: %v", err)
	}
	down = false
	if s, err := r.read(t.Context(), "SELECT 1 AS one"); err != nil || fmt.Sprint(s.Rows) != "[[1]]" {
		t.Errorf("when it is up: %v, %v", s.Rows, err)
	}
}

// TestGuard: all answers carry the headers; on loopback only the names of this machine
// are answered.
func TestGuard(t *testing.T) {
	s := serve(t, Options{Open: Opened(connect(t, local.Analyst)), Database: migrated(t)})
	for _, path := range []string{"/", "/page/app.js", "/page/style.css", "/page/data", "/sql/arr", "/sql/nonsense"} {
		all := get(t, s, path, "").header
		for name, want := range headers {
			if got := all.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}
	}
	for host, want := range map[string]int{
		"localhost:8080": 200, "127.0.0.1": 200, "[::1]:8080": 200, "runrate.localhost": 200,
		"evil.example": 403, "evil.example:8080": 403, "10.0.0.1": 403, "localhost.evil.example": 403, "127.0.0.1.evil.example": 403,
	} {
		for _, path := range []string{"/", "/page/data", "/sql/arr"} {
			if got := get(t, s, path, host); got.code != want {
				t.Errorf("%s asked as %s answers %d %.100s", path, host, got.code, got.body)
			}
		}
	}
}

// TestNamed: what listens elsewhere than on loopback may be asked by any name.
func TestNamed(t *testing.T) {
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	r.Host = "runrate.example"
	if !named(r) {
		t.Error("refused where nothing is known of the address")
	}
	for at, want := range map[string]bool{"10.1.2.3:8080": true, "127.0.0.1:8080": false, "[::1]:8080": false, "[::ffff:127.0.0.1]:8080": false} {
		if got := named(r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, address(at)))); got != want {
			t.Errorf("at %s: %v", at, got)
		}
	}
}

// address is a network address by its text.
type address string

func (a address) Network() string { return "tcp" }
func (a address) String() string  { return string(a) }

// TestNothingFromElsewhere: no file of the page names another host, and none holds
// script or style that the policy forbids.
func TestNothingFromElsewhere(t *testing.T) {
	forbidden := regexp.MustCompile(`(?i)https?://|//[a-z0-9-]+\.[a-z]|<script>|<style|\sstyle=|\son[a-z]+=|innerHTML|eval\(|new Function`)
	err := fs.WalkDir(files, "assets", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(files, name)
		for _, found := range forbidden.FindAllString(strings.ReplaceAll(string(text), "http://www.w3.org/2000/svg", ""), -1) {
			t.Errorf("%s has %q", name, found)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
