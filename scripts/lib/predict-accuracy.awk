# SPDX-License-Identifier: GPL-2.0-only
# The table of scripts/predict-accuracy from its cells (tab-separated, in the order of its heading).
BEGIN { FS = "\t" }

function most(a, key, v) { if (v > a[key]) a[key] = v }

function error(law, e, r) {
	n[law]++
	sum[law] += e
	most(worst, law, e)
	if (r <= 1.15 && r >= 1 / 1.15) near[law]++
}

# Of all settings, and of the idle periods alone: what is expected to be best, and what is.
function look(kind,  key) {
	key = kind SUBSEP $1 SUBSEP $12 SUBSEP $14
	if (!(key in expected) || $10 + 0 < expected[key]) { expected[key] = $10 + 0; pick[key] = $3 }
	if (!(key in least) || $11 + 0 < least[key]) { least[key] = $11 + 0; best[key] = $3 }
}

FNR == 1 { next }
$3 != "plain" {
	e = $4 > $5 ? $4 - $5 : $5 - $4
	error($1, e, $8 / $9)
	error("all", e, $8 / $9)
	look("idle")
}
{
	look("all")
	measured[$1, $12, $14, $3] = $11
	if ($14 + 0 > rounds) rounds = $14 + 0
}

function regret(kind, law, r) {
	k = kind SUBSEP law
	loads[k]++
	logs[k] += log(r)
	squares[k] += log(r) ^ 2
	most(top, k, r)
}

function show(kind, law,  k, mean, half) {
	k = kind SUBSEP law
	mean = logs[k] / loads[k]
	half = 1.96 * sqrt((squares[k] / loads[k] - mean ^ 2) / loads[k])
	return sprintf("%.3f\t%.3f to %.3f\t%.2f", exp(mean), exp(mean - half), exp(mean + half), top[k])
}

END {
	for (key in least) {
		split(key, part, SUBSEP)
		other = part[4] % rounds + 1
		chosen = measured[part[2], part[3], other, pick[key]]
		r = chosen / measured[part[2], part[3], other, best[key]]
		regret(part[1], part[2], r)
		regret(part[1], "all", r)
		if (pick[key] == "plain") { plain[part[2]]++; plain["all"]++ }
	}
	print "law\tcells\tduty: mean error, points\tworst\tp99 within 15 %\tloads\tplain io_uring chosen\tregret\tits interval\tworst\tamong idle periods\tits interval\tworst"
	for (law in n)
		printf "%s\t%d\t%.2f\t%.2f\t%d\t%d\t%d\t%s\t%s\n", law, n[law], 100 * sum[law] / n[law], 100 * worst[law], near[law], loads["all", law], plain[law], show("all", law),
			show("idle", law)
}
