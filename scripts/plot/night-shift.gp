# SPDX-License-Identifier: GPL-2.0-only
# gnuplot -c night-shift.gp DATA.tsv OUT.svg: a line for each cell and measure: tonight's change with its interval.
data = ARG1
out = ARG2
set datafile separator "\t"
stats data using 4 name "LO" nooutput
stats data using 5 name "HI" nooutput
far = abs(LO_min) > abs(HI_max) ? abs(LO_min) : abs(HI_max)
far = far < 2 ? 2 : far * 1.05
low = -far
high = far
right = 0.88
load ARG0[1:strlen(ARG0) - strlen("night-shift.gp")] . "lines.gp"
set xtics ("-99" -99, "-50" -50, "-20" -20, "-10" -10, "-5" -5, "-2" -2, "-1" -1, "0" 0, "1" 1, "2" 2, "5" 5, "10" 10, "20" 20, "50" 50, "100" 100, "300" 300, "1000" 1000)
set xlabel "change, %"
set linetype 11 lc rgb "#8c959f"
set linetype 12 lc rgb "#D55E00"
set linetype 13 lc rgb "#009E73"
set linetype 14 lc rgb "#8c959f"
plot data using 4:1:($5 - $4):(0):($6 + 11) with vectors nohead lw 2 lc variable, \
     data using ($6 < 3 ? $3 : NaN):1:($6 + 11) with points pt 7 ps 0.8 lc variable, \
     data using ($6 == 3 ? $3 : NaN):1 with points pt 6 ps 0.8 lw 1.5 lc rgb "#8c959f", \
     data using (-far):1:2 with labels right offset -1, 0 font ",11" noenhanced, \
     data using (far):1:7 with labels left offset 1, 0 font ",11" noenhanced
