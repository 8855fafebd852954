// SPDX-License-Identifier: GPL-2.0-only
#include "nvme.h"

#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

_Static_assert(sizeof(struct nvme_uring_cmd) == 72, "the command part of an SQE of 128 bytes has 80");
_Static_assert(sizeof(struct sqp_nvme_range) == 16, "the device reads it");

enum {
	MIN_LBA_SHIFT = 9, MAX_LBA_SHIFT = 16,
	MAX_BLOCKS = 65536,		/* the length field has 16 bits and counts from 0 */
	CDW12_DEAC = 1 << 25, CDW12_FUA = 1 << 30,
	DSM_DEALLOCATE = 1 << 2,
	STATUS_KIND = 0x7ff,		/* type and code */
	STATUS_DNR = 1 << 14,
	/* Identify Namespace */
	ID_NSZE = 0, ID_NLBAF = 25, ID_FLBAS = 26, ID_LBAF = 128, LBAF_BYTES = 4,
};

/* What a command carries: a data buffer, a start block and number of blocks, the FUA bit. */
static const struct command {
	uint8_t opcode;
	bool data, blocks, fua;
	const char *name;
} commands[SQP_NVME_OPS] = {
	[SQP_NVME_READ]		= { 0x02, true, true, true, "read" },
	[SQP_NVME_WRITE]	= { 0x01, true, true, true, "write" },
	[SQP_NVME_ZEROES]	= { 0x08, false, true, true, "write zeroes" },
	[SQP_NVME_UNCOR]	= { 0x04, false, true, false, "write uncorrectable" },
	[SQP_NVME_VERIFY]	= { 0x0c, false, true, true, "verify" },
	[SQP_NVME_COMPARE]	= { 0x05, true, true, true, "compare" },
	[SQP_NVME_TRIM]		= { 0x09, false, false, false, "trim" },
	[SQP_NVME_FLUSH]	= { 0x00, false, false, false, "flush" },
};

static uint64_t le(const uint8_t *p, unsigned bytes)
{
	uint64_t v = 0;

	while (bytes--)
		v = v << 8 | p[bytes];
	return v;
}

int sqp_nvme_parse_ns(const uint8_t data[SQP_NVME_IDENTIFY_BYTES], uint32_t nsid, struct sqp_nvme_ns *ns)
{
	unsigned format = data[ID_FLBAS] & 0xf;
	const uint8_t *lbaf;

	/* with more than 16 formats two more bits are in use; the number of formats counts from 0 */
	if (data[ID_NLBAF] >= 16)
		format |= (data[ID_FLBAS] >> 5 & 3u) << 4;
	lbaf = data + ID_LBAF + (size_t)LBAF_BYTES * format;
	*ns = (struct sqp_nvme_ns){
		.nsid = nsid, .lba_shift = lbaf[2], .blocks = le(data + ID_NSZE, 8), .metadata_bytes = (uint32_t)le(lbaf, 2),
	};
	return ns->lba_shift >= MIN_LBA_SHIFT && ns->lba_shift <= MAX_LBA_SHIFT ? 0 : -EINVAL;
}

bool sqp_nvme_has_data(enum sqp_nvme_op op)
{
	return commands[op].data;
}

const char *sqp_nvme_op_name(enum sqp_nvme_op op)
{
	return commands[op].name;
}

static void add_data(struct nvme_uring_cmd *cmd, const struct sqp_nvme_io *io)
{
	if (!io->vec) {
		cmd->addr = (uintptr_t)io->buf;
		cmd->data_len = (uint32_t)io->bytes;
		return;
	}
	*io->vec = (struct iovec){ io->buf, io->bytes };
	cmd->addr = (uintptr_t)io->vec;
	cmd->data_len = 1;
}

static void add_range(struct nvme_uring_cmd *cmd, const struct sqp_nvme_io *io, uint64_t slba, uint64_t blocks)
{
	*io->range = (struct sqp_nvme_range){ .blocks = (uint32_t)blocks, .slba = slba };
	cmd->addr = (uintptr_t)io->range;
	cmd->data_len = sizeof(*io->range);
	cmd->cdw11 = DSM_DEALLOCATE;	/* cdw10, the number of ranges, counts from 0 */
}

int sqp_nvme_build(struct nvme_uring_cmd *cmd, const struct sqp_nvme_ns *ns, const struct sqp_nvme_io *io)
{
	const struct command *c = &commands[io->op];
	uint64_t slba = io->offset >> ns->lba_shift, blocks = io->bytes >> ns->lba_shift;
	uint64_t max = io->op == SQP_NVME_TRIM ? UINT32_MAX : MAX_BLOCKS;

	memset(cmd, 0, sizeof(*cmd));
	cmd->opcode = c->opcode;
	cmd->nsid = ns->nsid;
	if (io->op == SQP_NVME_FLUSH)
		return 0;
	if ((io->offset | io->bytes) & ((1ull << ns->lba_shift) - 1) || !blocks || blocks > max)
		return -EINVAL;
	if (c->blocks) {
		cmd->cdw10 = (uint32_t)slba;
		cmd->cdw11 = (uint32_t)(slba >> 32);
		cmd->cdw12 = (uint32_t)(blocks - 1);
	}
	if (io->fua && c->fua)
		cmd->cdw12 |= CDW12_FUA;
	if (io->deac && io->op == SQP_NVME_ZEROES)
		cmd->cdw12 |= CDW12_DEAC;
	if (c->data)
		add_data(cmd, io);
	if (io->op == SQP_NVME_TRIM)
		add_range(cmd, io, slba, blocks);
	return 0;
}

static const char *const types[8] = {
	"generic status", "command specific status", "media error", "path error", "reserved status type 4",
	"reserved status type 5", "reserved status type 6", "vendor specific status",
};

/* The errno is the one that the block layer gives for the same status, so that both ways to a device fail alike.
 * 0 stands for EIO. */
static const struct code {
	uint16_t status;		/* type in bits 8-10, code in 0-7 */
	int16_t err;
	const char *name;
} codes[] = {
	{ 0x000, 0, "success" },
	{ 0x001, EOPNOTSUPP, "invalid command opcode" },
	{ 0x002, EOPNOTSUPP, "invalid field in command" },
	{ 0x003, 0, "command ID conflict" },
	{ 0x004, 0, "data transfer error" },
	{ 0x005, 0, "commands aborted due to power loss notification" },
	{ 0x006, 0, "internal error" },
	{ 0x007, 0, "command abort requested" },
	{ 0x008, 0, "command aborted due to submission queue deletion" },
	{ 0x009, 0, "command aborted due to failed fused command" },
	{ 0x00a, 0, "command aborted due to missing fused command" },
	{ 0x00b, EOPNOTSUPP, "invalid namespace or format" },
	{ 0x00c, 0, "command sequence error" },
	{ 0x00d, 0, "invalid SGL segment descriptor" },
	{ 0x00e, 0, "invalid number of SGL descriptors" },
	{ 0x00f, 0, "data SGL length invalid" },
	{ 0x010, 0, "metadata SGL length invalid" },
	{ 0x011, 0, "SGL descriptor type invalid" },
	{ 0x012, 0, "invalid use of controller memory buffer" },
	{ 0x013, 0, "PRP offset invalid" },
	{ 0x014, 0, "atomic write unit exceeded" },
	{ 0x015, 0, "operation denied" },
	{ 0x016, 0, "SGL offset invalid" },
	{ 0x01c, 0, "sanitize failed" },
	{ 0x01d, 0, "sanitize in progress" },
	{ 0x01e, 0, "SGL data block granularity invalid" },
	{ 0x01f, 0, "command not supported for queue in CMB" },
	{ 0x020, 0, "namespace is write protected" },
	{ 0x021, EREMOTEIO, "command interrupted" },
	{ 0x022, 0, "transient transport error" },
	{ 0x080, EREMOTEIO, "LBA out of range" },
	{ 0x081, ENOSPC, "capacity exceeded" },
	{ 0x082, EREMOTEIO, "namespace not ready" },
	{ 0x083, EBADE, "reservation conflict" },
	{ 0x084, 0, "format in progress" },
	{ 0x180, EOPNOTSUPP, "conflicting attributes" },
	{ 0x181, EILSEQ, "invalid protection information" },
	{ 0x182, ENODATA, "attempted write to read only range" },
	{ 0x183, EOPNOTSUPP, "command size limit exceeded" },
	{ 0x1b8, 0, "zone boundary error" },
	{ 0x1b9, 0, "zone is full" },
	{ 0x1ba, 0, "zone is read only" },
	{ 0x1bb, 0, "zone is offline" },
	{ 0x1bc, 0, "zone invalid write" },
	{ 0x1bd, EOVERFLOW, "too many active zones" },
	{ 0x1be, ETOOMANYREFS, "too many open zones" },
	{ 0x1bf, 0, "invalid zone state transition" },
	{ 0x280, ENODATA, "write fault" },
	{ 0x281, ENODATA, "unrecovered read error" },
	{ 0x282, EILSEQ, "end-to-end guard check error" },
	{ 0x283, EILSEQ, "end-to-end application tag check error" },
	{ 0x284, EILSEQ, "end-to-end reference tag check error" },
	/* not the block layer's ENODATA: this is how fio knows a failed verification */
	{ 0x285, EILSEQ, "compare failure" },
	{ 0x286, ENODATA, "access denied" },
	{ 0x287, ENODATA, "deallocated or unwritten logical block" },
	{ 0x288, 0, "end-to-end storage tag check error" },
	{ 0x300, 0, "internal path error" },
	{ 0x301, 0, "asymmetric access persistent loss" },
	{ 0x302, 0, "asymmetric access inaccessible" },
	{ 0x303, 0, "asymmetric access transition" },
	{ 0x360, 0, "controller pathing error" },
	{ 0x370, ENOLINK, "host pathing error" },
	{ 0x371, 0, "command aborted by host" },
};

void sqp_nvme_decode(unsigned status, struct sqp_nvme_status *s)
{
	*s = (struct sqp_nvme_status){
		.sct = status >> 8 & 7, .sc = status & 0xff, .dnr = status & STATUS_DNR, .err = EIO,
	};
	s->type = types[s->sct];
	for (unsigned i = 0; i < SQP_NR(codes); i++) {
		if (codes[i].status != (status & STATUS_KIND))
			continue;
		s->code = codes[i].name;
		if (codes[i].err)
			s->err = codes[i].err;
	}
	if (!(status & STATUS_KIND))
		s->err = 0;
}

void sqp_nvme_describe(unsigned status, char *text, size_t size)
{
	struct sqp_nvme_status s;

	sqp_nvme_decode(status, &s);
	snprintf(text, size, "%s: %s (sct %u sc 0x%02x%s)", s.type, s.code ? s.code : "code without a name", s.sct, s.sc,
		 s.dnr ? ", do not retry" : "");
}

void sqp_nvme_describe_res(int res, char *text, size_t size)
{
	if (res >= 0)
		sqp_nvme_describe((unsigned)res, text, size);
	else
		snprintf(text, size, "the kernel refused the command: %s", strerror(-res));
}

int sqp_nvme_errno(int res)
{
	struct sqp_nvme_status s;

	if (res < 0)
		return -res;
	sqp_nvme_decode((unsigned)res, &s);
	return s.err;
}

bool sqp_nvme_count(struct sqp_nvme_errors *e, enum sqp_nvme_op op, int res)
{
	int kind = res < 0 ? res : res & STATUS_KIND;
	unsigned i = 0;

	while (i < e->nr && (e->kind[i].op != op || e->kind[i].res != kind))
		i++;
	if (i == SQP_NVME_KINDS) {
		e->kind[i - 1].n++;
		return false;
	}
	if (i == e->nr)
		e->kind[e->nr++] = (struct sqp_nvme_error){ .op = op, .res = kind };
	return e->kind[i].n++ == 0;
}
