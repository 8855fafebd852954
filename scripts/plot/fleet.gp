# SPDX-License-Identifier: GPL-2.0-only
# gnuplot -c fleet.gp DATA.tsv OUT.svg: a line for each cell and measure, on it each host's distance from its peers.
data = ARG1
set datafile separator "\t"
stats data using 1 name "L" nooutput
stats data using 3 name "V" nooutput
lines = int(L_max) + 1
set terminal svg size 1040, lines * 20 + 90 dynamic font "sans-serif,12"
set output ARG2
set border 1
set tics nomirror out
unset ytics
unset key
low = V_min < -2 ? V_min * 1.1 : -2
high = V_max > 2 ? V_max * 1.1 : 2
# One that is far out must not press all others into a line.
set nonlinear x via (x < 0 ? -log10(1 - x) : log10(1 + x)) inverse (x < 0 ? 1 - 10 ** -x : 10 ** x - 1)
set xrange [low:high]
set xtics ("-90" -90, "-50" -50, "-20" -20, "-5" -5, "-2" -2, "0" 0, "2" 2, "5" 5, "20" 20, "50" 50, "200" 200, "1000" 1000, "10,000" 10000)
set yrange [lines - 0.4:-0.6]
set lmargin at screen 0.36
set rmargin at screen 0.95
set grid xtics lc rgb "#d0d7de" lw 0.7
set arrow 1 from 0, graph 0 to 0, graph 1 nohead lw 1.2 lc rgb "#57606a" back
set xlabel "from the median of its peers, %"
plot data using ($4 == 0 ? $3 : NaN):1 with points pt 7 ps 0.6 lc rgb "#0072B2", \
     data using ($4 == 1 ? $3 : NaN):1 with points pt 7 ps 0.9 lc rgb "#D55E00", \
     data using ($4 == 1 ? $3 : NaN):1:5 with labels offset 0, 0.7 font ",10" tc rgb "#D55E00" noenhanced, \
     data using ($6 == 1 ? low : NaN):1:2 with labels right offset -1, 0 font ",11" noenhanced
