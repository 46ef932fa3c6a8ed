/* fuzz_main.c - runs a fuzz target without libFuzzer
 *
 * usage: fuzz_NAME CORPUS_DIR [RUNS]
 *
 * Replays every file of the corpus, then runs mutations of them: FUZZ_RUNS, else for
 * FUZZ_SECONDS, else RUNS; with both for FUZZ_SECONDS at most. The random numbers come
 * from FUZZ_SEED (1), so that a run can be repeated. The input that ends the process (a
 * signal, a sanitizer, 10 s without an end) is saved as crash-input in the working
 * directory. Targets have libFuzzer's entries, the custom mutator too, so that
 * `clang -fsanitize=fuzzer` takes them as well.
 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { INPUT_MOST = 1 << 20, CORPUS_MOST = 4096, HANG_SECONDS = 10 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned int seed)
	__attribute__((weak));
void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

static struct input {
	uint8_t *data;
	size_t len;
} corpus[CORPUS_MOST], now;
static size_t n_corpus;
static uint64_t seed = 1;

/* xorshift64*: Vigna, "An experimental exploration of Marsaglia's xorshift generators" */
static uint64_t random_below(uint64_t n)
{
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return n ? (seed * 0x2545f4914f6cdd1d >> 16) % n : 0;
}

static void save(void)
{
	FILE *f;

	if (!now.data)
		return;
	f = fopen("crash-input", "w");
	if (f) {
		fwrite(now.data, 1, now.len, f);
		fclose(f);
	}
	fprintf(stderr, "the input of %zu bytes was saved as crash-input\n", now.len);
}

static void on_signal(int sig)
{
	if (sig == SIGALRM)
		fprintf(stderr, "no end within %d s\n", HANG_SECONDS);
	save();
	signal(sig, SIG_DFL);
	raise(sig == SIGALRM ? SIGABRT : sig);
}

static void watch(void)
{
	static const int signals[] = {SIGALRM, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

	if (__sanitizer_set_death_callback)
		__sanitizer_set_death_callback(save);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (!__sanitizer_set_death_callback || signals[i] == SIGALRM)
			signal(signals[i], on_signal);
}

/* The target gets a block of exactly `len` bytes, so that ASan sees the byte behind. */
static void run(const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	if (!copy)
		abort();
	memcpy(copy, data, len);
	now = (struct input){copy, len};
	alarm(HANG_SECONDS);
	LLVMFuzzerTestOneInput(copy, len);
	now.data = NULL;
	free(copy);
}

static void corpus_add(const char *dir, const char *name)
{
	char path[4096];
	struct input *in = &corpus[n_corpus];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = name[0] == '.' || n_corpus == CORPUS_MOST ? NULL : fopen(path, "r");
	if (!f)
		return;
	in->data = malloc(INPUT_MOST);
	if (!in->data)
		abort();
	in->len = fread(in->data, 1, INPUT_MOST, f);
	fclose(f);
	n_corpus++;
}

/* The numbers that lengths, offsets and counts go wrong at. */
static uint32_t interesting(size_t len)
{
	const uint32_t values[] = {
		0,
		1,
		8,
		0x7f,
		0x80,
		0xff,
		0x7fff,
		0xffff,
		0x7fffffff,
		0x80000000,
		0xffffffff,
		0xfffffff8,
		(uint32_t)len,
		(uint32_t)len - 1,
		(uint32_t)len + 1,
	};

	return values[random_below(sizeof(values) / sizeof(values[0]))];
}

static void copy_piece(uint8_t *data, size_t len)
{
	const struct input *from = &corpus[random_below(n_corpus)];
	size_t at = random_below(len), start = random_below(from->len);
	size_t n = random_below(64) + 1;

	n = n < len - at ? n : len - at;
	n = n < from->len - start ? n : from->len - start;
	memmove(data + at, from->data + start, n);
}

static size_t mutate(uint8_t *data, size_t len)
{
	size_t at = random_below(len), size = 1u << random_below(3);
	uint32_t value = interesting(len);

	switch (random_below(6)) {
	case 0: data[at] ^= (uint8_t)(1u << random_below(8)); break;
	case 1: data[at] = (uint8_t)random_below(256); break;
	case 2:
	case 3: memcpy(data + at, &value, size < len - at ? size : len - at); break;
	case 4: copy_piece(data, len); break;
	case 5: return random_below(4) ? len : at; /* cut */
	}
	return len;
}

/* The target's own mutator makes most of them where there is one. */
static size_t mutate_often(uint8_t *data, size_t len)
{
	if (LLVMFuzzerCustomMutator && random_below(8)) {
		size_t n = LLVMFuzzerCustomMutator(data, len, INPUT_MOST,
						   (unsigned)random_below(UINT32_MAX));

		if (n)
			return n;
	}
	for (uint64_t n = random_below(8) + 1; n && len; n--)
		len = mutate(data, len);
	return len;
}

static void mutations(uint64_t runs, uint64_t seconds)
{
	static uint8_t data[INPUT_MOST];
	time_t begin = time(NULL);
	uint64_t i = 0;

	while (i < runs && (!seconds || time(NULL) - begin < (time_t)seconds)) {
		const struct input *from = &corpus[random_below(n_corpus)];
		size_t len = from->len;

		memcpy(data, from->data, len);
		run(data, mutate_often(data, len));
		i++;
	}
	printf("%zu files of the corpus, %llu mutations, %lld s\n", n_corpus,
	       (unsigned long long)i, (long long)(time(NULL) - begin));
}

static uint64_t number(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 0) : otherwise;
}

int main(int argc, char **argv)
{
	struct dirent **names;
	uint64_t seconds;
	int n = argc >= 2 ? scandir(argv[1], &names, NULL, alphasort) : -1;

	if (n < 0) {
		fprintf(stderr, "usage: %s CORPUS_DIR [RUNS]\n", argv[0]);
		return 2;
	}
	for (int i = 0; i < n; i++) {
		corpus_add(argv[1], names[i]->d_name);
		free(names[i]);
	}
	free(names);
	if (!n_corpus) {
		fprintf(stderr, "%s: the corpus is empty\n", argv[1]);
		return 1;
	}
	seed = number("FUZZ_SEED", 1) | 1;
	watch();
	for (size_t i = 0; i < n_corpus; i++)
		run(corpus[i].data, corpus[i].len);
	seconds = number("FUZZ_SECONDS", 0);
	mutations(number("FUZZ_RUNS", seconds	 ? UINT64_MAX
				      : argc > 2 ? strtoull(argv[2], NULL, 0)
						 : 0),
		  seconds);
	return 0;
}
