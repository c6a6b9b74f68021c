package grafana

var door = Board{
	Name: "door", Title: "runrate: Door", From: "now-3h",
	About: "Events over HTTP: what came, what was answered, and how long it took. 202 is answered only when Kafka has acknowledged every event.",
	Needs: []Source{Prometheus},
	Rows: []Row{
		{"Now", []Panel{
			{Kind: Number, Title: "Events a second", Unit: "cps", Wide: 6, About: "Accepted, in the past five minutes.",
				PromQL: []Query{{`sum(rate(runrate_door_events_total{result="accepted"}[5m]))`, ""}}},
			{Kind: Number, Title: "Events refused", Unit: "percentunit", Wide: 6, Red: 0.01, About: "Part of the events of the past five minutes.",
				PromQL: []Query{{`1 - sum(rate(runrate_door_events_total{result="accepted"}[5m])) / sum(rate(runrate_door_events_total[5m]))`, ""}}},
			{Kind: Number, Title: "Requests in flight", Unit: "short", Wide: 6, About: "Being read, or waiting for Kafka.",
				PromQL: []Query{{"sum(runrate_door_requests_in_flight)", ""}}},
			{Kind: Number, Title: "99 of 100 answered within", Unit: "s", Wide: 6, Red: 1, About: "Of the requests of the past five minutes.",
				PromQL: []Query{{"histogram_quantile(0.99, sum by (le) (rate(runrate_door_request_seconds_bucket[5m])))", ""}}},
		}},
		{"Requests and events", []Panel{
			{Kind: Lines, Title: "Requests by status", Unit: "reqps", Wide: 12, About: "503 and 429 are to be sent again by the producer, and are, by every SDK.",
				PromQL: []Query{{"sum by (code) (rate(runrate_door_requests_total[5m]))", "{{code}}"}}},
			{Kind: Lines, Title: "Events by result", Unit: "cps", Wide: 12, About: "What became of each event.",
				PromQL: []Query{{"sum by (result) (rate(runrate_door_events_total[5m]))", "{{result}}"}}},
			{Kind: Lines, Title: "Refused by reason", Unit: "cps", Wide: 12, About: "Each reason has a page at /problems of the door.",
				PromQL: []Query{{"sum by (reason) (rate(runrate_door_refused_total[5m]))", "{{reason}}"}}},
			{Kind: Lines, Title: "Warnings by reason", Unit: "cps", Wide: 12, About: "Taken, and likely to be refused by the fold as things stand: of no product, too old, too new.",
				PromQL: []Query{{"sum by (reason) (rate(runrate_door_warnings_total[5m]))", "{{reason}}"}}},
			{Kind: Lines, Title: "Time to answer", Unit: "s", Wide: 12, About: "Half and 99 of 100 are below.",
				PromQL: []Query{
					{"histogram_quantile(0.5, sum by (le) (rate(runrate_door_request_seconds_bucket[5m])))", "p50"},
					{"histogram_quantile(0.99, sum by (le) (rate(runrate_door_request_seconds_bucket[5m])))", "p99"}}},
			{Kind: Lines, Title: "Time until Kafka acknowledged", Unit: "s", Wide: 12, About: "The part of it that Kafka takes; 99 of 100 are below.",
				PromQL: []Query{{"histogram_quantile(0.99, sum by (le) (rate(runrate_door_acknowledge_seconds_bucket[5m])))", "p99"}}},
		}},
	},
}
