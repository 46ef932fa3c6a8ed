/* Bytes of instructions. Sources: Intel's manual, volume 2, chapters 2 and 3. */
#include "x86.h"
#include "mem.h"

enum { REX = 0x40, REX_W = 8, REX_R = 4, REX_X = 2, REX_B = 1 };

struct row {
	u8 map, opcode, width, digit, pp;
	bool one;
};

static const struct row rows[] = {
#define RM(name, m, code, bits) [x86_##name] = {.map = m, .opcode = code, .width = bits},
#define ONE(name, code, number) \
	[x86_##name] = {.opcode = code, .digit = number, .one = true},
#define VEX(name, prefix, m, code) \
	[x86_##name] = {.map = m, .opcode = code, .pp = prefix},
#include "x86.def"
};

void x86_byte(struct jit_buf *b, u8 byte)
{
	if (b->n == b->room) {
		u32 room = MAX(2 * b->room, 1024u);
		u8 *more = mem_resize(b->at, room, 1);

		if (!more) {
			b->failed = true;
			return;
		}
		b->at = more;
		b->room = room;
	}
	b->at[b->n++] = byte;
}

void x86_imm32(struct jit_buf *b, s32 imm)
{
	for (int i = 0; i < 32; i += 8)
		x86_byte(b, (u8)((u32)imm >> i));
}

/* ModRM, SIB and displacement. */
static void operand(struct jit_buf *b, u8 reg, struct x86_rm rm)
{
	u8 mod, low = rm.reg & 7;

	reg = (u8)((reg & 7) << 3);
	if (!rm.memory) {
		x86_byte(b, 0xc0 | reg | low);
		return;
	}
	/* rbp and r13 as base have no form without displacement. */
	mod = !rm.disp && low != rbp ? 0 : rm.disp == (s8)rm.disp ? 0x40 : 0x80;
	if (rm.index != JIT_NONE || low == rsp) {
		u8 index = rm.index == JIT_NONE ? (u8)rsp : rm.index & 7;

		x86_byte(b, mod | reg | rsp);
		x86_byte(b, (u8)(rm.scale << 6) | (u8)(index << 3) | low);
	} else {
		x86_byte(b, mod | reg | low);
	}
	if (mod == 0x40)
		x86_byte(b, (u8)rm.disp);
	else if (mod)
		x86_imm32(b, rm.disp);
}

static u8 rex_of(bool w, u8 reg, struct x86_rm rm)
{
	return (u8)((w ? REX_W : 0) | (reg >= 8 ? REX_R : 0) | (rm.reg >= 8 ? REX_B : 0) |
		    (rm.memory && rm.index != JIT_NONE && rm.index >= 8 ? REX_X : 0));
}

static void encode(struct jit_buf *b, const struct row *row, u8 opcode, bool w, u8 reg,
		   struct x86_rm rm)
{
	u8 rex = rex_of(w, reg, rm);
	/* spl, bpl, sil, dil need a REX to be bytes; of loads the register is no byte. */
	bool byte_reg =
		row->width == 8 && ((!rm.memory && rm.reg >= rsp && rm.reg <= rdi) ||
				    (!row->map && !row->one && reg >= rsp && reg <= rdi));

	if (row->width == 16 && !row->map)
		x86_byte(b, 0x66);
	if (rex || byte_reg)
		x86_byte(b, REX | rex);
	if (row->map)
		x86_byte(b, 0x0f);
	x86_byte(b, opcode);
	operand(b, reg, rm);
}

void x86_rm(struct jit_buf *b, enum x86_row row, bool w, u8 reg, struct x86_rm rm)
{
	const struct row *r = &rows[row];

	encode(b, r, r->opcode, w, r->one ? r->digit : reg, rm);
}

void x86_rm_imm(struct jit_buf *b, enum x86_row row, bool w, struct x86_rm rm, s32 imm)
{
	const struct row *r = &rows[row];
	bool is_byte = r->opcode == 0xc1 || r->opcode == 0xc6;
	bool is_short = r->opcode == 0x81 && imm == (s8)imm;

	encode(b, r, is_short ? 0x83 : r->opcode, w, r->digit, rm);
	if (is_byte || is_short)
		x86_byte(b, (u8)imm);
	else
		x86_imm32(b, imm);
}

void x86_vex(struct jit_buf *b, enum x86_row row, bool w, u8 reg, struct x86_rm rm,
	     u8 count)
{
	const struct row *r = &rows[row];
	u8 rex = rex_of(false, reg, rm);
	bool rotates = row == x86_rorx;

	x86_byte(b, 0xc4);
	x86_byte(b, (u8)((~rex & 7) << 5) | r->map);
	x86_byte(b, (u8)((w ? 0x80 : 0) | (rotates ? 0x78 : (~count & 15) << 3) | r->pp));
	x86_byte(b, r->opcode);
	operand(b, reg, rm);
	if (rotates)
		x86_byte(b, count);
}

void x86_movi(struct jit_buf *b, u8 reg, s64 imm)
{
	if (!imm) {
		x86_rm(b, x86_xor, false, reg, x86_of(reg));
	} else if ((u64)imm >> 32 == 0) {
		if (reg >= 8)
			x86_byte(b, REX | REX_B);
		x86_byte(b, 0xb8 | (reg & 7));
		x86_imm32(b, (s32)imm);
	} else if (imm == (s32)imm) {
		x86_rm_imm(b, x86_movk, true, x86_of(reg), (s32)imm);
	} else {
		x86_byte(b, REX | REX_W | (reg >= 8 ? REX_B : 0));
		x86_byte(b, 0xb8 | (reg & 7));
		x86_imm32(b, (s32)imm);
		x86_imm32(b, (s32)(imm >> 32));
	}
}
