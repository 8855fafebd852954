# SPDX-License-Identifier: GPL-2.0-only
# gnuplot -c front.gp DATA.tsv OUT.svg: mean latency against CPU time per I/O, recommended point ringed.
data = ARG1
set datafile separator "\t"
stats data using 8 nooutput
panels = STATS_blocks
columns = panels > 1 ? 2 : 1
rows = int((panels + columns - 1) / columns)
set terminal svg size 520 * columns, 350 * rows dynamic font "sans-serif,13"
set output ARG2
set multiplot layout rows, columns
set border 3
set tics nomirror out
set grid lc rgb "#d0d7de" lw 0.7
set logscale x
set format x "%.0s %cs"
set format y "%.0s %cs"
set xlabel "CPU per I/O, both threads"
set ylabel "mean latency"
set key outside top center horizontal samplen 1
us = 1e-6
of(kind, value) = column(8) == kind && column(10) == 0 ? value : NaN
polled_of(kind, value) = column(8) == kind && column(10) == 1 ? value : NaN
stats data using 11 name "POLLED" nooutput
polled = POLLED_max > 0
# For a panel of which nothing was measured.
XL_min = 1e-6
XH_max = 1
YL_min = 0
YH_max = 1
do for [i = 0:panels - 1] {
	unset logscale y
	set autoscale
	stats data index i every ::0::0 using (name = strcol(1), 0) nooutput
	stats data index i using ($2 * us) name "XL" nooutput
	stats data index i using ($3 * us) name "XH" nooutput
	stats data index i using ($5 * us) name "YL" nooutput
	stats data index i using ($6 * us) name "YH" nooutput
	set xrange [XL_min / 1.3:XH_max * 1.6]
	wide = YL_min > 0 && YH_max > 8 * YL_min
	room = YH_max - YL_min
	low = wide ? YL_min / 1.5 : YL_min - 0.15 * room
	high = wide ? YH_max * 1.5 : YH_max + 0.15 * room
	if (wide) { set logscale y } else { unset logscale y }
	set yrange [low:high]
	set title name noenhanced
	plot data index i using (of(2, $1 * us)):($4 * us):($2 * us):($3 * us):($5 * us):($6 * us) with xyerrorbars pt 7 ps 0.6 lc rgb "#0072B2" title "sq\\_thread\\_idle", \
	     data index i using (of(0, $1 * us)):($4 * us):($2 * us):($3 * us):($5 * us):($6 * us) with xyerrorbars pt 5 ps 0.8 lc rgb "#000000" title "plain", \
	     data index i using (of(1, $1 * us)):($4 * us):($2 * us):($3 * us):($5 * us):($6 * us) with xyerrorbars pt 9 ps 0.9 lc rgb "#E69F00" title "awake", \
	     data index i using (polled_of(2, $1 * us)):($4 * us):($2 * us):($3 * us):($5 * us):($6 * us) with xyerrorbars pt 6 ps 0.7 lc rgb "#0072B2" title polled ? "hipri" : "", \
	     data index i using (polled_of(0, $1 * us)):($4 * us):($2 * us):($3 * us):($5 * us):($6 * us) with xyerrorbars pt 4 ps 0.9 lc rgb "#000000" notitle, \
	     data index i using (polled_of(1, $1 * us)):($4 * us):($2 * us):($3 * us):($5 * us):($6 * us) with xyerrorbars pt 8 ps 1.0 lc rgb "#E69F00" notitle, \
	     data index i using ($9 == 1 ? $1 * us : NaN):($4 * us) with points pt 6 ps 2.4 lw 2.5 lc rgb "#D55E00" title "recommended", \
	     data index i using ($8 == 2 ? $1 * us : NaN):($4 * us):7 with labels left offset 0.7, 0.5 font ",11" tc rgb "#0072B2" notitle
}
unset multiplot
