# SPDX-License-Identifier: GPL-2.0-only
# gnuplot -c job-heat.gp DATA.tsv OUT.svg: cost over plain io_uring's and duty, by idle period and rate of requests.
data = ARG1
set datafile separator "\t"
stats data using 1 name "COLUMN" nooutput
stats data using 2 name "ROW" nooutput
set terminal svg size 1040, 130 + 26 * (ROW_max + 1) dynamic font "sans-serif,13"
set output ARG2
set multiplot layout 1, 2
unset key
unset colorbox
set border 0
set tics nomirror out scale 0
set xrange [-0.5:COLUMN_max + 0.5]
set yrange [-0.5:ROW_max + 0.5]
set xlabel "requests per second"
set ylabel "idle period (ms)"
set style fill solid 1.0 noborder
now = COLUMN_max / 2
set object 1 rectangle from now - 0.5, -0.5 to now + 0.5, ROW_max + 0.5 fillstyle empty border lc rgb "black" lw 1.5 front
rate(v) = v < 9.95 ? sprintf("%.1f", v) : v < 9999.5 ? sprintf("%.0f", v) : v < 999500 ? sprintf("%.0fk", v / 1e3) : sprintf("%.1fM", v / 1e6)
number(v) = v < 9.95 ? sprintf("%.2g", v) : v < 9999.5 ? sprintf("%.0f", v) : sprintf("%.0fk", v / 1e3)
# blue is cheaper than plain, orange dearer; both ends are told apart by their darkness too
set palette defined (-2 "#0072B2", -0.2 "#cfe6f5", 0.2 "#fdf3e1", 2 "#D55E00")
set cbrange [-2:2]
dark(v) = abs(v) > 1.5 ? 0xffffff : 0x1b1f24
set title "cost of a request / that with plain io\\_uring"
plot data using 1:2:(log($5) / log(2)) with image pixels, \
     data using 1:2:(number($5)):(dark(log($5) / log(2))) with labels font ",10" textcolor rgb variable, \
     data using 1:2:xtic(rate($3)):ytic(sprintf("%d", $4)) with dots lc rgb "#00ffffff"
set palette defined (0 "#ffffff", 1 "#0072B2")
set cbrange [0:1]
darker(v) = v > 0.6 ? 0xffffff : 0x1b1f24
set title "SQ thread: % of a CPU"
plot data using 1:2:6 with image pixels, \
     data using 1:2:(sprintf("%.0f", 100 * $6)):(darker($6)) with labels font ",10" textcolor rgb variable, \
     data using 1:2:xtic(rate($3)):ytic(sprintf("%d", $4)) with dots lc rgb "#00ffffff"
unset multiplot
