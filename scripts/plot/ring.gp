# SPDX-License-Identifier: GPL-2.0-only
# gnuplot -c ring.gp DATA.tsv OUT.svg: I/Os per second against the batch, one panel for nop and one for each size of a read.
data = ARG1
set datafile separator "\t"
stats data using 1 nooutput
panels = STATS_blocks
columns = panels > 3 ? (panels == 4 ? 2 : 3) : panels
rows = int((panels + columns - 1) / columns)
stats data index 0 using 1 name "BATCH" nooutput
set terminal svg size 1040, 350 * rows dynamic font "sans-serif,13"
set output ARG2
# All panels have one scale, so that they can be compared; lines that were not measured are not there.
from = 1e300
to = 0
do for [k = 1:4] {
	stats data using (column(3 * k + 1)) name "L" nooutput
	stats data using (column(3 * k + 2)) name "H" nooutput
	has = exists("L_records") && L_records > 0
	if (has && L_min > 0 && L_min < from) { from = L_min }
	if (has && H_max > to) { to = H_max }
}
if (to == 0) { from = 1; to = 10 }
set multiplot layout rows, columns
set border 3
set tics nomirror out
set grid ytics lc rgb "#d0d7de" lw 0.7
set logscale y
set yrange [10 ** floor(log10(from)):10 ** ceil(log10(to * 1.1))]
set format y "%.0s%c"
set xlabel "requests in a batch"
set ylabel "I/Os per second"
if (BATCH_max >= 5) { set xtics rotate by 45 right font ",11" }
set key outside top center horizontal samplen 1.5 width -1 maxrows 2
set tmargin 5
set offsets 0.4, 0.4, 0, 0
do for [i = 0:panels - 1] {
	stats data index i every ::0::0 using (name = strcol(1), 0) nooutput
	stats data index i using 12 name "F" nooutput
	fio = exists("F_records") && F_records > 0
	set title name noenhanced
	plot data index i using 1:3:xticlabels(2) with linespoints pt 7 ps 0.7 lw 1.5 lc rgb "#0072B2" title "spin", \
	     data index i using 1:3:4:5 with yerrorbars pt 7 ps 0.7 lw 1.5 lc rgb "#0072B2" notitle, \
	     data index i using ($1 + 0.05):6 with linespoints pt 5 ps 0.7 lw 1.5 lc rgb "#000000" title "plain", \
	     data index i using ($1 + 0.05):6:7:8 with yerrorbars pt 5 ps 0.7 lw 1.5 lc rgb "#000000" notitle, \
	     data index i using ($1 + 0.1):9 with linespoints pt 9 ps 0.7 lw 1.5 lc rgb "#D55E00" title "sleep", \
	     data index i using ($1 + 0.1):9:10:11 with yerrorbars pt 9 ps 0.7 lw 1.5 lc rgb "#D55E00" notitle, \
	     data index i using ($1 - 0.05):(fio ? $12 : NaN) with linespoints dt 2 pt 13 ps 0.8 lw 1.5 lc rgb "#E69F00" title fio ? "fio, spin" : "", \
	     data index i using ($1 - 0.05):(fio ? $12 : NaN):13:14 with yerrorbars pt 13 ps 0.8 lw 1.5 lc rgb "#E69F00" notitle
}
unset multiplot
