# SPDX-License-Identifier: GPL-2.0-only
# One line of cells.tsv as $cell, $line ... with what fio said ($fio, its first job or null) and the engine's lines of statistics
# ($stats): what is wrong with it, as a list of words. Trims may go round the ring.
def fails(condition; what): if condition then [what] else [] end;

($thread | test("thread")) as $in_thread |
if $hung == "1" then ["hung"]
else
	# an error that was waited for says itself that the fault was there
	fails($during == "not" and ($error == "0" or $error == "none"); "not-done-in-time") +
	fails(if $exit == "err" then $rc < 1 or $rc >= 124 else $rc != ($exit | tonumber) end; "exit=\($rc)") +
	fails($error != "none" and $fio == null; "no-report") +
	fails($error != "none" and $fio != null and ($fio.error | tostring | test("^(\($error))$") | not); "errno=\($fio.error?)") +
	fails($error != "none" and ($fault | test("^tolerated")) and ($fio.total_err // 0) < 1; "not-counted") +
	fails($wall_ms > 2000 + 1000 * $seconds + $control_ms; "late=\($wall_ms)ms")
end +
fails($threads > 0; "sq-thread-left") +
fails($processes > 0; "process-left") +
fails($in_thread and $hung == "0" and $error != "none" and ($exit | test("12[89]") | not) and $leak != "0 rings 0 threads 0 files"; "left=\($leak)") +
fails($kernel != ""; "kernel: \($kernel)") +
if $engine == "stock" or $hung == "1" then []
elif $line == "none" then fails(($stats | length) > 0; "line-of-a-refused-job")
else
	fails(($stats | length) != 1; "\($stats | length)-lines") +
	($stats[0] // null | if . == null then [] else
		fails(.error != (if $fault == "tolerated" then 0 else $fio.error end); "line-error=\(.error)") +
		fails($line == "whole" and (.submitted != .completed or (.submitted == 0 and ($cell | test("-trim-") | not))); "submitted=\(.submitted) completed=\(.completed)") +
		fails($line == "whole" and .stalls > 0; "stalls=\(.stalls)") +
		fails($line == "part" and (.completed >= .submitted or .stalls == 0); "submitted=\(.submitted) completed=\(.completed) stalls=\(.stalls)")
	end)
end
