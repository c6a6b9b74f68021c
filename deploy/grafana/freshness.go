package grafana

var freshness = Board{
	Name: "freshness", Title: "runrate: Freshness", From: "now-6h",
	About: "How old the numbers are, and whether the objective holds: 99.9 % of checks within 60 s over 30 days. Metrics of runrate monitor and of the ticker; what is unknown is absent.",
	Needs: []Source{Prometheus},
	Rows: []Row{
		{"Now", []Panel{
			{Kind: Number, Title: "Oldest number", Unit: "s", Wide: 6, Red: 60, About: "Wall clock less the clock of the partition that is furthest behind. Above 60 s the objective is missed: see Partitions below.",
				PromQL: []Query{{"max(runrate_freshness_seconds)", ""}}},
			{Kind: Number, Title: "Partitions that are not well", Unit: "short", Wide: 6, Red: 1, About: "Stopped, stalled, lost, halted, rewound, behind or unknown.",
				PromQL: []Query{{`count(max by (topic, partition, group) (runrate_partition_status{status!~"ok|idle"}) == 1) or vector(0)`, ""}}},
			{Kind: Number, Title: "Last tick", Unit: "s", Wide: 6, Red: 30, About: "Age of the last clock.ticked that runrate tick wrote. Without ticks no window closes.",
				PromQL: []Query{{"time() - max(runrate_ticker_last_tick_timestamp_seconds)", ""}}},
			{Kind: Number, Title: "Monitor's last cycle", Unit: "s", Wide: 6, Red: 60, About: "Age of it. While the monitor is dead this dashboard says nothing about lag.",
				PromQL: []Query{{"time() - max(runrate_monitor_cycle_timestamp_seconds)", ""}}},
		}},
		{"Objective", []Panel{
			{Kind: Lines, Title: "Freshness by topic", Unit: "s", Wide: 12, Red: 60, About: "Of each topic's worst partition.",
				PromQL: []Query{{"max by (topic) (runrate_freshness_seconds)", "{{topic}}"}}},
			{Kind: Lines, Title: "Checks", Unit: "cps", Wide: 12, About: "Checks a second by what they found; one a topic and cycle, by its worst partition.",
				PromQL: []Query{{"sum by (result) (rate(runrate_freshness_checks_total[5m]))", "{{result}}"}}},
			{Kind: Lines, Title: "Part of checks that were late", Unit: "percentunit", Wide: 12, Red: 0.0144, About: "Over 1 hour and 6 hours; above 0.0144 in the former for five minutes somebody is woken (LateFastBurn).",
				PromQL: []Query{{"max(runrate:late_60s:ratio1h)", "1 h"}, {"max(runrate:late_60s:ratio6h)", "6 h"}}},
			{Kind: Lines, Title: "Clock against wall clock", Unit: "s", Wide: 12, Red: 60, About: "Clock of the partition less the wall clock. Above 0 a tick came from a clock that is ahead (ClockAhead).",
				PromQL: []Query{{"max by (topic) (runrate_clock_skew_seconds)", "{{topic}}"}}},
		}},
		{"Partitions", []Panel{
			{Kind: Table, Title: "Status", Unit: "short", Wide: 12, About: "The status that each partition has; runrate lag says it in a sentence.",
				PromQL: []Query{{"max by (topic, partition, group, status) (runrate_partition_status == 1)", ""}}},
			{Kind: Table, Title: "Oldest partitions", Unit: "s", Wide: 12, About: "The ten that are furthest behind the wall clock.",
				PromQL: []Query{{"topk(10, max by (topic, partition) (runrate_freshness_seconds))", ""}}},
		}},
	},
}
