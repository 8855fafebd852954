# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Sourced by the tests of the Debian package.
. "$SQP_SOURCE/tests/lib.sh"
need cpack dpkg-deb dpkg-shlibdeps file

# pack DIR [BUILD]: the package of a build tree, below DIR, in $package for the test. What is built is packed as it is: without Ninja's name
# cpack would have make build first, beside the tests that run.
pack() {
	cpack -D CPACK_CMAKE_GENERATOR=Ninja --config "${2:-$SQP_BUILD}/CPackConfig.cmake" -B "$1" >"$WORK/cpack" 2>&1 || return
	# shellcheck disable=SC2034
	package=$(echo "$1"/*.deb)
}

# A build for a fio that is no package here cannot be packed, and says so.
foreign=$(sed -n 's/^FIO_SOURCE_DIR:[A-Z]*=//p' "$SQP_BUILD/CMakeCache.txt")
if [ -n "$foreign" ]; then
	expect_fail 'no package: the engine is built for fio-.* in FIO_SOURCE_DIR' pack "$WORK/foreign"
	cat "$WORK/cpack"
	exit 0
fi
