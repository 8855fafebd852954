# SPDX-License-Identifier: GPL-2.0-only
# gnuplot -c ring-latency.gp DATA.tsv OUT.svg: time of one nop, one row for each state of the SQ thread.
data = ARG1
set datafile separator "\t"
set terminal svg size 1040, 330 dynamic font "sans-serif,13"
set output ARG2
from = 0.1
to = 10
stats data using 5 name "LOW" nooutput
stats data using 9 name "TOP" nooutput
if (exists("LOW_records") && LOW_records > 0) { from = LOW_min }
if (exists("TOP_records") && TOP_records > 0) { to = TOP_max }
set border 1
set tics nomirror out
set grid xtics lc rgb "#d0d7de" lw 0.7
set logscale x
left = from / 1.5
set xrange [left:to * 1.5]
set yrange [4.6:-0.6]
set lmargin 38
set rmargin 4
unset ytics
set xtics () format ""
do for [decade = -2:8] {
	do for [m in (to / from > 2000 ? "1" : "1 2 5")] {
		value = m * 10 ** decade
		set xtics add (value < 1000 ? sprintf("%g us", value) : value < 1e6 ? sprintf("%g ms", value / 1e3) : sprintf("%g s", value / 1e6) value)
	}
}
set key outside top center horizontal samplen 1.5
said(v) = v < 10 ? sprintf("%.2f us", v) : v < 1000 ? sprintf("%.0f us", v) : sprintf("%.1f ms", v / 1e3)
plot data using 5:1:($9 - $5):(0) with vectors nohead lw 1.5 lc rgb "#9da7b3" title "shortest to longest", \
     data using 6:1 with points pt 7 ps 1 lc rgb "#0072B2" title "p50", \
     data using 7:1 with points pt 9 ps 1 lc rgb "#E69F00" title "p90", \
     data using 8:1 with points pt 5 ps 0.9 lc rgb "#D55E00" title "p99", \
     data using 6:($1 - 0.14):(said($6)) with labels offset 0, 0.7 font ",11" tc rgb "#0072B2" notitle, \
     data using (left * 1.0001):1:(strcol(2) . ": " . strcol(3)) with labels right offset -1, 0 font ",12" noenhanced notitle, \
     data using (from * 1.2):($4 == 0 ? $1 : NaN):("not seen") with labels left font ",12" tc rgb "#57606a" notitle
