# SPDX-License-Identifier: GPL-2.0-only
# gnuplot -c ring.gp DATA.tsv OUT.svg: I/Os per second against the batch, one panel for nop and one for each size of a read.
data = ARG1
set datafile separator "\t"
stats data using 1 nooutput
panels = STATS_blocks
set terminal svg size 420 * panels, 360 dynamic font "sans-serif,13"
set output ARG2
set multiplot layout 1, panels
set border 3
set tics nomirror out
set grid ytics lc rgb "#d0d7de" lw 0.7
set logscale y
set format y "%.0s%c"
set xlabel "requests in a batch"
set ylabel "I/Os per second"
set key outside top center horizontal samplen 1.5
set offsets 0.4, 0.4, 0, 0
do for [i = 0:panels - 1] {
	stats data index i every ::0::0 using (name = strcol(1), 0) nooutput
	set title name noenhanced
	plot data index i using 1:3:xticlabels(2) with linespoints pt 7 ps 0.7 lw 1.5 lc rgb "#0072B2" title "SQPOLL, spin", \
	     data index i using 1:3:4:5 with yerrorbars pt 7 ps 0.7 lw 1.5 lc rgb "#0072B2" notitle, \
	     data index i using 1:6 with linespoints pt 5 ps 0.7 lw 1.5 lc rgb "#000000" title "plain", \
	     data index i using 1:6:7:8 with yerrorbars pt 5 ps 0.7 lw 1.5 lc rgb "#000000" notitle, \
	     data index i using 1:9 with linespoints pt 9 ps 0.7 lw 1.5 lc rgb "#D55E00" title "SQPOLL, sleep", \
	     data index i using 1:9:10:11 with yerrorbars pt 9 ps 0.7 lw 1.5 lc rgb "#D55E00" notitle
}
unset multiplot
