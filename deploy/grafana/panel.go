package grafana

import (
	"fmt"

	"github.com/grafana/grafana-foundation-sdk/go/bargauge"
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/variants"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/table"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
)

// Panel is a picture and what it asks: PromQL, or one statement of SQL.
type Panel struct {
	Kind   Kind
	Title  string
	About  string // what the number is, and what to do about it
	Unit   string // Grafana's: s, bytes, short, percentunit, …
	Wide   uint32 // of 24
	PromQL []Query
	SQL    string
	Red    float64 // from this value on it is red; 0: it has no colour
}

// Query is an expression, and the name of its series.
type Query struct{ Expr, Legend string }

// Kind is how a panel shows.
type Kind uint8

// The kinds of panels.
const (
	Lines Kind = iota
	Number
	Bars
	Table
)

// Heights in Grafana's grid.
const (
	low  = 4
	high = 8
)

func (p Panel) builder() cog.Builder[dashboard.Panel] {
	switch p.Kind {
	case Number:
		return with(stat.NewPanelBuilder().Height(low).ReduceOptions(common.NewReduceDataOptionsBuilder().Calcs([]string{"lastNotNull"})), p)
	case Bars:
		return with(bargauge.NewPanelBuilder().Height(high).Orientation(common.VizOrientationHorizontal).
			ReduceOptions(common.NewReduceDataOptionsBuilder().Values(true)), p)
	case Table:
		return with(table.NewPanelBuilder().Height(high).Footer(common.NewTableFooterOptionsBuilder().Show(false).Reducer([]string{"sum"})), p)
	default:
		return with(timeseries.NewPanelBuilder().Height(high).Legend(common.NewVizLegendOptionsBuilder().
			ShowLegend(true).DisplayMode(common.LegendDisplayModeList).Placement(common.LegendPlacementBottom)), p)
	}
}

// settable is what every kind of the SDK's panels has.
type settable[B any] interface {
	Title(title string) B
	Description(description string) B
	Unit(unit string) B
	Span(w uint32) B
	Datasource(datasource common.DataSourceRef) B
	Thresholds(thresholds cog.Builder[dashboard.ThresholdsConfig]) B
	WithTarget(target cog.Builder[variants.Dataquery]) B
	cog.Builder[dashboard.Panel]
}

// with says of a panel what all kinds have.
func with[B settable[B]](b B, p Panel) B {
	b.Title(p.Title).Description(p.About).Unit(p.Unit).Span(p.Wide)
	steps := []dashboard.Threshold{{Color: "green"}}
	if p.Red > 0 {
		steps = append(steps, dashboard.Threshold{Value: cog.ToPtr(p.Red), Color: "red"})
	}
	b.Thresholds(dashboard.NewThresholdsConfigBuilder().Mode(dashboard.ThresholdsModeAbsolute).Steps(steps))
	if p.SQL != "" {
		b.Datasource(ClickHouse.ref())
		b.WithTarget(sqlQuery{p.SQL, p.Kind})
		return b
	}
	b.Datasource(Prometheus.ref())
	for i, q := range p.PromQL {
		target := prometheus.NewDataqueryBuilder().Expr(q.Expr).LegendFormat(q.Legend).RefId(fmt.Sprintf("%c", 'A'+i)).Datasource(Prometheus.ref())
		if p.Kind == Table || p.Kind == Bars {
			target.Instant().Format(prometheus.PromQueryFormatTable)
		} else {
			target.Range()
		}
		b.WithTarget(target)
	}
	return b
}

// sqlQuery is a target of the ClickHouse plugin (version 4), which the SDK does not
// have.
type sqlQuery struct {
	sql  string
	kind Kind
}

// Build implements cog.Builder.
func (q sqlQuery) Build() (variants.Dataquery, error) {
	shape, format := "table", 1
	if q.kind == Lines {
		shape, format = "timeseries", 0
	}
	return variants.UnknownDataquery{
		"refId": "A", "datasource": ClickHouse.ref(), "editorType": "sql", "pluginVersion": "4.0.0",
		"queryType": shape, "format": format, "rawSql": q.sql,
	}, nil
}
