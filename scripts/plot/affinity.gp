# SPDX-License-Identifier: GPL-2.0-only
# gnuplot -c affinity.gp DATA.tsv OUT.svg: cost of a request with the SQ thread in each place.
data = ARG1
set datafile separator "\t"
stats data using 1 name "ROW" nooutput
stats data using 4 name "LOW" nooutput
stats data using 5 name "TOP" nooutput
set terminal svg size 1040, 130 + 34 * ROW_records dynamic font "sans-serif,13"
set output ARG2
us = 1e-6
set border 1
set tics nomirror out
set grid xtics lc rgb "#d0d7de" lw 0.7
set logscale x
set format x "%.0s %cs"
set xrange [LOW_min * us / 1.3:TOP_max * us * 1.3]
set yrange [ROW_records - 0.4:-0.6]
set xlabel "cost of a request"
set lmargin 22
unset ytics
set key outside top center horizontal samplen 1.5
plot data using ($3 * us):1:($4 * us):($5 * us) with xerrorbars pt 7 ps 0.8 lw 1.5 lc rgb "#0072B2" title "median and its interval", \
     data using ($6 == 1 ? $3 * us : NaN):1 with points pt 6 ps 2.2 lw 2.5 lc rgb "#D55E00" title "recommended", \
     data using (LOW_min * us / 1.3):1:2 with labels right offset -1, 0 font ",12" noenhanced notitle
