# SPDX-License-Identifier: GPL-2.0-only
# awk -v row=NAME -v us=US -v device=KIND -f latency.awk TRACE CLAT_LOG [TIME_LOG]
# One row of the latency account, tab-separated, microseconds: see docs/METHODOLOGY.md, "Is clat true?". The logs are fio's
# and the engine's (none: another engine). To stderr: each I/O that breaks what must hold.

function sorted(a, n,   gap, i, j, x) {
	for (gap = int(n / 2); gap > 0; gap = int(gap / 2))
		for (i = gap + 1; i <= n; i++) {
			x = a[i]
			for (j = i; j > gap && a[j - gap] > x; j -= gap)
				a[j] = a[j - gap]
			a[j] = x
		}
}

# the nearest rank; a is sorted
function rank(a, n, percent,   i) {
	i = int(percent * n / 100)
	return a[i * 100 < percent * n ? i + 1 : i]
}

function max(x, y) { return x > y ? x : y }

function broken(what) {
	if (bad++ < 5)
		printf "%s: offset %d: %s\n", row, offset, what >"/dev/stderr"
}

# error of b's percentile against a's, in percent of a's
function off(a, b, percent) { return 100 * (rank(a, n, percent) - rank(b, n, percent)) / rank(a, n, percent) }

function both(a) { return sprintf("%.1f\t%.1f", rank(a, n, 50), rank(a, n, 99)) }

FNR == 1 { file++ }

# The trace prints whole microseconds, cut: half of one is added. Requests carry their first sector behind "()".
file == 1 {
	if (!match($0, /[0-9]+\.[0-9]+: (block_rq_issue|block_rq_complete|io_uring_complete): /))
		next
	split(substr($0, RSTART, RLENGTH), part, /[:. ]+/)
	time = part[1] * 1000000 + part[2] + 0.5
	if (part[3] == "io_uring_complete") {
		cqe[++cqes] = time
		next
	}
	rest = substr($0, RSTART + RLENGTH)
	split(substr(rest, index(rest, "()") + 3), part2, " ")
	if (part[3] == "block_rq_issue")
		issued[part2[1] + 0] = time
	else
		completed[part2[1] + 0] = time
	next
}

file == 2 {
	split($0, part, /, */)
	order[++n] = part[5] + 0
	clat[part[5] + 0] = part[2] / 1000
	next
}

file == 3 {
	split($0, part, /, */)
	offset = part[1] + 0
	timed++
	number[offset] = timed
	start[offset] = part[3] / 1000
	taken[offset] = part[4] / 1000
	absent[offset] = part[5] / 1000
	handed[offset] = part[6] / 1000
}

# What the engine and the block layer saw of one request. What two of them cover is counted once.
function account(i,   issue, complete, seen, done, cover, gap) {
	issue = issued[offset / 512]
	complete = completed[offset / 512]
	seen = cqe[cqes - timed + number[offset]]
	done = start[offset] + clat[offset]
	if (!taken[offset]) {
		untaken++
		taken[offset] = start[offset]
	}
	pickup[i] = taken[offset] - start[offset]
	reap[i] = handed[offset] - absent[offset]
	delivery[i] = seen - complete
	if (issue - start[offset] < -1) broken("issued by the block layer " start[offset] - issue " us before fio's issue time")
	if (delivery[i] < -1) broken("in the CQ ring " -delivery[i] " us before the block layer completed it")
	if (handed[offset] - seen < -1) broken("handed out " seen - handed[offset] " us before it was in the CQ ring")
	if (!absent[offset]) broken("its completion was not timed")
	if (absent[offset] > handed[offset]) broken("not there after it was handed out")
	if (done - handed[offset] < -0.001) broken("fio's completion time is " handed[offset] - done " us before the hand-over")
	cover = max(taken[offset], start[offset])
	gap = max(0, issue - cover) + done - handed[offset]
	cover = max(cover, complete)
	explained[i] = clat[offset] - gap - max(0, absent[offset] - cover)
	unexplained[i] = clat[offset] - explained[i]
	left[i] = gap + max(0, absent[offset] - max(cover, seen))
	whole[i] = clat[offset] - left[i]
	plain[i] = block[i] + pickup[i] + reap[i]
}

END {
	if (!n || file > 2 && timed != n || timed && cqes < timed) {
		printf "%s: %d I/Os in fio's log, %d in the engine's, %d completions in the trace\n", row, n, timed, cqes >"/dev/stderr"
		exit 1
	}
	for (i = 1; i <= n; i++) {
		offset = order[i]
		if (!(offset / 512 in issued) || !(offset / 512 in completed) || timed && !(offset in number)) {
			broken("not in all of the logs")
			continue
		}
		block[i] = completed[offset / 512] - issued[offset / 512]
		all[i] = clat[offset]
		if (device == "null" && block[i] < us - 1) broken("done after " block[i] " us: the timer was set to " us)
		if (clat[offset] < block[i] - 1) broken("clat " clat[offset] " is shorter than the block layer's " block[i])
		if (timed) {
			account(i)
			continue
		}
		explained[i] = block[i]
		unexplained[i] = clat[offset] - block[i]
	}
	if (bad) {
		printf "%s: %d I/Os broken\n", row, bad >"/dev/stderr"
		exit 1
	}
	sorted(all, n); sorted(block, n); sorted(explained, n); sorted(unexplained, n)
	printf "%s\t%d\t%d\t%s\t%s\t%s\t%.2f\t%.2f", row, us, n, both(all), both(block), both(unexplained), off(all, explained, 50), off(all, explained, 99)
	if (!timed) {
		print "\t-\t-\t-\t-\t-\t-\t-\t-\t-\t-\t-\t-"
		exit 0
	}
	sorted(pickup, n); sorted(reap, n); sorted(delivery, n); sorted(left, n); sorted(whole, n); sorted(plain, n)
	printf "\t%s\t%s\t%s\t%s\t%.2f\t%.2f\t%.2f\t%d\n", both(pickup), both(reap), both(delivery), both(left),
		off(all, whole, 50), off(all, whole, 99), off(all, plain, 50), untaken
}
