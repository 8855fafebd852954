# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
. "$SQP_SOURCE/tests/lib.sh"
cd "$SQP_SOURCE" || exit 1

# own_files: committed or about to be; in an unpacked archive, whatever was not built
own_files() {
	git -c safe.directory='*' ls-files --cached --others --exclude-standard 2>/dev/null ||
		find . -path ./build -prune -o -type f -printf '%P\n'
}

# sources [GLOB...]: own files that match a glob, or all
sources() {
	local file glob
	own_files |
		while IFS= read -r file; do
			[ -f "$file" ] || continue
			[ $# -gt 0 ] || printf '%s\n' "$file"
			for glob in "$@"; do
				# shellcheck disable=SC2053 # a glob is what it is
				if [[ $file == $glob ]]; then
					printf '%s\n' "$file"
					break
				fi
			done
		done
}

# shell_scripts: by name or by their first line
shell_scripts() {
	sources | while IFS= read -r file; do
		case $file in
		*.sh) printf '%s\n' "$file" ;;
		*.*) ;;
		*) ! head -n 1 "$file" | grep -Eq '^#!.*(ba)?sh\b' || printf '%s\n' "$file" ;;
		esac
	done
	sources .ci/run
}

# verdict: fails with what is on stdin, one finding per line, if there is anything
verdict() {
	local findings
	findings=$(cat)
	[ -z "$findings" ] || fail "$1"$'\n'"$findings"
}
