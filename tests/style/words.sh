#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# words.sh RULE: text that must not be in the project. Brackets keep the rules from finding themselves.
. "$SQP_SOURCE/tests/style/lib.sh"
need git

# find_words PATTERN ALLOWED GLOB...: lines with PATTERN in what is left of them without ALLOWED
find_words() {
	local pattern=$1 allowed=$2
	shift 2
	sources "$@" | grep -Ev '\.(png|gz|tar|img)$|(^|/)fixtures/' | tr '\n' '\0' |
		xargs -0 -r sed -snE "s#$allowed##g; /$pattern/{F;=;p}" | paste - - -
}

case $1 in
notes)
	find_words '\b(TO[D]O|FIX[M]E|XX[X]|HA[C]K)\b' 'HACKING' \
		'*.[ch]' '*.sh' '*.gp' '*.cmake' '*CMakeLists.txt' '*.fio' 'scripts/*' '.ci/*' '*.json' 'tests/*'
	;;
hosts)
	find_words 'https?:[/]\/|[a-z0-9.]\.(debian|ubuntu|kernel|github|npmjs)\.(org|com|net|io)' \
		'https?:[/]/(www\.w3\.org|localhost|127\.0\.0\.1|\[::1\]|([a-z0-9.-]*\.)?example[./]|json-schema\.org)[^ ]*' \
		'*.[ch]' '*.sh' '*.gp' '*.cmake' '*CMakeLists.txt' '*.fio' 'scripts/*' '.ci/*' 'CMake*' 'tests/*' 'cmake/*'
	;;
mirrors)
	find_words '([a-z0-9-]+\.)+(debian|ubuntu|npmjs)\.(org|net|com)' '@nothing@'
	;;
paths)
	find_words '(^|[^A-Za-z0-9_.}$*-])\/(wor[k]|roo[t])\/' '@nothing@'
	;;
merges)
	find_words '^(<{7}|>{7}) ' '@nothing@'
	;;
*) fail "no rule $1" ;;
esac | verdict "$1: not allowed here:"
