package grafana

var revenue = Board{
	Name: "revenue", Title: "runrate: Revenue", From: "now-90d",
	About: "Recurring revenue by business line. Each panel names the view it asks; amounts are rounded to be drawn, the views are exact.",
	Needs: []Source{ClickHouse},
	Vars:  []Variable{{Name: "currency", Label: "Currency", From: ClickHouse, Query: "SELECT DISTINCT currency FROM arr_now ORDER BY currency"}},
	Rows: []Row{
		{"Now", []Panel{
			{Kind: Number, Title: "ARR", Unit: "short", Wide: 6, About: "All lines together, at the latest hour that both clocks passed (view arr_now), in units of the currency a year.",
				SQL: "SELECT toFloat64(sum(arr)) AS ARR FROM arr_now WHERE currency = ${currency:sqlstring}"},
			{Kind: Number, Title: "Net new ARR, 30 days", Unit: "short", Wide: 6, About: "Closing less opening of the bridge at the latest midnight (view net_new_arr_now).",
				SQL: "SELECT toFloat64(sum(net_new)) AS \"Net new\" FROM net_new_arr_now WHERE currency = ${currency:sqlstring}"},
			{Kind: Number, Title: "Active accounts, 28 days", Unit: "short", Wide: 6, About: "Distinct accounts with usage in the 28 days before the latest midnight (view active_accounts_now).",
				SQL: "SELECT accounts FROM active_accounts_now WHERE line = '*' AND window = '28d'"},
			{Kind: Number, Title: "As of", Unit: "dateTimeAsIso", Wide: 6, About: "The hour that ARR is of: what happened later is not in it yet. See the dashboard Freshness if it is old.",
				SQL: "SELECT toUnixTimestamp(max(as_of)) * 1000 AS \"As of\" FROM arr_now"},
		}},
		{"By line", []Panel{
			{Kind: Lines, Title: "ARR by line", Unit: "short", Wide: 16, About: "At each midnight (view arr).",
				SQL: "SELECT as_of AS time, line, toFloat64(arr) AS arr FROM arr WHERE $__timeFilter(as_of) AND as_of = toStartOfDay(as_of) AND currency = ${currency:sqlstring} ORDER BY time, line"},
			{Kind: Table, Title: "ARR by line now", Unit: "short", Wide: 8, About: "Usage and subscriptions (view arr_now).",
				SQL: "SELECT line, toFloat64(usage_arr) AS usage, toFloat64(subscription_arr) AS subscriptions, toFloat64(arr) AS ARR FROM arr_now WHERE currency = ${currency:sqlstring} ORDER BY arr DESC"},
			{Kind: Table, Title: "Bridge of the past 30 days", Unit: "short", Wide: 16, About: "What made the difference, by line (view net_new_arr_now): opening and the five movements make closing.",
				SQL: "SELECT line, toFloat64(opening) AS opening, toFloat64(new) AS new, toFloat64(expansion) AS expansion, toFloat64(reactivation) AS reactivation, toFloat64(contraction) AS contraction, toFloat64(churn) AS churn, toFloat64(closing) AS closing FROM net_new_arr_now WHERE currency = ${currency:sqlstring} ORDER BY closing DESC"},
			{Kind: Bars, Title: "MRR by plan", Unit: "short", Wide: 8, About: "The ten largest (view mrr_now), in units of the currency a month.",
				SQL: "SELECT concat(line, ' ', plan) AS plan, toFloat64(sum(mrr)) AS MRR FROM mrr_now WHERE currency = ${currency:sqlstring} GROUP BY line, plan ORDER BY MRR DESC LIMIT 10"},
		}},
		{"Usage", []Panel{
			{Kind: Lines, Title: "Usage revenue by hour", Unit: "short", Wide: 12, About: "The hour that runs grows (view usage_hourly).",
				SQL: "SELECT hour AS time, line, toFloat64(sum(revenue)) AS revenue FROM usage_hourly WHERE $__timeFilter(hour) AND currency = ${currency:sqlstring} GROUP BY time, line ORDER BY time, line"},
			{Kind: Table, Title: "Margin of the past 30 days", Unit: "short", Wide: 12, About: "Usage revenue less its cost by the price book (view rolling_revenue_now, window 30d); the margin is in percent.",
				SQL: "SELECT line, toFloat64(sum(revenue)) AS revenue, toFloat64(sum(cost)) AS cost, round(100 * (revenue - cost) / nullIf(revenue, 0), 1) AS margin FROM rolling_revenue_now WHERE window = '30d' AND currency = ${currency:sqlstring} GROUP BY line ORDER BY revenue DESC"},
			{Kind: Lines, Title: "Active accounts", Unit: "short", Wide: 12, About: "Distinct accounts with usage in the window before each midnight, over all lines (view active_accounts). Windows are not to be added.",
				SQL: "SELECT as_of AS time, window, accounts FROM active_accounts WHERE $__timeFilter(as_of) AND line = '*' ORDER BY time, window"},
			{Kind: Lines, Title: "Net new ARR by midnight", Unit: "short", Wide: 12, About: "Against 30 days before (view net_new_arr). Rows overlap: they are not to be added.",
				SQL: "SELECT as_of AS time, line, toFloat64(net_new) AS net_new FROM net_new_arr WHERE $__timeFilter(as_of) AND currency = ${currency:sqlstring} ORDER BY time, line"},
		}},
	},
}
