# A front over scripts/, which hold the work; each explains itself with --help.
SEEDS ?= 2000
KILLS ?= 20
ARGS ?=
MINUTES ?= 60
BENCH ?= chain

.PHONY: help run test bench bench-smoke bench-peers bench-gate bench-curves soak profile simulate kill-test services services-down format lint web-test clean
.DEFAULT_GOAL := help

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## set up, build, run the demonstration (ARGS="--help" for its options)
	@scripts/run $(ARGS)

test: ## set up, build, pass every check and test (ARGS=--quick for the short form)
	@scripts/test $(ARGS)

bench: ## run the benchmarks: table here, JSON in build/bench/results
	@scripts/bench

bench-smoke: ## run every benchmark once, tiny
	@scripts/bench --smoke

bench-peers: ## run Bora beside Storm, Flink, Kafka Streams, WindFlow (ARGS="--graphs chain --rounds 3")
	@scripts/bench-peers $(ARGS)

bench-gate: ## fail when the engine is further from its floors than recorded; a minute
	@scripts/bench-gate $(ARGS)

bench-curves: ## draw how throughput scales with tasks, payload, fan-out, keys, depth, ...
	@scripts/bench-curves $(ARGS)

soak: ## load all of coldchain for MINUTES=60 and fail when memory, files, threads or latency grow
	@scripts/soak $(MINUTES) $(ARGS)

profile: ## flame graph and largest costs of BENCH=chain (scripts/profile --help for others)
	@scripts/profile $(BENCH) $(ARGS)

simulate: ## run whole topologies under SEEDS=2000 seeded schedules with faults
	@scripts/simulate $(SEEDS) $(ARGS)

kill-test: ## kill -9 the program under load KILLS=20 times and look for what was lost
	@scripts/kill-test $(KILLS)

services: ## start real Kafka, Redis and KairosDB on loopback (ARGS=kafka3 for others)
	@scripts/services up $(ARGS)

services-down: ## end them
	@scripts/services down

format: ## rewrite the sources as .clang-format says
	@scripts/format --fix

lint: ## clang-tidy
	@scripts/lint

web-test: ## drive the page in a real browser (needs npm and chromium)
	@scripts/web-test $(ARGS)

clean: ## end the servers of scripts/services, remove build/
	@scripts/services down
	rm -rf build
