# SPDX-License-Identifier: GPL-2.0-only
# gnuplot -c versus.gp DATA.tsv OUT.svg: ratios to stock and to plain with their intervals, one line for each; what was asked for; the verdict.
data = ARG1
set datafile separator "\t"
stats data using 1 nooutput
panels = STATS_blocks
step = 25
head = 62
foot = 64
array lines[panels]
total = 0.0
do for [i = 1:panels] {
	stats data index i - 1 using 1 name "P" nooutput
	lines[i] = int(P_max) + 1
	total = total + head + lines[i] * step + foot
}
total = total + 24
set terminal svg size 1040, total dynamic font "sans-serif,12"
set output ARG2
set multiplot
set border 1
set tics nomirror out
set lmargin at screen 0.27
set rmargin at screen 0.58
unset ytics
unset key
set style arrow 1 nohead lw 2 lc rgb "#0072B2"
set style arrow 2 nohead lw 2 lc rgb "#D55E00"
set style arrow 3 nohead lw 3 lc rgb "#1b1f24"
top = total - 24
stats data using 10 name "JUDGED" nooutput
judged = JUDGED_max > 0
do for [i = 1:panels] {
	unset logscale x
	set autoscale
	from = 1
	to = 1
	do for [k in "5 6 8 9 11"] {
		stats data index i - 1 using (column(int(k)) > 0 ? column(int(k)) : NaN) name "V" nooutput
		if (exists("V_records") && V_records > 0) {
			from = V_min < from ? V_min : from
			to = V_max > to ? V_max : to
		}
	}
	span = to / from
	left = from / (span ** 0.04 * 1.02)
	right = to * (span ** 0.04 * 1.02)
	set logscale x
	set xrange [left:right]
	set yrange [lines[i] - 0.4:-0.6]
	set tmargin at screen (top - head) / total
	set bmargin at screen (top - head - lines[i] * step) / total
	set xtics nomirror out () format ""
	if (span < 3) {
		do for [t = 1:80] { if (t * 0.1 > left && t * 0.1 < right) { set xtics add (sprintf("%.1f", t * 0.1) t * 0.1) } }
	} else {
		few = span < 2000 ? "1 2 5" : "1"
		do for [decade = -4:7] {
			do for [m in few] {
				value = m * 10 ** decade
				if (value > left && value < right) { set xtics add (sprintf("%g", value) value) }
			}
		}
	}
	set grid xtics lc rgb "#d0d7de" lw 0.7
	stats data index i - 1 every ::0::0 using (name = strcol(1), 0) nooutput
	set xlabel panels > 1 ? "ratio (" . name . "), logarithmic" : "ratio, logarithmic"
	set label 1 judged ? "ratio [interval]" : "ours / stock" at screen 0.592, screen (top - head + 16.0) / total left font ",11" tc rgb "#57606a"
	set label 2 judged ? "asked" : "ours / plain" at screen 0.735, screen (top - head + 16.0) / total left font ",11" tc rgb "#57606a"
	set label 3 judged ? "verdict" : "" at screen 0.838, screen (top - head + 16.0) / total left font ",11" tc rgb "#57606a"
	set arrow 1 from 1, graph 0 to 1, graph 1 nohead lw 1.2 lc rgb "#57606a" back
	is(kind, v) = column(2) == kind ? v : NaN
	# Filled: this side is judged, or neither.
	ours(side, v) = column(2) == 1 && (column(10) == side || column(10) == 0) ? v : NaN
	other(side, v) = column(2) == 1 && column(10) != side && column(10) != 0 ? v : NaN
	plot data index i - 1 using (is(1, $5)):($1 - 0.17):($6 - $5):(0) with vectors arrowstyle 1 notitle, \
	     data index i - 1 using (is(1, $8)):($1 + 0.17):($9 - $8):(0) with vectors arrowstyle 2 notitle, \
	     data index i - 1 using (is(1, $11)):($1 - 0.42):(0):(0.84) with vectors arrowstyle 3 notitle, \
	     data index i - 1 using (ours(1, $4)):($1 - 0.17) with points pt 7 ps 0.8 lc rgb "#0072B2" notitle, \
	     data index i - 1 using (other(1, $4)):($1 - 0.17) with points pt 6 ps 0.8 lw 1.5 lc rgb "#0072B2" notitle, \
	     data index i - 1 using (ours(2, $7)):($1 + 0.17) with points pt 5 ps 0.7 lc rgb "#D55E00" notitle, \
	     data index i - 1 using (other(2, $7)):($1 + 0.17) with points pt 4 ps 0.7 lw 1.5 lc rgb "#D55E00" notitle
	# Text on a plain scale from 0 to 1 across the picture, so that it may stand beside the axis.
	unset label 1
	unset label 2
	unset label 3
	unset arrow 1
	unset logscale x
	unset border
	unset xtics
	unset xlabel
	set lmargin at screen 0
	set rmargin at screen 1
	set xrange [0:1]
	if (i == 1) { set key at screen 0.5, screen (total - 12.0) / total center top horizontal samplen 1 maxrows 1 }
	plot NaN with points pt 7 ps 0.8 lc rgb "#0072B2" title "ours / stock", \
	     NaN with points pt 5 ps 0.7 lc rgb "#D55E00" title "ours / plain", \
	     NaN with lines lw 3 lc rgb "#1b1f24" title judged ? "limit asked for" : "", \
	     data index i - 1 using (is(0, 0.008)):1:3 with labels left font ",12" tc rgb "#1b1f24" noenhanced notitle, \
	     data index i - 1 using (is(1, 0.262)):1:3 with labels right font ",11" noenhanced notitle, \
	     data index i - 1 using (is(2, 0.008)):1:3 with labels left font ",12" tc rgb "#57606a" noenhanced notitle, \
	     data index i - 1 using (is(1, 0.592)):1:12 with labels left font ",11" noenhanced notitle, \
	     data index i - 1 using (is(1, 0.735)):1:13 with labels left font ",11" noenhanced notitle, \
	     data index i - 1 using (is(1, 0.838)):1:14 with labels left font ",11" noenhanced notitle, \
	     data index i - 1 using (is(2, 0.838)):1:("not measured") with labels left font ",11" tc rgb "#57606a" notitle
	unset key
	set border 1
	set logscale x
	set lmargin at screen 0.27
	set rmargin at screen 0.58
	top = top - head - lines[i] * step - foot
}
unset multiplot
