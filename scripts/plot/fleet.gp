# SPDX-License-Identifier: GPL-2.0-only
# gnuplot -c fleet.gp DATA.tsv OUT.svg: a line for each cell and measure, on it each host's distance from its peers.
data = ARG1
out = ARG2
set datafile separator "\t"
stats data using 3 name "V" nooutput
low = V_min < -2 ? V_min * 1.1 : -2
high = V_max > 2 ? V_max * 1.1 : 2
right = 0.95
load ARG0[1:strlen(ARG0) - strlen("fleet.gp")] . "lines.gp"
set xtics ("-90" -90, "-50" -50, "-20" -20, "-5" -5, "-2" -2, "0" 0, "2" 2, "5" 5, "20" 20, "50" 50, "200" 200, "1000" 1000, "10,000" 10000)
set xlabel "from the median of its peers, %"
plot data using ($4 == 0 ? $3 : NaN):1 with points pt 7 ps 0.6 lc rgb "#0072B2", \
     data using ($4 == 1 ? $3 : NaN):1 with points pt 7 ps 0.9 lc rgb "#D55E00", \
     data using ($4 == 1 ? $3 : NaN):1:5 with labels offset 0, 0.7 font ",10" tc rgb "#D55E00" noenhanced, \
     data using ($6 == 1 ? low : NaN):1:2 with labels right offset -1, 0 font ",11" noenhanced
