# SPDX-License-Identifier: GPL-2.0-only
# gnuplot -c job-cdf.gp DATA.tsv OUT.svg: share of requests that take longer than a latency, one line for each way, with its band.
data = ARG1
set datafile separator "\t"
stats data using 1 nooutput
lines = STATS_blocks
set terminal svg size 1040, 440 dynamic font "sans-serif,13"
set output ARG2
set border 3
set tics nomirror out
set grid lc rgb "#d0d7de" lw 0.7
array colour[7] = ["#000000", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#0072B2"]
array shape[7] = [7, 5, 9, 11, 13, 15, 6]
# before axes are logarithmic, which would leave points out
array name[lines]
do for [i = 1:lines] {
	stats data index i - 1 every ::0::0 using (name[i] = strcol(1), 0) nooutput
}
us = 1e-6
set logscale xy
set format x "%.0s %cs"
set yrange [0.00008:1.2]
set ytics ("p0" 1, "p90" 0.1, "p99" 0.01, "p99.9" 0.001, "p99.99" 0.0001)
set xlabel "latency"
set ylabel "requests that take longer"
set key outside right top vertical samplen 2 noenhanced
plot for [i = 1:lines] data index i - 1 using ($3 * us):2 with lines lw 0.5 lc rgb colour[(i - 1) % 7 + 1] notitle, \
     for [i = 1:lines] data index i - 1 using ($4 * us):2 with lines lw 0.5 lc rgb colour[(i - 1) % 7 + 1] notitle, \
     for [i = 1:lines] data index i - 1 using ($1 * us):2 with linespoints lw 2 pt shape[(i - 1) % 7 + 1] pi 5 ps 0.7 lc rgb colour[(i - 1) % 7 + 1] title name[i]
