# SPDX-License-Identifier: GPL-2.0-only
# gnuplot -c ring-same-cpu.gp DATA.tsv OUT.svg: I/Os per second with both threads on one CPU, one row for each batch and way.
data = ARG1
set datafile separator "\t"
stats data using 1 name "ROW" nooutput
rows = ROW_records
set terminal svg size 1040, 110 + 34 * rows dynamic font "sans-serif,13"
set output ARG2
from = 1
to = 10
stats data using 4 name "LOW" nooutput
stats data using 5 name "TOP" nooutput
if (exists("LOW_records") && LOW_records > 0) { from = LOW_min > 1 ? LOW_min : 1 }
if (exists("TOP_records") && TOP_records > 0) { to = TOP_max }
stats data using 6 name "APART" nooutput
apart = exists("APART_records") && APART_records > 0
if (apart && APART_max > to) { to = APART_max }
if (apart && APART_min < from && APART_min >= 1) { from = APART_min }
set border 1
set tics nomirror out
set grid xtics lc rgb "#d0d7de" lw 0.7
set logscale x
left = 10 ** floor(log10(from))
set xrange [left:10 ** ceil(log10(to * 1.3))]
set yrange [rows - 0.4:-0.6]
set format x "%.0s%c"
set xlabel "I/Os per second"
set lmargin 20
set rmargin 4
unset ytics
unset key
colour(name) = strstrt(name, "spin") ? 0x0072B2 : strstrt(name, "sleep") ? 0xD55E00 : 0x009E73
said(v) = v < 9999.5 ? sprintf("%.0f", v) : v < 999500 ? sprintf("%.3g thousand", v / 1e3) : sprintf("%.3g million", v / 1e6)
plot data using (apart ? $6 : NaN):1:(colour(strcol(2))) with points pt 6 ps 1.1 lw 1.5 lc rgb variable, \
     data using 4:1:($5 - $4):(0):(colour(strcol(2))) with vectors nohead lw 2 lc rgb variable, \
     data using 3:1:(colour(strcol(2))) with points pt 7 ps 1 lc rgb variable, \
     data using 3:1:(said($3)) with labels offset 0, 0.9 font ",11" tc rgb "#1b1f24", \
     data using (left * 1.0001):1:2 with labels right offset -1, 0 font ",12" noenhanced
