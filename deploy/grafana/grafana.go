// Package grafana is the five dashboards, as code: Revenue and Trust ask ClickHouse,
// Freshness, Consumers and Door ask Prometheus. They are built with Grafana's
// foundation SDK and committed as JSON beside it; `make dashboards` writes them anew,
// and a test holds the files to the code.
//
// Amounts become floating point in the query of a panel, to be drawn, and nowhere else:
// a number that is to be quoted comes from the view that the panel names.
//
// Start at Boards; what a panel asks is in the file of its dashboard.
package grafana

import (
	"encoding/json"
	"fmt"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// Board is a dashboard before it is built.
type Board struct {
	Name  string // of its file, and after "runrate-" its uid
	Title string
	About string
	From  string // where its range begins, as "now-30d"
	Needs []Source
	Vars  []Variable
	Rows  []Row
}

// Row is panels under a heading.
type Row struct {
	Title  string
	Panels []Panel
}

// Source is a kind of data source, chosen by a variable of the dashboard.
type Source struct{ name, label, plugin string }

// The data sources.
var (
	Prometheus = Source{"prometheus", "Prometheus", "prometheus"}
	// ClickHouse is Grafana Labs' own plugin, whose default database is runrate's.
	ClickHouse = Source{"clickhouse", "ClickHouse", "grafana-clickhouse-datasource"}
)

func (s Source) ref() common.DataSourceRef {
	return common.DataSourceRef{Type: cog.ToPtr(s.plugin), Uid: cog.ToPtr("${" + s.name + "}")}
}

// Variable is a choice that a dashboard offers, and the query for its values.
type Variable struct {
	Name, Label, Query string
	From               Source
	All                bool // one may choose all, as .*
}

// Boards are the dashboards, in the order in which a reader wants them.
func Boards() []Board { return []Board{revenue, freshness, consumers, door, trust} }

// JSON is a dashboard as Grafana imports it, indented. The error names what it lacks.
func (b Board) JSON() ([]byte, error) {
	// The model that every Grafana imports and provisions from files; version 2 needs Grafana 12.
	d := dashboard.NewDashboardBuilder(b.Title) //nolint:staticcheck // see above
	d.Uid("runrate-"+b.Name).Description(b.About).
		Tags([]string{"runrate"}).Timezone("utc").Time(b.From, "now").Refresh("1m").Readonly().
		Tooltip(dashboard.DashboardCursorSyncCrosshair)
	for _, s := range b.Needs {
		d.WithVariable(dashboard.NewDatasourceVariableBuilder(s.name).Label(s.label).Type(s.plugin))
	}
	for _, v := range b.Vars {
		d.WithVariable(v.builder())
	}
	for _, r := range b.Rows {
		d.WithRow(dashboard.NewRowBuilder(r.Title))
		for _, p := range r.Panels {
			d.WithPanel(p.builder())
		}
	}
	built, err := d.Build()
	if err != nil {
		return nil, fmt.Errorf("dashboard %s: %w", b.Name, err)
	}
	text, err := json.MarshalIndent(built, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("dashboard %s: %w", b.Name, err)
	}
	return append(text, '\n'), nil
}

func (v Variable) builder() *dashboard.QueryVariableBuilder {
	q := dashboard.NewQueryVariableBuilder(v.Name).Label(v.Label).Datasource(v.From.ref()).
		Query(dashboard.StringOrMap{String: cog.ToPtr(v.Query)}).
		Refresh(dashboard.VariableRefreshOnTimeRangeChanged).Sort(dashboard.VariableSortAlphabeticalAsc)
	if v.All {
		q.IncludeAll(true).AllValue(".*").Multi(true)
	}
	return q
}
