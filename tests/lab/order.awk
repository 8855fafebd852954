# SPDX-License-Identifier: GPL-2.0-only
# order.awk: of the trace of a job with sq_wake=bypass that writes and syncs: has a sync been given to one ring while a write that
# came before it was in flight on the other? What goes past the SQ thread is taken when it is submitted. The thread takes it later: when
# it was published does not show, but not before the same request was completed the last time. See tests/lab/modes.sh.

# word NAME: of the line, up to the next comma
function word(name) {
	if (!match($0, "[ :]" name " [^, ]+"))
		return ""
	return substr($0, RSTART + length(name) + 2, RLENGTH - length(name) - 2)
}

# number S: decimal or hexadecimal, as the kernel's release has it
function number(s,   i, v) {
	if (s !~ /^0x/)
		return s + 0
	for (i = 3; i <= length(s); i++)
		v = 16 * v + index("0123456789abcdef", substr(s, i, 1)) - 1
	return v
}

function has_sqpoll(flags) { return int(flags / 2) % 2 }

# before POSITION, RING: writes in flight on it since before that line
function before(position, ring,   key, n) {
	for (key in writing)
		n += index(key, ring " ") == 1 && writing[key] < position
	return n + 0
}

# The plain ring is opened by the task that opened the SQPOLL ring of the same job. One without flags is the engine's question to
# the kernel.
/ io_uring_create: / {
	flags = number(word("flags"))
	if (has_sqpoll(flags))
		sq[$1] = word("ring")
	else if (flags) {
		aside = word("ring")
		here = sq[$1]
	}
	next
}

/ io_uring_submit_(sqe|req): / && (word("ring") == here || word("ring") == aside) {
	ring = word("ring")
	request = / user_data / ? word("user_data") : word("data")
	if (word("op") == 3 || word("opcode") == "FSYNC") {
		syncs[ring]++
		split_up += ring == aside ? before(NR, here) : before(completed[request], aside)
	} else {
		writes[ring]++
		writing[ring " " request] = NR
	}
	next
}

/ io_uring_complete: / && (word("ring") == here || word("ring") == aside) {
	completed[word("user_data")] = NR
	delete writing[word("ring") " " word("user_data")]
}

END {
	print "through the SQ thread", writes[here] + 0, "writes,", syncs[here] + 0, "syncs; past it", writes[aside] + 0, "and",
		syncs[aside] + 0 "; syncs before which a write was in flight on the other ring:", split_up + 0
	exit !(writes[here] >= 3 && syncs[here] >= 3 && writes[aside] >= 3 && syncs[aside] >= 3 && !split_up)
}
