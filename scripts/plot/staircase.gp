# SPDX-License-Identifier: GPL-2.0-only
# gnuplot -c staircase.gp DATA.tsv OUT.svg: requested against effective idle, a staircase of the tick.
data = ARG1
set datafile separator "\t"
set terminal svg size 1040, 420 dynamic font "sans-serif,13"
set output ARG2
set border 3
set tics nomirror out
set grid ytics lc rgb "#d0d7de" lw 0.7
set xlabel "sq\\_thread\\_idle requested (ms)"
set ylabel "spin before sleep (ms)"
stats data index 0 using 1 name "X" nooutput
stats data index 0 using 3 name "Y" nooutput
set xrange [0:X_max + 1]
set yrange [0:Y_max * 1.15]
set key outside right top vertical samplen 2
set style fill solid 0.25 noborder
set boxwidth 1
plot data index 0 using 1:2:(column(1) - 0.5):(column(1) + 0.5):2:3 with boxxyerror lc rgb "#56B4E9" title "kernel's rounding", \
     data index 1 using 1:2 with points pt 7 ps 0.4 lc rgb "#000000" title "bare ring", \
     data index 2 using 1:2:3:4 with yerrorbars pt 5 ps 0.9 lw 2 lc rgb "#D55E00" title "engine, in this run"
