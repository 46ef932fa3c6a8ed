# skep btf: types as they are, and as a C header with the same layout

% command -v clang # clang is not installed (Debian: clang)
@ types.c
| typedef unsigned long long u64;
| enum small { one = 1, two } __attribute__((mode(QI)));
| enum wide { huge = 0x8000000000000000ull, tiny = 1 };
| enum minus { below = -5000000000ll, above = 5 };
| struct unknown;
| struct node;
| typedef struct node node_t;
| typedef int (*call_t)(struct node *n, const char *const *names, node_t *again, ...);
| struct node {
| 	struct node *next, *volatile *prev;
| 	call_t call;
| 	void (*(*deep)(int))(node_t *, struct unknown *);
| 	int (*grid)[3][4];
| 	const char text[5];
| 	struct later *later;
| 	enum { here, there } where;
| };
| struct packed {
| 	char c;
| 	int i;
| 	short s;
| 	u64 l;
| } __attribute__((packed));
| struct bits {
| 	unsigned a : 3, : 2, b : 9;
| 	u64 c : 40;
| 	char d;
| 	int e : 5;
| 	int : 0;
| 	int f : 1;
| 	_Bool g : 1;
| 	enum small h : 4;
| };
| struct packed_bits {
| 	char a;
| 	int b : 20, c : 20;
| 	long d;
| } __attribute__((packed));
| struct aligned {
| 	char a;
| 	struct { short b; } __attribute__((aligned(16))) c;
| 	int d __attribute__((aligned(64)));
| };
| struct anonymous {
| 	union {
| 		struct { int x, y; };
| 		u64 xy;
| 		struct { char c; int i; } __attribute__((packed)) p;
| 	};
| 	union { char c; } __attribute__((aligned(32))) u;
| 	union { long l[3]; struct packed q; };
| 	struct { } nothing;
| 	__int128 big;
| 	char tail[];
| };
| struct far { char a; char b __attribute__((aligned(8192))); };
| struct later { struct aligned a; struct bits b[2]; node_t n; };
| typedef struct { node_t *n; enum small s; } unnamed_t;
| #include "uses.c"
@ uses.c
| struct node v1; struct packed v2; struct bits v3; struct packed_bits v4; struct aligned v5;
| struct anonymous v6; struct far v7; struct later v8; unnamed_t v9; enum wide v10; enum minus v11;
| enum small v12; int v13;
@ check.sh
| # the header of a file's types makes the same types: names, sizes, offsets, bit fields
| cut() { skep btf dump file $1 --on engine -j | tr '{' '\n' | grep -o '"kind":"\(STRUCT\|UNION\|ENUM\|ENUM64\)","name":"[a-z_]*".*"size":[0-9]*\|"name":"[^"]*","type_id":[0-9]*,"bits_offset[^}]*' | sed '/__hole/d; s/"type_id":[0-9]*,//' | sort; }
| skep btf dump file types.o format c --on engine >types.h
| { echo '#define BPF_NO_PRESERVE_ACCESS_INDEX'; cat types.h uses.c; } >again.c
| clang -target bpf -g -O2 -Wall -Werror -c again.c -o again.o && clang -m64 -fsyntax-only -Wall -Werror again.c
| cut types.o >1; cut again.o >2; wc -l <1; diff 1 2 && echo the same
$ clang -target bpf -g -O2 -c types.c -o types.o; sh check.sh
= 62
= the same
# clang 14 has no enumerators of 64 bits and no signs of enums
$ skep btf dump file types.o format c --on engine | sed '/^enum \(wide\|minus\) {/,/^}/d'
= #ifndef __VMLINUX_H__
= #define __VMLINUX_H__
=
= #ifndef BPF_NO_PRESERVE_ACCESS_INDEX
= #pragma clang attribute push (__attribute__((preserve_access_index)), apply_to = record)
= #endif
=
= struct node;
=
= typedef struct node node_t;
=
= typedef int (*call_t)(struct node *, const char *const *, node_t *, ...);
=
= struct unknown;
=
= struct later;
=
= struct node {
= 	struct node *next;
= 	struct node *volatile *prev;
= 	call_t call;
= 	void (*(*deep)(int))(node_t *, struct unknown *);
= 	int (*grid)[3][4];
= 	const char text[5];
= 	struct later *later;
= 	enum {
= 		here = 0,
= 		there = 1,
= 	} where;
= };
=
= typedef unsigned long long u64;
=
= struct packed {
= 	char c;
= 	int i;
= 	short s;
= 	u64 l;
= } __attribute__((packed));
=
= enum small {
= 	one = 1,
= 	two = 2,
= } __attribute__((mode(QI)));
=
= struct bits {
= 	unsigned int a: 3;
= 	char: 2;
= 	unsigned int b: 9;
= 	u64 c: 40;
= 	char d;
= 	int e: 5;
= 	char: 3;
= 	char: 8;
= 	short: 16;
= 	int f: 1;
= 	_Bool g: 1;
= 	enum small h: 4;
= };
=
= struct packed_bits {
= 	char a;
= 	int b: 20;
= 	int c: 20;
= 	long d;
= } __attribute__((packed));
=
= struct aligned {
= 	char a;
= 	char: 8;
= 	short: 16;
= 	int: 32;
= 	long: 64;
= 	struct {
= 		short b;
= 		short: 16;
= 		int: 32;
= 		long: 64;
= 	} c;
= 	long: 64;
= 	long: 64;
= 	long: 64;
= 	long: 64;
= 	int d;
= 	int: 32;
= 	long: 64;
= 	long: 64;
= 	long: 64;
= 	long: 64;
= 	long: 64;
= 	long: 64;
= 	long: 64;
= };
=
= struct anonymous {
= 	union {
= 		struct {
= 			int x;
= 			int y;
= 		};
= 		u64 xy;
= 		struct {
= 			char c;
= 			int i;
= 		} __attribute__((packed)) p;
= 	};
= 	long: 64;
= 	long: 64;
= 	long: 64;
= 	union {
= 		char c;
= 		char __hole[32];
= 	} u;
= 	union {
= 		long l[3];
= 		struct packed q;
= 	};
= 	struct {
= 	} nothing;
= 	__int128 big;
= 	char tail[0];
= 	long: 64;
= 	long: 64;
= };
=
= struct far {
= 	char a;
= 	char __hole_1[8191];
= 	char b;
= 	char __hole_2[8191];
= };
=
= struct later {
= 	struct aligned a;
= 	struct bits b[2];
= 	node_t n;
= 	long: 64;
= 	long: 64;
= 	long: 64;
= 	long: 64;
= };
=
= typedef struct {
= 	node_t *n;
= 	enum small s;
= } unnamed_t;
=
=
=
= #ifndef BPF_NO_PRESERVE_ACCESS_INDEX
= #pragma clang attribute pop
= #endif
=
= #endif /* __VMLINUX_H__ */
$ skep btf dump file types.o --on engine | sed -n '/small/,/two/p;/STRUCT .bits/,/vlen=/p;/unnamed_t/p;/VAR .v12/p;/FUNC_PROTO/,/type_id/p' | sed 's/ encoding=[UNSIGED]*SIGNED / /'
= [7] FUNC_PROTO '(anon)' ret_type_id=8 vlen=4
= 	'(anon)' type_id=2
= [17] FUNC_PROTO '(anon)' ret_type_id=18 vlen=1
= 	'(anon)' type_id=8
= [19] FUNC_PROTO '(anon)' ret_type_id=0 vlen=2
= 	'(anon)' type_id=14
= [35] STRUCT 'bits' size=16 vlen=8
= 	'a' type_id=36 bits_offset=0 bitfield_size=3
= 	'b' type_id=36 bits_offset=5 bitfield_size=9
= 	'c' type_id=32 bits_offset=14 bitfield_size=40
= 	'd' type_id=13 bits_offset=56
= 	'e' type_id=8 bits_offset=64 bitfield_size=5
= 	'f' type_id=8 bits_offset=96 bitfield_size=1
= 	'g' type_id=37 bits_offset=97 bitfield_size=1
= 	'h' type_id=38 bits_offset=98 bitfield_size=4
= [36] INT 'unsigned int' size=4 bits_offset=0 nr_bits=32 encoding=(none)
= [37] INT '_Bool' size=1 bits_offset=0 nr_bits=8 encoding=BOOL
= [38] ENUM 'small' size=1 vlen=2
= [38] ENUM 'small' size=1 vlen=2
= 	'one' val=1
= 	'two' val=2
= [62] TYPEDEF 'unnamed_t' type_id=63
= [69] VAR 'v12' type_id=38, linkage=global
= 	type_id=69 offset=0 size=1 (VAR 'v12')
$ skep btf dump file types.o format raw --on engine -p | sed -n '1,/}/p'
= {
=     "types": [
=         {
=             "id": 1,
=             "kind": "STRUCT",
=             "name": "node",
=             "size": 64,
=             "vlen": 8,
=             "members": [
=                 {
=                     "name": "next",
=                     "type_id": 2,
=                     "bits_offset": 0
=                 },

# objects of the engine
@ in.sh
| export SKEP_DIR=$PWD/engine
| "$@"
@ prog.bpf.c
| #define SEC(name) __attribute__((section(name), used))
| #define __uint(name, val) int(*name)[val]
| #define __type(name, val) typeof(val) *name
| struct key { int a; struct { short b; }; };
| struct { __uint(type, 1); __uint(max_entries, 4); __type(key, struct key); __type(value, long); } m SEC(".maps");
| static long (*update)(void *, const void *, const void *, unsigned long long) = (void *)2;
| SEC("xdp") int pass(void *ctx) { struct key k = {1}; long v = 2; update(&m, &k, &v, 0); return 2; }
| char _license[] SEC("license") = "Dual BSD/GPL";
$ clang -target bpf -g -O2 -c prog.bpf.c -o prog.bpf.o; sh in.sh skep prog loadall prog.bpf.o /sys/fs/bpf pinmaps /sys/fs/bpf --on engine
$ sh in.sh skep btf list --on engine | sed 's/size [0-9]*B/size N/'
= 1: name <anon>  size N  prog_ids 3  map_ids 2
$ sh in.sh skep btf show id 1 --on engine -j | sed 's/"size":[0-9]*/SIZE/'
= {"id":1,SIZE,"prog_ids":[3],"map_ids":[2],"kernel":false}
$ sh in.sh skep btf dump map pinned /sys/fs/bpf/m key format c --on engine | sed -n '/^struct/,/^}/p'
= struct key {
= 	int a;
= 	struct {
= 		short b;
= 	};
= };
$ sh in.sh skep btf dump map name m kv --on engine | grep -c '^.[0-9]*. '
= 2
$ sh in.sh skep btf dump prog name pass --on engine | grep "STRUCT 'key'"
= [8] STRUCT 'key' size=8 vlen=2

# what is wrong is said
$ sh in.sh skep btf dump id 99 --on engine
! skep: btf dump: its types: No such file or directory [T086]
? 1
$ sh in.sh skep btf dump --on engine
! skep: expected id, prog, map or file, not 'nothing'; see 'skep help btf' [T090]
? 1
$ sh in.sh skep btf dump file nothing --on engine
! skep: cannot read nothing: No such file or directory [T011]
? 1
$ sh in.sh skep btf dump file in.sh --on engine
! skep: in.sh: no BTF: it begins with 0x7865, not with 0xeb9f (0x9feb: of a machine of the other byte order) [B002]
! skep: btf dump: in.sh: Invalid argument [T086]
? 1
$ sh in.sh skep btf dump file prog.bpf.o format d --on engine
! skep: expected raw or c, not 'd'; see 'skep help btf' [T090]
? 2
$ sh in.sh skep btf dump file prog.bpf.o format c -j --on engine
! skep: a C header is no JSON; leave --json away [T105]
? 2
$ sh in.sh skep btf list name x --on engine
! skep: there is no BTF object 'x' on the engine; name it by id, name or pinned path [T035]
? 1
$ sh in.sh skep map create /sys/fs/bpf/plain type array key 4 value 4 entries 1 name plain --on engine; sh in.sh skep btf dump map name plain --on engine
! skep: plain has no types (BTF); compile with -g [T104]
? 1
$ clang -target bpf -O2 -c prog.bpf.c -o plain.o; sh in.sh skep btf dump file plain.o --on engine
! skep: plain.o has no types (BTF); compile with -g [T104]
? 1
