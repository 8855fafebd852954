# SPDX-License-Identifier: GPL-2.0-only
# gnuplot -c job-idle.gp DATA.tsv OUT.svg: duty, p50 and p99 against the idle period; lines are predicted, points measured.
data = ARG1
set datafile separator "\t"
set terminal svg size 1040, 400 dynamic font "sans-serif,13"
set output ARG2
# before a range is set, which would leave points out
stats data using 1 name "X" nooutput
stats data using 3 name "LOW" nooutput
stats data using 4 name "TOP" nooutput
set multiplot layout 1, 2
set border 3
set tics nomirror out
set grid lc rgb "#d0d7de" lw 0.7
set logscale x
set xtics (1, 2, 4, 8, 16, 32, 64, 125, 250, 500, 1000)
set xlabel "idle period (ms)"
set key outside top center horizontal samplen 1.5
set xrange [X_min / 1.2:X_max * 1.2]
set yrange [0:105]
set ylabel "SQ thread: % of a CPU"
plot data index 0 using 1:($2 * 100) with lines lw 1.5 lc rgb "#0072B2" title "predicted", \
     data index 1 using 1:($2 * 100) with points pt 7 ps 0.9 lc rgb "#D55E00" title "measured"
us = 1e-6
set logscale y
set yrange [LOW_min * us / 1.6:TOP_max * us * 1.6]
set format y "%.0s %cs"
set ylabel "latency"
plot data index 0 using 1:($3 * us) with lines lw 1.5 lc rgb "#0072B2" title "p50", \
     data index 0 using 1:($4 * us) with lines dt 2 lw 1.5 lc rgb "#0072B2" title "p99 predicted", \
     data index 1 using 1:($3 * us) with points pt 7 ps 0.9 lc rgb "#D55E00" title "p50", \
     data index 1 using 1:($4 * us) with points pt 5 ps 0.9 lc rgb "#D55E00" title "p99 measured"
unset multiplot
