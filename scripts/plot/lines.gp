# SPDX-License-Identifier: GPL-2.0-only
# load: the frame of a drawing with a line for each cell and measure, a change in percent on it. Set before: data, out; low and high, the ends of the axis; right, where it ends on the screen.
stats data using 1 name "L" nooutput
lines = int(L_max) + 1
set terminal svg size 1040, lines * 20 + 90 dynamic font "sans-serif,12"
set output out
set border 1
set tics nomirror out
unset ytics
unset key
# One that is far out must not press all others together.
set nonlinear x via (x < 0 ? -log10(1 - x) : log10(1 + x)) inverse (x < 0 ? 1 - 10 ** -x : 10 ** x - 1)
set xrange [low:high]
set yrange [lines - 0.4:-0.6]
set lmargin at screen 0.36
set rmargin at screen right
set grid xtics lc rgb "#d0d7de" lw 0.7
set arrow 1 from 0, graph 0 to 0, graph 1 nohead lw 1.2 lc rgb "#57606a" back
