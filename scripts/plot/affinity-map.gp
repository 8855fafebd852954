# SPDX-License-Identifier: GPL-2.0-only
# gnuplot -c affinity-map.gp DATA.tsv OUT.svg: the machine's CPUs by core, cache and node, coloured by nearness to the job's.
data = ARG1
set datafile separator "\t"
per_row = 16
stats data using 2 name "CORE" nooutput
stats data using 3 name "THREAD" nooutput
threads = int(THREAD_max) + 1
rows = int(CORE_max / per_row) + 1
columns = CORE_max + 1 < per_row ? int(CORE_max) + 1 : per_row
set terminal svg size 1040, 60 + rows * (threads * 46 + 24) dynamic font "sans-serif,13"
set output ARG2
unset border
unset tics
set xrange [-0.7:(columns < 8 ? 8 : columns) - 0.3]
set yrange [rows * (threads + 0.5) - 0.8:-0.6]
set key outside top center horizontal samplen 1
array name[5] = ["the job", "same core", "same cache", "same node", "another node"]
array colour[5] = ["#E69F00", "#56B4E9", "#9CD3F2", "#cfe6f5", "#d9dde2"]
x(core) = int(core) % per_row
y(core, thread) = int(core / per_row) * (threads + 0.5) + thread
set style fill solid 1.0 border lc rgb "#57606a"
plot for [c = 1:5] data using ($6 == c - 1 ? x($2) : NaN):(y($2, $3)):(x($2) - 0.44):(x($2) + 0.44):(y($2, $3) - 0.44):(y($2, $3) + 0.44) with boxxyerror lc rgb colour[c] title name[c], \
     data using (x($2)):(y($2, $3) - 0.12):(sprintf("%d", $1)) with labels font ",12" notitle, \
     data using (x($2)):(y($2, $3) + 0.22):(strcol(7) eq "NaN" ? "" : sprintf("%.2f", $7)) with labels font ",10" notitle
