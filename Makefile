# Everything that is done with runrate, one target each. `make` alone lists them.

GO         ?= go
VERSION    ?= $(shell git describe --tags --always --dirty 2>/dev/null)
TOOL        = $(GO) tool -modfile=.ci/tools.mod
# go test, saying what it is doing.
TEST        = GO='$(GO)' bin/progress
# The release of Apache Kafka that test-kafka runs against; 3.9.2 is pinned, too.
KAFKA      ?= 4.4.0
# The packages whose goroutines share something.
RACE        = ./consumers/snapshots ./internal/broker ./internal/lag ./producers/publish ./producers/tick ./cmd/runrate/stack
# The packages whose tests take longest: they begin first, so that none of them is left
# alone at the end.
LONGEST     = ./test/program ./consumers/consume ./consumers/worker ./internal/views/verify ./test/sim
# Of the worker a few whole lives, in memory and into ClickHouse; the schedules and
# floods would only be slower.
RACE_WORKER = 'TestAnotherLog|TestStops|TestInsertThatWasApplied'

# The toolchain that go.mod names, or the installed one if it is newer: older ones
# have known holes. make GOTOOLCHAIN=local takes the installed one, whatever it is.
export GOTOOLCHAIN = auto

.DEFAULT_GOAL := help
.PHONY: help build image clickhouse generate dashboards run test test-long race test-kafka test-clients test-page test-alerts test-deploy test-cluster lag-traces progress chaos bench bench-e2e bench-door lint vulncheck fmt check clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## build bin/runrate, one static binary
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags "-X main.version=$(VERSION)" -o bin/runrate ./cmd/runrate

image: ## build bin/image/runrate, the one file of the image (deploy/Dockerfile); GOARCH=arm64 for another machine
	@mkdir -p bin/image
	CGO_ENABLED=0 GOOS=linux $(GO) build -trimpath -tags nolibrary -ldflags "-s -w -X main.version=$(VERSION)" -o bin/image/runrate ./cmd/runrate

clickhouse: ## fetch the ClickHouse library for this machine, once (180 MB)
	@deploy/local/fetch-clickhouse.sh

run: build clickhouse ## the whole pipeline here, with three histories, until Ctrl-C; ONCE=1 ends after the proof
	@deploy/run.sh

test: clickhouse progress ## all tests, against a real ClickHouse and an embedded broker (minutes)
	@echo "All tests: minutes, most of them in consumers, test/program and internal/views/verify."
	$(TEST) -p 3 -timeout 20m $(LONGEST) ./...

test-long: clickhouse progress ## the random tests of make test in full numbers, and every check for each tampering (minutes)
	$(TEST) -timeout 20m ./test/sim -seeds 2000
	$(TEST) -timeout 20m -run 'TestSchedules$$' ./consumers/worker -schedules 10000
	$(TEST) -timeout 20m -run 'TestTampered$$' ./internal/views/verify -every-check

race: clickhouse progress ## the tests of the concurrent parts under the race detector (needs a C compiler)
	CGO_ENABLED=1 $(TEST) -race -timeout 20m $(RACE)
	CGO_ENABLED=1 $(TEST) -race -timeout 20m -run $(RACE_WORKER) ./consumers/worker

test-kafka: progress ## the tests against real Apache Kafka clusters on this machine; KAFKA=3.9.2 takes that release (needs Java and Maven)
	@test/kafka/fetch.sh $(KAFKA)
	RUNRATE_KAFKA_VERSION=$(KAFKA) $(TEST) -p 1 -timeout 20m -tags kafka $$(grep -rl --include='*_test.go' '^//go:build kafka' . | xargs -n 1 dirname | sort -u)

test-clients: clickhouse progress ## Kafka and ClickHouse clients of Python, JavaScript and Java against the program (needs them and Maven; three minutes)
	@test/clients/fetch.sh
	$(TEST) -timeout 15m -tags clients ./test/clients

test-page: clickhouse progress ## the page of the numbers, in Chromium (needs it, or apt-get; half a minute)
	@test/page/fetch.sh
	$(TEST) -timeout 10m -tags chromium ./test/page

test-alerts: clickhouse progress ## the alerts: unit tests of the rules, and pages of real processes by Prometheus and Alertmanager (five minutes; needs Debian's apt-get)
	@test/alerts/fetch.sh
	$(TEST) -timeout 15m -tags alerts ./test/alerts

test-deploy: image progress ## what deploys it: image, compose file and Helm chart (needs Python's pip; buildah by apt-get where it is there)
	@GO='$(GO)' test/deploy/fetch.sh
	$(TEST) -timeout 10m -tags deploy ./test/deploy

test-cluster: clickhouse progress ## the tests against a real ClickHouse cluster, of replicas and shards, where chcluster is beside the checkout (needs Java and Maven); SHORT=-short for three of them
	@[ -f "$${RUNRATE_CHCLUSTER:-../shared/cluster}/go.mod" ] || echo "make test-cluster: its tests are skipped, the source of chcluster is not in $${RUNRATE_CHCLUSTER:-../shared/cluster}"
	$(TEST) $(SHORT) -timeout 20m -tags cluster ./test/cluster

lag-traces: ## what is said of each trace of lag, and when, beside Burrow's rules and a threshold
	@$(GO) run ./test/lagtraces/cmd

progress: # go test, saying what it is doing
	@$(GO) build -o bin/progress ./test/progress

chaos: clickhouse ## kill consumers, broker and ClickHouse at random under load, then prove the numbers; then a door, too, and count what it acknowledged; ARGS="-kills 20"
	$(GO) run ./test/chaos/cmd $(ARGS)

bench: clickhouse ## all benchmarks
	$(GO) test -p 1 -run '^$$' -bench . -benchmem ./...

bench-e2e: clickhouse ## the pipeline end to end beside ClickHouse's own Kafka engine, its parts alone, CPU by process (minutes); ARGS="-short -json FILE"
	$(GO) run ./test/bench/cmd $(ARGS)

bench-door: ## the gateway under load: events/s, p50, p99, CPU (two minutes); ARGS="-steady 10m" watches its memory, too
	$(GO) run ./test/bench/door $(ARGS)

generate: ## write the generated code again
	$(GO) generate ./schemas

dashboards: ## write deploy/grafana/dashboards, the five Grafana dashboards, from their code
	@$(GO) run ./deploy/grafana/generate

fmt: ## format the code
	gofmt -w $$(git ls-files --cached --others --exclude-standard '*.go')

lint: ## go vet, staticcheck, gosec and others (.golangci.yml), also of what is behind build tags
	$(GO) vet ./...
	@echo "golangci-lint is built the first time, which takes minutes; the second time it is there."
	$(TOOL) golangci-lint run ./...

vulncheck: ## known vulnerabilities that runrate could reach, in its dependencies and the Go toolchain
	@GO='$(GO)' .ci/vulncheck

check: ## all that must hold before a commit, tests included, as the CI does
	@.ci/run

clean: ## remove what was built, and the data of make run
	rm -rf bin
	@if [ -f data/run/made-by-make-run ]; then rm -rf data/run; fi
