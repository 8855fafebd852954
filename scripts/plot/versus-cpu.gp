# SPDX-License-Identifier: GPL-2.0-only
# gnuplot -c versus-cpu.gp DATA.tsv OUT.svg: CPU time per I/O of the three engines, one line for each cell.
data = ARG1
set datafile separator "\t"
stats data using 1 name "ROW" nooutput
rows = exists("ROW_records") && ROW_records > 0 ? int(ROW_max) + 1 : 1
set terminal svg size 1040, 110 + 26 * rows dynamic font "sans-serif,12"
set output ARG2
from = 1e300
to = 0
do for [k in "3 4 5 6 7 8 9 10 11"] {
	stats data using (column(int(k)) > 0 ? column(int(k)) : NaN) name "V" nooutput
	if (exists("V_records") && V_records > 0) {
		from = V_min < from ? V_min : from
		to = V_max > to ? V_max : to
	}
}
if (to == 0) { from = 0.1; to = 10 }
set border 1
set tics nomirror out
set grid xtics lc rgb "#d0d7de" lw 0.7
set logscale x
left = from / 1.3
right = to * 1.3
set xrange [left:right]
set yrange [rows - 0.4:-0.6]
set lmargin at screen 0.3
set rmargin at screen 0.97
unset ytics
set xtics () format ""
do for [decade = -4:7] {
	do for [m in (to / from < 8 ? "1 1.2 1.5 2 3 4 5 7" : to / from < 2000 ? "1 2 5" : "1")] {
		value = m * 10 ** decade
		if (value > left && value < right) { set xtics add (value < 1000 ? sprintf("%g us", value) : sprintf("%g ms", value / 1e3) value) }
	}
}
set key outside top center horizontal samplen 1
set tmargin 3
set style arrow 1 nohead lw 1.5 lc rgb "#0072B2"
set style arrow 2 nohead lw 1.5 lc rgb "#D55E00"
set style arrow 3 nohead lw 1.5 lc rgb "#000000"
plot data using 4:($1 - 0.2):($5 - $4):(0) with vectors arrowstyle 1 notitle, \
     data using 7:1:($8 - $7):(0) with vectors arrowstyle 2 notitle, \
     data using 10:($1 + 0.2):($11 - $10):(0) with vectors arrowstyle 3 notitle, \
     data using 3:($1 - 0.2) with points pt 7 ps 0.8 lc rgb "#0072B2" title "this engine", \
     data using 6:1 with points pt 9 ps 0.8 lc rgb "#D55E00" title "stock (sqthread\\_poll)", \
     data using 9:($1 + 0.2) with points pt 5 ps 0.7 lc rgb "#000000" title "plain", \
     data using (left * 1.0001):1:2 with labels right offset -1, 0 font ",11" noenhanced notitle
