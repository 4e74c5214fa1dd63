# Everything that people and CI do. Nothing here downloads a binary: tools are
# built from Go modules (.ci/tools), npm packages come by lock file, Chromium is
# Debian's.

GO        ?= go
TORTURE   ?= 200
FAILOVERS ?= 20

.PHONY: all test go-test browser-test deps lint generate check-generated bench bench-ratios bench-accept torture demo clean

all: lint test

## test: installs what is missing, then all tests
test: deps go-test browser-test

go-test:
	$(GO) test $(GOTESTFLAGS) -race -shuffle=on -timeout 15m ./...

browser-test: deps
	cd embed && npx --no-install playwright test

## deps: what the tests need and is missing
deps:
	bash .ci/deps

## lint: vet, the linters with the import table, type-check of the front end
lint: deps
	$(GO) vet ./...
	$(GO) tool -modfile=.ci/tools/go.mod golangci-lint run --allow-parallel-runners ./...
	cd embed && npm run --silent check

## generate: the front end into embed/dist
generate: deps
	cd embed && node build.mjs

## check-generated: fails if anything that is committed and built is stale
check-generated: generate
	@test -z "$$(git status --porcelain -- embed/dist)" || { git --no-pager diff --stat -- embed/dist; git status --short -- embed/dist; echo "embed/dist differs from a fresh build: run 'make generate' and commit"; exit 1; }
	@$(GO) mod tidy -diff

## bench: all benchmarks, each beside its floor, into docs/performance.md; BENCH_DB=postgres://… on that server, BENCH_ARGS for the rest
# (a copy of the program, as an install makes: Linux may map a file that was just linked whole)
bench:
	$(GO) build -o afterword.linked ./cmd/afterword && cp afterword.linked afterword && rm afterword.linked
	./afterword $(if $(BENCH_DB),--db '$(BENCH_DB)') bench --docs docs $(BENCH_ARGS)
	$(GO) test ./internal/webhook -run '^$$' -bench 'Drain|FanOut|Hanging|Memory' -benchtime 1x -timeout 20m

## bench-ratios: a short run; fails if more than a fifth of an accepted ratio is lost
bench-ratios:
	bash .ci/bench-ratios

## bench-accept: a short run whose ratios are accepted from now on
bench-accept:
	bash .ci/bench-ratios --accept .ci/ratios.json

## torture: TORTURE kills and pauses and FAILOVERS of a cluster under load, cuts and crowds, with a checker; about ten minutes
torture:
	$(GO) test ./internal/torture -run Test -torture.long -torture.kills=$(TORTURE) -torture.failovers=$(FAILOVERS) -v -timeout 40m -count=1

## demo: newspaper, widget, desk and webhooks
demo:
	$(GO) run ./cmd/afterword demo

clean:
	rm -rf afterword embed/node_modules embed/test-results
