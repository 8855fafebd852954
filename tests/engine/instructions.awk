# SPDX-License-Identifier: GPL-2.0-only
# Reads what callgrind wrote with --dump-instr=yes --compress-strings=no --compress-pos=no, of a job that did IOS requests.
# Prints how many instructions of the engine's own code a request took. An instruction counts once per request at most: what is
# done over and over while a completion is waited for says how slow the kernel was, not how long the engine's path is.
#   -v ios=N -v own=NAME     the engine is the object NAME, or, if that is empty, it is a part of fio: what the td_io functions
#                            call, and what lies within NEAR bytes of that (Debian's fio has no names for it)
BEGIN { NEAR = 8192 }

function number(hex,    i, n) {
	n = 0
	for (i = 3; i <= length(hex) && index("0123456789abcdef", substr(hex, i, 1)); i++)
		n = n * 16 + index("0123456789abcdef", substr(hex, i, 1)) - 1
	return n
}

function is_engine(object, name,    callee) {
	if (own != "")
		return object ~ ("/" own "$")
	if (name ~ /^fio_ioring_/)
		return 1
	if (object !~ /\/fio$/ || name !~ /^0x/)
		return 0
	for (callee in called) {
		callee -= number(name)
		if (callee < NEAR && callee > -NEAR)
			return 1
	}
	return 0
}

/^ob=/ { object = substr($0, 4); next }
/^fn=/ { name = substr($0, 4); fio = name ~ /^td_io_(prep|queue|commit|getevents)$/; next }
/^cfn=/ { if (fio && $0 ~ /^cfn=0x/) called[number(substr($0, 5))] = 1; next }
/^calls=/ { getline; next }
/^0x/ { count[object "\t" name "\t" $1] += $NF }

END {
	for (one in count) {
		split(one, part, "\t")
		f = part[1] "\t" part[2]
		if (!(f in engine))
			engine[f] = is_engine(part[1], part[2])
		if (!engine[f])
			continue
		n = count[one] < ios ? count[one] : ios
		sum[part[2]] += n
		all += n
	}
	if (!all) {
		print "nothing of the engine was found in " FILENAME > "/dev/stderr"
		exit 1
	}
	for (f in sum)
		if (sum[f] >= ios)
			printf "%8.1f %s\n", sum[f] / ios, f > "/dev/stderr"
	printf "%.1f\n", all / ios
}
