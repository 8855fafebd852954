# SPDX-License-Identifier: GPL-2.0-only
# gnuplot -c ring-fio.gp DATA.tsv OUT.svg: time of a read through fio, split into the bare ring's and what fio and the engine add.
data = ARG1
set datafile separator "\t"
stats data using 1 name "ROW" nooutput
rows = ROW_records
set terminal svg size 1040, 120 + 30 * rows dynamic font "sans-serif,13"
set output ARG2
to = 1
stats data using 3 name "FIO" nooutput
stats data using 4 name "RING" nooutput
if (exists("FIO_records") && FIO_records > 0) { to = FIO_max }
if (exists("RING_records") && RING_records > 0 && RING_max > to) { to = RING_max }
set border 1
set tics nomirror out
set grid xtics lc rgb "#d0d7de" lw 0.7
set xrange [0:to * 1.04]
set yrange [rows - 0.4:-0.6]
set xlabel "ns from read to read"
set lmargin 24
set rmargin 32
unset ytics
set key outside top center horizontal samplen 1.5
set style fill solid 1.0 border lc rgb "#1b1f24"
half = 0.3
plot data using ($4 / 2):1:(0):(($4 < $3 || $3 != $3) ? $4 : $3):($1 - half):($1 + half) with boxxyerror lc rgb "#0072B2" title "bare ring", \
     data using ($3 / 2):1:($4 < $3 ? $4 : $3):3:($1 - half):($1 + half) with boxxyerror lc rgb "#9CD3F2" title "fio and the engine on top", \
     data using (0):1:2 with labels right offset -1, 0 font ",12" noenhanced notitle, \
     data using (to * 1.04):1:(sprintf("%.2f x the ring [%.2f, %.2f]", $5, $6, $7)) with labels left offset 1, 0 font ",12" notitle
