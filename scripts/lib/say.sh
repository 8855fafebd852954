# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# One way to speak for all scripts: notes and errors go to stderr, one line each, after the
# script's name. An error says what, where, the likely cause and the cure.

note() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
}

# die [-CODE] MESSAGE
die() {
	local code=1
	case $1 in
	-[0-9]*)
		code=${1#-}
		shift
		;;
	esac
	printf '%s: error: %s\n' "${0##*/}" "$*" >&2
	exit "$code"
}
