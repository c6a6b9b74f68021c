// Package page serves the one page that shows the numbers to people: ARR by line
// now and over time, where it came from, usage, active accounts, how each
// partition does, and what was refused.
//
// All of it is read from the analysts' views, by the queries in sql/, each of which
// the page links to. The rights are those of the connection that it is given, and
// on top of them every query is read-only and bounded (settings). Amounts are text
// from ClickHouse to the browser, which groups their digits and never makes a
// floating-point number of one, but for the length of a bar.
//
//	GET /                 the page
//	GET /page/data        all panels as JSON, what the page asks every two seconds
//	GET /page/FILE        its script and style
//	GET /sql/NAME         the query of a panel, as text
//
// Start at New, then Register.
package page

import (
	"context"
	"embed"
	"encoding/json"
	"io/fs"
	"net/http"
	"path"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	chschema "runrate/schemas/clickhouse"
)

//go:embed assets sql
var files embed.FS

// Options say what a page shows.
type Options struct {
	Open     Open              // of a user who may read the views, better nothing else
	Database chschema.Database // of the views
	History  bool              // the clock is that of a history, not about now
	Version  string            // of the program
}

// Open connects to ClickHouse, within the context's time. It is called until it does so
// once, when somebody looks at the page.
type Open func(context.Context) (driver.Conn, error)

// Opened is a connection that is open.
func Opened(conn driver.Conn) Open {
	return func(context.Context) (driver.Conn, error) { return conn, nil }
}

// Page is the page. It is safe for concurrent use.
type Page struct {
	o      Options
	ctx    context.Context // of all queries
	reader reader
	panels []*panel
}

// answerBound is how long an answer waits for panels that are read anew; what takes
// longer is in a later one.
const answerBound = time.Second

// New is a page whose queries end with ctx.
func New(ctx context.Context, o Options) *Page {
	p := &Page{o: o, ctx: ctx, reader: reader{open: o.Open}}
	for _, q := range queries {
		p.panels = append(p.panels, &panel{query: q, text: q.of(o.Database)})
	}
	return p
}

// Register adds the page to a server.
func (p *Page) Register(mux *http.ServeMux) {
	assets, err := fs.Sub(files, "assets")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	mux.Handle("GET /{$}", guard(file(assets, "index.html")))
	mux.Handle("GET /page/{file}", guard(http.StripPrefix("/page", http.FileServerFS(assets))))
	mux.Handle("GET /page/data", guard(http.HandlerFunc(p.data)))
	mux.Handle("GET /sql/{name}", guard(http.HandlerFunc(p.sql)))
}

func file(from fs.FS, name string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.ServeFileFS(w, r, from, name) })
}

// answer is the JSON of /page/data.
type answer struct {
	Now     time.Time        `json:"now"` // when it was made
	Version string           `json:"version"`
	History bool             `json:"history"`
	Panels  map[string]shown `json:"panels"` // by the name of the query
}

// data reads what is due, and answers with all panels.
func (p *Page) data(w http.ResponseWriter, r *http.Request) {
	bound, cancel := context.WithTimeout(r.Context(), answerBound)
	defer cancel()
	for _, one := range p.panels {
		one.begin(p.ctx, &p.reader)
	}
	a := answer{Version: p.o.Version, History: p.o.History, Panels: map[string]shown{}}
	for _, one := range p.panels {
		a.Panels[one.name] = one.wait(bound)
	}
	a.Now = time.Now().UTC()
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(a) // whoever asked is gone
}

// sql is the query of a panel, as it is run.
func (p *Page) sql(w http.ResponseWriter, r *http.Request) {
	for _, one := range p.panels {
		if one.name == r.PathValue("name") {
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			_, _ = w.Write([]byte(one.text))
			return
		}
	}
	http.Error(w, path.Clean(r.URL.Path)+" is no query of the page", http.StatusNotFound)
}
