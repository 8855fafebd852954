# SPDX-License-Identifier: GPL-2.0-only
# gnuplot -c share.gp DATA.tsv OUT.svg: requests per second and cost against the jobs that share an SQ thread.
data = ARG1
set datafile separator "\t"
set terminal svg size 1040, 400 dynamic font "sans-serif,13"
set output ARG2
stats data using 1 name "X" nooutput
stats data using 4 name "FAST" nooutput
stats data using 5 name "COST" nooutput
stats data using 6 name "LOW" nooutput
stats data using 7 name "TOP" nooutput
stats data index 0 using 2 name "PLAIN" nooutput
stats data index 0 using 5 name "PLAINCOST" nooutput
set multiplot layout 1, 2
set border 3
set tics nomirror out
set grid lc rgb "#d0d7de" lw 0.7
set logscale x 2
set xlabel "jobs per SQ thread"
set key outside top center horizontal samplen 1.5
set xrange [0.8:X_max * 1.25]
set yrange [0:FAST_max * 1.1]
set format y "%.3s%c"
set ylabel "requests per second"
plot PLAIN_max with lines lw 1.5 lc rgb "#57606a" title "plain io\\_uring", \
     data index 1 using ($1 / 1.02):2:3:4 with yerrorlines pt 7 ps 0.8 lw 1.5 lc rgb "#0072B2" title "where the scheduler has them", \
     data index 2 using ($1 * 1.02):2:3:4 with yerrorbars pt 5 ps 0.8 lw 1.5 lc rgb "#009E73" title "placed", \
     data using ($8 == 1 && $1 > 0 ? $1 : NaN):2 with points pt 6 ps 2.2 lw 2.5 lc rgb "#D55E00" notitle
us = 1e-6
set logscale y
set yrange [LOW_min * us / 1.3:TOP_max * us * 1.3]
set format y "%.0s %cs"
set ylabel "cost of a request"
plot PLAINCOST_max * us with lines lw 1.5 lc rgb "#57606a" notitle, \
     data index 1 using ($1 / 1.02):($5 * us):($6 * us):($7 * us) with yerrorlines pt 7 ps 0.8 lw 1.5 lc rgb "#0072B2" notitle, \
     data index 2 using ($1 * 1.02):($5 * us):($6 * us):($7 * us) with yerrorbars pt 5 ps 0.8 lw 1.5 lc rgb "#009E73" notitle, \
     data using ($8 == 1 && $1 > 0 ? $1 : NaN):($5 * us) with points pt 6 ps 2.2 lw 2.5 lc rgb "#D55E00" title "recommended"
unset multiplot
