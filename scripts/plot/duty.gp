# SPDX-License-Identifier: GPL-2.0-only
# gnuplot -c duty.gp DATA.tsv OUT.svg: share of a CPU that the SQ thread takes, against the idle period.
data = ARG1
set datafile separator "\t"
stats data using 1 nooutput
lines = STATS_blocks
set terminal svg size 1040, 420 dynamic font "sans-serif,13"
set output ARG2
set border 3
set tics nomirror out
set grid ytics lc rgb "#d0d7de" lw 0.7
set yrange [0:1.05]
set format y "%.1f"
set ylabel "SQ thread: CPUs used"
set xlabel "idle period (ms)"
set key outside right top vertical samplen 2 noenhanced
set offsets 0.3, 0.3, 0, 0
array colour[6] = ["#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9"]
array shape[6] = [7, 5, 9, 11, 13, 15]
array hollow[6] = [6, 4, 8, 10, 12, 14]
stats data using 7 name "POLLED" nooutput
polled = POLLED_max > 0
array name[lines]
do for [i = 1:lines] {
	stats data index i - 1 every ::0::0 using (name[i] = strcol(1), 0) nooutput
}
plot for [i = 1:lines] data index i - 1 using 1:6 with lines dt 2 lw 1.5 lc rgb colour[(i - 1) % 6 + 1] notitle, \
     for [i = 1:lines] data index i - 1 using 1:3:4:5:xticlabels(2) with yerrorbars pt shape[(i - 1) % 6 + 1] ps 0.7 lw 1.5 lc rgb colour[(i - 1) % 6 + 1] notitle, \
     for [i = 1:lines] data index i - 1 using 1:3 with linespoints pt shape[(i - 1) % 6 + 1] ps 0.7 lw 1.5 lc rgb colour[(i - 1) % 6 + 1] title name[i], \
     for [i = 1:lines] data index i - 1 using ($1 + 0.1):(polled ? $8 : NaN):9:10 with yerrorbars pt hollow[(i - 1) % 6 + 1] ps 0.9 lw 1.2 lc rgb colour[(i - 1) % 6 + 1] notitle
