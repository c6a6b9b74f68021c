package grafana

var trust = Board{
	Name: "trust", Title: "runrate: Trust", From: "now-7d",
	About: "Whether the numbers can be trusted: every offset accounted for, what was refused and why, what was lost, and by which rules. runrate verify proves the rest.",
	Needs: []Source{ClickHouse},
	Rows: []Row{
		{"Now", []Panel{
			{Kind: Number, Title: "Offsets without an account", Unit: "short", Wide: 6, Red: 1, About: "Offsets of the log that are none of accepted, duplicate, refused, control, skipped or lost (view accounting). It is 0, or something is badly wrong.",
				SQL: "SELECT sum(next_offset - first_offset) - sum(accepted + duplicate + refused + control + skipped + lost) AS unaccounted FROM accounting"},
			{Kind: Number, Title: "Open dead letters", Unit: "short", Wide: 6, Red: 1, About: "Refused and nothing done about it (view dead_letters): runrate dead-letters stats, then redrive.",
				SQL: "SELECT countIf(state = 'open') AS open FROM dead_letters"},
			{Kind: Number, Title: "Records lost", Unit: "short", Wide: 6, Red: 1, About: "Of gaps that somebody accepted (view losses).",
				SQL: "SELECT sum(records) AS lost FROM losses"},
			{Kind: Number, Title: "Amounts without a rate", Unit: "short", Wide: 6, Red: 1, About: "Lines and currencies of ARR now that no exchange rate converts (view fx_missing_now).",
				SQL: "SELECT count() AS missing FROM fx_missing_now"},
		}},
		{"Records", []Panel{
			{Kind: Table, Title: "What became of every offset", Unit: "short", Wide: 14, About: "By partition (view accounting): the columns add up to next_offset - first_offset.",
				SQL: "SELECT topic, partition, first_offset, next_offset, accepted, duplicate, refused, control, skipped, lost FROM accounting ORDER BY topic, partition"},
			{Kind: Bars, Title: "Refused by reason", Unit: "short", Wide: 10, About: "In the range chosen, by the record's time (view dead_letters).",
				SQL: "SELECT reason, count() AS records FROM dead_letters WHERE $__timeFilter(time) GROUP BY reason ORDER BY records DESC"},
			{Kind: Lines, Title: "Refused over time", Unit: "short", Wide: 12, About: "Records an hour by reason (view dead_letters).",
				SQL: "SELECT toStartOfHour(time) AS time, reason, count() AS records FROM dead_letters AS d WHERE $__timeFilter(d.time) GROUP BY time, reason ORDER BY time, reason"},
			{Kind: Table, Title: "The newest dead letters", Unit: "short", Wide: 12, About: "With the sentence that says what to do (view dead_letters).",
				SQL: "SELECT time, topic, partition, offset, reason, detail, state FROM dead_letters ORDER BY time DESC LIMIT 20"},
		}},
		{"What the numbers rest on", []Panel{
			{Kind: Table, Title: "Epochs", Unit: "short", Wide: 12, About: "What each topic is folded from, by which rules, and why (view epochs).",
				SQL: "SELECT topic, epoch, shown, kafka_topic, partitions, rules, settings, exclusions, opened_at, switched_at, reason FROM epochs ORDER BY topic, epoch DESC"},
			{Kind: Table, Title: "Definitions", Unit: "short", Wide: 12, About: "Usage ARR is the multiplier x the revenue of the window; MRR is that of the statuses (view definitions).",
				SQL: "SELECT epoch, arr_window_days, arr_multiplier, mrr_statuses FROM definitions"},
			{Kind: Table, Title: "Prices and rates that came into force", Unit: "short", Wide: 12, About: "The newest ones (view control_records).",
				SQL: "SELECT time, kind, topic, partition, offset FROM control_records WHERE kind != 'clock' ORDER BY time DESC, partition LIMIT 20"},
			{Kind: Table, Title: "Partitions, by their writers", Unit: "short", Wide: 12, About: "Clock, when it was written, what late events still owe, and the consumer's last word (view freshness).",
				SQL: "SELECT topic, partition, clock, next_offset, written_at, owed_since, status, reason FROM freshness ORDER BY topic, partition"},
		}},
	},
}
