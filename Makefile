# Shorthands for those who work on skep; meson and ninja do the work. Nothing else needs
# this file: ./check builds and tests, ./demo shows.
#
#   make            build            make bench   measure, beside the rivals
#   make test       all tests        make asan    all tests under ASan and UBSan
#   make lint       the house rules  make tsan    the threaded ones under TSan
#   make fuzz       each fuzzer for FUZZ_SECONDS (60)
#   make format     clang-format     make judges  the contract's long runs, as root
#   make install    DESTDIR and PREFIX count
#   make test-roots  ./check and ./demo in fresh roots of Debian 12
#   make verify-corpus  others' programs as case files, from Debian's packages, as root
#   make judge-verify   the verifier's verdicts on them, beside the kernel's
#   make fuzz-verify    N (2000000) random programs, and mutants of the corpus if it is there
#   make fuzz-sys       N (100000) random sequences of bpf(2) on kernel and engine, as root
#   make kill-test      each map type and the store with N (10000) killed writers
#   make linear-test    N (2000) histories of threads and processes on each map type
#   make judge-concrete  what it believes of 100,000 programs, beside what they do
#
# Each user builds in a directory of their own, SKEP_BUILD if that is set.
BUILD := $(or $(SKEP_BUILD),build-$(shell id -u))
SAN := $(BUILD)-asan
PREFIX ?= /usr/local
FUZZ_SECONDS ?= 60
VERIFY_CASES ?= $(BUILD)/cases
N ?= 2000000
THREADED = engine engine_shared helper_fields helper_timers linear lpm_trie map map_crash \
	map_direct map_in_map object perf_output
SOURCES = $(shell git ls-files '*.c' '*.h')

all: $(BUILD)/build.ninja
	ninja -C $(BUILD)

$(BUILD)/build.ninja:
	meson setup $(BUILD) --prefix=$(PREFIX)

$(SAN)/build.ninja:
	meson setup $(SAN) -Db_sanitize=address,undefined -Db_lundef=false

$(BUILD)-tsan/build.ninja:
	meson setup $(BUILD)-tsan -Db_sanitize=thread -Db_lundef=false -Dc_args=-Wno-tsan

test: all
	meson test -C $(BUILD)

bench: all
	meson test -C $(BUILD) --benchmark --verbose

asan: $(SAN)/build.ninja
	ninja -C $(SAN)
	UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 meson test -C $(SAN) \
		--timeout-multiplier 5

# The tests that have threads under ThreadSanitizer, which knows no fences: what reads
# beside writers is marked in the source, see reads_racing.
tsan: $(BUILD)-tsan/build.ninja
	ninja -C $(BUILD)-tsan $(addprefix test/test_,$(THREADED))
	TSAN_OPTIONS=halt_on_error=1 meson test -C $(BUILD)-tsan --no-rebuild \
		--timeout-multiplier 10 $(THREADED)

fuzz: $(SAN)/build.ninja
	ninja -C $(SAN)
	FUZZ_SECONDS=$(FUZZ_SECONDS) meson test -C $(SAN) --suite fuzz \
		--timeout-multiplier 0 --verbose

# What is too long for ./check: FUZZ_RUNS mutated programs and 10,000 mutated object files
# under the sanitizers, 200,000 random programs, 100,000 sequences of bpf(2) and tcpdump's
# captures on both sides.
judges: all $(SAN)/build.ninja
	ninja -C $(SAN)
	test/judge/judges.sh $(BUILD) $(SAN)

lint: all
	python3 test/lint.py .
	meson test -C $(BUILD) --suite lint

format:
	clang-format -i $(SOURCES)

install: all
	meson install -C $(BUILD)

# ./check and ./demo in fresh roots of Debian 12; as root, with a network
test-roots:
	test/roots.sh

verify-corpus: all
	test/judge/verify/record.sh $(BUILD) $(VERIFY_CASES)

judge-verify: all
	$(BUILD)/test/judge/verify/replay $(VERIFY_CASES)

fuzz-verify: all
	$(BUILD)/test/judge/verify/verify_fuzz -n $(N) -o $(BUILD)/fuzz-verify
	! test -d $(VERIFY_CASES) || $(BUILD)/test/judge/verify/verify_fuzz \
		-n $(N) -c $(VERIFY_CASES) -o $(BUILD)/fuzz-verify/mutants

fuzz-sys: N = 100000
fuzz-sys: all
	$(BUILD)/test/judge/seq/seq_fuzz -n $(N) -o $(BUILD)/fuzz-sys

judge-concrete: all
	$(BUILD)/test/judge/verify_concrete -n 100000

kill-test: N = 10000
kill-test: all
	SKEP_KILLS=$(N) meson test -C $(BUILD) --timeout-multiplier 0 --verbose \
		kill_maps kill_others kill_rings kill_store lpm_trie perf_output

linear-test: N = 2000
linear-test: all
	SKEP_ROUNDS=$(N) meson test -C $(BUILD) --timeout-multiplier 0 --verbose linear

.PHONY: all test bench asan tsan fuzz judges lint format install test-roots \
	verify-corpus judge-verify fuzz-verify fuzz-sys judge-concrete kill-test \
	linear-test
