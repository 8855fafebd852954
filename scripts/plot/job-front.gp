# SPDX-License-Identifier: GPL-2.0-only
# gnuplot -c job-front.gp DATA.tsv OUT.svg: mean latency against CPU time per request; predicted idle periods as a line, ways that ran as points.
data = ARG1
set datafile separator "\t"
set terminal svg size 1040, 460 dynamic font "sans-serif,13"
set output ARG2
set border 3
set tics nomirror out
set grid lc rgb "#d0d7de" lw 0.7
us = 1e-6
stats data using 1:2 name "P" nooutput
set logscale xy
set format x "%.0s %cs"
set format y "%.0s %cs"
set xrange [P_min_x * us / 2:P_max_x * us * 2.2]
set yrange [P_min_y * us / 1.5:P_max_y * us * 1.6]
set xlabel "CPU per request, both threads"
set ylabel "mean latency"
set key outside top center horizontal samplen 1.5
plot data index 0 using ($1 * us):($2 * us) with linespoints pt 7 ps 0.35 lw 1.5 lc rgb "#9CD3F2" title "idle periods, predicted", \
     data index 0 using ($0 == 1 || $0 == 3 || $0 == 6 ? $1 * us : NaN):($2 * us):3 with labels left offset 0.4, -0.7 font ",11" tc rgb "#57606a" notitle, \
     data index 1 using ($6 == 1 ? $1 * us : NaN):($2 * us) with points pt 7 ps 0.8 lc rgb "#0072B2" title "with an SQ thread", \
     data index 1 using ($6 == 0 ? $1 * us : NaN):($2 * us) with points pt 5 ps 0.8 lc rgb "#000000" title "without", \
     data index 1 using ($4 == 1 ? $1 * us : NaN):($2 * us) with points pt 6 ps 2.4 lw 2.5 lc rgb "#D55E00" title "recommended", \
     data index 1 using ($5 == 1 ? $1 * us : NaN):($2 * us) with points pt 4 ps 2.0 lw 1.5 lc rgb "#57606a" title "as the job is now", \
     data index 1 using (int($0) % 2 ? $1 * us : NaN):($2 * us):3 with labels left offset 1.2, 0.6 font ",11" noenhanced notitle, \
     data index 1 using (int($0) % 2 ? NaN : $1 * us):($2 * us):3 with labels right offset -1.4, -0.6 font ",11" noenhanced notitle
