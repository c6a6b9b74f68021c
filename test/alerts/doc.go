// Package alerts holds what wakes somebody (deploy/prometheus) to real Prometheus and
// Alertmanager, as Debian ships them; `make test-alerts` fetches these and runs it, by the
// build tag alerts: the rules by promtool's unit tests (TestRules), and the way from a
// consumer that dies to the message that somebody gets, through processes of the program,
// Prometheus and Alertmanager by the committed rules and samples (TestPage, five minutes,
// most of them the waits that rules and samples ask for). What needs neither is tested
// beside the rules.
package alerts
