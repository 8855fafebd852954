#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Every file that can carry it says its licence in its first five lines; what a run has recorded is left as it is.
. "$SQP_SOURCE/tests/style/lib.sh"
need git

files=$(sources '*.[ch]' '*.sh' '*.gp' '*.cmake' '*CMakeLists.txt' '*.fio' '*.map' '*.awk' '*.sql' '*.[1-8]' \
	.clang-tidy .gitignore 'scripts/*' .ci/run | grep -Ev '(^|/)fixtures/|^results/reference/|\.(md|json|html|svg)$')
[ "$(wc -l <<<"$files")" -ge 20 ] || fail "found only: $files"
xargs -d '\n' awk 'FNR <= 5 && /SPDX-License-Identifier: GPL-2.0-only/ { said[FILENAME] }
	END { for (i = 1; i < ARGC; i++) if (!(ARGV[i] in said)) print ARGV[i] }' <<<"$files" | verdict "no SPDX line in:"
