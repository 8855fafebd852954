# SPDX-License-Identifier: GPL-2.0-only
# gnuplot -c night-trend.gp DATA.tsv OUT.svg: one panel for each block, two in a row: the centres of the nights, their repeats' range, the level.
data = ARG1
set datafile separator "\t"
stats data using 1 nooutput
panels = STATS_blocks
rows = (panels + 1) / 2
set terminal svg size 1040, rows * 210 + 20 dynamic font "sans-serif,12"
set output ARG2
set multiplot layout rows, 2
set border 3
set tics nomirror out
set grid lc rgb "#d0d7de" lw 0.7
set xlabel "days before tonight" offset 0, 0.6
unset key
set format y "%.2s%c"
set lmargin 10
set rmargin 2
set style arrow 1 nohead lw 1.2 lc rgb "#9fb6c9"
do for [i = 1:panels] {
	set autoscale
	stats data index i - 1 using 1 name "X" nooutput
	stats data index i - 1 using 3 name "LO" nooutput
	stats data index i - 1 using 4 name "HI" nooutput
	stats data index i - 1 every ::0::0 using (name = strcol(1), 0) nooutput
	stats data index i - 1 using 5 name "LEVEL" nooutput
	low = LEVEL_min < LO_min ? LEVEL_min : LO_min
	high = LEVEL_max > HI_max ? LEVEL_max : HI_max
	pad = high > low ? (high - low) * 0.08 : abs(high) * 0.05 + 1e-9
	set yrange [low - pad:high + pad]
	set xrange [(X_min < 0 ? X_min : -1) * 1.02:(X_min < 0 ? -X_min : 1) * 0.03]
	set title name noenhanced offset 0, -0.6 font ",12"
	plot data index i - 1 using 1:3:(0):($4 - $3) with vectors arrowstyle 1, \
	     data index i - 1 using 1:5 with steps lw 2 lc rgb "#D55E00", \
	     data index i - 1 using 1:2 with points pt 7 ps 0.45 lc rgb "#0072B2"
}
unset multiplot
