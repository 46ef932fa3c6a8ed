# skep map dump: what an engine's maps hold, from another process

% command -v clang # clang is not installed (Debian: clang)
@ kept.bpf.c
| #define SEC(name) __attribute__((section(name), used))
| #define __uint(name, val) int(*name)[val]
| #define __type(name, val) typeof(val) *name
| static long (*update)(void *, const void *, const void *, unsigned long long) = (void *)2;
| struct {
| 	__uint(type, 1);
| 	__uint(max_entries, 4);
| 	__type(key, unsigned);
| 	__type(value, int);
| } kept SEC(".maps");
| SEC("tracepoint/syscalls/sys_enter_chdir") int on_chdir(void *ctx)
| {
| 	unsigned key = 11;
| 	int value = -1;
| 	update(&kept, &key, &value, 0);
| 	return 0;
| }
| char _license[] SEC("license") = "Dual BSD/GPL";
$ clang -O2 -g -target bpf -c kept.bpf.c -o kept.bpf.o
# leaks cannot be looked for in a traced process
$ export SKEP_DIR=$PWD/engine; skep run kept.bpf.o --on engine -- sh -c 'cd /; ASAN_OPTIONS=detect_leaks=0 skep map dump kept --on engine' | head -3
= kept (hash, 1 of 4 entries)
=   key  value
=   11   -1
$ export SKEP_DIR=$PWD/engine; skep run kept.bpf.o --on engine -- sh -c 'cd /; ASAN_OPTIONS=detect_leaks=0 skep map dump name kept --on engine --json' | head -1
= [{"key":["0x0b","0x00","0x00","0x00"],"value":["0xff","0xff","0xff","0xff"],"formatted":{"key":11,"value":-1}}]
$ export SKEP_DIR=$PWD/engine; skep map dump kept --on engine
! skep: there is no map 'kept' on the engine; name it by id, name or pinned path [T035]
? 1
$ export SKEP_DIR=$PWD/engine; skep map dump id 7 --on engine
! skep: there is no map '7' on the engine; name it by id, name or pinned path [T035]
? 1

# the verbs, on a map that only its pin keeps
$ export SKEP_DIR=$PWD/e2; skep map create /sys/fs/bpf/h type hash key 4 value 8 entries 4 name one --on engine
$ export SKEP_DIR=$PWD/e2; skep map update pinned /sys/fs/bpf/h key 1 0 0 0 value 5 --on engine
$ export SKEP_DIR=$PWD/e2; skep map update /sys/fs/bpf/h key hex 02 00 00 0a --on engine value noexist
! skep: the value has 8 bytes, but 0 were given [T087]
? 2
$ export SKEP_DIR=$PWD/e2; skep map update name one key 3 noexist --on engine value -- -2
! skep: expected value, not 'noexist'; see 'skep help map' [T090]
? 2
$ export SKEP_DIR=$PWD/e2; skep map update name one key 3 --on engine value -- -2
$ export SKEP_DIR=$PWD/e2; skep map update name one key 3 value 7 noexist --on engine
! skep: map update: one: File exists [T086]
? 1
$ export SKEP_DIR=$PWD/e2; skep map update name one key 4 value 7 exist --on engine
! skep: map 'one' on the engine has no such element [T095]
? 1
$ export SKEP_DIR=$PWD/e2; skep map dump name one --on engine
= one (hash, 2 of 4 entries)
=   key          value
=   01 00 00 00  05 00 00 00 00 00 00 00
=   03 00 00 00  fe ff ff ff ff ff ff ff
$ export SKEP_DIR=$PWD/e2; skep map dump name one --on engine -j | tr -d '[]{' | sed 's/},*/\n/g' | sort
=
= "key":"0x01","0x00","0x00","0x00","value":"0x05","0x00","0x00","0x00","0x00","0x00","0x00","0x00"
= "key":"0x03","0x00","0x00","0x00","value":"0xfe","0xff","0xff","0xff","0xff","0xff","0xff","0xff"
$ export SKEP_DIR=$PWD/e2; skep map lookup name one key 3 --on engine -p
= {
=     "key": [
=         "0x03",
=         "0x00",
=         "0x00",
=         "0x00"
=     ],
=     "value": [
=         "0xfe",
=         "0xff",
=         "0xff",
=         "0xff",
=         "0xff",
=         "0xff",
=         "0xff",
=         "0xff"
=     ]
= }
$ export SKEP_DIR=$PWD/e2; skep map lookup name one key 9 --on engine
! skep: map 'one' on the engine has no such element [T095]
? 1
$ export SKEP_DIR=$PWD/e2; skep map delete name one key 3 --on engine
$ export SKEP_DIR=$PWD/e2; skep map delete name one key 3 --on engine
! skep: map 'one' on the engine has no such element [T095]
? 1
$ export SKEP_DIR=$PWD/e2; skep map getnext name one --on engine
= next key: 01 00 00 00
$ export SKEP_DIR=$PWD/e2; skep map getnext name one key 1 --on engine -j
! skep: map 'one' has no element behind that one [T096]
? 1
$ export SKEP_DIR=$PWD/e2; skep map pin name one /sys/fs/bpf/again --on engine; skep map show pinned /sys/fs/bpf/again --on engine
= 1: hash  name one  flags 0x0
= 	key 4B  value 8B  max_entries 4
$ export SKEP_DIR=$PWD/e2; skep map list --on engine -j
= [{"id":1,"type":"hash","name":"one","flags":0,"bytes_key":4,"bytes_value":8,"max_entries":4}]
$ export SKEP_DIR=$PWD/e2; skep map freeze name one --on engine; skep map update name one key 1 value 1 --on engine
! skep: map update: one: Operation not permitted [T086]
? 1
$ export SKEP_DIR=$PWD/e2; skep map create /sys/fs/bpf/p type percpu_array key 4 value 8 entries 1 name per --on engine; skep map update name per key 0 value 6 --on engine; skep map lookup name per key 0 --on engine -j | grep -o '"cpu":0,"value":\["0x06","0x00"'
= "cpu":0,"value":["0x06","0x00"
$ export SKEP_DIR=$PWD/e2; skep map create /sys/fs/bpf/p2 type array key 4 value 4 entries 1 name per --on engine; skep map dump name per --on engine
! skep: 2 maps are called 'per'; name one by its id, which 'skep map list' shows [T085]
? 1

# options first, as bpftool has them
$ export SKEP_DIR=$PWD/e2; skep -j map show pinned /sys/fs/bpf/p --on engine
= {"id":2,"type":"percpu_array","name":"per","flags":0,"bytes_key":4,"bytes_value":8,"max_entries":1}

# what is wrong is said
$ skep map lookp --on engine
! skep: map: unknown verb 'lookp'; did you mean 'lookup'? [T080]
? 2
$ skep map frobnicate --on engine
! skep: map: unknown verb 'frobnicate'; the help text lists the verbs [T034]
? 2
$ skep map
! skep: an argument is missing; see 'skep help map' [T009]
? 2
$ export SKEP_DIR=$PWD/e2; skep map show id --on engine
! skep: an id is missing; see 'skep help map' [T081]
? 2
$ export SKEP_DIR=$PWD/e2; skep map show id many --on engine
! skep: expected an id, not 'many'; write it like 42 or 0x2a, at most 4294967295 [T082]
? 2
$ export SKEP_DIR=$PWD/e2; skep map list id 1 2 --on engine
! skep: '2' is one argument too many; see 'skep help map' [T010]
? 2
$ export SKEP_DIR=$PWD/e2; skep map update name one key 1 0 0 value 1 --on engine
! skep: the key has 4 bytes, but 3 were given [T087]
? 2
$ export SKEP_DIR=$PWD/e2; skep map update name one key 1 0 0 256 value 1 --on engine
! skep: '256' is no byte of the key; write 0 to 255, or 00 to ff behind the word hex [T088]
? 2
$ export SKEP_DIR=$PWD/e2; skep map update name one key 0x100000000 value 1 --on engine
! skep: the key: '0x100000000' is no number of 4 bytes [T092]
? 2
$ export SKEP_DIR=$PWD/e2; skep map lookup name one --on engine
! skep: expected key, not 'nothing'; see 'skep help map' [T090]
? 2
$ export SKEP_DIR=$PWD/e2; skep map push name one value 1 --on engine
! skep: push is for queues, stacks and bloom filters; into a hash write with update [T098]
? 2
$ export SKEP_DIR=$PWD/e2; skep map create --on engine
! skep: a path to pin it at is missing; see 'skep help map' [T081]
? 2
$ export SKEP_DIR=$PWD/e2; skep map create /sys/fs/bpf/x type hush --on engine
! skep: there is no map type 'hush'; they are named as in hash, percpu_array, lpm_trie [T093]
? 2
$ export SKEP_DIR=$PWD/e2; skep map create /sys/fs/bpf/x kind hash --on engine
! skep: expected type, key, value, entries, name, flags or inner_map, not 'kind'; see 'skep help map' [T090]
? 2
$ export SKEP_DIR=$PWD/e2; skep map create /sys/fs/bpf/x name a_name_of_17_chars --on engine
! skep: the name 'a_name_of_17_chars' is too long; at most 15 characters are allowed [T094]
? 2
$ export SKEP_DIR=$PWD/e2; skep map create /sys/fs/bpf/x type hash key 4 --on engine
! skep: map create: hash: Invalid argument [T086]
? 1

# values by type
@ typed.bpf.c
| #define SEC(name) __attribute__((section(name), used))
| #define __uint(name, val) int(*name)[val]
| #define __type(name, val) typeof(val) *name
| enum color { red, green = 5, blue = -1 };
| struct value {
| 	int a;
| 	unsigned b : 3, c : 5;
| 	_Bool on;
| 	char s[8];
| 	enum color e;
| 	union { short u; char v; };
| 	long long n[2];
| };
| struct {
| 	__uint(type, 1);
| 	__uint(max_entries, 4);
| 	__type(key, unsigned);
| 	__type(value, struct value);
| } typed SEC(".maps");
| int glob = 7, other = 8;
| SEC("tracepoint/syscalls/sys_enter_chdir") int on_chdir(void *ctx)
| {
| 	void *volatile map = &typed;
| 	return !map + glob + other;
| }
| char _license[] SEC("license") = "Dual BSD/GPL";
@ typed.sh
| export ASAN_OPTIONS=detect_leaks=0
| u() { skep map update name typed --on engine key "$@"; }
| u 1 value '{"a": -4, "b": 7, c: 0x1f, on: true, s: "ab\"c", e: green, u: 3, n: [1, -2]}'
| u 1 value '{"s": "x"}'
| u 2 value '{e: "blue", "n": [3]}'
| skep map lookup name typed key 1 --on engine
| skep map lookup name typed key 2 --on engine
| u 2 value '{b: 8}'
| u 2 value '{e: purple}'
| u 2 value '{a: 0x100000000}'
| u 2 value '{nothing: 1}'
| u 2 value '{a: 1} 2'
| u 2 value '{a: 1'
| u 2 value '{n: [1, 2, 3]}'
| u 2 value '{s: "12345678"}'
| u 2 value '{s: "123456789"}'
| u 2 value 1
| u two value '{}'
| skep map update name typed.data --on engine key 0 0 0 0 value '{glob: 9}'
| skep map dump name typed.data --on engine
| skep map lookup name typed key 1 --on engine -j | sed 's/.*"formatted"//'
$ clang -O2 -g -target bpf -c typed.bpf.c -o typed.bpf.o
| 	return !map + glob + other;
$ export SKEP_DIR=$PWD/e3; skep run typed.bpf.o --on engine -- sh typed.sh | sed '/^typed /,$d'
=   key  value
=   1    { .a = -4, .b = 7, .c = 31, .on = true, .s = "x", .e = green, .u = 3, .v = 3, .n = {1, -2} }
=   key  value
=   2    { .a = 0, .b = 0, .c = 0, .on = false, .s = "", .e = blue, .u = 0, .v = 0, .n = {3, 0} }
= typed.data (global variables)
=   glob = 9
=   other = 8
= :{"key":1,"value":{"a":-4,"b":7,"c":31,"on":true,"s":"x","e":"green","u":3,"v":3,"n":[1,-2]}}}
! skep: the value: expected 3 bits at '8}'; its type is struct value [T089]
! skep: the value: expected an enumerator at 'purple}'; its type is struct value [T089]
! skep: the value: expected signed 32 bits at '0x100000000}'; its type is struct value [T089]
! skep: the value: expected the name of a member at 'nothing: 1}'; its type is struct value [T089]
! skep: the value: expected the end at '2'; its type is struct value [T089]
! skep: the value: expected , or } at ''; its type is struct value [T089]
! skep: the value: expected no more elements at ' 3]}'; its type is struct value [T089]
! skep: the value: expected shorter text, or a quote at its end at '9"}'; its type is struct value [T089]
! skep: the value: expected { at '1'; its type is struct value [T089]
! skep: the key: expected a number at 'two'; its type is unsigned int [T089]
! typed.sh: 22: return: Illegal number: !map
