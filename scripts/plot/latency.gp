# SPDX-License-Identifier: GPL-2.0-only
# gnuplot -c latency.gp DATA.tsv OUT.svg: p50 and p99 against the idle period, one panel per workload.
data = ARG1
set datafile separator "\t"
stats data using 1 nooutput
panels = STATS_blocks
columns = panels > 1 ? 2 : 1
rows = int((panels + columns - 1) / columns)
set terminal svg size 520 * columns, 310 * rows dynamic font "sans-serif,13"
set output ARG2
set multiplot layout rows, columns
set border 3
set tics nomirror out
set grid ytics lc rgb "#d0d7de" lw 0.7
set logscale y
set xlabel "idle period (ms)"
set key outside top right horizontal samplen 1.5
set offsets 0.4, 0.4, 0, 0
us = 1e-6
stats data using 14 name "POLLED" nooutput
polled = POLLED_max > 0
# For a panel of which nothing was measured.
LOW_min = 1e-6
TOP_max = 1
do for [i = 0:panels - 1] {
	set autoscale
	stats data index i every ::0::0 using (name = strcol(1), 0) nooutput
	stats data index i using ($8 * us) name "TOP" nooutput
	stats data index i using ($4 * us) name "LOW" nooutput
	if (polled) {
		stats data index i using ($20 * us) name "PTOP" nooutput
		stats data index i using ($16 * us) name "PLOW" nooutput
		TOP_max = PTOP_max > TOP_max ? PTOP_max : TOP_max
		LOW_min = PLOW_min < LOW_min ? PLOW_min : LOW_min
	}
	set yrange [LOW_min / 1.5:TOP_max * 3]
	set ytics () format ""
	do for [decade = 0:8] {
		do for [m in (TOP_max / LOW_min > 200 ? "1" : "1 2 5")] {
			value = m * 10 ** decade
			set ytics add (value < 1000 ? sprintf("%g us", value) : value < 1e6 ? sprintf("%g ms", value / 1e3) : sprintf("%g s", value / 1e6) value * 1e-6)
		}
	}
	set title name noenhanced
	plot data index i using 1:($12 * us) with lines dt 2 lw 1.2 lc rgb "#0072B2" notitle, \
	     data index i using 1:($13 * us) with lines dt 2 lw 1.2 lc rgb "#D55E00" notitle, \
	     data index i using 1:($3 * us):($4 * us):($5 * us):xticlabels(2) with yerrorbars pt 7 ps 0.6 lw 1.5 lc rgb "#0072B2" title "p50", \
	     data index i using 1:($6 * us):($7 * us):($8 * us) with yerrorbars pt 5 ps 0.6 lw 1.5 lc rgb "#D55E00" title "p99", \
	     data index i using ($1 + 0.25):(polled ? $15 * us : NaN):($16 * us):($17 * us) with yerrorbars pt 6 ps 0.7 lw 1.5 lc rgb "#0072B2" title polled ? "p50 hipri" : "", \
	     data index i using ($1 + 0.25):(polled ? $18 * us : NaN):($19 * us):($20 * us) with yerrorbars pt 4 ps 0.7 lw 1.5 lc rgb "#D55E00" title polled ? "p99 hipri" : ""
}
unset multiplot
