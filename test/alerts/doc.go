// Package alerts holds what wakes somebody (deploy/prometheus) to real Prometheus and
// Alertmanager, as Debian ships them; `make test-alerts` fetches these and runs it, by the
// build tag alerts. What needs neither is tested beside the rules.
package alerts
