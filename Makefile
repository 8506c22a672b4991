# Works with nothing but Go and a package manager: what else a target needs, it installs, and says so.

VERSION  := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
FUZZTIME := 20s
# The race detector needs a C compiler; Go switches cgo off where there is none.
RACE     := $(if $(filter 1,$(shell go env CGO_ENABLED)),-race)
GOTOOL    = go tool -modfile=internal/tools/$(1).mod $(1)

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: deps-postgres build ## show Hookline at work, on a database made for it and thrown away
	@./bin/hookline demo

.PHONY: build
build: ## build the static binary ./bin/hookline
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o bin/hookline ./cmd/hookline

.PHONY: image
image: ## build the container image hookline:<version>
	docker build --build-arg VERSION=$(VERSION) -t hookline:$(VERSION) .

# No package comes near it; a test that hangs ends with it, and says what it waits for.
TIMEOUT := 15m
GOTEST   = internal/tools/gotest -timeout $(TIMEOUT)

.PHONY: test
test: deps ## go vet, every test, and every benchmark once, against a real Postgres
	$(if $(RACE),,@echo 'no C compiler: the race detector is off')
	@$(GOTEST) $(RACE) -vet=all -exec '$(CURDIR)/internal/tools/benched' ./...

.PHONY: test-short
test-short: deps ## what one runs between edits, in under a minute: no servers, no tools, no race detector
	@$(GOTEST) -vet=all -short ./...

.PHONY: test-timing
test-timing: deps ## the packages whose tests have timing in them, without the race detector, nothing from the cache
	@$(GOTEST) -vet=off -count=1 ./e2e/campaign ./e2e/crash ./sender/... ./spool/...

.PHONY: race
race: deps ## every test and every process under the race detector, nothing from the cache
	@E2E_RACE=1 $(GOTEST) -race -count=1 ./...

.PHONY: e2e
e2e: deps ## the end-to-end tests, in detail, the long fault campaign and Patroni
	E2E_RACE=1 E2E_PATRONI=$$(internal/tools/fetch-patroni) \
	E2E_CAMPAIGN=long E2E_MIRROR=1000 go test $(RACE) -count=1 -timeout 60m -v ./e2e/...
	HOOKLINE_LARGE_TESTS=1 go test -count=1 -p 1 -timeout 30m -run 'TestUnreadableSize|TestLargeRows' -v ./cdc ./e2e/delivery

.PHONY: campaign
campaign: deps ## the long fault campaign on Postgres 15, 17 and 18, three seeds each
	@for major in 15 17 18; do for seed in $${E2E_SEED:-1 2 3}; do \
		E2E_CAMPAIGN=long E2E_ROUNDS=$${E2E_ROUNDS:-3} E2E_MAJOR=$$major E2E_SEED=$$seed \
		go test -count=1 -timeout 20m -v -run 'TestCampaign$$' ./e2e/campaign || exit 1; \
	done; done

.PHONY: campaign-scale
campaign-scale: deps-postgres ## kill reader, senders and NATS servers in a backlog of 100,000 deliveries
	E2E_CAMPAIGN=long go test -count=1 -timeout 60m -v -run 'TestKills$$' ./e2e/scale

.PHONY: conformance
conformance: deps-postgres ## hold Hookline against nginx, Apache, HAProxy, Caddy, lighttpd and h2o, fetched from Debian: four minutes
	@internal/tools/fetch-servers $(CURDIR)/bin/servers
	E2E_SERVERS=$(CURDIR)/bin/servers go test -count=1 -timeout 60m -parallel 12 -v -run TestServers ./e2e/conformance

.PHONY: fuzz
fuzz: deps ## every fuzz target, one after the other, for FUZZTIME (20s) each
	@set -e; found=$$(go test -list '^Fuzz' ./...); \
	echo "$$found" | awk '/^Fuzz/ { t[++n] = $$1 } /^ok/ { for (i = 1; i <= n; i++) print $$2, t[i]; n = 0 }' | \
	while read -r package target; do \
		echo "$$package $$target"; \
		go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -timeout $(TIMEOUT) "$$package" </dev/null || exit 1; \
	done

.PHONY: monitoring
monitoring: ## hold alerts, dashboard and spans against the libraries of Prometheus and OpenTelemetry
	K8S_MONITORING=1 go test -count=1 -run TestMonitoring ./k8s

.PHONY: metrics
metrics: deps-postgres ## write docs/metrics.md anew, from what a running Hookline tells
	go test -count=1 -run TestMetricsReference ./e2e/command -update

.PHONY: bench
bench: deps-postgres ## measure throughput, latency and what trouble costs, in half an hour
	go run ./bench

.PHONY: bench-scale
bench-scale: deps-postgres ## one process, 1, 2 and 4 senders over NATS side by side: see docs/scale.md
	go run ./bench -scenario senders,through,senderkilled

.PHONY: microbench
microbench: deps ## run the benchmarks beside the code, for benchstat: see docs/performance.md
	go test -timeout 60m -run '^$$' -bench . -benchmem -count 6 ./... | tee microbench.txt

.PHONY: lint
lint: ## golangci-lint, pinned in internal/tools
	$(call GOTOOL,golangci-lint) run

.PHONY: fmt
fmt: ## format the code as lint wants it
	$(call GOTOOL,golangci-lint) fmt

.PHONY: vuln
vuln: ## look the dependencies up in Go's vulnerability database (needs the network)
	$(call GOTOOL,govulncheck) ./...

.PHONY: deps
deps: ## install Postgres, Node and PgBouncer where missing, and fetch servers that only tests need
	@internal/tools/deps postgres node
	@internal/tools/deps pgbouncer || true
	@internal/tools/fetch-postgres 17 18 || true
	@internal/tools/fetch-upgrade 17 18 || true
	@internal/tools/fetch-typescript >/dev/null || true

.PHONY: deps-postgres
deps-postgres:
	@internal/tools/deps postgres
