package grafana

var consumers = Board{
	Name: "consumers", Title: "runrate: Consumers", From: "now-3h",
	About: "Lag from outside (runrate monitor), and what the consumers say of themselves. Series of a partition come from the process that owns it.",
	Needs: []Source{Prometheus},
	Vars:  []Variable{{Name: "topic", Label: "Topic", From: Prometheus, Query: "label_values(runrate_partition_status, topic)", All: true}},
	Rows: []Row{
		{"Lag", []Panel{
			{Kind: Number, Title: "Records not folded", Unit: "short", Wide: 6, About: "From the commits to the last stable offsets, all partitions of the topics chosen together.",
				PromQL: []Query{{`sum(max by (topic, partition, group) (kafka_consumergroup_group_lag{topic=~"$topic"}))`, ""}}},
			{Kind: Number, Title: "Oldest record not folded", Unit: "s", Wide: 6, Red: 60, About: "At least how long the record that is due has been in the log.",
				PromQL: []Query{{`max(kafka_consumergroup_group_lag_seconds{topic=~"$topic"}) or vector(0)`, ""}}},
			{Kind: Number, Title: "Halted partitions", Unit: "short", Wide: 6, Red: 1, About: "Stand still for safety; the reason is in runrate lag, and has a runbook.",
				PromQL: []Query{{`sum(max by (topic, partition) (runrate_partition_status{status="halted",topic=~"$topic"}))`, ""}}},
			{Kind: Number, Title: "Lag unknown", Unit: "short", Wide: 6, Red: 1, About: "Partitions whose lag cannot be read. Unknown is not 0.",
				PromQL: []Query{{`count(max by (topic, partition) (runrate_lag_unknown{topic=~"$topic"})) or vector(0)`, ""}}},
			{Kind: Lines, Title: "Lag by partition", Unit: "short", Wide: 12, About: "Records from the commit to the last stable offset.",
				PromQL: []Query{{`max by (topic, partition) (kafka_consumergroup_group_lag{topic=~"$topic"})`, "{{topic}}/{{partition}}"}}},
			{Kind: Lines, Title: "Records in the log and folded", Unit: "cps", Wide: 12, About: "Written to the log, and committed, a second.",
				PromQL: []Query{
					{`sum by (topic) (rate(kafka_partition_latest_offset{topic=~"$topic"}[5m]))`, "{{topic}} written"},
					{`sum by (topic) (rate(kafka_consumergroup_group_offset{topic=~"$topic"}[5m]))`, "{{topic}} committed"}}},
		}},
		{"Work", []Panel{
			{Kind: Lines, Title: "Records by what became of them", Unit: "cps", Wide: 12, About: "Accepted, duplicate, refused, control, skipped, lost. Those refused are in the view dead_letters.",
				PromQL: []Query{{`sum by (result) (rate(runrate_consumer_records_total{topic=~"$topic"}[5m]))`, "{{result}}"}}},
			{Kind: Lines, Title: "From the log to the tables", Unit: "s", Wide: 12, About: "Of the oldest record of a batch: until fetched, written, committed; 99 of 100 are below.",
				PromQL: []Query{{`histogram_quantile(0.99, sum by (leg, le) (rate(runrate_consumer_leg_seconds_bucket{topic=~"$topic"}[5m])))`, "{{leg}}"}}},
			{Kind: Lines, Title: "From the event to the fetch", Unit: "s", Wide: 12, About: "From an event's own time; what producers hold back is in it. Half and 99 of 100 are below.",
				PromQL: []Query{
					{`histogram_quantile(0.5, sum by (le) (rate(runrate_event_delay_seconds_bucket{topic=~"$topic"}[5m])))`, "p50"},
					{`histogram_quantile(0.99, sum by (le) (rate(runrate_event_delay_seconds_bucket{topic=~"$topic"}[5m])))`, "p99"}}},
			{Kind: Lines, Title: "Tries that failed", Unit: "cps", Wide: 12, About: "Against ClickHouse and Kafka, each made again. A steady rate is a dependency that is ill.",
				PromQL: []Query{{`sum by (dependency, operation) (rate(runrate_consumer_retries_total{topic=~"$topic"}[5m])) or vector(0)`, "{{dependency}} {{operation}}"}}},
			{Kind: Lines, Title: "Size of the state", Unit: "bytes", Wide: 12, About: "Of each partition, as in its last whole snapshot.",
				PromQL: []Query{{`max by (topic, partition) (runrate_state_bytes{topic=~"$topic"})`, "{{topic}}/{{partition}}"}}},
			{Kind: Lines, Title: "Last restore", Unit: "s", Wide: 12, About: "How long the state took to come back, last time, by partition.",
				PromQL: []Query{{`max by (topic, partition) (runrate_restore_seconds{topic=~"$topic"})`, "{{topic}}/{{partition}}"}}},
		}},
		{"Processes", []Panel{
			{Kind: Lines, Title: "Memory", Unit: "bytes", Wide: 12, About: "Resident, of each process of runrate.",
				PromQL: []Query{{"process_resident_memory_bytes and on (instance) runrate_build_info", "{{instance}}"}}},
			{Kind: Lines, Title: "Cores", Unit: "short", Wide: 12, About: "In use by each process of runrate.",
				PromQL: []Query{{"rate(process_cpu_seconds_total[5m]) and on (instance) runrate_build_info", "{{instance}}"}}},
		}},
	},
}
